//! Every method with every parameter that is documented anywhere, on one call, without a refusal.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signalwire_relay_simulator::{ConnectionId, METHODS, Reading, Scenario};
use support::{Bench, at, log_in, tts};

/// A client on the tour. The simulator is strict: a parameter that it does not know is refused.
struct Tour {
    bench: Bench,
    client: ConnectionId,
    call: String,
    used: BTreeSet<String>,
}

impl Tour {
    fn new() -> Self {
        // The older description has more parameters, and lets a call be commanded after a transfer.
        let scenario = Scenario::builtin("tour").expect("a built-in scenario").reading(Reading::Sdks);
        let mut bench = Bench::new(scenario.strict(true));
        let client = bench.service.handle_connected(bench.now);
        let mut connect = log_in(&["default"]);
        for name in ["protocol", "authorization_state", "host", "identity"] {
            connect[name] = "".into();
        }
        connect["params"] = json!({});
        connect["protocols"] = json!([]);
        bench.request(client, "signalwire.connect", connect);
        let call = bench.offer();
        Self { bench, client, call, used: BTreeSet::from(["signalwire.connect".to_owned()]) }
    }

    /// A request about the call.
    fn on_call(&mut self, method: &str, params: Value) -> Value {
        let params = at(&self.call.clone(), params);
        self.session(method, params)
    }

    /// A request about the session.
    fn session(&mut self, method: &str, params: Value) -> Value {
        self.used.insert(method.to_owned());
        self.bench.ok(self.client, method, params)
    }

    /// A request whose result has no code.
    fn bare(&mut self, method: &str, params: Value) {
        self.used.insert(method.to_owned());
        let answer = self.bench.request(self.client, method, params);
        assert!(answer["result"].is_object(), "{method}: {answer}");
    }

    /// Starts something and stops it at once.
    fn stopped(&mut self, method: &str, mut params: Value) {
        params["control_id"] = "s".into();
        self.on_call(method, params);
        self.on_call(&format!("{method}.stop"), json!({"control_id": "s"}));
    }

    fn run(&mut self, seconds: f64) {
        self.bench.run(seconds);
    }
}

const URL: &str = "https://app.example/status";

fn play(tour: &mut Tour) {
    let media = json!([
        {"type": "tts", "params": {"text": "x", "language": "en-US", "gender": "male", "voice": "v"}},
        {"type": "audio", "params": {"url": "https://files.example/a.mp3"}},
        {"type": "silence", "params": {"duration": 1}},
        {"type": "ringtone", "params": {"name": "us", "duration": 6}},
    ]);
    tour.on_call(
        "calling.play",
        json!({"control_id": "p", "play": media, "volume": -4, "direction": "both", "loop": 2,
            "status_url": URL, "language": "en-US", "voice": "v", "gender": "female"}),
    );
    tour.on_call("calling.play.volume", json!({"control_id": "p", "volume": 3.5}));
    tour.on_call("calling.play.pause", json!({"control_id": "p"}));
    tour.on_call("calling.play.resume", json!({"control_id": "p"}));
    tour.on_call("calling.play.stop", json!({"control_id": "p"}));
}

fn collect(tour: &mut Tour) {
    let digits = json!({"max": 2, "digit_timeout": 3, "terminators": "#*"});
    let speech = json!({"end_silence_timeout": 1, "speech_timeout": 9, "language": "en-US", "hints": ["a"],
        "engine": "Deepgram", "model": "nova-3"});
    let input = json!({"digits": digits, "speech": speech, "initial_timeout": 4, "partial_results": false,
        "continuous": false, "send_start_of_input": false, "start_input_timers": true});
    let prompt =
        json!({"control_id": "c", "play": tts("Two"), "collect": input, "volume": 1, "status_url": URL});
    tour.on_call("calling.play_and_collect", prompt.clone());
    tour.on_call("calling.play_and_collect.volume", json!({"control_id": "c", "volume": 2}));
    tour.run(10.0);
    let mut alone = input;
    alone["control_id"] = "d".into();
    alone["continue"] = true.into();
    alone["status_url"] = URL.into();
    tour.on_call("calling.collect", alone.clone());
    tour.on_call("calling.collect.start_input_timers", json!({"control_id": "d"}));
    tour.run(10.0);
    tour.stopped("calling.collect", alone);
    tour.stopped("calling.play_and_collect", prompt);
    assert_eq!(tour.bench.events("calling.call.collect").len(), 4);
}

