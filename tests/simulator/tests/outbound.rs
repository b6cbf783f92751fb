//! Dials and bridges.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, ConnectionId, Phone, Scenario, Step};
use support::{Bench, at, phone, quiet};

fn phones() -> Scenario {
    quiet()
        .phone(Phone::new("+1").answers_after(Duration::from_secs(2)))
        .phone(Phone::new("+2").answers_after(Duration::from_secs(4)))
        .phone(Phone::new("+3").busy())
        .phone(Phone::new("+4").no_answer())
        .phone(Phone::new("+5").declines_after(Duration::from_secs(1)))
}

#[expect(clippy::needless_pass_by_value, reason = "callers write `json!(…)`")]
fn dialled(devices: Value, seconds: f64) -> Bench {
    let mut bench = Bench::new(phones());
    let client = bench.client(&[]);
    let result = bench.ok(client, "calling.dial", json!({"tag": "t", "devices": devices}));
    assert_eq!(result["message"], "Dialing");
    assert!(result.get("call_id").is_none());
    bench.run(seconds);
    bench
}

#[test]
fn the_first_to_answer_wins_and_the_others_are_cancelled() {
    let bench = dialled(json!([[phone("+2"), phone("+1")]]), 5.0);
    assert_eq!(bench.states("c-1"), ["created", "ringing", "ended"]);
    assert_eq!(bench.states("c-2"), ["created", "ringing", "answered"]);
    assert_eq!(bench.member("calling.call.dial", "dial_state"), ["dialing", "answered"]);
    let outcome = bench.events("calling.call.dial").pop().expect("events");
    assert_eq!((outcome["tag"].as_str(), outcome["call"]["call_id"].as_str()), (Some("t"), Some("c-2")));
    assert_eq!(outcome["call"]["dial_winner"], "true");
    assert!(outcome.get("call_id").is_none());
    let tags = bench.member("calling.call.state", "tag");
    assert!(tags.iter().all(|tag| tag == "t"));
}

#[test]
fn groups_are_tried_one_after_the_other() {
    let bench = dialled(json!([[phone("+3"), phone("+5")], [phone("+1")], [phone("+2")]]), 10.0);
    let reasons: Vec<_> = bench.service.calls().map(|call| (call.to, call.end_reason)).collect();
    assert_eq!(
        reasons,
        [
            ("+3".to_owned(), Some("busy".to_owned())),
            ("+5".to_owned(), Some("decline".to_owned())),
            ("+1".to_owned(), None),
        ]
    );
    assert_eq!(bench.member("calling.call.dial", "dial_state"), ["dialing", "answered"]);
}

#[test]
fn a_device_rings_for_its_own_time() {
    let mut device = phone("+4");
    device["params"]["timeout"] = 7.into();
    let bench = dialled(json!([[device]]), 6.9);
    assert_eq!(bench.states("c-1"), ["created", "ringing"]);
    let mut bench = bench;
    bench.run(0.2);
    let last = bench.events("calling.call.state").pop().expect("events");
    assert_eq!((last["call_state"].as_str(), last["end_reason"].as_str()), (Some("ended"), Some("noAnswer")));
}

#[test]
fn a_dial_that_nobody_answers_fails() {
    let bench = dialled(json!([[phone("+3")], [phone("+4")]]), 40.0);
    let outcome = bench.events("calling.call.dial").pop().expect("events");
    assert_eq!((outcome["dial_state"].as_str(), &outcome["call"]), (Some("failed"), &Value::Null));
    assert_eq!((&outcome["reason"], &outcome["source"]), (&json!("noAnswer"), &json!("none")));
    assert!(bench.service.is_done());
}

#[test]
fn a_ringing_leg_can_be_ended_and_a_tag_is_used_once_at_a_time() {
    let mut bench = Bench::new(phones());
    let client = bench.client(&[]);
    let dial = json!({"tag": "t", "devices": [[phone("+4")]]});
    bench.ok(client, "calling.dial", dial.clone());
    assert_eq!(bench.code(client, "calling.dial", dial.clone()), "409");
    bench.run(1.0);
    bench.ok(client, "calling.end", at("c-1", json!({"reason": "cancel"})));
    bench.run(0.1);
    assert_eq!(bench.member("calling.call.dial", "dial_state"), ["dialing", "failed"]);
    bench.ok(client, "calling.dial", dial);
}

fn inbound(scenario: Scenario, steps: impl IntoIterator<Item = Step>) -> (Bench, ConnectionId, String) {
    let mut bench = Bench::new(scenario.caller(Caller::new("+15551110000", "+15552220000").script(steps)));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    (bench, client, call)
}

