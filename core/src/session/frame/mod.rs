//! Frames: reading the envelope without copying, writing it without building a document.

mod incoming;
mod outgoing;
mod status;

pub(super) use self::incoming::{EventParams, Incoming, read, request_id};
pub(super) use self::outgoing::{CallAddress, Members, acknowledgement, pong, request};
pub(super) use self::status::Status;
