//! Each kind of device, whole: as it is sent, and as events tell of it.

use serde_json::{Map, Value, json};
use signalwire_relay_core::calling::Codec;
use signalwire_relay_core::{
    CallState, CallStateEvent, Device, agora, fabric, phone, queue, secs, sip, stream, webrtc,
};

use crate::reading::check;
use crate::wire::{HOOK, Wire};

/// Devices that ring.
fn ringing() -> [(Device, Value); 5] {
    let states = [CallState::Answered, CallState::Ended];
    let whole = |mut device: Value| {
        device["params"]["call_state_url"] = json!(HOOK);
        device["params"]["call_state_events"] = json!(["answered", "ended"]);
        device["params"]["confirm"] = json!("https://x/swml");
        device
    };
    [
        (
            phone("+15551000001")
                .from("+15550000000")
                .timeout(secs(20))
                .max_duration(secs(600))
                .call_state_url(HOOK)
                .call_state_events(states.clone())
                .confirm("https://x/swml")
                .confirm_timeout(secs(8))
                .into(),
            whole(
                json!({"type": "phone", "params": {"to_number": "+15551000001", "from_number": "+15550000000",
                "timeout": 20, "max_duration": 600, "confirm_timeout": 8}}),
            ),
        ),
        (
            sip("sip:a@x")
                .from("sip:b@x")
                .from_name("B")
                .timeout(secs(15))
                .max_duration(secs(60))
                .header("X-A", "1")
                .codecs([Codec::AmrWb])
                .webrtc_media(true)
                .login("u", "s")
                .encryption("mandatory")
                .session_timeout(secs(90))
                .call_state_url(HOOK)
                .call_state_events(states.clone())
                .confirm("https://x/swml")
                .confirm_timeout(secs(8))
                .into(),
            whole(json!({"type": "sip", "params": {"to": "sip:a@x", "from": "sip:b@x", "from_name": "B",
                "timeout": 15, "max_duration": 60, "headers": [{"name": "X-A", "value": "1"}], "codecs": ["AMR-WB"],
                "webrtc_media": true, "username": "u", "password": "s", "encryption": "mandatory",
                "session_timeout": 90, "confirm_timeout": 8}})),
        ),
        (
            fabric("/private/support")
                .from("+15550000000")
                .timeout(secs(25))
                .call_state_url(HOOK)
                .call_state_events(states.clone())
                .confirm("https://x/swml")
                .confirm_timeout(secs(8))
                .into(),
            whole(json!({"type": "fabric", "params": {"to": "/private/support", "from": "+15550000000",
                "timeout": 25, "confirm_timeout": 8}})),
        ),
        (
            webrtc("resource")
                .from("me")
                .timeout(secs(9))
                .codecs([Codec::Opus, Codec::Vp8])
                .call_state_url(HOOK)
                .call_state_events(states.clone())
                .confirm("https://x/swml")
                .into(),
            whole(json!({"type": "webrtc", "params": {"to": "resource", "from": "me", "timeout": 9,
                "codecs": ["OPUS", "VP8"]}})),
        ),
        (
            agora("channel", "app", "me")
                .to("you")
                .call_state_url(HOOK)
                .call_state_events(states)
                .confirm("https://x/swml")
                .into(),
            whole(json!({"type": "agora", "params": {"from": "me", "appid": "app", "channel": "channel",
                "to": "you"}})),
        ),
    ]
}

/// Devices that do not.
fn at_hand() -> [(Device, Value); 2] {
    [
        (
            queue("support", "n2").queue_id("q-1").execute_after_queue("https://x/after.json").into(),
            json!({"type": "queue", "params": {"node_id": "n2", "queue_name": "support", "queue_id": "q-1",
                "execute_after_queue": "https://x/after.json"}}),
        ),
        (
            stream("wss://x/s")
                .name("s")
                .codec(Codec::L16)
                .status_url(HOOK)
                .status_url_method("GET")
                .realtime(true)
                .authorization_bearer_token("b")
                .custom_parameters(Map::from_iter([("a".to_owned(), json!(1))]))
                .into(),
            json!({"type": "stream", "params": {"url": "wss://x/s", "name": "s", "codec": "L16", "status_url": HOOK,
                "status_url_method": "GET", "realtime": true, "authorization_bearer_token": "b",
                "custom_parameters": {"a": 1}}}),
        ),
    ]
}

#[test]
pub(crate) fn every_kind_is_sent_with_all_that_it_has() {
    let mut wire = Wire::new();
    for (device, expected) in ringing().into_iter().chain(at_hand()) {
        wire.expect(|call| call.connect(device), "calling.connect", json!({"devices": [[expected]]}));
        wire.event("calling.call.connect", &json!({"call_id": "c", "connect_state": "failed"}));
    }
    wire.expect(
        |call| call.connect(call),
        "calling.connect",
        json!({"devices": [[{"type": "call", "params": {"node_id": "n", "call_id": "c"}}]]}),
    );
}

#[test]
pub(crate) fn every_kind_that_calls_have_is_read() {
    let headers = json!([{"name": "X-A", "value": "1"}]);
    for (params, from, to) in [
        (
            json!({"type": "phone", "params": {"from_number": "+15550001", "to_number": "+15550002", "timeout": 20,
                "max_duration": 600, "headers": headers}}),
            "+15550001",
            "+15550002",
        ),
        (
            json!({"type": "sip", "params": {"from": "sip:a@x", "to": "sip:b@x", "from_name": "A", "timeout": 20,
                "max_duration": 600, "headers": headers, "codecs": ["PCMU"], "webrtc_media": true}}),
            "sip:a@x",
            "sip:b@x",
        ),
        (json!({"type": "webrtc", "params": {"from": "me", "to": "resource"}}), "me", "resource"),
    ] {
        let event: CallStateEvent = check(&json!({"call_id": "c", "device": params}));
        assert_eq!((event.device.caller(), event.device.callee()), (Some(from), Some(to)));
    }
    let unknown: CallStateEvent = check(&json!({"call_id": "c", "device": {}}));
    assert_eq!((unknown.device.caller(), unknown.device.callee()), (None, None), "the kind is not known yet");
}
