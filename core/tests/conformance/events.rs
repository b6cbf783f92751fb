//! Each event type: in full, with next to nothing, and with everything of the wrong type.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use signalwire_relay_core::{
    AiEvent, CallId, CallReceiveEvent, CallStateEvent, CollectEvent, ConferenceEvent, ConferenceStatus,
    Confidence, ConnectEvent, ControlId, DenoiseEvent, DetectEvent, DialEvent, Direction, EchoEvent,
    EchoState, EndReason, EndSource, ErrorEvent, Event, EventData, FaxEvent, HoldEvent, MessageReceiveEvent,
    MessageStateEvent, PauseBehavior, PayEvent, PayOutcome, PayResult, PlayEvent, QueueEvent,
    RecordDirection, RecordEvent, RecordFormat, ReferEvent, RoomEvent, RoomStatus, Secret, SendDigitsEvent,
    StreamEvent, Tag, TapDevice, TapEvent, TaskEvent, TranscribeEvent, UserEvent, secs,
};

use crate::reading::{addressed, at, check, shows};

#[test]
pub(crate) fn calls() {
    let offer: CallReceiveEvent = check(
        &json!({"call_id": "c", "node_id": "n", "project_id": "p", "context": "office",
        "segment_id": "g", "tag": "t", "call_state": "created", "direction": "inbound",
        "device": {"type": "sip", "params": {"from": "sip:a@x", "to": "sip:b@x", "headers": [{"name": "X", "value": "1"}]}}}),
    );
    assert_eq!((offer.context(), offer.device.caller()), ("office", Some("sip:a@x")));
    shows(&json!({"project_id": "p"}), |offer: &CallReceiveEvent| offer.project_id.expose().to_owned());
    let older: CallReceiveEvent = check(&json!({"call_id": "c", "protocol": "office"}));
    assert_eq!(older.context(), "office");
    let state: CallStateEvent = check(&json!({"call_id": "c", "node_id": "n", "call_state": "ended",
        "end_reason": "noAnswer", "direction": "outbound", "tag": "t", "segment_id": "g", "context": "x",
        "peer": {"call_id": "d", "node_id": "n"}, "device": {"type": "phone", "params": {"to_number": "+15550001"}},
        "parent": {"device_type": "phone", "call_id": "p", "node_id": "m"},
        "start_time": 1_735_689_600.1, "answer_time": 1_735_689_601, "end_time": "1735689611.9"}));
    assert_eq!(
        (state.call_state.as_str(), state.end_reason.map(|reason| reason.to_string())),
        ("ended", Some("noAnswer".into()))
    );
    let (peer, parent) = (state.peer.expect("there is one"), state.parent.expect("there is one"));
    assert_eq!((peer.call_id.as_str(), peer.node_id.as_str()), ("d", "n"));
    assert_eq!((parent.call_id.as_str(), parent.node_id.as_str()), ("p", "m"));
    assert_eq!(parent.device_type.as_deref(), Some("phone"));
    assert_eq!(
        (state.start_time, state.answer_time, state.end_time),
        (Some(at(1_735_689_600_100)), Some(at(1_735_689_601_000)), Some(at(1_735_689_611_900)))
    );
    let newer: CallStateEvent = check(
        &json!({"call_id": "c", "call_state": "ended", "end_reason": "maxDuration",
        "start_time": 1_735_689_600_100_u64, "answer_time": 1_735_689_601_000_u64, "end_time": 1_735_689_611_900_u64}),
    );
    let unanswered: CallStateEvent = check(&json!({"call_id": "c", "call_state": "ended", "answer_time": 0}));
    assert_eq!(unanswered.answer_time, None, "it did not happen");
    assert_eq!(
        (newer.start_time, newer.answer_time, newer.end_time),
        (state.start_time, state.answer_time, state.end_time),
        "milliseconds mean the same as seconds"
    );
    assert_eq!(newer.end_reason, Some(EndReason::MaxDuration));
    let other: CallStateEvent =
        check(&json!({"call_id": "c", "call_state": "ended", "end_reason": "no_answer"}));
    assert_eq!((other.end_reason, other.start_time), (Some(EndReason::NoAnswer), None));
    assert!(other.meta.raw().contains("no_answer"), "as it was spelt");
    let dial: DialEvent = check(
        &json!({"node_id": "n", "tag": "t", "dial_state": "answered", "call": {"call_id": "c",
        "node_id": "n", "tag": "t", "dial_winner": "true", "call_state": "answered", "direction": "outbound",
        "segment_id": "g", "context": "x", "device": {"type": "phone", "params": {"to_number": "+15550001"}}}}),
    );
    assert_eq!((dial.call.dial_winner, dial.call.call_id.as_str()), (Some(true), "c"));
    assert_eq!((dial.call.tag.as_str(), dial.call.direction), ("t", Some(Direction::Outbound)));
    let failed: DialEvent = check(&json!({"node_id": "n", "tag": "t", "dial_state": "failed", "call": {},
        "reason": "busy", "source": "outbound"}));
    assert_eq!((failed.reason.as_deref(), failed.source), (Some("busy"), Some(EndSource::Outbound)));
    let connect: ConnectEvent = check(
        &json!({"call_id": "c", "node_id": "n", "connect_state": "connected", "tag": "t", "segment_id": "g",
        "failed_reason": "", "peer": {"call_id": "d", "node_id": "n", "tag": "u", "queue_id": "q-1", "queue_name": "q",
            "device": {"type": "phone", "params": {}}}}),
    );
    assert_eq!(connect.segment_id.as_deref(), Some("g"));
    let peer = connect.peer.expect("there is one");
    assert_eq!((peer.queue_id.as_deref(), peer.queue_name.as_deref()), (Some("q-1"), Some("q")));
    assert_eq!(peer.tag, Some("u".into()));
    let error: ErrorEvent = check(&json!({"code": "500", "message": "media node lost", "call_id": "c"}));
    assert_eq!((error.code.as_str(), error.message.as_str()), ("500", "media node lost"));
}

