//! Refusals by the service: of a connection, and of a command.

use serde_json::{Value, json};
use signalwire_relay_core::session::{ConnectionState, Notice, SessionEvent, Target};
use signalwire_relay_core::{Certainty, ConnectRefusal, EndReason, Error, Rejected};

use crate::rig::{Rig, SECOND, config, raw};

/// The codes with which the service says that it is in trouble of its own.
const TRANSIENT: [i64; 4] = [-32000, -32004, -32005, -32603];

/// Opens a connection and refuses `signalwire.connect`. Gives the parameters that the session sent.
fn refuse(rig: &mut Rig, error: Value) -> Value {
    rig.connected();
    let request = rig.expect_sent_among_others("signalwire.connect");
    rig.fail(&request, error);
    request["params"].clone()
}

/// The same with a result.
fn answer(rig: &mut Rig, result: Value) -> Value {
    rig.connected();
    let request = rig.expect_sent_among_others("signalwire.connect");
    rig.reply(&request, result);
    request["params"].clone()
}

fn rejected(rig: &mut Rig) -> Rejected {
    match rig.events.pop_back() {
        Some(SessionEvent::Closed(Err(Error::Rejected(rejected)))) => *rejected,
        other => panic!("not rejected but {other:?}"),
    }
}

#[test]
fn a_service_in_trouble_is_asked_until_it_accepts() {
    for code in TRANSIENT {
        let mut rig = Rig::new(&config());
        for attempt in 1..=40 {
            refuse(&mut rig, json!({"code": code, "message": "Please wait"}));
            match rig.states.last() {
                Some(ConnectionState::Waiting { attempt: next, reason, .. }) => {
                    assert_eq!(*next, attempt + 1);
                    let text =
                        format!("the service cannot take the connection now: Please wait (code {code})");
                    assert_eq!(&**reason, text);
                }
                other => panic!("{code}: {other:?}"),
            }
            rig.until_open();
        }
        rig.authenticate("proto-1", false);
        assert!(matches!(rig.states.last(), Some(ConnectionState::Ready { .. })), "{code}");
    }
}

#[test]
fn a_service_in_trouble_costs_neither_the_session_nor_its_calls() {
    for code in TRANSIENT {
        let mut rig = Rig::ready();
        rig.event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"}));
        rig.offer("c1");
        rig.disconnected();
        for _ in 0..40 {
            rig.until_open();
            let params = refuse(&mut rig, json!({"code": code, "message": "Please wait"}));
            assert_eq!(
                (&params["protocol"], &params["authorization_state"]),
                (&json!("proto-1"), &json!("AA:BB"))
            );
        }
        rig.reconnect("proto-1", true);
        assert_eq!(rig.session.stats().calls, 1, "{code}");
        rig.state("c1", "answered");
        assert!(!rig.notices.iter().any(|notice| matches!(notice, Notice::ResumeRefused(_))));
    }
}

#[test]
fn trouble_between_refusals_of_the_credentials_does_not_count() {
    let mut rig = Rig::new(&config());
    for code in [-32002, -32005, -32000, -32002, -32603, -32004] {
        refuse(&mut rig, json!({"code": code, "message": "no"}));
        rig.until_open();
    }
    refuse(&mut rig, json!({"code": -32002, "message": "no"}));
    assert_eq!(rejected(&mut rig).attempts, 3);
}

#[test]
fn an_unsupported_version_ends_the_client_at_once_and_the_text_speaks_of_it() {
    for mut rig in [Rig::new(&config()), {
        let mut rig = Rig::ready();
        rig.disconnected();
        rig.until_open();
        rig
    }] {
        refuse(&mut rig, json!({"code": -32001, "message": "Version 2.0.0 is not supported"}));
        let rejected = rejected(&mut rig);
        assert_eq!((rejected.attempts, rejected.refusal), (1, ConnectRefusal::Version));
        assert_eq!(
            rejected.to_string(),
            "the service does not support this version of the protocol: Version 2.0.0 is not supported (code \
             -32001); a newer release of this client may support it"
        );
        assert_eq!(rig.next, None, "nothing more is going to happen");
    }
}

