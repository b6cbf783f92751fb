//! Callers who wait in a queue, to connect a call to.

use serde::Serialize;

use super::setters::text_setter;
use crate::ids::NodeId;
use crate::json::object;

object! {
    /// The next caller of a queue. Made by [`queue`].
    #[must_use]
    #[derive(PartialEq, Eq, Serialize)]
    pub struct QueueDevice {
        /// The node that hosts the queue.
        pub node_id: NodeId,
        /// The queue's name.
        pub queue_name: String,
        /// The queue, by its identifier.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub queue_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        execute_after_queue: Option<String>,
    }
}

impl QueueDevice {
    text_setter! {
        /// The queue, by its identifier. Default: found by its name.
        queue_id
    }

    text_setter! {
        /// A SWML document, or its URL, for the caller once the connection is over. (Known to the newer specification
        /// only.) Default: none.
        execute_after_queue
    }
}

/// The next caller of a queue on a node.
pub fn queue(name: impl Into<String>, node_id: impl Into<NodeId>) -> QueueDevice {
    QueueDevice { queue_name: name.into(), node_id: node_id.into(), ..QueueDevice::default() }
}
