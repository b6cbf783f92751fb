//! Inbound calls (`calling.call.receive`).

use serde::Deserialize;

use super::{CallState, Device, Direction};
use crate::events::{Meta, event_data};
use crate::ids::{CallId, NodeId, Tag};
use crate::json::lenient;

/// `calling.call.receive`: a call is offered to this client.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CallReceiveEvent {
    /// The call.
    #[serde(deserialize_with = "lenient")]
    pub call_id: CallId,
    /// Its node.
    #[serde(deserialize_with = "lenient")]
    pub node_id: NodeId,
    /// The project it belongs to.
    #[serde(deserialize_with = "lenient")]
    pub project_id: String,
    /// The context it came in on.
    #[serde(deserialize_with = "lenient")]
    pub context: String,
    /// Older name of the context.
    #[serde(deserialize_with = "lenient")]
    protocol: String,
    /// Its state when it was offered.
    #[serde(deserialize_with = "lenient")]
    pub call_state: CallState,
    /// Who called whom.
    #[serde(deserialize_with = "lenient")]
    pub direction: Direction,
    /// The caller, and the number that was called.
    #[serde(deserialize_with = "lenient")]
    pub device: Device,
    /// The segment of the call.
    #[serde(deserialize_with = "lenient")]
    pub segment_id: String,
    /// The dial that the call is a leg of, if any.
    #[serde(deserialize_with = "lenient")]
    pub tag: Tag,
    /// Time and original text.
    #[serde(skip)]
    pub meta: Meta,
}

impl CallReceiveEvent {
    /// The context it came in on, under whichever name the service gave it.
    pub fn context(&self) -> &str {
        if self.context.is_empty() { &self.protocol } else { &self.context }
    }
}

event_data!(CallReceiveEvent, Receive, "calling.call.receive");
