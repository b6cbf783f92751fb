//! Every order in which the events of a dial may come.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::session::{Command, SessionEvent, Stats, Target};
use signalwire_relay_core::{CallState, Certainty, Direction, Error, Ticket};

use crate::rig::{Rig, SECOND, config};

fn dial(rig: &mut Rig) -> (Ticket, Value) {
    let ticket = rig.command(command());
    let request = rig.expect_sent("calling.dial");
    assert_eq!(request["params"], json!({"tag": "t1", "devices": []}));
    (ticket, request)
}

fn command() -> Command {
    let target = Target::Dial { tag: Some("t1".into()) };
    Command::raw("calling.dial", target, r#"{"devices":[]}"#.to_owned()).expect("an object")
}

fn leg(rig: &mut Rig, call_id: &str, state: &str) {
    rig.event(
        "calling.call.state",
        json!({"call_id": call_id, "node_id": "n-1", "tag": "t1", "call_state": state,
        "direction": "outbound"}),
    );
}

fn answered(rig: &mut Rig, call_id: &str) {
    rig.event(
        "calling.call.dial",
        json!({"node_id": "n-1", "tag": "t1", "dial_state": "answered",
        "call": {"call_id": call_id, "node_id": "n-1", "tag": "t1", "dial_winner": "true",
            "device": {"type": "phone", "params": {"to_number": "+15550001"}}}}),
    );
}

/// The leg that the session asks to end next.
fn ended_leg(rig: &mut Rig) -> (Value, String) {
    let request = rig.expect_sent("calling.end");
    let params = &request["params"];
    let text = |name: &str| params[name].as_str().expect("text").to_owned();
    (request.clone(), format!("{} {}", text("call_id"), text("reason")))
}

#[test]
fn the_first_to_answer_is_the_call() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.ok(&request);
    rig.event("calling.call.dial", json!({"node_id": "n-1", "tag": "t1", "dial_state": "dialing"}));
    rig.events.clear();
    for state in ["created", "ringing", "answered"] {
        leg(&mut rig, "A", state);
    }
    rig.expect_quiet();
    answered(&mut rig, "A");
    let info = rig.expect_dialed(ticket).expect("answered");
    assert_eq!((info.call_id.as_str(), info.node_id.as_str(), info.tag.as_str()), ("A", "n-1", "t1"));
    assert_eq!((&info.state, &info.direction), (&CallState::Answered, &Direction::Outbound));
    assert_eq!(info.device.callee(), Some("+15550001"));
    rig.state("A", "ended");
    rig.expect_call_event("A");
    rig.expect_ended("A");
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn the_outcome_may_come_before_every_state_and_before_the_answer_to_the_request() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    answered(&mut rig, "A");
    assert_eq!(rig.expect_dialed(ticket).expect("answered").call_id.as_str(), "A");
    for state in ["created", "ringing", "answered"] {
        leg(&mut rig, "A", state);
    }
    rig.expect_quiet();
    rig.ok(&request);
    answered(&mut rig, "A");
    rig.pass(5 * SECOND);
    rig.expect_nothing_sent();
    rig.expect_quiet();
    rig.state("A", "ending");
    assert_eq!(rig.expect_call_event("A"), "calling.call.state");
}

#[test]
fn a_winner_that_ended_before_it_was_announced_is_no_call() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.ok(&request);
    leg(&mut rig, "A", "answered");
    leg(&mut rig, "A", "ended");
    answered(&mut rig, "A");
    assert!(matches!(rig.expect_dialed(ticket), Err(Error::DialFailed(_))));
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn legs_that_lose_are_cleaned_up() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.ok(&request);
    for call_id in ["A", "B", "C", "D"] {
        leg(&mut rig, call_id, "ringing");
    }
    leg(&mut rig, "A", "answered");
    leg(&mut rig, "B", "answered");
    answered(&mut rig, "A");
    rig.expect_dialed(ticket).expect("answered");
    assert_eq!(ended_leg(&mut rig).1, "B hangup", "answered too, but not first");
    rig.expect_nothing_sent();
    leg(&mut rig, "C", "ended");
    leg(&mut rig, "B", "ended");
    rig.pass(2 * SECOND);
    let (end, leg_ended) = ended_leg(&mut rig);
    assert_eq!(leg_ended, "D cancel", "the service forgot about it");
    rig.refuse(&end, "404");
    leg(&mut rig, "E", "answered");
    assert_eq!(ended_leg(&mut rig).1, "E cancel", "a leg that nobody had heard of");
    rig.expect_quiet();
}

