//! Messages.

use serde_json::{Value, json};
use signalwire_relay_simulator::Scenario;

use crate::support::{Bench, quiet};
use crate::{envelope, sdks};

#[test]
fn a_message_carries_its_label_through_its_states() {
    let sent = |scenario: Scenario| {
        let mut bench = Bench::new(scenario);
        let client = bench.client(&["office"]);
        let message = json!({"context": "office", "to_number": "+1", "from_number": "+2", "body": "b",
            "tag": "order-81", "tags": ["vip"]});
        bench.ok(client, "messaging.send", message);
        bench.run(5.0);
        bench.events("messaging.state")
    };
    let states = sent(quiet());
    assert_eq!(states.len(), 4);
    for event in states {
        assert_eq!(
            (&event["tag"], &event["tags"], &event["media"]),
            (&json!("order-81"), &json!([]), &Value::Null)
        );
    }
    for event in sent(sdks()) {
        assert_eq!((&event["tag"], &event["tags"]), (&Value::Null, &json!(["vip"])));
    }
}

#[test]
fn a_message_without_a_context_has_its_states_in_the_usual_one() {
    let mut bench = Bench::new(quiet());
    let sender = bench.client(&["office"]);
    let reader = bench.client(&["default"]);
    bench.ok(sender, "messaging.send", json!({"to_number": "+1", "from_number": "+2", "body": "b"}));
    let states = bench.frames.iter().filter(|(_, frame)| frame["params"]["event_type"] == "messaging.state");
    assert_eq!(states.map(|(to, _)| *to).collect::<Vec<_>>(), [reader]);
    assert_eq!(envelope(&bench, "messaging.state")["context"], "default");
}
