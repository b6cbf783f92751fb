//! Text messages. Only receiving is here so far.

use crate::events::event;
use crate::ids::MessageId;

event! {
    /// `messaging.receive`: a text message came in.
    pub struct MessageReceiveEvent(MessageReceive, "messaging.receive") {
        /// The message.
        pub message_id: MessageId,
        /// The context that it came in on.
        pub context: String,
        /// The sender's number.
        pub from_number: String,
        /// The number that it was sent to.
        pub to_number: String,
        /// The text.
        pub body: String,
        /// URLs of attachments.
        pub media: Vec<String>,
        /// Tags.
        pub tags: Vec<String>,
    }
}
