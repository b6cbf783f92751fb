//! Connect, authenticate, lose, come back, stop.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_core::session::{ConnectionState, Frame, SessionEvent, Stats, Target};
use signalwire_relay_core::{CallId, Certainty, Config, Credentials, EndReason, Error};

use crate::rig::{Rig, SECOND, config, raw};

fn closed(rig: &mut Rig) -> Result<(), Error> {
    match rig.events.pop_back() {
        Some(SessionEvent::Closed(result)) => result,
        other => panic!("not closed but {other:?}"),
    }
}

#[test]
fn the_credentials_are_sent_once_the_transport_is_open() {
    let mut rig = Rig::new(&config());
    assert_eq!(rig.opens, 1);
    rig.expect_nothing_sent();
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    assert_eq!(
        request["params"],
        json!({"version": {"major": 2, "minor": 0, "revision": 0},
            "agent": concat!("signalwire-relay-rust/", env!("CARGO_PKG_VERSION")), "event_acks": true,
            "authentication": {"project": "p-1", "token": "PT-secret"}, "contexts": ["office"]})
    );
    rig.reply(&request, json!({"protocol": "proto-1"}));
    assert_eq!(rig.states.last(), Some(&ConnectionState::Ready { resumed: false }));
    assert_eq!(rig.session.protocol(), Some("proto-1"));
}

#[test]
fn a_jwt_goes_alone() {
    let mut rig = Rig::new(&Config::new().project("p").token("t").jwt("j"));
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    assert_eq!(request["params"]["authentication"], json!({"jwt_token": "j"}));
    assert_eq!(request["params"].get("contexts"), None, "no contexts, no member");
}

#[test]
fn a_lost_connection_is_resumed_with_what_the_service_gave() {
    let mut rig = Rig::ready();
    rig.event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"}));
    rig.event("signalwire.authorization.state", json!({"authorization_state": ""}));
    rig.offer("c1");
    rig.disconnected();
    assert!(matches!(rig.states.last(), Some(ConnectionState::Waiting { attempt: 2, .. })));
    let params = rig.reconnect("proto-1", true);
    assert_eq!((&params["protocol"], &params["authorization_state"]), (&json!("proto-1"), &json!("AA:BB")));
    assert_eq!(rig.states.last(), Some(&ConnectionState::Ready { resumed: true }));
    match rig.events.pop_front() {
        Some(SessionEvent::Gap { call_id, lasted }) => {
            assert_eq!(call_id.as_str(), "c1");
            assert!((SECOND / 2..=SECOND).contains(&lasted), "{lasted:?}");
        }
        other => panic!("the gap was not reported but {other:?}"),
    }
    rig.state("c1", "answered");
    assert_eq!(rig.expect_call_event("c1"), "calling.call.state");
}

#[test]
fn a_service_that_does_not_say_whether_it_resumed_shows_it_by_the_name() {
    for (protocol, resumed) in [("proto-1", true), ("proto-2", false)] {
        let mut rig = Rig::ready();
        rig.disconnected();
        rig.until_open();
        rig.connected();
        let request = rig.expect_sent("signalwire.connect");
        rig.reply(&request, json!({ "protocol": protocol }));
        assert_eq!(rig.states.last(), Some(&ConnectionState::Ready { resumed }));
    }
}

#[test]
fn calls_of_a_session_that_is_not_resumed_are_reported_lost() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    rig.reconnect("proto-2", false);
    assert_eq!(rig.expect_ended("c1"), EndReason::SessionLost);
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn pauses_double_with_jitter_up_to_thirty_seconds() {
    let mut rig = Rig::new(&config());
    let mut pauses = Vec::new();
    for _ in 0..8 {
        rig.disconnected();
        let next = rig.next.expect("the session tries again");
        pauses.push((next - rig.now).as_secs_f64());
        rig.pass(next - rig.now);
    }
    for (pause, whole) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]) {
        assert!((whole / 2.0..=whole).contains(pause), "{pauses:?}");
    }
    let other = {
        let mut rig = Rig::seeded(&config(), 8);
        rig.disconnected();
        (rig.next.expect("the session tries again") - rig.now).as_secs_f64()
    };
    assert!((other - pauses[0]).abs() > f64::EPSILON, "another seed, another jitter");
}

