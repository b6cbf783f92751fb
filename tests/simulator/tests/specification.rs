//! Every method of the newer specification with every parameter it has, answered by a strict service.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signalwire_relay_simulator::METHODS;
use support::{Bench, at, log_in, phone, quiet, talking, tts};

const URL: &str = "https://app.example/status";

/// Methods that the newer specification does not have.
const OLDER: &[&str] = &[
    "calling.begin",
    "calling.call",
    "calling.hold",
    "calling.receive",
    "calling.unhold",
    "signalwire.execute",
];

/// Requests about one call, each to be sent on a fresh one, in the order they need.
fn on_call() -> Vec<Vec<(&'static str, Value)>> {
    let stopped =
        |start: (&'static str, Value), stop: &'static str| vec![start, (stop, json!({"control_id": "k"}))];
    let mut stories = vec![play(), collect(), record(), pay(), live_texts(), agents(), sidecar(), groups()];
    stories.push(stopped(("calling.detect", detect()), "calling.detect.stop"));
    stories.push(stopped(
        (
            "calling.send_fax",
            json!({"control_id": "k", "document": "https://files.example/a.pdf", "identity": "+1",
                "header_info": "", "status_url": URL}),
        ),
        "calling.send_fax.stop",
    ));
    stories.push(stopped(
        ("calling.receive_fax", json!({"control_id": "k", "status_url": URL})),
        "calling.receive_fax.stop",
    ));
    let rtp = json!({"addr": "203.0.113.9", "port": 4000, "codec": "opus", "ptime": 20});
    let direction = json!({"type": "audio", "params": {"direction": "listen"}});
    stories.push(stopped(
        (
            "calling.tap",
            json!({"control_id": "k", "tap": direction, "device": {"type": "rtp", "params": rtp},
                "status_url": URL}),
        ),
        "calling.tap.stop",
    ));
    stories.push(stopped(
        (
            "calling.stream",
            json!({"control_id": "k", "url": "wss://ws.example", "name": "n", "codec": "PCMU",
                "track": "both_tracks", "status_url": URL, "status_url_method": "POST",
                "authorization_bearer_token": "t", "custom_parameters": {"a": 1}}),
        ),
        "calling.stream.stop",
    ));
    stories.push(stopped(
        ("calling.transcribe", json!({"control_id": "k", "status_url": URL})),
        "calling.transcribe.stop",
    ));
    stories.push(bridge());
    stories.push(vec![
        ("calling.send_digits", json!({"control_id": "k", "digits": "0123456789wWabcdABCD*#"})),
        ("calling.denoise", json!({})),
        ("calling.denoise.stop", json!({})),
        ("calling.echo", json!({"timeout": 60, "status_url": URL})),
        (
            "calling.bind_digit",
            json!({"digits": "*w1", "bind_method": "calling.play", "params": {}, "realm": "r",
                "max_triggers": 1}),
        ),
        ("calling.clear_digit_bindings", json!({"realm": "all"})),
        ("calling.user_event", json!({"event": {"topic": "t", "colour": "red"}})),
        (
            "calling.refer",
            json!({"device": {"type": "sip", "params": {"to": "sips:context@example.com",
                "from": "sip:a@example.com", "username": "u", "password": "p", "headers": []}},
                "status_url": URL}),
        ),
        ("calling.end", json!({"reason": "noAnswer"})),
    ]);
    stories.push(vec![("calling.transfer", json!({"dest": {"version": "1.0.0"}}))]);
    stories
}

fn play() -> Vec<(&'static str, Value)> {
    let media = json!([
        {"type": "tts", "params": {"text": "x", "language": "en-US", "gender": "male", "voice": "v"}},
        {"type": "audio", "params": {"url": "https://files.example/a.mp3"}},
        {"type": "silence", "params": {"duration": 1}},
        {"type": "ringtone", "params": {"name": "bong", "duration": 6}},
    ]);
    vec![
        (
            "calling.play",
            json!({"control_id": "k", "play": media, "volume": -40, "direction": "speak", "loop": 0,
                "status_url": URL, "language": "en-US", "voice": "v", "gender": "female"}),
        ),
        ("calling.play.volume", json!({"control_id": "k", "volume": 40})),
        ("calling.play.pause", json!({"control_id": "k"})),
        ("calling.play.resume", json!({"control_id": "k"})),
        ("calling.play.stop", json!({"control_id": "k"})),
    ]
}

fn collect() -> Vec<(&'static str, Value)> {
    let digits = json!({"max": 2, "digit_timeout": 3, "terminators": "#*"});
    let mut at_least = digits.clone();
    at_least["min"] = 1.into();
    let speech = json!({"end_silence_timeout": 1, "speech_timeout": 9, "language": "en-US", "hints": ["a"],
        "engine": "Deepgram", "model": "enhanced.phone_call"});
    vec![
        (
            "calling.collect",
            json!({"control_id": "k", "digits": digits, "speech": speech, "initial_timeout": 4,
                "start_input_timers": false, "partial_results": true, "continuous": false, "continue": true,
                "send_start_of_input": true, "status_url": URL}),
        ),
        ("calling.collect.start_input_timers", json!({"control_id": "k"})),
        ("calling.collect.stop", json!({"control_id": "k"})),
        (
            "calling.play_and_collect",
            json!({"control_id": "k", "play": tts("Two"), "volume": 1, "status_url": URL,
                "collect": {"digits": at_least, "speech": speech, "initial_timeout": 4}}),
        ),
        ("calling.play_and_collect.volume", json!({"control_id": "k", "volume": 2})),
        ("calling.play_and_collect.stop", json!({"control_id": "k"})),
    ]
}

fn record() -> Vec<(&'static str, Value)> {
    let audio = json!({"beep": true, "format": "mp4", "stereo": true, "direction": "both",
        "initial_timeout": 0, "end_silence_timeout": 0, "terminators": "#", "input_sensitivity": 100,
        "max_length": 0});
    vec![
        ("calling.record", json!({"control_id": "k", "record": {"audio": audio}, "status_url": URL})),
        ("calling.record.pause", json!({"control_id": "k", "behavior": "skip"})),
        ("calling.record.resume", json!({"control_id": "k"})),
        ("calling.record.stop", json!({"control_id": "k"})),
    ]
}

fn detect() -> Value {
    let machine = json!({"initial_timeout": 4.5, "end_silence_timeout": 1, "machine_ready_timeout": 1,
        "machine_voice_threshold": 1.25, "machine_words_threshold": 6, "detect_interruptions": false,
        "detect_message_end": true});
    json!({"control_id": "k", "detect": {"params": machine}, "timeout": 0, "status_url": URL})
}

fn pay() -> Vec<(&'static str, Value)> {
    let prompts = json!([
        {"for": "payment-card-number", "actions": [{"type": "Say", "phrase": "Card?"}], "attempt": "1 2",
            "card_type": "visa amex", "error_type": "timeout invalid-card-type"},
        {"for": "bank-routing-number", "play": tts("Number?"), "require_matching_inputs": "true"},
    ]);
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example", "input": "dtmf",
        "status_url": URL, "payment_method": "credit-card", "bank_account_type": "commercial-checking",
        "timeout": "5", "max_attempts": "2", "security_code": "true", "postal_code": "10115",
        "min_postal_code_length": "5", "token_type": "one-time", "charge_amount": "1.50", "currency": "usd",
        "language": "en-US", "voice": "woman", "say_voice": "man", "description": "Shoes",
        "valid_card_types": "visa mastercard amex maestro discover jcb diners-club",
        "parameters": [{"name": "a", "value": "b"}], "prompts": prompts});
    vec![("calling.pay", pay), ("calling.pay.stop", json!({"control_id": "k"}))]
}