#[test]
fn a_first_connection_refused_for_its_credentials_with_the_code_of_a_timeout_is_refused() {
    let mut rig = Rig::new(&config());
    for _ in 0..2 {
        refuse(&mut rig, json!({"code": -32000, "message": "auth rejected: bad token"}));
        rig.until_open();
    }
    refuse(&mut rig, json!({"code": -32000, "message": "auth rejected: bad token"}));
    assert_eq!(rejected(&mut rig).refusal, ConnectRefusal::Authentication);
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
        let mut rig = Rig::new(&config());
        for _ in 0..2 {
            refuse(&mut rig, error.clone());
            rig.until_open();
        }
        refuse(&mut rig, error.clone());
        let rejected = rejected(&mut rig);
        assert_eq!((rejected.attempts, rejected.refusal), (3, class), "{error}");
        assert!(!rejected.to_string().contains("token"), "{rejected}");
    }
}

#[test]
fn a_refused_session_is_given_up_at_once_where_the_code_says_so_and_after_three_attempts_elsewhere() {
    for (code, attempts) in [(-32002, 1), (-32003, 1), (-32602, 1), (-32600, 3), (-32099, 3)] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        rig.disconnected();
        for _ in 0..attempts {
            rig.until_open();
            let params = refuse(&mut rig, json!({"code": code, "message": "stale"}));
            assert_eq!(params["protocol"], "proto-1", "{code}");
        }
        assert_eq!(rig.reconnect("proto-2", false).get("protocol"), None, "{code}");
        assert_eq!(rig.expect_ended("c1"), EndReason::SessionLost);
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
        let mut rig = Rig::new(&config());
        for _ in 0..2 {
            answer(&mut rig, json!({"code": code, "message": "no", "protocol": "proto-1"}));
            rig.until_open();
        }
        answer(&mut rig, json!({"code": code, "message": "no", "protocol": "proto-1"}));
        assert_eq!(rejected(&mut rig).refusal, class, "{code}");
    }
    let mut rig = Rig::new(&config());
    for _ in 0..10 {
        answer(&mut rig, json!({"code": "503", "message": "Service unavailable"}));
        rig.until_open();
    }
    answer(&mut rig, json!({"code": "200", "protocol": "proto-1"}));
    assert!(matches!(rig.states.last(), Some(ConnectionState::Ready { .. })));
}

#[test]
fn a_connect_result_that_names_no_session_is_a_refusal() {
    for result in
        [json!({}), json!({"protocol": ""}), json!({"protocol": 7}), json!(null), json!({"identity": "x"})]
    {
        let mut rig = Rig::new(&config());
        for _ in 0..2 {
            answer(&mut rig, result.clone());
            rig.until_open();
        }
        answer(&mut rig, result.clone());
        let rejected = rejected(&mut rig);
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
        let mut rig = Rig::ready();
        let ticket = rig.command(raw("messaging.send", Target::Message));
        let request = rig.expect_sent("messaging.send");
        rig.fail(&request, json!({"code": code, "message": "no"}));
        let error = rig.expect_reply(ticket).expect_err("refused");
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
        let mut rig = Rig::ready();
        let ticket = rig.command(raw("messaging.send", Target::Message));
        let request = rig.expect_sent("messaging.send");
        rig.refuse(&request, code);
        assert_eq!(rig.expect_reply(ticket).expect_err("refused").certainty(), certainty, "{code}");
    }
}

