//! What becomes of a request.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_core::session::{Command, MAX_QUEUED_REQUESTS, Stats, Target};
use signalwire_relay_core::{Certainty, Error};

use crate::fixture::{Fixture, MESSAGE, SECOND, config, raw};

#[test]
fn an_answer_reaches_who_asked() {
    let mut fixture = Fixture::ready();
    let first = fixture.command(raw("x.first", Target::Service));
    let second = fixture.command(raw("x.second", Target::Service));
    let (one, two) = (fixture.expect_sent("x.first"), fixture.expect_sent("x.second"));
    fixture.reply(&two, json!({"code": "201", "n": 2}));
    fixture.reply(&one, json!(null));
    fixture.reply(&one, json!({"code": "500"}));
    assert_eq!(fixture.expect_reply(second).expect("accepted").value(), json!({"code": "201", "n": 2}));
    assert_eq!(fixture.expect_reply(first).expect("accepted").value(), json!({"raw": null}));
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_refusal_is_told_with_its_code_and_without_secrets() {
    let mut fixture = Fixture::ready();
    let result = fixture.command(raw("x.y", Target::Service));
    let request = fixture.expect_sent("x.y");
    fixture.reply(&request, json!({"code": "409", "message": "p-1 and PT-secret say no"}));
    let error = fixture.expect_reply(result).expect_err("refused");
    assert_eq!((error.code(), error.certainty()), (Some(409), Certainty::Refused));
    assert_eq!(error.to_string(), "the service refused x.y: *** and *** say no (code 409)");
    let rpc = fixture.command(raw("x.y", Target::Service));
    let request = fixture.expect_sent("x.y");
    fixture.fail(&request, json!({"code": -32601, "message": "unknown method"}));
    assert_eq!(fixture.expect_reply(rpc).expect_err("refused").code(), Some(-32601));
}

#[test]
fn a_request_that_goes_unanswered_fails_alone() {
    let mut fixture = Fixture::ready();
    let lost = fixture.command(raw("x.lost", Target::Service));
    fixture.expect_sent("x.lost");
    fixture.pass(10 * SECOND);
    let error = fixture.expect_reply(lost).expect_err("expired");
    assert!(matches!(error, Error::TimedOut(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    let probe = fixture.expect_sent("signalwire.ping");
    let other = fixture.command(raw("x.other", Target::Service));
    let request = fixture.expect_sent("x.other");
    fixture.reply(&probe, json!({}));
    fixture.pass(9 * SECOND);
    fixture.ok(&request);
    fixture.expect_reply(other).expect("accepted");
    fixture.pass(5 * SECOND);
    assert_eq!(fixture.closes, 0, "the connection was not dropped");
}

#[test]
fn a_service_that_sends_but_does_not_answer_is_dropped() {
    let mut fixture = Fixture::ready();
    let lost = fixture.command(raw("x.lost", Target::Service));
    fixture.pass(10 * SECOND);
    fixture.expect_reply(lost).expect_err("expired");
    for number in 0..9 {
        fixture.pass(SECOND);
        fixture.receive_json(&json!({"id": number, "method": "signalwire.ping"}));
    }
    assert_eq!(fixture.closes, 0);
    fixture.pass(SECOND);
    assert_eq!(fixture.closes, 1);
}

#[test]
fn a_limit_of_its_own_holds_for_a_request() {
    let mut fixture = Fixture::ready();
    let slow = fixture.command(raw("x.slow", Target::Service).timeout(Duration::from_secs(25)));
    let request = fixture.expect_sent("x.slow");
    fixture.pass(24 * SECOND);
    fixture.expect_quiet();
    fixture.ok(&request);
    fixture.expect_reply(slow).expect("accepted");
}

#[test]
fn requests_made_offline_are_sent_in_order_after_authentication() {
    let mut fixture = Fixture::new(&config());
    let tickets = ["x.a", "x.b", "x.c"].map(|method| fixture.command(raw(method, Target::Service)));
    fixture.connected();
    assert_eq!(fixture.sent.len(), 1, "only the credentials are sent before they are accepted");
    let request = fixture.expect_sent("signalwire.connect");
    let early = fixture.command(raw("x.d", Target::Service));
    fixture.reply(&request, json!({"protocol": "p"}));
    let requests = ["x.a", "x.b", "x.c", "x.d"].map(|method| fixture.expect_sent(method));
    for (request, ticket) in requests.iter().zip(tickets.into_iter().chain([early])) {
        fixture.ok(request);
        fixture.expect_reply(ticket).expect("accepted");
    }
}

#[test]
fn a_request_that_expires_offline_was_not_sent_and_never_will_be() {
    let mut fixture = Fixture::new(&config());
    let ticket = fixture.command(raw("x.y", Target::Service));
    fixture.pass(10 * SECOND);
    assert_eq!(fixture.expect_reply(ticket).expect_err("expired").certainty(), Certainty::NotSent);
    fixture.reconnect("p", false);
    fixture.expect_nothing_sent();
}

#[test]
fn the_queue_for_offline_requests_has_a_bound() {
    let mut fixture = Fixture::new(&config());
    for _ in 0..MAX_QUEUED_REQUESTS {
        fixture.command(raw("x.y", Target::Service));
    }
    fixture.expect_quiet();
    let over = fixture.command(raw("x.y", Target::Service));
    let error = fixture.expect_reply(over).expect_err("full");
    assert!(matches!(error, Error::QueueFull(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_cut_before_sending_keeps_the_request_and_a_cut_after_it_does_not_repeat_it() {
    let mut fixture = Fixture::ready();
    let after = fixture.command(raw("x.after", Target::Service));
    fixture.expect_sent("x.after");
    // Taken on, but the connection breaks before the output is drained.
    let before = fixture.ticket();
    fixture.session.command(fixture.now, before, raw("x.before", Target::Service));
    fixture.disconnected();
    let error = fixture.expect_reply(after).expect_err("lost");
    assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    fixture.expect_quiet();
    fixture.pass(2 * SECOND);
    fixture.authenticate("proto-1", true);
    let request = fixture.expect_sent("x.before");
    fixture.expect_nothing_sent();
    fixture.ok(&request);
    fixture.expect_reply(before).expect("accepted");
}

#[test]
fn a_late_answer_changes_nothing() {
    let mut fixture = Fixture::ready();
    let ticket = fixture.command(raw("x.y", Target::Service));
    let request = fixture.expect_sent("x.y");
    fixture.pass(10 * SECOND);
    fixture.expect_reply(ticket).expect_err("expired");
    fixture.ok(&request);
    fixture.expect_quiet();
}

#[test]
fn an_abandoned_request_is_taken_back_if_it_has_not_left() {
    let mut fixture = Fixture::new(&config());
    let ticket = fixture.command(raw("x.y", Target::Service));
    fixture.session.abandon(fixture.now, ticket);
    assert_eq!(fixture.session.stats().requests, 0);
    fixture.authenticate("p", false);
    fixture.expect_nothing_sent();
    let sent = fixture.command(raw("x.y", Target::Service));
    fixture.session.abandon(fixture.now, sent);
    let request = fixture.expect_sent("x.y");
    fixture.ok(&request);
    fixture.expect_reply(sent).expect("what has left stands");
}

#[test]
fn parameters_that_are_no_object_are_refused() {
    for bad in ["", "7", "[]", "{", "{}{}", "null"] {
        let error = Command::raw("x.y", Target::Service, bad.to_owned()).expect_err(bad);
        assert_eq!(error.field, "params");
    }
}

#[test]
fn an_answer_that_comes_too_late_still_shows_that_the_service_hears() {
    let mut fixture = Fixture::ready();
    let lost = fixture.command(raw("x.lost", Target::Service));
    let request = fixture.expect_sent("x.lost");
    fixture.pass(10 * SECOND);
    fixture.expect_reply(lost).expect_err("expired");
    fixture.pass(5 * SECOND);
    fixture.ok(&request);
    fixture.pass(10 * SECOND);
    assert_eq!(fixture.closes, 0);
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
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let (refused, other) =
            (fixture.call_command("calling.play", "c1"), fixture.call_command("calling.hold", "c1"));
        let (request, sent) = (fixture.expect_sent("calling.play"), fixture.expect_sent("calling.hold"));
        for _ in 0..2 {
            fixture.receive(&format!(r#"{{"jsonrpc":"2.0","id":{},{odd}}}"#, request["id"]));
        }
        let error = fixture.expect_reply(refused).expect_err(odd);
        assert!(matches!(error, Error::ServiceError(_)), "{odd}: {error}");
        let unknown = ["500", "-32000"].iter().any(|code| odd.contains(code));
        assert_eq!(error.certainty() == Certainty::Unknown, unknown, "{odd}");
        fixture.expect_quiet();
        fixture.ok(&sent);
        fixture.expect_reply(other).expect("accepted");
        fixture.pass(20 * SECOND);
        fixture.expect_quiet();
        assert_eq!((fixture.closes, fixture.session.stats().calls), (0, 1), "{odd}");
    }
}

#[test]
fn an_error_of_any_shape_refuses_the_connection() {
    let transient = |odd: &str| ["500", "-32000"].iter().any(|code| odd.contains(code));
    for odd in ODD_ERRORS.iter().filter(|odd| !transient(odd)) {
        let mut fixture = Fixture::new(&config());
        for _ in 0..3 {
            fixture.connected();
            let request = fixture.expect_sent("signalwire.connect");
            fixture.receive(&format!(r#"{{"id":{},{odd}}}"#, request["id"]));
            if fixture.next.is_some() {
                fixture.until_open();
            }
        }
        let end = fixture.events.pop_back();
        assert!(
            matches!(
                &end,
                Some(signalwire_relay_core::session::SessionEvent::Closed(Err(Error::AuthenticationFailed(
                    _
                ))))
            ),
            "{odd}: {end:?}"
        );
    }
}

#[test]
fn the_session_s_own_questions_do_not_depend_on_the_patience_of_the_application() {
    let mut fixture = Fixture::new(&config().request_timeout(Duration::ZERO));
    fixture.authenticate("proto-1", false);
    fixture.offer("c1");
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.pass(SECOND);
    let questions =
        fixture.sent.iter().filter(|frame| frame["method"] == "calling.clear_digit_bindings").count();
    assert_eq!(questions, 1);
}

#[test]
fn a_request_for_contexts_keeps_its_other_parameters() {
    let mut fixture = Fixture::ready();
    let target = Target::Receive(vec!["x".to_owned()]);
    fixture
        .command(Command::raw("signalwire.receive", target, r#"{"more":1}"#.to_owned()).expect("an object"));
    assert_eq!(fixture.expect_sent("signalwire.receive")["params"], json!({"contexts": ["x"], "more": 1}));
}

#[test]
fn members_that_follow_from_the_target_are_refused_in_the_parameters() {
    let call = || Target::Call("c1".into());
    let control = || Target::Control { call_id: "c1".into(), control_id: "k".into() };
    let contexts = || vec!["office".to_owned()];
    for (target, member) in [
        (call(), "call_id"),
        (call(), "node_id"),
        (control(), "control_id"),
        (Target::Dial { tag: None }, "tag"),
        (Target::Receive(contexts()), "contexts"),
        (Target::Unreceive(contexts()), "contexts"),
    ] {
        let refused = Command::raw("x.y", target, json!({ member: "z" }).to_string());
        assert_eq!(refused.expect_err("it follows from the target").field, member);
    }
    let message = MESSAGE;
    let own = Command::raw("messaging.send", message, json!({"context": "office"}).to_string());
    let mut fixture = Fixture::ready();
    fixture.command(own.expect("a message may name its context"));
    assert_eq!(fixture.expect_sent("messaging.send")["params"], json!({"context": "office"}));
}
