//! Credentials: offered, refused, replaced.

use serde_json::json;
use signalwire_relay_core::session::{SessionEvent, Target};
use signalwire_relay_core::{Certainty, Config, Credentials, Error};

use crate::fixture::{Fixture, SECOND, closed, config, raw};

#[test]
fn a_jwt_goes_alone() {
    let mut fixture = Fixture::new(&Config::new().project("p").token("t").jwt("j"));
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    assert_eq!(request["params"]["authentication"], json!({"jwt_token": "j"}));
    assert_eq!(request["params"].get("contexts"), None, "no contexts, no member");
}

#[test]
fn three_refusals_of_the_credentials_end_the_session_with_the_service_s_words() {
    let mut fixture = Fixture::new(&config());
    for attempt in 1..=3 {
        fixture.connected();
        let request = fixture.expect_sent("signalwire.connect");
        fixture.fail(&request, json!({"code": -32002, "message": "Authentication failed for PT-secret"}));
        assert_eq!(fixture.closes, attempt);
        if attempt < 3 {
            fixture.until_open();
        }
    }
    assert_eq!(fixture.opens, 3);
    assert_eq!(fixture.next, None, "nothing more is going to happen");
    match closed(&mut fixture) {
        Err(Error::AuthenticationFailed(rejected)) => {
            assert_eq!((rejected.attempts, rejected.code), (3, -32002));
            assert_eq!(rejected.message, "Authentication failed for ***", "the secret is struck out");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn credentials_that_were_accepted_before_are_offered_again_without_limit() {
    let mut fixture = Fixture::ready();
    fixture.disconnected();
    for _ in 0..6 {
        fixture.until_open();
        fixture.connected();
        let request = fixture.expect_sent("signalwire.connect");
        fixture.fail(&request, json!({"code": -32002, "message": "expired"}));
    }
    let params = fixture.reconnect("proto-9", false);
    assert_eq!(params.get("protocol"), None);
}

#[test]
fn new_credentials_are_those_to_reconnect_with_unless_they_are_refused() {
    let mut fixture = Fixture::ready();
    let next = |token: &str| Credentials::Token { project: "p-1".into(), token: token.into() };
    let change = |fixture: &mut Fixture, token: &str| {
        let target = Target::Reauthenticate { credentials: next(token), proof: Some("proof".into()) };
        let ticket = fixture.command(raw("signalwire.reauthenticate", target));
        (ticket, fixture.expect_sent("signalwire.reauthenticate"))
    };
    let (ticket, request) = change(&mut fixture, "PT-second");
    fixture.ok(&request);
    fixture.expect_reply(ticket).expect("accepted");
    fixture.disconnected();
    assert_eq!(fixture.reconnect("proto-1", true)["authentication"]["token"], "PT-second");

    let (ticket, request) = change(&mut fixture, "PT-third");
    fixture.fail(&request, json!({"code": -32002, "message": "neither PT-third nor PT-second nor proof"}));
    let error = fixture.expect_reply(ticket).expect_err("refused");
    assert!(error.to_string().contains("neither *** nor *** nor ***"), "{error}");
    fixture.disconnected();
    assert_eq!(fixture.reconnect("proto-1", true)["authentication"]["token"], "PT-second");

    // Made while there is no connection: what was to be replaced may not be good any more, even when the request itself
    // has come too late.
    fixture.disconnected();
    let target = Target::Reauthenticate { credentials: next("PT-fourth"), proof: None };
    let ticket = fixture.command(raw("signalwire.reauthenticate", target));
    fixture.pass(10 * SECOND);
    assert_eq!(fixture.expect_reply(ticket).expect_err("expired").certainty(), Certainty::NotSent);
    fixture.disconnected();
    assert_eq!(fixture.reconnect("proto-1", true)["authentication"]["token"], "PT-fourth");
}

#[test]
fn a_provider_is_asked_before_each_connection_and_a_failure_is_a_failed_attempt() {
    let asks = || async { Err::<Credentials, _>("the driver asks it, not the session") };
    let mut fixture = Fixture::new(&Config::new().host("example.test").credentials_from(asks));
    let asked = |fixture: &mut Fixture| {
        while fixture.events.is_empty() {
            let next = fixture.next.expect("the session tries again");
            fixture.pass(next.saturating_duration_since(fixture.now));
        }
        assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::CredentialsWanted)));
    };
    asked(&mut fixture);
    assert_eq!(fixture.opens, 0, "nothing is opened before");
    let answer = |fixture: &mut Fixture, answer: Result<&str, &str>| {
        let answer = answer.map(|jwt| Credentials::Jwt(jwt.into())).map_err(str::to_owned);
        fixture.session.handle_credentials(fixture.now, answer);
        fixture.drain();
    };
    answer(&mut fixture, Ok("first"));
    assert_eq!(fixture.opens, 1);
    assert_eq!(fixture.authenticate("proto-1", false)["authentication"], json!({"jwt_token": "first"}));
    fixture.disconnected();
    asked(&mut fixture);
    answer(&mut fixture, Err("no luck with first"));
    assert_eq!(&*fixture.expect_backoff().1, "there are no credentials: no luck with ***");
    asked(&mut fixture);
    fixture.pass(10 * SECOND);
    assert_eq!(&*fixture.expect_backoff().1, "the application gave no credentials within 10 s");
    answer(&mut fixture, Ok("too late"));
    assert_eq!(fixture.opens, 1);
    asked(&mut fixture);
    answer(&mut fixture, Ok("second"));
    assert_eq!(fixture.authenticate("proto-1", true)["authentication"], json!({"jwt_token": "second"}));
}

