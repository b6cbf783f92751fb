//! Frames: reading the envelope without copying, writing it without building a document.

mod incoming;
mod outgoing;
mod status;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use self::incoming::{EventParams, Incoming, read, request_id};
pub(super) use self::outgoing::{CallAddress, Members, acknowledgement, pong, request};
pub(super) use self::status::Status;

/// Text that is borrowed where it contains no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}