fn live_texts() -> Vec<(&'static str, Value)> {
    let start = json!({"direction": ["remote-caller", "local-caller"], "webhook": URL, "live_events": true,
        "ai_summary": true, "ai_summary_prompt": "p", "speech_engine": "google", "speech_timeout": 60000,
        "vad_silence_ms": 300, "vad_thresh": 1800});
    let mut transcribe = start.clone();
    for (name, value) in
        [("lang", json!("en-US")), ("hints", json!(["a"])), ("verbose_utterances", json!(true))]
    {
        transcribe[name] = value;
    }
    let mut translate = start;
    for (name, value) in [
        ("from_lang", "en-US"),
        ("to_lang", "es-ES"),
        ("from_voice", "josh"),
        ("to_voice", "josh"),
        ("filter_from", "gen-z"),
        ("filter_to", "prompt:as a pirate"),
        ("mode", "classic"),
    ] {
        translate[name] = value.into();
    }
    let inject = json!({"message": "m", "direction": "local-caller"});
    vec![
        ("calling.live_transcribe", json!({"action": {"start": transcribe}})),
        ("calling.live_transcribe", json!({"action": {"summarize": {"webhook": URL, "prompt": "p"}}})),
        ("calling.live_transcribe", json!({"action": "summarize"})),
        ("calling.live_transcribe", json!({"action": "stop"})),
        ("calling.live_translate", json!({"action": {"start": translate}, "status_url": URL})),
        ("calling.live_translate", json!({"action": {"inject": inject}})),
        ("calling.live_translate", json!({"action": {"stop": {}}})),
    ]
}