#[test]
fn a_dial_whose_outcome_the_service_does_not_know_leaves_no_phone_ringing() {
    let mut rig = Rig::ready();
    let ticket = rig.command(raw("calling.dial", Target::Dial { tag: Some("t1".into()) }));
    let request = rig.expect_sent("calling.dial");
    rig.fail(&request, json!({"code": -32000, "message": "Timeout"}));
    assert_eq!(rig.expect_dialed(ticket).expect_err("failed").certainty(), Certainty::Unknown);
    // It was carried out after all.
    rig.event(
        "calling.call.state",
        json!({"call_id": "leg-1", "node_id": "n-1", "tag": "t1", "call_state": "ringing"}),
    );
    let end = rig.expect_sent("calling.end");
    assert_eq!(end["params"]["call_id"], "leg-1");
}

#[test]
fn a_pass_whose_outcome_the_service_does_not_know_is_asked_for_again() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let ticket = rig.call_command("calling.pass", "c1");
    let request = rig.expect_sent("calling.pass");
    rig.fail(&request, json!({"code": -32603, "message": "Internal error"}));
    let again = rig.expect_sent("calling.pass");
    assert_eq!(again["params"]["call_id"], "c1");
    rig.ok(&again);
    assert!(rig.events.iter().any(|event| matches!(
        event,
        SessionEvent::Replied { ticket: own, result: Err(error) }
            if *own == ticket && error.certainty() == Certainty::Unknown
    )));
    assert_eq!(rig.session.stats().calls, 0);
}

/// A call whose answer, or whose end, the service answers with "I do not know either".
fn unsure(method: &'static str, state: &str) -> Rig {
    let mut rig = Rig::ready();
    rig.offer("c1");
    if state != "created" {
        rig.state("c1", state);
    }
    rig.call_command(method, "c1");
    let request = rig.expect_sent(method);
    rig.fail(&request, json!({"code": -32000, "message": "Timeout"}));
    rig.expect_nothing_sent();
    rig
}

#[test]
fn a_hang_up_whose_outcome_is_unknown_is_repeated_once_nobody_is_left_to_do_it() {
    for state in ["created", "answered"] {
        let mut rig = unsure("calling.end", state);
        rig.session.release(rig.now, &"c1".into());
        rig.drain();
        let end = rig.expect_sent("calling.end");
        rig.ok(&end);
        rig.state("c1", "ended");
        assert_eq!(rig.session.stats().calls, 0, "{state}");
    }
    // One that is carried out on the second attempt needs no third.
    let mut rig = unsure("calling.end", "answered");
    rig.call_command("calling.end", "c1");
    let again = rig.expect_sent("calling.end");
    rig.ok(&again);
    rig.session.release(rig.now, &"c1".into());
    rig.drain();
    rig.expect_nothing_sent();
}

#[test]
fn an_answer_that_turns_out_to_have_been_carried_out_leaves_the_call_alone() {
    let mut rig = unsure("calling.answer", "created");
    rig.call_command("calling.denoise", "c1");
    let accepted = rig.expect_sent("calling.denoise");
    rig.ok(&accepted);
    rig.session.release(rig.now, &"c1".into());
    rig.drain();
    rig.expect_nothing_sent();
    assert_eq!(rig.session.stats().calls, 1);
}

#[test]
fn an_answer_whose_outcome_is_unknown_is_given_back_or_hung_up_once_nobody_is_left() {
    for refused in [false, true] {
        let mut rig = unsure("calling.answer", "created");
        rig.session.release(rig.now, &"c1".into());
        rig.drain();
        let pass = rig.expect_sent("calling.pass");
        if refused {
            rig.refuse(&pass, "409");
            let end = rig.expect_sent("calling.end");
            rig.ok(&end);
            rig.state("c1", "ended");
        } else {
            rig.ok(&pass);
        }
        assert_eq!(rig.session.stats().calls, 0);
    }
}

