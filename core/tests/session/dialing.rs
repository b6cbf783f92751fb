//! Every order in which the events of a dial may come.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::session::{Command, SessionEvent, Stats, Target};
use signalwire_relay_core::{CallState, Certainty, DialFailed, Direction, EndReason, Error, Ticket};

use crate::fixture::{Fixture, SECOND, config};

fn dial(fixture: &mut Fixture) -> (Ticket, Value) {
    let ticket = fixture.command(command());
    let request = fixture.expect_sent("calling.dial");
    assert_eq!(request["params"], json!({"tag": "t1", "devices": []}));
    (ticket, request)
}

fn command() -> Command {
    let target = Target::Dial { tag: Some("t1".into()) };
    Command::raw("calling.dial", target, r#"{"devices":[]}"#.to_owned()).expect("an object")
}

fn leg(fixture: &mut Fixture, call_id: &str, state: &str) {
    fixture.event(
        "calling.call.state",
        json!({"call_id": call_id, "node_id": "n-1", "tag": "t1", "call_state": state,
        "direction": "outbound"}),
    );
}

fn answered(fixture: &mut Fixture, call_id: &str) {
    fixture.event(
        "calling.call.dial",
        json!({"node_id": "n-1", "tag": "t1", "dial_state": "answered",
        "call": {"call_id": call_id, "node_id": "n-1", "tag": "t1", "dial_winner": "true",
            "device": {"type": "phone", "params": {"to_number": "+15550001"}}}}),
    );
}

/// The leg that the session asks to end next.
fn ended_leg(fixture: &mut Fixture) -> (Value, String) {
    let request = fixture.expect_sent("calling.end");
    let params = &request["params"];
    let text = |name: &str| params[name].as_str().expect("text").to_owned();
    (request.clone(), format!("{} {}", text("call_id"), text("reason")))
}

#[test]
fn the_first_to_answer_is_the_call() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    fixture.event("calling.call.dial", json!({"node_id": "n-1", "tag": "t1", "dial_state": "dialing"}));
    fixture.events.clear();
    for state in ["created", "ringing", "answered"] {
        leg(&mut fixture, "A", state);
    }
    fixture.expect_quiet();
    answered(&mut fixture, "A");
    let info = fixture.expect_dialed(ticket).expect("answered");
    assert_eq!((info.call_id.as_str(), info.node_id.as_str(), info.tag.as_str()), ("A", "n-1", "t1"));
    assert_eq!((&info.state, &info.direction), (&CallState::Answered, &Direction::Outbound));
    assert_eq!(info.device.callee(), Some("+15550001"));
    fixture.state("A", "ended");
    fixture.expect_call_event("A");
    fixture.expect_ended("A");
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn the_outcome_may_come_before_every_state_and_before_the_answer_to_the_request() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    answered(&mut fixture, "A");
    assert_eq!(fixture.expect_dialed(ticket).expect("answered").call_id.as_str(), "A");
    for state in ["created", "ringing", "answered"] {
        leg(&mut fixture, "A", state);
    }
    fixture.expect_quiet();
    fixture.ok(&request);
    answered(&mut fixture, "A");
    fixture.pass(5 * SECOND);
    fixture.expect_nothing_sent();
    fixture.expect_quiet();
    fixture.state("A", "ending");
    assert_eq!(fixture.expect_call_event("A"), "calling.call.state");
}

#[test]
fn a_winner_that_ended_before_it_was_announced_is_no_call() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    leg(&mut fixture, "A", "answered");
    leg(&mut fixture, "A", "ended");
    answered(&mut fixture, "A");
    assert!(matches!(fixture.expect_dialed(ticket), Err(Error::DialFailed(_))));
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn legs_that_lose_are_cleaned_up() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    for call_id in ["A", "B", "C", "D"] {
        leg(&mut fixture, call_id, "ringing");
    }
    leg(&mut fixture, "A", "answered");
    leg(&mut fixture, "B", "answered");
    answered(&mut fixture, "A");
    fixture.expect_dialed(ticket).expect("answered");
    assert_eq!(ended_leg(&mut fixture).1, "B hangup", "answered too, but not first");
    fixture.expect_nothing_sent();
    leg(&mut fixture, "C", "ended");
    leg(&mut fixture, "B", "ended");
    fixture.pass(2 * SECOND);
    let (end, leg_ended) = ended_leg(&mut fixture);
    assert_eq!(leg_ended, "D cancel", "the service forgot about it");
    fixture.refuse(&end, "404");
    leg(&mut fixture, "E", "answered");
    assert_eq!(ended_leg(&mut fixture).1, "E cancel", "a leg that nobody had heard of");
    fixture.expect_quiet();
}