#[test]
fn a_failed_dial_says_so() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.ok(&request);
    leg(&mut rig, "A", "ended");
    rig.event(
        "calling.call.dial",
        json!({"tag": "t1", "dial_state": "failed", "call": {}, "reason": "busy"}),
    );
    match rig.expect_dialed(ticket) {
        Err(Error::DialFailed(failed)) => assert_eq!(failed.reason.as_deref(), Some("busy")),
        other => panic!("{other:?}"),
    }
    answered(&mut rig, "Z");
    assert_eq!(ended_leg(&mut rig).1, "Z hangup");
}

#[test]
fn a_refused_dial_fails_at_once() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.refuse(&request, "400");
    assert_eq!(rig.expect_dialed(ticket).expect_err("refused").code(), Some(400));
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_dial_that_takes_too_long_is_called_off_and_a_late_answer_hung_up() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.ok(&request);
    leg(&mut rig, "A", "ringing");
    // Pings keep the connection from being probed meanwhile.
    for number in 0..12 {
        rig.pass(10 * SECOND);
        rig.receive_json(&json!({"id": number, "method": "signalwire.ping"}));
        rig.sent.retain(|frame| frame.get("method").is_some());
    }
    match rig.expect_dialed(ticket) {
        Err(Error::TimedOut(timed_out)) => {
            assert_eq!(
                (timed_out.after, timed_out.certainty),
                (Duration::from_mins(2), Some(Certainty::Unknown))
            );
        }
        other => panic!("{other:?}"),
    }
    let (end, which) = ended_leg(&mut rig);
    assert_eq!(which, "A cancel");
    rig.ok(&end);
    leg(&mut rig, "A", "answered");
    let (end, which) = ended_leg(&mut rig);
    assert_eq!(which, "A hangup", "it was answered in the very moment");
    rig.ok(&end);
    leg(&mut rig, "A", "ended");
    answered(&mut rig, "A");
    rig.expect_nothing_sent();
    answered(&mut rig, "B");
    assert_eq!(ended_leg(&mut rig).1, "B hangup");
    leg(&mut rig, "B", "ended");
    assert_eq!(rig.session.stats().calls, 0);
}

#[test]
fn a_leg_that_does_not_end_is_asked_again_and_then_given_up() {
    let mut rig = Rig::ready();
    let ticket = rig.command(command().timeout(SECOND));
    rig.sent.clear();
    leg(&mut rig, "A", "ringing");
    rig.pass(SECOND);
    rig.expect_dialed(ticket).expect_err("expired");
    for _ in 0..3 {
        let (end, _) = ended_leg(&mut rig);
        rig.ok(&end);
        rig.pass(10 * SECOND);
        rig.sent.retain(|frame| frame["method"] == "calling.end");
    }
    rig.expect_nothing_sent();
    assert_eq!(rig.session.stats().calls, 0);
    rig.expect_quiet();
}

#[test]
fn a_dropped_dial_is_called_off() {
    let mut rig = Rig::ready();
    let (ticket, request) = dial(&mut rig);
    rig.ok(&request);
    leg(&mut rig, "A", "ringing");
    rig.session.abandon(rig.now, ticket);
    rig.drain();
    assert_eq!(ended_leg(&mut rig).1, "A cancel");
    rig.expect_quiet();
}

