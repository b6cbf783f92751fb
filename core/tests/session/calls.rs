//! What events mean for a call.

use serde_json::json;
use signalwire_relay_core::session::{Notice, SessionEvent, Stats};
use signalwire_relay_core::{CallId, CallState, Certainty, Device, Direction, EndReason, Error, Overflow};

use crate::rig::{Rig, SECOND, call_state, config, offer};

#[test]
fn an_offer_tells_everything_about_the_call() {
    let mut rig = Rig::ready();
    let info = rig.offer("c1");
    assert_eq!((info.call_id.as_str(), info.node_id.as_str()), ("c1", "n-1"));
    assert_eq!((info.context.as_str(), info.segment_id.as_str()), ("office", "g-1"));
    assert_eq!((&info.direction, &info.state), (&Direction::Inbound, &CallState::Created));
    assert_eq!(info.project_id, "p-1", "the client's, since the event does not say");
    assert!(matches!(&info.device, Device::Phone(_)));
    assert_eq!((info.device.caller(), info.device.callee()), (Some("+15551110000"), Some("+15552220000")));
}

#[test]
fn a_call_is_answered_and_ends() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let answer = rig.call_command("calling.answer", "c1");
    let request = rig.expect_sent("calling.answer");
    assert_eq!(request["params"], json!({"node_id": "n-1", "call_id": "c1"}));
    rig.state("c1", "answered");
    rig.ok(&request);
    assert_eq!(rig.expect_call_event("c1"), "calling.call.state");
    rig.expect_reply(answer).expect("accepted");
    rig.state("c1", "ending");
    rig.event("calling.call.state", json!({"call_id": "c1", "call_state": "ended", "end_reason": "busy"}));
    rig.expect_call_event("c1");
    rig.expect_call_event("c1");
    assert_eq!(rig.expect_ended("c1"), EndReason::Busy);
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn repeated_and_reordered_states_never_move_a_call_back() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    for state in
        ["ringing", "ringing", "answered", "created", "ringing", "answered", "parked", "ending", "answered"]
    {
        rig.state("c1", state);
    }
    let mut seen = Vec::new();
    while let Some(SessionEvent::Call { event, .. }) = rig.events.pop_front() {
        if let signalwire_relay_core::Event::State(state) = &*event {
            seen.push(state.call_state.to_string());
        }
    }
    assert_eq!(
        seen,
        ["ringing", "answered", "parked", "ending"],
        "an unknown state is told, and moves nothing"
    );
    rig.state("c1", "ended");
    rig.events.clear();
    for state in ["ended", "answered", "created"] {
        rig.state("c1", state);
    }
    rig.expect_quiet();
    assert_eq!(rig.session.stats().calls, 0);
}

#[test]
fn a_repeated_offer_is_no_second_call() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.event("calling.call.receive", offer("c1"));
    rig.expect_quiet();
    rig.state("c1", "ended");
    rig.events.clear();
    rig.event("calling.call.receive", offer("c1"));
    rig.expect_quiet();
    rig.expect_nothing_sent();
    assert_eq!(rig.notices, [Notice::OfferRepeated("c1".into()), Notice::OfferRepeated("c1".into())]);
}

#[test]
fn an_offer_above_the_limit_is_passed_on_and_welcome_when_there_is_room() {
    let mut rig = Rig::new(&config().max_active_calls(1));
    rig.authenticate("p", false);
    rig.offer("c1");
    rig.event("calling.call.receive", offer("c2"));
    let pass = rig.expect_sent("calling.pass");
    assert_eq!(pass["params"], json!({"node_id": "n-1", "call_id": "c2"}));
    rig.ok(&pass);
    rig.expect_quiet();
    rig.state("c1", "ended");
    rig.events.clear();
    rig.offer("c2");
}

#[test]
fn the_caller_of_an_offer_above_the_limit_hears_a_busy_line_if_that_is_wanted() {
    let mut rig = Rig::new(&config().max_active_calls(1).overflow(Overflow::Busy));
    rig.authenticate("p", false);
    rig.offer("c1");
    rig.event("calling.call.receive", offer("c2"));
    let end = rig.expect_sent("calling.end");
    assert_eq!(end["params"], json!({"node_id": "n-1", "call_id": "c2", "reason": "busy"}));
    assert!(matches!(rig.notices.last(), Some(Notice::OfferRefused { .. })), "{:?}", rig.notices);
    rig.ok(&end);
    rig.event(
        "calling.call.state",
        json!({"call_id": "c2", "node_id": "n-1", "call_state": "ended", "end_reason": "busy"}),
    );
    rig.expect_quiet();
    rig.state("c1", "ended");
    assert_eq!(rig.session.stats().calls, 0);
}

