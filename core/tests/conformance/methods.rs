//! Each method with its required parameters, and with all.

use serde_json::{Map, Value, json};
use signalwire_relay_core::calling::{Codec, Method};
use signalwire_relay_core::{
    AiRole, AskId, CallState, Collect, ConferenceAcl, ConferenceBeep, ConferenceRecord, ConferenceTrim,
    Credentials, Device, Devices, EndReason, Error, FaxTone, Gender, LiveAction, LiveDirection, LiveMode,
    MachineDetector, PayParameter, PayPrompt, PayStep, PlayDirection, RecordDirection, RecordFormat, Request,
    SidecarStatus, SpeechEngine, StreamTrack, TokenType, agora, audio, phone, queue, refer_to, ringtone, rtp,
    secs, silence, sip, stream, tts, webrtc, ws,
};

use crate::wire::{Wire, check_sent};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

const HOOK: &str = "https://example.com/hook";

#[test]
pub(crate) fn lifecycle() {
    let mut wire = Wire::new();
    wire.expect(signalwire_relay_core::Call::answer, "calling.answer", json!({}));
    wire.expect(
        |call| call.answer().codecs([Codec::Pcmu, Codec::Opus]).max_duration(secs(60)),
        "calling.answer",
        json!({"codecs": ["PCMU", "OPUS"], "max_duration": 60}),
    );
    wire.expect(signalwire_relay_core::Call::hangup, "calling.end", json!({"reason": "hangup"}));
    wire.expect(
        |call| call.hangup().reason(EndReason::NoAnswer),
        "calling.end",
        json!({"reason": "noAnswer"}),
    );
    wire.expect(signalwire_relay_core::Call::disconnect, "calling.disconnect", json!({}));
    wire.expect(
        |call| call.disconnect().reason("moved to a desk"),
        "calling.disconnect",
        json!({"reason": "moved to a desk"}),
    );
    wire.expect(signalwire_relay_core::Call::hold, "calling.hold", json!({}));
    wire.expect(signalwire_relay_core::Call::unhold, "calling.unhold", json!({}));
    wire.expect(signalwire_relay_core::Call::pass, "calling.pass", json!({}));
    let () = ();
}

#[test]
pub(crate) fn play() {
    let mut wire = Wire::new();
    let play = wire.expect(
        |call| call.play_tts("Hi").control_id("k"),
        "calling.play",
        json!({"control_id": "k", "play": [{"type": "tts", "params": {"text": "Hi"}}]}),
    );
    wire.expect(|_| play.pause(), "calling.play.pause", json!({"control_id": "k"}));
    wire.expect(|_| play.resume(), "calling.play.resume", json!({"control_id": "k"}));
    wire.expect(|_| play.volume(-40.0), "calling.play.volume", json!({"control_id": "k", "volume": -40.0}));
    wire.expect(|_| play.stop(), "calling.play.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.play(tts("Hi").then(audio("https://x/a.mp3")).then(silence(secs(0.5))).then(ringtone("us")))
                .control_id("k2")
                .volume(3)
                .direction(PlayDirection::Both)
                .repeat(0_u32)
                .status_url(HOOK)
                .language("it-IT")
                .gender(Gender::Male)
                .voice("luca")
        },
        "calling.play",
        json!({"control_id": "k2", "volume": 3.0, "direction": "both", "loop": 0, "status_url": HOOK, "play": [
            {"type": "tts", "params": {"text": "Hi", "language": "it-IT", "gender": "male", "voice": "luca"}},
            {"type": "audio", "params": {"url": "https://x/a.mp3"}},
            {"type": "silence", "params": {"duration": 0.5}},
            {"type": "ringtone", "params": {"name": "us"}}]}),
    );
    let media =
        |wire: &mut Wire,
         request: &dyn Fn(&signalwire_relay_core::Call) -> Request<signalwire_relay_core::calling::Play>,
         media: Value| {
            wire.expect(
                |call| request(call).control_id("m"),
                "calling.play",
                json!({"control_id": "m", "play": [media]}),
            );
            wire.event("calling.call.play", &json!({"call_id": "c", "control_id": "m", "state": "finished"}));
        };
    media(
        &mut wire,
        &|call| call.play_audio("https://x/a.mp3"),
        json!({"type": "audio", "params": {"url": "https://x/a.mp3"}}),
    );
    media(
        &mut wire,
        &|call| call.play_silence(secs(2)),
        json!({"type": "silence", "params": {"duration": 2}}),
    );
    media(
        &mut wire,
        &|call| call.play_ringtone(ringtone("it").duration(secs(6))),
        json!({"type": "ringtone", "params": {"name": "it", "duration": 6}}),
    );
}

#[test]
pub(crate) fn record() {
    let mut wire = Wire::new();
    let record = wire.expect(
        |call| call.record().control_id("k"),
        "calling.record",
        json!({"control_id": "k", "record": {"audio": {}}}),
    );
    wire.expect(|_| record.pause(), "calling.record.pause", json!({"control_id": "k"}));
    wire.expect(
        |_| record.pause().behavior("silence"),
        "calling.record.pause",
        json!({"control_id": "k", "behavior": "silence"}),
    );
    wire.expect(|_| record.resume(), "calling.record.resume", json!({"control_id": "k"}));
    wire.expect(|_| record.stop(), "calling.record.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.record()
                .control_id("k2")
                .beep(true)
                .format(RecordFormat::Wav)
                .stereo(true)
                .direction(RecordDirection::Both)
                .initial_timeout(secs(0))
                .end_silence_timeout(secs(2.5))
                .terminators("")
                .input_sensitivity(50)
                .max_length(secs(90))
                .status_url(HOOK)
        },
        "calling.record",
        json!({"control_id": "k2", "status_url": HOOK, "record": {"audio": {"beep": true, "format": "wav",
            "stereo": true, "direction": "both", "initial_timeout": 0, "end_silence_timeout": 2.5,
            "terminators": "", "input_sensitivity": 50.0, "max_length": 90}}}),
    );
}

