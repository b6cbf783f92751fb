//! Bridging a call with another call.

use super::ai::refuse_beside_agent;
use super::dial::dial_options;
use super::media::Device;
use super::validate::{Kind, TONES_AND_PAUSES, WEB, newer, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
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
    run: Run::Function(connect),
}];

fn connect(service: &mut SimulatedService, request: &Request) -> Outcome {
    let key = request.call()?;
    let call = service.calls.get(&key).ok_or_else(ServiceError::no_call)?;
    refuse_beside_agent(service, key)?;
    if call.peer.is_some() {
        return Err(ServiceError::conflict("Call is already connected"));
    }
    if call.attempt.is_some() {
        return Err(ServiceError::conflict("Call is already connecting"));
    }
    let groups = Device::groups(request.value("devices"));
    let dial_options = dial_options(service, request);
    service.start_connect(key, request.session, request.text("tag"), groups, dial_options);
    accepted()
}
