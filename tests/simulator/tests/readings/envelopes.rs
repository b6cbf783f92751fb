//! The envelopes of events.

use serde_json::{Value, json};
use signalwire_relay_simulator::{Message, Scenario};

use crate::support::{Bench, quiet, talking};
use crate::{envelope, sdks};

fn names(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn every_envelope_names_project_and_space() {
    let (bench, ..) = talking(quiet(), []);
    let outer = envelope(&bench, "calling.call.state");
    assert_eq!(names(&outer), ["event_channel", "event_type", "project_id", "space_id", "timestamp"]);
    assert_eq!(outer["project_id"], "demo-project");
    let outer = envelope(&bench, "signalwire.authorization.state");
    assert_eq!(names(&outer), ["event_channel", "event_type", "project_id", "space_id", "timestamp"]);
}

#[test]
fn the_envelope_of_an_offer_has_its_context() {
    let (bench, ..) = talking(quiet(), []);
    let outer = envelope(&bench, "calling.call.receive");
    assert_eq!((&outer["context"], outer["event_channel"].is_string()), (&json!("default"), true));
}

#[test]
fn the_envelope_of_a_message_has_a_context_instead_of_a_channel() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["office"]);
    bench.service.inject_message(bench.now, Message::new("+1", "+2", "Hi").context("office"));
    bench.ok(
        client,
        "messaging.send",
        json!({"context": "office", "to_number": "+1", "from_number": "+2", "body": "b"}),
    );
    for event_type in ["messaging.receive", "messaging.state"] {
        let outer = envelope(&bench, event_type);
        assert_eq!(names(&outer), ["context", "event_type", "project_id", "space_id", "timestamp"]);
        assert_eq!(outer["context"], "office");
    }
}

#[test]
fn an_envelope_can_be_minimal() {
    for scenario in [quiet().minimal_envelope(true), sdks()] {
        let (bench, ..) = talking(scenario, []);
        for event_type in ["calling.call.state", "calling.call.receive"] {
            assert_eq!(names(&envelope(&bench, event_type)), ["event_channel", "event_type", "timestamp"]);
        }
    }
    let toml = Scenario::from_toml("minimal_envelope = true").expect("TOML");
    assert_eq!(toml, Scenario::new().minimal_envelope(true));
}