#[test]
pub(crate) fn media() {
    let play: PlayEvent =
        check(&json!({"call_id": "c", "node_id": "n", "control_id": "k", "state": "finished"}));
    assert_eq!((play.control_id.as_str(), play.state.as_str()), ("k", "finished"));
    for full in [
        json!({"call_id": "c", "node_id": "n", "control_id": "k", "segment_id": "g", "tag": "t", "state": "finished",
            "url": "https://x/r.mp3", "duration": 12.5,
            "size": 100, "recording_id": "r", "start_time": 1_735_689_603, "first_frame_time": 1_735_689_603.25, "end_time": 1_735_689_615.5,
            "pause_behavior": "silence", "record": {"audio": {"format": "mp4", "direction": "both", "stereo": true}}}),
        json!({"call_id": "c", "control_id": "k", "state": "finished", "start_time": "1735689603.0",
            "end_time": "1735689615.5", "record": {"url": "https://x/r.mp3", "duration": "12.5", "size": "100",
            "format": "mp4"}}),
    ] {
        let record: RecordEvent = check(&full);
        assert_eq!(
            (record.url(), record.duration(), record.size()),
            (Some("https://x/r.mp3"), Some(secs(12.5)), Some(100))
        );
        assert_eq!(
            (record.start_time, record.end_time),
            (Some(at(1_735_689_603_000)), Some(at(1_735_689_615_500)))
        );
        assert_eq!(record.format(), Some(&RecordFormat::Mp4));
        let asked = full["record"].get("audio").is_some();
        assert_eq!(record.pause_behavior, asked.then_some(PauseBehavior::Silence));
        assert_eq!(record.first_frame_time, asked.then_some(at(1_735_689_603_250)));
        assert_eq!(record.direction(), asked.then_some(&RecordDirection::Both));
        assert_eq!(record.stereo(), asked.then_some(true));
    }
    let collect: CollectEvent =
        check(&json!({"call_id": "c", "node_id": "n", "control_id": "k", "final": true, "state": "finished",
        "result": {"type": "speech", "params": {"text": "help", "confidence": 0.93}}}));
    assert_eq!((collect.text(), collect.confidence()), (Some("help"), Some(Confidence::Fraction(0.93))));
    let scored: CollectEvent = check(&json!({"call_id": "c", "control_id": "k",
        "result": {"type": "speech", "params": {"text": "help", "confidence": 83.2}}}));
    assert_eq!(scored.confidence(), Some(Confidence::Percent(83.2)));
    let keys: CollectEvent = check(&json!({"call_id": "c", "control_id": "k",
        "result": {"type": "digit", "params": {"digits": "12", "terminator": "#"}}}));
    assert_eq!((keys.digits(), keys.terminator()), (Some("12"), Some("#")));
    check::<CollectEvent>(&json!({"call_id": "c", "control_id": "k", "result": {"type": "no_input"}}));
    let flat: CollectEvent =
        check(&json!({"call_id": "c", "result": {"type": "digit", "digits": "12", "text": "one"}}));
    assert_eq!((flat.digits(), flat.text()), (Some("12"), Some("one")));
    let sent: SendDigitsEvent =
        check(&json!({"call_id": "c", "node_id": "n", "control_id": "k", "state": "finished"}));
    assert_eq!(sent.node_id.as_str(), "n");
    let tap: TapEvent = check(&json!({"call_id": "c", "node_id": "n", "control_id": "k", "state": "tapping",
        "segment_id": "g", "tag": "t",
        "tap": {"type": "audio", "params": {"direction": "both"}},
        "device": {"type": "rtp", "params": {"addr": "203.0.113.9", "port": 4000, "codec": "PCMU", "ptime": 20}}}));
    assert!(matches!(tap.device, TapDevice::Rtp(rtp) if rtp.port == 4000));
    let socket: TapEvent = check(&json!({"call_id": "c", "control_id": "k", "state": "finished",
        "device": {"type": "ws", "params": {"uri": "wss://x/t", "codec": "PCMU", "rate": 8000}}}));
    assert!(matches!(socket.device, TapDevice::Ws(ws) if ws.rate == Some(8000)));
    assert_eq!((tap.segment_id.as_deref(), tap.tag), (Some("g"), Some("t".into())));
    let stream: StreamEvent =
        check(&json!({"call_id": "c", "node_id": "n", "control_id": "k", "state": "streaming",
        "url": "wss://x", "name": "main", "segment_id": "g", "tag": "t"}));
    assert_eq!(stream.name.as_deref(), Some("main"));
    assert_eq!((stream.segment_id.as_deref(), stream.tag), (Some("g"), Some("t".into())));
    let transcribe: TranscribeEvent = check(
        &json!({"call_id": "c", "node_id": "n", "control_id": "k", "segment_id": "g",
        "tag": "t", "state": "finished", "url": "https://x/t", "recording_id": "r", "duration": 61.0, "size": 52000, "start_time": 1_735_689_600.5,
        "end_time": 1_735_689_661.5, "status_url": "https://x/s", "text": "Hello."}),
    );
    assert_eq!((transcribe.duration, transcribe.size), (Some(secs(61)), Some(52_000)));
    assert_eq!(
        (transcribe.start_time, transcribe.end_time),
        (Some(at(1_735_689_600_500)), Some(at(1_735_689_661_500)))
    );
    assert_eq!(
        (transcribe.status_url.as_deref(), transcribe.text.as_deref()),
        (Some("https://x/s"), Some("Hello."))
    );
}

