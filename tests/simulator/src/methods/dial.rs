//! Calling out.

use super::media::Device;
use super::rules::{Kind, optional, required};
use super::{Method, On, Outcome, Refused, Request, Shape, accepted};
use crate::Switchboard;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.dial",
    on: On::Session,
    params: &[
        required("tag", Kind::Text),
        required("devices", Kind::Devices),
        optional("region", Kind::Text),
        optional("max_price_per_minute", Kind::Amount),
        optional("node_id", Kind::Text),
        // Accepted and not enforced: sources disagree on its unit. The devices' own is in seconds.
        optional("max_duration", Kind::Whole(0, i64::MAX)),
    ],
    shape: Shape::Plain,
    message: "Dialing",
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
