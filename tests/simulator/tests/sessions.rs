//! Logging in, resuming, losing the line.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, Reading, Report, Scenario, Violation};
use support::{Bench, at, log_in, quiet, tts};

fn caller() -> Caller {
    Caller::new("+15551110000", "+15552220000")
}

fn connect(bench: &mut Bench, params: Value) -> Value {
    let client = bench.service.handle_connected(bench.now);
    bench.request(client, "signalwire.connect", params)
}

/// Returns `true` if the last login resumed a session.
fn resumed(bench: &Bench) -> bool {
    let login = bench.reports.iter().rev().find_map(|report| match report {
        Report::ClientAuthenticated { resumed, .. } => Some(*resumed),
        _ => None,
    });
    login.expect("somebody logged in")
}

#[test]
fn only_known_credentials_are_let_in() {
    let mut bench = Bench::new(quiet().credential("p", "t").jwt_token("j"));
    let mut with = |authentication: Value| {
        let mut params = log_in(&[]);
        params["authentication"] = authentication;
        connect(&mut bench, params)
    };
    assert!(with(json!({"project": "p", "token": "t"}))["result"]["protocol"].is_string());
    assert!(with(json!({"jwt_token": "j"}))["result"]["protocol"].is_string());
    assert_eq!(with(json!({"project": "p", "token": "demo-token"}))["error"]["code"], -32002);
    assert_eq!(with(json!({"jwt_token": "other"}))["error"]["code"], -32002);
    let empty = with(json!({}));
    assert_eq!(empty["error"]["code"], -32602);
    assert_eq!(empty["error"]["data"]["signalwire_error_code"], "AUTH_REQUIRED");
}

#[test]
fn nothing_works_before_logging_in() {
    let mut bench = Bench::new(quiet());
    let client = bench.service.handle_connected(bench.now);
    assert_eq!(bench.code(client, "signalwire.receive", json!({"contexts": ["a"]})), "-32002");
    assert_eq!(bench.code(client, "calling.nonsense", json!({})), "-32601");
    let pong = bench.request(client, "signalwire.ping", json!({"timestamp": 3, "payload": "x"}));
    assert_eq!(pong["result"], json!({"timestamp": 3, "payload": "x"}));
}

#[test]
fn a_session_is_resumed_with_what_it_missed() {
    for reading in [Reading::Specification, Reading::Sdks] {
        resumed_with_what_it_missed(reading);
    }
}

fn resumed_with_what_it_missed(reading: Reading) {
    let mut bench = Bench::new(quiet().reading(reading).caller(caller()));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts("hello")})));
    let protocol = bench.frames[0].1["result"]["protocol"].clone();
    let state = bench.events("signalwire.authorization.state")[0]["authorization_state"].clone();
    bench.service.cut(bench.now, client);
    bench.run(10.0);
    assert_eq!(bench.closed, [(client, 1006)]);
    bench.frames.clear();
    // The state vouches even where the token has gone stale.
    let mut params = log_in(&["default"]);
    params["protocol"] = protocol.clone();
    params["authorization_state"] = state;
    params["authentication"]["token"] = "stale".into();
    let reply = connect(&mut bench, params);
    assert!(resumed(&bench));
    assert_eq!(reply["result"]["protocol"], protocol);
    match reading {
        Reading::Sdks => {
            assert_eq!(reply["result"]["session_restored"], true);
            let story = ["reply", "signalwire.authorization.state", "calling.call.play finished"];
            assert_eq!(bench.story(), story);
        }
        _ => assert_eq!(bench.story(), ["reply", "calling.call.play finished"]),
    }
    let again = bench.service.connections().next().expect("connected");
    bench.ok(again, "calling.end", at(&call, json!({})));
}

#[test]
fn a_damaged_authorization_state_falls_back_to_the_credentials() {
    let mut bench = Bench::new(quiet());
    bench.client(&[]);
    let mut params = log_in(&[]);
    params["protocol"] = bench.frames[0].1["result"]["protocol"].clone();
    params["authorization_state"] = "rubbish".into();
    connect(&mut bench, params.clone());
    assert!(resumed(&bench));
    // The connection that the session had is taken away from it.
    assert_eq!(bench.closed.len(), 1);
    params["authentication"]["token"] = "wrong".into();
    assert_eq!(connect(&mut bench, params)["error"]["code"], -32002);
}