#[test]
fn credentials_of_a_provider_lose_the_white_space_around_them_and_must_be_whole() {
    let asks = || async { Err::<Credentials, _>("the driver asks it, not the session") };
    let answered = |jwt: &str| {
        let mut fixture = Fixture::new(&Config::new().host("example.test").credentials_from(asks));
        assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::CredentialsWanted)));
        fixture.session.handle_credentials(fixture.now, Ok(Credentials::Jwt(jwt.into())));
        fixture.drain();
        fixture
    };
    let authentication = answered(" jwt\n").authenticate("proto-1", false)["authentication"].clone();
    assert_eq!(authentication, json!({"jwt_token": "jwt"}), "as a file has it");
    for (bad, reason) in
        [("", "it is empty"), ("two\nlines", "a line break"), ("'quoted'", "quotation marks")]
    {
        let told = answered(bad).expect_backoff().1;
        assert!(
            told.starts_with("there are no credentials: invalid JWT: ") && told.contains(reason),
            "{told}"
        );
    }
}

#[test]
fn new_credentials_that_a_connection_is_refused_with_take_turns_with_those_before() {
    let mut fixture = Fixture::ready();
    fixture.disconnected();
    let credentials = Credentials::Jwt("wrong".into());
    fixture.command(raw("signalwire.reauthenticate", Target::Reauthenticate { credentials, proof: None }));
    let mut offered = Vec::new();
    for _ in 0..4 {
        fixture.until_open();
        fixture.connected();
        let request = fixture.expect_sent("signalwire.connect");
        let own = request["params"]["authentication"]["project"] == "p-1";
        offered.push(own);
        if own {
            fixture.reply(&request, json!({"protocol": "proto-2", "session_restored": false}));
            break;
        }
        fixture.fail(&request, json!({"code": -32002, "message": "no"}));
    }
    assert_eq!(offered, [false, true], "those that were accepted before come next");
}

#[test]
fn wrong_credentials_proposed_during_an_outage_cost_neither_the_session_nor_its_calls() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let credentials = Credentials::Jwt("wrong".into());
    let proposed = fixture
        .command(raw("signalwire.reauthenticate", Target::Reauthenticate { credentials, proof: None }));
    fixture.until_open();
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    assert_eq!(request["params"]["authentication"], json!({"jwt_token": "wrong"}));
    fixture.fail(&request, json!({"code": -32002, "message": "no"}));
    let params = fixture.reconnect("proto-1", true);
    assert_eq!(
        (&params["authentication"]["project"], &params["protocol"]),
        (&json!("p-1"), &json!("proto-1"))
    );
    let request = fixture.expect_sent("signalwire.reauthenticate");
    fixture.fail(&request, json!({"code": -32002, "message": "no"}));
    fixture.events.retain(|event| !matches!(event, SessionEvent::Reconnected { .. }));
    fixture.expect_reply(proposed).expect_err("they are wrong");
    fixture.expect_quiet();
    assert!(fixture.session.take(&"c1".into()), "the call goes on");
}

#[test]
fn a_session_that_nobody_knows_any_more_is_given_up_though_each_attempt_has_other_credentials() {
    let config = Config::new().credentials_from(|| async { Err::<Credentials, _>("not asked here") });
    let mut fixture = Fixture::new(&config);
    let answer = |fixture: &mut Fixture, number: u32| {
        while !matches!(fixture.events.pop_front(), Some(SessionEvent::CredentialsWanted)) {
            fixture.pass(SECOND);
        }
        let credentials = Credentials::Jwt(format!("token-{number}").into());
        fixture.session.handle_credentials(fixture.now, Ok(credentials));
        fixture.drain();
        fixture.connected();
        fixture.expect_sent("signalwire.connect")
    };
    let first = answer(&mut fixture, 0);
    fixture.reply(&first, json!({"protocol": "proto-1"}));
    fixture.disconnected();
    let mut with_session = 0;
    loop {
        let request = answer(&mut fixture, with_session + 1);
        if request["params"].get("protocol").is_none() {
            break;
        }
        with_session += 1;
        fixture.fail(&request, json!({"code": -32002, "message": "no"}));
    }
    assert_eq!(with_session, 3);
}

#[test]
fn credentials_that_a_session_was_resumed_with_do_not_replace_those_that_were_accepted() {
    let mut fixture = Fixture::ready();
    let credentials = Credentials::Jwt("wrong".into());
    fixture.command(raw("signalwire.reauthenticate", Target::Reauthenticate { credentials, proof: None }));
    fixture.sent.clear();
    fixture.disconnected();
    // A service that knows the session by its state may not look at the credentials.
    assert_eq!(fixture.reconnect("proto-1", true)["authentication"], json!({"jwt_token": "wrong"}));
    fixture.sent.clear();
    fixture.disconnected();
    fixture.until_open();
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    fixture.fail(&request, json!({"code": -32002, "message": "no"}));
    let params = fixture.reconnect("proto-1", true);
    assert_eq!(
        (&params["authentication"]["project"], &params["protocol"]),
        (&json!("p-1"), &json!("proto-1"))
    );
}
