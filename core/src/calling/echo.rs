//! Echoing what is said (`calling.echo`).

use std::time::Duration;

use super::{AfterGap, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::events::event;
use crate::json::write_seconds;

params! {
    /// Parameters of `calling.echo`.
    pub struct Echo {
        optional {
            /// For how long (`timeout` on the wire): by the newer specification 5 s to 120 s, and what is outside counts
            /// as the nearer of the two; by the SDKs zero is until the call ends. Default: the service's, 60 s by the
            /// newer specification. (To limit waiting for the service's answer, use [`timeout`](Request::timeout).)
            #[serde(rename = "timeout", serialize_with = "write_seconds")]
            run_for: Duration,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

/// The longest that an echo runs.
const MAX_ECHO: Duration = Duration::from_mins(2);

operation!(
    Echo,
    "calling.echo",
    None,
    EchoEvent,
    ends: |event| event.state == EchoState::Finished,
    after_gap: |echo| match echo.run_for {
        Some(Duration::ZERO) => AfterGap::Lasts,
        time => AfterGap::limit(time.unwrap_or(MAX_ECHO)),
    },
    validate: |echo| validate::optional_web_url("status_url", echo.status_url.as_deref())
);

/// A running echo. It cannot be stopped. Older services may not tell that it is over: it is then over with its call.
/// Dropping it lets it go on.
pub type EchoAction = Action<Echo>;

open_enum! {
    /// The state of an echo.
    pub enum EchoState {
        /// It runs.
        Echoing = "echoing",
        /// It is over.
        Finished = "finished",
    }
}

impl Call {
    /// Plays back to the call's party what it says (`calling.echo`).
    ///
    /// # Completion
    ///
    /// [`run_for`](Request::run_for), or the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.echo().run_for(signalwire_relay_core::secs(30)).await?.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn echo(&self) -> Request<Echo> {
        self.request(Echo::new())
    }
}

event! {
    /// `calling.call.echo`: an echo began, or is over.
    pub struct EchoEvent(Echo, "calling.call.echo", addressed) {
        /// Its state.
        pub state: EchoState,
    }
}