#[test]
fn failures_are_forgiven_only_after_the_connection_has_held() {
    let attempt_after = |held: Duration| {
        let mut rig = Rig::new(&config());
        for _ in 0..3 {
            rig.disconnected();
            rig.until_open();
        }
        rig.authenticate("proto-1", false);
        rig.pass(held);
        rig.disconnected();
        match rig.states.last() {
            Some(ConnectionState::Waiting { attempt, .. }) => *attempt,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(attempt_after(9 * SECOND), 5);
    assert_eq!(attempt_after(10 * SECOND), 2);
}

#[test]
fn three_refusals_of_the_credentials_end_the_session_with_the_service_s_words() {
    let mut rig = Rig::new(&config());
    for attempt in 1..=3 {
        rig.connected();
        let request = rig.expect_sent("signalwire.connect");
        rig.fail(&request, json!({"code": -32002, "message": "Authentication failed for PT-secret"}));
        assert_eq!(rig.closes, attempt);
        if attempt < 3 {
            rig.until_open();
        }
    }
    assert_eq!(rig.opens, 3);
    assert_eq!(rig.next, None, "nothing more is going to happen");
    match closed(&mut rig) {
        Err(Error::Rejected(rejected)) => {
            assert_eq!((rejected.attempts, rejected.code), (3, -32002));
            assert_eq!(rejected.message, "Authentication failed for ***", "the secret is struck out");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn transport_failures_are_no_refusals() {
    let mut rig = Rig::new(&config());
    for _ in 0..20 {
        rig.disconnected();
        rig.until_open();
    }
    assert_eq!(rig.opens, 21);
    rig.authenticate("proto-1", false);
}

#[test]
fn credentials_that_were_accepted_before_are_offered_again_without_limit() {
    let mut rig = Rig::ready();
    rig.disconnected();
    for _ in 0..6 {
        rig.until_open();
        rig.connected();
        let request = rig.expect_sent("signalwire.connect");
        rig.fail(&request, json!({"code": -32002, "message": "expired"}));
    }
    let params = rig.reconnect("proto-9", false);
    assert_eq!(params.get("protocol"), None);
}

#[test]
fn a_refused_resume_is_tried_once_more_as_a_new_session() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    rig.until_open();
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    assert_eq!(request["params"]["protocol"], "proto-1");
    rig.fail(&request, json!({"code": -32003, "message": "stale"}));
    let params = rig.reconnect("proto-2", false);
    assert_eq!(params.get("protocol"), None);
    assert_eq!(rig.expect_ended("c1"), EndReason::SessionLost);
}

#[test]
fn a_notice_to_leave_is_followed_by_a_resume_unless_it_says_restart() {
    for (params, resumes) in
        [(json!({}), true), (json!({"restart": false}), true), (json!({"restart": true}), false)]
    {
        let mut rig = Rig::ready();
        rig.receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": params}));
        assert_eq!(rig.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": "d1", "result": {}})));
        rig.disconnected();
        assert_eq!(rig.reconnect("proto-2", false).get("protocol").is_some(), resumes);
    }
}

#[test]
fn after_a_notice_to_leave_nothing_new_is_sent_until_the_next_connection() {
    let mut rig = Rig::ready();
    rig.receive_json(&json!({"id": "d1", "method": "signalwire.disconnect", "params": {}}));
    rig.sent.clear();
    rig.offer("c1");
    let ticket = rig.call_command("calling.answer", "c1");
    rig.expect_nothing_sent();
    // The service forgets to close: the client does, and comes back.
    rig.pass(9 * SECOND);
    assert_eq!(rig.closes, 0);
    rig.pass(SECOND / 2 * 3);
    assert_eq!(rig.closes, 1);
    rig.session.command(
        rig.now,
        signalwire_relay_core::Ticket(99),
        crate::rig::raw("x.y", signalwire_relay_core::session::Target::Service),
    );
    assert_eq!(rig.expect_reply(ticket).expect_err("expired").certainty(), Certainty::NotSent);
    rig.pass(SECOND);
    rig.authenticate("proto-1", true);
    rig.expect_sent("x.y");
}

#[test]
fn transport_and_authentication_have_their_limits() {
    let mut rig = Rig::new(&config());
    rig.pass(10 * SECOND);
    assert_eq!(rig.closes, 1, "opening took too long");
    rig.pass(SECOND);
    rig.connected();
    rig.pass(10 * SECOND);
    assert_eq!(rig.closes, 2, "authentication took too long");
    assert!(matches!(rig.states.last(), Some(ConnectionState::Waiting { attempt: 3, .. })));
}

#[test]
fn a_silent_service_is_probed_and_then_dropped() {
    let mut rig = Rig::ready();
    rig.pass(29 * SECOND);
    rig.expect_nothing_sent();
    rig.pass(SECOND);
    rig.expect_sent("signalwire.ping");
    rig.pass(9 * SECOND);
    assert_eq!(rig.closes, 0);
    rig.pass(SECOND);
    assert_eq!(rig.closes, 1);
    assert!(matches!(rig.states.last(), Some(ConnectionState::Waiting { .. })));
}

#[test]
fn anything_that_arrives_answers_a_probe_for_silence() {
    for frame in [Frame::Ping, Frame::Pong, Frame::Binary(b"?"), Frame::Text("garbage")] {
        let mut rig = Rig::ready();
        rig.pass(30 * SECOND);
        rig.expect_sent("signalwire.ping");
        rig.session.handle_frame(rig.now, frame);
        rig.drain();
        rig.pass(29 * SECOND);
        assert_eq!(rig.closes, 0, "{frame:?}");
        rig.pass(11 * SECOND);
        assert_eq!(rig.closes, 1, "{frame:?}: silent again");
    }
}

#[test]
fn a_service_that_answers_and_never_pings_is_kept() {
    let mut rig = Rig::ready();
    for _ in 0..20 {
        rig.pass(30 * SECOND);
        let probe = rig.expect_sent("signalwire.ping");
        rig.pass(9 * SECOND);
        rig.reply(&probe, json!({}));
    }
    rig.expect_nothing_sent();
    assert_eq!(rig.closes, 0);
}

#[test]
fn a_lively_service_is_never_probed() {
    let mut rig = Rig::ready();
    for number in 0..20 {
        rig.receive_json(&json!({"id": number, "method": "signalwire.ping", "params": {"timestamp": 1.25}}));
        let pong = rig.sent.pop_front();
        assert_eq!(pong, Some(json!({"jsonrpc": "2.0", "id": number, "result": {"timestamp": 1.25}})));
        rig.pass(10 * SECOND);
    }
    rig.expect_nothing_sent();
}

#[test]
fn contexts_are_wanted_until_they_are_not_and_asserted_at_each_authentication() {
    use signalwire_relay_core::session::Target;
    let mut rig = Rig::ready();
    let add = rig
        .command(crate::rig::raw("signalwire.receive", Target::Receive(vec!["sales".into(), "vip".into()])));
    let request = rig.expect_sent("signalwire.receive");
    assert_eq!(request["params"], json!({"contexts": ["sales", "vip"]}));
    rig.ok(&request);
    rig.expect_reply(add).expect("accepted");
    let remove = rig.command(crate::rig::raw("signalwire.unreceive", Target::Unreceive(vec!["vip".into()])));
    let request = rig.expect_sent("signalwire.unreceive");
    rig.ok(&request);
    rig.expect_reply(remove).expect("accepted");
    let refused = rig.command(crate::rig::raw("signalwire.receive", Target::Receive(vec!["gold".into()])));
    let request = rig.expect_sent("signalwire.receive");
    rig.refuse(&request, "402");
    assert_eq!(rig.expect_reply(refused).expect_err("refused").code(), Some(402));
    let nothing = rig.command(crate::rig::raw("signalwire.receive", Target::Receive(vec![])));
    rig.expect_reply(nothing).expect("no contexts, nothing sent");
    rig.expect_nothing_sent();
    rig.disconnected();
    assert_eq!(rig.reconnect("proto-2", false)["contexts"], json!(["office", "sales"]));
}

#[test]
fn closing_fails_what_is_under_way_and_says_how_certain_that_is() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let sent = rig.call_command("calling.answer", "c1");
    rig.session.disconnect(rig.now);
    rig.drain();
    assert_eq!(rig.closes, 1);
    assert_eq!(rig.expect_reply(sent).expect_err("closed").certainty(), Certainty::Unknown);
    assert_eq!(rig.expect_ended("c1"), EndReason::ClientClosed);
    assert!(closed(&mut rig).is_ok());
    assert_eq!((rig.session.stats(), rig.next), (Stats::default(), None));
    let late = rig.call_command("calling.answer", "c1");
    assert_eq!(rig.expect_reply(late).expect_err("closed").certainty(), Certainty::NotSent);
    rig.session.connect(rig.now);
    rig.session.handle_connected(rig.now);
    rig.receive("{}");
    assert_eq!((rig.opens, rig.events.len()), (1, 0), "what is closed stays closed");
}

#[test]
fn draining_lets_calls_finish_and_passes_new_ones_on() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.drain(rig.now, 30 * SECOND);
    rig.drain();
    let request = rig.expect_sent("signalwire.unreceive");
    assert_eq!(request["params"], json!({"contexts": ["office"]}));
    rig.ok(&request);
    rig.event("calling.call.receive", crate::rig::offer("c2"));
    let pass = rig.expect_sent("calling.pass");
    assert_eq!(pass["params"], json!({"node_id": "n-1", "call_id": "c2"}));
    rig.ok(&pass);
    rig.expect_quiet();
    rig.state("c1", "ended");
    assert!(closed(&mut rig).is_ok(), "the last call is over");
}

#[test]
fn draining_ends_calls_that_take_too_long() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.drain(rig.now, 5 * SECOND);
    rig.drain();
    let request = rig.expect_sent("signalwire.unreceive");
    rig.ok(&request);
    rig.pass(5 * SECOND);
    let end = rig.expect_sent("calling.end");
    rig.ok(&end);
    rig.state("c1", "ended");
    assert!(closed(&mut rig).is_ok());

    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.drain(rig.now, 5 * SECOND);
    rig.drain();
    rig.pass(8 * SECOND);
    assert!(closed(&mut rig).is_ok(), "a service that says nothing does not hold up the end");
}

#[test]
fn draining_an_idle_session_ends_it_once_the_service_knows() {
    let mut rig = Rig::ready();
    rig.session.drain(rig.now, 30 * SECOND);
    rig.drain();
    let request = rig.expect_sent("signalwire.unreceive");
    rig.expect_quiet();
    rig.ok(&request);
    assert!(closed(&mut rig).is_ok());
}

#[test]
fn draining_without_a_connection_does_not_wait_for_one() {
    let mut rig = Rig::new(&config());
    rig.session.drain(rig.now, 30 * SECOND);
    rig.drain();
    assert!(closed(&mut rig).is_ok());
    assert_eq!(rig.closes, 1, "the attempt is given up");
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let run = || {
        let mut rig = Rig::ready();
        rig.offer("c1");
        rig.call_command("calling.answer", "c1");
        rig.disconnected();
        rig.until_open();
        rig.connected();
        format!("{:?} {:?} {:?}", rig.sent, rig.states, rig.session.stats())
    };
    assert_eq!(run(), run());
}

#[test]
fn timeouts_are_harmless_early_late_and_twice() {
    let mut rig = Rig::ready();
    for _ in 0..3 {
        rig.session.handle_timeout(rig.now);
    }
    rig.drain();
    rig.expect_nothing_sent();
    rig.now += Duration::from_hours(1);
    rig.session.handle_timeout(rig.now);
    rig.session.handle_timeout(rig.now);
    rig.drain();
    rig.expect_sent("signalwire.ping");
    rig.expect_nothing_sent();
    assert!(!rig.session.take(&CallId::from("nobody")));
}

#[test]
fn a_time_beyond_all_bounds_is_no_limit() {
    let mut rig = Rig::new(&config().request_timeout(Duration::MAX));
    rig.authenticate("proto-1", false);
    rig.offer("c1");
    rig.session.drain(rig.now, Duration::MAX);
    rig.drain();
    rig.sent.clear();
    rig.pass(5 * SECOND);
    rig.expect_nothing_sent();
    rig.expect_quiet();
}

#[test]
fn the_limit_of_requests_is_not_that_of_authentication() {
    let mut rig = Rig::new(&config().request_timeout(2 * SECOND));
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    rig.pass(5 * SECOND);
    rig.reply(&request, json!({"protocol": "p"}));
    assert_eq!(rig.states.last(), Some(&ConnectionState::Ready { resumed: false }));
}

#[test]
fn the_authorization_state_of_a_lost_session_is_not_sent_with_the_next() {
    let mut rig = Rig::ready();
    rig.event("signalwire.authorization.state", json!({"authorization_state": "OLD"}));
    rig.disconnected();
    rig.reconnect("proto-2", false);
    rig.disconnected();
    let params = rig.reconnect("proto-2", true);
    assert_eq!((&params["protocol"], params.get("authorization_state")), (&json!("proto-2"), None));
}

#[test]
fn draining_calls_dials_off_and_does_not_wait_for_what_is_over() {
    use signalwire_relay_core::session::Target;
    let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
    rig.authenticate("proto-1", false);
    let target = Target::Dial { tag: Some("t".into()) };
    let dial = rig.command(crate::rig::raw("calling.dial", target));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    rig.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ringing"}),
    );
    rig.session.drain(rig.now, SECOND);
    rig.drain();
    rig.pass(SECOND);
    rig.expect_dialed(dial).expect_err("called off");
    let end = rig.expect_sent("calling.end");
    rig.ok(&end);
    rig.event(
        "calling.call.state",
        json!({"call_id": "A", "node_id": "n", "tag": "t", "call_state": "ended"}),
    );
    // There might be more legs.
    rig.pass(3 * SECOND);
    assert!(closed(&mut rig).is_ok());

    let mut rig = Rig::new(&config().contexts(Vec::<String>::new()));
    rig.authenticate("proto-1", false);
    let dial = rig.command(crate::rig::raw("calling.dial", Target::Dial { tag: None }));
    let request = rig.expect_sent("calling.dial");
    rig.session.drain(rig.now, 30 * SECOND);
    rig.drain();
    rig.refuse(&request, "400");
    rig.expect_dialed(dial).expect_err("refused");
    assert!(closed(&mut rig).is_ok(), "nothing is left to wait for");
}

#[test]
fn nothing_that_is_printed_shows_what_is_sent() {
    let mut rig = Rig::new(&config());
    rig.session.handle_connected(rig.now);
    assert!(!format!("{:?}", rig.session).contains("PT-secret"));
    let printed =
        format!("{:?} {:?} {:?}", rig.session.poll_output(), rig.session.poll_output(), rig.session);
    assert!(!printed.contains("PT-secret"), "{printed}");
    rig.session.handle_disconnected(rig.now, "closed: PT-secret of p-1 is not welcome");
    rig.drain();
    assert!(!format!("{:?}", rig.states).contains("PT-secret"));
}

#[test]
fn new_credentials_are_those_to_reconnect_with_unless_they_are_refused() {
    let mut rig = Rig::ready();
    let next = |token: &str| Credentials::Token { project: "p-1".into(), token: token.into() };
    let change = |rig: &mut Rig, token: &str| {
        let target = Target::Reauthenticate { credentials: next(token), proof: Some("proof".into()) };
        let ticket = rig.command(raw("signalwire.reauthenticate", target));
        (ticket, rig.expect_sent("signalwire.reauthenticate"))
    };
    let (ticket, request) = change(&mut rig, "PT-second");
    rig.ok(&request);
    rig.expect_reply(ticket).expect("accepted");
    rig.disconnected();
    assert_eq!(rig.reconnect("proto-1", true)["authentication"]["token"], "PT-second");

    let (ticket, request) = change(&mut rig, "PT-third");
    rig.fail(&request, json!({"code": -32002, "message": "neither PT-third nor PT-second nor proof"}));
    let error = rig.expect_reply(ticket).expect_err("refused");
    assert!(error.to_string().contains("neither *** nor *** nor ***"), "{error}");
    rig.disconnected();
    assert_eq!(rig.reconnect("proto-1", true)["authentication"]["token"], "PT-second");

    // Made while there is no connection: what was to be replaced may not be good any more, even when the request itself
    // has come too late.
    rig.disconnected();
    let target = Target::Reauthenticate { credentials: next("PT-fourth"), proof: None };
    let ticket = rig.command(raw("signalwire.reauthenticate", target));
    rig.pass(10 * SECOND);
    assert_eq!(rig.expect_reply(ticket).expect_err("expired").certainty(), Certainty::NotSent);
    rig.disconnected();
    assert_eq!(rig.reconnect("proto-1", true)["authentication"]["token"], "PT-fourth");
}

#[test]
fn a_provider_is_asked_before_each_connection_and_a_failure_is_a_failed_attempt() {
    let asks = || async { Err::<Credentials, _>("the driver asks it, not the session") };
    let mut rig = Rig::new(&Config::new().host("example.test").credentials_from(asks));
    let asked = |rig: &mut Rig| {
        while rig.events.is_empty() {
            let next = rig.next.expect("the session tries again");
            rig.pass(next.saturating_duration_since(rig.now));
        }
        assert!(matches!(rig.events.pop_front(), Some(SessionEvent::CredentialsWanted)));
    };
    asked(&mut rig);
    assert_eq!(rig.opens, 0, "nothing is opened before");
    let answer = |rig: &mut Rig, answer: Result<&str, &str>| {
        let answer = answer.map(|jwt| Credentials::Jwt(jwt.into())).map_err(str::to_owned);
        rig.session.handle_credentials(rig.now, answer);
        rig.drain();
    };
    answer(&mut rig, Ok("first"));
    assert_eq!(rig.opens, 1);
    assert_eq!(rig.authenticate("proto-1", false)["authentication"], json!({"jwt_token": "first"}));
    rig.disconnected();
    asked(&mut rig);
    answer(&mut rig, Err("no luck with first"));
    let Some(ConnectionState::Waiting { reason, .. }) = rig.states.last() else { panic!("{:?}", rig.states) };
    assert_eq!(&**reason, "there are no credentials: no luck with ***");
    asked(&mut rig);
    rig.pass(10 * SECOND);
    assert!(matches!(rig.states.last(), Some(ConnectionState::Waiting { .. })), "it took too long");
    answer(&mut rig, Ok("too late"));
    assert_eq!(rig.opens, 1);
    asked(&mut rig);
    answer(&mut rig, Ok("second"));
    assert_eq!(rig.authenticate("proto-1", true)["authentication"], json!({"jwt_token": "second"}));
}

#[test]
fn a_context_that_was_wanted_before_stays_wanted_when_a_request_for_it_is_taken_back_or_refused() {
    let contexts = |rig: &Rig| rig.session.contexts().map(str::to_owned).collect::<Vec<_>>();
    let receive = |context: &str| raw("signalwire.receive", Target::Receive(vec![context.into()]));
    let mut rig = Rig::ready();
    // Configured, and asked for once more.
    let refused = rig.command(receive("office"));
    let request = rig.expect_sent("signalwire.receive");
    rig.refuse(&request, "402");
    rig.expect_reply(refused).expect_err("refused");
    rig.disconnected();
    let dropped = rig.command(receive("office"));
    rig.session.abandon(rig.now, dropped);
    assert_eq!(contexts(&rig), ["office"]);
    // Asked for twice, of which one is taken back.
    let first = rig.command(receive("sales"));
    rig.command(receive("sales"));
    rig.session.abandon(rig.now, first);
    assert_eq!(contexts(&rig), ["office", "sales"]);
    assert_eq!(rig.reconnect("proto-2", false)["contexts"], json!(["office", "sales"]));
}

#[test]
fn a_call_that_is_offered_before_the_service_says_that_it_begins_anew_is_of_the_new_session() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    rig.until_open();
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    rig.offer("c2");
    rig.reply(&request, json!({"protocol": "proto-2", "session_restored": false}));
    assert_eq!(rig.expect_ended("c1"), EndReason::SessionLost);
    rig.expect_quiet();
    assert_eq!(rig.session.stats().calls, 1, "c2 goes on");
}