#[test]
fn an_offer_that_nobody_takes_is_passed_on() {
    let mut rig = Rig::ready();
    rig.event("calling.call.receive", offer("c1"));
    rig.events.clear();
    rig.pass(9 * SECOND);
    rig.expect_nothing_sent();
    rig.pass(SECOND);
    let pass = rig.expect_sent("calling.pass");
    assert_eq!(rig.expect_ended("c1"), EndReason::Passed);
    rig.ok(&pass);
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn an_offer_that_everybody_let_go_of_is_passed_on_at_once() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.release(rig.now, &CallId::from("c1"));
    rig.drain();
    rig.expect_sent("calling.pass");
    assert_eq!(rig.expect_ended("c1"), EndReason::Passed);

    rig.offer("c2");
    rig.call_command("calling.answer", "c2");
    rig.expect_sent("calling.answer");
    rig.session.release(rig.now, &CallId::from("c2"));
    rig.drain();
    rig.expect_nothing_sent();
}

#[test]
fn a_call_that_was_passed_is_over_for_this_client() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let pass = rig.call_command("calling.pass", "c1");
    let request = rig.expect_sent("calling.pass");
    rig.ok(&request);
    rig.expect_reply(pass).expect("accepted");
    assert_eq!(rig.expect_ended("c1"), EndReason::Passed);
}

#[test]
fn a_command_on_a_call_that_is_over_is_not_sent() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.state("c1", "ended");
    rig.events.clear();
    let ticket = rig.call_command("calling.answer", "c1");
    rig.expect_nothing_sent();
    let error = rig.expect_reply(ticket).expect_err("gone");
    assert!(error.is_gone());
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_call_that_the_service_does_not_know_ends_even_if_it_never_says_so() {
    for code in ["404", "410"] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        let ticket = rig.call_command("calling.answer", "c1");
        let request = rig.expect_sent("calling.answer");
        rig.refuse(&request, code);
        let error = rig.expect_reply(ticket).expect_err("gone");
        assert!(error.is_gone());
        assert_eq!(error.certainty(), Certainty::Refused);
        // Whether it is the call that is gone, and not something on it, is asked.
        let question = rig.expect_sent("calling.clear_digit_bindings");
        rig.refuse(&question, code);
        rig.pass(5 * SECOND);
        assert_eq!(rig.expect_ended("c1"), EndReason::NotFound);
    }
}

#[test]
fn a_call_that_the_service_still_knows_survives_that_something_on_it_is_not_known() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let ticket = rig.call_command("calling.denoise.stop", "c1");
    let request = rig.expect_sent("calling.denoise.stop");
    rig.refuse(&request, "404");
    assert!(rig.expect_reply(ticket).is_err());
    let question = rig.expect_sent("calling.clear_digit_bindings");
    rig.ok(&question);
    rig.pass(60 * SECOND);
    assert_eq!(rig.session.stats().calls, 1);
}

#[test]
fn any_other_refusal_leaves_the_call_alone() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let ticket = rig.call_command("calling.answer", "c1");
    let request = rig.expect_sent("calling.answer");
    rig.refuse(&request, "409");
    let error = rig.expect_reply(ticket).expect_err("refused");
    assert!(matches!(&error, Error::Refused(refused) if refused.call_id == Some("c1".into())), "{error}");
    rig.pass(20 * SECOND);
    assert_eq!(rig.session.stats().calls, 1);
}

#[test]
fn events_about_nothing_we_know_are_told_as_such() {
    let mut rig = Rig::ready();
    rig.state("stranger", "answered");
    rig.event("calling.call.play", json!({"call_id": "stranger", "control_id": "k", "state": "playing"}));
    rig.event("calling.conference", json!({"conference_id": "f"}));
    for _ in 0..3 {
        assert!(matches!(rig.events.pop_front(), Some(SessionEvent::Other(_))));
    }
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_missing_node_is_filled_in_from_later_events() {
    let mut rig = Rig::ready();
    let mut bare = offer("c1");
    bare["node_id"] = json!(null);
    rig.event("calling.call.receive", bare);
    rig.event("calling.call.state", call_state("c1", "ringing"));
    rig.call_command("calling.answer", "c1");
    assert_eq!(rig.expect_sent("calling.answer")["params"]["node_id"], "n-1");
}

#[test]
fn a_call_that_was_declined_is_not_passed_on_when_its_handler_is_done() {
    for method in ["calling.end", "calling.pass"] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        rig.call_command(method, "c1");
        let request = rig.expect_sent(method);
        rig.session.release(rig.now, &CallId::from("c1"));
        rig.drain();
        rig.expect_nothing_sent();
        rig.refuse(&request, "400");
        rig.events.clear();
        rig.session.release(rig.now, &CallId::from("c1"));
        rig.drain();
        rig.expect_sent("calling.pass");
    }
}

