//! Messages of the WebSocket library, as the session knows them.

use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message};

use crate::session::Frame;

/// The largest message that is accepted, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 10 * 1024 * 1024;

/// The settings of every WebSocket.
pub fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// The frame that a message is.
///
/// # Errors
/// If it is the end of the connection, with a sentence that says so.
pub fn frame(message: &Message) -> Result<Frame<'_>, String> {
    Ok(match message {
        Message::Text(text) => Frame::Text(text),
        Message::Binary(bytes) => Frame::Binary(bytes),
        Message::Ping(_) => Frame::Ping,
        Message::Pong(_) | Message::Frame(_) => Frame::Pong,
        Message::Close(None) => return Err("the service closed the connection".to_owned()),
        Message::Close(Some(close)) => return Err(format!("the service closed the connection: {close}")),
    })
}

/// The reason to give for a connection that failed with this error.
pub fn broken(error: &Error) -> String {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => "the connection ended".to_owned(),
        error => format!("the connection broke: {error}"),
    }
}