#[test]
pub(crate) fn collect_and_prompt() {
    let mut wire = Wire::new();
    let full = || {
        Collect::digits(4)
            .digit_timeout(secs(3))
            .terminators("#*")
            .end_silence_timeout(secs(1))
            .speech_timeout(secs(20))
            .language("en-GB")
            .hints(["yes", "no"])
            .engine(SpeechEngine::GoogleV2)
            .model("enhanced")
            .initial_timeout(secs(6))
            .partial_results(true)
            .continuous(true)
            .send_start_of_input(true)
            .start_input_timers(false)
    };
    let full_json = json!({"digits": {"max": 4, "digit_timeout": 3, "terminators": "#*"},
        "speech": {"end_silence_timeout": 1, "speech_timeout": 20, "language": "en-GB", "hints": ["yes", "no"],
            "engine": "Google.V2", "model": "enhanced"},
        "initial_timeout": 6, "partial_results": true, "continuous": true, "send_start_of_input": true,
        "start_input_timers": false});
    let collect = wire.expect(
        |call| call.collect(Collect::digits(1)).control_id("k"),
        "calling.collect",
        json!({"control_id": "k", "digits": {"max": 1}, "start_input_timers": true}),
    );
    wire.expect(
        |_| collect.start_input_timers(),
        "calling.collect.start_input_timers",
        json!({"control_id": "k"}),
    );
    wire.expect(|_| collect.stop(), "calling.collect.stop", json!({"control_id": "k"}));
    let mut expected = full_json.clone();
    expected["control_id"] = json!("k2");
    expected["status_url"] = json!(HOOK);
    wire.expect(|call| call.collect(full()).control_id("k2").status_url(HOOK), "calling.collect", expected);

    let prompt = wire.expect(
        |call| call.prompt_tts("PIN?", Collect::speech()).control_id("k3"),
        "calling.play_and_collect",
        json!({"control_id": "k3", "play": [{"type": "tts", "params": {"text": "PIN?"}}], "collect": {"speech": {}}}),
    );
    wire.expect(
        |call| call.prompt_tts("PIN?", Collect::digits(6)).min_digits(4).control_id("k5"),
        "calling.play_and_collect",
        json!({"control_id": "k5", "play": [{"type": "tts", "params": {"text": "PIN?"}}],
            "collect": {"digits": {"max": 6, "min": 4}}}),
    );
    wire.expect(
        |_| prompt.volume(6.0),
        "calling.play_and_collect.volume",
        json!({"control_id": "k3", "volume": 6.0}),
    );
    wire.expect(
        |_| prompt.start_input_timers(),
        "calling.collect.start_input_timers",
        json!({"control_id": "k3"}),
    );
    wire.expect(|_| prompt.stop(), "calling.play_and_collect.stop", json!({"control_id": "k3"}));
    wire.expect(
        |call| call.prompt_audio("https://x/a.mp3", full()).control_id("k4").volume(-3).status_url(HOOK),
        "calling.play_and_collect",
        json!({"control_id": "k4", "play": [{"type": "audio", "params": {"url": "https://x/a.mp3"}}],
            "collect": full_json, "volume": -3.0, "status_url": HOOK}),
    );
}

#[test]
pub(crate) fn connect() {
    let mut wire = Wire::new();
    wire.expect(
        |call| call.connect(phone("+15551000001")),
        "calling.connect",
        json!({"devices": [[{"type": "phone", "params": {"to_number": "+15551000001"}}]]}),
    );
    let phone_json = json!({"type": "phone", "params": {"to_number": "+15551000001", "from_number": "+15550000000",
        "timeout": 20, "max_duration": 600, "call_state_url": HOOK, "call_state_events": ["answered", "ended"],
        "confirm": "https://x/swml"}});
    let sip_json = json!({"type": "sip", "params": {"to": "sip:a@x", "from": "sip:b@x", "from_name": "B", "timeout": 15,
        "max_duration": 60, "headers": [{"name": "X-A", "value": "1"}], "codecs": ["PCMA"], "webrtc_media": true,
        "username": "u", "password": "s", "encryption": "mandatory", "session_timeout": 90}});
    wire.expect(
        |call| {
            let states =
                [signalwire_relay_core::CallState::Answered, signalwire_relay_core::CallState::Ended];
            let phone = phone("+15551000001")
                .from("+15550000000")
                .timeout(secs(20))
                .max_duration(secs(600))
                .call_state_url(HOOK)
                .call_state_events(states)
                .confirm("https://x/swml");
            let sip = sip("sip:a@x")
                .from("sip:b@x")
                .from_name("B")
                .timeout(secs(15))
                .max_duration(secs(60))
                .header("X-A", "1")
                .codecs([Codec::Pcma])
                .webrtc_media(true)
                .login("u", "s")
                .encryption("mandatory")
                .session_timeout(secs(90));
            let stream = stream("wss://x/s")
                .name("s")
                .codec(Codec::L16)
                .realtime(true)
                .custom_parameters(map(json!({"a": 1})));
            let devices = Devices::from(phone)
                .then(sip)
                .then(webrtc("res").from("me").timeout(secs(9)))
                .then(queue("q", "n2").queue_id("q-1"))
                .then(stream)
                .then(call);
            call.connect(devices)
                .ringback(ringtone("us"))
                .tag("t")
                .max_duration(secs(3600))
                .ring_timeout(secs(12.5))
                .send_digits("wW12#")
                .max_price_per_minute("0.10")
                .status_url(HOOK)
        },
        "calling.connect",
        json!({"devices": [[phone_json], [sip_json],
            [{"type": "webrtc", "params": {"to": "res", "from": "me", "timeout": 9}}],
            [{"type": "queue", "params": {"node_id": "n2", "queue_name": "q", "queue_id": "q-1"}}],
            [{"type": "stream", "params": {"url": "wss://x/s", "name": "s", "codec": "L16", "realtime": true,
                "custom_parameters": {"a": 1}}}],
            [{"type": "call", "params": {"node_id": "n", "call_id": "c"}}]],
            "ringback": [{"type": "ringtone", "params": {"name": "us"}}], "tag": "t", "max_duration": 3600, "timeout": 12.5, "send_digits": "wW12#",
            "max_price_per_minute": 0.10, "status_url": HOOK}),
    );
}

#[test]
pub(crate) fn detect() {
    let mut wire = Wire::new();
    let detect = wire.expect(
        |call| call.detect_answering_machine().control_id("k"),
        "calling.detect",
        json!({"control_id": "k", "detect": {"type": "machine", "params": {}}}),
    );
    wire.expect(|_| detect.stop(), "calling.detect.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.detect_answering_machine()
                .control_id("k2")
                .initial_timeout(secs(4.5))
                .end_silence_timeout(secs(1))
                .machine_ready_timeout(secs(2))
                .machine_voice_threshold(secs(1.25))
                .machine_words_threshold(6)
                .detect_interruptions(true)
                .detect_message_end(false)
                .run_for(secs(30))
                .status_url(HOOK)
        },
        "calling.detect",
        json!({"control_id": "k2", "timeout": 30, "status_url": HOOK, "detect": {"type": "machine", "params": {
            "initial_timeout": 4.5, "end_silence_timeout": 1, "machine_ready_timeout": 2,
            "machine_voice_threshold": 1.25, "machine_words_threshold": 6, "detect_interruptions": true,
            "detect_message_end": false}}}),
    );
    wire.expect(
        |call| call.detect(MachineDetector::default().machine_words_threshold(3)).control_id("k3"),
        "calling.detect",
        json!({"control_id": "k3", "detect": {"type": "machine", "params": {"machine_words_threshold": 3}}}),
    );
    wire.expect(
        |call| call.detect_fax(FaxTone::Cng).control_id("k4"),
        "calling.detect",
        json!({"control_id": "k4", "detect": {"type": "fax", "params": {"tone": "CNG"}}}),
    );
    wire.expect(
        |call| call.detect_fax(None).control_id("k5"),
        "calling.detect",
        json!({"control_id": "k5", "detect": {"type": "fax", "params": {}}}),
    );
    wire.expect(
        |call| call.detect_digit("12#").control_id("k6"),
        "calling.detect",
        json!({"control_id": "k6", "detect": {"type": "digit", "params": {"digits": "12#"}}}),
    );
}

