//! The service's answer to a request.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::ids::ControlId;

/// The service's answer to a request that it accepted.
#[derive(Clone)]
pub struct Reply {
    pub(in crate::session) raw: Arc<str>,
    pub(in crate::session) control_id: Option<ControlId>,
    pub(in crate::session) context: Option<Arc<str>>,
}

/// Prints no payload: what the service echoes is not for logs.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} bytes)", self.raw.len())
    }
}

impl Reply {
    /// The reply to a request that needed none.
    pub(crate) fn empty() -> Self {
        Self { raw: "{}".into(), control_id: None, context: None }
    }

    /// The result as the service wrote it: JSON text.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The result as an object. One that is none is wrapped as `{"raw": …}`.
    pub fn value(&self) -> Value {
        match crate::json::document(&self.raw) {
            Some(object @ Value::Object(_)) => object,
            Some(other) => serde_json::json!({ "raw": other }),
            None => serde_json::json!({ "raw": &*self.raw }),
        }
    }

    /// The operation that the request started, if it started one.
    pub fn control_id(&self) -> Option<&ControlId> {
        self.control_id.as_ref()
    }

    /// The context that the session gave a message which was made without one.
    pub(crate) fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }
}