#[test]
fn a_leg_that_nobody_wants_is_hung_up_however_long_the_service_is_in_trouble() {
    let mut rig = abandoned_leg();
    for pause in [10, 20, 40, 80, 160, 300, 300] {
        let end = rig.expect_sent_among_others("calling.end");
        rig.fail(&end, json!({"code": -32005, "message": "Capacity exceeded"}));
        pass_answering_pings(&mut rig, pause);
    }
    let end = rig.expect_sent_among_others("calling.end");
    rig.ok(&end);
    assert!(!rig.notices.iter().any(|notice| matches!(notice, Notice::LegStuck(_))), "{:?}", rig.notices);
    rig.state("leg-1", "ended");
    assert_eq!(rig.session.stats().calls, 0);
}

/// A dial that was given up while its only leg, `leg-1`, was ringing.
fn abandoned_leg() -> Rig {
    let mut rig = Rig::ready();
    let ticket = rig.command(raw("calling.dial", Target::Dial { tag: Some("t1".into()) }));
    let request = rig.expect_sent("calling.dial");
    rig.ok(&request);
    rig.event(
        "calling.call.state",
        json!({"call_id": "leg-1", "node_id": "n-1", "tag": "t1", "call_state": "ringing"}),
    );
    rig.session.abandon(rig.now, ticket);
    rig.drain();
    rig
}

/// Passes seconds during which the service answers pings.
fn pass_answering_pings(rig: &mut Rig, seconds: u32) {
    for _ in 0..seconds {
        rig.pass(SECOND);
        while let Some(at) = rig.sent.iter().position(|frame| frame["method"] == "signalwire.ping") {
            let ping = rig.sent.remove(at).expect("it is there");
            rig.reply(&ping, json!({}));
        }
    }
}

#[test]
fn a_leg_that_a_service_in_trouble_never_ends_is_given_up_after_about_an_hour() {
    let mut rig = abandoned_leg();
    let mut asked = 0;
    for _ in 0..7200 {
        pass_answering_pings(&mut rig, 1);
        while let Some(end) = rig.sent.pop_front() {
            asked += 1;
            rig.fail(&end, json!({"code": -32603, "message": "Internal error"}));
        }
    }
    assert!((15..25).contains(&asked), "{asked}");
    assert!(rig.notices.iter().any(|notice| matches!(notice, Notice::LegStuck(_))), "{:?}", rig.notices);
    assert_eq!(rig.session.stats().calls, 0);
}

#[test]
fn a_service_in_trouble_is_asked_again_whether_it_still_knows_a_call() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    rig.reconnect("proto-1", true);
    for pause in [10, 20, 40, 80, 160, 300, 300] {
        let question = rig.expect_sent_among_others("calling.clear_digit_bindings");
        rig.fail(&question, json!({"code": -32000, "message": "Timeout"}));
        rig.expect_nothing_sent();
        pass_answering_pings(&mut rig, pause);
    }
    let question = rig.expect_sent_among_others("calling.clear_digit_bindings");
    rig.refuse(&question, "404");
    rig.pass(5 * SECOND);
    rig.events.retain(|event| !matches!(event, SessionEvent::Gap { .. }));
    assert_eq!(rig.expect_ended("c1"), EndReason::NotFound);
}

#[test]
fn an_event_without_inner_parameters_is_not_lost() {
    let mut rig = Rig::ready();
    rig.receive_json(&json!({"jsonrpc": "2.0", "id": "e-20", "method": "signalwire.event", "params": {
        "event_type": "queuing.relay.tasks", "context": "office", "message": {"job": "call-back"},
        "timestamp": 1_764_000_100, "project_id": "p", "space_id": "s"}}));
    assert_eq!(rig.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": "e-20", "result": {}})));
    match rig.events.pop_front() {
        Some(SessionEvent::Other(event)) => {
            assert_eq!(event.event_type(), "queuing.relay.tasks");
            let params: Value = serde_json::from_str(event.meta().raw()).expect("JSON");
            assert_eq!(params["message"], json!({"job": "call-back"}));
        }
        other => panic!("the task was lost: {other:?}"),
    }
}
