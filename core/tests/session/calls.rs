//! What events mean for a call.

use serde_json::json;
use signalwire_relay_core::session::{Notice, SessionEvent, Stats};
use signalwire_relay_core::{CallId, CallState, Certainty, Device, Direction, EndReason, Error, Overflow};

use crate::fixture::{Fixture, SECOND, call_state, config, offer};

#[test]
fn an_offer_tells_everything_about_the_call() {
    let mut fixture = Fixture::ready();
    let info = fixture.offer("c1");
    assert_eq!((info.call_id.as_str(), info.node_id.as_str()), ("c1", "n-1"));
    assert_eq!((info.context.as_str(), info.segment_id.as_str()), ("office", "g-1"));
    assert_eq!((&info.direction, &info.state), (&Direction::Inbound, &CallState::Created));
    assert_eq!(info.project_id, "p-1", "the client's, since the event does not say");
    assert!(matches!(&info.device, Device::Phone(_)));
    assert_eq!((info.device.caller(), info.device.callee()), (Some("+15551110000"), Some("+15552220000")));
}

#[test]
fn a_call_is_answered_and_ends() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let answer = fixture.call_command("calling.answer", "c1");
    let request = fixture.expect_sent("calling.answer");
    assert_eq!(request["params"], json!({"node_id": "n-1", "call_id": "c1"}));
    fixture.state("c1", "answered");
    fixture.ok(&request);
    assert_eq!(fixture.expect_call_event("c1"), "calling.call.state");
    fixture.expect_reply(answer).expect("accepted");
    fixture.state("c1", "ending");
    fixture
        .event("calling.call.state", json!({"call_id": "c1", "call_state": "ended", "end_reason": "busy"}));
    fixture.expect_call_event("c1");
    fixture.expect_call_event("c1");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Busy);
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn repeated_and_reordered_states_never_move_a_call_back() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    for state in
        ["ringing", "ringing", "answered", "created", "ringing", "answered", "parked", "ending", "answered"]
    {
        fixture.state("c1", state);
    }
    let mut seen = Vec::new();
    while let Some(SessionEvent::Call { event, .. }) = fixture.events.pop_front() {
        if let signalwire_relay_core::Event::State(state) = &*event {
            seen.push(state.call_state.to_string());
        }
    }
    assert_eq!(
        seen,
        ["ringing", "answered", "parked", "ending"],
        "an unknown state is told, and moves nothing"
    );
    fixture.state("c1", "ended");
    fixture.events.clear();
    for state in ["ended", "answered", "created"] {
        fixture.state("c1", state);
    }
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats().calls, 0);
}

#[test]
fn a_state_that_comes_again_with_a_peer_is_told_once() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.state("c1", "answered");
    fixture.events.clear();
    for peer in ["c2", "c2", "c3"] {
        let mut state = call_state("c1", "answered");
        state["peer"] = json!({"call_id": peer, "node_id": "n-2"});
        fixture.event("calling.call.state", state);
    }
    let mut late = call_state("c1", "ringing");
    late["peer"] = json!({"call_id": "c4", "node_id": "n-2"});
    fixture.event("calling.call.state", late);
    fixture.expect_call_event("c1");
    fixture.expect_call_event("c1");
    fixture.expect_quiet();
}

#[test]
fn a_repeated_offer_is_no_second_call() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    fixture.state("c1", "ended");
    fixture.events.clear();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    fixture.expect_nothing_sent();
    assert_eq!(fixture.notices, [Notice::OfferRepeated("c1".into()), Notice::OfferRepeated("c1".into())]);
}

#[test]
fn an_offer_above_the_limit_is_passed_on_and_welcome_when_there_is_room() {
    let mut fixture = Fixture::new(&config().max_active_calls(1));
    fixture.authenticate("p", false);
    fixture.offer("c1");
    fixture.event("calling.call.receive", offer("c2"));
    let pass = fixture.expect_sent("calling.pass");
    assert_eq!(pass["params"], json!({"node_id": "n-1", "call_id": "c2"}));
    fixture.ok(&pass);
    fixture.expect_quiet();
    fixture.state("c1", "ended");
    fixture.events.clear();
    fixture.offer("c2");
}