#[test]
pub(crate) fn keys() {
    let mut wire = Wire::new();
    wire.expect(
        |call| call.send_digits("1wW#").control_id("k"),
        "calling.send_digits",
        json!({"control_id": "k", "digits": "1wW#"}),
    );
    wire.expect(
        |call| call.bind_digit("*0", "calling.end"),
        "calling.bind_digit",
        json!({"digits": "*0", "bind_method": "calling.end"}),
    );
    wire.expect(
        |call| {
            call.bind_digit("1", "calling.play").bind_params(map(json!({"a": 1}))).realm("menu").max_triggers(2)
        },
        "calling.bind_digit",
        json!({"digits": "1", "bind_method": "calling.play", "params": {"a": 1}, "realm": "menu", "max_triggers": 2}),
    );
    wire.expect(
        |call| call.bind_digit("wW1d", "calling.play").max_triggers(0),
        "calling.bind_digit",
        json!({"digits": "wW1d", "bind_method": "calling.play"}),
    );
    wire.expect(signalwire_relay_core::Call::clear_digit_bindings, "calling.clear_digit_bindings", json!({}));
    wire.expect(
        |call| call.clear_digit_bindings().realm("menu"),
        "calling.clear_digit_bindings",
        json!({"realm": "menu"}),
    );
}

#[test]
pub(crate) fn fax() {
    let mut wire = Wire::new();
    let send = wire.expect(
        |call| call.send_fax("https://x/a.pdf").control_id("k"),
        "calling.send_fax",
        json!({"control_id": "k", "document": "https://x/a.pdf"}),
    );
    wire.expect(|_| send.stop(), "calling.send_fax.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.send_fax("https://x/a.pdf").control_id("k2").identity("+15550000000").header_info("").status_url(HOOK)
        },
        "calling.send_fax",
        json!({"control_id": "k2", "document": "https://x/a.pdf", "identity": "+15550000000", "header_info": "",
            "status_url": HOOK}),
    );
    let receive = wire.expect(
        |call| call.receive_fax().control_id("k3"),
        "calling.receive_fax",
        json!({"control_id": "k3"}),
    );
    wire.expect(|_| receive.stop(), "calling.receive_fax.stop", json!({"control_id": "k3"}));
    wire.expect(
        |call| call.receive_fax().control_id("k4").status_url(HOOK),
        "calling.receive_fax",
        json!({"control_id": "k4", "status_url": HOOK}),
    );
}