#[test]
pub(crate) fn detection_and_fax() {
    let detect: DetectEvent = check(
        &json!({"call_id": "c", "node_id": "n", "control_id": "k", "segment_id": "g", "tag": "t", "state": "x",
        "detect": {"type": "machine", "params": {"event": "MACHINE", "beep": true}}}),
    );
    assert!(detect.is_machine() && detect.beep() && !detect.is_ready());
    assert_eq!((detect.segment_id.as_deref(), detect.tag.as_ref()), (Some("g"), Some(&Tag::from("t"))));
    for (kind, result) in [("fax", "CED"), ("digit", "5")] {
        let found: DetectEvent = check(&json!({"call_id": "c", "control_id": "k",
            "detect": {"type": kind, "params": {"event": result}}}));
        assert_eq!(found.result(), result);
    }
    let fax: FaxEvent = check(
        &json!({"call_id": "c", "node_id": "n", "control_id": "k", "segment_id": "g", "tag": "t", "state": "finished",
        "fax": {"type": "finished", "params": {
        "direction": "send", "identity": "a", "remote_identity": "b", "document": "https://x/f.pdf", "pages": 2,
        "success": true, "result": 0, "result_text": "OK", "format": "pdf"}}}),
    );
    assert_eq!((fax.document(), fax.pages(), fax.success()), (Some("https://x/f.pdf"), Some(2), Some(true)));
    assert_eq!(fax.result(), (Some(0), Some("OK")));
    let page: FaxEvent = check(&json!({"call_id": "c", "control_id": "k",
        "fax": {"type": "page", "params": {"direction": "receive", "number": 2}}}));
    assert_eq!((page.direction(), page.page()), (Some("receive"), Some(2)));
    let flat: FaxEvent =
        check(&json!({"call_id": "c", "fax": {"type": "finished", "document": "d", "pages": 1}}));
    assert_eq!((flat.document(), flat.pages()), (Some("d"), Some(1)));
}

