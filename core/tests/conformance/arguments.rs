//! Arguments that the service would refuse: the request is not sent, and the error names the field.

use serde_json::{Value, json};
use signalwire_relay_core::calling::{Codec, Method};
use signalwire_relay_core::{
    CallState, Collect, Device, Error, LiveDirection, Request, agora, phone, rtp, secs, sip, stream, webrtc,
    ws,
};

use crate::wire::{HOOK, Wire, map};

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
fn ring_times_keys_and_counts_that_cannot_be_are_refused() {
    let mut wire = Wire::new();
    let (client, call) = (wire.client.clone(), wire.call.clone().expect("there is a call"));
    let device = || phone("+15551000001");
    assert_eq!(refused(&mut wire, client.dial(device()).ring_timeout(secs(0))), "timeout");
    assert_eq!(refused(&mut wire, client.dial(device()).send_digits("1,2")), "send_digits");
    assert_eq!(refused(&mut wire, call.connect(device()).ring_timeout(secs(0))), "timeout");
    assert_eq!(refused(&mut wire, call.connect(device()).send_digits("x")), "send_digits");
    let prompt = |collect| call.prompt_tts("PIN?", collect);
    assert_eq!(refused(&mut wire, prompt(Collect::digits(4)).min_digits(5)), "min");
    assert_eq!(refused(&mut wire, prompt(Collect::speech()).min_digits(1)), "max");
}

#[test]
fn messages_without_anything_in_them_are_refused() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let (to, from) = ("+15551110000", "+15552220000");
    assert_eq!(refused(&mut wire, client.send_message(to, from)), "body");
    assert_eq!(refused(&mut wire, client.send_message(to, from).body("")), "body");
    assert_eq!(refused(&mut wire, client.send_message("", from).body("Hi")), "to_number");
    assert_eq!(refused(&mut wire, client.send_message(to, "").body("Hi")), "from_number");
    assert_eq!(refused(&mut wire, client.send_message(to, from).media(["a.png".to_owned()])), "media");
}

#[test]
fn sidecars_that_the_service_would_refuse_are_not_sent() {
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
fn taps_and_streams_that_cannot_be_are_refused() {
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
fn conferences_that_cannot_be_are_refused() {
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
fn devices_that_cannot_be_are_refused() {
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
