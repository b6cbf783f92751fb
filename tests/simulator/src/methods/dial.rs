//! Calling out.

use super::media::Device;
use super::rules::{Kind, TONES_AND_PAUSES, newer, older, optional, required};
use super::{Method, On, Outcome, Refused, Request, Shape, accepted, text};
use crate::switchboard::legs::Terms;
use crate::{Reading, Switchboard};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.dial",
    on: On::Session,
    params: &[
        required("tag", Kind::Text),
        required("devices", Kind::Devices),
        optional("max_price_per_minute", Kind::Amount),
        // The length of the call in seconds. For the SDKs it is not enforced: they disagree on its unit.
        optional("max_duration", Kind::Whole(0, i64::MAX)),
        newer("timeout", Kind::Positive),
        newer("send_digits", Kind::SomeChars(TONES_AND_PAUSES)),
        newer("dest_swml", Kind::TextOrObject),
        older("region", Kind::Text),
        older("node_id", Kind::Text),
    ],
    shape: Shape::Plain,
    message: text("Dialing"),
    run: dial,
}];

fn dial(board: &mut Switchboard, request: &Request) -> Outcome {
    let tag = request.text("tag").unwrap_or_default();
    if board.is_dialling(request.session, tag) {
        return Err(Refused::conflict(format!("A dial with tag '{tag}' is still going on")));
    }
    board.start_dial(request.session, tag, Device::groups(request.value("devices")));
    accepted()
}
