//! Offers of calls that were here before: each is a new call, and none is acknowledged and forgotten.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::EndReason;
use signalwire_relay_core::session::{Command, Notice, SessionEvent, Stats, Target};

use crate::fixture::{Fixture, SECOND, config, offer};

fn offer_on(call_id: &str, context: &str) -> Value {
    let mut offer = offer(call_id);
    offer["context"] = json!(context);
    offer
}

/// A client that may have one call and has it, and passes a second offer on. Gives the request.
fn passing() -> (Fixture, Value) {
    let mut fixture = Fixture::new(&config().max_active_calls(1));
    fixture.authenticate("proto-1", false);
    fixture.offer("c0");
    fixture.event("calling.call.receive", offer("c1"));
    let pass = fixture.expect_sent("calling.pass");
    (fixture, pass)
}

fn make_room(fixture: &mut Fixture) {
    fixture.state("c0", "ended");
    fixture.events.clear();
}

#[test]
fn an_offer_whose_pass_was_not_known_is_a_new_call_when_it_comes_again() {
    for code in ["404", "410"] {
        let (mut fixture, pass) = passing();
        fixture.refuse(&pass, code);
        make_room(&mut fixture);
        fixture.offer("c1");
        assert_eq!(fixture.session.stats().calls, 1);
    }
}

#[test]
fn an_offer_whose_pass_was_refused_three_times_is_a_new_call_when_it_comes_again() {
    let (mut fixture, pass) = passing();
    fixture.refuse(&pass, "403");
    for _ in 0..2 {
        fixture.pass(10 * SECOND);
        let pass = fixture.expect_sent_among_others("calling.pass");
        fixture.refuse(&pass, "403");
    }
    fixture.pass(10 * SECOND);
    assert!(fixture.notices.contains(&Notice::LegStuck("c1".into())), "{:?}", fixture.notices);
    make_room(&mut fixture);
    fixture.offer("c1");
}

#[test]
fn an_offer_that_is_delivered_again_in_the_same_frame_is_no_new_call() {
    let mut fixture = Fixture::ready();
    let frame = json!({"id": "o-1", "method": "signalwire.event",
        "params": {"event_type": "calling.call.receive", "params": offer("c1")}});
    fixture.receive_json(&frame);
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::Offered(_))));
    let ticket = fixture.call_command("calling.pass", "c1");
    fixture.sent.clear();
    fixture.receive_json(&frame);
    fixture.sent.clear();
    let _ = ticket;
    fixture.expect_quiet();
    assert_eq!(fixture.notices.last(), Some(&Notice::OfferRepeated("c1".into())));
}

fn transfer(fixture: &mut Fixture) -> Value {
    let params = json!({"dest": "context:sales"}).to_string();
    let target = Target::Call("c1".into());
    fixture.command(Command::raw("calling.transfer", target, params).expect("an object"));
    fixture.expect_sent("calling.transfer")
}

fn expect_offered(fixture: &mut Fixture, context: &str) {
    fixture.events.retain(|event| !matches!(event, SessionEvent::Replied { .. }));
    assert_eq!(fixture.expect_ended("c1"), EndReason::Transferred, "the handle of before");
    match fixture.events.pop_front() {
        Some(SessionEvent::Offered(info)) => assert_eq!(info.context, context),
        other => panic!("not offered but {other:?}"),
    }
    fixture.expect_quiet();
}

#[test]
fn a_call_that_is_transferred_to_a_context_of_this_client_is_offered_anew() {
    for offered_first in [false, true] {
        for context in ["sales", "office"] {
            let mut fixture = Fixture::ready();
            fixture.offer("c1");
            let request = transfer(&mut fixture);
            if offered_first {
                fixture.event("calling.call.receive", offer_on("c1", context));
                fixture.ok(&request);
            } else {
                fixture.ok(&request);
                fixture.event("calling.call.receive", offer_on("c1", context));
            }
            expect_offered(&mut fixture, context);
            assert!(fixture.session.take(&"c1".into()));
            fixture.pass(60 * SECOND);
            fixture.expect_quiet();
            assert_eq!(fixture.session.stats().calls, 1, "it is not taken for the one that was handed over");
        }
    }
}

#[test]
fn a_call_that_somebody_else_transferred_to_another_context_of_this_client_is_offered_anew() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.event("calling.call.receive", offer_on("c1", "sales"));
    expect_offered(&mut fixture, "sales");
}

#[test]
fn an_offer_of_a_call_whose_transfer_was_refused_is_a_repetition() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let request = transfer(&mut fixture);
    fixture.refuse(&request, "400");
    fixture.events.clear();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_quiet();
    assert_eq!(fixture.notices.last(), Some(&Notice::OfferRepeated("c1".into())));
}

#[test]
fn a_call_that_was_handed_over_ends_for_this_client_and_is_not_hung_up() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let request = transfer(&mut fixture);
    fixture.ok(&request);
    fixture.events.clear();
    fixture.pass(5 * SECOND);
    fixture.deny_call("404");
    fixture.pass(5 * SECOND);
    assert_eq!(fixture.expect_ended("c1"), EndReason::Transferred);
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_call_that_was_handed_over_stays_where_the_service_still_takes_commands() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let request = transfer(&mut fixture);
    fixture.ok(&request);
    fixture.events.clear();
    fixture.pass(5 * SECOND);
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.ok(&question);
    fixture.pass(60 * SECOND);
    fixture.expect_quiet();
    assert!(fixture.session.take(&"c1".into()));
}