#[test]
pub(crate) fn the_rest() {
    let pay: PayEvent = check(
        &json!({"call_id": "c", "node_id": "n", "control_id": "k", "for": "payment-completed", "error_type": "timeout",
        "payment_method": "credit-card", "payment_card_number": "****4242", "payment_card_type": "visa",
        "expiration_date": "1230", "payment_card_postal_code": "10115", "security_code": "sentinel-1",
        "status_url": "https://x/s", "status_url_method": "POST", "result": {"token": "sentinel-2"}}),
    );
    assert!(pay.is_success());
    assert_eq!(pay.security_code.as_ref().map(Secret::expose), Some("sentinel-1"));
    assert_eq!(
        (pay.status_url.as_deref(), pay.status_url_method.as_deref()),
        (Some("https://x/s"), Some("POST"))
    );
    assert_eq!(pay.result, None, "the object of older services is in the original text only");
    assert!(pay.meta.raw().contains("sentinel-2"));
    assert!(!format!("{pay:?}").contains("sentinel"), "{pay:?}");
    let bare: PayEvent = check(&json!({"call_id": "c", "control_id": "k", "state": "finished"}));
    assert_eq!((bare.security_code, bare.status_url), (None, None));
    let end: PayEvent =
        check(&json!({"call_id": "c", "control_id": "k", "result": "success", "attempt": "2",
        "payment_confirmation_code": "ch_77", "payment_token": "sentinel-3", "payment_error": "card-declined",
        "payment_error_code": "700", "payment_connector_error_code": "51",
        "payment_connector_error_message": "Insufficient funds", "payment_card_security_code": "sentinel-4",
        "payment_card_expiration_date": "12/2028"}));
    assert_eq!(
        (end.result.clone(), end.outcome(), end.attempt),
        (Some(PayResult::Success), Some(PayOutcome::Success), Some(2))
    );
    assert_eq!(end.payment_confirmation_code.as_deref(), Some("ch_77"));
    assert_eq!(end.payment_token.as_ref().map(Secret::expose), Some("sentinel-3"));
    assert_eq!(
        (end.payment_error.as_deref(), end.payment_error_code.as_deref()),
        (Some("card-declined"), Some("700"))
    );
    assert_eq!(
        (end.payment_connector_error_code.as_deref(), end.payment_connector_error_message.as_deref()),
        (Some("51"), Some("Insufficient funds"))
    );
    assert_eq!(end.payment_card_expiration_date.as_deref(), Some("12/2028"));
    assert!(!format!("{end:?}").contains("sentinel"), "{end:?}");
    let queue: QueueEvent = check(
        &json!({"call_id": "c", "node_id": "n@eu", "control_id": "k", "status": "dequeue",
        "id": "q-1", "name": "support", "position": 0, "size": 0, "avg_time": 31, "enqueue_ts": 1_735_689_600_100_000_u64,
        "dequeue_ts": 1, "leave_ts": 1_735_689_600_200_000_u64, "status_url": "https://x/s"}),
    );
    assert_eq!(queue.status_url.as_deref(), Some("https://x/s"));
    assert_eq!(
        (queue.enqueue_ts, queue.leave_ts),
        (Some(at(1_735_689_600_100)), Some(at(1_735_689_600_200)))
    );
    let older: QueueEvent =
        check(&json!({"call_id": "c", "control_id": null, "status": "dequeue", "leave_ts": 0}));
    assert_eq!((older.control_id().is_none(), older.leave_ts), (true, None));
    assert_eq!((queue.queue_id.as_str(), queue.queue_name.as_str()), ("q-1", "support"));
    let refer: ReferEvent =
        check(&json!({"call_id": "c", "node_id": "n", "state": "success", "sip_refer_to": "sip:desk@x",
        "sip_refer_response_code": "202", "sip_notify_response_code": "200", "segment_id": "g", "tag": "t"}));
    assert_eq!((refer.segment_id.as_deref(), refer.tag), (Some("g"), Some("t".into())));
    assert_eq!(refer.sip_refer_response_code.as_deref(), Some("202"));
    let denoise: DenoiseEvent = check(
        &json!({"call_id": "c", "node_id": "n", "segment_id": "g", "tag": "t", "denoised": "true", "control_id": "k",
            "state": "finished"}),
    );
    assert_eq!((denoise.denoised, denoise.state.as_deref()), (Some(true), Some("finished")));
    assert_eq!(denoise.control_id().map(ControlId::as_str), Some("k"));
    let echo: EchoEvent =
        check(&json!({"call_id": "c", "node_id": "n", "segment_id": "g", "tag": "t", "state": "echoing"}));
    assert_eq!((echo.state, echo.tag), (EchoState::Echoing, Some("t".into())));
    let hold: HoldEvent = check(&json!({"call_id": "c", "node_id": "n", "state": "hold"}));
    assert_eq!(hold.state, "hold");
    let ai: AiEvent =
        check(&json!({"call_id": "c", "node_id": "n", "control_id": "k", "segment_id": "g", "tag": "t",
        "state": "finished", "result": {"a": 1}}));
    assert_eq!((ai.segment_id.as_deref(), ai.tag), (Some("g"), Some("t".into())));
    let conference: ConferenceEvent = check(&json!({"conference_id": "f", "name": "standup",
        "status": "participant-join", "call_id": "c", "size": 2, "muted": false, "hold": false, "start_on_join": true,
        "end_on_leave": false, "coaching": false, "recording_url": "https://x", "recording_file_size": 7,
        "recording_duration": 1.5, "reason_ended": "last-participant-left", "call_id_ending_conf": "e",
        "region": "eu", "segment_id": "g", "tag": "t", "node_id": "n"}));
    assert_eq!(conference.call_id_ending_conf.as_ref().map(CallId::as_str), Some("e"));
    assert_eq!((conference.region.as_deref(), conference.segment_id.as_deref()), (Some("eu"), Some("g")));
    assert_eq!(conference.tag, Some("t".into()));
    assert_eq!((conference.status, conference.size), (ConferenceStatus::Join, Some(2)));
    let receive: MessageReceiveEvent =
        check(&json!({"message_id": "m", "context": "x", "direction": "inbound",
        "from_number": "+1", "to_number": "+2", "body": "Hi", "media": ["https://x"], "segments": 1,
        "message_state": "received", "tags": ["vip"]}));
    assert_eq!((receive.body.as_str(), receive.media.len()), ("Hi", 1));
    // Its `Debug` does not show the context.
    shows(&json!({"context": "office"}), |state: &MessageStateEvent| state.context.clone());
    let state: MessageStateEvent = check(&json!({"message_id": "m", "message_state": "undelivered",
        "reason": "carrier_blocked", "context": "x", "direction": "outbound", "from_number": "+1", "to_number": "+2",
        "body": "Hi", "media": ["https://x/a.png"], "segments": 1, "tag": "order-81", "tags": ["vip"]}));
    assert_eq!(state.tag.as_deref(), Some("order-81"));
    assert_eq!(state.reason.as_deref(), Some("carrier_blocked"));
    assert!(state.message_state.is_final());
}