#[test]
fn an_answer_that_never_left_does_not_keep_an_offer() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    let answer = rig.call_command("calling.answer", "c1");
    rig.session.abandon(rig.now, answer);
    rig.session.release(rig.now, &CallId::from("c1"));
    rig.drain();
    assert_eq!(rig.expect_ended("c1"), EndReason::Passed);
    rig.reconnect("proto-1", true);
    rig.expect_sent("calling.pass");
}

#[test]
fn an_offer_is_passed_on_however_long_the_connection_is_down() {
    let mut rig = Rig::ready();
    rig.event("calling.call.receive", offer("c1"));
    rig.events.clear();
    rig.disconnected();
    rig.until_open();
    while rig.events.is_empty() {
        rig.disconnected();
        rig.until_open();
    }
    assert_eq!(rig.expect_ended("c1"), EndReason::Passed);
    rig.disconnected();
    rig.until_open();
    rig.authenticate("proto-1", true);
    let pass = rig.expect_sent("calling.pass");
    rig.ok(&pass);
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_call_that_the_application_passed_is_passed_again_without_asking_it() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.call_command("calling.pass", "c1");
    let pass = rig.expect_sent("calling.pass");
    rig.ok(&pass);
    rig.events.clear();
    rig.event("calling.call.receive", offer("c1"));
    rig.expect_quiet();
    rig.expect_sent("calling.pass");
}

#[test]
fn an_offer_of_a_lost_session_is_welcome_in_the_next() {
    let mut rig = Rig::ready();
    rig.event("calling.call.receive", offer("c1"));
    rig.events.clear();
    rig.disconnected();
    rig.reconnect("proto-2", false);
    assert_eq!(rig.expect_ended("c1"), EndReason::SessionLost);
    rig.offer("c1");
}

#[test]
fn what_waits_for_a_lost_call_is_not_sent_to_the_next_session() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    let answer = rig.call_command("calling.answer", "c1");
    rig.reconnect("proto-2", false);
    rig.expect_nothing_sent();
    let error = rig.expect_reply(answer).expect_err("gone");
    assert!(error.is_gone());
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_call_that_nobody_will_use_is_hung_up_however_long_the_connection_is_down() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.state("c1", "answered");
    rig.events.clear();
    rig.disconnected();
    rig.session.discard(rig.now, &CallId::from("c1"));
    rig.drain();
    rig.expect_ended("c1");
    rig.reconnect("proto-1", true);
    let end = rig.expect_sent("calling.end");
    rig.ok(&end);
    rig.state("c1", "ended");
    rig.expect_quiet();
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_call_that_keeps_being_unknown_ends_in_time() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    for _ in 0..2 {
        rig.call_command("calling.answer", "c1");
        let request = rig.expect_sent("calling.answer");
        rig.refuse(&request, "404");
        let question = rig.expect_sent("calling.clear_digit_bindings");
        rig.refuse(&question, "404");
        rig.pass(3 * SECOND);
    }
    assert_eq!(rig.session.stats().calls, 0, "the second refusal did not put it off");
}

#[test]
fn a_call_that_was_given_back_is_for_somebody_else_to_answer() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.release(rig.now, &CallId::from("c1"));
    rig.drain();
    rig.expect_sent("calling.pass");
    rig.events.clear();
    rig.state("c1", "answered");
    rig.expect_nothing_sent();
    rig.event("calling.call.receive", offer("c1"));
    rig.expect_quiet();
    rig.expect_sent("calling.pass");
}

#[test]
fn a_call_whose_end_was_missed_ends_after_the_gap() {
    let mut rig = Rig::ready();
    for call_id in ["c1", "c2", "c3"] {
        rig.offer(call_id);
    }
    rig.disconnected();
    rig.reconnect("proto-1", true);
    rig.events.clear();
    let questions: Vec<_> = rig.sent.drain(..).collect();
    let asked: Vec<_> = questions.iter().map(|question| question["params"]["call_id"].as_str()).collect();
    assert_eq!(asked, [Some("c1"), Some("c2"), Some("c3")], "each call is asked after, once");
    assert!(questions.iter().all(|question| question["method"] == "calling.clear_digit_bindings"));
    rig.ok(&questions[0]);
    rig.refuse(&questions[1], "404");
    // Not answered yet, so that there is nothing to be cleared: it is there all the same.
    rig.refuse(&questions[2], "409");
    rig.expect_quiet();
    rig.pass(5 * SECOND);
    assert_eq!(rig.expect_ended("c2"), EndReason::NotFound);
    rig.expect_quiet();
    assert_eq!(rig.session.calls().map(CallId::as_str).collect::<Vec<_>>(), ["c1", "c3"]);
}

