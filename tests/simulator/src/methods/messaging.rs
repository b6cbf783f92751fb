//! Sending messages.

use serde_json::{Map, Value};

use super::rules::{Kind, optional, required};
use super::{Method, On, Outcome, Refused, Request, Shape};
use crate::Switchboard;

/// The method whose events can overtake its reply.
pub(crate) const SEND: &str = "messaging.send";

pub(super) const METHODS: &[Method] = &[Method {
    name: SEND,
    on: On::Session,
    params: &[
        required("context", Kind::Text),
        required("to_number", Kind::Text),
        required("from_number", Kind::Text),
        optional("body", Kind::AnyText),
        optional("media", Kind::Texts),
        optional("tags", Kind::Texts),
        optional("region", Kind::Text),
    ],
    shape: Shape::Plain,
    message: "Message accepted",
    run: send,
}];

fn send(board: &mut Switchboard, request: &Request) -> Outcome {
    let has_body = request.text("body").is_some_and(|body| !body.is_empty());
    let has_media = request.value("media").as_array().is_some_and(|media| !media.is_empty());
    if !has_body && !has_media {
        return Err(Refused::bad("Missing parameter 'body' or 'media'"));
    }
    let id = board.send_message(request.session, &request.params);
    Ok(Map::from_iter([("message_id".to_owned(), Value::from(id))]))
}
