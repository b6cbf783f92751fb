//! Events for the browser client of a call (`calling.user_event`).

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
    /// Sends an event, a name or any JSON, to the browser client of the call (`calling.user_event`). More members
    /// beside it are added with [`param`](Request::param).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.user_event("highlight").param("row", 7).await?;
    /// # Ok(()) }
    /// ```
    pub fn user_event(&self, event: impl Into<Value>) -> Request<UserEvent> {
        self.request(UserEvent::new(event.into()))
    }
}
