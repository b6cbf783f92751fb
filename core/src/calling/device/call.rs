//! Calls that exist already, to connect a call to.

use serde::{Deserialize, Serialize};

use crate::ids::{CallId, NodeId};

/// A call that exists already. Made from a [`Call`](crate::Call).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CallDevice {
    /// The node that hosts the call.
    pub node_id: NodeId,
    /// The call.
    pub call_id: CallId,
}

impl From<&crate::Call> for CallDevice {
    fn from(call: &crate::Call) -> Self {
        Self { node_id: call.node_id(), call_id: call.id().clone() }
    }
}
