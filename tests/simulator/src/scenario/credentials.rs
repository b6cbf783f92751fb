//! Accepted credentials.

use std::fmt;

use serde::Deserialize;

/// A project and its API token.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    pub(crate) project: String,
    pub(crate) token: String,
}

impl Credential {
    /// The default credential: project `demo-project` and token `demo-token`. The JWT `demo-jwt` is accepted too.
    pub fn demo() -> Self {
        Self { project: "demo-project".into(), token: "demo-token".into() }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}

/// An accepted JWT; `Debug` redacts it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Jwt(pub(crate) String);

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt(***)")
    }
}
