//! Setters that several kinds of devices have.

/// A setter for an optional text.
macro_rules! text_setter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub fn $name(mut self, value: impl Into<String>) -> Self {
            self.$name = Some(value.into());
            self
        }
    };
}
pub(super) use text_setter;

/// The setters that every device with a ringing phase has.
macro_rules! ringing_setters {
    () => {
        $crate::calling::device::setters::text_setter! {
            /// A URL that receives the leg's states as webhooks. Default: none.
            call_state_url
        }

        /// Which states the webhook receives, from created, ringing, answered, ended. Default: ended.
        pub fn call_state_events(
            mut self,
            states: impl IntoIterator<Item = $crate::calling::CallState>,
        ) -> Self {
            self.call_state_events = states.into_iter().collect();
            self
        }

        /// A SWML document, or its URL, that is run for the callee before the parties are joined. Default:
        /// none.
        pub fn confirm(mut self, document: impl Into<serde_json::Value>) -> Self {
            self.confirm = Some(document.into());
            self
        }
    };
}
pub(super) use ringing_setters;

/// The setter that every device has which the newer specification can dial.
macro_rules! confirm_timeout_setter {
    () => {
        /// Limits the time that the callee takes for [`confirm`](Self::confirm), in whole seconds. Default: the service's. (Known
        /// to the newer specification only.)
        pub fn confirm_timeout(mut self, time: std::time::Duration) -> Self {
            self.confirm_timeout = Some(time);
            self
        }
    };
}
pub(super) use confirm_timeout_setter;