#[test]
pub(crate) fn tap_and_stream() {
    let mut wire = Wire::new();
    let tap = wire.expect(
        |call| call.tap(RecordDirection::Listen, rtp("203.0.113.9", 4000)).control_id("k"),
        "calling.tap",
        json!({"control_id": "k", "tap": {"type": "audio", "params": {"direction": "listen"}},
            "device": {"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000}}}),
    );
    wire.expect(|_| tap.stop(), "calling.tap.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            let device = rtp("203.0.113.9", 4000).codec(Codec::Opus).ptime(secs(0.03));
            call.tap(RecordDirection::Both, device).control_id("k2").status_url(HOOK)
        },
        "calling.tap",
        json!({"control_id": "k2", "status_url": HOOK, "tap": {"type": "audio", "params": {"direction": "both"}},
            "device": {"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000, "codec": "OPUS", "ptime": 30}}}),
    );
    wire.expect(
        |call| call.tap("speak", ws("wss://x/t").codec(Codec::Pcmu).rate(8000)).control_id("k3"),
        "calling.tap",
        json!({"control_id": "k3", "tap": {"type": "audio", "params": {"direction": "speak"}},
            "device": {"type": "ws", "params": {"uri": "wss://x/t", "codec": "PCMU", "rate": 8000}}}),
    );
    let stream = wire.expect(
        |call| call.stream("wss://x/s").control_id("k4"),
        "calling.stream",
        json!({"control_id": "k4", "url": "wss://x/s"}),
    );
    wire.expect(|_| stream.stop(), "calling.stream.stop", json!({"control_id": "k4"}));
    wire.expect(
        |call| {
            call.stream("wss://x/s")
                .control_id("k5")
                .name("s")
                .codec(Codec::Pcma)
                .track(StreamTrack::Both)
                .status_url(HOOK)
                .status_url_method("GET")
                .authorization_bearer_token("b")
                .custom_parameters(map(json!({"a": 1})))
        },
        "calling.stream",
        json!({"control_id": "k5", "url": "wss://x/s", "name": "s", "codec": "PCMA", "track": "both_tracks",
            "status_url": HOOK, "status_url_method": "GET", "authorization_bearer_token": "b",
            "custom_parameters": {"a": 1}}),
    );
}

#[test]
pub(crate) fn transcription() {
    let mut wire = Wire::new();
    let transcribe = wire.expect(
        |call| call.transcribe().control_id("k"),
        "calling.transcribe",
        json!({"control_id": "k"}),
    );
    wire.expect(|_| transcribe.stop(), "calling.transcribe.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| call.transcribe().control_id("k2").status_url(HOOK),
        "calling.transcribe",
        json!({"control_id": "k2", "status_url": HOOK}),
    );
    wire.expect(
        |call| {
            call.live_transcribe(
                LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).set("webhook", HOOK),
            )
        },
        "calling.live_transcribe",
        json!({"action": {"start": {"lang": "en-US", "direction": ["remote-caller"], "webhook": HOOK}}}),
    );
    wire.expect(
        |call| call.live_transcribe(LiveAction::stop()),
        "calling.live_transcribe",
        json!({"action": {"stop": {}}}),
    );
    wire.expect(
        |call| {
            let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
            call.live_translate(LiveAction::translate("en-US", "es-ES", both)).status_url(HOOK)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"]}}, "status_url": HOOK}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::inject("Hi", &LiveDirection::LocalCaller)),
        "calling.live_translate",
        json!({"action": {"inject": {"message": "Hi", "direction": "local-caller"}}}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::summarize().set("prompt", "short")),
        "calling.live_translate",
        json!({"action": {"summarize": {"prompt": "short"}}}),
    );
}

#[test]
pub(crate) fn ai() {
    let mut wire = Wire::new();
    let agent = wire.expect(|call| call.ai().control_id("k"), "calling.ai", json!({"control_id": "k"}));
    wire.expect(|_| agent.stop(), "calling.ai.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.ai()
                .control_id("k2")
                .agent("a-1")
                .prompt_text("Hi")
                .post_prompt(json!({"text": "Sum up"}))
                .post_prompt_url(HOOK)
                .post_prompt_auth_user("u")
                .post_prompt_auth_password("s")
                .global_data(map(json!({"a": 1})))
                .pronounce([json!({"replace": "a", "with": "b"})])
                .hints([json!("pizza")])
                .languages([json!({"name": "English", "code": "en-US", "voice": "v"})])
                .swaig(json!({"functions": []}))
                .ai_params(map(json!({"ai_name": "x"})))
        },
        "calling.ai",
        json!({"control_id": "k2", "agent": "a-1", "prompt": {"text": "Hi"}, "post_prompt": {"text": "Sum up"},
            "post_prompt_url": HOOK, "post_prompt_auth_user": "u", "post_prompt_auth_password": "s",
            "global_data": {"a": 1}, "pronounce": [{"replace": "a", "with": "b"}], "hints": ["pizza"],
            "languages": [{"name": "English", "code": "en-US", "voice": "v"}], "SWAIG": {"functions": []},
            "params": {"ai_name": "x"}}),
    );
    wire.expect(signalwire_relay_core::Call::amazon_bedrock, "calling.amazon_bedrock", json!({}));
    wire.expect(
        |call| {
            call.amazon_bedrock()
                .prompt("Hi")
                .swaig(json!({}))
                .ai_params(map(json!({})))
                .global_data(map(json!({})))
                .post_prompt(json!({}))
                .post_prompt_url(HOOK)
        },
        "calling.amazon_bedrock",
        json!({"prompt": "Hi", "SWAIG": {}, "params": {}, "global_data": {}, "post_prompt": {}, "post_prompt_url": HOOK}),
    );
    wire.expect(
        |call| call.ai_message().message_text("Hi"),
        "calling.ai_message",
        json!({"message_text": "Hi"}),
    );
    wire.expect(
        |call| {
            call.ai_message()
                .message_text("Hi")
                .role(AiRole::System)
                .reset(map(json!({"full_reset": true})))
                .global_data(map(json!({"a": 1})))
        },
        "calling.ai_message",
        json!({"message_text": "Hi", "role": "system", "reset": {"full_reset": true}, "global_data": {"a": 1}}),
    );
    wire.expect(signalwire_relay_core::Call::ai_hold, "calling.ai_hold", json!({}));
    wire.expect(
        |call| call.ai_hold().hold_for(secs(300)).prompt("Wait"),
        "calling.ai_hold",
        json!({"timeout": "300", "prompt": "Wait"}),
    );
    wire.expect(signalwire_relay_core::Call::ai_unhold, "calling.ai_unhold", json!({}));
    wire.expect(|call| call.ai_unhold().prompt("Back"), "calling.ai_unhold", json!({"prompt": "Back"}));
}

#[test]
pub(crate) fn live_actions() {
    let mut wire = Wire::new();
    let both = || [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    wire.expect(
        |call| {
            let start = LiveAction::transcribe("en-US", both())
                .webhook(HOOK)
                .live_events(true)
                .ai_summary(true)
                .ai_summary_prompt("short")
                .speech_engine("google")
                .speech_timeout(secs(30))
                .vad_silence(secs(0.5))
                .vad_thresh(300)
                .hints(["RELAY"])
                .verbose_utterances(true);
            call.live_transcribe(start)
        },
        "calling.live_transcribe",
        json!({"action": {"start": {"lang": "en-US", "direction": ["remote-caller", "local-caller"], "webhook": HOOK,
            "live_events": true, "ai_summary": true, "ai_summary_prompt": "short", "speech_engine": "google",
            "speech_timeout": 30000, "vad_silence_ms": 500, "vad_thresh": 300, "hints": ["RELAY"],
            "verbose_utterances": true}}}),
    );
    wire.expect(
        |call| {
            let start = LiveAction::translate("en-US", "es-ES", both())
                .from_voice("josh")
                .to_voice("luna")
                .filter_from("polite")
                .filter_to("prompt: like a pirate")
                .mode(LiveMode::Realtime);
            call.live_translate(start)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"], "from_voice": "josh", "to_voice": "luna",
            "filter_from": "polite", "filter_to": "prompt: like a pirate", "mode": "realtime"}}}),
    );
    wire.expect(
        |call| call.live_transcribe(LiveAction::summarize().webhook(HOOK).prompt("short")),
        "calling.live_transcribe",
        json!({"action": {"summarize": {"webhook": HOOK, "prompt": "short"}}}),
    );
    wire.expect(
        |call| {
            let start = LiveAction::translate("en-US", "es-ES", both())
                .webhook(HOOK)
                .live_events(true)
                .ai_summary(true)
                .ai_summary_prompt("short")
                .speech_engine("google")
                .speech_timeout(secs(30))
                .vad_silence(secs(0.5))
                .vad_thresh(300);
            call.live_translate(start)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"], "webhook": HOOK, "live_events": true, "ai_summary": true,
            "ai_summary_prompt": "short", "speech_engine": "google", "speech_timeout": 30000, "vad_silence_ms": 500,
            "vad_thresh": 300}}}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::summarize().webhook(HOOK).prompt("short")),
        "calling.live_translate",
        json!({"action": {"summarize": {"webhook": HOOK, "prompt": "short"}}}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::stop()),
        "calling.live_translate",
        json!({"action": {"stop": {}}}),
    );
}