#[test]
fn a_failed_dial_says_so() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    leg(&mut fixture, "A", "ended");
    fixture.event(
        "calling.call.dial",
        json!({"tag": "t1", "dial_state": "failed", "call": {}, "reason": "busy"}),
    );
    match fixture.expect_dialed(ticket) {
        Err(Error::DialFailed(failed)) => assert_eq!(failed.reason.as_deref(), Some("busy")),
        other => panic!("{other:?}"),
    }
    answered(&mut fixture, "Z");
    assert_eq!(ended_leg(&mut fixture).1, "Z hangup");
}

fn ended_with(call_id: &str, number: &str, reason: &str) -> Value {
    json!({"call_id": call_id, "node_id": "n-1", "tag": "t1", "call_state": "ended", "end_reason": reason,
        "device": {"type": "phone", "params": {"to_number": number}}})
}

fn failed(fixture: &mut Fixture) {
    fixture.event(
        "calling.call.dial",
        json!({"node_id": "n-1", "tag": "t1", "dial_state": "failed", "call": {}}),
    );
}

fn expect_failed(fixture: &mut Fixture, ticket: Ticket) -> DialFailed {
    match fixture.expect_dialed(ticket) {
        Err(Error::DialFailed(failed)) => *failed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_failed_dial_says_of_each_leg_whom_it_called_and_why_it_ended() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    leg(&mut fixture, "B", "ringing");
    fixture.event("calling.call.state", ended_with("A", "+15550001", "busy"));
    fixture.event("calling.call.state", ended_with("B", "+15550002", "no_answer"));
    failed(&mut fixture);
    let failed = expect_failed(&mut fixture, ticket);
    let legs: Vec<_> = failed.legs.iter().map(|leg| (leg.call_id.as_str(), leg.end_reason.clone())).collect();
    assert_eq!(legs, [("B", Some(EndReason::NoAnswer)), ("A", Some(EndReason::Busy))]);
    assert_eq!(failed.legs[1].device.callee(), Some("+15550001"));
    assert_eq!(failed.end_reason(), None, "they differ");
}

#[test]
fn a_dial_that_failed_waits_a_moment_for_the_reasons_of_its_legs() {
    for told in [true, false] {
        let mut fixture = Fixture::ready();
        let (ticket, request) = dial(&mut fixture);
        fixture.ok(&request);
        leg(&mut fixture, "A", "ringing");
        failed(&mut fixture);
        fixture.expect_quiet();
        if told {
            fixture.event("calling.call.state", ended_with("A", "+15550001", "decline"));
        } else {
            fixture.pass(SECOND);
        }
        let failed = expect_failed(&mut fixture, ticket);
        let reason = told.then_some(EndReason::Decline);
        assert_eq!(failed.end_reason(), reason.as_ref());
        assert_eq!(failed.to_string().ends_with(": decline"), told, "{failed}");
    }
}

#[test]
fn each_state_of_each_leg_is_told_once_until_the_dial_is_decided() {
    let mut fixture = Fixture::ready();
    dial(&mut fixture);
    for (call_id, state) in [
        ("A", "created"),
        ("A", "ringing"),
        ("B", "ringing"),
        ("A", "ringing"),
        ("A", "created"),
        ("B", "ended"),
    ] {
        leg(&mut fixture, call_id, state);
    }
    leg(&mut fixture, "C", "ended");
    answered(&mut fixture, "A");
    leg(&mut fixture, "A", "ending");
    let legs: Vec<_> = fixture.legs.iter().map(|(call_id, state)| (&**call_id, &**state)).collect();
    assert_eq!(legs, [("A", "created"), ("A", "ringing"), ("B", "ringing"), ("B", "ended"), ("C", "ended")]);
}

#[test]
fn the_leg_of_a_connection_with_the_tag_of_a_dial_is_left_alone() {
    for other_side in ["parent", "peer"] {
        for decided in [false, true] {
            let mut fixture = Fixture::ready();
            let (ticket, request) = dial(&mut fixture);
            fixture.ok(&request);
            if decided {
                answered(&mut fixture, "A");
                fixture.expect_dialed(ticket).expect("answered");
            }
            let mut state = json!({"call_id": "B", "node_id": "n-1", "tag": "t1", "direction": "outbound"});
            state[other_side] = json!({"call_id": "A", "node_id": "n-1"});
            for call_state in ["created", "ringing", "answered"] {
                state["call_state"] = json!(call_state);
                fixture.event("calling.call.state", state.clone());
            }
            fixture.pass(10 * SECOND);
            fixture.expect_nothing_sent();
            assert!(fixture.legs.is_empty(), "{:?}", fixture.legs);
        }
    }
}

#[test]
fn a_late_leg_is_ended_however_many_dials_were_made_since() {
    let mut fixture = Fixture::ready();
    let first = fixture.command(command());
    fixture.expect_sent("calling.dial");
    fixture.session.abandon(fixture.now, first);
    for number in 0..5_000 {
        let target = Target::Dial { tag: Some(format!("later-{number}").into()) };
        let ticket =
            fixture.command(Command::raw("calling.dial", target, "{}".to_owned()).expect("an object"));
        fixture.session.abandon(fixture.now, ticket);
        fixture.drain();
        fixture.sent.clear();
    }
    leg(&mut fixture, "A", "ringing");
    assert_eq!(ended_leg(&mut fixture).1, "A cancel");
}

/// A dial with a leg in this state, after a gap.
fn dial_after_a_gap(state: &str) -> (Fixture, Ticket) {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    leg(&mut fixture, "A", state);
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    (fixture, ticket)
}

#[test]
fn a_dial_whose_legs_are_all_gone_after_a_gap_fails_without_waiting_for_its_limit() {
    let (mut fixture, ticket) = dial_after_a_gap("ringing");
    fixture.deny_call("404");
    fixture.pass(5 * SECOND);
    match fixture.expect_dialed(ticket) {
        Err(Error::ConnectionLost(lost)) => assert_eq!(lost.certainty, Certainty::Unknown),
        other => panic!("{other:?}"),
    }
    let (end, _) = ended_leg(&mut fixture);
    fixture.expect_nothing_sent();
    fixture.refuse(&end, "404");
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_leg_that_was_answered_before_a_gap_wins_if_no_outcome_follows() {
    let (mut fixture, ticket) = dial_after_a_gap("answered");
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.ok(&question);
    fixture.pass(4 * SECOND);
    fixture.expect_quiet();
    fixture.pass(SECOND);
    assert_eq!(fixture.expect_dialed(ticket).expect("answered").call_id.as_str(), "A");
}

#[test]
fn a_dial_that_still_rings_after_a_gap_goes_on() {
    let (mut fixture, ticket) = dial_after_a_gap("ringing");
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.refuse(&question, "409");
    fixture.pass(30 * SECOND);
    fixture.expect_quiet();
    answered(&mut fixture, "A");
    fixture.expect_dialed(ticket).expect("answered");
}

#[test]
fn a_refused_dial_fails_at_once() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.refuse(&request, "400");
    assert_eq!(fixture.expect_dialed(ticket).expect_err("refused").code(), Some(400));
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_dial_that_takes_too_long_is_called_off_and_a_late_answer_hung_up() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    leg(&mut fixture, "A", "ringing");
    // Pings keep the connection from being probed meanwhile.
    for number in 0..12 {
        fixture.pass(10 * SECOND);
        fixture.receive_json(&json!({"id": number, "method": "signalwire.ping"}));
        fixture.sent.retain(|frame| frame.get("method").is_some());
    }
    match fixture.expect_dialed(ticket) {
        Err(Error::TimedOut(timed_out)) => {
            assert_eq!(
                (timed_out.after, timed_out.certainty),
                (Duration::from_mins(2), Some(Certainty::Unknown))
            );
        }
        other => panic!("{other:?}"),
    }
    let (end, which) = ended_leg(&mut fixture);
    assert_eq!(which, "A cancel");
    fixture.ok(&end);
    leg(&mut fixture, "A", "answered");
    let (end, which) = ended_leg(&mut fixture);
    assert_eq!(which, "A hangup", "it was answered in the very moment");
    fixture.ok(&end);
    leg(&mut fixture, "A", "ended");
    answered(&mut fixture, "A");
    fixture.expect_nothing_sent();
    answered(&mut fixture, "B");
    assert_eq!(ended_leg(&mut fixture).1, "B hangup");
    leg(&mut fixture, "B", "ended");
    assert_eq!(fixture.session.stats().calls, 0);
}

#[test]
fn a_leg_that_does_not_end_is_asked_again_and_then_given_up() {
    let mut fixture = Fixture::ready();
    let ticket = fixture.command(command().timeout(SECOND));
    fixture.sent.clear();
    leg(&mut fixture, "A", "ringing");
    fixture.pass(SECOND);
    fixture.expect_dialed(ticket).expect_err("expired");
    for _ in 0..3 {
        let (end, _) = ended_leg(&mut fixture);
        fixture.ok(&end);
        fixture.pass(10 * SECOND);
        fixture.sent.retain(|frame| frame["method"] == "calling.end");
    }
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats().calls, 0);
    fixture.expect_quiet();
}

