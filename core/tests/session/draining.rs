//! Draining: calls finish, new ones are passed on, and then the session closes.

use serde_json::json;
use signalwire_relay_core::session::{ConnectionState, Stats, Target};
use signalwire_relay_core::{Certainty, EndReason, Error};

use crate::fixture::{Fixture, SECOND, closed, config, raw};

#[test]
fn closing_fails_what_is_under_way_and_says_how_certain_that_is() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let sent = fixture.call_command("calling.answer", "c1");
    fixture.session.disconnect(fixture.now);
    fixture.drain();
    assert_eq!(fixture.closes, 1);
    assert_eq!(fixture.expect_reply(sent).expect_err("closed").certainty(), Certainty::Unknown);
    assert_eq!(fixture.expect_ended("c1"), EndReason::ClientClosed);
    assert!(closed(&mut fixture).is_ok());
    assert_eq!((fixture.session.stats(), fixture.next), (Stats::default(), None));
    let late = fixture.call_command("calling.answer", "c1");
    assert_eq!(fixture.expect_reply(late).expect_err("closed").certainty(), Certainty::NotSent);
    fixture.session.connect(fixture.now);
    fixture.session.handle_connected(fixture.now);
    fixture.receive("{}");
    assert_eq!((fixture.opens, fixture.events.len()), (1, 0), "what is closed stays closed");
}

#[test]
fn draining_lets_calls_finish_and_passes_new_ones_on() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    let request = fixture.expect_sent("signalwire.unreceive");
    assert_eq!(request["params"], json!({"contexts": ["office"]}));
    fixture.ok(&request);
    fixture.event("calling.call.receive", crate::fixture::offer("c2"));
    let pass = fixture.expect_sent("calling.pass");
    assert_eq!(pass["params"], json!({"node_id": "n-1", "call_id": "c2"}));
    fixture.ok(&pass);
    fixture.expect_quiet();
    fixture.state("c1", "ended");
    assert!(closed(&mut fixture).is_ok(), "the last call is over");
}

#[test]
fn draining_ends_calls_that_take_too_long() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.drain(fixture.now, 5 * SECOND);
    fixture.drain();
    let request = fixture.expect_sent("signalwire.unreceive");
    fixture.ok(&request);
    fixture.pass(5 * SECOND);
    let end = fixture.expect_sent("calling.end");
    fixture.ok(&end);
    fixture.state("c1", "ended");
    assert!(closed(&mut fixture).is_ok());

    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.drain(fixture.now, 5 * SECOND);
    fixture.drain();
    fixture.pass(8 * SECOND);
    assert!(closed(&mut fixture).is_ok(), "a service that says nothing does not hold up the end");
}

#[test]
fn draining_an_idle_session_ends_it_once_the_service_knows() {
    let mut fixture = Fixture::ready();
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    let request = fixture.expect_sent("signalwire.unreceive");
    fixture.expect_quiet();
    fixture.ok(&request);
    assert!(closed(&mut fixture).is_ok());
}

#[test]
fn draining_without_a_connection_does_not_wait_for_one() {
    let mut fixture = Fixture::new(&config());
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    assert!(closed(&mut fixture).is_ok());
    assert_eq!(fixture.closes, 1, "the attempt is given up");
}

#[test]
fn draining_calls_dials_off_and_does_not_wait_for_what_is_over() {
    let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
    fixture.authenticate("proto-1", false);
    let target = Target::Dial { tag: Some("t".into()) };
    let dial = fixture.command(raw("calling.dial", target));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ringing"}),
    );
    fixture.session.drain(fixture.now, SECOND);
    fixture.drain();
    fixture.pass(SECOND);
    fixture.expect_dialed(dial).expect_err("called off");
    let end = fixture.expect_sent("calling.end");
    fixture.ok(&end);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ended"}),
    );
    // There might be more legs.
    fixture.pass(3 * SECOND);
    assert!(closed(&mut fixture).is_ok());

    let mut fixture = Fixture::new(&config().contexts(Vec::<String>::new()));
    fixture.authenticate("proto-1", false);
    let dial = fixture.command(raw("calling.dial", Target::Dial { tag: None }));
    let request = fixture.expect_sent("calling.dial");
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    fixture.refuse(&request, "400");
    fixture.expect_dialed(dial).expect_err("refused");
    assert!(closed(&mut fixture).is_ok(), "nothing is left to wait for");
}

#[test]
fn a_drain_is_a_state_of_its_own_from_its_begin_and_after_a_reconnect() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    fixture.expect_sent("signalwire.unreceive");
    assert_eq!(fixture.states.last(), Some(&ConnectionState::Draining { resumed: false }));
    let states = fixture.states.len();
    fixture.session.drain(fixture.now, 60 * SECOND);
    fixture.drain();
    assert_eq!(fixture.states.len(), states, "that is nothing new");
    fixture.disconnected();
    assert!(matches!(fixture.states.last(), Some(ConnectionState::Backoff { .. })));
    fixture.reconnect("proto-1", true);
    assert_eq!(fixture.states.last(), Some(&ConnectionState::Draining { resumed: true }));
}

#[test]
fn what_is_refused_because_of_a_drain_says_so_and_invites_nobody_to_try_again() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let queued = fixture.command(raw("signalwire.receive", Target::Receive(vec!["sales".to_owned()])));
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    let queued = fixture.expect_reply(queued).expect_err("it drains");
    let dial = fixture.command(raw("calling.dial", Target::Dial { tag: None }));
    let dial = fixture.expect_dialed(dial).expect_err("it drains");
    let receive = fixture.command(raw("signalwire.receive", Target::Receive(vec!["office".to_owned()])));
    let receive = fixture.expect_reply(receive).expect_err("it drains");
    for (error, method) in
        [(queued, "signalwire.receive"), (dial, "calling.dial"), (receive, "signalwire.receive")]
    {
        let text = error.to_string();
        assert!(matches!(error, Error::Draining(_)), "{text}");
        assert_eq!(error.certainty(), Certainty::NotSent);
        assert!(text.contains(method) && text.contains("draining"), "{text}");
        assert!(!text.contains("trying again"), "{text}");
    }
}