#[test]
pub(crate) fn sidecars() {
    let mut wire = Wire::new();
    let sidecar =
        wire.expect(|call| call.ai_sidecar("en-US"), "calling.ai_sidecar", json!({"lang": "en-US"}));
    wire.expect(|_| sidecar.poke("Listen"), "calling.ai_sidecar.poke", json!({"text": "Listen"}));
    let asked = wire.expect(|_| sidecar.ask("Upset?"), "calling.ai_sidecar.ask", json!({"text": "Upset?"}));
    assert_eq!(asked.id().map(AskId::as_str), Some("a-3"));
    let status = wire.expect(|_| sidecar.status(), "calling.ai_sidecar.status", json!({}));
    assert_eq!(status, SidecarStatus::default());
    wire.expect(|_| sidecar.stop(), "calling.ai_sidecar.stop", json!({}));
    let functions = json!({"functions": [{"function": "look_up", "web_hook_auth_password": "sentinel"}]});
    wire.expect(
        |call| {
            let request = call
                .ai_sidecar("en-US")
                .prompt("Watch")
                .model("gpt-4.1-mini")
                .direction([LiveDirection::RemoteCaller, LiveDirection::LocalCaller])
                .customer_role(LiveDirection::LocalCaller)
                .url(HOOK)
                .hints(["RELAY".to_owned()])
                .action(LiveAction::summarize().prompt("short"))
                .swaig(functions.clone())
                .global_data(map(json!({"a": "sentinel"})))
                .swaig_allow_swml(true)
                .swaig_allow_settings(false)
                .swaig_set_global_data(true)
                .idle_timeout(secs(0.2))
                .min_interval(secs(1))
                .max_iters_per_tick(5_u32)
                .max_history_tokens(8000_u32)
                .act_on_channel(false)
                .final_summary(true)
                .ai_summary(true)
                .live_events(true)
                .verbose_utterances(true)
                .debug(false)
                .ai_summary_prompt("sum up")
                .transcribe_prompt("as it is")
                .summary_model("gpt-4o-mini")
                .speech_engine("deepgram")
                .speech_timeout(secs(60))
                .vad_silence(secs(0.5))
                .vad_thresh(400_u32)
                .debug_level(1_u32);
            assert!(!format!("{request:?}").contains("sentinel"));
            request
        },
        "calling.ai_sidecar",
        json!({"lang": "en-US", "prompt": "Watch", "model": "gpt-4.1-mini",
            "direction": ["remote-caller", "local-caller"], "customer_role": "local-caller", "url": HOOK,
            "hints": ["RELAY"], "action": {"summarize": {"prompt": "short"}}, "SWAIG": functions,
            "global_data": {"a": "sentinel"},
            "permissions": {"swaig_allow_swml": true, "swaig_allow_settings": false, "swaig_set_global_data": true},
            "params": {"idle_timeout_ms": 200, "min_interval_ms": 1000, "max_iters_per_tick": 5,
                "max_history_tokens": 8000, "act_on_channel": false, "final_summary": true, "ai_summary": true,
                "live_events": true, "verbose_utterances": true, "debug": false, "ai_summary_prompt": "sum up",
                "transcribe_prompt": "as it is", "summary_model": "gpt-4o-mini", "speech_engine": "deepgram",
                "speech_timeout": 60000, "vad_silence_ms": 500, "vad_thresh": 400, "debug_level": 1}}),
    );
}

#[test]
pub(crate) fn figures_of_a_sidecar_are_read_from_its_text() {
    let status = |result: Value| {
        let mut wire = Wire::new();
        let (_, sidecar) = wire.send(wire.call.clone().expect("there is a call").ai_sidecar("en-US"));
        let sidecar = sidecar.expect("accepted");
        wire.reply(result);
        wire.send(sidecar.status()).1.expect("accepted")
    };
    let text = "+OK running=1 ticks=2 insights=3 skips=4 tools=5 errors=6 in_tokens=7 out_tokens=8 history_size=9 \
                event_log_bytes=10 colour=red";
    let read = status(json!({"code": "200", "message": text}));
    assert_eq!(
        (read.running, read.ticks, read.insights, read.skips),
        (Some(true), Some(2), Some(3), Some(4))
    );
    assert_eq!(
        (read.tools, read.errors, read.in_tokens, read.out_tokens),
        (Some(5), Some(6), Some(7), Some(8))
    );
    assert_eq!((read.history_size, read.event_log_bytes), (Some(9), Some(10)));
    let read = status(json!({"code": "200", "message": "+OK\nrunning=false, ticks=many;insights=1"}));
    assert_eq!((read.running, read.ticks, read.insights), (Some(false), None, Some(1)));
    for message in [json!(null), json!(7), json!({"running": 1}), json!(""), json!("=== = =1 running=")] {
        assert_eq!(status(json!({"code": "200", "message": message})), SidecarStatus::default());
    }
    assert_eq!(status(json!({"code": "200", "ticks": 7})).ticks, Some(7));
}

