//! Refusals by the service: of a connection, and of a command.

use serde_json::{Value, json};
use signalwire_relay_core::session::{ConnectionState, Notice, SessionEvent, Target};
use signalwire_relay_core::{AuthenticationFailed, Certainty, ConnectRefusal, EndReason, Error};

use crate::fixture::{Fixture, MESSAGE, SECOND, config, raw};

/// The codes with which the service says that it is in trouble of its own.
const TRANSIENT: [i64; 4] = [-32000, -32004, -32005, -32603];

/// Opens a connection and refuses `signalwire.connect`. Gives the parameters that the session sent.
fn refuse(fixture: &mut Fixture, error: Value) -> Value {
    fixture.connected();
    let request = fixture.expect_sent_among_others("signalwire.connect");
    fixture.fail(&request, error);
    request["params"].clone()
}

/// The same with a result.
fn answer(fixture: &mut Fixture, result: Value) -> Value {
    fixture.connected();
    let request = fixture.expect_sent_among_others("signalwire.connect");
    fixture.reply(&request, result);
    request["params"].clone()
}

fn rejected(fixture: &mut Fixture) -> AuthenticationFailed {
    match fixture.events.pop_back() {
        Some(SessionEvent::Closed(Err(Error::AuthenticationFailed(rejected)))) => *rejected,
        other => panic!("not rejected but {other:?}"),
    }
}

#[test]
fn a_service_in_trouble_is_asked_until_it_accepts() {
    for code in TRANSIENT {
        let mut fixture = Fixture::new(&config());
        for attempt in 1..=40 {
            refuse(&mut fixture, json!({"code": code, "message": "Please wait"}));
            match fixture.states.last() {
                Some(ConnectionState::Backoff { attempt: next, reason, .. }) => {
                    assert_eq!(*next, attempt + 1);
                    let text =
                        format!("the service cannot take the connection now: Please wait (code {code})");
                    assert_eq!(&**reason, text);
                }
                other => panic!("{code}: {other:?}"),
            }
            fixture.until_open();
        }
        fixture.authenticate("proto-1", false);
        assert!(matches!(fixture.states.last(), Some(ConnectionState::Ready { .. })), "{code}");
    }
}

#[test]
fn a_service_in_trouble_costs_neither_the_session_nor_its_calls() {
    for code in TRANSIENT {
        let mut fixture = Fixture::ready();
        fixture.event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"}));
        fixture.offer("c1");
        fixture.disconnected();
        for _ in 0..40 {
            fixture.until_open();
            let params = refuse(&mut fixture, json!({"code": code, "message": "Please wait"}));
            assert_eq!(
                (&params["protocol"], &params["authorization_state"]),
                (&json!("proto-1"), &json!("AA:BB"))
            );
        }
        fixture.reconnect("proto-1", true);
        assert_eq!(fixture.session.stats().calls, 1, "{code}");
        fixture.state("c1", "answered");
        assert!(!fixture.notices.iter().any(|notice| matches!(notice, Notice::ResumeRefused(_))));
    }
}

#[test]
fn trouble_between_refusals_of_the_credentials_does_not_count() {
    let mut fixture = Fixture::new(&config());
    for code in [-32002, -32005, -32000, -32002, -32603, -32004] {
        refuse(&mut fixture, json!({"code": code, "message": "no"}));
        fixture.until_open();
    }
    refuse(&mut fixture, json!({"code": -32002, "message": "no"}));
    assert_eq!(rejected(&mut fixture).attempts, 3);
}

#[test]
fn an_unsupported_version_ends_the_client_at_once_and_the_text_speaks_of_it() {
    for mut fixture in [Fixture::new(&config()), {
        let mut fixture = Fixture::ready();
        fixture.disconnected();
        fixture.until_open();
        fixture
    }] {
        refuse(&mut fixture, json!({"code": -32001, "message": "Version 2.0.0 is not supported"}));
        let rejected = rejected(&mut fixture);
        assert_eq!((rejected.attempts, rejected.refusal), (1, ConnectRefusal::Version));
        assert_eq!(
            rejected.to_string(),
            "the service does not support this version of the protocol: Version 2.0.0 is not supported (code \
             -32001); a newer release of this client may support it"
        );
        assert_eq!(fixture.next, None, "nothing more is going to happen");
    }
}

