//! Taps, streams and transcriptions.

mod support;

use serde_json::{Value, json};
use support::{at, quiet, talking};

fn rtp() -> Value {
    json!({"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000}})
}

fn audio() -> Value {
    json!({"type": "audio", "params": {"direction": "both"}})
}

#[test]
fn a_tap_goes_on_until_it_is_stopped() {
    let (mut bench, client, call) = talking(quiet(), []);
    let tap = json!({"control_id": "k", "tap": audio(), "device": rtp()});
    let result = bench.ok(client, "calling.tap", at(&call, tap));
    assert_eq!(result["source_device"]["type"], "rtp");
    bench.run(60.0);
    bench.ok(client, "calling.tap.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(bench.member("calling.call.tap", "state"), ["tapping", "finished"]);
    let event = &bench.events("calling.call.tap")[0];
    assert_eq!(event["device"]["params"]["codec"], "PCMU");
    assert_eq!(event["tap"], audio());
}

#[test]
fn a_tap_needs_a_device_that_can_be_reached() {
    let (mut bench, client, call) = talking(quiet(), []);
    let device = |kind: &str, params: Value| json!({"type": kind, "params": params});
    for (tap, device, name) in [
        (json!({"type": "audio"}), rtp(), "tap.params"),
        (audio(), device("rtp", json!({"addr": "192.168.1.1", "port": 4000})), "addr"),
        (audio(), device("rtp", json!({"addr": "203.0.113.9", "port": 0})), "port"),
        (audio(), device("rtp", json!({"addr": "203.0.113.9", "port": 4000, "ptime": 25})), "ptime"),
        (audio(), device("ws", json!({"uri": "https://media.example"})), "uri"),
        (audio(), device("pipe", json!({})), "device.type"),
    ] {
        let params = at(&call, json!({"control_id": "k", "tap": tap, "device": device}));
        let answer = bench.request(client, "calling.tap", params);
        assert_eq!(answer["result"]["code"], "400", "{name}");
        assert!(answer["result"]["message"].as_str().expect("text").contains(name), "{answer}");
    }
    let ws = device("ws", json!({"uri": "wss://media.example", "codec": "OPUS", "rate": 48_000}));
    bench.ok(client, "calling.tap", at(&call, json!({"control_id": "k", "tap": audio(), "device": ws})));
}

#[test]
fn a_stream_ends_with_the_call() {
    let (mut bench, client, call) = talking(quiet(), []);
    let stream = json!({"control_id": "k", "url": "wss://ws.example/a", "name": "main"});
    bench.ok(client, "calling.stream", at(&call, stream));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(bench.member("calling.call.stream", "state"), ["streaming", "finished"]);
    assert_eq!(bench.member("calling.call.stream", "name"), ["main", "main"]);
}

#[test]
fn a_stream_is_encrypted() {
    let (mut bench, client, call) = talking(quiet(), []);
    let stream = at(&call, json!({"control_id": "k", "url": "ws://ws.example/a"}));
    assert_eq!(bench.code(client, "calling.stream", stream), "400");
}

#[test]
fn a_transcription_has_its_length_at_the_end() {
    let (mut bench, client, call) = talking(quiet(), []);
    let start = |key: &str| at(&call, json!({"control_id": key, "status_url": "https://app.example/s"}));
    bench.ok(client, "calling.transcribe", start("a"));
    assert_eq!(bench.code(client, "calling.transcribe", start("b")), "409");
    bench.run(10.0);
    bench.ok(client, "calling.transcribe.stop", at(&call, json!({"control_id": "a"})));
    assert_eq!(bench.member("calling.call.transcribe", "state"), ["transcribing", "finished"]);
    let last = bench.events("calling.call.transcribe").pop().expect("events");
    assert_eq!((last["duration"].as_f64(), last["size"].as_u64()), (Some(10.0), Some(160_000)));
    assert!(last["url"].is_string() && last["recording_id"].is_string());
    bench.ok(client, "calling.transcribe", start("c"));
}

#[test]
fn live_text_starts_once_and_stops() {
    for (name, start) in [
        ("calling.live_transcribe", json!({"lang": "en-US", "direction": ["remote-caller"]})),
        (
            "calling.live_translate",
            json!({"from_lang": "en-US", "to_lang": "es-ES", "direction": ["local-caller"]}),
        ),
    ] {
        let (mut bench, client, call) = talking(quiet(), []);
        let action = |action: Value| at(&call, json!({"action": action}));
        assert_eq!(bench.code(client, name, action(json!("stop"))), "409");
        assert_eq!(bench.code(client, name, action(json!({"start": {}}))), "400");
        let mut sideways = start.clone();
        sideways["direction"] = json!(["sideways"]);
        assert_eq!(bench.code(client, name, action(json!({"start": sideways}))), "400");
        assert_eq!(bench.code(client, name, action(json!({"begin": {}}))), "400");
        let started = bench.ok(client, name, action(json!({"start": start})));
        assert_eq!(started["message"], "+OK");
        assert_eq!(bench.code(client, name, action(json!({"start": start}))), "409");
        bench.ok(client, name, action(json!({"summarize": {"prompt": "In short?"}})));
        bench.ok(client, name, action(json!("summarize")));
        bench.ok(client, name, action(json!({"stop": {}})));
        assert_eq!(bench.code(client, name, action(json!({"summarize": {}}))), "409");
    }
}