#[test]
fn a_bridge_is_made_and_undone() {
    let (mut bench, client, call) = inbound(phones(), []);
    let params = json!({"devices": [[phone("+1")]], "tag": "b", "ringback": [{"type": "ringtone", "params": {"name": "us"}}]});
    let result = bench.ok(client, "calling.connect", at(&call, params));
    assert_eq!(result["message"], "Connecting call");
    let again = at(&call, json!({"devices": [[phone("+1")]]}));
    assert_eq!(bench.code(client, "calling.connect", again.clone()), "409");
    bench.run(3.0);
    assert_eq!(bench.code(client, "calling.connect", again), "409");
    bench.ok(client, "calling.disconnect", at(&call, json!({})));
    assert_eq!(
        bench.member("calling.call.connect", "connect_state"),
        ["connecting", "connected", "disconnected"]
    );
    let connected = &bench.events("calling.call.connect")[1];
    assert_eq!((connected["tag"].as_str(), connected["peer"]["call_id"].as_str()), (Some("b"), Some("c-2")));
    assert_eq!(bench.states("c-2"), ["created", "ringing", "answered"]);
    assert_eq!(bench.code(client, "calling.disconnect", at(&call, json!({}))), "409");
}

#[test]
fn the_other_side_hanging_up_leaves_the_caller_alone() {
    let scenario = quiet().phone(Phone::new("+1").script([Step::wait(5.0), Step::HangUp]));
    let (mut bench, client, call) = inbound(scenario, []);
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
    bench.run(10.0);
    assert_eq!(bench.member("calling.call.connect", "connect_state").last().expect("events"), "disconnected");
    assert_eq!(bench.states("c-2").last().expect("states"), "ended");
    assert_eq!(bench.states(&call), ["answered"]);
}

#[test]
fn the_caller_hanging_up_ends_the_other_side() {
    let (mut bench, client, call) = inbound(phones(), [Step::wait(10.0), Step::HangUp]);
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
    bench.run(15.0);
    assert_eq!(bench.states("c-2").last().expect("states"), "ended");
    assert!(bench.service.is_done());
}

#[test]
fn a_bridge_that_nobody_answers_fails_with_the_reason() {
    for (number, reason) in [("+3", "busy"), ("+4", "noAnswer"), ("+5", "decline")] {
        let (mut bench, client, call) = inbound(phones(), []);
        bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone(number)]]})));
        bench.run(40.0);
        let last = bench.events("calling.call.connect").pop().expect("events");
        assert_eq!(
            (last["connect_state"].as_str(), last["failed_reason"].as_str()),
            (Some("failed"), Some(reason))
        );
    }
}

#[test]
fn a_caller_who_gives_up_cancels_the_ringing_phone() {
    let (mut bench, client, call) = inbound(phones(), [Step::wait(1.5), Step::HangUp]);
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+4")]]})));
    bench.run(5.0);
    assert_eq!(bench.service.call("c-2").expect("known").end_reason.as_deref(), Some("cancel"));
    assert_eq!(bench.member("calling.call.connect", "connect_state"), ["connecting", "failed"]);
}

#[test]
fn two_standing_calls_can_be_bridged() {
    let (mut bench, client, call) = inbound(phones(), []);
    let other = bench.service.place_call(bench.now, Caller::new("+7", "+8"));
    bench.settle();
    bench.ok(client, "calling.answer", at(&other, json!({})));
    let device = json!({"type": "call", "params": {"call_id": other, "node_id": "node-1@simulator"}});
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[device]]})));
    bench.run(0.1);
    assert_eq!(bench.service.call(&call).expect("standing").peer.as_deref(), Some(other.as_str()));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    let left = bench.service.call(&other).expect("standing");
    assert_eq!((left.peer, left.end_reason), (None, None));
}

#[test]
fn the_end_of_a_bridge_can_be_left_out_where_its_call_ends() {
    for caller_ends in [true, false] {
        let (mut bench, client, call) = inbound(phones().leave_operations_open(true), []);
        bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
        bench.run(3.0);
        bench.service.hang_up(bench.now, if caller_ends { &call } else { "c-2" });
        bench.settle();
        // The call that goes on has to hear of it.
        let notified =
            bench.member("calling.call.connect", "connect_state").contains(&"disconnected".to_owned());
        assert_eq!(notified, !caller_ends);
    }
}

#[test]
fn a_bridge_to_a_stream_sends_stream_events() {
    let (mut bench, client, call) = inbound(quiet(), []);
    let device = json!({"type": "stream", "params": {"url": "wss://ws.example/a", "name": "main"}});
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[device]], "tag": "t"})));
    bench.run(3.0);
    bench.ok(client, "calling.disconnect", at(&call, json!({})));
    assert_eq!(bench.member("calling.call.stream", "state"), ["streaming", "finished"]);
    let event = &bench.events("calling.call.stream")[0];
    assert_eq!((&event["call_id"], &event["url"]), (&json!(call), &json!("wss://ws.example/a")));
    assert_eq!((&event["name"], &event["tag"]), (&json!("main"), &json!("t")));
    assert!(event["segment_id"].is_string());
}
