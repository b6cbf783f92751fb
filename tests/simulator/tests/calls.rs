//! Inbound calls: offers, answering, passing, ending.

mod support;

use std::time::Duration;

use serde_json::json;
use signalwire_relay_simulator::{CallState, Caller, Cue, Message, Report, Scenario, Step};
use support::{Bench, at, quiet, tts};

fn caller() -> Caller {
    Caller::new("+15551110000", "+15552220000")
}

#[test]
fn an_answered_call_runs_through_its_states() {
    let mut bench = Bench::new(quiet().caller(caller()));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    bench.ok(client, "calling.end", at(&call, json!({"reason": "hangup"})));
    assert_eq!(bench.states(&call), ["answered", "ending", "ended"]);
    let last = bench.events("calling.call.state").pop().expect("events");
    assert_eq!(last["end_reason"], "hangup");
    assert_eq!(last["device"]["params"]["from_number"], "+15551110000");
    assert_eq!(bench.story()[..2], ["reply", "signalwire.authorization.state"]);
    assert!(bench.service.violations().is_empty());
    assert!(bench.service.is_done());
}

#[test]
fn replies_precede_the_events_they_cause_unless_told_otherwise() {
    for events_first in [false, true] {
        let faults = signalwire_relay_simulator::Faults { events_first, ..Default::default() };
        let mut bench = Bench::new(quiet().caller(caller()).faults(faults));
        let client = bench.client(&["default"]);
        let call = bench.answered_call(client);
        bench.frames.clear();
        bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts("x")})));
        let order = if events_first { [1, 0] } else { [0, 1] };
        let story = bench.story();
        assert_eq!(story[order[0]], "reply");
        assert_eq!(story[order[1]], "calling.call.play playing");
    }
}

#[test]
fn a_call_waits_until_somebody_subscribes() {
    let mut bench = Bench::new(quiet());
    let id = bench.service.place_call(Duration::ZERO, caller());
    bench.run(5.0);
    assert!(bench.events("calling.call.receive").is_empty());
    let client = bench.client(&[]);
    bench.ok(client, "signalwire.receive", json!({"contexts": ["default"]}));
    assert_eq!(bench.events("calling.call.receive")[0]["call_id"], id.as_str());
}

#[test]
fn a_caller_who_is_not_answered_gives_up() {
    let mut bench = Bench::new(quiet().caller(caller().patience(Duration::from_secs(3))));
    bench.client(&["default"]);
    bench.run(10.0);
    let states = bench.events("calling.call.state");
    assert_eq!(states.last().expect("ended")["end_reason"], "cancel");
    assert_eq!(bench.now, Duration::from_secs(10));
}

#[test]
fn a_passed_call_goes_to_the_next_subscriber_and_then_ends() {
    let mut bench = Bench::new(quiet());
    let (one, two) = (bench.client(&["default"]), bench.client(&["default"]));
    let call = bench.service.place_call(bench.now, caller());
    bench.settle();
    assert_eq!(bench.service.call(&call).expect("placed").controller, Some(one));
    let offer = at(&call, json!({}));
    assert_eq!(bench.code(two, "calling.answer", offer.clone()), "409");
    bench.ok(one, "calling.pass", offer.clone());
    assert_eq!(bench.service.call(&call).expect("placed").controller, Some(two));
    assert_eq!(bench.code(one, "calling.answer", offer.clone()), "409");
    bench.ok(two, "calling.pass", offer);
    let ended = bench.service.call(&call).expect("remembered");
    assert_eq!((ended.state, ended.end_reason.as_deref()), (CallState::Ended, Some("noAnswer")));
}

#[test]
fn a_call_that_everybody_has_passed_comes_again_at_once_where_that_is_wanted() {
    let mut bench = Bench::new(quiet().passed_calls_come_again(true));
    let one = bench.client(&["default"]);
    let call = bench.service.place_call(bench.now, caller());
    bench.settle();
    for offers in 1..4 {
        assert_eq!(bench.events("calling.call.receive").len(), offers);
        bench.ok(one, "calling.pass", at(&call, json!({})));
        assert_eq!(bench.service.call(&call).expect("it rings").controller, Some(one));
    }
    let read = Scenario::from_toml("passed_calls_come_again = true").expect("TOML");
    assert_eq!(read, Scenario::new().passed_calls_come_again(true));
}

