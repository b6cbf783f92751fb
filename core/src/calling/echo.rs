//! Echoing what is said (`calling.echo`).

use std::time::Duration;

use super::{method, params, rules};
use crate::client::{Call, Request};
use crate::events::event;
use crate::json::write_seconds;

params! {
    /// Parameters of `calling.echo`.
    pub struct Echo {
        optional {
            /// For how long; zero is until the call ends. Default: the service's. (To limit waiting for the
            /// service's answer, use [`timeout`](Request::timeout).)
            #[serde(rename = "timeout", serialize_with = "write_seconds")]
            run_for: Duration,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

method!(Echo, "calling.echo", |echo| rules::optional_web_url("status_url", echo.status_url.as_deref()));

impl Call {
    /// Plays back to the call's party what it says (`calling.echo`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.echo().run_for(signalwire_relay_core::secs(30)).await?;
    /// # Ok(()) }
    /// ```
    pub fn echo(&self) -> Request<Echo> {
        self.request(Echo::new())
    }
}

event! {
    /// `calling.call.echo`: an echo got on.
    pub struct EchoEvent(Echo, "calling.call.echo") {
        /// `echoing`, or what the service says when it is over.
        pub state: String,
    }
}
