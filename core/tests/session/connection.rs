//! Connect, authenticate, lose, come back, stop.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_core::session::{ConnectionState, Frame, SessionEvent, Stats, Target};
use signalwire_relay_core::{CallId, EndReason};

use crate::fixture::{Fixture, SECOND, config, raw};

#[test]
fn the_credentials_are_sent_once_the_transport_is_open() {
    let mut fixture = Fixture::new(&config());
    assert_eq!(fixture.opens, 1);
    fixture.expect_nothing_sent();
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    assert_eq!(
        request["params"],
        json!({"version": {"major": 2, "minor": 0, "revision": 0},
            "agent": concat!("signalwire-relay-rust/", env!("CARGO_PKG_VERSION")), "event_acks": true,
            "authentication": {"project": "p-1", "token": "PT-secret"}, "contexts": ["office"]})
    );
    fixture.reply(&request, json!({"protocol": "proto-1"}));
    assert_eq!(fixture.states.last(), Some(&ConnectionState::Ready { resumed: false }));
    assert_eq!(fixture.session.protocol(), Some("proto-1"));
}

#[test]
fn a_lost_connection_is_resumed_with_what_the_service_gave() {
    let mut fixture = Fixture::ready();
    fixture.event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"}));
    fixture.event("signalwire.authorization.state", json!({"authorization_state": ""}));
    fixture.offer("c1");
    fixture.disconnected();
    assert!(matches!(fixture.states.last(), Some(ConnectionState::Backoff { attempt: 2, .. })));
    let params = fixture.reconnect("proto-1", true);
    assert_eq!((&params["protocol"], &params["authorization_state"]), (&json!("proto-1"), &json!("AA:BB")));
    assert_eq!(fixture.states.last(), Some(&ConnectionState::Ready { resumed: true }));
    match fixture.events.pop_front() {
        Some(SessionEvent::Reconnected { call_id, gap }) => {
            assert_eq!(call_id.as_str(), "c1");
            assert!((SECOND / 2..=SECOND).contains(&gap), "{gap:?}");
        }
        other => panic!("the gap was not reported but {other:?}"),
    }
    fixture.state("c1", "answered");
    assert_eq!(fixture.expect_call_event("c1"), "calling.call.state");
}

#[test]
fn a_service_that_does_not_say_whether_it_resumed_shows_it_by_the_name() {
    for (protocol, resumed) in [("proto-1", true), ("proto-2", false)] {
        let mut fixture = Fixture::ready();
        fixture.disconnected();
        fixture.until_open();
        fixture.connected();
        let request = fixture.expect_sent("signalwire.connect");
        fixture.reply(&request, json!({ "protocol": protocol }));
        assert_eq!(fixture.states.last(), Some(&ConnectionState::Ready { resumed }));
    }
}

#[test]
fn calls_of_a_session_that_is_not_resumed_are_reported_lost() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-2", false);
    assert_eq!(fixture.expect_ended("c1"), EndReason::SessionLost);
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn pauses_double_with_jitter_up_to_thirty_seconds() {
    let mut fixture = Fixture::new(&config());
    let mut pauses = Vec::new();
    for _ in 0..8 {
        fixture.disconnected();
        let next = fixture.next.expect("the session tries again");
        pauses.push((next - fixture.now).as_secs_f64());
        fixture.pass(next - fixture.now);
    }
    for (pause, whole) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]) {
        assert!((whole / 2.0..=whole).contains(pause), "{pauses:?}");
    }
    let other = {
        let mut fixture = Fixture::seeded(&config(), 8);
        fixture.disconnected();
        (fixture.next.expect("the session tries again") - fixture.now).as_secs_f64()
    };
    assert!((other - pauses[0]).abs() > f64::EPSILON, "another seed, another jitter");
}