fn agents() -> Vec<(&'static str, Value)> {
    let reset = json!({"full_reset": true, "user_prompt": "u", "system_prompt": "s"});
    vec![
        (
            "calling.ai",
            json!({"control_id": "k", "agent": "0f", "prompt": {"text": "t"}, "post_prompt": {"text": "t"},
                "post_prompt_url": URL, "post_prompt_auth_user": "u", "post_prompt_auth_password": "p",
                "global_data": {}, "pronounce": [], "hints": ["a"], "languages": [], "SWAIG": {},
                "params": {}}),
        ),
        (
            "calling.ai_message",
            json!({"message_text": "m", "role": "assistant", "reset": reset, "global_data": {"a": null}}),
        ),
        ("calling.ai_hold", json!({"timeout": "5m", "prompt": "p"})),
        ("calling.ai_unhold", json!({})),
        ("calling.ai.stop", json!({"control_id": "k"})),
        (
            "calling.amazon_bedrock",
            json!({"prompt": {"text": "t"}, "global_data": {}, "post_prompt": {}, "post_prompt_url": URL,
                "SWAIG": {"defaults": {}, "functions": [], "includes": [], "native_functions": []},
                "params": {"attention_timeout": 0, "hard_stop_time": "1h30m", "hard_stop_prompt": "p",
                    "inactivity_timeout": 600_000, "video_idle_file": "f", "video_listening_file": "f",
                    "video_talking_file": "f"}}),
        ),
    ]
}

fn sidecar() -> Vec<(&'static str, Value)> {
    let functions = json!([{"function": "f", "description": "d", "purpose": "p", "parameters": {},
        "web_hook_url": URL, "web_hook_auth_user": "u", "web_hook_auth_password": "p"}]);
    let servers = json!([{"url": URL, "headers": {}, "resources": true, "resource_vars": {}}]);
    let params = json!({"idle_timeout_ms": 200, "min_interval_ms": 0, "max_iters_per_tick": 5,
        "max_history_tokens": 8000, "act_on_channel": true, "final_summary": true, "ai_summary": true,
        "live_events": true, "verbose_utterances": true, "debug": true, "ai_summary_prompt": "p",
        "transcribe_prompt": "p", "summary_model": "m", "speech_engine": "deepgram", "speech_timeout": 0,
        "vad_silence_ms": 0, "vad_thresh": 0, "debug_level": 0});
    vec![
        (
            "calling.ai_sidecar",
            json!({"lang": "en-US", "prompt": {"file": "f"}, "model": "gpt-4.1-mini",
                "direction": ["remote-caller", "local-caller"], "customer_role": "local-caller", "url": URL,
                "SWAIG": {"defaults": {"web_hook_url": URL}, "functions": functions, "mcp_servers": servers},
                "permissions": {"swaig_allow_swml": true, "swaig_allow_settings": true,
                    "swaig_set_global_data": true},
                "global_data": {}, "hints": ["a"], "params": params}),
        ),
        ("calling.ai_sidecar.poke", json!({"text": "t"})),
        ("calling.ai_sidecar.ask", json!({"text": "t"})),
        ("calling.ai_sidecar.status", json!({})),
        ("calling.ai_sidecar.stop", json!({})),
    ]
}

