//! Bridging a call with somebody else.

use super::ai::refuse_beside_agent;
use super::dial::wishes;
use super::media::Device;
use super::rules::{Kind, TONES_AND_PAUSES, WEB, newer, optional, required};
use super::{Method, On, Outcome, Refused, Request, Shape, accepted, texts};
use crate::SimulatedService;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.connect",
    on: On::AnsweredCall,
    params: &[
        required("devices", Kind::BridgeDevices),
        optional("ringback", Kind::Ringback),
        optional("tag", Kind::Text),
        optional("max_duration", Kind::Whole(0, i64::MAX)),
        optional("max_price_per_minute", Kind::Amount),
        newer("timeout", Kind::Positive),
        newer("send_digits", Kind::SomeChars(TONES_AND_PAUSES)),
        optional("status_url", WEB),
    ],
    shape: Shape::Plain,
    message: texts("Connecting call", "connecting"),
    run: connect,
}];

fn connect(board: &mut SimulatedService, request: &Request) -> Outcome {
    let key = request.call()?;
    let call = board.calls.get(&key).ok_or_else(Refused::no_call)?;
    refuse_beside_agent(board, key)?;
    if call.peer.is_some() {
        return Err(Refused::conflict("Call is already connected"));
    }
    if call.attempt.is_some() {
        return Err(Refused::conflict("Call is already connecting"));
    }
    let groups = Device::groups(request.value("devices"));
    let wishes = wishes(board, request);
    board.start_connect(key, request.session, request.text("tag"), groups, wishes);
    accepted()
}