#[test]
fn calls_are_shared_out_in_turn() {
    let mut bench = Bench::new(quiet());
    let clients = [bench.client(&["default"]), bench.client(&["default"]), bench.client(&["other"])];
    let owners: Vec<_> = (0..4)
        .map(|_| {
            let call = bench.service.place_call(bench.now, caller());
            bench.service.call(&call).and_then(|call| call.controller)
        })
        .collect();
    assert_eq!(owners, [clients[0], clients[1], clients[0], clients[1]].map(Some));
}

#[test]
fn hanging_up_ends_what_runs_first() {
    let hangs_up = caller().script([Step::on(Cue::Playing), Step::wait(0.5), Step::HangUp]);
    let mut bench = Bench::new(quiet().caller(hangs_up));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts(&"x".repeat(200))})));
    let digits = json!({"control_id": "c", "digits": {"max": 4}, "initial_timeout": 60});
    bench.ok(client, "calling.collect", at(&call, digits));
    bench.run(5.0);
    let story = bench.story();
    assert_eq!(
        story[story.len() - 4..],
        [
            "calling.call.play finished",
            "calling.call.collect finished",
            "calling.call.state ending",
            "calling.call.state ended",
        ]
    );
    let play = at(&call, json!({"control_id": "z", "play": tts("x")}));
    assert_eq!(bench.code(client, "calling.play", play), "410");
}

#[test]
fn operations_can_be_left_open_at_the_end_of_a_call() {
    let mut bench = Bench::new(quiet().caller(caller()).leave_operations_open(true));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts("x")})));
    bench.service.hang_up(bench.now, &call);
    bench.run(10.0);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing"]);
    assert_eq!(bench.states(&call), ["answered", "ending", "ended"]);
}

#[test]
fn a_call_ends_at_its_longest_duration() {
    let mut bench = Bench::new(quiet().caller(caller()));
    let client = bench.client(&["default"]);
    let call = bench.offer();
    bench.ok(client, "calling.answer", at(&call, json!({"max_duration": 5})));
    bench.run(6.0);
    assert_eq!(bench.service.call(&call).expect("known").end_reason.as_deref(), Some("maxDuration"));
}

#[test]
fn scripted_callers_follow_one_another() {
    let first = caller().script([Step::on(Cue::Answered), Step::wait(1.0), Step::HangUp]);
    let second = caller().after_previous(Duration::from_secs(2)).script([Step::wait(1.0), Step::HangUp]);
    let mut bench = Bench::new(quiet().caller(first).caller(second));
    let client = bench.client(&["default"]);
    bench.answered_call(client);
    bench.run(20.0);
    let reasons: Vec<_> = bench.service.calls().map(|call| call.end_reason.unwrap_or_default()).collect();
    assert_eq!(reasons, ["hangup", "cancel"]);
    assert!(bench.service.is_done());
    assert!(bench.reports.iter().any(|report| matches!(report, Report::CallEnded { .. })));
}

#[test]
fn projects_do_not_share_calls_or_messages() {
    let mut bench = Bench::new(quiet().credential("p", "t"));
    let ours = bench.client(&["default"]);
    let mut params = support::log_in(&["default"]);
    params["authentication"] = json!({"project": "p", "token": "t"});
    let theirs = bench.service.handle_connected(bench.now);
    bench.request(theirs, "signalwire.connect", params);
    let also_ours = bench.client(&["default"]);
    let mut offered = |caller: Caller| {
        let call = bench.service.place_call(bench.now, caller);
        bench.settle();
        (bench.service.call(&call).and_then(|call| call.controller), call)
    };
    let caller = || Caller::new("+1", "+2");
    let first = offered(caller());
    let controllers = [first.0, offered(caller().project("p")).0, offered(caller()).0, offered(caller()).0];
    assert_eq!(controllers, [Some(ours), Some(theirs), Some(also_ours), Some(ours)]);
    bench.ok(ours, "calling.pass", at(&first.1, json!({})));
    assert_eq!(bench.service.call(&first.1).and_then(|call| call.controller), Some(also_ours));
    bench.ok(also_ours, "calling.pass", at(&first.1, json!({})));
    assert_eq!(bench.service.call(&first.1).expect("remembered").end_reason.as_deref(), Some("noAnswer"));
    for message in [Message::new("+1", "+2", "a"), Message::new("+1", "+2", "b").project("p")] {
        bench.service.inject_message(bench.now, message);
    }
    bench.settle();
    let messages = bench.frames.iter().filter(|(_, f)| f["params"]["event_type"] == "messaging.receive");
    assert_eq!(messages.map(|(to, _)| *to).collect::<Vec<_>>(), [ours, theirs]);
}