#[test]
fn the_caller_of_an_offer_above_the_limit_hears_a_busy_line_if_that_is_wanted() {
    let mut fixture = Fixture::new(&config().max_active_calls(1).overflow(Overflow::Busy));
    fixture.authenticate("p", false);
    fixture.offer("c1");
    fixture.event("calling.call.receive", offer("c2"));
    let end = fixture.expect_sent("calling.end");
    assert_eq!(end["params"], json!({"node_id": "n-1", "call_id": "c2", "reason": "busy"}));
    assert!(matches!(fixture.notices.last(), Some(Notice::OfferRefused { .. })), "{:?}", fixture.notices);
    fixture.ok(&end);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "c2", "node_id": "n-1", "call_state": "ended", "end_reason": "busy"}),
    );
    fixture.expect_quiet();
    fixture.state("c1", "ended");
    assert_eq!(fixture.session.stats().calls, 0);
}

#[test]
fn an_offer_that_nobody_takes_is_passed_on() {
    let mut fixture = Fixture::ready();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.events.clear();
    fixture.pass(9 * SECOND);
    fixture.expect_nothing_sent();
    fixture.pass(SECOND);
    let pass = fixture.expect_sent("calling.pass");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);
    fixture.ok(&pass);
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn an_offer_that_everybody_let_go_of_is_passed_on_at_once() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.release(fixture.now, &CallId::from("c1"));
    fixture.drain();
    fixture.expect_sent("calling.pass");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);

    fixture.offer("c2");
    fixture.call_command("calling.answer", "c2");
    fixture.expect_sent("calling.answer");
    fixture.session.release(fixture.now, &CallId::from("c2"));
    fixture.drain();
    fixture.expect_nothing_sent();
}

#[test]
fn a_call_that_was_passed_is_over_for_this_client() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let pass = fixture.call_command("calling.pass", "c1");
    let request = fixture.expect_sent("calling.pass");
    fixture.ok(&request);
    fixture.expect_reply(pass).expect("accepted");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);
}

#[test]
fn a_command_on_a_call_that_is_over_is_not_sent() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.state("c1", "ended");
    fixture.events.clear();
    let ticket = fixture.call_command("calling.answer", "c1");
    fixture.expect_nothing_sent();
    let error = fixture.expect_reply(ticket).expect_err("gone");
    assert!(error.is_gone());
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_call_that_the_service_does_not_know_ends_even_if_it_never_says_so() {
    for code in ["404", "410"] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let ticket = fixture.call_command("calling.answer", "c1");
        let request = fixture.expect_sent("calling.answer");
        fixture.refuse(&request, code);
        let error = fixture.expect_reply(ticket).expect_err("gone");
        assert!(error.is_gone());
        assert_eq!(error.certainty(), Certainty::Refused);
        // Whether it is the call that is gone, and not something on it, is asked.
        fixture.deny_call(code);
        fixture.pass(5 * SECOND);
        assert_eq!(fixture.expect_ended("c1"), EndReason::NotFound);
        let end = fixture.expect_sent("calling.end");
        fixture.refuse(&end, code);
        assert_eq!(fixture.session.stats(), Stats::default());
    }
}

/// After a gap, with a call of which the service has said twice that it does not know it.
fn denied() -> Fixture {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.deny_call("404");
    fixture.events.clear();
    fixture
}

#[test]
fn one_question_that_is_not_known_does_not_end_a_call() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.events.clear();
    let first = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.refuse(&first, "404");
    let second = fixture.expect_sent("calling.send_digits");
    fixture.ok(&second);
    fixture.event(
        "calling.call.send_digits",
        json!({"call_id": "c1", "control_id": second["params"]["control_id"], "state": "finished"}),
    );
    fixture.pass(60 * SECOND);
    fixture.expect_quiet();
    assert!(fixture.session.take(&"c1".into()));
}

