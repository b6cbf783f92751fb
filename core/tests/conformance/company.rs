//! Methods of conferences, rooms and queues.

use serde_json::json;
use signalwire_relay_core::{ConferenceAcl, ConferenceBeep, ConferenceRecord, ConferenceTrim, secs};

use crate::wire::{HOOK, Wire, map};

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
