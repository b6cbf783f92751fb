//! New credentials for a session that stands (`signalwire.reauthenticate`).

use std::borrow::Cow;

use crate::client::{Client, Request};
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, InvalidArgument};
use crate::method::{Accepted, Method, params};
use crate::session::Target;

params! {
    /// Parameters of `signalwire.reauthenticate`.
    pub struct Reauthenticate {
        required { authentication: Credentials, }
        optional {
            /// A proof that the key which the token is bound to is held. Default: none.
            dpop_token: Secret,
        }
    }
}

impl Method for Reauthenticate {
    type Output = ();

    fn name(&self) -> Cow<'static, str> {
        "signalwire.reauthenticate".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        self.authentication.check().map_err(|error| InvalidArgument::new("authentication", error.to_string()))
    }

    fn target(&self) -> Option<Target> {
        Some(Target::Reauthenticate {
            credentials: self.authentication.clone(),
            proof: self.dpop_token.clone(),
        })
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<(), Error> {
        result.map(drop)
    }
}

impl Client {
    /// Replaces the credentials, without a new connection (`signalwire.reauthenticate`): a token that is about to
    /// expire by its successor.
    ///
    /// From now on they are also those with which the client reconnects, unless the service refuses them: then
    /// it goes back to those that it had. (A client with [`Config::credentials_from`](crate::Config::credentials_from)
    /// asks anew for each connection.)
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::Credentials;
    /// client.reauthenticate(Credentials::Jwt("eyJhbGciOi…".into())).await?;
    /// # Ok(()) }
    /// ```
    pub fn reauthenticate(&self, credentials: Credentials) -> Request<Reauthenticate> {
        self.request(Reauthenticate::new(credentials.trimmed()))
    }
}
