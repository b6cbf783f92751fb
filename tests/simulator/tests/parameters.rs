//! Requests in the two readings of the protocol: which parameters each knows, and what each refuses.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{ConnectionId, Reading, Scenario, Violation};
use support::{Bench, at, phone, quiet, talking, tts};

const BOTH: [Reading; 2] = [Reading::Specification, Reading::Sdks];
const URL: &str = "https://app.example/status";

fn other(reading: Reading) -> Reading {
    if reading == Reading::Specification { Reading::Sdks } else { Reading::Specification }
}

/// The result of one request on a fresh answered call, and what was noted about it.
fn result_of(scenario: Scenario, method: &str, params: &Value) -> (Value, Vec<Violation>) {
    let (mut bench, client, call) = talking(scenario, []);
    prepare(&mut bench, client, &call, method);
    let before = bench.service.violations().len();
    let params = if needs_call(method) { at(&call, params.clone()) } else { params.clone() };
    let answer = bench.request(client, method, params);
    let answer =
        if answer["result"].is_object() { answer["result"].clone() } else { answer["error"].clone() };
    (answer, bench.service.violations()[before..].to_vec())
}

fn needs_call(method: &str) -> bool {
    method.starts_with("calling.") && !["calling.dial", "calling.receive", "calling.begin"].contains(&method)
}

/// Starts what a method needs.
fn prepare(bench: &mut Bench, client: ConnectionId, call: &str, method: &str) {
    let (first, params) = match method {
        "calling.ai_message" | "calling.ai_hold" | "calling.ai_unhold" => {
            ("calling.ai", json!({"control_id": "k", "agent": "0f"}))
        }
        "calling.play.pause" => ("calling.play", json!({"control_id": "k", "play": tts("Hello")})),
        "calling.record.pause" => ("calling.record", json!({"control_id": "k", "record": {"audio": {}}})),
        "calling.leave_room" => ("calling.join_room", json!({"name": "lobby"})),
        "calling.queue.leave" => ("calling.queue.enter", json!({"control_id": "k", "queue_name": "q"})),
        "calling.disconnect" => {
            bench.ok(client, "calling.connect", at(call, json!({"devices": [[phone("+1")]]})));
            bench.run(5.0);
            return;
        }
        _ => return,
    };
    bench.ok(client, first, at(call, params));
}

fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        base[name] = value.clone();
    }
    base
}

/// The reading that knows parameters, their method, a request without them, and each of them with its path.
type Keys = (Reading, &'static str, Value, Vec<(Value, &'static str)>);

