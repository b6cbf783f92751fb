//! Conferences, rooms and queues.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_core::{
    CallId, ConferenceAcl, ConferenceBeep, ConferenceEvent, ConferenceRecord, ConferenceStatus,
    ConferenceTrim, secs,
};

use crate::reading::{check, shows};
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

#[test]
fn an_event_that_names_a_queue_and_no_operation_ends_the_wait_for_that_queue_alone() {
    let mut wire = Wire::new();
    let mut enter = |queue: &str| {
        wire.expect(
            |call| call.queue_enter(queue).control_id(queue),
            "calling.queue.enter",
            json!({"control_id": queue, "queue_name": queue}),
        )
    };
    let (sales, support) = (enter("sales"), enter("support"));
    let left = |name: &str| json!({"call_id": "c", "control_id": null, "name": name, "status": "leave"});
    wire.event("calling.call.queue", &left("support"));
    assert_eq!((sales.is_done(), support.is_done()), (false, true));
    wire.event("calling.call.queue", &left("sales"));
    assert!(sales.is_done());
}

#[test]
pub(crate) fn the_quality_of_a_conference_is_in_numbers() {
    let mut full = json!({"conference_id": "f", "name": "standup", "region": "eu", "size": 2, "call_id": "c",
        "status": "participant-call-quality", "call_id_to_coach": "d", "out_lost": "0.5", "in_quality_percentage": "97.5",
        "in_mos": "4.25"});
    let times = ["rtt_avg", "rtt_min", "rtt_max", "out_jitter_min", "out_jitter_max", "out_jitter_avg"];
    let counts = [
        "in_media_bytes",
        "in_media_packet_count",
        "in_skip_packet_count",
        "in_jitter_packet_count",
        "in_dtmf_packet_count",
        "in_cng_packet_count",
        "in_flush_packet_count",
        "in_flaws_total",
        "out_media_bytes",
        "out_media_packet_count",
        "out_dtmf_packet_count",
        "out_cng_packet_count",
    ];
    for (number, name) in times.iter().chain(&counts).enumerate() {
        full[*name] = json!(number.to_string());
    }
    let event: ConferenceEvent = check(&full);
    assert_eq!(event.status, ConferenceStatus::CallQuality);
    assert_eq!(event.call_id_to_coach.as_ref().map(CallId::as_str), Some("d"));
    shows(&full, ConferenceEvent::call_quality);
    let quality = event.call_quality().expect("there are figures");
    let read = [
        quality.rtt_avg,
        quality.rtt_min,
        quality.rtt_max,
        quality.out_jitter_min,
        quality.out_jitter_max,
        quality.out_jitter_avg,
    ];
    assert_eq!(read, [0, 1, 2, 3, 4, 5].map(|number| Some(Duration::from_millis(number))));
    let read = [
        quality.in_media_bytes,
        quality.in_media_packet_count,
        quality.in_skip_packet_count,
        quality.in_jitter_packet_count,
        quality.in_dtmf_packet_count,
        quality.in_cng_packet_count,
        quality.in_flush_packet_count,
        quality.in_flaws_total,
        quality.out_media_bytes,
        quality.out_media_packet_count,
        quality.out_dtmf_packet_count,
        quality.out_cng_packet_count,
    ];
    assert_eq!(read, [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17].map(Some));
    assert_eq!(
        (quality.out_lost, quality.in_quality_percentage, quality.in_mos),
        (Some(0.5), Some(97.5), Some(4.25))
    );

    let announcement: ConferenceEvent =
        check(&json!({"conference_id": "f", "announce_url": "https://x/a.mp3"}));
    assert_eq!(
        (announcement.status.as_str(), announcement.call_quality()),
        ("", None),
        "the service may leave it out"
    );
    assert_eq!(announcement.announce_url.as_deref(), Some("https://x/a.mp3"));
    let odd: ConferenceEvent = check(
        &json!({"conference_id": "f", "rtt_avg": 12.5, "in_mos": "bad", "rtt_min": "-1", "status": "x-y"}),
    );
    let quality = odd.call_quality().expect("one figure");
    assert_eq!(
        (quality.rtt_avg, quality.rtt_min, quality.in_mos),
        (Some(Duration::from_micros(12_500)), None, None)
    );
    assert_eq!(odd.status.as_str(), "x-y");
}