#[test]
fn an_unknown_protocol_gets_a_new_session() {
    let mut bench = Bench::new(quiet());
    let mut params = log_in(&[]);
    params["protocol"] = "signalwire_unheard_of".into();
    let reply = connect(&mut bench, params);
    assert!(!resumed(&bench));
    assert_ne!(reply["result"]["protocol"], "signalwire_unheard_of");
}

#[test]
fn a_session_that_nobody_resumes_loses_its_calls() {
    let mut bench = Bench::new(quiet().caller(caller()));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    bench.service.handle_disconnected(bench.now, client);
    bench.run(59.0);
    assert!(bench.service.call(&call).expect("standing").end_reason.is_none());
    bench.run(2.0);
    assert_eq!(bench.service.call(&call).expect("remembered").end_reason.as_deref(), Some("error"));
}

#[test]
fn an_offer_outlives_the_session_it_was_made_to() {
    let mut bench = Bench::new(quiet().session_lifetime(Duration::from_secs(5)));
    let one = bench.client(&["default"]);
    let call = bench.service.place_call(bench.now, caller());
    let two = bench.client(&["default"]);
    bench.service.cut(bench.now, one);
    bench.run(6.0);
    assert_eq!(bench.service.call(&call).expect("standing").controller, Some(two));
}

#[test]
fn a_disconnect_closes_when_it_is_answered_or_after_five_seconds() {
    for acks in [true, false] {
        let mut bench = Bench::new(quiet());
        let client = bench.client(&[]);
        bench.acks = acks;
        bench.service.send_disconnect(bench.now, Some(false));
        bench.run(4.9);
        assert_eq!(bench.closed.len(), usize::from(acks));
        bench.run(0.2);
        assert_eq!(bench.closed, [(client, 1000)]);
    }
}

#[test]
fn a_disconnect_with_restart_forgets_the_session() {
    let mut bench = Bench::new(quiet().caller(caller()));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    let protocol = bench.frames[0].1["result"]["protocol"].clone();
    bench.service.send_disconnect(bench.now, Some(true));
    bench.settle();
    assert_eq!(bench.service.call(&call).expect("remembered").end_reason.as_deref(), Some("error"));
    let mut params = log_in(&[]);
    params["protocol"] = protocol;
    connect(&mut bench, params);
    assert!(!resumed(&bench));
}

#[test]
fn the_service_pings_and_notices_silence() {
    let mut bench = Bench::new(Scenario::new());
    bench.client(&[]);
    bench.run(35.0);
    assert_eq!(bench.story().iter().filter(|frame| *frame == "signalwire.ping").count(), 3);
    assert!(bench.service.violations().is_empty());
    bench.acks = false;
    bench.run(20.0);
    assert!(matches!(bench.service.violations()[0], Violation::PingOverdue { .. }));
}

