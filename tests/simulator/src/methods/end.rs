//! Hanging up.

use super::validate::{Kind, optional};
use super::{Method, On, Outcome, Request, Run, Shape, accepted, texts};
use crate::SimulatedService;
use crate::service::calls::Source;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.end",
    on: On::LiveCall,
    params: &[optional("reason", Kind::OneOf(&["hangup", "cancel", "busy", "noAnswer", "decline", "error"]))],
    shape: Shape::Plain,
    message: texts("Ending call", "Disconnecting call"),
    run: Run::Function(end),
}];

fn end(service: &mut SimulatedService, request: &Request) -> Outcome {
    let reason = request.text("reason").unwrap_or("hangup").to_owned();
    service.end_call_by(request.call()?, &reason, Source::Outbound);
    accepted()
}
