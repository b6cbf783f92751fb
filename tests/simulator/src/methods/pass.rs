//! Passing an offered call back, so that another subscriber receives it.

use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::{CallState, Report, SimulatedService};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.pass",
    on: On::LiveCall,
    params: &[],
    shape: Shape::Call,
    message: texts("Passing call to another application", "Passing call"),
    run: Run::Function(pass),
}];

fn pass(service: &mut SimulatedService, request: &Request) -> Outcome {
    let key = request.call()?;
    let call = service.calls.get_mut(&key).ok_or_else(ServiceError::no_call)?;
    if !call.is_inbound() || call.state >= CallState::Answered {
        return Err(ServiceError::conflict("Only a call that is still offered can be passed"));
    }
    call.passed_by.insert(request.session);
    call.owner = None;
    let id = call.id();
    service.report(Report::CallPassed { call: id, by: request.connection });
    service.offer_again(key);
    accepted()
}