#[test]
fn a_first_connection_refused_for_its_credentials_with_the_code_of_a_timeout_is_refused() {
    let mut fixture = Fixture::new(&config());
    for _ in 0..2 {
        refuse(&mut fixture, json!({"code": -32000, "message": "auth rejected: bad token"}));
        fixture.until_open();
    }
    refuse(&mut fixture, json!({"code": -32000, "message": "auth rejected: bad token"}));
    assert_eq!(rejected(&mut fixture).refusal, ConnectRefusal::Authentication);
}

#[test]
fn malformed_and_unknown_refusals_do_not_blame_the_token() {
    let refusals = [
        (json!({"code": -32602, "message": "bad contexts"}), ConnectRefusal::Malformed),
        (json!({"code": -32600, "message": "bad request"}), ConnectRefusal::Malformed),
        (json!({"code": -32601, "message": "no such method"}), ConnectRefusal::Malformed),
        (json!({"code": -32700, "message": "not JSON"}), ConnectRefusal::Malformed),
        (json!({"code": -32099, "message": "go away"}), ConnectRefusal::Unknown),
        (json!("go away"), ConnectRefusal::Unknown),
    ];
    for (error, class) in refusals {
        let mut fixture = Fixture::new(&config());
        for _ in 0..2 {
            refuse(&mut fixture, error.clone());
            fixture.until_open();
        }
        refuse(&mut fixture, error.clone());
        let rejected = rejected(&mut fixture);
        assert_eq!((rejected.attempts, rejected.refusal), (3, class), "{error}");
        assert!(!rejected.to_string().contains("token"), "{rejected}");
    }
}

#[test]
fn a_refused_session_is_given_up_at_once_where_the_code_says_so_and_after_three_attempts_elsewhere() {
    for (code, attempts) in [(-32002, 1), (-32003, 1), (-32602, 1), (-32600, 3), (-32099, 3)] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        fixture.disconnected();
        for _ in 0..attempts {
            fixture.until_open();
            let params = refuse(&mut fixture, json!({"code": code, "message": "stale"}));
            assert_eq!(params["protocol"], "proto-1", "{code}");
        }
        assert_eq!(fixture.reconnect("proto-2", false).get("protocol"), None, "{code}");
        assert_eq!(fixture.expect_ended("c1"), EndReason::SessionLost);
    }
}

#[test]
fn a_connect_result_with_a_failing_code_is_a_refusal() {
    for (code, class) in [
        (json!("401"), ConnectRefusal::Authentication),
        (json!(403), ConnectRefusal::Authentication),
        (json!("400"), ConnectRefusal::Unknown),
        (json!("nonsense"), ConnectRefusal::Unknown),
    ] {
        let mut fixture = Fixture::new(&config());
        for _ in 0..2 {
            answer(&mut fixture, json!({"code": code, "message": "no", "protocol": "proto-1"}));
            fixture.until_open();
        }
        answer(&mut fixture, json!({"code": code, "message": "no", "protocol": "proto-1"}));
        assert_eq!(rejected(&mut fixture).refusal, class, "{code}");
    }
    let mut fixture = Fixture::new(&config());
    for _ in 0..10 {
        answer(&mut fixture, json!({"code": "503", "message": "Service unavailable"}));
        fixture.until_open();
    }
    answer(&mut fixture, json!({"code": "200", "protocol": "proto-1"}));
    assert!(matches!(fixture.states.last(), Some(ConnectionState::Ready { .. })));
}

#[test]
fn a_connect_result_that_names_no_session_is_a_refusal() {
    for result in
        [json!({}), json!({"protocol": ""}), json!({"protocol": 7}), json!(null), json!({"identity": "x"})]
    {
        let mut fixture = Fixture::new(&config());
        for _ in 0..2 {
            answer(&mut fixture, result.clone());
            fixture.until_open();
        }
        answer(&mut fixture, result.clone());
        let rejected = rejected(&mut fixture);
        assert_eq!(rejected.refusal, ConnectRefusal::Unknown);
        assert!(rejected.to_string().contains("names no session"), "{rejected}");
    }
}

