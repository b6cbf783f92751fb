//! What is refused, and with which words.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, ConnectionId, Scenario, Violation};
use support::{Bench, at, phone, quiet, tts};

fn talking(scenario: Scenario) -> (Bench, ConnectionId, String) {
    let mut bench = Bench::new(scenario.caller(Caller::new("+15551110000", "+15552220000")));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    (bench, client, call)
}

#[test]
fn bad_parameters_are_refused_by_name() {
    let (mut bench, client, call) = talking(quiet());
    let cases: &[(&str, Value, &str)] = &[
        ("calling.play", json!({"play": tts("x")}), "control_id"),
        ("calling.play", json!({"control_id": "k"}), "play"),
        ("calling.play", json!({"control_id": "k", "play": []}), "play"),
        ("calling.play", json!({"control_id": "k", "play": tts("x"), "volume": 41}), "volume"),
        ("calling.play", json!({"control_id": "k", "play": tts("x"), "volume": "5"}), "volume"),
        ("calling.play", json!({"control_id": "k", "play": tts("x"), "direction": "up"}), "direction"),
        ("calling.play", json!({"control_id": "k", "play": tts("x"), "loop": -1}), "loop"),
        ("calling.play", json!({"control_id": "k", "play": [{"type": "song"}]}), "play[0].type"),
        (
            "calling.play",
            json!({"control_id": "k", "play": [{"type": "tts", "params": {}}]}),
            "play[0].params.text",
        ),
        ("calling.play", json!({"control_id": 7, "play": tts("x")}), "control_id"),
        ("calling.record", json!({"control_id": "k"}), "record"),
        (
            "calling.record",
            json!({"control_id": "k", "record": {"audio": {"format": "ogg"}}}),
            "record.audio.format",
        ),
        (
            "calling.record",
            json!({"control_id": "k", "record": {"audio": {"input_sensitivity": 101}}}),
            "input_sensitivity",
        ),
        ("calling.collect", json!({"control_id": "k"}), "digits"),
        ("calling.collect", json!({"control_id": "k", "digits": {}}), "digits.max"),
        ("calling.collect", json!({"control_id": "k", "digits": {"max": 0}}), "digits.max"),
        (
            "calling.collect",
            json!({"control_id": "k", "digits": {"max": 1, "terminators": "x"}}),
            "digits.terminators",
        ),
        ("calling.collect", json!({"control_id": "k", "speech": {"engine": "google"}}), "speech.engine"),
        ("calling.play_and_collect", json!({"control_id": "k", "play": tts("x")}), "collect"),
        (
            "calling.play_and_collect",
            json!({"control_id": "k", "play": tts("x"), "collect": {}}),
            "collect.digits",
        ),
        ("calling.send_digits", json!({"control_id": "k", "digits": "12x"}), "digits"),
        ("calling.send_digits", json!({"control_id": "k", "digits": ""}), "digits"),
        (
            "calling.play",
            json!({"control_id": "k", "play": tts("x"), "status_url": "ftp://a.example"}),
            "status_url",
        ),
        (
            "calling.play",
            json!({"control_id": "k", "play": [{"type": "audio", "params": {"url": "a.mp3"}}]}),
            "play[0].params.url",
        ),
        ("calling.join_conference", json!({"name": "c", "stream": {"url": "ws://ws.example"}}), "stream.url"),
        ("calling.connect", json!({"devices": []}), "devices"),
        ("calling.connect", json!({"devices": [phone("+1")]}), "devices"),
        (
            "calling.connect",
            json!({"devices": [[{"type": "phone", "params": {}}]]}),
            "devices[0][0].params.to_number",
        ),
        ("calling.end", json!({"reason": "bored"}), "reason"),
        ("calling.answer", json!({"codecs": ["MP3"]}), "codecs"),
    ];
    for (method, params, name) in cases {
        let answer = bench.request(client, method, at(&call, params.clone()));
        assert_eq!(answer["result"]["code"], "400", "{method} {params}");
        let message = answer["result"]["message"].as_str().expect("a message");
        assert!(message.contains(name), "{method} {params}: {message}");
    }
    assert_eq!(bench.service.violations().len(), cases.len());
    let dial = json!({"tag": "t", "devices": [[{"type": "queue", "params": {}}]]});
    assert_eq!(bench.code(client, "calling.dial", dial), "400");
    assert_eq!(bench.code(client, "calling.dial", json!({"devices": [[phone("+1")]]})), "400");
}

#[test]
fn an_unknown_parameter_is_noted_or_refused() {
    for strict in [false, true] {
        let (mut bench, client, call) = talking(quiet().strict(strict));
        let play = at(&call, json!({"control_id": "k", "play": tts("x"), "colour": "red"}));
        let answer = bench.request(client, "calling.play", play);
        assert_eq!(answer["result"]["code"], if strict { "400" } else { "200" });
        let text = bench.service.violations()[0].to_string();
        assert!(text.contains("colour"), "{text}");
    }
}

#[test]
fn the_flat_form_of_media_is_accepted_and_noted() {
    let (mut bench, client, call) = talking(quiet());
    let media = json!([{"type": "tts", "text": "0123456789"}]);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": media})));
    bench.run(0.5);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing"]);
    assert!(matches!(bench.service.violations(), [Violation::UnknownParameter { .. }]));
}

