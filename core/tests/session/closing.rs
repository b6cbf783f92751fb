//! Stopping, gently and at once.

use serde_json::json;
use signalwire_relay_core::session::{SessionEvent, Target};
use signalwire_relay_core::{Certainty, EndReason, Error};

use crate::fixture::{Fixture, MESSAGE, SECOND, config, offer, raw};

fn is_closed(fixture: &Fixture) -> bool {
    fixture.events.iter().any(|event| matches!(event, SessionEvent::Closed(_)))
}

fn drain(fixture: &mut Fixture, seconds: u32) {
    fixture.session.drain(fixture.now, seconds * SECOND);
    fixture.drain();
}

#[test]
fn contexts_are_left_on_the_next_connection_if_there_is_none() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    drain(&mut fixture, 3_600);
    let params = fixture.reconnect("proto-1", true);
    assert_eq!(params.get("contexts"), None);
    let request = fixture.expect_sent("signalwire.unreceive");
    assert_eq!(request["params"]["contexts"], json!(["office"]));
}

#[test]
fn contexts_that_were_asked_for_just_before_are_left_as_soon_as_they_can_be() {
    let mut fixture = Fixture::new(&config());
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    fixture.event("calling.call.receive", offer("c1"));
    assert!(fixture.session.take(&"c1".into()));
    fixture.sent.clear();
    drain(&mut fixture, 3_600);
    fixture.reply(&request, json!({"protocol": "proto-1"}));
    let request = fixture.expect_sent("signalwire.unreceive");
    assert_eq!(request["params"]["contexts"], json!(["office"]));
}

#[test]
fn a_context_that_was_to_be_received_is_not_received_any_more() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let receive = fixture.command(raw("signalwire.receive", Target::Receive(vec!["x".to_owned()])));
    drain(&mut fixture, 3_600);
    let error = fixture.expect_reply(receive).expect_err("it is not wanted any more");
    assert!(matches!(error, Error::Draining(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::NotSent);
    fixture.reconnect("proto-1", true);
    assert!(fixture.sent.iter().all(|frame| frame["method"] != "signalwire.receive"));
}

#[test]
fn requests_under_way_are_waited_for() {
    let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
    fixture.authenticate("proto-1", false);
    let ticket = fixture.command(raw("messaging.send", MESSAGE));
    let request = fixture.expect_sent("messaging.send");
    drain(&mut fixture, 30);
    assert!(!is_closed(&fixture));
    fixture.reply(&request, json!({"code": "200", "message_id": "m1"}));
    fixture.expect_reply(ticket).expect("accepted");
    assert!(is_closed(&fixture));
}

#[test]
fn legs_of_a_dial_that_was_just_dropped_are_ended_before_the_client_is_gone() {
    for dropped_first in [true, false] {
        let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
        fixture.authenticate("proto-1", false);
        let dial = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
        let request = fixture.expect_sent("calling.dial");
        fixture.ok(&request);
        if dropped_first {
            fixture.session.abandon(fixture.now, dial);
        }
        drain(&mut fixture, 30);
        if !dropped_first {
            fixture.session.abandon(fixture.now, dial);
            fixture.drain();
        }
        expect_late_leg_ended(&mut fixture);
    }
}

#[test]
fn legs_of_a_dial_that_the_end_of_draining_cut_short_are_ended() {
    let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
    fixture.authenticate("proto-1", false);
    let dial = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    drain(&mut fixture, 1);
    fixture.pass(SECOND);
    fixture.expect_dialed(dial).expect_err("closed");
    expect_late_leg_ended(&mut fixture);
}

#[test]
fn legs_of_a_dial_that_the_service_never_answered_are_ended() {
    let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
    fixture.authenticate("proto-1", false);
    let dial =
        fixture.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }).timeout(5 * SECOND));
    fixture.expect_sent("calling.dial");
    drain(&mut fixture, 30);
    fixture.pass(5 * SECOND);
    fixture.expect_dialed(dial).expect_err("nothing was heard of it");
    expect_late_leg_ended(&mut fixture);
}

fn expect_late_leg_ended(fixture: &mut Fixture) {
    assert!(!is_closed(fixture));
    fixture.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ringing"}),
    );
    let end = fixture.expect_sent_among_others("calling.end");
    fixture.ok(&end);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ended"}),
    );
    fixture.pass(3 * SECOND);
    assert!(is_closed(fixture));
}

#[test]
fn requests_that_nobody_wants_to_know_about_are_not_waited_for() {
    let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
    fixture.authenticate("proto-1", false);
    let ticket = fixture.command(raw("messaging.send", MESSAGE));
    fixture.expect_sent("messaging.send");
    fixture.session.abandon(fixture.now, ticket);
    drain(&mut fixture, 30);
    assert!(is_closed(&fixture));
}

#[test]
fn stopping_at_once_hangs_up_on_those_who_are_being_called() {
    let mut fixture = Fixture::ready();
    let dial = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ringing"}),
    );
    fixture.sent.clear();
    fixture.session.disconnect(fixture.now);
    fixture.drain();
    fixture.expect_dialed(dial).expect_err("closed");
    let end = fixture.expect_sent("calling.end");
    assert_eq!(end["params"]["call_id"], "A");
    // Another leg may be about to show up.
    fixture.pass(3 * SECOND);
    assert_eq!(fixture.closes, 1);
}

#[test]
fn stopping_at_once_stays_for_legs_of_a_dial_that_was_just_dropped_and_for_nothing_else() {
    for dropped_before in [true, false] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let dial = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
        fixture.expect_sent("calling.dial");
        if dropped_before {
            fixture.session.abandon(fixture.now, dial);
        }
        fixture.session.disconnect(fixture.now);
        fixture.drain();
        if !dropped_before {
            fixture.expect_dialed(dial).expect_err("closed");
        }
        assert_eq!(fixture.expect_ended("c1"), EndReason::ClientClosed);
        let ticket = fixture.command(raw("x.y", Target::Service));
        let error = fixture.expect_reply(ticket).expect_err("it is stopping");
        assert_eq!(error.certainty(), Certainty::NotSent);
        expect_late_leg_ended(&mut fixture);
        assert_eq!(fixture.closes, 1);
    }
}

#[test]
fn stopping_at_once_and_again_waits_for_nothing() {
    let mut fixture = Fixture::ready();
    fixture.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
    for closes in [0, 1] {
        fixture.session.disconnect(fixture.now);
        fixture.drain();
        assert_eq!(fixture.closes, closes);
    }
}

#[test]
fn stopping_at_once_gives_back_what_nobody_took() {
    let mut fixture = Fixture::ready();
    fixture.offer("taken");
    fixture.event("calling.call.receive", offer("offered"));
    fixture.sent.clear();
    fixture.session.disconnect(fixture.now);
    fixture.drain();
    assert_eq!(fixture.expect_sent("calling.pass")["params"]["call_id"], "offered");
    fixture.expect_nothing_sent();
}
