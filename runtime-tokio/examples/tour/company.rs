//! Conferences, rooms, queues, bridges.

use serde_json::json;
use signalwire_relay_tokio::{
    Call, Client, Codec, ConferenceAcl, ConferenceBeep, ConferenceRecord, ConferenceTrim, Device, QueueEvent,
    QueueStatus, RoomEvent, phone, queue, ringtone, secs, stream,
};

use crate::asking::Tour;
use crate::{COLLEAGUE, HOOK, OURS, map};

pub(crate) async fn go(tour: &mut Tour, client: &Client, call: &Call) {
    if let Some(joined) = tour.ask("join_conference", call.join_conference("tour")).await {
        tour.ask("leave_conference", call.leave_conference(joined.conference_id.unwrap_or_default())).await;
    }
    let full = call
        .join_conference("tour")
        .muted(true)
        .beep(ConferenceBeep::OnEnter)
        .start_on_enter(true)
        .end_on_exit(true)
        .wait_url("https://example.com/wait.mp3")
        .max_participants(10_u32)
        .record(ConferenceRecord::FromStart)
        .region("us")
        .trim(ConferenceTrim::Nothing)
        .acl(ConferenceAcl::Private)
        .coach(call.id().as_str())
        .stream(map(json!({"url": "wss://example.com/conference"})))
        .emit_call_quality(true)
        .status_callback(HOOK)
        .status_callback_event("start end join leave")
        .status_callback_event_type("relay")
        .status_callback_method("POST")
        .recording_status_callback(HOOK)
        .recording_status_callback_event("completed")
        .recording_status_callback_event_type("relay")
        .recording_status_callback_method("POST");
    if let Some(joined) = tour.ask("join_conference, in full", full).await {
        tour.ask("leave_conference", call.leave_conference(joined.conference_id.unwrap_or_default())).await;
    }
    call.on(|room: RoomEvent| async move { println!("  the room: {}", room.join_status) });
    tour.ask("join_room, in full", call.join_room("tour").status_url(HOOK)).await;
    tour.ask("leave_room", call.leave_room()).await;
    let full = call
        .queue_enter("tour")
        .wait_url("https://example.com/wait.mp3")
        .wait_time(secs(60))
        .execute_after_queue("https://example.com/after.json")
        .whisper_url("https://example.com/whisper.json")
        .status_url(HOOK);
    if let Some(waiting) = tour.ask("queue_enter", call.queue_enter("tour")).await {
        tour.ask("queue_leave", call.queue_leave("tour", waiting.control_id().as_str())).await;
        let _ = waiting.wait().timeout(secs(10)).await;
    }
    let entered = call.wait_for(|event: &QueueEvent| event.status == QueueStatus::Enqueue).timeout(secs(10));
    if let Some(waiting) = tour.ask("queue_enter, in full", full).await {
        let queue_id = entered.await.map(|event| event.queue_id).unwrap_or_default();
        tour.ask("queue: leave, in full", waiting.leave("tour").queue_id(queue_id).status_url(HOOK)).await;
        let _ = waiting.wait().timeout(secs(10)).await;
    }
    bridges(tour, client, call).await;
}

async fn bridges(tour: &mut Tour, client: &Client, call: &Call) {
    let device = phone(COLLEAGUE).from(OURS);
    let full = call
        .connect(phone(COLLEAGUE).from(OURS))
        .ringback(ringtone("us"))
        .tag("tour-bridge")
        .max_duration(secs(600))
        .ring_timeout(secs(25))
        .send_digits("w3")
        .max_price_per_minute("0.10")
        .status_url(HOOK);
    for (what, request) in [("connect", call.connect(device)), ("connect, in full", full)] {
        if let Some(bridge) = tour.ask(what, request).await {
            let _ = bridge.connected().timeout(secs(30)).await;
            let disconnect = call.disconnect();
            let disconnect =
                if what == "connect" { disconnect } else { disconnect.reason("the tour goes on") };
            tour.ask(&format!("dis{what}"), disconnect).await;
            let _ = bridge.wait().timeout(secs(10)).await;
        }
    }
    let node = call.node_id();
    let next = queue("tour", node).queue_id("q-tour").execute_after_queue("https://example.com/after.json");
    let server = stream("wss://example.com/bridge")
        .name("tour")
        .codec(Codec::L16)
        .status_url(HOOK)
        .status_url_method("POST")
        .realtime(true)
        .authorization_bearer_token("token")
        .custom_parameters(map(json!({"a": "b"})));
    for (what, device) in [("connect to a queue", Device::from(next)), ("connect to a stream", server.into())]
    {
        if let Some(bridge) = tour.ask(what, call.connect(device).ring_timeout(secs(5))).await {
            let _ = bridge.connected().timeout(secs(10)).await;
            // Nobody waits in the queue.
            if let Some(end) = bridge.result() {
                println!("  {what}: {:?}", end.map(|event| event.failed_reason));
                continue;
            }
            tour.ask("disconnect", call.disconnect()).await;
            let _ = bridge.wait().timeout(secs(10)).await;
        }
    }
    if let Some(other) = tour.ask("dial", client.dial(phone(COLLEAGUE).from(OURS))).await {
        if let Some(bridge) = tour.ask("connect to a call", call.connect(&other)).await {
            let _ = bridge.connected().timeout(secs(10)).await;
            tour.ask("disconnect", call.disconnect()).await;
            let _ = bridge.wait().timeout(secs(10)).await;
        }
        tour.ask("hangup", other.hangup()).await;
    }
}