fn groups() -> Vec<(&'static str, Value)> {
    let stream = json!({"url": "wss://ws.example", "name": "n", "codec": "PCMU", "status_url": URL,
        "status_url_method": "GET", "realtime": true, "authorization_bearer_token": "t",
        "custom_parameters": {}});
    vec![
        (
            "calling.join_conference",
            json!({"name": "c", "muted": true, "beep": "onEnter", "start_on_enter": true, "end_on_exit": true,
                "wait_url": URL, "max_participants": 250, "record": "record-from-start", "region": "ch",
                "trim": "do-not-trim", "acl": "public-read", "coach": "c-9", "status_callback": URL,
                "status_callback_event": "start end join leave mute hold modify speaker announcement",
                "status_callback_event_type": "laml", "status_callback_method": "GET",
                "recording_status_callback": URL,
                "recording_status_callback_event": "in-progress completed absent",
                "recording_status_callback_event_type": "cxml", "recording_status_callback_method": "POST",
                "stream": stream, "emit_call_quality": true}),
        ),
        ("calling.leave_conference", json!({"conference_id": "f-1"})),
        ("calling.join_room", json!({"name": "lobby", "status_url": URL})),
        ("calling.leave_room", json!({})),
        (
            "calling.queue.enter",
            json!({"control_id": "k", "queue_name": "q", "status_url": URL, "wait_url": URL, "wait_time": 1,
                "execute_after_queue": URL, "whisper_url": URL}),
        ),
        ("calling.queue.leave", json!({"control_id": "k", "queue_name": "q", "status_url": URL})),
    ]
}

fn ringing_devices() -> Value {
    let shared = json!({"timeout": 0, "call_state_url": URL, "call_state_events": ["ended"],
        "confirm": [{"play": "x"}], "confirm_timeout": 8});
    let device = |kind: &str, own: Value| {
        let mut params = shared.clone();
        for (name, value) in own.as_object().expect("an object") {
            params[name] = value.clone();
        }
        json!({"type": kind, "params": params})
    };
    let headers = json!([{"name": "X-Case", "value": "7"}, {"name": "User-to-User", "value": "a"}]);
    json!([
        [device("fabric", json!({"to": "/private/support", "from": "/private/bot"}))],
        [
            device("phone", json!({"to_number": "+1", "from_number": "+2", "confirm": URL})),
            device(
                "sip",
                json!({"to": "sip:context@pbx.example", "from": "a", "from_name": "n",
                "headers": headers, "codecs": ["AMR-WB", "VP8"], "webrtc_media": true,
                "encryption": "mandatory", "username": "u", "password": "p", "session_timeout": 0})
            ),
        ],
    ])
}

fn bridge() -> Vec<(&'static str, Value)> {
    let mut devices = ringing_devices();
    for (kind, params) in [
        ("call", json!({"node_id": "n", "call_id": "c"})),
        ("queue", json!({"node_id": "n", "queue_name": "q", "queue_id": "i", "execute_after_queue": URL})),
        ("stream", json!({"url": "wss://ws.example", "codec": "PCMU@20i"})),
    ] {
        devices.as_array_mut().expect("a list").push(json!([{"type": kind, "params": params}]));
    }
    vec![
        (
            "calling.connect",
            json!({"devices": devices, "ringback": [], "tag": "b", "max_duration": 60, "timeout": 20,
                "send_digits": "w1", "max_price_per_minute": 0.5, "status_url": URL}),
        ),
        ("calling.disconnect", json!({"reason": "done"})),
    ]
}

