//! Inbound calls (`calling.call.receive`).

use super::{CallState, Device, Direction};
use crate::credentials::Secret;
use crate::events::event;
use crate::ids::Tag;

event! {
    /// `calling.call.receive`: a call is offered to this client.
    pub struct CallReceiveEvent(Receive, "calling.call.receive") {
        /// The project it belongs to.
        pub project_id: Secret,
        /// The context it came in on.
        pub context: String,
        /// Older name of the context.
        protocol: String,
        /// Its state when it was offered.
        pub call_state: CallState,
        /// Who called whom.
        pub direction: Direction,
        /// The caller, and the number that was called.
        pub device: Device,
        /// The segment of the call.
        pub segment_id: String,
        /// The dial that the call is a leg of, if any.
        pub tag: Tag,
    }
}

impl CallReceiveEvent {
    /// The context it came in on, under whichever name the service gave it.
    pub fn context(&self) -> &str {
        if self.context.is_empty() { &self.protocol } else { &self.context }
    }
}
