//! Video rooms (`calling.join_room`, `calling.leave_room`).

use super::{method, params, rules};
use crate::client::{Call, Request};

params! {
    /// Parameters of `calling.join_room`.
    pub struct JoinRoom {
        required { name: String, }
        optional {
            /// A URL that receives the events as webhooks. Default: none.
            status_url: String,
        }
    }
}

method!(JoinRoom, "calling.join_room", check: |join| {
    rules::not_empty("name", &join.name)?;
    rules::optional_web_url("status_url", join.status_url.as_deref())
});

params! {
    /// Parameters of `calling.leave_room`.
    pub struct LeaveRoom {}
}

method!(LeaveRoom, "calling.leave_room");

impl Call {
    /// Joins a room, by its name; it is made if need be (`calling.join_room`). The older SDKs allow names from letters,
    /// digits, `_` and `-` only.
    ///
    /// `calling.call.room` events of the call tell what came of it; they are read as
    /// [`Event::Unknown`](crate::Event::Unknown).
    ///
    /// # Completion
    ///
    /// [`leave_room`](Self::leave_room), or the end of the call: silence does not.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.join_room("lobby").await?;
    /// call.leave_room().await?;
    /// # Ok(()) }
    /// ```
    pub fn join_room(&self, name: impl Into<String>) -> Request<JoinRoom> {
        self.request(JoinRoom::new(name.into()))
    }

    /// Leaves the room that the call is in (`calling.leave_room`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.leave_room().await?;
    /// # Ok(()) }
    /// ```
    pub fn leave_room(&self) -> Request<LeaveRoom> {
        self.request(LeaveRoom::new())
    }
}