#[test]
fn a_call_that_was_transferred_is_hung_up_for_a_failed_handler_only_if_the_service_still_takes_commands() {
    for known in [false, true] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let request = transfer(&mut fixture);
        fixture.session.hang_up_after_failure(fixture.now, &"c1".into(), &EndReason::Error);
        fixture.drain();
        fixture.ok(&request);
        fixture.events.clear();
        fixture.expect_nothing_sent();
        fixture.pass(5 * SECOND);
        if known {
            let question = fixture.expect_sent("calling.clear_digit_bindings");
            fixture.ok(&question);
            assert_eq!(fixture.expect_sent("calling.end")["params"]["reason"], "error");
        } else {
            fixture.deny_call("404");
            fixture.pass(5 * SECOND);
            assert_eq!(fixture.expect_ended("c1"), EndReason::Transferred);
            fixture.expect_nothing_sent();
        }
    }
}

#[test]
fn a_call_whose_transfer_is_refused_after_its_handler_failed_is_hung_up() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let request = transfer(&mut fixture);
    fixture.session.hang_up_after_failure(fixture.now, &"c1".into(), &EndReason::Error);
    fixture.drain();
    fixture.refuse(&request, "400");
    fixture.expect_sent("calling.end");
}

#[test]
fn a_call_of_a_lost_session_is_a_new_call_when_it_is_offered_to_the_next() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.state("c1", "answered");
    fixture.disconnected();
    fixture.reconnect("proto-2", false);
    fixture.events.clear();
    fixture.offer("c1");
}

/// Plays a service that has nobody else for a call, for as long as its caller waits: each time that it is given back it
/// is offered again at once. Gives the number of times.
fn trade(fixture: &mut Fixture, call_id: &str, patience: Duration) -> usize {
    let end = fixture.now + patience;
    let mut passes = 0;
    while fixture.now < end {
        while let Some(frame) = fixture.sent.pop_front() {
            assert_eq!(frame["method"], "calling.pass", "{frame}");
            passes += 1;
            assert!(passes < 1000, "it is traded at the speed of the network");
            fixture.ok(&frame);
            fixture.event("calling.call.receive", offer(call_id));
        }
        let next = fixture.next.expect("something is due").min(end);
        fixture.pass(next.saturating_duration_since(fixture.now));
    }
    passes
}

#[test]
fn a_call_that_comes_again_and_again_is_passed_less_and_less_often() {
    let (mut fixture, pass) = passing();
    fixture.sent.push_front(pass);
    let passes = trade(&mut fixture, "c1", Duration::from_mins(1));
    assert!((8..=14).contains(&passes), "{passes}");
    // Its caller leaves while the offer is held.
    fixture.state("c1", "ended");
    fixture.pass(Duration::from_secs(20));
    fixture.sent.retain(|frame| frame["method"] == "calling.pass");
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats().calls, 1);
}

#[test]
fn an_offer_that_is_held_is_given_back_though_its_earlier_pass_is_answered_meanwhile() {
    let (mut fixture, first) = passing();
    fixture.event("calling.call.receive", offer("c1"));
    fixture.expect_nothing_sent();
    fixture.event("calling.call.receive", offer("c1"));
    assert_eq!(fixture.notices.last(), Some(&Notice::OfferRepeated("c1".into())), "one hold is enough");
    fixture.ok(&first);
    fixture.pass(Duration::from_millis(250));
    let second = fixture.expect_sent("calling.pass");
    fixture.ok(&second);
    // There is room again, and it is welcome.
    make_room(&mut fixture);
    fixture.offer("c1");
}

#[test]
fn an_offer_that_is_held_is_given_back_before_the_client_drains_or_after_a_reconnect() {
    let held = || {
        let (mut fixture, first) = passing();
        fixture.ok(&first);
        fixture.event("calling.call.receive", offer("c1"));
        fixture.expect_nothing_sent();
        fixture
    };
    let mut fixture = held();
    fixture.session.drain(fixture.now, 60 * SECOND);
    fixture.drain();
    fixture.expect_sent_among_others("calling.pass");
    // A client that drains holds none.
    let mut fixture = held();
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.expect_sent_among_others("calling.pass");
    fixture.sent.clear();
    fixture.pass(SECOND);
    assert!(fixture.sent.iter().all(|frame| frame["method"] != "calling.pass"), "{:?}", fixture.sent);
}

#[test]
fn an_offer_that_overtakes_the_answer_to_the_pass_of_the_application_is_passed_too() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = fixture
        .command(Command::raw("calling.pass", Target::Call("c1".into()), "{}".into()).expect("an object"));
    let first = fixture.expect_sent("calling.pass");
    fixture.event("calling.call.receive", offer("c1"));
    fixture.ok(&first);
    fixture.expect_reply(ticket).expect("it is passed on");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Passed);
    let second = fixture.expect_sent("calling.pass");
    fixture.ok(&second);
    assert_eq!(fixture.session.stats(), Stats::default());
}
