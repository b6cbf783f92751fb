//! Stopping, gently and at once.

use serde_json::json;
use signalwire_relay_core::session::{SessionEvent, Target};
use signalwire_relay_core::{Certainty, Error};

use crate::rig::{Rig, SECOND, config, offer, raw};

fn is_closed(rig: &Rig) -> bool {
    rig.events.iter().any(|event| matches!(event, SessionEvent::Closed(_)))
}

fn drain(rig: &mut Rig, seconds: u32) {
    rig.session.drain(rig.now, seconds * SECOND);
    rig.drain();
}

#[test]
fn contexts_are_left_on_the_next_connection_if_there_is_none() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    drain(&mut rig, 3_600);
    let params = rig.reconnect("proto-1", true);
    assert_eq!(params.get("contexts"), None);
    let request = rig.expect_sent("signalwire.unreceive");
    assert_eq!(request["params"]["contexts"], json!(["office"]));
}

#[test]
fn contexts_that_were_asked_for_just_before_are_left_as_soon_as_they_can_be() {
    let mut rig = Rig::new(&config());
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    rig.event("calling.call.receive", offer("c1"));
    assert!(rig.session.take(&"c1".into()));
    rig.sent.clear();
    drain(&mut rig, 3_600);
    rig.reply(&request, json!({"protocol": "proto-1"}));
    let request = rig.expect_sent("signalwire.unreceive");
    assert_eq!(request["params"]["contexts"], json!(["office"]));
}

#[test]
fn a_context_that_was_to_be_received_is_not_received_any_more() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    let receive = rig.command(raw("signalwire.receive", Target::Receive(vec!["x".to_owned()])));
    drain(&mut rig, 3_600);
    let error = rig.expect_reply(receive).expect_err("it is not wanted any more");
    assert!(matches!(error, Error::Closed(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::NotSent);
    rig.reconnect("proto-1", true);
    assert!(rig.sent.iter().all(|frame| frame["method"] != "signalwire.receive"));
}

#[test]
fn requests_under_way_are_waited_for() {
    let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
    rig.authenticate("proto-1", false);
    let ticket = rig.command(raw("messaging.send", Target::Message));
    let request = rig.expect_sent("messaging.send");
    drain(&mut rig, 30);
    assert!(!is_closed(&rig));
    rig.reply(&request, json!({"code": "200", "message_id": "m1"}));
    rig.expect_reply(ticket).expect("accepted");
    assert!(is_closed(&rig));
}

#[test]
fn legs_of_a_dial_that_was_just_dropped_are_ended_before_the_client_is_gone() {
    for dropped_first in [true, false] {
        let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
        rig.authenticate("proto-1", false);
        let dial = rig.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
        let request = rig.expect_sent("calling.dial");
        rig.ok(&request);
        if dropped_first {
            rig.session.abandon(rig.now, dial);
        }
        drain(&mut rig, 30);
        if !dropped_first {
            rig.session.abandon(rig.now, dial);
            rig.drain();
        }
        expect_late_leg_ended(&mut rig);
    }
}

#[test]
fn legs_of_a_dial_that_the_end_of_draining_cut_short_are_ended() {
    let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
    rig.authenticate("proto-1", false);
    let dial = rig.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    drain(&mut rig, 1);
    rig.pass(SECOND);
    rig.expect_dialed(dial).expect_err("closed");
    expect_late_leg_ended(&mut rig);
}

#[test]
fn legs_of_a_dial_that_the_service_never_answered_are_ended() {
    let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
    rig.authenticate("proto-1", false);
    let dial = rig.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }).timeout(5 * SECOND));
    rig.expect_sent("calling.dial");
    drain(&mut rig, 30);
    rig.pass(5 * SECOND);
    rig.expect_dialed(dial).expect_err("nothing was heard of it");
    expect_late_leg_ended(&mut rig);
}

fn expect_late_leg_ended(rig: &mut Rig) {
    assert!(!is_closed(rig));
    rig.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ringing"}),
    );
    let end = rig.expect_sent_among_others("calling.end");
    rig.ok(&end);
    rig.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ended"}),
    );
    rig.pass(3 * SECOND);
    assert!(is_closed(rig));
}

#[test]
fn requests_that_nobody_wants_to_know_about_are_not_waited_for() {
    let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
    rig.authenticate("proto-1", false);
    let ticket = rig.command(raw("messaging.send", Target::Message));
    rig.expect_sent("messaging.send");
    rig.session.abandon(rig.now, ticket);
    drain(&mut rig, 30);
    assert!(is_closed(&rig));
}

#[test]
fn stopping_at_once_hangs_up_on_those_who_are_being_called() {
    let mut rig = Rig::ready();
    let dial = rig.command(raw("calling.dial", Target::Dial { tag: Some("t".into()) }));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    rig.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ringing"}),
    );
    rig.sent.clear();
    rig.session.disconnect(rig.now);
    rig.drain();
    rig.expect_dialed(dial).expect_err("closed");
    let end = rig.expect_sent("calling.end");
    assert_eq!(end["params"]["call_id"], "A");
    assert_eq!(rig.closes, 1);
}

#[test]
fn stopping_at_once_gives_back_what_nobody_took() {
    let mut rig = Rig::ready();
    rig.offer("taken");
    rig.event("calling.call.receive", offer("offered"));
    rig.sent.clear();
    rig.session.disconnect(rig.now);
    rig.drain();
    assert_eq!(rig.expect_sent("calling.pass")["params"]["call_id"], "offered");
    rig.expect_nothing_sent();
}
