//! Putting a call on hold and taking it off again.

use serde_json::json;

use super::{Method, On, Outcome, Refused, Request, Shape, accepted, text};
use crate::SimulatedService;

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.hold",
        on: On::AnsweredCall,
        params: &[],
        shape: Shape::Call,
        message: text("Call on hold"),
        run: |board, request| set(board, request, true),
    },
    Method {
        name: "calling.unhold",
        on: On::AnsweredCall,
        params: &[],
        shape: Shape::Call,
        message: text("Call off hold"),
        run: |board, request| set(board, request, false),
    },
];

fn set(board: &mut SimulatedService, request: &Request, hold: bool) -> Outcome {
    if board.scenario.refuse_hold {
        return Err(Refused::new(501, "Not implemented"));
    }
    let key = request.call()?;
    let call = board.calls.get_mut(&key).ok_or_else(Refused::no_call)?;
    if call.on_hold == hold {
        let state = if hold { "already" } else { "not" };
        return Err(Refused::conflict(format!("Call is {state} on hold")));
    }
    call.on_hold = hold;
    let state = if hold { "hold" } else { "unhold" };
    board.emit_for_call(key, "calling.call.hold", json!({"state": state}));
    board.note(key, state);
    board.conference_member_held(key, hold);
    accepted()
}
