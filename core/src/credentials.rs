//! Who to authenticate as, and text that is never printed.

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ConfigError;
use crate::leftovers::{is_invisible, leftover, trimmed};

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The text, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// Without the white space that copying and files add around it.
    pub(crate) fn trimmed(self) -> Self {
        let bare = trimmed(&self.0);
        if bare.len() == self.0.len() { self } else { Self(bare.to_owned()) }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// As it is: this is how it gets to the service.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

crate::json::read_text!(Secret);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Who to authenticate as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A project and one of its API tokens.
    Token {
        /// The project id.
        project: Secret,
        /// The API token.
        token: Secret,
    },
    /// A JWT, which names the project itself.
    Jwt(Secret),
}

impl Credentials {
    /// Without the white space that copying and files add around them.
    pub(crate) fn trimmed(self) -> Self {
        match self {
            Self::Token { project, token } => {
                Self::Token { project: project.trimmed(), token: token.trimmed() }
            }
            Self::Jwt(jwt) => Self::Jwt(jwt.trimmed()),
        }
    }

    /// Checks that they can be what was meant. The error says what is wrong, and prints nothing of them.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let parts = match self {
            Self::Token { project, token } => {
                vec![(CredentialPart::ProjectId, project), (CredentialPart::ApiToken, token)]
            }
            Self::Jwt(jwt) => vec![(CredentialPart::Jwt, jwt)],
        };
        for (part, secret) in parts {
            let text = secret.expose();
            let reason = if text.is_empty() {
                Some("it is empty")
            } else if text.contains(is_invisible) {
                Some("there is a line break, white space or an invisible character inside of it")
            } else {
                leftover(text)
            };
            if let Some(reason) = reason {
                return Err(ConfigError::InvalidCredential { part, reason });
            }
        }
        Ok(())
    }
}

/// A part of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialPart {
    /// The project id.
    ProjectId,
    /// The API token.
    ApiToken,
    /// The JWT.
    Jwt,
}

impl CredentialPart {
    /// The environment variable that it is read from.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::ProjectId => "SIGNALWIRE_PROJECT_ID",
            Self::ApiToken => "SIGNALWIRE_API_TOKEN",
            Self::Jwt => "SIGNALWIRE_JWT_TOKEN",
        }
    }
}

impl fmt::Display for CredentialPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProjectId => "project id",
            Self::ApiToken => "API token",
            Self::Jwt => "JWT",
        })
    }
}

/// None that any service would accept.
impl Default for Credentials {
    fn default() -> Self {
        Self::Jwt(Secret::default())
    }
}

impl Credentials {
    /// What is not to be printed of them.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Token { project, token } => (project, Some(token)),
            Self::Jwt(jwt) => (jwt, None),
        };
        std::iter::once(first).chain(second).map(Secret::expose)
    }
}

/// As the service wants them.
impl Serialize for Credentials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Token { project, token } => {
                serializer.collect_map([("project", project), ("token", token)])
            }
            Self::Jwt(jwt) => serializer.collect_map([("jwt_token", jwt)]),
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Credentials, String>> + Send>>;

/// Asked for credentials before each connection.
#[derive(Clone)]
pub(crate) struct CredentialsProvider(Arc<dyn Fn() -> Answer + Send + Sync>);

impl CredentialsProvider {
    pub(crate) fn new<F, R, E>(provider: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Display,
    {
        let provider = Arc::new(provider);
        Self(Arc::new(move || {
            let provider = provider.clone();
            // The function itself is called in the task, too: it may block, or panic.
            Box::pin(async move { provider().await.map_err(|error| error.to_string()) })
        }))
    }

    pub(crate) fn ask(&self) -> Answer {
        (self.0)()
    }
}

impl fmt::Debug for CredentialsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsProvider")
    }
}