#[test]
fn a_dial_that_never_left_is_not_sent_after_it_was_given_up() {
    let mut rig = Rig::new(&config());
    let dropped = rig.command(command());
    rig.session.abandon(rig.now, dropped);
    let expired = rig.command(
        Command::raw("calling.dial", Target::Dial { tag: None }, "{}".to_owned())
            .expect("an object")
            .timeout(SECOND),
    );
    rig.pass(SECOND);
    assert_eq!(rig.expect_dialed(expired).expect_err("expired").certainty(), Certainty::NotSent);
    rig.authenticate("p", false);
    rig.expect_nothing_sent();
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_dial_under_way_survives_a_resume_but_not_a_new_session() {
    for resumed in [true, false] {
        let mut rig = Rig::ready();
        let (ticket, request) = dial(&mut rig);
        rig.ok(&request);
        leg(&mut rig, "A", "ringing");
        rig.disconnected();
        rig.expect_quiet();
        rig.reconnect(if resumed { "proto-1" } else { "proto-2" }, resumed);
        if resumed {
            answered(&mut rig, "A");
            rig.expect_dialed(ticket).expect("answered");
        } else {
            let error = rig.expect_dialed(ticket).expect_err("lost");
            assert_eq!(error.certainty(), Certainty::Unknown);
            assert_eq!(ended_leg(&mut rig).1, "A cancel");
        }
    }
}

#[test]
fn a_dial_cut_before_the_answer_to_its_request_fails_as_unknown() {
    let mut rig = Rig::ready();
    let (ticket, _) = dial(&mut rig);
    rig.disconnected();
    let error = rig.expect_dialed(ticket).expect_err("lost");
    assert!(matches!(error, Error::Lost(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    rig.reconnect("proto-1", true);
    leg(&mut rig, "A", "ringing");
    assert_eq!(ended_leg(&mut rig).1, "A cancel", "it had been carried out after all");
}

#[test]
fn a_leg_of_a_dial_that_a_cut_failed_is_ended_on_the_next_connection_not_on_the_lost_one() {
    let mut rig = Rig::ready();
    let (ticket, _) = dial(&mut rig);
    // Its events overtake the reply, which never comes.
    leg(&mut rig, "A", "ringing");
    rig.disconnected();
    rig.expect_dialed(ticket).expect_err("lost");
    rig.expect_nothing_sent();
    rig.reconnect("proto-1", true);
    assert_eq!(ended_leg(&mut rig).1, "A cancel");
}

#[test]
fn a_dial_that_had_not_left_when_draining_ended_was_not_sent_and_is_not_sent_any_more() {
    let mut rig = Rig::ready();
    // Keeps the session from closing at once.
    rig.offer("c1");
    rig.disconnected();
    let ticket = rig.command(command());
    rig.session.drain(rig.now, Duration::ZERO);
    rig.session.handle_timeout(rig.now);
    rig.drain();
    let error = rig.expect_dialed(ticket).expect_err("the client is closing");
    assert_eq!(error.certainty(), Certainty::NotSent);
    rig.reconnect("proto-1", true);
    assert!(rig.sent.iter().all(|frame| frame["method"] != "calling.dial"), "{:?}", rig.sent);
}

#[test]
fn a_tag_in_use_is_refused() {
    let mut rig = Rig::ready();
    dial(&mut rig);
    let twin = rig.command(command());
    match rig.expect_dialed(twin) {
        Err(Error::InvalidArgument(invalid)) => assert_eq!(invalid.field, "tag"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn fifty_dials_at_once_are_kept_apart() {
    let mut rig = Rig::ready();
    let dials: Vec<_> = (0..50)
        .map(|_| {
            let command = Command::raw("calling.dial", Target::Dial { tag: None }, "{}".to_owned());
            let ticket = rig.command(command.expect("an object"));
            (ticket, rig.expect_sent("calling.dial")["params"]["tag"].clone())
        })
        .collect();
    for (number, (_, tag)) in dials.iter().enumerate().rev() {
        rig.event(
            "calling.call.dial",
            json!({"tag": tag, "node_id": "n-1", "dial_state": "answered",
            "call": {"call_id": format!("c{number}")}}),
        );
    }
    for (number, (ticket, _)) in dials.iter().enumerate().rev() {
        let info = rig.expect_dialed(*ticket).expect("answered");
        assert_eq!((info.call_id.as_str(), info.node_id.as_str()), (&*format!("c{number}"), "n-1"));
    }
}

#[test]
fn an_outcome_without_a_call_changes_nothing() {
    let mut rig = Rig::ready();
    dial(&mut rig);
    rig.event("calling.call.dial", json!({"tag": "t1", "dial_state": "answered", "call": {}}));
    rig.expect_quiet();
    rig.event(
        "calling.call.dial",
        json!({"tag": "unknown", "dial_state": "answered", "call": {"call_id": "x"}}),
    );
    assert!(matches!(rig.events.pop_front(), Some(SessionEvent::Other(_))));
    assert_eq!(rig.session.stats().dials, 1);
}

#[test]
fn a_tag_names_one_dial_only() {
    let mut rig = Rig::ready();
    let dial = || Command::raw("calling.dial", Target::Dial { tag: Some("t".into()) }, "{}".to_owned());
    let first = rig.command(dial().expect("an object"));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    rig.event("calling.call.dial", json!({"tag": "t", "dial_state": "failed"}));
    rig.expect_dialed(first).expect_err("nobody answered");
    let second = rig.command(dial().expect("an object"));
    let error = rig.expect_dialed(second).expect_err("late news would be taken for those of the second");
    assert!(
        matches!(&error, Error::InvalidArgument(argument) if argument.to_string().contains("tag")),
        "{error}"
    );
}

#[test]
fn the_tag_of_a_dial_that_never_began_may_be_used_again() {
    let mut rig = Rig::ready();
    let dial = || Command::raw("calling.dial", Target::Dial { tag: Some("t".into()) }, "{}".to_owned());
    let first = rig.command(dial().expect("an object"));
    let request = rig.expect_sent("calling.dial");
    rig.refuse(&request, "400");
    rig.expect_dialed(first).expect_err("refused");
    rig.disconnected();
    let second = rig.command(dial().expect("an object"));
    rig.session.abandon(rig.now, second);
    rig.reconnect("proto-1", true);
    rig.sent.clear();
    rig.command(dial().expect("an object"));
    rig.expect_sent("calling.dial");
}

#[test]
fn a_call_that_is_no_leg_of_a_dial_does_not_win_it() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let target = Target::Dial { tag: Some("t".into()) };
    let dial = rig.command(Command::raw("calling.dial", target, "{}".to_owned()).expect("an object"));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    let answered =
        |call_id: &str| json!({"tag": "t", "dial_state": "answered", "call": {"call_id": call_id}});
    rig.event("calling.call.dial", answered("c1"));
    rig.expect_quiet();
    rig.event("calling.call.dial", answered("c2"));
    assert_eq!(rig.expect_dialed(dial).expect("answered").call_id.as_str(), "c2");
}

#[test]
fn a_leg_that_could_not_be_called_off_is_called_off_on_the_next_connection() {
    let mut rig = Rig::ready();
    let target = Target::Dial { tag: Some("t".into()) };
    let dial = rig.command(Command::raw("calling.dial", target, "{}".to_owned()).expect("an object"));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    rig.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "answered"}),
    );
    rig.session.abandon(rig.now, dial);
    rig.drain();
    rig.expect_sent_among_others("calling.end");
    for _ in 0..3 {
        rig.pass(9 * SECOND);
        rig.disconnected();
        rig.reconnect("proto-1", true);
        rig.expect_sent_among_others("calling.end");
    }
    assert_eq!(rig.session.stats().calls, 1);
}
