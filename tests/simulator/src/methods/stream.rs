//! Streaming the audio of a call to a WebSocket.

use serde_json::json;

use super::lasting::Lasting;
use super::validate::{Kind, SECURE_SOCKET, WEB, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::SimulatedService;

pub(super) const NAME: &str = "calling.stream";

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("url", SECURE_SOCKET),
        optional("name", Kind::Text),
        optional("codec", Kind::Text),
        optional("track", Kind::OneOf(&["inbound_track", "outbound_track", "both_tracks"])),
        optional("status_url", WEB),
        optional("status_url_method", Kind::OneOf(&["GET", "POST"])),
        optional("authorization_bearer_token", Kind::AnyText),
        optional("custom_parameters", Kind::Open),
        older("async", Kind::Flag),
        older("swml", Kind::Flag),
    ],
    shape: Shape::Operation,
    message: texts("Starting stream", "OK"),
    run: Run::Function(stream),
}];

fn stream(service: &mut SimulatedService, request: &Request) -> Outcome {
    let segment = service.calls.get(&request.call()?).ok_or_else(ServiceError::no_call)?.segment();
    let event = |state: &str| {
        let mut event = json!({"state": state, "segment_id": segment, "url": request.value("url")});
        if let Some(name) = request.text("name") {
            event["name"] = name.into();
        }
        event
    };
    let streaming =
        Lasting::new("stream", "calling.call.stream").first(event("streaming")).last(event("finished"));
    service.start_operation(request, Box::new(streaming))?;
    accepted()
}