#[derive(serde::Deserialize)]
struct Seat {
    row: u32,
}

#[test]
pub(crate) fn rooms_and_user_events() {
    let room = addressed!(RoomEvent, {"join_status": "joined", "room_name": "lobby"});
    assert_eq!((room.join_status, room.room_name.as_str()), (RoomStatus::Joined, "lobby"));
    for (word, status) in [
        ("joining", RoomStatus::Joining),
        ("join", RoomStatus::Joined),
        ("leaving", RoomStatus::Leaving),
        ("leave", RoomStatus::Leave),
        ("evicted", RoomStatus::Other("evicted".into())),
    ] {
        assert_eq!(addressed!(RoomEvent, {"join_status": word}).join_status, status);
    }
    let event = addressed!(UserEvent, {"topic": "seat-picked", "row": 7});
    assert_eq!(event.topic.as_deref(), Some("seat-picked"));
    assert_eq!(Value::Object(event.members()), json!({"topic": "seat-picked", "row": 7}));
    assert_eq!(event.read::<Seat>().expect("it is one").row, 7);
    assert!(UserEvent::default().read::<Seat>().is_err());
}

#[test]
pub(crate) fn errors_of_both_readings() {
    let newer = addressed!(ErrorEvent, {"error": "no such agent", "fatal": true, "code": "404"});
    assert_eq!((&*newer.text(), newer.fatal), ("no such agent", Some(true)));
    assert_eq!(newer.error(), &json!("no such agent"));
    shows(&json!({"error": "no such agent"}), |event: &ErrorEvent| event.error().clone());
    assert!(newer.to_string().contains("no such agent") && newer.to_string().contains("ended"), "{newer}");
    let older = addressed!(ErrorEvent, {"code": "500", "message": "media node lost", "description": "very"});
    let coded: ErrorEvent = check(&json!({"code": 500, "error": {"code": 7}}));
    assert_eq!((coded.code.as_str(), &*coded.text()), ("500", "7"));
    assert_eq!((&*older.text(), older.fatal, older.error()), ("media node lost", None, &json!(null)));
    for (full, text) in [
        (json!({"error": {"code": "9", "message": "odd"}}), "odd"),
        (json!({"error": {"error": {"description": "odd"}}}), "odd"),
        (json!({"error": {"code": "9"}, "message": "odd"}), "9"),
        (json!({"error": {"number": 9}, "message": "odd"}), "odd"),
        (json!({"error": "", "message": "odd"}), "odd"),
        (json!({"error": [1], "description": "odd"}), "odd"),
        (json!({"error": null, "code": "9"}), "9"),
        (json!({"fatal": false}), ""),
    ] {
        let event: ErrorEvent = check(&full);
        assert_eq!(event.text(), text, "{full}");
        assert!(!event.to_string().is_empty());
    }
}

