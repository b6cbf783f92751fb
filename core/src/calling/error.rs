//! Errors that the service reports on its own account (`calling.error`).

use serde::Deserialize;

use crate::events::{Meta, event_data};
use crate::ids::CallId;
use crate::json::lenient;

/// `calling.error`: something went wrong at the service. It says so and does nothing else.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorEvent {
    /// The call, if it is about one.
    #[serde(deserialize_with = "lenient")]
    pub call_id: CallId,
    /// The service's code.
    #[serde(deserialize_with = "lenient")]
    pub code: String,
    /// The service's text.
    #[serde(deserialize_with = "lenient")]
    pub message: String,
    /// More of the service's text.
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
    /// Time and original text.
    #[serde(skip)]
    pub meta: Meta,
}

event_data!(ErrorEvent, Error, "calling.error");
