//! Text messages. Only receiving is here so far.

use serde::Deserialize;

use crate::events::{Meta, event_data};
use crate::ids::{CallId, MessageId};
use crate::json::lenient;

/// `messaging.receive`: a text message came in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MessageReceiveEvent {
    /// The message.
    #[serde(deserialize_with = "lenient")]
    pub message_id: MessageId,
    /// The context that it came in on.
    #[serde(deserialize_with = "lenient")]
    pub context: String,
    /// The sender's number.
    #[serde(deserialize_with = "lenient")]
    pub from_number: String,
    /// The number that it was sent to.
    #[serde(deserialize_with = "lenient")]
    pub to_number: String,
    /// The text.
    #[serde(deserialize_with = "lenient")]
    pub body: String,
    /// URLs of attachments.
    #[serde(deserialize_with = "lenient")]
    pub media: Vec<String>,
    /// Tags.
    #[serde(deserialize_with = "lenient")]
    pub tags: Vec<String>,
    #[serde(skip)]
    call_id: CallId,
    /// Time and original text.
    #[serde(skip)]
    pub meta: Meta,
}

event_data!(MessageReceiveEvent, MessageReceive, "messaging.receive");
