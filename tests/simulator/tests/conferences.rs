//! Conferences.

mod support;

use serde_json::json;
use signalwire_relay_simulator::{Caller, ConnectionId, Reading, Scenario};
use support::{Bench, at, quiet};

/// This many answered calls of one client.
fn calls(count: usize) -> (Bench, ConnectionId, Vec<String>) {
    calls_with(quiet(), count)
}

fn calls_with(scenario: Scenario, count: usize) -> (Bench, ConnectionId, Vec<String>) {
    let mut bench = Bench::new(scenario);
    let client = bench.client(&["default"]);
    let mut ids = Vec::new();
    for number in 0..count {
        let call = bench.service.place_call(bench.now, Caller::new(format!("+1{number}"), "+2"));
        bench.settle();
        bench.ok(client, "calling.answer", at(&call, json!({})));
        ids.push(call);
    }
    (bench, client, ids)
}

fn statuses(bench: &Bench) -> Vec<String> {
    bench.member("calling.conference", "status")
}

#[test]
fn a_conference_lasts_from_the_first_to_the_last() {
    let (mut bench, client, calls) = calls(2);
    let join = |call: &str| at(call, json!({"name": "standup"}));
    let result = bench.ok(client, "calling.join_conference", join(&calls[0]));
    let id = result["conference_id"].as_str().expect("an id").to_owned();
    assert_eq!(result["message"], "Joining conference");
    assert_eq!(bench.code(client, "calling.join_conference", join(&calls[0])), "409");
    bench.ok(client, "calling.join_conference", join(&calls[1]));
    bench.ok(client, "calling.leave_conference", at(&calls[0], json!({"conference_id": id})));
    bench.service.hang_up(bench.now, &calls[1]);
    bench.settle();
    let expected = [
        "conference-start",
        "participant-join",
        "participant-join",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ];
    assert_eq!(statuses(&bench), expected);
    let events = bench.events("calling.conference");
    let sizes: Vec<_> = events.iter().map(|event| event["size"].as_u64().expect("a size")).collect();
    assert_eq!(sizes, [1, 1, 2, 1, 0, 0]);
    assert!(events[0]["call_id"].is_null());
    assert_eq!(events[1]["call_id"], calls[0].as_str());
    assert_eq!(events[5]["reason_ended"], "last-participant-left");
    assert_eq!(events[5]["call_id_ending_conf"], calls[1].as_str());
}

#[test]
fn it_starts_with_those_who_may_start_it_and_ends_with_those_who_end_it() {
    let (mut bench, client, calls) = calls(2);
    let guest = json!({"name": "c", "start_on_enter": false, "muted": true});
    bench.ok(client, "calling.join_conference", at(&calls[0], guest));
    assert_eq!(statuses(&bench), ["participant-join", "participant-mute"]);
    let host = json!({"name": "c", "end_on_exit": true, "record": "record-from-start"});
    bench.ok(client, "calling.join_conference", at(&calls[1], host));
    bench.service.hang_up(bench.now, &calls[1]);
    bench.settle();
    let expected =
        ["conference-start", "participant-join", "participant-leave", "participant-leave", "conference-end"];
    assert_eq!(statuses(&bench)[2..], expected);
    assert!(bench.service.call(&calls[0]).expect("standing").end_reason.is_none());
}

#[test]
fn a_conference_is_recorded_and_knows_who_is_on_hold() {
    let (mut bench, client, calls) = calls_with(quiet().reading(Reading::Sdks), 1);
    let join = json!({"name": "c", "record": "record-from-start"});
    bench.ok(client, "calling.join_conference", at(&calls[0], join));
    bench.ok(client, "calling.hold", at(&calls[0], json!({})));
    bench.run(5.0);
    bench.ok(client, "calling.unhold", at(&calls[0], json!({})));
    bench.service.hang_up(bench.now, &calls[0]);
    bench.settle();
    let statuses = statuses(&bench);
    for status in ["record-start", "participant-hold", "participant-unhold", "record-stop"] {
        assert!(statuses.iter().any(|found| found == status), "{status} in {statuses:?}");
    }
    let end = bench.events("calling.conference").pop().expect("events");
    assert_eq!(end["status"], "conference-end");
    let stop = bench.events("calling.conference").into_iter().find(|e| e["status"] == "record-stop");
    assert_eq!(stop.expect("a recording")["recording_duration"].as_f64(), Some(5.0));
}

#[test]
fn a_full_conference_and_a_wrong_id_are_refused() {
    let (mut bench, client, calls) = calls(2);
    let join = |call: &str| at(call, json!({"name": "c", "max_participants": 1}));
    bench.ok(client, "calling.join_conference", join(&calls[0]));
    assert_eq!(bench.code(client, "calling.join_conference", join(&calls[1])), "409");
    let leave = at(&calls[1], json!({"conference_id": "f-1"}));
    assert_eq!(bench.code(client, "calling.leave_conference", leave), "409");
    let beep = at(&calls[1], json!({"name": "d", "beep": true}));
    assert_eq!(bench.code(client, "calling.join_conference", beep), "400");
}
