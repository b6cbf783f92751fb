//! Operations that fail on demand.

use serde_json::json;
use signalwire_relay_simulator::Scenario;

use crate::support::{at, phone, quiet, talking, tts};

#[test]
fn sending_digits_fails_as_often_as_the_scenario_says() {
    let scenario = quiet().failing("calling.send_digits", 2);
    let toml = "ping_every = 0\nfailing = [{ method = \"calling.send_digits\", times = 2 }]";
    assert_eq!(Scenario::from_toml(toml).expect("TOML"), scenario);
    let (mut bench, client, call) = talking(scenario, []);
    for _ in 0..3 {
        bench.ok(client, "calling.send_digits", at(&call, json!({"control_id": "k", "digits": "1"})));
        bench.run(1.0);
    }
    assert_eq!(bench.member("calling.call.send_digits", "state"), ["error", "error", "finished"]);
}

#[test]
fn the_next_operation_of_a_method_can_fail() {
    let (mut bench, client, call) = talking(quiet(), []);
    let cases = [
        (
            "calling.play",
            json!({"play": tts("A long text for a long time")}),
            "calling.call.play",
            "/state",
            "error",
        ),
        ("calling.collect", json!({"digits": {"max": 1}}), "calling.call.collect", "/result/type", "error"),
        (
            "calling.play_and_collect",
            json!({"play": tts("x"), "collect": {"digits": {"max": 1}}}),
            "calling.call.collect",
            "/result/type",
            "error",
        ),
        (
            "calling.detect",
            json!({"detect": {"type": "digit"}}),
            "calling.call.detect",
            "/detect/params/event",
            "finished",
        ),
        ("calling.record", json!({"record": {"audio": {}}}), "calling.call.record", "/state", "finished"),
        ("calling.receive_fax", json!({}), "calling.call.fax", "/fax/type", "finished"),
        ("calling.join_room", json!({"name": "lobby"}), "calling.call.room", "/join_status", "failed"),
        ("calling.ai", json!({"prompt": {"text": "Help"}}), "calling.call.ai", "/state", "error"),
    ];
    for (method, mut params, event_type, place, expected) in cases {
        bench.service.fail_next(method, 1);
        params["control_id"] = "k".into();
        if method == "calling.join_room" {
            params.as_object_mut().expect("an object").remove("control_id");
        }
        bench.ok(client, method, at(&call, params));
        bench.run(0.2);
        let last = bench.events(event_type).pop().expect("events");
        assert_eq!(last.pointer(place), Some(&json!(expected)), "{method}: {last}");
        assert!(bench.service.call(&call).expect("standing").operations.is_empty(), "{method}");
    }
}

#[test]
fn dials_bridges_and_messages_fail_on_demand() {
    let (mut bench, client, call) = talking(quiet(), []);
    for method in ["calling.dial", "calling.connect", "messaging.send"] {
        bench.service.fail_next(method, 1);
    }
    bench.ok(client, "calling.dial", json!({"tag": "t", "devices": [[phone("+1")]]}));
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
    bench.ok(client, "messaging.send", json!({"to_number": "+1", "from_number": "+2", "body": "b"}));
    bench.run(2.0);
    assert_eq!(bench.events("calling.call.dial").pop().expect("events")["reason"], "error");
    assert_eq!(bench.events("calling.call.connect").pop().expect("events")["failed_reason"], "error");
    assert_eq!(bench.member("messaging.state", "message_state"), ["queued", "initiated", "failed"]);
}
