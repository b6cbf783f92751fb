//! What becomes of a request.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_core::session::{Command, OFFLINE_QUEUE_LIMIT, Stats, Target};
use signalwire_relay_core::{Certainty, Error};

use crate::rig::{Rig, SECOND, config, raw};

#[test]
fn an_answer_reaches_who_asked() {
    let mut rig = Rig::ready();
    let first = rig.command(raw("x.first", Target::Service));
    let second = rig.command(raw("x.second", Target::Service));
    let (one, two) = (rig.expect_sent("x.first"), rig.expect_sent("x.second"));
    rig.reply(&two, json!({"code": "201", "n": 2}));
    rig.reply(&one, json!(null));
    rig.reply(&one, json!({"code": "500"}));
    assert_eq!(rig.expect_reply(second).expect("accepted").value(), json!({"code": "201", "n": 2}));
    assert_eq!(rig.expect_reply(first).expect("accepted").value(), json!({"raw": null}));
    rig.expect_quiet();
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_refusal_is_told_with_its_code_and_without_secrets() {
    let mut rig = Rig::ready();
    let result = rig.command(raw("x.y", Target::Service));
    let request = rig.expect_sent("x.y");
    rig.reply(&request, json!({"code": "409", "message": "p-1 and PT-secret say no"}));
    let error = rig.expect_reply(result).expect_err("refused");
    assert_eq!((error.code(), error.certainty()), (Some(409), Certainty::Refused));
    assert_eq!(error.to_string(), "the service refused x.y: *** and *** say no (code 409)");
    let rpc = rig.command(raw("x.y", Target::Service));
    let request = rig.expect_sent("x.y");
    rig.fail(&request, json!({"code": -32601, "message": "unknown method"}));
    assert_eq!(rig.expect_reply(rpc).expect_err("refused").code(), Some(-32601));
}

#[test]
fn a_request_that_goes_unanswered_fails_alone() {
    let mut rig = Rig::ready();
    let lost = rig.command(raw("x.lost", Target::Service));
    rig.expect_sent("x.lost");
    rig.pass(10 * SECOND);
    let error = rig.expect_reply(lost).expect_err("expired");
    assert!(matches!(error, Error::TimedOut(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    let probe = rig.expect_sent("signalwire.ping");
    let other = rig.command(raw("x.other", Target::Service));
    let request = rig.expect_sent("x.other");
    rig.reply(&probe, json!({}));
    rig.pass(9 * SECOND);
    rig.ok(&request);
    rig.expect_reply(other).expect("accepted");
    rig.pass(5 * SECOND);
    assert_eq!(rig.closes, 0, "the connection was not dropped");
}

#[test]
fn a_service_that_sends_but_does_not_answer_is_dropped() {
    let mut rig = Rig::ready();
    let lost = rig.command(raw("x.lost", Target::Service));
    rig.pass(10 * SECOND);
    rig.expect_reply(lost).expect_err("expired");
    for number in 0..9 {
        rig.pass(SECOND);
        rig.receive_json(&json!({"id": number, "method": "signalwire.ping"}));
    }
    assert_eq!(rig.closes, 0);
    rig.pass(SECOND);
    assert_eq!(rig.closes, 1);
}

#[test]
fn a_limit_of_its_own_holds_for_a_request() {
    let mut rig = Rig::ready();
    let slow = rig.command(raw("x.slow", Target::Service).timeout(Duration::from_secs(25)));
    let request = rig.expect_sent("x.slow");
    rig.pass(24 * SECOND);
    rig.expect_quiet();
    rig.ok(&request);
    rig.expect_reply(slow).expect("accepted");
}

#[test]
fn requests_made_offline_are_sent_in_order_after_authentication() {
    let mut rig = Rig::new(&config());
    let tickets = ["x.a", "x.b", "x.c"].map(|method| rig.command(raw(method, Target::Service)));
    rig.connected();
    assert_eq!(rig.sent.len(), 1, "only the credentials are sent before they are accepted");
    let request = rig.expect_sent("signalwire.connect");
    let early = rig.command(raw("x.d", Target::Service));
    rig.reply(&request, json!({"protocol": "p"}));
    let requests = ["x.a", "x.b", "x.c", "x.d"].map(|method| rig.expect_sent(method));
    for (request, ticket) in requests.iter().zip(tickets.into_iter().chain([early])) {
        rig.ok(request);
        rig.expect_reply(ticket).expect("accepted");
    }
}

#[test]
fn a_request_that_expires_offline_was_not_sent_and_never_will_be() {
    let mut rig = Rig::new(&config());
    let ticket = rig.command(raw("x.y", Target::Service));
    rig.pass(10 * SECOND);
    assert_eq!(rig.expect_reply(ticket).expect_err("expired").certainty(), Certainty::NotSent);
    rig.reconnect("p", false);
    rig.expect_nothing_sent();
}

#[test]
fn the_queue_for_offline_requests_has_a_bound() {
    let mut rig = Rig::new(&config());
    for _ in 0..OFFLINE_QUEUE_LIMIT {
        rig.command(raw("x.y", Target::Service));
    }
    rig.expect_quiet();
    let over = rig.command(raw("x.y", Target::Service));
    let error = rig.expect_reply(over).expect_err("full");
    assert!(matches!(error, Error::QueueFull(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_cut_before_sending_keeps_the_request_and_a_cut_after_it_does_not_repeat_it() {
    let mut rig = Rig::ready();
    let after = rig.command(raw("x.after", Target::Service));
    rig.expect_sent("x.after");
    // Taken on, but the connection breaks before the output is drained.
    let before = rig.ticket();
    rig.session.command(rig.now, before, raw("x.before", Target::Service));
    rig.disconnected();
    let error = rig.expect_reply(after).expect_err("lost");
    assert!(matches!(error, Error::Lost(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    rig.expect_quiet();
    rig.pass(2 * SECOND);
    rig.authenticate("proto-1", true);
    let request = rig.expect_sent("x.before");
    rig.expect_nothing_sent();
    rig.ok(&request);
    rig.expect_reply(before).expect("accepted");
}

#[test]
fn a_late_answer_changes_nothing() {
    let mut rig = Rig::ready();
    let ticket = rig.command(raw("x.y", Target::Service));
    let request = rig.expect_sent("x.y");
    rig.pass(10 * SECOND);
    rig.expect_reply(ticket).expect_err("expired");
    rig.ok(&request);
    rig.expect_quiet();
}

#[test]
fn an_abandoned_request_is_taken_back_if_it_has_not_left() {
    let mut rig = Rig::new(&config());
    let ticket = rig.command(raw("x.y", Target::Service));
    rig.session.abandon(rig.now, ticket);
    assert_eq!(rig.session.stats().requests, 0);
    rig.authenticate("p", false);
    rig.expect_nothing_sent();
    let sent = rig.command(raw("x.y", Target::Service));
    rig.session.abandon(rig.now, sent);
    let request = rig.expect_sent("x.y");
    rig.ok(&request);
    rig.expect_reply(sent).expect("what has left stands");
}

#[test]
fn parameters_that_are_no_object_are_refused() {
    for bad in ["", "7", "[]", "{", "{}{}", "null"] {
        let error = Command::raw("x.y", Target::Service, bad.to_owned()).expect_err(bad);
        assert_eq!(error.field, "params");
    }
}

#[test]
fn alarms_go_off_once_and_can_be_taken_back() {
    let mut rig = Rig::ready();
    let (one, two) = (rig.ticket(), rig.ticket());
    rig.session.set_alarm(rig.now, one, 2 * SECOND);
    rig.session.set_alarm(rig.now, two, 2 * SECOND);
    rig.session.set_alarm(rig.now, two, Duration::MAX);
    rig.session.cancel_alarm(two);
    rig.drain();
    rig.pass(5 * SECOND);
    assert_eq!(rig.events.len(), 1);
    assert_eq!(rig.session.stats().alarms, 0);
}

#[test]
fn an_answer_that_comes_too_late_still_shows_that_the_service_hears() {
    let mut rig = Rig::ready();
    let lost = rig.command(raw("x.lost", Target::Service));
    let request = rig.expect_sent("x.lost");
    rig.pass(10 * SECOND);
    rig.expect_reply(lost).expect_err("expired");
    rig.pass(5 * SECOND);
    rig.ok(&request);
    rig.pass(10 * SECOND);
    assert_eq!(rig.closes, 0);
}

/// Each is the end of a frame that begins with the id of the request.
const ODD_ERRORS: &[&str] = &[
    r#""error":"no""#,
    r#""error":"""#,
    r#""error":7"#,
    r#""error":-1.5e300"#,
    r#""error":true"#,
    r#""error":[]"#,
    r#""error":[404,"gone"]"#,
    r#""error":{}"#,
    r#""error":{"code":null,"message":null}"#,
    r#""error":{"code":"-32000"}"#,
    r#""error":{"code":"minus one","message":["a",{"b":"c"}]}"#,
    r#""error":{"code":{},"message":7}"#,
    r#""error":{"code":99999999999999999999999999,"message":"too large"}"#,
    r#""error":{"code":1e999,"message":"\ud83d"}"#,
    r#""error":{"code":-32602,"message":"","data":[[[[]]]]}"#,
    r#""error":{"code":500},"result":{"code":"200"}"#,
    r#""error":{"code":500},"method":"calling.play","params":{}"#,
    r#""result":{"code":"oops"}"#,
    r#""result":{"code":""}"#,
    r#""result":{"code":-1,"message":{"text":"no"}}"#,
    r#""result":{"code":true}"#,
    r#""result":{"code":[200]}"#,
    r#""result":{"code":{"code":"200"}}"#,
    r#""result":{"code":"2000","message":"almost"}"#,
    r#""result":{"code":1e999}"#,
    r#""result":{"code":"404 ","message":"with a space"}"#,
    r#""result":{"code":"500"},"error":null"#,
];

#[test]
fn an_error_of_any_shape_ends_its_request_and_nothing_else() {
    for odd in ODD_ERRORS {
        let mut rig = Rig::ready();
        rig.offer("c1");
        let (refused, other) =
            (rig.call_command("calling.play", "c1"), rig.call_command("calling.hold", "c1"));
        let (request, sent) = (rig.expect_sent("calling.play"), rig.expect_sent("calling.hold"));
        for _ in 0..2 {
            rig.receive(&format!(r#"{{"jsonrpc":"2.0","id":{},{odd}}}"#, request["id"]));
        }
        let error = rig.expect_reply(refused).expect_err(odd);
        assert!(matches!(error, Error::Refused(_)), "{odd}: {error}");
        let unknown = ["500", "-32000"].iter().any(|code| odd.contains(code));
        assert_eq!(error.certainty() == Certainty::Unknown, unknown, "{odd}");
        rig.expect_quiet();
        rig.ok(&sent);
        rig.expect_reply(other).expect("accepted");
        rig.pass(20 * SECOND);
        rig.expect_quiet();
        assert_eq!((rig.closes, rig.session.stats().calls), (0, 1), "{odd}");
    }
}

#[test]
fn an_error_of_any_shape_refuses_the_connection() {
    let transient = |odd: &str| ["500", "-32000"].iter().any(|code| odd.contains(code));
    for odd in ODD_ERRORS.iter().filter(|odd| !transient(odd)) {
        let mut rig = Rig::new(&config());
        for _ in 0..3 {
            rig.connected();
            let request = rig.expect_sent("signalwire.connect");
            rig.receive(&format!(r#"{{"id":{},{odd}}}"#, request["id"]));
            if rig.next.is_some() {
                rig.until_open();
            }
        }
        let end = rig.events.pop_back();
        assert!(
            matches!(
                &end,
                Some(signalwire_relay_core::session::SessionEvent::Closed(Err(Error::Rejected(_))))
            ),
            "{odd}: {end:?}"
        );
    }
}

#[test]
fn the_session_s_own_questions_do_not_depend_on_the_patience_of_the_application() {
    let mut rig = Rig::new(&config().request_timeout(Duration::ZERO));
    rig.authenticate("proto-1", false);
    rig.offer("c1");
    rig.disconnected();
    rig.reconnect("proto-1", true);
    rig.pass(SECOND);
    let questions = rig.sent.iter().filter(|frame| frame["method"] == "calling.clear_digit_bindings").count();
    assert_eq!(questions, 1);
}

#[test]
fn a_request_for_contexts_keeps_its_other_parameters() {
    let mut rig = Rig::ready();
    let target = Target::Receive(vec!["x".to_owned()]);
    rig.command(Command::raw("signalwire.receive", target, r#"{"more":1}"#.to_owned()).expect("an object"));
    assert_eq!(rig.expect_sent("signalwire.receive")["params"], json!({"contexts": ["x"], "more": 1}));
}
