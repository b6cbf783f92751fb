//! Sending keys (`calling.send_digits`).

use super::{operation, params, rules};
use crate::client::{Action, Call, Request};
use crate::error::InvalidArgument;
use crate::events::event;
use crate::open_enum::open_enum;

open_enum! {
    /// How sending keys is getting on.
    pub enum SendDigitsState {
        /// All keys were sent.
        Finished = "finished",
    }
}

params! {
    /// Parameters of `calling.send_digits`.
    pub struct SendDigits {
        required { digits: String, }
    }
}

impl SendDigits {
    fn check(&self) -> Result<(), InvalidArgument> {
        rules::not_empty("digits", &self.digits)?;
        match self.digits.chars().find(|&key| !rules::is_key(key) && !matches!(key, 'w' | 'W')) {
            Some(key) => {
                Err(InvalidArgument::new("digits", format!("{key:?} is not one of 0-9 A-D * # w W")))
            }
            None => Ok(()),
        }
    }
}

operation!(
    SendDigits,
    "calling.send_digits",
    Named,
    SendDigitsEvent,
    ends: |event| event.state == SendDigitsState::Finished,
    check: SendDigits::check
);

/// Keys on their way. Dropping it lets them go on; they cannot be stopped.
pub type SendDigitsAction = Action<SendDigits>;

impl Call {
    /// Sends keys, from `0-9 A-D * #`; `w` is a pause of half a second, `W` of one (`calling.send_digits`).
    ///
    /// Done when the service has accepted it; the [`SendDigitsAction`] tells when the last key was sent.
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
        /// How it is getting on.
        pub state: SendDigitsState,
    }
}