const SIP_TEXTS: [&str; 13] = [
    "sip_req_user",
    "sip_req_uri",
    "sip_req_host",
    "sip_from_user",
    "sip_from_uri",
    "sip_from_host",
    "sip_to_user",
    "sip_to_uri",
    "sip_to_host",
    "sip_contact_user",
    "sip_contact_uri",
    "sip_contact_host",
    "sip_p_asserted_identity",
];

#[test]
pub(crate) fn the_end_the_dial_and_the_headers_of_a_call() {
    let mut sip_data: Value =
        SIP_TEXTS.iter().map(|name| ((*name).to_owned(), json!(format!("the {name}")))).collect();
    sip_data["sip_contact_port"] = json!("5080");
    for name in ["sip_req_params", "sip_from_params", "sip_to_params", "sip_contact_params"] {
        sip_data[name] = json!({"of": name});
    }
    let state: CallStateEvent = check(&json!({"call_id": "c", "call_state": "ended", "end_reason": "hangup",
        "end_source": "inbound", "dial_winner": "true", "audio_in_mos": 4.4, "sip_data": sip_data}));
    assert_eq!((state.end_source, state.dial_winner), (Some(EndSource::Inbound), Some(true)));
    assert!(state.audio_in_mos.is_some_and(|mos| (mos - 4.4).abs() < 1e-9));
    let data = state.sip_data.expect("there is some");
    let texts = [
        &data.sip_req_user,
        &data.sip_req_uri,
        &data.sip_req_host,
        &data.sip_from_user,
        &data.sip_from_uri,
        &data.sip_from_host,
        &data.sip_to_user,
        &data.sip_to_uri,
        &data.sip_to_host,
        &data.sip_contact_user,
        &data.sip_contact_uri,
        &data.sip_contact_host,
        &data.sip_p_asserted_identity,
    ];
    for (name, text) in SIP_TEXTS.iter().zip(texts) {
        assert_eq!(text.as_deref(), Some(format!("the {name}").as_str()));
    }
    assert_eq!(data.sip_contact_port, Some(5080));
    for (name, params) in [
        ("sip_req_params", &data.sip_req_params),
        ("sip_from_params", &data.sip_from_params),
        ("sip_to_params", &data.sip_to_params),
        ("sip_contact_params", &data.sip_contact_params),
    ] {
        assert_eq!(params.get("of"), Some(&json!(name)));
    }
    let bare: CallStateEvent = check(&json!({"call_id": "c", "call_state": "answered", "dial_winner": true}));
    assert_eq!((bare.dial_winner, bare.end_source, bare.sip_data.is_none()), (Some(true), None, true));
    let dial: DialEvent = check(&json!({"tag": "t", "dial_state": "answered", "call": {"call_id": "c",
        "dial_winner": "true", "sip_data": sip_data, "end_reason": "hangup", "end_source": "none",
        "peer": {"call_id": "d", "node_id": "n"}, "parent": {"call_id": "p", "node_id": "m", "device_type": "sip"}}}));
    assert_eq!(
        dial.call.sip_data.and_then(|data| data.sip_req_user.clone()).as_deref(),
        Some("the sip_req_user")
    );
    assert_eq!(
        (dial.call.end_reason, dial.call.end_source),
        (Some(EndReason::Hangup), Some(EndSource::Neither))
    );
    assert_eq!(dial.call.peer.map(|peer| peer.call_id), Some("d".into()));
    assert_eq!(dial.call.parent.and_then(|parent| parent.device_type).as_deref(), Some("sip"));
}

