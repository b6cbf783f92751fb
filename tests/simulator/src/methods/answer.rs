//! Answering an offered call.

use serde_json::Value;

use super::validate::{Kind, optional};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, media, texts};
use crate::{CallState, Reading, SimulatedService};

const CODECS: &[&str] = &["PCMU", "PCMA", "OPUS", "G729", "G722", "VP8", "H264", "AMR-WB"];
/// The codecs of a telephone call.
const TELEPHONE_CODECS: &[&str] = &["PCMU", "PCMA", "G729", "G722", "AMR-WB"];

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.answer",
    on: On::LiveCall,
    params: &[optional("codecs", Kind::ListOf(CODECS)), optional("max_duration", Kind::Whole(0, i64::MAX))],
    shape: Shape::Plain,
    message: texts("Answering call", "Answered"),
    run: Run::Function(answer),
}];

fn answer(service: &mut SimulatedService, request: &Request) -> Outcome {
    let key = request.call()?;
    let call = service.calls.get(&key).ok_or_else(ServiceError::no_call)?;
    if call.state == CallState::Answered {
        return Err(ServiceError::conflict("Call is already answered"));
    }
    if !call.is_inbound() {
        return Err(ServiceError::conflict("Only an inbound call can be answered"));
    }
    let codecs = request.value("codecs").as_array().into_iter().flatten().filter_map(Value::as_str);
    if service.scenario.reading == Reading::Specification
        && call.is_telephone()
        && let Some(codec) = codecs.into_iter().find(|codec| !TELEPHONE_CODECS.contains(codec))
    {
        let known = TELEPHONE_CODECS.join(", ");
        return Err(ServiceError::bad(format!(
            "Parameter 'codecs' must be a list of {known} on a telephone call, not '{codec}'"
        )));
    }
    let limit = media::to_time(request.value("max_duration")).filter(|time| !time.is_zero());
    service.answer_call(key, limit);
    accepted()
}
