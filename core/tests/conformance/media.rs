//! Methods that play, record and copy.

use serde_json::{Value, json};
use signalwire_relay_core::calling::Codec;
use signalwire_relay_core::{
    Gender, PlayDirection, RecordDirection, RecordFormat, Request, StreamTrack, audio, ringtone, rtp, secs,
    silence, tts, ws,
};

use crate::wire::{HOOK, Wire, map};

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
