//! Events for everybody who is subscribed to the context of a call (`calling.user_event`).

use serde_json::Value;

use super::{method, params};
use crate::client::{Call, Request};

params! {
    /// Parameters of `calling.user_event`.
    pub struct UserEvent {
        required { event: Value, }
    }
}

method!(UserEvent, "calling.user_event");

impl Call {
    /// Sends an event to every client that is subscribed to the call's context (`calling.user_event`).
    ///
    /// The event is a JSON object, by convention with a `topic`. Its members come as an event `calling.user_event` of the
    /// call. By the newer specification the service refuses anything but an object; the SDKs also send a text.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.user_event(serde_json::json!({"topic": "highlight", "row": 7})).await?;
    /// # Ok(()) }
    /// ```
    pub fn user_event(&self, event: impl Into<Value>) -> Request<UserEvent> {
        self.request(UserEvent::new(event.into()))
    }
}
