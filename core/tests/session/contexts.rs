//! Contexts: what is wanted is made good on the next connection, and so is what is not wanted any more.

use serde_json::{Value, json};
use signalwire_relay_core::session::Target;

use crate::fixture::{Fixture, SECOND, raw};

fn leave(fixture: &mut Fixture, context: &str) -> signalwire_relay_core::Ticket {
    fixture.command(raw("signalwire.unreceive", Target::Unreceive(vec![context.to_owned()])))
}

fn contexts(request: &Value) -> &Value {
    &request["params"]["contexts"]
}

#[test]
fn a_context_whose_leaving_has_an_unknown_outcome_is_left_on_the_next_connection() {
    let mut fixture = Fixture::ready();
    let ticket = leave(&mut fixture, "office");
    fixture.expect_sent("signalwire.unreceive");
    fixture.disconnected();
    fixture.expect_reply(ticket).expect_err("nobody knows");
    assert_eq!(fixture.reconnect("proto-1", true).get("contexts"), None);
    let request = fixture.expect_sent("signalwire.unreceive");
    assert_eq!(contexts(&request), &json!(["office"]));
    // Until it is confirmed.
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    let request = fixture.expect_sent("signalwire.unreceive");
    fixture.ok(&request);
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.expect_nothing_sent();
}

#[test]
fn a_context_whose_leaving_was_not_sent_is_left_on_the_next_connection() {
    let mut fixture = Fixture::ready();
    fixture.disconnected();
    let leave = raw("signalwire.unreceive", Target::Unreceive(vec!["office".to_owned()]));
    let ticket = fixture.command(leave.timeout(SECOND / 10));
    fixture.pass(SECOND / 10);
    fixture.expect_reply(ticket).expect_err("it expired");
    fixture.reconnect("proto-1", true);
    let request = fixture.expect_sent("signalwire.unreceive");
    assert_eq!(contexts(&request), &json!(["office"]));
    fixture.expect_nothing_sent();
}

#[test]
fn a_request_that_waits_to_leave_a_context_leaves_it_once() {
    let mut fixture = Fixture::ready();
    fixture.disconnected();
    leave(&mut fixture, "office");
    fixture.reconnect("proto-1", true);
    fixture.expect_sent("signalwire.unreceive");
    fixture.expect_nothing_sent();
}

#[test]
fn a_context_that_is_wanted_again_is_not_left() {
    let mut fixture = Fixture::ready();
    leave(&mut fixture, "office");
    fixture.command(raw("signalwire.receive", Target::Receive(vec!["office".to_owned()])));
    fixture.sent.clear();
    fixture.disconnected();
    assert_eq!(fixture.reconnect("proto-1", true)["contexts"], json!(["office"]));
    fixture.expect_nothing_sent();
}

#[test]
fn a_new_session_has_no_contexts_to_leave() {
    let mut fixture = Fixture::ready();
    fixture
        .receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": {"restart": true}}));
    fixture.sent.clear();
    leave(&mut fixture, "office");
    fixture.pass(SECOND * 20);
    fixture.authenticate("proto-2", false);
    fixture.expect_nothing_sent();
}
