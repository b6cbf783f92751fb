//! Putting a call on hold and taking it off hold.

use serde_json::json;

use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text};
use crate::SimulatedService;

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.hold",
        on: On::AnsweredCall,
        params: &[],
        shape: Shape::Call,
        message: text("Call on hold"),
        run: Run::Function(|service, request| set(service, request, true)),
    },
    Method {
        name: "calling.unhold",
        on: On::AnsweredCall,
        params: &[],
        shape: Shape::Call,
        message: text("Call off hold"),
        run: Run::Function(|service, request| set(service, request, false)),
    },
];

fn set(service: &mut SimulatedService, request: &Request, hold: bool) -> Outcome {
    if service.scenario.refuse_hold {
        return Err(ServiceError::new(501, "Not implemented"));
    }
    let key = request.call()?;
    let call = service.calls.get_mut(&key).ok_or_else(ServiceError::no_call)?;
    if call.on_hold == hold {
        let state = if hold { "already" } else { "not" };
        return Err(ServiceError::conflict(format!("Call is {state} on hold")));
    }
    call.on_hold = hold;
    let state = if hold { "hold" } else { "unhold" };
    service.emit_for_call(key, "calling.call.hold", json!({"state": state}));
    service.note(key, state);
    service.set_participant_hold(key, hold);
    accepted()
}
