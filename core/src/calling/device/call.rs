//! Calls that exist already, to connect a call to.

use serde::Serialize;

use crate::ids::{CallId, NodeId};
use crate::json::object;

object! {
    /// A call that exists already. Made from a [`Call`](crate::Call).
    #[derive(PartialEq, Eq, Serialize)]
    pub struct CallDevice {
        /// The node that hosts the call.
        pub node_id: NodeId,
        /// The call.
        pub call_id: CallId,
    }
}

impl From<&crate::Call> for CallDevice {
    fn from(call: &crate::Call) -> Self {
        Self { node_id: call.node_id(), call_id: call.id().clone() }
    }
}
