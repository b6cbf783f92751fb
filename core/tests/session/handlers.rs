//! Calls whose handler failed: the session sees to their end.

use serde_json::json;
use signalwire_relay_core::session::{Notice, Stats};
use signalwire_relay_core::{CallId, EndReason};

use crate::fixture::{Fixture, SECOND};

fn fail(fixture: &mut Fixture, call_id: &str) {
    fixture.session.hang_up_after_failure(fixture.now, &CallId::from(call_id), &EndReason::Error);
    fixture.drain();
}

/// A call that was answered and whose handler failed, with the request that hangs it up.
fn failed() -> (Fixture, serde_json::Value) {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.state("c1", "answered");
    fixture.expect_call_event("c1");
    fail(&mut fixture, "c1");
    let request = fixture.expect_sent("calling.end");
    (fixture, request)
}

#[test]
fn a_call_is_hung_up_with_the_reason_and_ends_with_its_event() {
    let (mut fixture, request) = failed();
    assert_eq!(request["params"], json!({"node_id": "n-1", "call_id": "c1", "reason": "error"}));
    fixture.ok(&request);
    fixture.expect_quiet();
    fixture.state("c1", "ended");
    fixture.expect_call_event("c1");
    fixture.expect_ended("c1");
    fixture.pass(20 * SECOND);
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_call_that_does_not_end_is_taken_from_the_application_and_hung_up_again() {
    let (mut fixture, request) = failed();
    fixture.ok(&request);
    fixture.pass(9 * SECOND);
    fixture.expect_quiet();
    fixture.pass(2 * SECOND);
    assert_eq!(fixture.expect_ended("c1"), EndReason::Cancel);
    let reason = "a call that was hung up for a failed handler has not ended within 10 s";
    assert!(fixture.notices.contains(&Notice::TimerFired(reason)), "{:?}", fixture.notices);
    assert_eq!(fixture.expect_sent("calling.end")["params"]["reason"], "hangup");
}

#[test]
fn a_hang_up_that_is_refused_is_repeated_at_once() {
    let (mut fixture, request) = failed();
    fixture.refuse(&request, "403");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Cancel);
    fixture.expect_sent("calling.end");
}

#[test]
fn a_service_that_does_not_know_the_call_is_asked_before_the_call_is_given_up() {
    let (mut fixture, request) = failed();
    fixture.refuse(&request, "404");
    fixture.expect_quiet();
    fixture.deny_call("404");
    fixture.pass(6 * SECOND);
    assert_eq!(fixture.expect_ended("c1"), EndReason::NotFound);
    let end = fixture.expect_sent("calling.end");
    fixture.refuse(&end, "404");
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_hang_up_that_a_cut_may_have_swallowed_is_repeated_on_the_next_connection() {
    let (mut fixture, _) = failed();
    fixture.disconnected();
    assert_eq!(fixture.expect_ended("c1"), EndReason::Cancel);
    fixture.reconnect("proto-1", true);
    fixture.expect_sent("calling.end");
}

#[test]
fn a_call_that_is_over_is_not_hung_up() {
    let mut fixture = Fixture::ready();
    fail(&mut fixture, "c1");
    fixture.expect_nothing_sent();
    fixture.expect_quiet();
}
