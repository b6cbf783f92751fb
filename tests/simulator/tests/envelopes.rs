//! The older requests: begin, call, execute; and new credentials for a session.

mod support;

use serde_json::json;
use signalwire_relay_simulator::{METHODS, Phone, Reading};
use support::{Bench, phone, quiet};

#[test]
fn every_method_of_the_list_is_known_and_no_other() {
    let older = [
        "calling.begin",
        "calling.call",
        "calling.hold",
        "calling.receive",
        "calling.unhold",
        "signalwire.execute",
    ];
    let newer = [
        "calling.ai_sidecar",
        "calling.ai_sidecar.ask",
        "calling.ai_sidecar.poke",
        "calling.ai_sidecar.status",
        "calling.ai_sidecar.stop",
        "provisioning.configure",
    ];
    for (reading, strict, missing) in [
        (Reading::Sdks, false, &[][..]),
        (Reading::Sdks, true, &newer),
        (Reading::Specification, false, &["calling.hold", "calling.unhold"]),
        (Reading::Specification, true, &older),
    ] {
        let mut bench = Bench::new(quiet().reading(reading).strict(strict));
        let client = bench.client(&[]);
        for method in METHODS {
            let is_missing = bench.code(client, method, json!({})) == "-32601";
            assert_eq!(is_missing, missing.contains(method), "{method} in {reading:?}, strict {strict}");
        }
    }
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    assert_eq!(bench.code(client, "calling.play_and_collect.pause", json!({})), "-32601");
    assert!(METHODS.is_sorted());
}

#[test]
fn a_begun_call_has_only_its_states() {
    let mut bench = Bench::new(quiet().phone(Phone::new("+2").busy()));
    let client = bench.client(&[]);
    let result = bench.ok(client, "calling.begin", json!({"device": phone("+1"), "tag": "t"}));
    assert_eq!((&result["call_id"], &result["message"]), (&json!("c-1"), &json!("Call started")));
    assert!(result["node_id"].is_string());
    bench.run(5.0);
    assert_eq!(bench.states("c-1"), ["created", "ringing", "answered"]);
    bench.ok(client, "calling.begin", json!({"device": phone("+2")}));
    bench.run(5.0);
    assert_eq!(bench.states("c-2"), ["created", "ended"]);
    assert!(bench.events("calling.call.dial").is_empty());
    assert_eq!(bench.code(client, "calling.begin", json!({"device": [phone("+1")]})), "400");
    bench.ok(client, "calling.call", json!({"anything": true}));
}

#[test]
fn a_request_can_be_wrapped() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let wrap = |method: &str, params| json!({"method": method, "protocol": "p", "params": params});
    let inner = wrap("signalwire.receive", json!({"contexts": ["office"]}));
    let answer = bench.request(client, "signalwire.execute", inner);
    assert_eq!(answer["result"]["result"]["code"], "200");
    assert!(answer["result"]["responder_nodeid"].is_string());
    assert_eq!(bench.service.contexts(client), ["office"]);
    let answer = bench.request(client, "signalwire.execute", wrap("calling.unheard_of", json!({})));
    assert_eq!(answer["error"]["code"], -32601);
    let answer = bench.request(client, "signalwire.execute", wrap("signalwire.execute", json!({})));
    assert_eq!(answer["error"]["code"], -32602);
}

#[test]
fn a_session_gets_new_credentials() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let with = |token: &str| json!({"authentication": {"jwt_token": token}});
    let answer = bench.request(client, "signalwire.reauthenticate", with("demo-jwt"));
    assert!(answer["result"]["authorization"].is_object(), "{answer}");
    let answer = bench.request(client, "signalwire.reauthenticate", with("wrong"));
    assert_eq!(answer["error"]["code"], -32002);
    assert_eq!(bench.code(client, "signalwire.reauthenticate", json!({})), "-32602");
}
