//! Video rooms (`calling.join_room`, `calling.leave_room`).

use super::{method, params, validate};
use crate::client::{Call, Request};
use crate::enums::open_enum;
use crate::events::event;

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

method!(JoinRoom, "calling.join_room", validate: |join| {
    validate::not_empty("name", &join.name)?;
    validate::optional_web_url("status_url", join.status_url.as_deref())
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
    /// [`RoomEvent`]s of the call say what came of it. The newer specification describes them; older services send nothing.
    ///
    /// # Completion
    ///
    /// [`leave_room`](Self::leave_room), or the end of the call: silence does not.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::RoomEvent;
    /// call.on(|room: RoomEvent| async move { println!("{}: {}", room.room_name, room.join_status) });
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

open_enum! {
    /// The relation of a call to a video room.
    pub enum RoomStatus {
        /// The call is about to join the room. (An older word; the newer specification does not have it.)
        Joining = "joining",
        /// The call is in the room. Older services write `join`.
        Joined = "joined" | "join",
        /// The call could not join the room.
        Failed = "failed",
        /// The call is about to leave the room. (An older word; the newer specification does not have it.)
        Leaving = "leaving",
        /// The call left the room.
        Leave = "leave",
        /// Joining the room was cancelled.
        Cancel = "cancel",
        /// The room is locked: nobody else can join it.
        Locked = "locked",
    }
}

event! {
    /// `calling.call.room`: a call joined a video room, left it, or could not join it. The newer specification describes the
    /// event; older services do not send it.
    pub struct RoomEvent(Room, "calling.call.room", addressed) {
        /// The relation of the call to the room.
        pub join_status: RoomStatus,
        /// The name of the room.
        pub room_name: String,
    }
}
