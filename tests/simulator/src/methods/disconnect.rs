//! Separating two bridged calls.

use super::validate::{Kind, newer};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::SimulatedService;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.disconnect",
    on: On::AnsweredCall,
    params: &[newer("reason", Kind::AnyText)],
    shape: Shape::Plain,
    message: texts("Disconnecting call", "Disconnecting"),
    run: Run::Function(disconnect),
}];

fn disconnect(service: &mut SimulatedService, request: &Request) -> Outcome {
    if service.unbridge(request.call()?) {
        accepted()
    } else {
        Err(ServiceError::conflict("Call is not connected to another call"))
    }
}