#[test]
fn a_dropped_dial_is_called_off() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = dial(&mut fixture);
    fixture.ok(&request);
    leg(&mut fixture, "A", "ringing");
    fixture.session.abandon(fixture.now, ticket);
    fixture.drain();
    assert_eq!(ended_leg(&mut fixture).1, "A cancel");
    fixture.expect_quiet();
}

#[test]
fn a_dial_that_never_left_is_not_sent_after_it_was_given_up() {
    let mut fixture = Fixture::new(&config());
    let dropped = fixture.command(command());
    fixture.session.abandon(fixture.now, dropped);
    let expired = fixture.command(
        Command::raw("calling.dial", Target::Dial { tag: None }, "{}".to_owned())
            .expect("an object")
            .timeout(SECOND),
    );
    fixture.pass(SECOND);
    assert_eq!(fixture.expect_dialed(expired).expect_err("expired").certainty(), Certainty::NotSent);
    fixture.authenticate("p", false);
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_dial_under_way_survives_a_resume_but_not_a_new_session() {
    for resumed in [true, false] {
        let mut fixture = Fixture::ready();
        let (ticket, request) = dial(&mut fixture);
        fixture.ok(&request);
        leg(&mut fixture, "A", "ringing");
        fixture.disconnected();
        fixture.expect_quiet();
        fixture.reconnect(if resumed { "proto-1" } else { "proto-2" }, resumed);
        if resumed {
            answered(&mut fixture, "A");
            fixture.expect_dialed(ticket).expect("answered");
        } else {
            let error = fixture.expect_dialed(ticket).expect_err("lost");
            assert_eq!(error.certainty(), Certainty::Unknown);
            assert_eq!(ended_leg(&mut fixture).1, "A cancel");
        }
    }
}

#[test]
fn a_dial_cut_before_the_answer_to_its_request_fails_as_unknown() {
    let mut fixture = Fixture::ready();
    let (ticket, _) = dial(&mut fixture);
    fixture.disconnected();
    let error = fixture.expect_dialed(ticket).expect_err("lost");
    assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    fixture.reconnect("proto-1", true);
    leg(&mut fixture, "A", "ringing");
    assert_eq!(ended_leg(&mut fixture).1, "A cancel", "it had been carried out after all");
}

#[test]
fn a_leg_of_a_dial_that_a_cut_failed_is_ended_on_the_next_connection_not_on_the_lost_one() {
    let mut fixture = Fixture::ready();
    let (ticket, _) = dial(&mut fixture);
    // Its events overtake the reply, which never comes.
    leg(&mut fixture, "A", "ringing");
    fixture.disconnected();
    fixture.expect_dialed(ticket).expect_err("lost");
    fixture.expect_nothing_sent();
    fixture.reconnect("proto-1", true);
    assert_eq!(ended_leg(&mut fixture).1, "A cancel");
}

#[test]
fn a_dial_that_had_not_left_when_draining_ended_was_not_sent_and_is_not_sent_any_more() {
    let mut fixture = Fixture::ready();
    // Keeps the session from closing at once.
    fixture.offer("c1");
    fixture.disconnected();
    let ticket = fixture.command(command());
    fixture.session.drain(fixture.now, Duration::ZERO);
    fixture.session.handle_timeout(fixture.now);
    fixture.drain();
    let error = fixture.expect_dialed(ticket).expect_err("the client is closing");
    assert_eq!(error.certainty(), Certainty::NotSent);
    fixture.reconnect("proto-1", true);
    assert!(fixture.sent.iter().all(|frame| frame["method"] != "calling.dial"), "{:?}", fixture.sent);
}

#[test]
fn a_tag_in_use_is_refused() {
    let mut fixture = Fixture::ready();
    dial(&mut fixture);
    let twin = fixture.command(command());
    match fixture.expect_dialed(twin) {
        Err(Error::InvalidArgument(invalid)) => assert_eq!(invalid.field, "tag"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn fifty_dials_at_once_are_kept_apart() {
    let mut fixture = Fixture::ready();
    let dials: Vec<_> = (0..50)
        .map(|_| {
            let command = Command::raw("calling.dial", Target::Dial { tag: None }, "{}".to_owned());
            let ticket = fixture.command(command.expect("an object"));
            (ticket, fixture.expect_sent("calling.dial")["params"]["tag"].clone())
        })
        .collect();
    for (number, (_, tag)) in dials.iter().enumerate().rev() {
        fixture.event(
            "calling.call.dial",
            json!({"tag": tag, "node_id": "n-1", "dial_state": "answered",
            "call": {"call_id": format!("c{number}")}}),
        );
    }
    for (number, (ticket, _)) in dials.iter().enumerate().rev() {
        let info = fixture.expect_dialed(*ticket).expect("answered");
        assert_eq!((info.call_id.as_str(), info.node_id.as_str()), (&*format!("c{number}"), "n-1"));
    }
}

#[test]
fn an_outcome_without_a_call_changes_nothing() {
    let mut fixture = Fixture::ready();
    dial(&mut fixture);
    fixture.event("calling.call.dial", json!({"tag": "t1", "dial_state": "answered", "call": {}}));
    fixture.expect_quiet();
    fixture.event(
        "calling.call.dial",
        json!({"tag": "unknown", "dial_state": "answered", "call": {"call_id": "x"}}),
    );
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::Other(_))));
    assert_eq!(fixture.session.stats().dials, 1);
}

#[test]
fn a_tag_names_one_dial_only() {
    let mut fixture = Fixture::ready();
    let dial = || Command::raw("calling.dial", Target::Dial { tag: Some("t".into()) }, "{}".to_owned());
    let first = fixture.command(dial().expect("an object"));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    fixture.event("calling.call.dial", json!({"tag": "t", "dial_state": "failed"}));
    fixture.expect_dialed(first).expect_err("nobody answered");
    let second = fixture.command(dial().expect("an object"));
    let error = fixture.expect_dialed(second).expect_err("late news would be taken for those of the second");
    assert!(
        matches!(&error, Error::InvalidArgument(argument) if argument.to_string().contains("tag")),
        "{error}"
    );
}

#[test]
fn the_tag_of_a_dial_that_never_began_may_be_used_again() {
    let mut fixture = Fixture::ready();
    let dial = || Command::raw("calling.dial", Target::Dial { tag: Some("t".into()) }, "{}".to_owned());
    let first = fixture.command(dial().expect("an object"));
    let request = fixture.expect_sent("calling.dial");
    fixture.refuse(&request, "400");
    fixture.expect_dialed(first).expect_err("refused");
    fixture.disconnected();
    let second = fixture.command(dial().expect("an object"));
    fixture.session.abandon(fixture.now, second);
    fixture.reconnect("proto-1", true);
    fixture.sent.clear();
    fixture.command(dial().expect("an object"));
    fixture.expect_sent("calling.dial");
}

#[test]
fn a_call_that_is_no_leg_of_a_dial_does_not_win_it() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let target = Target::Dial { tag: Some("t".into()) };
    let dial = fixture.command(Command::raw("calling.dial", target, "{}".to_owned()).expect("an object"));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    let answered =
        |call_id: &str| json!({"tag": "t", "dial_state": "answered", "call": {"call_id": call_id}});
    fixture.event("calling.call.dial", answered("c1"));
    fixture.expect_quiet();
    fixture.event("calling.call.dial", answered("c2"));
    assert_eq!(fixture.expect_dialed(dial).expect("answered").call_id.as_str(), "c2");
}

#[test]
fn a_leg_that_could_not_be_called_off_is_called_off_on_the_next_connection() {
    let mut fixture = Fixture::ready();
    let target = Target::Dial { tag: Some("t".into()) };
    let dial = fixture.command(Command::raw("calling.dial", target, "{}".to_owned()).expect("an object"));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "answered"}),
    );
    fixture.session.abandon(fixture.now, dial);
    fixture.drain();
    fixture.expect_sent_among_others("calling.end");
    for _ in 0..3 {
        fixture.pass(9 * SECOND);
        fixture.disconnected();
        fixture.reconnect("proto-1", true);
        fixture.expect_sent_among_others("calling.end");
    }
    assert_eq!(fixture.session.stats().calls, 1);
}