#[test]
fn a_sign_of_life_withdraws_the_doubt_whether_a_call_is_known_and_it_is_asked_again_later() {
    let signs: [fn(&mut Fixture); 3] = [
        |fixture| fixture.state("c1", "ringing"),
        |fixture| fixture.event("calling.call.denoise", json!({"call_id": "c1", "denoised": true})),
        |fixture| {
            fixture.call_command("calling.answer", "c1");
            let answer = fixture.expect_sent("calling.answer");
            fixture.ok(&answer);
        },
    ];
    for sign in signs {
        let mut fixture = denied();
        sign(&mut fixture);
        fixture.events.clear();
        fixture.pass(9 * SECOND);
        fixture.expect_quiet();
        fixture.pass(SECOND);
        // It may have been old news.
        fixture.deny_call("404");
        fixture.pass(5 * SECOND);
        assert_eq!(fixture.expect_ended("c1"), EndReason::NotFound);
    }
}

#[test]
fn a_sign_of_life_before_the_answer_to_a_question_counts_more_than_the_answer() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.state("c1", "ringing");
    fixture.refuse(&question, "404");
    fixture.events.clear();
    fixture.pass(9 * SECOND);
    fixture.expect_quiet();
    fixture.expect_nothing_sent();
}

#[test]
fn a_call_that_is_given_up_is_ended_at_the_service() {
    let mut fixture = denied();
    fixture.pass(5 * SECOND);
    assert_eq!(fixture.expect_ended("c1"), EndReason::NotFound);
    let end = fixture.expect_sent("calling.end");
    assert_eq!(end["params"]["call_id"], "c1");
    fixture.ok(&end);
    fixture.state("c1", "ended");
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_call_that_the_service_still_knows_survives_that_something_on_it_is_not_known() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = fixture.call_command("calling.denoise.stop", "c1");
    let request = fixture.expect_sent("calling.denoise.stop");
    fixture.refuse(&request, "404");
    assert!(fixture.expect_reply(ticket).is_err());
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.ok(&question);
    fixture.pass(60 * SECOND);
    assert_eq!(fixture.session.stats().calls, 1);
}

#[test]
fn any_other_refusal_leaves_the_call_alone() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = fixture.call_command("calling.answer", "c1");
    let request = fixture.expect_sent("calling.answer");
    fixture.refuse(&request, "409");
    let error = fixture.expect_reply(ticket).expect_err("refused");
    assert!(
        matches!(&error, Error::ServiceError(refused) if refused.call_id == Some("c1".into())),
        "{error}"
    );
    fixture.pass(20 * SECOND);
    assert_eq!(fixture.session.stats().calls, 1);
}

#[test]
fn events_about_nothing_we_know_are_told_as_such() {
    let mut fixture = Fixture::ready();
    fixture.state("stranger", "answered");
    fixture.event("calling.call.play", json!({"call_id": "stranger", "control_id": "k", "state": "playing"}));
    fixture.event("calling.conference", json!({"conference_id": "f"}));
    for _ in 0..3 {
        assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::Other(_))));
    }
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_missing_node_is_filled_in_from_later_events() {
    let mut fixture = Fixture::ready();
    let mut bare = offer("c1");
    bare["node_id"] = json!(null);
    fixture.event("calling.call.receive", bare);
    fixture.event("calling.call.state", call_state("c1", "ringing"));
    fixture.call_command("calling.answer", "c1");
    assert_eq!(fixture.expect_sent("calling.answer")["params"]["node_id"], "n-1");
}

#[test]
fn a_call_that_was_declined_is_not_passed_on_when_its_handler_is_done() {
    for method in ["calling.end", "calling.pass"] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        fixture.call_command(method, "c1");
        let request = fixture.expect_sent(method);
        fixture.session.release(fixture.now, &CallId::from("c1"));
        fixture.drain();
        fixture.expect_nothing_sent();
        fixture.refuse(&request, "400");
        fixture.events.clear();
        fixture.session.release(fixture.now, &CallId::from("c1"));
        fixture.drain();
        fixture.expect_sent("calling.pass");
    }
}