/// Parameters that only one reading knows.
#[expect(clippy::too_many_lines, reason = "one table")]
fn keys_of_one_reading() -> Vec<Keys> {
    let (new, old) = (Reading::Specification, Reading::Sdks);
    let dial = json!({"tag": "t", "devices": [[phone("+1")]]});
    let device = |kind: &str, params: Value| json!({"devices": [[{"type": kind, "params": params}]]});
    let of_phone = |name: &str, value: Value| {
        let mut device = phone("+1");
        device["params"][name] = value;
        json!({"devices": [[device]]})
    };
    let devices = json!({"devices": [[phone("+1")]]});
    let message = json!({"from_number": "+1", "to_number": "+2", "body": "b"});
    let live = |start: Value| {
        json!({"action": {"start": merged(
            json!({"lang": "en-US", "direction": ["remote-caller"]}), &start)}})
    };
    let translate = |start: Value| {
        json!({"action": {"start": merged(
            json!({"from_lang": "en-US", "to_lang": "de-DE", "direction": ["remote-caller"]}), &start)}})
    };
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example"});
    let prompt = |more: Value| {
        let actions = json!([{"type": "Say", "phrase": "Card?"}]);
        json!({"prompts": [merged(json!({"for": "payment-card-number", "actions": actions}), &more)]})
    };
    let behind = |more: Value| json!({"collect": merged(json!({"digits": {"max": 1}}), &more)});
    let prompted = json!({"control_id": "k", "play": tts("x"), "collect": {"digits": {"max": 1}}});
    vec![
        (
            new,
            "calling.dial",
            dial.clone(),
            vec![
                (json!({"timeout": 12.5}), "timeout"),
                (json!({"send_digits": "ww1#"}), "send_digits"),
                (json!({"dest_swml": {"version": "1.0.0"}}), "dest_swml"),
                (of_phone("confirm_timeout", json!(5)), "devices[0][0].params.confirm_timeout"),
                (device("fabric", json!({"to": "/private/support"})), "devices[0][0].type: fabric"),
            ],
        ),
        (
            old,
            "calling.dial",
            dial,
            vec![
                (json!({"region": "us"}), "region"),
                (json!({"node_id": "n"}), "node_id"),
                (of_phone("max_duration", json!(60)), "devices[0][0].params.max_duration"),
                (device("webrtc", json!({"from": "a", "to": "b"})), "devices[0][0].type: webrtc"),
                (
                    device("agora", json!({"from": "a", "appid": "i", "channel": "c"})),
                    "devices[0][0].type: agora",
                ),
            ],
        ),
        (
            new,
            "calling.connect",
            devices,
            vec![(json!({"timeout": 5}), "timeout"), (json!({"send_digits": "12"}), "send_digits")],
        ),
        (
            new,
            "messaging.send",
            message.clone(),
            vec![
                (json!({"tag": "order-81"}), "tag"),
                (json!({"status_callback": URL}), "status_callback"),
                (json!({"send_as_mms": true}), "send_as_mms"),
                (json!({"message_type": "whatsapp_media_text"}), "message_type"),
                (
                    json!({"header_template_parameters": "https://files.example/a.pdf"}),
                    "header_template_parameters",
                ),
                (json!({"body_template_parameters": {"name": "Ada"}}), "body_template_parameters"),
                (json!({"button_template_parameters": ["a"]}), "button_template_parameters"),
            ],
        ),
        (
            old,
            "messaging.send",
            message,
            vec![(json!({"tags": ["t"]}), "tags"), (json!({"region": "us"}), "region")],
        ),
        (
            new,
            "calling.queue.enter",
            json!({"control_id": "k", "queue_name": "q"}),
            vec![
                (json!({"wait_time": 60}), "wait_time"),
                (json!({"execute_after_queue": URL}), "execute_after_queue"),
                (json!({"whisper_url": URL}), "whisper_url"),
            ],
        ),
        (
            new,
            "calling.live_transcribe",
            live(json!({})),
            vec![
                (live(json!({"hints": ["a"]})), "action.start.hints"),
                (live(json!({"verbose_utterances": true})), "action.start.verbose_utterances"),
            ],
        ),
        (
            old,
            "calling.live_transcribe",
            live(json!({})),
            vec![
                (live(json!({"debug_level": 1})), "action.start.debug_level"),
                (json!({"async": true}), "async"),
                (json!({"swml": true}), "swml"),
            ],
        ),
        (
            new,
            "calling.live_translate",
            translate(json!({})),
            vec![(translate(json!({"mode": "realtime"})), "action.start.mode")],
        ),
        (
            old,
            "calling.live_translate",
            translate(json!({})),
            vec![(translate(json!({"debug_level": 1})), "action.start.debug_level")],
        ),
        (
            new,
            "calling.pay",
            pay.clone(),
            vec![
                (json!({"say_voice": "man"}), "say_voice"),
                (prompt(json!({"attempt": "1 2"})), "prompts[0].attempt"),
                (prompt(json!({"require_matching_inputs": "true"})), "prompts[0].require_matching_inputs"),
                (prompt(json!({"play": tts("Card?")})), "prompts[0].play"),
            ],
        ),
        (old, "calling.pay", pay, vec![(prompt(json!({"attempts": "1"})), "prompts[0].attempts")]),
        (
            new,
            "calling.play_and_collect",
            prompted.clone(),
            vec![(json!({"collect": {"digits": {"max": 2, "min": 1}}}), "collect.digits.min")],
        ),
        (
            old,
            "calling.play_and_collect",
            prompted,
            vec![
                (behind(json!({"partial_results": true})), "collect.partial_results"),
                (behind(json!({"continuous": false})), "collect.continuous"),
                (behind(json!({"send_start_of_input": true})), "collect.send_start_of_input"),
                (behind(json!({"start_input_timers": true})), "collect.start_input_timers"),
            ],
        ),
        (
            new,
            "calling.join_conference",
            json!({"name": "c"}),
            vec![(json!({"emit_call_quality": true}), "emit_call_quality")],
        ),
        (old, "calling.join_conference", json!({"name": "c"}), vec![(json!({"swml": true}), "swml")]),
        (
            old,
            "calling.join_room",
            json!({"name": "c"}),
            vec![
                (json!({"hagrid_json_api_url": URL}), "hagrid_json_api_url"),
                (json!({"hagrid_node_id": "h"}), "hagrid_node_id"),
                (json!({"swml": true}), "swml"),
            ],
        ),
        (old, "calling.leave_room", json!({}), vec![(json!({"async": true}), "async")]),
        (
            old,
            "calling.tap",
            json!({"control_id": "k", "tap": {"type": "audio", "params": {"direction": "both"}},
                "device": {"type": "ws", "params": {"uri": "wss://ws.example"}}}),
            vec![(
                json!({"device": {"type": "ws", "params": {"uri": "wss://ws.example", "rate": 8000}}}),
                "device.params.rate",
            )],
        ),
        (
            old,
            "calling.stream",
            json!({"control_id": "k", "url": "wss://ws.example"}),
            vec![(json!({"async": true}), "async"), (json!({"swml": true}), "swml")],
        ),
        (old, "calling.echo", json!({}), vec![(json!({"swml": true}), "swml")]),
        (
            old,
            "calling.play.pause",
            json!({"control_id": "k"}),
            vec![(json!({"behavior": "skip"}), "behavior")],
        ),
        (old, "calling.ai_message", json!({"message_text": "m"}), vec![(json!({"async": true}), "async")]),
        (old, "calling.ai_hold", json!({}), vec![(json!({"swml": true}), "swml")]),
        (
            old,
            "calling.amazon_bedrock",
            json!({}),
            vec![
                (json!({"async": true}), "async"),
                (json!({"params": {"temperature": 1}}), "params.temperature"),
                (json!({"SWAIG": {"mcp_servers": []}}), "SWAIG.mcp_servers"),
            ],
        ),
        (old, "calling.user_event", json!({"event": {"a": 1}}), vec![(json!({"colour": "red"}), "colour")]),
        (new, "calling.disconnect", json!({}), vec![(json!({"reason": "done"}), "reason")]),
        (
            new,
            "calling.refer",
            json!({"device": {"type": "sip", "params": {"to": "sip:a@example.com"}}}),
            vec![(
                json!({"device": {"type": "sip", "params": {"to": "sip:a@example.com", "headers": []}}}),
                "device.params.headers",
            )],
        ),
    ]
}