#[test]
pub(crate) fn sidecars_that_the_service_would_refuse_are_not_sent() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let sidecar = || call.ai_sidecar("en-US");
    for (request, field) in [
        (call.ai_sidecar(""), "lang"),
        (sidecar().url("nowhere"), "url"),
        (sidecar().direction([LiveDirection::RemoteCaller]), "direction"),
        (sidecar().hints(Vec::new()), "hints"),
        (sidecar().idle_timeout(secs(0.049)), "idle_timeout_ms"),
        (sidecar().min_interval(secs(61)), "min_interval_ms"),
        (sidecar().max_iters_per_tick(21_u32), "max_iters_per_tick"),
        (sidecar().max_history_tokens(999_u32), "max_history_tokens"),
        (sidecar().speech_timeout(secs(601)), "speech_timeout"),
        (sidecar().vad_silence(secs(61)), "vad_silence_ms"),
        (sidecar().vad_thresh(10_001_u32), "vad_thresh"),
        (sidecar().debug_level(101_u32), "debug_level"),
    ] {
        match wire.send(request).1 {
            Err(Error::InvalidArgument(argument)) => assert_eq!(argument.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let sidecar = wire.send(sidecar()).1.expect("accepted");
    assert!(wire.send(sidecar.poke("")).1.is_err() && wire.send(sidecar.ask("")).1.is_err());
}

#[test]
pub(crate) fn conferences_and_rooms() {
    let mut wire = Wire::new();
    let joined = wire.expect(
        |call| call.join_conference("standup"),
        "calling.join_conference",
        json!({"name": "standup"}),
    );
    assert_eq!(joined.conference_id.as_deref(), Some("f"));
    wire.expect(
        |call| {
            call.join_conference("standup")
                .muted(true)
                .beep(ConferenceBeep::OnEnter)
                .start_on_enter(false)
                .end_on_exit(true)
                .wait_url("https://x/w.mp3")
                .max_participants(9_u32)
                .record(ConferenceRecord::FromStart)
                .region("eu")
                .trim(ConferenceTrim::Nothing)
                .coach("c-2")
                .status_callback(HOOK)
                .status_callback_event("start end")
                .status_callback_event_type("relay")
                .status_callback_method("GET")
                .recording_status_callback(HOOK)
                .recording_status_callback_event("completed")
                .recording_status_callback_event_type("relay")
                .recording_status_callback_method("POST")
                .acl(ConferenceAcl::PublicRead)
                .emit_call_quality(true)
                .stream(map(json!({"url": "wss://x/s"})))
        },
        "calling.join_conference",
        json!({"name": "standup", "muted": true, "beep": "onEnter", "start_on_enter": false, "end_on_exit": true,
            "wait_url": "https://x/w.mp3", "max_participants": 9, "record": "record-from-start", "region": "eu",
            "trim": "do-not-trim", "coach": "c-2", "status_callback": HOOK, "status_callback_event": "start end",
            "status_callback_event_type": "relay", "status_callback_method": "GET", "recording_status_callback": HOOK,
            "recording_status_callback_event": "completed", "recording_status_callback_event_type": "relay",
            "recording_status_callback_method": "POST", "acl": "public-read", "emit_call_quality": true,
            "stream": {"url": "wss://x/s"}}),
    );
    wire.expect(|call| call.leave_conference("f"), "calling.leave_conference", json!({"conference_id": "f"}));
    wire.expect(|call| call.join_room("lobby"), "calling.join_room", json!({"name": "lobby"}));
    wire.expect(
        |call| call.join_room("lobby").status_url(HOOK),
        "calling.join_room",
        json!({"name": "lobby", "status_url": HOOK}),
    );
    wire.expect(signalwire_relay_core::Call::leave_room, "calling.leave_room", json!({}));
}

#[test]
pub(crate) fn queues() {
    let mut wire = Wire::new();
    let waiting = wire.expect(
        |call| call.queue_enter("support").control_id("k"),
        "calling.queue.enter",
        json!({"control_id": "k", "queue_name": "support"}),
    );
    wire.expect(
        |_| waiting.leave("support").queue_id("q").status_url(HOOK),
        "calling.queue.leave",
        json!({"control_id": "k", "queue_name": "support", "queue_id": "q", "status_url": HOOK}),
    );
    wire.expect(
        |call| call.queue_leave("support", "k9"),
        "calling.queue.leave",
        json!({"control_id": "k9", "queue_name": "support"}),
    );
    wire.expect(
        |call| call.queue_leave("support", "k9").queue_id("q").status_url(HOOK),
        "calling.queue.leave",
        json!({"control_id": "k9", "queue_name": "support", "queue_id": "q", "status_url": HOOK}),
    );
    wire.expect(
        |call| {
            call.queue_enter("support")
                .control_id("k2")
                .wait_url("https://x/w.mp3")
                .wait_time(secs(60))
                .execute_after_queue("https://x/after.json")
                .whisper_url("https://x/whisper.json")
                .status_url(HOOK)
        },
        "calling.queue.enter",
        json!({"control_id": "k2", "queue_name": "support", "wait_url": "https://x/w.mp3", "wait_time": 60,
            "execute_after_queue": "https://x/after.json", "whisper_url": "https://x/whisper.json", "status_url": HOOK}),
    );
}

#[test]
pub(crate) fn pay() {
    let mut wire = Wire::new();
    let pay = wire.expect(
        |call| call.pay("https://x/pay").control_id("k"),
        "calling.pay",
        json!({"control_id": "k", "payment_connector_url": "https://x/pay"}),
    );
    wire.expect(|_| pay.stop(), "calling.pay.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.pay("https://x/pay")
                .control_id("k2")
                .input_method("dtmf")
                .status_url(HOOK)
                .payment_method("credit-card")
                .bank_account_type("consumer-savings")
                .key_timeout(secs(7))
                .max_attempts(3_u32)
                .security_code(true)
                .postal_code("false")
                .min_postal_code_length(5_u32)
                .token_type(TokenType::OneTime)
                .charge_amount("12.50")
                .currency("usd")
                .language("en-US")
                .voice("woman")
                .say_voice("man")
                .description("Pizza")
                .valid_card_types("visa amex")
                .parameters([PayParameter::new("order", "7")])
                .prompts([PayPrompt::at(PayStep::CardNumber).say("Card?").play("https://x/a.mp3").attempts("2 3")
                    .card_type("visa").error_type("timeout").require_matching_inputs(true)])
        },
        "calling.pay",
        json!({"control_id": "k2", "payment_connector_url": "https://x/pay", "input": "dtmf", "status_url": HOOK,
            "payment_method": "credit-card", "bank_account_type": "consumer-savings", "timeout": "7", "max_attempts": "3", "security_code": "true",
            "postal_code": "false", "min_postal_code_length": "5", "token_type": "one-time", "charge_amount": "12.50",
            "currency": "usd", "language": "en-US", "voice": "woman", "say_voice": "man", "description": "Pizza",
            "valid_card_types": "visa amex", "parameters": [{"name": "order", "value": "7"}],
            "prompts": [{"for": "payment-card-number", "attempts": "2 3", "card_type": "visa", "error_type": "timeout",
                "require_matching_inputs": "true", "actions": [{"type": "Say", "phrase": "Card?"}, {"type": "Play", "phrase": "https://x/a.mp3"}]}]}),
    );
}

#[test]
pub(crate) fn handing_over_and_the_rest() {
    let mut wire = Wire::new();
    wire.expect(
        |call| call.refer(refer_to("sip:desk@x")),
        "calling.refer",
        json!({"device": {"type": "sip", "params": {"to": "sip:desk@x"}}}),
    );
    wire.expect(
        |call| call.refer(refer_to("sip:desk@x").from("sip:me@x").login("u", "s")).status_url(HOOK),
        "calling.refer",
        json!({"device": {"type": "sip", "params": {"to": "sip:desk@x", "from": "sip:me@x", "username": "u",
            "password": "s"}}, "status_url": HOOK}),
    );
    wire.expect(|call| call.transfer("context:sales"), "calling.transfer", json!({"dest": "context:sales"}));
    wire.expect(signalwire_relay_core::Call::denoise, "calling.denoise", json!({}));
    wire.expect(signalwire_relay_core::Call::denoise_stop, "calling.denoise.stop", json!({}));
    wire.expect(signalwire_relay_core::Call::echo, "calling.echo", json!({}));
    wire.expect(
        |call| call.echo().run_for(secs(30)).status_url(HOOK),
        "calling.echo",
        json!({"timeout": 30, "status_url": HOOK}),
    );
    wire.expect(
        |call| call.user_event(json!({"topic": "highlight", "row": 7})),
        "calling.user_event",
        json!({"event": {"topic": "highlight", "row": 7}}),
    );
    let call = wire.call.clone().expect("there is a call");
    let (frame, _) = wire.send(call.execute("calling.new", json!({"a": 1})));
    assert_eq!(frame["params"], json!({"a": 1, "call_id": "c", "node_id": "n"}));
}

#[test]
pub(crate) fn requests_of_the_client() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let (to, from) = ("+15551110000", "+15552220000");
    check_sent(
        &wire.send(client.send_message(to, from).body("Hi")).0,
        "messaging.send",
        &json!({"to_number": to, "from_number": from, "context": "proto", "body": "Hi"}),
    );
    let full = client
        .send_message(to, from)
        .context("office")
        .body("Hi")
        .media(["https://x/a.png".to_owned()])
        .tags(["vip".to_owned()])
        .region("us");
    check_sent(
        &wire.send(full).0,
        "messaging.send",
        &json!({"to_number": to, "from_number": from, "context": "office", "body": "Hi",
            "media": ["https://x/a.png"], "tags": ["vip"], "region": "us"}),
    );
    check_sent(
        &wire.send(client.receive(["a", "b"])).0,
        "signalwire.receive",
        &json!({"contexts": ["a", "b"]}),
    );
    check_sent(&wire.send(client.unreceive(["a"])).0, "signalwire.unreceive", &json!({"contexts": ["a"]}));
    check_sent(
        &wire.send(client.execute("signalwire.ping", json!({"payload": "p"}))).0,
        "signalwire.ping",
        &json!({"payload": "p"}),
    );
}