#[test]
fn an_answer_that_never_left_does_not_keep_an_offer() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let answer = fixture.call_command("calling.answer", "c1");
    fixture.session.abandon(fixture.now, answer);
    fixture.session.release(fixture.now, &CallId::from("c1"));
    fixture.drain();
    assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);
    fixture.reconnect("proto-1", true);
    fixture.expect_sent("calling.pass");
}

#[test]
fn an_offer_is_passed_on_however_long_the_connection_is_down() {
    let mut fixture = Fixture::ready();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.events.clear();
    fixture.disconnected();
    fixture.until_open();
    while fixture.events.is_empty() {
        fixture.disconnected();
        fixture.until_open();
    }
    assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);
    fixture.disconnected();
    fixture.until_open();
    fixture.authenticate("proto-1", true);
    let pass = fixture.expect_sent("calling.pass");
    fixture.ok(&pass);
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_call_that_the_application_passed_is_passed_again_without_asking_it() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.call_command("calling.pass", "c1");
    let pass = fixture.expect_sent("calling.pass");
    fixture.ok(&pass);
    fixture.events.clear();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    fixture.expect_sent("calling.pass");
}

#[test]
fn an_offer_of_a_lost_session_is_welcome_in_the_next() {
    let mut fixture = Fixture::ready();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.events.clear();
    fixture.disconnected();
    fixture.reconnect("proto-2", false);
    assert_eq!(fixture.expect_ended("c1"), EndReason::SessionLost);
    fixture.offer("c1");
}

#[test]
fn what_waits_for_a_lost_call_is_not_sent_to_the_next_session() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let answer = fixture.call_command("calling.answer", "c1");
    fixture.reconnect("proto-2", false);
    fixture.expect_nothing_sent();
    let error = fixture.expect_reply(answer).expect_err("gone");
    assert!(error.is_gone());
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_call_that_nobody_will_use_is_hung_up_however_long_the_connection_is_down() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.state("c1", "answered");
    fixture.events.clear();
    fixture.disconnected();
    fixture.session.discard(fixture.now, &CallId::from("c1"));
    fixture.drain();
    fixture.expect_ended("c1");
    fixture.reconnect("proto-1", true);
    let end = fixture.expect_sent("calling.end");
    fixture.ok(&end);
    fixture.state("c1", "ended");
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_call_that_keeps_being_unknown_ends_in_time() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    for answer in 0..2 {
        fixture.call_command("calling.answer", "c1");
        let request = fixture.expect_sent("calling.answer");
        fixture.refuse(&request, "404");
        if answer == 0 {
            fixture.deny_call("404");
        }
        fixture.pass(3 * SECOND);
    }
    fixture.expect_sent("calling.end");
    assert!(fixture.events.iter().any(|event| matches!(event, SessionEvent::CallEnded { .. })));
}

#[test]
fn a_call_that_was_given_back_is_for_somebody_else_to_answer() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.release(fixture.now, &CallId::from("c1"));
    fixture.drain();
    fixture.expect_sent("calling.pass");
    fixture.events.clear();
    fixture.state("c1", "answered");
    fixture.expect_nothing_sent();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    fixture.expect_sent("calling.pass");
}

#[test]
fn a_call_whose_end_was_missed_ends_after_the_gap() {
    let mut fixture = Fixture::ready();
    for call_id in ["c1", "c2", "c3"] {
        fixture.offer(call_id);
    }
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.events.clear();
    let questions: Vec<_> = fixture.sent.drain(..).collect();
    let asked: Vec<_> = questions.iter().map(|question| question["params"]["call_id"].as_str()).collect();
    assert_eq!(asked, [Some("c1"), Some("c2"), Some("c3")], "each call is asked after, once");
    assert!(questions.iter().all(|question| question["method"] == "calling.clear_digit_bindings"));
    fixture.ok(&questions[0]);
    // Not answered yet, so that there is nothing to be cleared: it is there all the same.
    fixture.refuse(&questions[2], "409");
    fixture.refuse(&questions[1], "404");
    let second = fixture.expect_sent("calling.send_digits");
    fixture.refuse(&second, "404");
    fixture.expect_quiet();
    fixture.pass(5 * SECOND);
    assert_eq!(fixture.expect_ended("c2"), EndReason::NotFound);
    fixture.expect_quiet();
    let end = fixture.expect_sent("calling.end");
    fixture.refuse(&end, "404");
    assert_eq!(fixture.session.calls().map(CallId::as_str).collect::<Vec<_>>(), ["c1", "c3"]);
}