#[test]
pub(crate) fn tasks() {
    let task: TaskEvent = check(&json!({"event_type": "queuing.relay.tasks", "context": "office",
        "message": {"job": "call-back", "number": "+15557770001"}, "timestamp": 1_764_000_100, "project_id": "p",
        "space_id": "s"}));
    assert_eq!(
        (task.context.as_str(), task.project_id.expose(), task.space_id.expose()),
        ("office", "p", "s")
    );
    assert_eq!(task.message()["job"], "call-back");
    shows(
        &json!({"message": {"job": "call-back"}, "project_id": "p", "space_id": "s"}),
        |task: &TaskEvent| {
            (task.message().clone(), task.project_id.expose().to_owned(), task.space_id.expose().to_owned())
        },
    );
    assert_eq!(task.timestamp(), Some(at(1500)), "the time of the frame");
    let read: std::collections::BTreeMap<String, String> = task.read().expect("it has this form");
    assert_eq!(read["number"], "+15557770001");
    assert!(task.read::<u32>().is_err());
    let raw = RawValue::from_string(json!({"timestamp": 1_764_000_100}).to_string()).expect("JSON");
    let event = Event::parse(TaskEvent::TYPE, None, &raw);
    let task = TaskEvent::of(&event).expect("a task");
    assert_eq!((task.timestamp(), task.message()), (Some(at(1_764_000_100_000)), &Value::Null));
}
