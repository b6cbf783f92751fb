//! Taking an offered call.

use super::rules::{Kind, optional};
use super::{Method, On, Outcome, Refused, Request, Shape, accepted, media};
use crate::{CallState, Switchboard};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.answer",
    on: On::LiveCall,
    params: &[
        optional("codecs", Kind::ListOf(&["PCMU", "PCMA", "OPUS", "G729", "G722", "VP8", "H264"])),
        optional("max_duration", Kind::Whole(0, i64::MAX)),
    ],
    shape: Shape::Plain,
    message: "Answered",
    run: answer,
}];

fn answer(board: &mut Switchboard, request: &Request) -> Outcome {
    let key = request.call()?;
    let call = board.calls.get(&key).ok_or_else(Refused::no_call)?;
    if call.state == CallState::Answered {
        return Err(Refused::conflict("Call is already answered"));
    }
    if !call.is_inbound() {
        return Err(Refused::conflict("Only an inbound call can be answered"));
    }
    let limit = media::to_time(request.value("max_duration")).filter(|time| !time.is_zero());
    board.answer_call(key, limit);
    accepted()
}