#[test]
fn a_missing_acknowledgement_is_a_violation() {
    let mut bench = Bench::new(quiet());
    bench.acks = false;
    let client = bench.client(&[]);
    bench.service.handle_text(bench.now, client, r#"{"jsonrpc":"2.0","id":"nobody","result":{}}"#);
    bench.run(11.0);
    let violations = bench.service.violations();
    assert!(matches!(&violations[0], Violation::UnknownAck { id, .. } if id == "nobody"));
    assert!(matches!(&violations[1], Violation::AckOverdue { .. }));
    assert_eq!(violations.len(), 2);
}

#[test]
fn contexts_come_and_go() {
    let mut bench = Bench::new(quiet().unpaid_context("gold"));
    let client = bench.client(&["a"]);
    bench.ok(client, "signalwire.receive", json!({"contexts": ["b", "c"]}));
    bench.ok(client, "calling.receive", json!({"context": "d"}));
    bench.ok(client, "signalwire.unreceive", json!({"contexts": ["b"]}));
    assert_eq!(bench.service.contexts(client), ["a", "c", "d"]);
    assert_eq!(bench.code(client, "signalwire.receive", json!({"contexts": ["gold"]})), "402");
    assert_eq!(bench.code(client, "signalwire.receive", json!({"contexts": []})), "400");
}

#[test]
fn a_resumed_session_gets_unacknowledged_events_again_if_that_is_wanted() {
    for redeliver in [false, true] {
        let mut bench = Bench::new(quiet().caller(caller()).redeliver(redeliver));
        let client = bench.client(&["default"]);
        let protocol = bench.frames[0].1["result"]["protocol"].clone();
        bench.acks = false;
        let call = bench.answered_call(client);
        bench.run(20.0);
        bench.service.cut(bench.now, client);
        bench.frames.clear();
        bench.acks = true;
        let mut params = log_in(&["default"]);
        params["protocol"] = protocol;
        connect(&mut bench, params);
        assert!(resumed(&bench));
        let states = bench.events("calling.call.state");
        let redelivered: Vec<_> = states.iter().filter_map(|state| state["call_state"].as_str()).collect();
        assert_eq!(redelivered, if redeliver { vec!["answered"] } else { vec![] }, "of {call}");
        assert_eq!(bench.events("signalwire.authorization.state").len(), 1, "only the new one");
    }
}

fn resume(bench: &mut Bench, protocol: &Value, contexts: &[&str]) -> Value {
    let mut params = log_in(contexts);
    params["protocol"] = protocol.clone();
    connect(bench, params)
}

#[test]
fn credentials_have_one_form() {
    let mut bench = Bench::new(quiet());
    for other in ["project", "token"] {
        let mut params = log_in(&[]);
        params["authentication"] = json!({"jwt_token": "demo-jwt"});
        params["authentication"][other] = format!("demo-{other}").into();
        let answer = connect(&mut bench, params);
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    assert_eq!(bench.service.violations().len(), 2);
    let client = bench.client(&[]);
    let mut again = |authentication: Value| {
        let params = json!({"authentication": authentication});
        bench.request(client, "signalwire.reauthenticate", params)
    };
    let both = json!({"jwt_token": "demo-jwt", "project": "demo-project"});
    assert!(again(both)["result"].is_object(), "a new JWT may name its project");
    let mixed = json!({"jwt_token": "demo-jwt", "token": "demo-token"});
    assert_eq!(again(mixed)["error"]["code"], -32602);
}

#[test]
fn events_are_to_be_acknowledged() {
    let mut bench = Bench::new(quiet());
    let mut params = log_in(&[]);
    params["event_acks"] = false.into();
    assert!(connect(&mut bench, params.clone())["result"].is_object());
    assert!(matches!(bench.service.violations(), [Violation::BadConnect { .. }]));
    for optional in ["event_acks", "agent"] {
        params.as_object_mut().expect("an object").remove(optional);
        assert!(connect(&mut bench, params.clone())["result"].is_object(), "{optional} may be left out");
    }
    assert_eq!(bench.service.violations().len(), 1);
}

#[test]
fn a_version_that_does_not_exist_is_refused_in_the_specification() {
    let versions =
        [(2, 0, true), (3, 0, true), (4, 0, true), (0, 0, true), (5, 0, false), (2, 1, false), (4, 1, false)];
    for reading in [Reading::Specification, Reading::Sdks] {
        for (major, minor, exists) in versions {
            let mut bench = Bench::new(quiet().reading(reading));
            let mut params = log_in(&[]);
            params["version"] = json!({"major": major, "minor": minor, "revision": 0});
            let reply = connect(&mut bench, params);
            if exists || reading == Reading::Sdks {
                assert!(reply["result"]["protocol"].is_string(), "{major}.{minor}: {reply}");
            } else {
                assert_eq!(reply["error"]["code"], -32001, "{major}.{minor}");
            }
        }
    }
    let mut params = log_in(&[]);
    params["version"] = json!({"major": "2"});
    assert_eq!(connect(&mut Bench::new(quiet()), params)["error"]["code"], -32602);
}

#[test]
fn contexts_of_a_version_4_client_come_with_connect_only() {
    for (reading, code) in [(Reading::Specification, "-32001"), (Reading::Sdks, "200")] {
        let mut bench = Bench::new(quiet().reading(reading));
        let mut params = log_in(&["a"]);
        params["version"] = json!({"major": 4, "minor": 0, "revision": 0});
        let client = bench.service.handle_connected(bench.now);
        bench.request(client, "signalwire.connect", params);
        assert_eq!(bench.service.contexts(client), ["a"]);
        for method in ["signalwire.receive", "signalwire.unreceive"] {
            assert_eq!(bench.code(client, method, json!({"contexts": ["a"]})), code, "{reading:?} {method}");
        }
    }
}

#[test]
fn an_authorization_state_without_a_protocol_is_refused_in_the_specification() {
    for (reading, refused) in [(Reading::Specification, true), (Reading::Sdks, false)] {
        let mut bench = Bench::new(quiet().reading(reading));
        let mut params = log_in(&[]);
        params["authorization_state"] = "abc:def==".into();
        let reply = connect(&mut bench, params);
        assert_eq!(reply["error"]["code"] == -32602, refused, "{reply}");
    }
}

#[test]
fn the_result_of_connect_has_the_members_of_its_reading() {
    for reading in [Reading::Specification, Reading::Sdks] {
        let mut bench = Bench::new(quiet().reading(reading));
        let result = connect(&mut bench, log_in(&[]))["result"].take();
        let protocol = result["protocol"].as_str().expect("a protocol");
        let signature = protocol.split('_').nth(1).expect("a second part");
        assert_eq!(result["authorization"], json!({"project": "demo-project", "signature": signature}));
        for older in ["session_restored", "sessionid", "nodeid", "master_nodeid"] {
            assert_eq!(result[older].is_null(), reading == Reading::Specification, "{older}");
        }
        let servers = result["ice_servers"].as_array().map_or(0, Vec::len);
        assert_eq!(servers, usize::from(reading == Reading::Specification));
    }
}

#[test]
fn a_resume_by_credentials_brings_a_new_authorization_state() {
    let mut bench = Bench::new(quiet());
    bench.client(&[]);
    let protocol = bench.frames[0].1["result"]["protocol"].clone();
    let first = bench.events("signalwire.authorization.state")[0]["authorization_state"].clone();
    resume(&mut bench, &protocol, &[]);
    assert!(resumed(&bench));
    let states = bench.events("signalwire.authorization.state");
    assert_eq!(states.len(), 2);
    assert_ne!(states[1]["authorization_state"], first);
}

#[test]
fn an_authorization_state_stays_good_after_a_resume() {
    let mut bench = Bench::new(quiet());
    bench.client(&[]);
    let mut params = log_in(&[]);
    params["protocol"] = bench.frames[0].1["result"]["protocol"].clone();
    params["authorization_state"] =
        bench.events("signalwire.authorization.state")[0]["authorization_state"].clone();
    params["authentication"]["token"] = "stale".into();
    for _ in 0..3 {
        assert!(connect(&mut bench, params.clone())["result"].is_object());
        assert!(resumed(&bench));
    }
    assert_eq!(bench.events("signalwire.authorization.state").len(), 1);
}

#[test]
fn a_single_context_can_be_subscribed_to() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let text = "Receiving all inbound related to the requested relay contexts and available scopes";
    assert_eq!(bench.ok(client, "signalwire.receive", json!({"context": "a"}))["message"], text);
    bench.ok(client, "signalwire.receive", json!({"context": "b", "contexts": ["c"]}));
    assert_eq!(bench.service.contexts(client), ["a", "b", "c"]);
    assert_eq!(bench.code(client, "signalwire.receive", json!({})), "400");
    assert_eq!(bench.code(client, "signalwire.unreceive", json!({"contexts": []})), "400");
    assert!(bench.ok(client, "signalwire.unreceive", json!({"contexts": ["a"]}))["message"] == text);
}

#[test]
fn a_strict_service_refuses_unknown_members_of_a_login() {
    let connect_with = |reading, name: &str, nested: bool| {
        let mut bench = Bench::new(quiet().reading(reading).strict(true));
        let mut params = log_in(&[]);
        let place = if nested { &mut params["authentication"] } else { &mut params };
        place[name] = "x".into();
        connect(&mut bench, params)
    };
    let refused = connect_with(Reading::Specification, "colour", true);
    assert_eq!(refused["error"]["code"], -32602);
    assert_eq!(refused["error"]["message"], "Unknown parameter 'authentication.colour'");
    assert_eq!(connect_with(Reading::Specification, "host", false)["error"]["code"], -32602);
    assert!(connect_with(Reading::Sdks, "host", false)["result"].is_object());
    assert!(connect_with(Reading::Specification, "dpop_token", false)["result"].is_object());
    assert_eq!(connect_with(Reading::Sdks, "dpop_token", false)["error"]["code"], -32602);

    let mut bench = Bench::new(quiet().strict(true));
    let client = bench.client(&[]);
    let again = json!({"authentication": {"project": "demo-project", "token": "demo-token"}, "colour": 1});
    assert_eq!(bench.code(client, "signalwire.reauthenticate", again), "-32602");
    assert_eq!(bench.code(client, "signalwire.ping", json!({"colour": 1})), "-32602");
}

#[test]
fn a_session_that_was_to_be_forgotten_must_not_be_asked_for() {
    for restart in [false, true] {
        let mut bench = Bench::new(quiet());
        bench.client(&[]);
        let protocol = bench.frames[0].1["result"]["protocol"].clone();
        bench.service.send_disconnect(bench.now, Some(restart));
        bench.settle();
        resume(&mut bench, &protocol, &[]);
        let objected = matches!(bench.service.violations(), [Violation::BadConnect { .. }]);
        assert_eq!(objected, restart, "{:?}", bench.service.violations());
    }
}

#[test]
fn a_farewell_is_to_be_answered_by_whoever_heard_it() {
    for (deaf, stalled, objected) in [(false, false, true), (true, false, false), (false, true, false)] {
        let mut bench = Bench::new(quiet());
        let client = bench.client(&[]);
        bench.acks = false;
        if stalled {
            bench.service.stall(bench.now, client, Duration::from_secs(3));
        }
        bench.service.send_disconnect(bench.now, None);
        if deaf {
            bench.service.deafen(client);
        }
        bench.run(6.0);
        assert_eq!(bench.closed, [(client, 1000)]);
        let found = bench.service.violations().iter();
        let found = found.filter(|violation| matches!(violation, Violation::FarewellOverdue { .. })).count();
        assert_eq!(found, usize::from(objected), "deaf {deaf}, stalled {stalled}");
    }
}

#[test]
fn a_resumed_session_has_its_contexts_or_only_those_it_names() {
    for (keeps, expected) in [(true, vec!["a", "b", "c"]), (false, vec!["c"])] {
        let mut bench = Bench::new(quiet().resume_keeps_contexts(keeps));
        let client = bench.client(&["a"]);
        let protocol = bench.frames[0].1["result"]["protocol"].clone();
        bench.ok(client, "signalwire.receive", json!({"contexts": ["b"]}));
        bench.service.cut(bench.now, client);
        resume(&mut bench, &protocol, &["c"]);
        assert!(resumed(&bench));
        let again = bench.service.connections().next().expect("connected");
        assert_eq!(bench.service.contexts(again), expected);
    }
    let read = Scenario::from_toml("resume_keeps_contexts = false").expect("TOML");
    assert_eq!(read, Scenario::new().resume_keeps_contexts(false));
}

#[test]
fn unpaid_contexts_are_not_for_the_asking_at_login_either() {
    let mut bench = Bench::new(quiet().unpaid_context("gold"));
    let client = bench.client(&["gold", "tin"]);
    assert_eq!(bench.service.contexts(client), ["tin"]);
}

#[test]
fn ids_of_requests_are_used_once() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let ping = r#"{"jsonrpc":"2.0","id":7,"method":"signalwire.ping","params":{}}"#;
    bench.service.handle_text(bench.now, client, ping);
    assert!(bench.service.violations().is_empty());
    bench.service.handle_text(bench.now, client, ping);
    assert!(matches!(bench.service.violations(), [Violation::ReusedId { id, .. }] if id == "7"));
    let other = bench.client(&[]);
    bench.service.handle_text(bench.now, other, ping);
    assert_eq!(bench.service.violations().len(), 1, "each connection has its own");
}

#[test]
fn an_acknowledgement_is_a_whole_answer() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    bench.acks = false;
    for wrong in [json!({"result": {}}), json!({"jsonrpc": "2.0", "result": null})] {
        let before = bench.service.violations().len();
        bench.service.push_event(bench.now, client, "calling.unheard_of", json!({}));
        bench.settle();
        let mut answer = wrong;
        answer["id"] = bench.frames.last().expect("frames").1["id"].clone();
        bench.service.handle_text(bench.now, client, &answer.to_string());
        assert!(matches!(&bench.service.violations()[before..], [Violation::Malformed { .. }]), "{answer}");
    }
}

#[test]
fn a_connector_gets_a_profile_that_is_not_shown() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let mut configure = json!({"target": "freeswitch", "local_endpoint": "10.0.0.1:5060",
        "external_endpoint": "203.0.113.9:5060", "relay_connector_id": "0f"});
    let answer = bench.request(client, "provisioning.configure", configure.clone());
    assert!(answer["result"]["configuration"]["profile"].is_string());
    assert!(!format!("{:?}", bench.service.journal()).contains("sip-password"));
    configure["target"] = "asterisk".into();
    assert_eq!(bench.code(client, "provisioning.configure", configure), "-32602");
}
