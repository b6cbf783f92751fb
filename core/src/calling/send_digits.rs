//! Sending keys (`calling.send_digits`).

use super::{AfterGap, SILENCE_TIMEOUT, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;

open_enum! {
    /// The outcome of sending keys.
    pub enum SendDigitsState {
        /// All keys were sent.
        Finished = "finished",
        /// The keys could not be sent.
        Error = "error",
    }
}

params! {
    /// Parameters of `calling.send_digits`.
    pub struct SendDigits {
        required { digits: String, }
    }
}

impl SendDigits {
    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("digits", &self.digits)?;
        validate::keys_and_pauses("digits", &self.digits)
    }
}

operation!(
    SendDigits,
    "calling.send_digits",
    ControlId,
    SendDigitsEvent,
    ends: |event| matches!(event.state, SendDigitsState::Finished | SendDigitsState::Error),
    after_gap: |_| AfterGap::Within(SILENCE_TIMEOUT),
    validate: SendDigits::validate
);

/// Keys on their way. Dropping it lets them go on; they cannot be stopped.
pub type SendDigitsAction = Action<SendDigits>;

impl Call {
    /// Sends keys, from `0-9 A-D * #`; `w` is a short pause and `W` a longer one, by one document half a second and a
    /// second (`calling.send_digits`).
    ///
    /// Done when the service has accepted it; the [`SendDigitsAction`] tells when the last key was sent, or that the
    /// service could not send them ([`SendDigitsState::Error`]).
    ///
    /// # Completion
    ///
    /// The last key, a failure to send them, or the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.send_digits("WW12#").await?.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn send_digits(&self, digits: impl Into<String>) -> Request<SendDigits> {
        self.request(SendDigits::new(digits.into()))
    }
}

event! {
    /// `calling.call.send_digits`: keys were sent.
    pub struct SendDigitsEvent(SendDigits, "calling.call.send_digits", keyed) {
        /// The outcome.
        pub state: SendDigitsState,
    }
}