#[test]
fn codes_with_which_the_service_does_not_know_either_leave_the_outcome_unknown() {
    use Certainty::{Refused, Unknown};
    let cases = [
        (-32000, Unknown),
        (-32001, Refused),
        (-32002, Refused),
        (-32003, Refused),
        (-32004, Refused),
        (-32005, Refused),
        (-32600, Refused),
        (-32601, Refused),
        (-32602, Refused),
        (-32603, Unknown),
        (-32700, Refused),
    ];
    for (code, certainty) in cases {
        let mut fixture = Fixture::ready();
        let ticket = fixture.command(raw("messaging.send", MESSAGE));
        let request = fixture.expect_sent("messaging.send");
        fixture.fail(&request, json!({"code": code, "message": "no"}));
        let error = fixture.expect_reply(ticket).expect_err("refused");
        assert_eq!((error.certainty(), error.code()), (certainty, Some(code)));
        let text = error.to_string();
        assert_eq!(text.contains("may have carried it out"), certainty == Unknown, "{text}");
        assert_eq!(text.contains("try again later"), matches!(code, -32004 | -32005), "{text}");
    }
    for (code, certainty) in [
        ("400", Refused),
        ("402", Refused),
        ("409", Refused),
        ("429", Refused),
        ("500", Unknown),
        ("503", Unknown),
    ] {
        let mut fixture = Fixture::ready();
        let ticket = fixture.command(raw("messaging.send", MESSAGE));
        let request = fixture.expect_sent("messaging.send");
        fixture.refuse(&request, code);
        assert_eq!(fixture.expect_reply(ticket).expect_err("refused").certainty(), certainty, "{code}");
    }
}

#[test]
fn a_dial_whose_outcome_the_service_does_not_know_leaves_no_phone_ringing() {
    let mut fixture = Fixture::ready();
    let ticket = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t1".into()) }));
    let request = fixture.expect_sent("calling.dial");
    fixture.fail(&request, json!({"code": -32000, "message": "Timeout"}));
    assert_eq!(fixture.expect_dialed(ticket).expect_err("failed").certainty(), Certainty::Unknown);
    // It was carried out after all.
    fixture.event(
        "calling.call.state",
        json!({"call_id": "leg-1", "node_id": "n-1", "tag": "t1", "call_state": "ringing"}),
    );
    let end = fixture.expect_sent("calling.end");
    assert_eq!(end["params"]["call_id"], "leg-1");
}

#[test]
fn a_pass_whose_outcome_the_service_does_not_know_is_asked_for_again() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = fixture.call_command("calling.pass", "c1");
    let request = fixture.expect_sent("calling.pass");
    fixture.fail(&request, json!({"code": -32603, "message": "Internal error"}));
    let again = fixture.expect_sent("calling.pass");
    assert_eq!(again["params"]["call_id"], "c1");
    fixture.ok(&again);
    assert!(fixture.events.iter().any(|event| matches!(
        event,
        SessionEvent::Replied { ticket: own, result: Err(error) }
            if *own == ticket && error.certainty() == Certainty::Unknown
    )));
    assert_eq!(fixture.session.stats().calls, 0);
}

/// A call whose answer, or whose end, the service answers with "I do not know either".
fn unsure(method: &'static str, state: &str) -> Fixture {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    if state != "created" {
        fixture.state("c1", state);
    }
    fixture.call_command(method, "c1");
    let request = fixture.expect_sent(method);
    fixture.fail(&request, json!({"code": -32000, "message": "Timeout"}));
    fixture.expect_nothing_sent();
    fixture
}

#[test]
fn a_hang_up_whose_outcome_is_unknown_is_repeated_once_nobody_is_left_to_do_it() {
    for state in ["created", "answered"] {
        let mut fixture = unsure("calling.end", state);
        fixture.session.release(fixture.now, &"c1".into());
        fixture.drain();
        let end = fixture.expect_sent("calling.end");
        fixture.ok(&end);
        fixture.state("c1", "ended");
        assert_eq!(fixture.session.stats().calls, 0, "{state}");
    }
    // One that is carried out on the second attempt needs no third.
    let mut fixture = unsure("calling.end", "answered");
    fixture.call_command("calling.end", "c1");
    let again = fixture.expect_sent("calling.end");
    fixture.ok(&again);
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    fixture.expect_nothing_sent();
}

#[test]
fn an_answer_that_turns_out_to_have_been_carried_out_leaves_the_call_alone() {
    let mut fixture = unsure("calling.answer", "created");
    fixture.call_command("calling.denoise", "c1");
    let accepted = fixture.expect_sent("calling.denoise");
    fixture.ok(&accepted);
    fixture.session.release(fixture.now, &"c1".into());
    fixture.drain();
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats().calls, 1);
}