#[test]
fn a_call_whose_end_comes_late_after_a_gap_ends_for_its_own_reason() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.events.clear();
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.refuse(&question, "410");
    fixture
        .event("calling.call.state", json!({"call_id": "c1", "call_state": "ended", "end_reason": "busy"}));
    fixture.expect_call_event("c1");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Busy);
    fixture.pass(60 * SECOND);
    fixture.expect_quiet();
}

#[test]
fn a_question_that_was_not_answered_is_asked_anew_on_the_next_connection() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    for _ in 0..3 {
        fixture.disconnected();
        fixture.reconnect("proto-1", true);
        fixture.expect_sent("calling.clear_digit_bindings");
        fixture.expect_nothing_sent();
        assert_eq!(fixture.session.stats().requests, 1);
    }
}

#[test]
fn a_question_that_went_unanswered_is_asked_again() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.events.clear();
    fixture.expect_sent("calling.clear_digit_bindings");
    fixture.pass(10 * SECOND);
    fixture.expect_sent("signalwire.ping");
    fixture.deny_call("404");
    fixture.pass(5 * SECOND);
    assert_eq!(fixture.expect_ended("c1"), EndReason::NotFound);
}

#[test]
fn a_call_whose_passing_was_not_confirmed_is_over_for_this_client_and_passed_again() {
    for cut in [true, false] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let ticket = fixture.call_command("calling.pass", "c1");
        fixture.expect_sent("calling.pass");
        if cut {
            fixture.disconnected();
        } else {
            fixture.pass(10 * SECOND);
        }
        assert_eq!(fixture.expect_reply(ticket).expect_err("not confirmed").certainty(), Certainty::Unknown);
        assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);
        if cut {
            fixture.expect_nothing_sent();
            fixture.reconnect("proto-1", true);
        }
        let again = fixture.expect_sent("calling.pass");
        fixture.refuse(&again, "410");
        fixture.expect_quiet();
        assert_eq!(fixture.session.stats().calls, 0, "cut: {cut}");
    }
}

#[test]
fn an_offer_that_the_end_of_its_call_has_overtaken_is_ignored() {
    let mut fixture = Fixture::ready();
    fixture.state("c1", "ended");
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::Other(_))));
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    assert_eq!(fixture.notices, [Notice::OfferRepeated("c1".into())]);
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn an_offer_whose_answer_is_refused_after_it_was_let_go_of_is_given_back() {
    for method in ["calling.answer", "calling.end", "calling.pass"] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        fixture.call_command(method, "c1");
        let request = fixture.expect_sent(method);
        fixture.session.release(fixture.now, &"c1".into());
        fixture.drain();
        fixture.expect_nothing_sent();
        fixture.refuse(&request, "400");
        fixture.expect_sent("calling.pass");
    }
}

#[test]
fn a_call_that_cannot_be_passed_because_it_was_answered_is_hung_up() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.call_command("calling.answer", "c1");
    fixture.call_command("calling.pass", "c1");
    fixture.sent.clear();
    // Nothing is heard of either.
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    let pass = fixture.expect_sent("calling.pass");
    fixture.refuse(&pass, "409");
    let end = fixture.expect_sent("calling.end");
    fixture.ok(&end);
    fixture.state("c1", "ended");
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_call_that_was_let_go_of_is_not_handled_again() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    let pass = fixture.expect_sent("calling.pass");
    fixture.ok(&pass);
    fixture.events.clear();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    fixture.expect_sent("calling.pass");
}
