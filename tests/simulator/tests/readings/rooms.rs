//! Rooms, conferences and user events.

use serde_json::{Value, json};

use crate::sdks;
use crate::support::{at, quiet, talking};

#[test]
fn joining_and_leaving_a_room_are_told() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.join_room", at(&call, json!({"name": "lobby"})));
    bench.ok(client, "calling.leave_room", at(&call, json!({})));
    assert_eq!(bench.member("calling.call.room", "join_status"), ["joined", "leave"]);
    let event = &bench.events("calling.call.room")[0];
    assert_eq!((&event["room_name"], &event["control_id"]), (&json!("lobby"), &Value::Null));

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.join_room", at(&call, json!({"name": "lobby"})));
    assert!(bench.events("calling.call.room").is_empty());
}

#[test]
fn a_user_event_comes_back_to_everybody_who_reads_the_context() {
    let (mut bench, client, call) = talking(quiet(), []);
    let other = bench.client(&["default"]);
    bench.client(&["elsewhere"]);
    let event = json!({"topic": "seat-picked", "row": 7, "call_id": "mine"});
    bench.ok(client, "calling.user_event", at(&call, json!({"event": event})));
    let came: Vec<_> = bench
        .frames
        .iter()
        .filter(|(_, frame)| frame["params"]["event_type"] == "calling.user_event")
        .collect();
    assert_eq!(came.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [client, other]);
    let inner = &came[0].1["params"]["params"];
    assert_eq!(
        (&inner["topic"], &inner["row"], &inner["call_id"]),
        (&json!("seat-picked"), &json!(7), &json!(call))
    );

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.user_event", at(&call, json!({"event": {"topic": "x"}})));
    assert!(bench.events("calling.user_event").is_empty());
}

#[test]
fn a_conference_names_its_region_and_why_it_ended() {
    let (mut bench, client, call) = talking(quiet(), []);
    let join = json!({"name": "c", "end_on_exit": true, "coach": "c-9"});
    let id = bench.ok(client, "calling.join_conference", at(&call, join))["conference_id"].clone();
    bench.ok(client, "calling.leave_conference", at(&call, json!({"conference_id": id})));
    let events = bench.events("calling.conference");
    assert!(events.iter().all(|event| event["region"] == "global"));
    assert_eq!(events[1]["call_id_to_coach"], "c-9");
    let reason = &events.last().expect("events")["reason_ended"];
    assert_eq!(reason, "participant-with-end-conference-on-exit-left");
}
