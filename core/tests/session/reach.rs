//! A program that waits for its first connection: how long the service may be out of reach.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_core::session::SessionEvent;
use signalwire_relay_core::{
    Certainty, Config, ConnectFailure, ConnectStage, ConnectionState, Error, Unreachable, secs,
};

use crate::fixture::{Fixture, config};

fn limited(config: &Config) -> Fixture {
    let mut fixture = Fixture::new(config);
    fixture.session.limit_connecting(fixture.now);
    fixture.drain();
    fixture
}

fn fail(fixture: &mut Fixture, stage: ConnectStage, reason: &str) {
    fixture.session.handle_connect_failed(fixture.now, &ConnectFailure::new(stage, reason));
    fixture.drain();
}

/// The error with which the session has closed.
fn gave_up(fixture: &mut Fixture) -> Option<Unreachable> {
    let closed = fixture.events.iter().find_map(|event| match event {
        SessionEvent::Closed(Err(Error::Unreachable(unreachable))) => Some((**unreachable).clone()),
        _ => None,
    });
    assert_eq!(
        closed.is_some(),
        matches!(fixture.session.connection_state(), ConnectionState::Closed { .. })
    );
    closed
}

#[test]
fn a_service_that_is_out_of_reach_four_times_in_a_row_ends_connect() {
    let mut fixture = limited(&config());
    for attempt in 1..4 {
        fail(&mut fixture, ConnectStage::NameLookup, "cannot find the host example.test: no such name");
        assert_eq!(gave_up(&mut fixture), None, "attempt {attempt}");
        fixture.until_open();
    }
    fail(&mut fixture, ConnectStage::Tls, "the certificate of example.test:443 has expired");
    let error = gave_up(&mut fixture).expect("the last attempt");
    assert_eq!((error.attempts, error.failure.stage), (4, ConnectStage::Tls));
    assert!(error.after >= secs(3.5) && error.after <= secs(7), "{:?}", error.after);
    let text = Error::Unreachable(Box::new(error)).to_string();
    let start = "cannot reach example.test:443: the certificate of example.test:443 has expired; gave up after 4 attempts in ";
    assert!(text.starts_with(start), "{text}");
    let pauses =
        fixture.states.iter().filter(|state| matches!(state, ConnectionState::Backoff { .. })).count();
    assert_eq!(pauses, 3, "no further attempt is announced");
    fixture.pass(secs(600));
    assert_eq!(fixture.opens, 4, "nothing follows");
}

#[test]
fn a_failure_to_reach_the_service_was_not_sent() {
    let mut fixture = limited(&config().connect_attempts(1));
    fail(&mut fixture, ConnectStage::Tcp, "refused");
    let error = gave_up(&mut fixture).expect("one attempt is enough");
    assert_eq!(Error::Unreachable(Box::new(error)).certainty(), Certainty::NotSent);
}

#[test]
fn a_client_that_was_only_started_never_gives_up() {
    let mut fixture = Fixture::new(&config().connect_attempts(1).connect_timeout(secs(1)));
    for _ in 0..50 {
        fail(&mut fixture, ConnectStage::Tcp, "refused");
        fixture.until_open();
    }
    fixture.pass(secs(5));
    assert_eq!(gave_up(&mut fixture), None);
}

#[test]
fn limits_that_have_passed_before_somebody_waits_end_the_client_at_once() {
    let mut fixture = Fixture::new(&config().connect_attempts(2));
    for _ in 0..3 {
        fail(&mut fixture, ConnectStage::Tcp, "refused");
        fixture.until_open();
    }
    fixture.session.limit_connecting(fixture.now);
    fixture.drain();
    assert_eq!(gave_up(&mut fixture).map(|error| error.attempts), Some(3));
    assert_eq!(fixture.closes, 1, "the attempt under way is given up");
}

#[test]
fn connect_gives_up_when_its_time_is_over_in_the_middle_of_an_attempt() {
    let mut fixture = limited(&config().connect_attempts(u32::MAX).connect_timeout(secs(4)));
    let began = fixture.now;
    fixture.pass(secs(3.9));
    assert_eq!(gave_up(&mut fixture), None);
    fixture.pass(secs(0.2));
    let error = gave_up(&mut fixture).expect("the time is over");
    assert_eq!((error.after, error.attempts), (secs(4), 1));
    assert_eq!(fixture.closes, 1);
    assert!(fixture.now - began < secs(5));
}

#[test]
fn a_service_that_answers_and_is_full_or_restarting_is_waited_for_without_limit() {
    let mut fixture = limited(&config().connect_attempts(2).connect_timeout(secs(40)));
    for round in 0..20 {
        if round % 2 == 0 {
            fixture.connected();
            let request = fixture.expect_sent("signalwire.connect");
            fixture.fail(&request, json!({"code": -32005, "message": "full"}));
        } else {
            let busy = ConnectFailure::busy("example.test:443 answered 503 Service Unavailable");
            fixture.session.handle_connect_failed(fixture.now, &busy);
            fixture.drain();
        }
        fixture.until_open();
        // One failure on the way in between is not two in a row.
        fail(&mut fixture, ConnectStage::Tcp, "refused");
        fixture.until_open();
    }
    assert_eq!(gave_up(&mut fixture), None);
    fixture.authenticate("proto-1", false);
}

#[test]
fn a_client_that_was_connected_once_does_not_give_up() {
    let mut fixture = limited(&config().connect_attempts(1).connect_timeout(secs(1)));
    fixture.authenticate("proto-1", false);
    fixture.disconnected();
    for _ in 0..10 {
        fixture.until_open();
        fail(&mut fixture, ConnectStage::Tcp, "refused");
    }
    fixture.session.limit_connecting(fixture.now);
    fixture.pass(Duration::from_secs(100));
    assert_eq!(gave_up(&mut fixture), None);
}

#[test]
fn a_provider_that_never_has_credentials_ends_connect() {
    let provided =
        Config::new().host("example.test").credentials_from(|| async { Err::<_, String>(String::new()) });
    let mut fixture = limited(&provided.connect_attempts(2));
    for _ in 0..2 {
        fixture.session.handle_credentials(fixture.now, Err("no such secret".to_owned()));
        fixture.drain();
        fixture.pass(secs(3));
    }
    let error = gave_up(&mut fixture).expect("twice is enough");
    assert_eq!(error.failure.stage, ConnectStage::Credentials);
    assert!(error.failure.reason.contains("no such secret"), "{error}");
}

#[test]
fn secrets_in_the_reason_of_a_failure_are_struck_out() {
    let mut fixture = limited(&config().connect_attempts(1));
    fail(&mut fixture, ConnectStage::Upgrade, "it said PT-secret");
    let error = gave_up(&mut fixture).expect("one attempt");
    assert!(!error.to_string().contains("PT-secret"), "{error}");
}