#[test]
fn new_credentials_that_a_connection_is_refused_with_take_turns_with_those_before() {
    let mut rig = Rig::ready();
    rig.disconnected();
    let credentials = Credentials::Jwt("wrong".into());
    rig.command(raw("signalwire.reauthenticate", Target::Reauthenticate { credentials, proof: None }));
    let mut offered = Vec::new();
    for _ in 0..4 {
        rig.until_open();
        rig.connected();
        let request = rig.expect_sent("signalwire.connect");
        let own = request["params"]["authentication"]["project"] == "p-1";
        offered.push(own);
        if own {
            rig.reply(&request, json!({"protocol": "proto-2", "session_restored": false}));
            break;
        }
        rig.fail(&request, json!({"code": -32002, "message": "no"}));
    }
    // Once with the session and once without it; then those that were accepted before.
    assert_eq!(offered, [false, false, true]);
}

#[test]
fn a_secret_that_is_escaped_in_what_is_no_text_is_struck_out_too() {
    let config = config().token("PT/sec\"ret");
    let mut rig = Rig::new(&config);
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    let id = &request["id"];
    rig.receive(&format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32002,"message":{{"given":"PT\/sec\"ret"}}}}}}"#
    ));
    let printed = format!("{:?} {:?} {:?}", rig.events, rig.states, rig.notices);
    assert!(printed.contains("***"), "{printed}");
    assert!(!printed.contains("sec"), "{printed}");
}
