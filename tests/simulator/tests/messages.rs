//! Messages in both directions.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{ConnectionId, Delivery, Faults, Message, Phone, Report, Scenario};
use support::{Bench, quiet};

fn sms(to: &str) -> Value {
    json!({"context": "office", "to_number": to, "from_number": "+15552220000", "body": "Hello", "tags": ["vip"]})
}

fn states(scenario: Scenario) -> (Vec<String>, Value) {
    let mut bench = Bench::new(scenario);
    let client = bench.client(&["office"]);
    let result = bench.ok(client, "messaging.send", sms("+1"));
    assert_eq!(result["message"], "Message accepted");
    bench.run(10.0);
    let last = bench.events("messaging.state").pop().expect("events");
    assert_eq!(last["message_id"], result["message_id"]);
    assert!(bench.service.is_done());
    (bench.member("messaging.state", "message_state"), last)
}

#[test]
fn a_message_arrives_or_does_not() {
    let to = |delivery| quiet().phone(Phone::new("+1").messages(delivery));
    let (delivered, last) = states(quiet());
    assert_eq!(delivered, ["queued", "initiated", "sent", "delivered"]);
    assert_eq!((&last["tags"], &last["segments"]), (&json!([]), &json!(1)));
    assert!(last["reason"].is_null());
    let (undelivered, last) = states(to(Delivery::Undelivered("carrier_blocked".into())));
    assert_eq!(undelivered, ["queued", "initiated", "sent", "undelivered"]);
    assert_eq!(last["reason"], "carrier_blocked");
    let (failed, last) = states(to(Delivery::Failed("spam".into())));
    assert_eq!(failed, ["queued", "initiated", "failed"]);
    assert_eq!(last["reason"], "spam");
}

#[test]
fn a_message_needs_something_in_it() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let mut empty = sms("+1");
    empty["body"] = "".into();
    assert_eq!(bench.code(client, "messaging.send", empty.clone()), "400");
    empty["media"] = json!(["https://files.example/a.jpg"]);
    bench.ok(client, "messaging.send", empty);
    assert_eq!(bench.code(client, "messaging.send", json!({"context": "office"})), "400");
}

#[test]
fn the_first_state_can_overtake_the_reply() {
    for (message_states_first, expected) in [(false, "reply"), (true, "messaging.state")] {
        let mut bench = Bench::new(quiet().faults(Faults { message_states_first, ..Faults::default() }));
        let client = bench.client(&["office"]);
        let before = bench.frames.len();
        bench.ok(client, "messaging.send", sms("+1"));
        assert_eq!(bench.story()[before], expected);
    }
}

#[test]
fn an_inbound_message_goes_to_one_subscriber() {
    let mut bench = Bench::new(quiet());
    let id =
        bench.service.inject_message(bench.now, Message::new("+1", "+2", "Hi").media("https://a.example/b"));
    bench.run(1.0);
    assert!(bench.events("messaging.receive").is_empty());
    let first = bench.client(&["default"]);
    let second = bench.client(&["default"]);
    bench.service.inject_message(bench.now, Message::new("+1", "+2", "Hi again"));
    bench.settle();
    let event = &bench.events("messaging.receive")[0];
    assert_eq!(event["message_id"], id.as_str());
    assert_eq!((&event["message_state"], &event["direction"]), (&json!("received"), &json!("inbound")));
    let receivers: Vec<_> = bench
        .frames
        .iter()
        .filter(|(_, frame)| frame["params"]["event_type"] == "messaging.receive")
        .map(|(to, _)| *to)
        .collect();
    assert_eq!(receivers, [first, second]);
}

#[test]
fn scripted_messages_come_one_after_the_other() {
    let scenario = quiet()
        .message(Message::new("+1", "+2", "one").after_subscriber(Duration::from_secs(1)))
        .message(Message::new("+1", "+2", "two").after_previous(Duration::from_secs(2)));
    let mut bench = Bench::new(scenario);
    bench.client(&["default"]);
    bench.run(1.1);
    assert_eq!(bench.member("messaging.receive", "body"), ["one"]);
    assert!(!bench.service.is_done());
    bench.run(2.0);
    assert_eq!(bench.member("messaging.receive", "body"), ["one", "two"]);
    assert!(bench.service.is_done());
}

/// The clients that receive the first state of a message in this context.
fn receivers(bench: &mut Bench, sender: ConnectionId, context: &str) -> Vec<ConnectionId> {
    let before = bench.frames.len();
    let mut message = sms("+1");
    message["context"] = context.into();
    bench.ok(sender, "messaging.send", message);
    let states =
        bench.frames[before..].iter().filter(|(_, f)| f["params"]["event_type"] == "messaging.state");
    states.map(|(to, _)| *to).collect()
}

#[test]
fn states_of_a_message_go_where_its_context_says() {
    let mut bench = Bench::new(quiet().credential("p", "t"));
    let sender = bench.client(&["mine"]);
    let protocol = bench.frames[0].1["result"]["protocol"].as_str().expect("a name").to_owned();
    let other = bench.client(&["mine", "theirs"]);
    let mut params = support::log_in(&["mine", "theirs", "foreign"]);
    params["authentication"] = json!({"project": "p", "token": "t"});
    let foreigner = bench.service.handle_connected(bench.now);
    bench.request(foreigner, "signalwire.connect", params);
    assert_eq!(receivers(&mut bench, sender, &protocol), [sender]);
    assert_eq!(receivers(&mut bench, sender, "mine"), [sender]);
    assert_eq!(receivers(&mut bench, sender, "theirs"), [other]);
    assert_eq!(receivers(&mut bench, other, &protocol), [sender]);
    assert!(receivers(&mut bench, sender, "foreign").is_empty());
    assert!(receivers(&mut bench, sender, "nobody's").is_empty());
    let unheard = bench.reports.iter().filter(|report| matches!(report, Report::MessageUnheard { .. }));
    assert_eq!(unheard.count(), 2);
}
