//! Separating two bridged calls without ending either.

use super::rules::{Kind, newer};
use super::{Method, On, Outcome, Refused, Request, Shape, accepted, texts};
use crate::SimulatedService;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.disconnect",
    on: On::AnsweredCall,
    params: &[newer("reason", Kind::AnyText)],
    shape: Shape::Plain,
    message: texts("Disconnecting call", "Disconnecting"),
    run: disconnect,
}];

fn disconnect(board: &mut SimulatedService, request: &Request) -> Outcome {
    if board.unbridge(request.call()?) {
        accepted()
    } else {
        Err(Refused::conflict("Call is not connected to another call"))
    }
}
