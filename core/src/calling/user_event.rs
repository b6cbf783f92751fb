//! Events for everybody who is subscribed to the context of a call (`calling.user_event`).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{method, params};
use crate::client::{Call, Request};
use crate::events::event;

params! {
    /// Parameters of `calling.user_event`.
    pub struct SendUserEvent {
        required { event: Value, }
    }
}

method!(SendUserEvent, "calling.user_event");

impl Call {
    /// Sends an event to every client that is subscribed to the call's context (`calling.user_event`).
    ///
    /// The event is a JSON object, by convention with a `topic`. It comes back as a [`UserEvent`] of the call, to its sender
    /// too. Older services send nothing back. By the newer specification the service refuses anything but an object; the SDKs also send a text.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::UserEvent;
    /// call.on(|event: UserEvent| async move { println!("{:?} {:?}", event.topic, event.members().get("row")) });
    /// call.user_event(serde_json::json!({"topic": "highlight", "row": 7})).await?;
    /// # Ok(()) }
    /// ```
    pub fn user_event(&self, event: impl Into<Value>) -> Request<SendUserEvent> {
        self.request(SendUserEvent::new(event.into()))
    }
}

event! {
    /// `calling.user_event`: an event that an application, or a SWML document, sent about a call. Every client that is
    /// subscribed to the context of the call receives it. The newer specification describes the event; older services do not
    /// send it.
    ///
    /// `Debug` prints no members but the topic.
    pub struct UserEvent(User, "calling.user_event", addressed) {
        /// The topic, by convention part of every such event.
        pub topic: Option<String>,
    }
}

impl UserEvent {
    /// Every member that the sender gave. On the wire they stand beside `call_id`, `node_id`, `segment_id` and `tag`: the
    /// address wins over members of these names, which are lost.
    ///
    /// The members are read at each call.
    pub fn members(&self) -> Map<String, Value> {
        self.meta.members()
    }

    /// Reads the members as a type of the application.
    ///
    /// # Errors
    /// If the members do not fit the type.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::UserEvent;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Seat {
    ///     row: u32,
    /// }
    ///
    /// let picked = call.wait_for(|event: &UserEvent| event.topic.as_deref() == Some("seat-picked"));
    /// call.user_event(serde_json::json!({"topic": "seat-picked", "row": 7})).await?;
    /// if let Ok(seat) = picked.await?.read::<Seat>() {
    ///     println!("row {}", seat.row);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.members()))
    }
}