#[test]
fn commands_need_the_right_call_at_the_right_time() {
    let mut bench = Bench::new(quiet().caller(Caller::new("+15551110000", "+15552220000")));
    let client = bench.client(&["default"]);
    let call = bench.offer();
    let play = json!({"control_id": "k", "play": tts(&"x".repeat(100))});
    assert_eq!(bench.code(client, "calling.play", at(&call, play.clone())), "409");
    bench.ok(client, "calling.answer", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.answer", at(&call, json!({}))), "409");
    assert_eq!(bench.code(client, "calling.pass", at(&call, json!({}))), "409");
    bench.ok(client, "calling.play", at(&call, play.clone()));
    assert_eq!(bench.code(client, "calling.play", at(&call, play.clone())), "409");
    assert_eq!(bench.code(client, "calling.play.stop", at(&call, json!({"control_id": "z"}))), "404");
    assert_eq!(bench.code(client, "calling.record.stop", at(&call, json!({"control_id": "k"}))), "404");
    assert_eq!(bench.code(client, "calling.play", at("c-99", play.clone())), "404");
    assert_eq!(bench.code(client, "calling.play", at("nonsense", play.clone())), "404");
    let mut elsewhere = at(&call, play.clone());
    elsewhere["node_id"] = "node-9".into();
    let answer = bench.request(client, "calling.play", elsewhere);
    assert_eq!(answer["result"]["code"], "404");
    assert!(answer["result"]["message"].as_str().expect("a message").contains("node-9"));
    bench.ok(client, "calling.end", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.play", at(&call, play)), "410");
    // Being too late is no mistake of the client.
    assert!(bench.service.violations().is_empty());
}

#[test]
fn senseless_frames_are_survived_and_noted() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let frames = [
        "",
        "nonsense",
        "[]",
        "7",
        "null",
        "{}",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"id":"1"}"#,
        r#"{"jsonrpc":"2.0","id":"1","method":7}"#,
        r#"{"jsonrpc":"2.0","id":"1","method":"calling.play","params":[]}"#,
        r#"{"jsonrpc":"2.0","method":"signalwire.ping","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":{"a":1},"method":"signalwire.ping","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":"1","error":{}}"#,
    ];
    for frame in frames {
        bench.service.handle_text(bench.now, client, frame);
    }
    bench.service.handle_binary(bench.now, client);
    bench.settle();
    assert_eq!(bench.service.violations().len(), frames.len() + 1);
    assert!(bench.closed.is_empty());
    assert!(bench.request(client, "signalwire.ping", json!({}))["result"].is_object());
}

#[test]
fn each_type_of_device_has_its_own_parameters() {
    let (mut bench, client, call) = talking(quiet());
    let sip = |more: Value| {
        let mut params = json!({"from": "sip:a@example.com", "to": "sip:b@example.com"});
        params.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"type": "sip", "params": params})
    };
    let web = |codec: &str| json!({"type": "webrtc", "params": {"from": "a", "to": "b", "codecs": [codec]}});
    let stream = |url: &str, codec: &str| json!({"type": "stream", "params": {"url": url, "codec": codec}});
    for (device, name) in [
        (sip(json!({"headers": {"X-Case": "7"}})), "headers"),
        (sip(json!({"headers": [{"name": "X-Case"}]})), "headers[0].value"),
        (sip(json!({"call_state_events": ["ending"]})), "call_state_events"),
        (sip(json!({"call_state_url": "nowhere"})), "call_state_url"),
        (sip(json!({"codecs": ["MP3"]})), "codecs"),
        (web("G729"), "codecs"),
        (stream("ws://ws.example", "PCMU"), "url"),
        (stream("wss://ws.example", "OPUS"), "codec"),
    ] {
        let answer = bench.request(client, "calling.connect", at(&call, json!({"devices": [[device]]})));
        assert_eq!(answer["result"]["code"], "400", "{name}");
        assert!(answer["result"]["message"].as_str().expect("text").contains(name), "{answer}");
    }
    let fits = sip(json!({
        "headers": [{"name": "X-Case", "value": "7"}], "call_state_events": ["created", "ended"],
        "call_state_url": "HTTPS://app.example", "codecs": ["AMR-WB"],
    }));
    let devices = json!({"devices": [[fits, web("VP8"), stream("wss://ws.example", "L16@24000h@40i")]]});
    let refused = bench.service.violations().len();
    bench.ok(client, "calling.connect", at(&call, devices));
    assert_eq!(bench.service.violations().len(), refused);
}

#[test]
fn a_price_is_no_time() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let dial = json!({"tag": "t", "devices": [[phone("+1")]], "max_price_per_minute": -1});
    let answer = bench.request(client, "calling.dial", dial);
    let text = "Parameter 'max_price_per_minute' must be a number, 0 or more";
    assert_eq!(answer["result"]["message"], text);
}

#[test]
fn members_beside_params_are_unknown() {
    let (mut bench, client, call) = talking(quiet());
    let media = json!([{"type": "tts", "params": {"text": "x"}, "volume": 3}]);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": media})));
    let found = bench.service.violations();
    assert!(
        matches!(found, [Violation::UnknownParameter { parameter, .. }] if parameter == "play[0].volume")
    );
}

#[test]
fn whole_numbers_may_have_a_point() {
    let (mut bench, client, call) = talking(quiet());
    let collect = json!({"control_id": "k", "digits": {"max": 2.0}});
    bench.ok(client, "calling.collect", at(&call, collect));
    bench.service.press(bench.now, &call, "12");
    bench.settle();
    assert_eq!(bench.events("calling.call.collect")[0]["result"]["params"]["digits"], "12");
    let again = json!({"control_id": "l", "digits": {"max": 2.5}});
    assert_eq!(bench.code(client, "calling.collect", at(&call, again)), "400");
}