#[test]
fn failures_are_forgiven_only_after_the_connection_has_held() {
    let attempt_after = |held: Duration| {
        let mut fixture = Fixture::new(&config());
        for _ in 0..3 {
            fixture.disconnected();
            fixture.until_open();
        }
        fixture.authenticate("proto-1", false);
        fixture.pass(held);
        fixture.disconnected();
        match fixture.states.last() {
            Some(ConnectionState::Backoff { attempt, .. }) => *attempt,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(attempt_after(9 * SECOND), 5);
    assert_eq!(attempt_after(10 * SECOND), 2);
}

#[test]
fn transport_failures_are_no_refusals() {
    let mut fixture = Fixture::new(&config());
    for _ in 0..20 {
        fixture.disconnected();
        fixture.until_open();
    }
    assert_eq!(fixture.opens, 21);
    fixture.authenticate("proto-1", false);
}

#[test]
fn a_refused_resume_is_tried_once_more_as_a_new_session() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.until_open();
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    assert_eq!(request["params"]["protocol"], "proto-1");
    fixture.fail(&request, json!({"code": -32003, "message": "stale"}));
    let params = fixture.reconnect("proto-2", false);
    assert_eq!(params.get("protocol"), None);
    assert_eq!(fixture.expect_ended("c1"), EndReason::SessionLost);
}

#[test]
fn a_notice_to_leave_is_followed_by_a_resume_unless_it_says_restart() {
    for (params, resumes) in
        [(json!({}), true), (json!({"restart": false}), true), (json!({"restart": true}), false)]
    {
        let mut fixture = Fixture::ready();
        fixture.receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": params}));
        assert_eq!(fixture.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": "d1", "result": {}})));
        fixture.disconnected();
        assert_eq!(fixture.reconnect("proto-2", false).get("protocol").is_some(), resumes);
    }
}

#[test]
fn after_a_notice_to_leave_nothing_new_is_sent_until_the_next_connection() {
    let mut fixture = Fixture::ready();
    fixture.receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": {}}));
    fixture.sent.clear();
    fixture.offer("c1");
    let ticket = fixture.call_command("calling.answer", "c1");
    fixture.expect_nothing_sent();
    // The service does not close at once: the client does, and comes back.
    fixture.pass(SECOND / 2);
    assert_eq!(fixture.closes, 0);
    fixture.pass(SECOND / 2);
    assert_eq!(fixture.closes, 1);
    assert_eq!(&*fixture.expect_backoff().1, "the service said that it would close the connection");
    fixture.pass(SECOND);
    fixture.authenticate("proto-1", true);
    let answer = fixture.expect_sent("calling.answer");
    fixture.ok(&answer);
    fixture.events.retain(|event| matches!(event, SessionEvent::Replied { .. }));
    fixture.expect_reply(ticket).expect("it waited for no more than two seconds");
}

#[test]
fn answers_that_are_under_way_arrive_after_a_notice_to_leave() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = fixture.call_command("calling.answer", "c1");
    let answer = fixture.expect_sent("calling.answer");
    fixture.receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": {}}));
    fixture.ok(&answer);
    fixture.expect_reply(ticket).expect("accepted");
}

#[test]
fn a_notice_to_leave_before_the_credentials_are_accepted_holds_for_the_connection_they_are_accepted_on() {
    for restart in [false, true] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        fixture.disconnected();
        fixture.until_open();
        fixture.connected();
        let connect = fixture.expect_sent("signalwire.connect");
        let params = json!({"restart": restart});
        fixture.receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": params}));
        fixture.sent.clear();
        let answer = fixture.call_command("calling.answer", "c1");
        fixture.reply(&connect, json!({"protocol": "proto-1", "session_restored": true}));
        fixture.expect_nothing_sent();
        fixture.pass(SECOND);
        assert_eq!(fixture.closes, 1, "nothing can be asked on it");
        // What restarts is not resumed, whenever it was said.
        let params = fixture.reconnect("proto-1", !restart);
        assert_eq!(params.get("protocol").is_some(), !restart);
        if !restart {
            let request = fixture.expect_sent("calling.answer");
            fixture.ok(&request);
            fixture.events.retain(|event| matches!(event, SessionEvent::Replied { .. }));
            fixture.expect_reply(answer).expect("it left on the next connection");
        }
    }
}

