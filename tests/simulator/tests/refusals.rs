//! Refusals on demand: every way to refuse, once, many times and for a while.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{JournalEntry, Refusal, Report, Scenario, ScriptedRefusal};
use support::{Bench, at, log_in, quiet, talking, tts};

fn connect(bench: &mut Bench) -> Value {
    let client = bench.service.handle_connected(bench.now);
    bench.request(client, "signalwire.connect", log_in(&["default"]))
}

#[test]
fn every_code_of_the_service_can_be_given_at_connect_and_at_commands() {
    assert_eq!(Refusal::RPC_CODES.len(), 11);
    for (code, text) in Refusal::RPC_CODES {
        let mut bench = Bench::new(quiet());
        bench.service.refuse_next("signalwire.connect", Refusal::rpc(code));
        let refused = connect(&mut bench);
        assert_eq!((&refused["error"]["code"], &refused["error"]["message"]), (&json!(code), &json!(text)));
        assert!(connect(&mut bench)["result"]["protocol"].is_string());

        let (mut bench, client, call) = talking(quiet(), []);
        bench.service.refuse_next("calling.play", Refusal::rpc(code));
        let play = at(&call, json!({"control_id": "k", "play": tts("Hello")}));
        assert_eq!(bench.code(client, "calling.play", play.clone()), code.to_string());
        bench.run(1.0);
        assert!(bench.events("calling.call.play").is_empty(), "{code}: it is not carried out");
        bench.ok(client, "calling.play", play);
        assert!(bench.service.violations().is_empty());
    }
}

#[test]
fn a_refused_request_can_be_carried_out_all_the_same() {
    let refusals = [Refusal::rpc(-32000), Refusal::Code(500, "Broken".into()), Refusal::Silence];
    for refusal in refusals {
        let (mut bench, client, call) = talking(quiet(), []);
        bench.service.refuse_next("calling.play", refusal.clone().carried_out());
        let play = at(&call, json!({"control_id": "k", "play": tts("Hello")}));
        let answer = bench.request(client, "calling.play", play);
        match refusal {
            Refusal::Silence => assert!(answer.is_null()),
            Refusal::Code(..) => assert_eq!(answer["result"], json!({"code": "500", "message": "Broken"})),
            _ => assert_eq!(answer["error"]["code"], -32000),
        }
        bench.run(10.0);
        assert_eq!(bench.member("calling.call.play", "state"), ["playing", "finished"]);
    }
}

#[test]
fn a_refusal_can_have_details() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let details = json!([{"code": "400", "message": "to_number too short"}]);
    let places = json!([{"from": "+15550000", "to": "+1555", "errors": details}]);
    let refusal = Refusal::Details {
        code: 400,
        message: "Some destinations were refused".into(),
        data: Some(details.clone()),
        message_data: Some(places.clone()),
    };
    bench.service.refuse_next("calling.dial", refusal);
    let answer = bench.request(client, "calling.dial", json!({}));
    let expected = json!({"code": "400", "message": "Some destinations were refused",
        "data": details, "message_data": places});
    assert_eq!(answer["result"], expected);
}

#[test]
fn connect_can_fail_inside_its_result() {
    let mut bench = Bench::new(quiet());
    bench.service.refuse_next("signalwire.connect", Refusal::Code(401, "Authentication failed".into()));
    bench.service.refuse_next("signalwire.connect", Refusal::WithoutProtocol);
    assert_eq!(connect(&mut bench)["result"]["code"], "401");
    let result = connect(&mut bench)["result"].take();
    assert!(result.is_object() && result["protocol"].is_null() && result["code"].is_null(), "{result}");
    assert!(bench.events("signalwire.authorization.state").is_empty());
    assert!(connect(&mut bench)["result"]["protocol"].is_string());
}

#[test]
fn requests_are_refused_for_a_while_or_for_a_number_of_times() {
    let mut bench = Bench::new(quiet());
    let now = bench.now;
    let busy = || Refusal::rpc(-32005);
    bench.service.refuse_for(now, "signalwire.connect", busy(), Duration::from_secs(10));
    bench.service.refuse_times("signalwire.connect", Refusal::rpc(-32004), 2);
    for _ in 0..5 {
        assert_eq!(connect(&mut bench)["error"]["code"], -32005);
        bench.run(2.0);
    }
    for _ in 0..2 {
        assert_eq!(connect(&mut bench)["error"]["code"], -32004);
    }
    assert!(connect(&mut bench)["result"]["protocol"].is_string());
}