#[test]
fn a_key_of_one_reading_is_accepted_silently_in_both() {
    for (_, method, base, keys) in keys_of_one_reading() {
        for reading in BOTH {
            for (more, name) in &keys {
                let params = merged(base.clone(), more);
                let (result, violations) = result_of(quiet().reading(reading), method, &params);
                assert_eq!(result["code"], "200", "{method} {name} in {reading:?}: {result}");
                assert!(violations.is_empty(), "{method} {name} in {reading:?}: {violations:?}");
            }
        }
    }
}

#[test]
fn a_strict_service_accepts_only_the_keys_of_its_own_reading() {
    for (knows, method, base, keys) in keys_of_one_reading() {
        for (more, name) in keys {
            let params = merged(base.clone(), &more);
            let (result, violations) = result_of(quiet().reading(knows).strict(true), method, &params);
            assert_eq!(result["code"], "200", "{method} {name} in {knows:?}: {result}");
            assert!(violations.is_empty(), "{method} {name}: {violations:?}");
            let (result, _) = result_of(quiet().reading(other(knows)).strict(true), method, &params);
            assert_eq!(result["code"], "400", "{method} {name} in {:?}: {result}", other(knows));
            assert_eq!(result["message"], format!("Unknown parameter '{name}'"), "{method}");
        }
    }
}