#[test]
fn transport_and_authentication_have_their_limits() {
    let mut fixture = Fixture::new(&config());
    fixture.pass(10 * SECOND);
    assert_eq!(fixture.closes, 1);
    assert_eq!(fixture.expect_backoff(), (2, "no connection could be opened within 10 s".into()));
    fixture.pass(SECOND);
    fixture.connected();
    fixture.pass(10 * SECOND);
    assert_eq!(fixture.closes, 2);
    assert_eq!(
        fixture.expect_backoff(),
        (3, "the service did not answer the credentials within 10 s".into())
    );
}

#[test]
fn a_silent_service_is_probed_and_then_dropped() {
    let mut fixture = Fixture::ready();
    fixture.pass(29 * SECOND);
    fixture.expect_nothing_sent();
    fixture.pass(SECOND);
    fixture.expect_sent("signalwire.ping");
    fixture.pass(9 * SECOND);
    assert_eq!(fixture.closes, 0);
    fixture.pass(SECOND);
    assert_eq!(fixture.closes, 1);
    assert!(matches!(fixture.states.last(), Some(ConnectionState::Backoff { .. })));
}

#[test]
fn anything_that_arrives_answers_a_probe_for_silence() {
    for frame in [Frame::Ping, Frame::Pong, Frame::Binary(b"?"), Frame::Text("garbage")] {
        let mut fixture = Fixture::ready();
        fixture.pass(30 * SECOND);
        fixture.expect_sent("signalwire.ping");
        fixture.session.handle_frame(fixture.now, frame);
        fixture.drain();
        fixture.pass(29 * SECOND);
        assert_eq!(fixture.closes, 0, "{frame:?}");
        fixture.pass(11 * SECOND);
        assert_eq!(fixture.closes, 1, "{frame:?}: silent again");
    }
}

#[test]
fn a_service_that_answers_and_never_pings_is_kept() {
    let mut fixture = Fixture::ready();
    for _ in 0..20 {
        fixture.pass(30 * SECOND);
        let probe = fixture.expect_sent("signalwire.ping");
        fixture.pass(9 * SECOND);
        fixture.reply(&probe, json!({}));
    }
    fixture.expect_nothing_sent();
    assert_eq!(fixture.closes, 0);
}

#[test]
fn a_lively_service_is_never_probed() {
    let mut fixture = Fixture::ready();
    for number in 0..20 {
        fixture
            .receive_json(&json!({"id": number, "method": "signalwire.ping", "params": {"timestamp": 1.25}}));
        let pong = fixture.sent.pop_front();
        assert_eq!(pong, Some(json!({"jsonrpc": "2.0", "id": number, "result": {"timestamp": 1.25}})));
        fixture.pass(10 * SECOND);
    }
    fixture.expect_nothing_sent();
}

#[test]
fn contexts_are_wanted_until_they_are_not_and_asserted_at_each_authentication() {
    use signalwire_relay_core::session::Target;
    let mut fixture = Fixture::ready();
    let add = fixture.command(crate::fixture::raw(
        "signalwire.receive",
        Target::Receive(vec!["sales".into(), "vip".into()]),
    ));
    let request = fixture.expect_sent("signalwire.receive");
    assert_eq!(request["params"], json!({"contexts": ["sales", "vip"]}));
    fixture.ok(&request);
    fixture.expect_reply(add).expect("accepted");
    let remove =
        fixture.command(crate::fixture::raw("signalwire.unreceive", Target::Unreceive(vec!["vip".into()])));
    let request = fixture.expect_sent("signalwire.unreceive");
    fixture.ok(&request);
    fixture.expect_reply(remove).expect("accepted");
    let refused =
        fixture.command(crate::fixture::raw("signalwire.receive", Target::Receive(vec!["gold".into()])));
    let request = fixture.expect_sent("signalwire.receive");
    fixture.refuse(&request, "402");
    assert_eq!(fixture.expect_reply(refused).expect_err("refused").code(), Some(402));
    let nothing = fixture.command(crate::fixture::raw("signalwire.receive", Target::Receive(vec![])));
    fixture.expect_reply(nothing).expect("no contexts, nothing sent");
    fixture.expect_nothing_sent();
    fixture.disconnected();
    assert_eq!(fixture.reconnect("proto-2", false)["contexts"], json!(["office", "sales"]));
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let run = || {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        fixture.call_command("calling.answer", "c1");
        fixture.disconnected();
        fixture.until_open();
        fixture.connected();
        format!("{:?} {:?} {:?}", fixture.sent, fixture.states, fixture.session.stats())
    };
    assert_eq!(run(), run());
}

