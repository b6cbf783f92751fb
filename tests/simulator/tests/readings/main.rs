//! The differences between the newer specification and the SDKs in the behaviour of the service.

#[path = "../support/mod.rs"]
mod support;

mod bindings;
mod calls;
mod collecting;
mod envelopes;
mod failures;
mod media;
mod messages;
mod queues;
mod rooms;
mod transfers;

use serde_json::Value;
use signalwire_relay_simulator::{Reading, Scenario};
use support::{Bench, quiet};

const BOTH: [Reading; 2] = [Reading::Specification, Reading::Sdks];

fn sdks() -> Scenario {
    quiet().reading(Reading::Sdks)
}

/// The outer params of the newest event of a type.
fn envelope(bench: &Bench, event_type: &str) -> Value {
    let mut of_type = bench.frames.iter().filter(|(_, frame)| frame["params"]["event_type"] == event_type);
    let mut outer = of_type.next_back().expect("an event").1["params"].clone();
    outer.as_object_mut().expect("an object").remove("params");
    outer
}