#[test]
fn a_key_that_no_reading_knows_is_noted_in_both() {
    for reading in BOTH {
        let play = json!({"control_id": "k", "play": tts("x"), "colour": "red"});
        let (result, violations) = result_of(quiet().reading(reading), "calling.play", &play);
        assert_eq!(result["code"], "200");
        assert!(
            matches!(&violations[..], [Violation::UnknownParameter { parameter, .. }] if parameter == "colour")
        );
    }
}

/// Requests that are accepted in one reading and refused with this text in the other one.
fn requests_of_one_reading() -> Vec<(Reading, &'static str, Value, &'static str)> {
    let (new, old) = (Reading::Specification, Reading::Sdks);
    let sip = |params: Value| json!({"devices": [[{"type": "sip", "params": params}]]});
    let ringing = |time: i64| {
        let mut device = phone("+1");
        device["params"]["timeout"] = time.into();
        json!({"devices": [[device]]})
    };
    let pay = |more: Value| {
        merged(json!({"control_id": "k", "payment_connector_url": "https://pay.example"}), &more)
    };
    let message = |more: Value| merged(json!({"from_number": "+1", "to_number": "+2"}), &more);
    let detect = |params: Value| json!({"control_id": "k", "detect": {"type": "machine", "params": params}});
    let collect = |more: Value| merged(json!({"control_id": "k", "digits": {"max": 1}}), &more);
    let header =
        |name: &str| sip(json!({"to": "sip:b@example.com", "headers": [{"name": name, "value": "v"}]}));
    vec![
        (old, "calling.ai_unhold", json!({"prompt": "p"}), "'prompt'"),
        (old, "calling.ai_message", json!({"reset": {"consolidate": true}}), "'reset.consolidate'"),
        (old, "calling.amazon_bedrock", json!({"prompt": {"text": "t"}, "voice_id": "v"}), "'voice_id'"),
        (old, "calling.amazon_bedrock", json!({"prompt": "t"}), "'prompt'"),
        (old, "calling.amazon_bedrock", json!({"params": {"attention_timeout": 9}}), "attention_timeout'"),
        (old, "calling.ai", json!({"control_id": "k"}), "'agent' or 'prompt'"),
        (old, "calling.user_event", json!({"event": "text"}), "'event'"),
        (old, "calling.user_event", json!({}), "'event'"),
        (
            old,
            "calling.bind_digit",
            json!({"digits": "1", "bind_method": "calling.play", "max_triggers": 0}),
            "'max_triggers'",
        ),
        (old, "calling.answer", json!({"codecs": ["OPUS"]}), "'codecs'"),
        (old, "calling.collect", collect(json!({"initial_timeout": 0})), "'initial_timeout'"),
        (old, "calling.collect", json!({"control_id": "k", "speech": {"model": "nova-3"}}), "'speech.model'"),
        (old, "calling.record", json!({"control_id": "k", "record": {}}), "'record.audio'"),
        (old, "calling.record.pause", json!({"control_id": "k", "behavior": "continuous"}), "'behavior'"),
        (old, "calling.detect", detect(json!({"machine_words_threshold": 0})), "machine_words_threshold'"),
        (old, "calling.detect", detect(json!({"initial_timeout": 0})), "initial_timeout'"),
        (
            old,
            "calling.tap",
            json!({"control_id": "k", "tap": {"type": "audio", "params": {}},
                "device": {"type": "ws", "params": {"uri": "wss://ws.example"}}}),
            "'tap.params.direction'",
        ),
        (
            old,
            "calling.refer",
            json!({"device": {"type": "sip", "params": {"to": "context"}}}),
            "'device.params.to'",
        ),
        (
            old,
            "calling.refer",
            json!({"device": {"type": "sip", "params": {"uri": "sip:a@example.com"}}}),
            "'device.params.to'",
        ),
        (old, "calling.join_conference", json!({"name": "c", "acl": "a"}), "'acl'"),
        (
            old,
            "calling.join_conference",
            json!({"name": "c", "status_callback_event": "start,end"}),
            "'status_callback_event'",
        ),
        (
            old,
            "calling.join_conference",
            json!({"name": "c", "recording_status_callback_event": "begun"}),
            "'recording_status_callback_event'",
        ),
        (old, "calling.connect", header("X-CID-A"), "headers[0].name'"),
        (old, "calling.connect", header("X-SignalWire-A"), "headers[0].name'"),
        (old, "calling.connect", header("Via"), "headers[0].name'"),
        (
            old,
            "calling.connect",
            sip(json!({"to": "b", "headers": [{"name": "X-A", "value": "a\r\nVia: b"}]})),
            "headers[0].value'",
        ),
        (new, "calling.connect", ringing(601), "timeout'"),
        (new, "calling.connect", ringing(0), "timeout'"),
        (
            old,
            "calling.pay",
            pay(json!({"payment_connector_url": "http://pay.example"})),
            "'payment_connector_url'",
        ),
        (old, "calling.pay", pay(json!({"timeout": 5})), "'timeout'"),
        (old, "calling.pay", pay(json!({"security_code": true})), "'security_code'"),
        (old, "calling.pay", pay(json!({"charge_amount": "$5"})), "'charge_amount'"),
        (old, "calling.pay", pay(json!({"valid_card_types": "optima"})), "'valid_card_types'"),
        (old, "calling.pay", pay(json!({"bank_account_type": "savings"})), "'bank_account_type'"),
        (old, "messaging.send", message(json!({"body": "b", "media": ["a.jpg"]})), "'media[0]'"),
        (
            old,
            "calling.live_translate",
            json!({"action": {"start": {"from_lang": "a", "to_lang": "b", "direction": ["local-caller"],
                "filter_to": "silly"}}}),
            "filter_to'",
        ),
    ]
}