#[test]
pub(crate) fn new_credentials() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let token = Credentials::Token { project: "p".into(), token: "t2".into() };
    let (frame, _) = wire.send(client.reauthenticate(token));
    check_sent(
        &frame,
        "signalwire.reauthenticate",
        &json!({"authentication": {"project": "p", "token": "t2"}}),
    );
    let (frame, _) = wire.send(client.reauthenticate(Credentials::Jwt("j".into())).dpop_token("d"));
    check_sent(
        &frame,
        "signalwire.reauthenticate",
        &json!({"authentication": {"jwt_token": "j"}, "dpop_token": "d"}),
    );
    let (frame, result) = wire.send(client.reauthenticate(Credentials::Jwt("".into())));
    assert_eq!(frame, Value::Null, "nothing was sent");
    result.expect_err("a token is not empty");
}

#[test]
pub(crate) fn what_older_clients_send() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let to = || phone("+15551110000").from("+15552220000");
    let device =
        json!({"type": "phone", "params": {"to_number": "+15551110000", "from_number": "+15552220000"}});
    let (frame, _) = wire.send(client.begin(to()));
    check_sent(&frame, "calling.begin", &json!({"device": device}));
    let (frame, _) = wire.send(client.begin(to()).tag("x").region("us").node_id("n").max_duration(secs(60)));
    check_sent(
        &frame,
        "calling.begin",
        &json!({"device": device, "tag": "x", "region": "us", "node_id": "n", "max_duration": 60}),
    );
    let (frame, _) = wire.send(client.legacy_call(json!({"a": 1})));
    check_sent(&frame, "calling.call", &json!({"a": 1}));
    let (frame, _) = wire.send(client.legacy_receive(["office"]));
    check_sent(&frame, "calling.receive", &json!({"contexts": ["office"]}));
    let (frame, _) = wire.send(client.legacy_execute("proto", "signalwire.ping", json!({})));
    check_sent(
        &frame,
        "signalwire.execute",
        &json!({"protocol": "proto", "method": "signalwire.ping", "params": {}}),
    );
    let (frame, _) = wire.send(
        client
            .legacy_execute("proto", "x.y", json!({"a": 1}))
            .attempted(["n-1".to_owned()])
            .requester_identity("me")
            .requester_nodeid("n-2")
            .responder_identity("you")
            .responder_nodeid("n-3"),
    );
    check_sent(
        &frame,
        "signalwire.execute",
        &json!({"protocol": "proto", "method": "x.y", "params": {"a": 1}, "attempted": ["n-1"],
            "requester_identity": "me", "requester_nodeid": "n-2", "responder_identity": "you",
            "responder_nodeid": "n-3"}),
    );
}

#[test]
pub(crate) fn dial() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let device = json!({"type": "phone", "params": {"to_number": "+15551000001"}});
    let frame = wire.begin(client.dial(phone("+15551000001")).tag("t"));
    check_sent(&frame, "calling.dial", &json!({"tag": "t", "devices": [[device]]}));
    let devices =
        Devices::parallel([phone("+15551000001"), phone("+15551000001")]).then(phone("+15551000001"));
    let request =
        client.dial(devices).tag("t2").region("eu").max_price_per_minute("0.10").max_duration(secs(60));
    check_sent(
        &wire.begin(request.node_id("n-2")),
        "calling.dial",
        &json!({"tag": "t2", "devices": [[device, device], [device]], "region": "eu", "max_price_per_minute": 0.10,
            "max_duration": 60, "node_id": "n-2"}),
    );
    let full = |tag: &'static str| {
        client
            .dial(phone("+15551000001"))
            .tag(tag)
            .ring_timeout(secs(25))
            .send_digits("ww12#")
            .timeout(secs(60))
    };
    let expected = |tag: &str, document: Value| json!({"tag": tag, "devices": [[device]], "timeout": 25, "send_digits": "ww12#", "dest_swml": document});
    check_sent(
        &wire.begin(full("t3").dest_swml("https://x/a.json")),
        "calling.dial",
        &expected("t3", json!("https://x/a.json")),
    );
    let document = json!({"version": "1.0.0", "sections": {"main": ["answer"]}});
    check_sent(
        &wire.begin(full("t4").dest_swml(document.clone())),
        "calling.dial",
        &expected("t4", document),
    );
}

#[test]
pub(crate) fn ring_times_keys_and_counts_that_cannot_be_are_refused() {
    let mut wire = Wire::new();
    let (client, call) = (wire.client.clone(), wire.call.clone().expect("there is a call"));
    let device = || phone("+15551000001");
    assert_eq!(refused_field(&mut wire, client.dial(device()).ring_timeout(secs(0))), "timeout");
    assert_eq!(refused_field(&mut wire, client.dial(device()).send_digits("1,2")), "send_digits");
    assert_eq!(refused_field(&mut wire, call.connect(device()).ring_timeout(secs(0))), "timeout");
    assert_eq!(refused_field(&mut wire, call.connect(device()).send_digits("x")), "send_digits");
    let prompt = |collect| call.prompt_tts("PIN?", collect);
    assert_eq!(refused_field(&mut wire, prompt(Collect::digits(4)).min_digits(5)), "min");
    assert_eq!(refused_field(&mut wire, prompt(Collect::speech()).min_digits(1)), "max");
}

#[track_caller]
fn refused_field<M: Method>(wire: &mut Wire, request: Request<M>) -> &'static str {
    let (frame, result) = wire.send(request);
    assert_eq!(frame, Value::Null, "nothing was sent");
    match result {
        Err(signalwire_relay_core::Error::InvalidArgument(invalid)) => invalid.field,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
pub(crate) fn messages_without_anything_in_them_are_refused() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let mut field = |request| {
        let (frame, result) = wire.send(request);
        assert_eq!(frame, Value::Null, "nothing was sent");
        match result {
            Err(signalwire_relay_core::Error::InvalidArgument(invalid)) => invalid.field,
            other => panic!("{other:?}"),
        }
    };
    let (to, from) = ("+15551110000", "+15552220000");
    assert_eq!(field(client.send_message(to, from)), "body");
    assert_eq!(field(client.send_message(to, from).body("")), "body");
    assert_eq!(field(client.send_message("", from).body("Hi")), "to_number");
    assert_eq!(field(client.send_message(to, "").body("Hi")), "from_number");
    assert_eq!(field(client.send_message(to, from).media(["a.png".to_owned()])), "media");
}