fn record(tour: &mut Tour) {
    let audio = json!({"beep": true, "format": "mp3", "stereo": true, "direction": "speak",
        "initial_timeout": 5, "end_silence_timeout": 1, "terminators": "#", "input_sensitivity": 44,
        "max_length": 60});
    let record = json!({"control_id": "r", "record": {"audio": audio}, "status_url": URL});
    tour.on_call("calling.record", record.clone());
    tour.run(10.0);
    tour.on_call("calling.record", record);
    tour.on_call("calling.record.pause", json!({"control_id": "r", "behavior": "silence"}));
    tour.on_call("calling.record.resume", json!({"control_id": "r"}));
    tour.on_call("calling.record.stop", json!({"control_id": "r"}));
    assert_eq!(tour.bench.member("calling.call.record", "state")[1], "finished");
}

fn detect(tour: &mut Tour) {
    let digit = json!({"type": "digit", "params": {"digits": "0123456789"}});
    tour.on_call(
        "calling.detect",
        json!({"control_id": "e", "detect": digit, "timeout": 30, "status_url": URL}),
    );
    tour.run(10.0);
    assert_eq!(tour.bench.events("calling.call.detect")[0]["detect"]["params"]["event"], "7");
    let machine = json!({"type": "machine", "params": {"initial_timeout": 4.5, "end_silence_timeout": 1,
        "machine_ready_timeout": 1, "machine_voice_threshold": 1.25, "machine_words_threshold": 6,
        "detect_interruptions": false, "detect_message_end": true}});
    tour.stopped("calling.detect", json!({"detect": machine}));
    tour.stopped("calling.detect", json!({"detect": {"type": "fax", "params": {"tone": "CED"}}}));
}

fn pay(tour: &mut Tour) {
    let prompts = json!([{"for": "payment-card-number", "actions": [{"type": "Say", "phrase": "Card?"}],
        "attempts": "1", "card_type": "visa", "error_type": "timeout"}]);
    let pay = json!({"control_id": "pay", "payment_connector_url": "https://pay.example", "input": "dtmf",
        "status_url": URL, "payment_method": "credit-card", "bank_account_type": "consumer-checking",
        "timeout": "5", "max_attempts": "2", "security_code": "true", "postal_code": "true",
        "min_postal_code_length": "5", "token_type": "reusable", "charge_amount": "1.50", "currency": "usd",
        "language": "en-US", "voice": "woman", "description": "Shoes", "valid_card_types": "visa amex",
        "parameters": [{"name": "a", "value": "b"}], "prompts": prompts});
    tour.on_call("calling.pay", pay.clone());
    tour.run(30.0);
    let last = tour.bench.events("calling.call.pay").pop().expect("events");
    assert_eq!(last["for"], "payment-completed");
    tour.stopped("calling.pay", pay);
}

