//! Hanging up: it is done on whichever connection can, and succeeds when the call is gone.

use serde_json::json;
use signalwire_relay_core::session::{Notice, SessionEvent, Stats, Target};
use signalwire_relay_core::{Certainty, EndReason, Error, Ticket};

use crate::fixture::{Fixture, SECOND, raw};
use crate::refusals::pass_answering_pings;

/// A call that is answered.
fn on_the_line() -> Fixture {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.state("c1", "answered");
    fixture.events.clear();
    fixture
}

fn hang_up(fixture: &mut Fixture) -> Ticket {
    fixture.call_command("calling.end", "c1")
}

/// The outcome of a request, past everything else that is told.
fn outcome(fixture: &mut Fixture, ticket: Ticket) -> Result<(), Error> {
    fixture.events.retain(|event| matches!(event, SessionEvent::Replied { .. }));
    fixture.expect_reply(ticket).map(drop)
}

#[test]
fn a_hang_up_that_a_cut_may_have_swallowed_is_sent_again_on_the_next_connection() {
    let mut fixture = on_the_line();
    let ticket = hang_up(&mut fixture);
    let first = fixture.expect_sent("calling.end");
    fixture.disconnected();
    fixture.expect_quiet();
    fixture.reconnect("proto-1", true);
    let again = fixture.expect_sent("calling.end");
    assert_eq!(again["params"], first["params"]);
    assert_ne!(again["id"], first["id"], "an answer to the first says nothing of the second");
    fixture.ok(&again);
    outcome(&mut fixture, ticket).expect("hung up");
}

#[test]
fn a_hang_up_that_was_carried_out_before_the_cut_succeeds_because_the_call_is_gone() {
    let mut fixture = on_the_line();
    let ticket = hang_up(&mut fixture);
    fixture.sent.clear();
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    let again = fixture.expect_sent("calling.end");
    fixture.refuse(&again, "410");
    assert!(outcome(&mut fixture, ticket).expect_err("for the handle to make a success of").is_gone());
}

#[test]
fn a_hang_up_waits_for_a_connection_as_long_as_it_takes() {
    let mut fixture = on_the_line();
    fixture.disconnected();
    let ticket = hang_up(&mut fixture);
    fixture.pass(600 * SECOND);
    fixture.expect_quiet();
    fixture.reconnect("proto-1", true);
    let request = fixture.expect_sent("calling.end");
    fixture.ok(&request);
    outcome(&mut fixture, ticket).expect("hung up");
}

#[test]
fn a_hang_up_of_a_call_whose_session_is_lost_ends_with_it() {
    let mut fixture = on_the_line();
    let ticket = hang_up(&mut fixture);
    fixture.sent.clear();
    fixture.disconnected();
    fixture.reconnect("proto-2", false);
    assert!(outcome(&mut fixture, ticket).expect_err("the call is lost").is_gone());
    fixture.sent.clear();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_hang_up_that_is_not_answered_is_sent_again_twice_and_then_fails_as_unknown() {
    let mut fixture = on_the_line();
    let ticket = hang_up(&mut fixture);
    for _ in 0..3 {
        fixture.expect_sent_among_others("calling.end");
        fixture.expect_quiet();
        // The service is there, and answers everything else.
        pass_answering_pings(&mut fixture, 10);
    }
    fixture.expect_nothing_sent();
    let error = outcome(&mut fixture, ticket).expect_err("never answered");
    assert_eq!((matches!(error, Error::TimedOut(_)), error.certainty()), (true, Certainty::Unknown));
    // Once nobody is left to repeat it, the session does.
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    fixture.expect_sent("calling.end");
}

#[test]
fn a_hang_up_that_a_service_in_trouble_refuses_is_asked_for_again() {
    let mut fixture = on_the_line();
    let ticket = hang_up(&mut fixture);
    for (code, pause) in [(-32005, 10), (-32000, 20), (-32603, 40)] {
        let request = fixture.expect_sent_among_others("calling.end");
        fixture.fail(&request, json!({"code": code, "message": "trouble"}));
        fixture.expect_nothing_sent();
        fixture.expect_quiet();
        pass_answering_pings(&mut fixture, pause);
    }
    let request = fixture.expect_sent_among_others("calling.end");
    fixture.ok(&request);
    outcome(&mut fixture, ticket).expect("hung up");
}

#[test]
fn a_hang_up_that_is_refused_for_good_says_so() {
    let mut fixture = on_the_line();
    let ticket = hang_up(&mut fixture);
    let request = fixture.expect_sent("calling.end");
    fixture.refuse(&request, "400");
    assert_eq!(outcome(&mut fixture, ticket).expect_err("refused").certainty(), Certainty::Refused);
}

#[test]
fn a_hang_up_that_nobody_waits_for_any_more_is_not_taken_back() {
    let mut fixture = on_the_line();
    fixture.disconnected();
    let ticket = hang_up(&mut fixture);
    fixture.session.abandon(fixture.now, ticket);
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    fixture.reconnect("proto-1", true);
    fixture.expect_sent("calling.end");
}

#[test]
fn a_hang_up_with_a_limit_is_waited_for_no_longer_and_done_when_nobody_is_left_to_do_it() {
    let mut fixture = on_the_line();
    fixture.disconnected();
    let ticket = fixture.command(raw("calling.end", Target::Call("c1".into())).timeout(SECOND / 10));
    fixture.pass(SECOND / 10);
    let error = outcome(&mut fixture, ticket).expect_err("no time");
    assert_eq!(error.certainty(), Certainty::NotSent);
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    assert_eq!(fixture.expect_ended("c1"), EndReason::Cancel);
    fixture.reconnect("proto-1", true);
    fixture.expect_sent("calling.end");
}

#[test]
fn an_answered_call_that_is_let_go_is_told_of_if_nothing_runs_on_it() {
    let mut fixture = on_the_line();
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    assert_eq!(fixture.notices, [Notice::CallLeft("c1".into())]);
    let mut fixture = on_the_line();
    hang_up(&mut fixture);
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    assert_eq!(fixture.notices, []);
}