#[test]
fn each_reading_accepts_its_own_values() {
    for (accepts, method, params, text) in requests_of_one_reading() {
        let method_call = if method == "calling.answer" { answered_with } else { result_of };
        let (result, violations) = method_call(quiet().reading(accepts), method, &params);
        assert_eq!(result["code"], "200", "{method} {params} in {accepts:?}: {result}");
        assert!(violations.is_empty(), "{method} {params}: {violations:?}");
        let (result, _) = method_call(quiet().reading(other(accepts)), method, &params);
        assert_eq!(result["code"], "400", "{method} {params} in {:?}: {result}", other(accepts));
        let message = result["message"].as_str().expect("a text");
        assert!(message.contains(text), "{method} {params}: {message}");
    }
}

/// The same as [`result_of`] for a call that is not answered yet.
fn answered_with(scenario: Scenario, method: &str, params: &Value) -> (Value, Vec<Violation>) {
    let caller = signalwire_relay_simulator::Caller::new("+15551110000", "+15552220000");
    let mut bench = Bench::new(scenario.caller(caller));
    let client = bench.client(&["default"]);
    let call = bench.offer();
    let answer = bench.request(client, method, at(&call, params.clone()));
    (answer["result"].clone(), bench.service.violations().to_vec())
}

/// Requests that are accepted in both readings.
#[test]
fn harmless_forms_are_accepted_in_both_readings() {
    let connect = |more: Value| merged(json!({"devices": [[phone("+1")]]}), &more);
    let ringtone = json!({"type": "ringtone", "params": {"name": "us"}});
    let tap = |codec: &str| {
        json!({"control_id": "k", "tap": {"type": "audio", "params": {"direction": "both"}},
            "device": {"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000, "codec": codec}}})
    };
    let accepted = [
        ("calling.connect", connect(json!({"ringback": []}))),
        ("calling.connect", connect(json!({"ringback": ringtone}))),
        ("calling.connect", connect(json!({"ringback": [ringtone]}))),
        ("calling.connect", json!({"devices": [[{"type": "sip", "params": {"to": "sip:b@example.com"}}]]})),
        ("calling.connect", json!({"devices": [[{"type": "phone", "params": {"to_number": "+1"}}]]})),
        ("calling.tap", tap("opus")),
        ("calling.tap", tap("PcmU")),
        ("calling.detect", json!({"control_id": "k", "detect": {}})),
        ("calling.detect", json!({"control_id": "k", "detect": {"params": {"initial_timeout": 3}}})),
        ("calling.send_digits", json!({"control_id": "k", "digits": "0a1b2c3d4Aw5W*#"})),
        ("calling.bind_digit", json!({"digits": "1w2W#", "bind_method": "calling.play"})),
        ("messaging.send", json!({"from_number": "+1", "to_number": "+2", "body": "b"})),
        ("messaging.send", json!({"from_number": "+1", "to_number": "+2", "template_id": "tpl"})),
        (
            "calling.pay",
            json!({"control_id": "k", "payment_connector_url": "https://pay.example",
                "prompts": [{"for": "security-code", "play": [ringtone]}]}),
        ),
        (
            "calling.join_conference",
            json!({"name": "c", "region": "ch", "status_callback_event_type": "laml"}),
        ),
        ("signalwire.receive", json!({"context": "a"})),
    ];
    for reading in BOTH {
        for (method, params) in &accepted {
            let (result, violations) = result_of(quiet().reading(reading), method, params);
            assert_eq!(result["code"], "200", "{method} {params} in {reading:?}: {result}");
            assert!(violations.is_empty(), "{method} {params} in {reading:?}: {violations:?}");
        }
        let codecs = json!({"codecs": ["AMR-WB", "PCMU"]});
        let (result, _) = answered_with(quiet().reading(reading), "calling.answer", &codecs);
        assert_eq!(result["code"], "200", "AMR-WB in {reading:?}: {result}");
    }
}

#[test]
fn a_prompt_of_a_payment_needs_something_to_say() {
    for reading in BOTH {
        let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example",
            "prompts": [{"for": "security-code"}]});
        let (result, _) = result_of(quiet().reading(reading), "calling.pay", &pay);
        assert_eq!(result["message"], "Missing parameter 'prompts[0].actions'");
    }
}

#[test]
fn a_message_is_refused_with_the_field_that_is_wrong() {
    let send = |reading, more: Value| {
        let params = merged(json!({"from_number": "+1", "to_number": "+2"}), &more);
        result_of(quiet().reading(reading), "messaging.send", &params).0
    };
    let files = |count: usize| json!({"media": vec!["https://files.example/a.jpg"; count]});
    let both = json!({"body": "b", "template_id": "tpl"});
    let refused = send(Reading::Specification, both.clone());
    assert_eq!((&refused["code"], &refused["data"]["body"].is_array()), (&json!("400"), &true));
    assert_eq!(send(Reading::Sdks, both)["code"], "200");
    assert_eq!(send(Reading::Specification, files(8))["code"], "200");
    let refused = send(Reading::Specification, files(9));
    assert_eq!((&refused["code"], &refused["data"]), (&json!("400"), &json!({"media": ["too many items"]})));
    assert_eq!(send(Reading::Sdks, files(9))["code"], "200");
    for reading in BOTH {
        assert_eq!(send(reading, json!({}))["code"], "400");
        assert_eq!(send(reading, json!({"message_type": "whatsapp_media_image"}))["code"], "400");
    }
}

#[test]
fn a_message_without_a_context_has_the_default_one() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["default"]);
    bench.ok(client, "messaging.send", json!({"from_number": "+1", "to_number": "+2", "body": "b"}));
    assert_eq!(bench.member("messaging.state", "context"), ["default"]);
}