#[test]
fn an_answer_whose_outcome_is_unknown_is_given_back_or_hung_up_once_nobody_is_left() {
    for refused in [false, true] {
        let mut fixture = unsure("calling.answer", "created");
        fixture.session.release(fixture.now, &"c1".into());
        fixture.drain();
        let pass = fixture.expect_sent("calling.pass");
        if refused {
            fixture.refuse(&pass, "409");
            let end = fixture.expect_sent("calling.end");
            fixture.ok(&end);
            fixture.state("c1", "ended");
        } else {
            fixture.ok(&pass);
        }
        assert_eq!(fixture.session.stats().calls, 0);
    }
}

#[test]
fn a_leg_that_nobody_wants_is_hung_up_however_long_the_service_is_in_trouble() {
    let mut fixture = abandoned_leg();
    for pause in [10, 20, 40, 80, 160, 300, 300] {
        let end = fixture.expect_sent_among_others("calling.end");
        fixture.fail(&end, json!({"code": -32005, "message": "Capacity exceeded"}));
        pass_answering_pings(&mut fixture, pause);
    }
    let end = fixture.expect_sent_among_others("calling.end");
    fixture.ok(&end);
    assert!(
        !fixture.notices.iter().any(|notice| matches!(notice, Notice::LegStuck(_))),
        "{:?}",
        fixture.notices
    );
    fixture.state("leg-1", "ended");
    assert_eq!(fixture.session.stats().calls, 0);
}

/// A dial that was given up while its only leg, `leg-1`, was ringing.
fn abandoned_leg() -> Fixture {
    let mut fixture = Fixture::ready();
    let ticket = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t1".into()) }));
    let request = fixture.expect_sent("calling.dial");
    fixture.ok(&request);
    fixture.event(
        "calling.call.state",
        json!({"call_id": "leg-1", "node_id": "n-1", "tag": "t1", "call_state": "ringing"}),
    );
    fixture.session.abandon(fixture.now, ticket);
    fixture.drain();
    fixture
}

/// Passes seconds during which the service answers pings.
fn pass_answering_pings(fixture: &mut Fixture, seconds: u32) {
    for _ in 0..seconds {
        fixture.pass(SECOND);
        while let Some(at) = fixture.sent.iter().position(|frame| frame["method"] == "signalwire.ping") {
            let ping = fixture.sent.remove(at).expect("it is there");
            fixture.reply(&ping, json!({}));
        }
    }
}

#[test]
fn a_leg_that_a_service_in_trouble_never_ends_is_given_up_after_about_an_hour() {
    let mut fixture = abandoned_leg();
    let mut asked = 0;
    for _ in 0..7200 {
        pass_answering_pings(&mut fixture, 1);
        while let Some(end) = fixture.sent.pop_front() {
            asked += 1;
            fixture.fail(&end, json!({"code": -32603, "message": "Internal error"}));
        }
    }
    assert!((15..25).contains(&asked), "{asked}");
    assert!(
        fixture.notices.iter().any(|notice| matches!(notice, Notice::LegStuck(_))),
        "{:?}",
        fixture.notices
    );
    assert_eq!(fixture.session.stats().calls, 0);
}

#[test]
fn a_service_in_trouble_is_asked_again_whether_it_still_knows_a_call() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    for pause in [10, 20, 40, 80, 160, 300, 300] {
        let question = fixture.expect_sent_among_others("calling.clear_digit_bindings");
        fixture.fail(&question, json!({"code": -32000, "message": "Timeout"}));
        fixture.expect_nothing_sent();
        pass_answering_pings(&mut fixture, pause);
    }
    fixture.deny_call("404");
    fixture.pass(5 * SECOND);
    fixture.events.retain(|event| !matches!(event, SessionEvent::Reconnected { .. }));
    assert_eq!(fixture.expect_ended("c1"), EndReason::NotFound);
}

#[test]
fn an_event_without_inner_parameters_is_not_lost() {
    let mut fixture = Fixture::ready();
    fixture.receive_json(&json!({"jsonrpc": "2.0", "id": "e-20", "method": "signalwire.event", "params": {
        "event_type": "queuing.relay.tasks", "context": "office", "message": {"job": "call-back"},
        "timestamp": 1_764_000_100, "project_id": "p", "space_id": "s"}}));
    assert_eq!(fixture.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": "e-20", "result": {}})));
    match fixture.events.pop_front() {
        Some(SessionEvent::Other(event)) => {
            assert_eq!(event.event_type(), "queuing.relay.tasks");
            let params: Value = serde_json::from_str(event.meta().raw()).expect("JSON");
            assert_eq!(params["message"], json!({"job": "call-back"}));
        }
        other => panic!("the task was lost: {other:?}"),
    }
}