#[test]
fn forgotten_refusals_do_not_happen() {
    let scripted = ScriptedRefusal::new("signalwire.connect", Refusal::rpc(-32003)).times(9);
    let mut bench = Bench::new(quiet().refusal(scripted));
    let now = bench.now;
    bench.service.refuse_next("signalwire.connect", Refusal::rpc(-32000));
    bench.service.refuse_for(now, "signalwire.connect", Refusal::rpc(-32000), Duration::from_mins(1));
    assert_eq!(connect(&mut bench)["error"]["code"], -32003);
    bench.service.forget_refusals();
    assert!(connect(&mut bench)["result"]["protocol"].is_string());
}

#[test]
fn a_scenario_refuses_from_the_start_or_later() {
    let read = Scenario::from_toml(
        r#"
        ping_every = 0

        [[refusal]]
        method = "signalwire.connect"
        code = -32005
        for = 5

        [[refusal]]
        method = "signalwire.connect"
        code = 401
        message = "Not you"
        after = 10

        [[refusal]]
        method = "calling.dial"
        code = "400"
        message = "Some destinations were refused"
        data = [{ code = "400" }]

        [[refusal]]
        method = "calling.dial"
        silence = true
        carried_out = true
        times = 1
        "#,
    )
    .expect("TOML");
    let details = Refusal::Details {
        code: 400,
        message: "Some destinations were refused".into(),
        data: Some(json!([{"code": "400"}])),
        message_data: None,
    };
    let seconds = Duration::from_secs;
    let written = quiet()
        .refusal(ScriptedRefusal::new("signalwire.connect", Refusal::rpc(-32005)).lasting(seconds(5)))
        .refusal(
            ScriptedRefusal::new("signalwire.connect", Refusal::Code(401, "Not you".into()))
                .after(seconds(10)),
        )
        .refusal(ScriptedRefusal::new("calling.dial", details))
        .refusal(ScriptedRefusal::new("calling.dial", Refusal::Silence.carried_out()).times(1));
    assert_eq!(read, written);

    let mut bench = Bench::new(read);
    assert_eq!(connect(&mut bench)["error"]["code"], -32005);
    bench.run(4.0);
    assert_eq!(connect(&mut bench)["error"]["code"], -32005);
    bench.run(2.0);
    assert!(connect(&mut bench)["result"]["protocol"].is_string());
    bench.run(5.0);
    assert_eq!(connect(&mut bench)["result"]["code"], "401");
    let client = bench.client(&[]);
    let dial = json!({"tag": "t", "devices": [[support::phone("+1")]]});
    assert_eq!(bench.code(client, "calling.dial", dial.clone()), "400");
    assert!(bench.request(client, "calling.dial", dial).is_null());
    bench.run(5.0);
    assert_eq!(bench.member("calling.call.dial", "dial_state"), ["dialing", "answered"]);
}

#[test]
fn a_refusal_in_a_scenario_has_one_way_to_refuse() {
    for wrong in [
        "",
        "code = 42",
        "code = 'many'",
        "code = 400\nsilence = true",
        "code = -32000\ndata = {}",
        "silence = true\nwithout_protocol = true",
        "code = 400\ncolour = 'red'",
    ] {
        let toml = format!("[[refusal]]\nmethod = 'calling.play'\n{wrong}");
        assert!(Scenario::from_toml(&toml).is_err(), "{wrong}");
    }
}

#[test]
fn refusals_on_demand_are_reported_and_counted() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.service.refuse_next("calling.play", Refusal::rpc(-32000).carried_out());
    bench.request(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts("Hello")})));
    let texts = bench.reports.iter().filter_map(|report| match report {
        Report::FaultInjected { what } => Some(what.as_str()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["calling.play is carried out and refused on demand"]);
    assert_eq!(bench.service.fault_stats().refused, 1);
}

#[test]
fn passwords_of_ice_servers_show_nowhere() {
    let mut bench = Bench::new(quiet());
    let servers = connect(&mut bench)["result"]["ice_servers"].take();
    let credential = servers[0]["credential"].as_str().expect("a password");
    assert!(servers[0]["urls"].is_array() && servers[0]["credentialType"] == "password");
    let shown = format!("{:?} {:?}", bench.service.journal(), bench.reports);
    assert!(!shown.contains(credential), "{shown}");
    let texts: Vec<_> = bench.service.journal().iter().map(JournalEntry::text).collect();
    assert!(texts.iter().any(|text| text.contains(credential)));
}