#[test]
fn a_queue_is_left_with_the_control_id_of_entering() {
    for (reading, code) in [(Reading::Specification, "404"), (Reading::Sdks, "200")] {
        let leave = json!({"control_id": "another", "queue_name": "q"});
        let (result, _) = result_of(quiet().reading(reading), "calling.queue.leave", &leave);
        assert_eq!(result["code"], code, "{reading:?}");
        let leave = json!({"control_id": "k", "queue_name": "q"});
        let (result, _) = result_of(quiet().reading(reading), "calling.queue.leave", &leave);
        assert_eq!(result["code"], "200", "{reading:?}");
    }
}

#[test]
fn a_fabric_leg_is_a_phone_found_by_its_address() {
    let scenario = quiet().phone(signalwire_relay_simulator::Phone::new("/private/support").busy());
    let mut bench = Bench::new(scenario);
    let client = bench.client(&[]);
    for (address, outcome) in [("/private/support", "failed"), ("/private/sales", "answered")] {
        let device =
            json!({"type": "fabric", "params": {"to": address, "from": "/private/bot", "timeout": 20}});
        bench.ok(client, "calling.dial", json!({"tag": address, "devices": [[device]]}));
        bench.run(10.0);
        assert_eq!(bench.events("calling.call.dial").pop().expect("events")["dial_state"], outcome);
    }
}