#[test]
fn timeouts_are_harmless_early_late_and_twice() {
    let mut fixture = Fixture::ready();
    for _ in 0..3 {
        fixture.session.handle_timeout(fixture.now);
    }
    fixture.drain();
    fixture.expect_nothing_sent();
    fixture.now += Duration::from_hours(1);
    fixture.session.handle_timeout(fixture.now);
    fixture.session.handle_timeout(fixture.now);
    fixture.drain();
    fixture.expect_sent("signalwire.ping");
    fixture.expect_nothing_sent();
    assert!(!fixture.session.take(&CallId::from("nobody")));
}

#[test]
fn a_time_beyond_all_bounds_is_no_limit() {
    let mut fixture = Fixture::new(&config().request_timeout(Duration::MAX));
    fixture.authenticate("proto-1", false);
    fixture.offer("c1");
    fixture.session.drain(fixture.now, Duration::MAX);
    fixture.drain();
    fixture.sent.clear();
    fixture.pass(5 * SECOND);
    fixture.expect_nothing_sent();
    fixture.expect_quiet();
}

#[test]
fn the_limit_of_requests_is_not_that_of_authentication() {
    let mut fixture = Fixture::new(&config().request_timeout(2 * SECOND));
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    fixture.pass(5 * SECOND);
    fixture.reply(&request, json!({"protocol": "p"}));
    assert_eq!(fixture.states.last(), Some(&ConnectionState::Ready { resumed: false }));
}

#[test]
fn the_authorization_state_of_a_lost_session_is_not_sent_with_the_next() {
    let mut fixture = Fixture::ready();
    fixture.event("signalwire.authorization.state", json!({"authorization_state": "OLD"}));
    fixture.disconnected();
    fixture.reconnect("proto-2", false);
    fixture.disconnected();
    let params = fixture.reconnect("proto-2", true);
    assert_eq!((&params["protocol"], params.get("authorization_state")), (&json!("proto-2"), None));
}

#[test]
fn a_context_that_was_wanted_before_stays_wanted_when_a_request_for_it_is_taken_back_or_refused() {
    let contexts = |fixture: &Fixture| fixture.session.contexts().map(str::to_owned).collect::<Vec<_>>();
    let receive = |context: &str| raw("signalwire.receive", Target::Receive(vec![context.into()]));
    let mut fixture = Fixture::ready();
    // Configured, and asked for once more.
    let refused = fixture.command(receive("office"));
    let request = fixture.expect_sent("signalwire.receive");
    fixture.refuse(&request, "402");
    fixture.expect_reply(refused).expect_err("refused");
    fixture.disconnected();
    let dropped = fixture.command(receive("office"));
    fixture.session.abandon(fixture.now, dropped);
    assert_eq!(contexts(&fixture), ["office"]);
    // Asked for twice, of which one is taken back.
    let first = fixture.command(receive("sales"));
    fixture.command(receive("sales"));
    fixture.session.abandon(fixture.now, first);
    assert_eq!(contexts(&fixture), ["office", "sales"]);
    assert_eq!(fixture.reconnect("proto-2", false)["contexts"], json!(["office", "sales"]));
}

#[test]
fn a_call_that_is_offered_before_the_service_says_that_it_begins_anew_is_of_the_new_session() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.until_open();
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    fixture.offer("c2");
    fixture.reply(&request, json!({"protocol": "proto-2", "session_restored": false}));
    assert_eq!(fixture.expect_ended("c1"), EndReason::SessionLost);
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats().calls, 1, "c2 goes on");
}