fn fax_and_sound(tour: &mut Tour) {
    let fax = json!({"document": "https://files.example/a.pdf", "identity": "+1", "header_info": "h", "status_url": URL});
    tour.stopped("calling.send_fax", fax);
    tour.stopped("calling.receive_fax", json!({"status_url": URL}));
    let tap = json!({"type": "audio", "params": {"direction": "both"}});
    let rtp =
        json!({"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000, "codec": "OPUS", "ptime": 20}});
    tour.stopped("calling.tap", json!({"tap": tap, "device": rtp, "status_url": URL}));
    let ws = json!({"type": "ws", "params": {"uri": "wss://ws.example", "codec": "PCMU", "rate": 8000}});
    tour.stopped("calling.tap", json!({"tap": tap, "device": ws}));
    let stream = json!({"url": "wss://ws.example", "name": "n", "codec": "PCMU", "track": "both_tracks",
        "status_url": URL, "status_url_method": "POST", "authorization_bearer_token": "t",
        "custom_parameters": {"a": 1}, "async": true, "swml": false});
    tour.stopped("calling.stream", stream);
    tour.stopped("calling.transcribe", json!({"status_url": URL}));
    tour.on_call("calling.send_digits", json!({"control_id": "g", "digits": "1w2W#"}));
    tour.on_call("calling.denoise", json!({}));
    tour.on_call("calling.denoise.stop", json!({}));
    tour.on_call("calling.echo", json!({"timeout": 2, "status_url": URL, "swml": true}));
    let start = json!({"lang": "en-US", "direction": ["remote-caller", "local-caller"], "webhook": URL,
        "live_events": true, "ai_summary": true, "ai_summary_prompt": "p", "speech_engine": "deepgram",
        "speech_timeout": 60000, "vad_silence_ms": 300, "vad_thresh": 400, "debug_level": 0});
    let mut translate = start.clone();
    for (name, value) in [
        ("from_lang", "en-US"),
        ("to_lang", "es-ES"),
        ("from_voice", "elevenlabs.josh"),
        ("to_voice", "elevenlabs.josh"),
        ("filter_from", "polite"),
        ("filter_to", "prompt:x"),
    ] {
        translate[name] = value.into();
    }
    translate.as_object_mut().expect("an object").remove("lang");
    for action in
        [json!({"start": start}), json!({"summarize": {"webhook": URL, "prompt": "p"}}), json!({"stop": {}})]
    {
        tour.on_call("calling.live_transcribe", json!({"action": action, "async": true, "swml": true}));
    }
    for action in [
        json!({"start": translate}),
        json!({"inject": {"message": "m", "direction": "local-caller"}}),
        json!("stop"),
    ] {
        tour.on_call(
            "calling.live_translate",
            json!({"action": action, "status_url": URL, "async": true, "swml": true}),
        );
    }
}

fn agents(tour: &mut Tour) {
    tour.stopped(
        "calling.ai",
        json!({"agent": "0f", "prompt": {"text": "t"}, "post_prompt": {"text": "t"}, "post_prompt_url": URL,
            "post_prompt_auth_user": "u", "post_prompt_auth_password": "p", "global_data": {},
            "pronounce": [], "hints": ["a"], "languages": [], "SWAIG": {}, "params": {}}),
    );
    tour.on_call(
        "calling.amazon_bedrock",
        json!({"prompt": "t", "SWAIG": {}, "params": {}, "global_data": {}, "post_prompt": {},
            "post_prompt_url": URL, "async": true, "swml": true}),
    );
    let reset = json!({"full_reset": true, "user_prompt": "u", "system_prompt": "s"});
    tour.on_call(
        "calling.ai_message",
        json!({"message_text": "m", "role": "user", "reset": reset, "global_data": {}, "async": true, "swml": true}),
    );
    tour.on_call("calling.ai_hold", json!({"timeout": "30", "prompt": "p", "async": true, "swml": true}));
    tour.on_call("calling.ai_unhold", json!({"prompt": "p", "async": true, "swml": true}));
}

fn groups(tour: &mut Tour) {
    let stream = json!({"url": "wss://ws.example", "name": "n", "codec": "PCMU", "status_url": URL,
        "status_url_method": "GET", "realtime": true, "authorization_bearer_token": "t", "custom_parameters": {}});
    let joined = tour.on_call(
        "calling.join_conference",
        json!({"name": "c", "muted": true, "beep": "true", "start_on_enter": true, "end_on_exit": true,
            "wait_url": URL, "max_participants": 250, "record": "record-from-start", "region": "eu",
            "trim": "trim-silence", "coach": "c-9", "status_callback": URL,
            "status_callback_event": "start end join", "status_callback_event_type": "relay",
            "status_callback_method": "GET", "recording_status_callback": URL,
            "recording_status_callback_event": "completed", "recording_status_callback_event_type": "cxml",
            "recording_status_callback_method": "POST", "stream": stream, "acl": "a", "swml": true}),
    );
    let leave = json!({"conference_id": joined["conference_id"], "async": true});
    tour.on_call("calling.leave_conference", leave);
    tour.on_call(
        "calling.join_room",
        json!({"name": "lobby", "status_url": URL, "hagrid_json_api_url": URL, "hagrid_node_id": "h", "swml": true}),
    );
    tour.on_call("calling.leave_room", json!({"async": true}));
    let entered = tour.on_call(
        "calling.queue.enter",
        json!({"control_id": "q", "queue_name": "support", "status_url": URL, "wait_url": URL}),
    );
    assert_eq!(entered["control_id"], "q");
    tour.on_call(
        "calling.queue.leave",
        json!({"control_id": "q", "queue_name": "support", "queue_id": "q-1", "status_url": URL}),
    );
}

fn others(tour: &mut Tour) {
    tour.on_call("calling.hold", json!({}));
    tour.on_call("calling.unhold", json!({}));
    let bind = json!({"digits": "*1", "bind_method": "calling.play", "params": {}, "realm": "r", "max_triggers": 1, "swml": true});
    tour.on_call("calling.bind_digit", bind);
    tour.on_call("calling.clear_digit_bindings", json!({"realm": "r", "swml": true}));
    tour.on_call("calling.user_event", json!({"event": {"a": 1}, "async": true, "swml": true, "more": 1}));
    let sip = json!({"to": "sip:context@example.com", "from": "sip:a@example.com", "username": "u", "password": "p"});
    tour.on_call("calling.refer", json!({"device": {"type": "sip", "params": sip}, "status_url": URL}));
    tour.on_call("calling.transfer", json!({"dest": "context:sales"}));
    let phone = json!({"type": "phone", "params": {"to_number": "+15551001000", "from_number": "+15552220000",
        "timeout": 20, "max_duration": 60, "call_state_url": URL, "call_state_events": ["ended"], "confirm": URL}});
    tour.on_call(
        "calling.connect",
        json!({"devices": [[phone]], "ringback": tts("x"), "tag": "b", "max_duration": 60,
            "max_price_per_minute": 0.5, "status_url": URL}),
    );
    tour.run(5.0);
    tour.on_call("calling.disconnect", json!({}));
    tour.session(
        "calling.dial",
        json!({"tag": "t", "devices": [[phone]], "region": "us", "max_price_per_minute": 0.5, "node_id": "n", "max_duration": 60}),
    );
    tour.session(
        "calling.begin",
        json!({"device": phone, "tag": "t", "region": "us", "node_id": "n", "max_duration": 60}),
    );
    tour.session("calling.call", json!({"anything": 1}));
}

fn session(tour: &mut Tour) {
    tour.session(
        "messaging.send",
        json!({"context": "default", "to_number": "+1", "from_number": "+2", "body": "b",
            "media": ["https://files.example/a.jpg"], "tags": ["t"], "region": "us"}),
    );
    tour.session("signalwire.receive", json!({"contexts": ["a"]}));
    tour.session("calling.receive", json!({"context": "b", "contexts": ["c"]}));
    tour.session("signalwire.unreceive", json!({"contexts": ["a"]}));
    tour.bare("signalwire.ping", json!({"timestamp": 1.5, "payload": "p"}));
    let authentication = json!({"project": "demo-project", "token": "demo-token"});
    tour.bare("signalwire.reauthenticate", json!({"authentication": authentication, "dpop_token": "d"}));
    tour.bare(
        "signalwire.execute",
        json!({"method": "signalwire.ping", "protocol": "p", "params": {}, "attempted": [],
            "requester_identity": "a", "requester_nodeid": "b", "responder_identity": "c", "responder_nodeid": "d"}),
    );
}

#[test]
fn everything_can_be_done_on_one_call() {
    let mut tour = Tour::new();
    tour.on_call("calling.answer", json!({"codecs": ["PCMU", "OPUS"], "max_duration": 14400}));
    for part in [play, collect, record, detect, pay, fax_and_sound, agents, groups, others, session] {
        part(&mut tour);
    }
    tour.on_call("calling.end", json!({"reason": "hangup"}));
    let spare = signalwire_relay_simulator::Caller::new("+1", "+2");
    let offered = tour.bench.service.place_call(tour.bench.now, spare);
    tour.bench.settle();
    tour.session("calling.pass", at(&offered, json!({})));
    tour.run(30.0);
    let unused: Vec<_> =
        METHODS.iter().filter(|method| !tour.used.contains(**method) && !is_newer(method)).collect();
    assert!(unused.is_empty(), "{unused:?}");
    assert!(tour.bench.service.violations().is_empty(), "{:?}", tour.bench.service.violations());
    assert_eq!(tour.bench.events("messaging.receive").len(), 1);
}

/// Returns `true` if the older sources do not know a method.
fn is_newer(method: &str) -> bool {
    method.starts_with("calling.ai_sidecar") || method == "provisioning.configure"
}
