//! Methods about whole calls: how they begin, end, join others and are handed over.

use serde_json::{Value, json};
use signalwire_relay_core::calling::Codec;
use signalwire_relay_core::{
    Devices, EndReason, phone, queue, refer_to, ringtone, secs, sip, stream, webrtc,
};

use crate::wire::{HOOK, Wire, check_sent, map};

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