fn on_session() -> Vec<(&'static str, Value)> {
    vec![
        (
            "calling.dial",
            json!({"tag": "t", "devices": ringing_devices(), "max_duration": 0, "timeout": 0.5,
                "send_digits": "ww12#", "max_price_per_minute": 0, "dest_swml": "https://app.example/swml"}),
        ),
        (
            "messaging.send",
            json!({"context": "c", "from_number": "+1", "to_number": "+2", "body": "b",
                "media": ["http://files.example/a.jpg"], "tag": "t", "status_callback": URL,
                "send_as_mms": true, "message_type": "whatsapp_interactive_reply_button"}),
        ),
        (
            "messaging.send",
            json!({"from_number": "+1", "to_number": "+2", "template_id": "tpl",
                "header_template_parameters": URL, "body_template_parameters": {"name": "Ada"},
                "button_template_parameters": ["a"]}),
        ),
        ("signalwire.receive", json!({"contexts": ["a"], "context": "b"})),
        ("signalwire.unreceive", json!({"contexts": ["a"]})),
    ]
}

#[test]
fn a_strict_service_accepts_every_parameter_of_the_specification() {
    let mut used = BTreeSet::from(["calling.answer", "calling.pass", "signalwire.connect"]);
    for story in on_call() {
        let (mut bench, client, call) = talking(quiet().strict(true), []);
        for (method, params) in story {
            used.insert(method);
            let answer = bench.request(client, method, at(&call, params.clone()));
            assert_eq!(answer["result"]["code"], "200", "{method} {params}: {answer}");
            if method == "calling.connect" {
                bench.run(5.0);
            }
        }
        assert!(bench.service.violations().is_empty(), "{:?}", bench.service.violations());
    }
    let mut bench = Bench::new(quiet().strict(true));
    let client = bench.client(&["default"]);
    for (method, params) in on_session() {
        used.insert(method);
        bench.ok(client, method, params);
    }
    let authentication = json!({"project": "demo-project", "token": "demo-token"});
    for (method, params) in [
        ("signalwire.ping", json!({"timestamp": 1.5, "payload": "p"})),
        ("signalwire.reauthenticate", json!({"authentication": authentication, "dpop_token": "d"})),
        (
            "provisioning.configure",
            json!({"target": "freeswitch", "local_endpoint": "a:1", "external_endpoint": "b:2",
                "relay_connector_id": "0f"}),
        ),
    ] {
        used.insert(method);
        assert!(bench.request(client, method, params)["result"].is_object(), "{method}");
    }
    assert!(bench.service.violations().is_empty(), "{:?}", bench.service.violations());
    let unused: Vec<_> =
        METHODS.iter().filter(|method| !used.contains(**method) && !OLDER.contains(method)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn a_strict_service_lets_a_client_in_that_sends_all_it_may() {
    let mut bench = Bench::new(quiet().strict(true));
    bench.client(&["a"]);
    let mut params = log_in(&["a", "b"]);
    params["protocol"] = bench.frames[0].1["result"]["protocol"].clone();
    params["authorization_state"] =
        bench.events("signalwire.authorization.state")[0]["authorization_state"].clone();
    params["dpop_token"] = "d".into();
    let client = bench.service.handle_connected(bench.now);
    let answer = bench.request(client, "signalwire.connect", params);
    assert!(answer["result"]["protocol"].is_string(), "{answer}");
    let call = bench.service.place_call(bench.now, signalwire_relay_simulator::Caller::new("+1", "+2"));
    bench.settle();
    assert!(bench.service.call(&call).is_some());
    let dial = json!({"tag": "t", "devices": [[phone("+1")]]});
    bench.ok(client, "calling.dial", dial);
    assert!(bench.service.violations().is_empty());
}

#[test]
fn a_strict_service_takes_and_passes_calls() {
    let mut bench = Bench::new(quiet().strict(true));
    let client = bench.client(&["default"]);
    let caller = || signalwire_relay_simulator::Caller::new("+1", "+2");
    let first = bench.service.place_call(bench.now, caller());
    let second = bench.service.place_call(bench.now, caller());
    bench.settle();
    let answer = json!({"codecs": ["PCMU", "PCMA", "G729", "G722", "AMR-WB"], "max_duration": 0});
    bench.ok(client, "calling.answer", at(&first, answer));
    bench.ok(client, "calling.pass", at(&second, json!({})));
    assert!(bench.service.violations().is_empty());
}