#[test]
fn a_call_whose_end_comes_late_after_a_gap_ends_for_its_own_reason() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    rig.reconnect("proto-1", true);
    rig.events.clear();
    let question = rig.expect_sent("calling.clear_digit_bindings");
    rig.refuse(&question, "410");
    rig.event("calling.call.state", json!({"call_id": "c1", "call_state": "ended", "end_reason": "busy"}));
    rig.expect_call_event("c1");
    assert_eq!(rig.expect_ended("c1"), EndReason::Busy);
    rig.pass(60 * SECOND);
    rig.expect_quiet();
}

#[test]
fn a_question_that_was_not_answered_is_asked_anew_on_the_next_connection() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    for _ in 0..3 {
        rig.disconnected();
        rig.reconnect("proto-1", true);
        rig.expect_sent("calling.clear_digit_bindings");
        rig.expect_nothing_sent();
        assert_eq!(rig.session.stats().requests, 1);
    }
}

#[test]
fn a_question_that_went_unanswered_is_asked_again() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    rig.reconnect("proto-1", true);
    rig.events.clear();
    rig.expect_sent("calling.clear_digit_bindings");
    rig.pass(10 * SECOND);
    rig.expect_sent("signalwire.ping");
    let again = rig.expect_sent("calling.clear_digit_bindings");
    rig.refuse(&again, "404");
    rig.pass(5 * SECOND);
    assert_eq!(rig.expect_ended("c1"), EndReason::NotFound);
}

#[test]
fn a_call_whose_passing_was_not_confirmed_is_over_for_this_client_and_passed_again() {
    for cut in [true, false] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        let ticket = rig.call_command("calling.pass", "c1");
        rig.expect_sent("calling.pass");
        if cut {
            rig.disconnected();
        } else {
            rig.pass(10 * SECOND);
        }
        assert_eq!(rig.expect_reply(ticket).expect_err("not confirmed").certainty(), Certainty::Unknown);
        assert_eq!(rig.expect_ended("c1"), EndReason::Passed);
        if cut {
            rig.expect_nothing_sent();
            rig.reconnect("proto-1", true);
        }
        let again = rig.expect_sent("calling.pass");
        rig.refuse(&again, "410");
        rig.expect_quiet();
        assert_eq!(rig.session.stats().calls, 0, "cut: {cut}");
    }
}

#[test]
fn an_offer_that_the_end_of_its_call_has_overtaken_is_ignored() {
    let mut rig = Rig::ready();
    rig.state("c1", "ended");
    assert!(matches!(rig.events.pop_front(), Some(SessionEvent::Other(_))));
    rig.event("calling.call.receive", offer("c1"));
    rig.expect_quiet();
    assert_eq!(rig.notices, [Notice::OfferRepeated("c1".into())]);
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn an_offer_whose_answer_is_refused_after_it_was_let_go_of_is_given_back() {
    for method in ["calling.answer", "calling.end", "calling.pass"] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        rig.call_command(method, "c1");
        let request = rig.expect_sent(method);
        rig.session.release(rig.now, &"c1".into());
        rig.drain();
        rig.expect_nothing_sent();
        rig.refuse(&request, "400");
        rig.expect_sent("calling.pass");
    }
}

#[test]
fn a_call_that_cannot_be_passed_because_it_was_answered_is_hung_up() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.call_command("calling.answer", "c1");
    rig.call_command("calling.pass", "c1");
    rig.sent.clear();
    // Nothing is heard of either.
    rig.disconnected();
    rig.reconnect("proto-1", true);
    let pass = rig.expect_sent("calling.pass");
    rig.refuse(&pass, "409");
    let end = rig.expect_sent("calling.end");
    rig.ok(&end);
    rig.state("c1", "ended");
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_call_that_was_let_go_of_is_not_handled_again() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.release(rig.now, &"c1".into());
    rig.drain();
    let pass = rig.expect_sent("calling.pass");
    rig.ok(&pass);
    rig.events.clear();
    rig.event("calling.call.receive", offer("c1"));
    rig.expect_quiet();
    rig.expect_sent("calling.pass");
}