#[test]
fn results_have_the_texts_of_their_reading() {
    let (url, pdf) = ("wss://ws.example", "https://files.example/a.pdf");
    let texts = [
        ("calling.play", json!({"control_id": "k", "play": tts("x")}), "Playing", "OK"),
        ("calling.collect", json!({"control_id": "k", "digits": {"max": 1}}), "Collecting", "OK"),
        ("calling.record", json!({"control_id": "k", "record": {"audio": {}}}), "Recording", "OK"),
        ("calling.send_fax", json!({"control_id": "k", "document": pdf}), "Sending fax", "OK"),
        ("calling.stream", json!({"control_id": "k", "url": url}), "Starting stream", "OK"),
        ("calling.send_digits", json!({"control_id": "k", "digits": "1"}), "Sending", "Sending Digits"),
        ("calling.transcribe", json!({"control_id": "k"}), "Transcribing", "OK"),
        ("calling.ai", json!({"control_id": "k", "agent": "0f"}), "AI started", "OK"),
        ("calling.echo", json!({"timeout": 5}), "Echoing", "Echo started"),
        ("calling.user_event", json!({"event": {"a": 1}}), "Sending user event", "Event sent"),
        ("calling.end", json!({}), "Ending call", "Disconnecting call"),
    ];
    for (method, params, new, old) in texts {
        for (reading, text) in [(Reading::Specification, new), (Reading::Sdks, old)] {
            let (result, _) = result_of(quiet().reading(reading), method, &params);
            assert_eq!(result["message"], text, "{method} in {reading:?}");
            if params["control_id"].is_string() {
                assert_eq!(result["control_id"], "k", "{method}");
            }
            assert_eq!(result["call_id"].is_string(), method != "calling.end", "{method}");
        }
    }
}

#[test]
fn results_of_record_transcribe_and_tap_say_where_the_sound_is() {
    let record = json!({"control_id": "k", "record": {"audio": {}}});
    assert!(result_of(quiet(), "calling.record", &record).0["url"].is_string());
    assert!(result_of(quiet(), "calling.transcribe", &json!({"control_id": "k"})).0["url"].is_string());
    for device in [
        json!({"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000}}),
        json!({"type": "ws", "params": {"uri": "wss://ws.example"}}),
    ] {
        let tap = json!({"control_id": "k", "device": device,
            "tap": {"type": "audio", "params": {"direction": "both"}}});
        let source = result_of(quiet(), "calling.tap", &tap).0["source_device"].take();
        assert_eq!(source["type"], device["type"]);
        for member in ["addr", "port", "codec", "ptime", "rate"] {
            assert!(!source["params"][member].is_null(), "{member} in {source}");
        }
    }
}

#[test]
fn a_second_transcription_is_a_conflict() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.transcribe", at(&call, json!({"control_id": "k"})));
    let again = bench.request(client, "calling.transcribe", at(&call, json!({"control_id": "l"})));
    assert_eq!(again["result"]["code"], "409");
    assert_eq!(again["result"]["message"], "Transcribe is already in progress");
}

#[test]
fn an_inject_says_which_side_it_is_for() {
    for (reading, code) in [(Reading::Specification, "400"), (Reading::Sdks, "200")] {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        let start = json!({"from_lang": "en-US", "to_lang": "de-DE", "direction": ["local-caller"]});
        let translate = |action: Value| at(&call, json!({"action": action}));
        bench.ok(client, "calling.live_translate", translate(json!({"start": start})));
        let inject = translate(json!({"inject": {"message": "m"}}));
        assert_eq!(bench.code(client, "calling.live_translate", inject), code);
    }
}

#[test]
fn a_method_that_is_not_offered_cannot_be_bound_to_keys() {
    for (reading, code) in [(Reading::Specification, "400"), (Reading::Sdks, "200")] {
        let bind = json!({"digits": "1", "bind_method": "calling.hold"});
        let (result, _) = result_of(quiet().reading(reading), "calling.bind_digit", &bind);
        assert_eq!(result["code"], code, "{reading:?}");
    }
}