#[test]
pub(crate) fn messages_that_one_description_of_the_service_allows_are_sent() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let to = "+15551110000";
    let mut sent = |request, params: Value| check_sent(&wire.begin(request), "messaging.send", &params);
    sent(
        client.send_message(to, "24680").body("Hi"),
        json!({"to_number": to, "from_number": "24680", "context": "proto", "body": "Hi"}),
    );
    sent(
        client
            .send_message("whatsapp:+1555", to)
            .context("x")
            .template_id("tpl")
            .header_template_parameters("https://x/a.png")
            .body_template_parameters(json!({"name": "Ada"}))
            .button_template_parameters(json!(["yes"]))
            .tag("order-81")
            .status_callback(HOOK),
        json!({"to_number": "whatsapp:+1555", "from_number": to, "context": "x", "template_id": "tpl",
            "header_template_parameters": "https://x/a.png", "body_template_parameters": {"name": "Ada"},
            "button_template_parameters": ["yes"], "tag": "order-81", "status_callback": HOOK}),
    );
    sent(
        client.send_message(to, to).context("x").message_type("whatsapp_media_location").send_as_mms(true),
        json!({"to_number": to, "from_number": to, "context": "x", "message_type": "whatsapp_media_location",
            "send_as_mms": true}),
    );
    // A member without a setter may complete the message.
    let message = client.send_message(to, to).context("x").param("location", json!([1, 2]));
    assert_eq!(
        wire.begin(message)["params"],
        json!({"to_number": to, "from_number": to, "context": "x", "location": [1, 2]})
    );
}

/// The field for which a request is refused, before anything is sent.
#[track_caller]
fn refused<M: Method>(wire: &mut Wire, request: Request<M>) -> &'static str {
    let (frame, result) = wire.send(request);
    assert_eq!(frame, Value::Null, "nothing was sent");
    match result {
        Err(signalwire_relay_core::Error::InvalidArgument(invalid)) => invalid.field,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[test]
pub(crate) fn taps_and_streams_that_cannot_be_are_refused() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    for addr in
        ["", "localhost", "::1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "127.0.0.1", "203.0.113.9:4000"]
    {
        assert_eq!(refused(&mut wire, call.tap("both", rtp(addr, 4000))), "addr", "{addr}");
    }
    assert_eq!(refused(&mut wire, call.tap("both", rtp("203.0.113.9", 0))), "port");
    for codec in [Codec::G722, Codec::G729, Codec::L16, Codec::Vp8, Codec::H264, Codec::AmrWb] {
        let device = rtp("203.0.113.9", 4000).codec(codec.clone());
        assert_eq!(refused(&mut wire, call.tap("both", device)), "codec", "{codec}");
        assert_eq!(
            refused(&mut wire, call.tap("both", ws("wss://x/t").codec(codec.clone()))),
            "codec",
            "{codec}"
        );
    }
    assert_eq!(refused(&mut wire, call.tap("both", ws("https://x/t"))), "uri");
    assert_eq!(refused(&mut wire, call.stream("ws://x/s")), "url");
    assert_eq!(refused(&mut wire, call.stream("wss://x/s").status_url_method("PUT")), "status_url_method");
    assert_eq!(refused(&mut wire, call.stream("wss://x/s").status_url("x")), "status_url");
    // What this library does not know is for the service to judge.
    let device = rtp("203.0.113.9", 4000).codec(Codec::from("OPUS@48000h"));
    wire.send(call.tap("both", device).control_id("k")).1.expect("accepted");
    wire.send(call.stream("wss://x/s").codec(Codec::G729)).1.expect("any codec will do");
}

#[test]
pub(crate) fn conferences_that_cannot_be_are_refused() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let join = || call.join_conference("standup");
    assert_eq!(refused(&mut wire, join().status_callback_method("get")), "status_callback_method");
    assert_eq!(
        refused(&mut wire, join().recording_status_callback_method("PUT")),
        "recording_status_callback_method"
    );
    for stream in [json!({}), json!({"url": "ws://x/s"}), json!({"url": 7}), json!({"name": "wss://x/s"})] {
        assert_eq!(refused(&mut wire, join().stream(map(stream.clone()))), "stream.url", "{stream}");
    }
    let stream = map(json!({"url": "wss://x/s", "status_url": "ws://x/s"}));
    assert_eq!(refused(&mut wire, join().stream(stream)), "stream.status_url");
    for method in [json!("PUT"), json!(7), json!(null)] {
        let stream = map(json!({"url": "wss://x/s", "status_url_method": method}));
        assert_eq!(refused(&mut wire, join().stream(stream)), "stream.status_url_method", "{method}");
    }
    let stream = map(json!({"url": "wss://x/s", "status_url_method": "GET"}));
    wire.send(join().stream(stream)).1.expect("accepted");
}

#[test]
pub(crate) fn devices_that_cannot_be_are_refused() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let (to_phone, to_sip) = (|| phone("+15551000001"), || sip("sip:a@x").from("sip:b@x"));
    let (to_app, to_channel) = (|| webrtc("res").from("me"), || agora("channel", "app", "me"));
    let ending = [CallState::Answered, CallState::Ending];
    let devices: [(Device, &str); 18] = [
        (to_phone().call_state_events(ending.clone()).into(), "call_state_events"),
        (to_phone().call_state_url("x").into(), "call_state_url"),
        (to_sip().call_state_events(ending.clone()).into(), "call_state_events"),
        (to_sip().call_state_url("x").into(), "call_state_url"),
        (to_sip().encryption("always").into(), "encryption"),
        (to_sip().encryption("").into(), "encryption"),
        (to_sip().codecs([Codec::Pcmu, Codec::L16]).into(), "codecs"),
        (to_sip().session_timeout(secs(1.5)).into(), "session_timeout"),
        (to_app().call_state_events(ending.clone()).into(), "call_state_events"),
        (to_app().call_state_url("x").into(), "call_state_url"),
        (to_app().codecs([Codec::G722]).into(), "codecs"),
        (to_app().codecs([Codec::AmrWb]).into(), "codecs"),
        (to_channel().call_state_events(ending).into(), "call_state_events"),
        (to_channel().call_state_url("x").into(), "call_state_url"),
        (stream("ws://x/s").into(), "url"),
        (stream("wss://x/s").codec(Codec::Opus).into(), "codec"),
        (stream("wss://x/s").status_url("x").into(), "status_url"),
        (stream("wss://x/s").status_url_method("HEAD").into(), "status_url_method"),
    ];
    for (device, field) in devices {
        assert_eq!(refused(&mut wire, call.connect(device.clone())), field, "{device:?}");
    }
    assert_eq!(refused(&mut wire, call.answer().codecs([Codec::Opus, Codec::L16])), "codecs");
    wire.send(call.answer().codecs([Codec::AmrWb])).1.expect("accepted");
    let every = [CallState::Created, CallState::Ringing, CallState::Answered, CallState::Ended];
    let usable: [Device; 5] = [
        to_phone().call_state_events(every).into(),
        to_sip().codecs([Codec::AmrWb, Codec::Vp8]).encryption("forbidden").into(),
        to_app().codecs([Codec::Opus, Codec::H264, Codec::from("AV1")]).into(),
        stream("wss://x/s").codec(Codec::from("L16@24000h@40i")).status_url_method("GET").into(),
        stream("wss://x/s").codec(Codec::G722).status_url(HOOK).status_url_method("POST").into(),
    ];
    for device in usable {
        wire.send(call.connect(device.clone())).1.unwrap_or_else(|error| panic!("{device:?}: {error}"));
        wire.event("calling.call.connect", &json!({"call_id": "c", "connect_state": "failed"}));
    }
}
