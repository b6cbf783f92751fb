//! Dialling.

use super::media::{Device, to_time};
use super::validate::{Kind, TONES_AND_PAUSES, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text};
use crate::SimulatedService;
use crate::service::legs::DialOptions;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.dial",
    on: On::Session,
    params: &[
        required("tag", Kind::Text),
        required("devices", Kind::Devices),
        optional("max_price_per_minute", Kind::Amount),
        // Seconds. The SDKs disagree on the unit, so their reading does not enforce it.
        optional("max_duration", Kind::Whole(0, i64::MAX)),
        newer("timeout", Kind::Positive),
        newer("send_digits", Kind::SomeChars(TONES_AND_PAUSES)),
        newer("dest_swml", Kind::TextOrObject),
        older("region", Kind::Text),
        older("node_id", Kind::Text),
    ],
    shape: Shape::Plain,
    message: text("Dialing"),
    run: Run::Function(dial),
}];

fn dial(service: &mut SimulatedService, request: &Request) -> Outcome {
    let tag = request.text("tag").unwrap_or_default();
    if service.is_dialling(request.session, tag) {
        return Err(ServiceError::conflict(format!("A dial with tag '{tag}' is still going on")));
    }
    let groups = Device::groups(request.value("devices"));
    service.start_dial(request.session, tag, groups, dial_options(service, request));
    accepted()
}

/// Reads the options of a dial or connect apart from its devices. The older description has only the limit of a
/// connect.
pub(super) fn dial_options(service: &SimulatedService, request: &Request) -> DialOptions {
    let time = |name: &str| to_time(request.value(name)).filter(|time| !time.is_zero());
    let limit = time("max_duration");
    if !service.scenario.is_to_specification() {
        return DialOptions { limit, ..DialOptions::default() };
    }
    DialOptions { limit, ring: time("timeout"), digits: request.text("send_digits").map(str::to_owned) }
}
