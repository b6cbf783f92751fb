//! What only older services know, one request or one parameter at a time.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::json;
use signalwire_relay_simulator::{Demo, Violation};
use signalwire_relay_tokio::calling::{AgoraDevice, WebRtcDevice};
use signalwire_relay_tokio::{
    Call, CallState, Client, Codec, Collect, LiveAction, LiveDirection, PayPrompt, PayStep, RecordDirection,
    agora, phone, secs, webrtc, ws,
};

use crate::asking::Tour;
use crate::{COLLEAGUE, HOOK, OURS};

/// Everything here that a service may refuse which follows the newer specification to the letter: the method, and what it
/// does not know of it.
const OLDER: [(&str, &str); 21] = [
    ("calling.begin", "Method 'calling.begin' not found"),
    ("calling.call", "Method 'calling.call' not found"),
    ("calling.receive", "Method 'calling.receive' not found"),
    ("signalwire.execute", "Method 'signalwire.execute' not found"),
    ("calling.hold", "Method 'calling.hold' not found"),
    ("calling.unhold", "Method 'calling.unhold' not found"),
    ("messaging.send", "Unknown parameter 'tags'"),
    ("messaging.send", "Unknown parameter 'region'"),
    ("calling.dial", "Unknown parameter 'region'"),
    ("calling.dial", "Unknown parameter 'node_id'"),
    ("calling.dial", "Unknown parameter 'devices[0][0].params.max_duration'"),
    ("calling.dial", "Unknown parameter 'devices[0][0].type: webrtc'"),
    ("calling.dial", "Unknown parameter 'devices[0][0].type: agora'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.partial_results'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.continuous'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.send_start_of_input'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.start_input_timers'"),
    ("calling.tap", "Unknown parameter 'device.params.rate'"),
    ("calling.live_transcribe", "Unknown parameter 'action.start.debug_level'"),
    ("calling.pay", "Unknown parameter 'prompts[0].attempts'"),
    ("calling.ai_unhold", "Unknown parameter 'prompt'"),
];

/// Checks that a simulator objected to all of [`OLDER`] or, if it is like older services, to nothing.
pub(crate) fn check_objections(demo: Demo) -> std::io::Result<()> {
    let seen = RefCell::new(BTreeSet::new());
    demo.check_except(|violation| match violation {
        Violation::BadRequest { method, message, .. } => {
            let known = OLDER.iter().position(|older| *older == (method, message));
            seen.borrow_mut().extend(known);
            known.is_some()
        }
        _ => false,
    })?;
    let seen = seen.into_inner();
    let missing: Vec<_> =
        (0..OLDER.len()).filter(|index| !seen.contains(index)).map(|index| OLDER[index]).collect();
    if seen.is_empty() || missing.is_empty() {
        return Ok(());
    }
    Err(std::io::Error::other(format!(
        "the simulator knows what only older services should know: {missing:?}"
    )))
}

/// Methods that older clients use.
pub(crate) async fn requests(tour: &mut Tour, client: &Client) {
    tour.ask_older("legacy_receive", client.legacy_receive(["older"])).await;
    tour.ask_older("legacy_call", client.legacy_call(json!({}))).await;
    let protocol = client.protocol().unwrap_or_default();
    let wrapped = client.legacy_execute(protocol, "signalwire.ping", json!({"payload": "tour"}));
    tour.ask_older("legacy_execute", wrapped).await;
    let wrapped = client
        .legacy_execute("tour", "signalwire.ping", json!({}))
        .attempted(["node-1".to_owned()])
        .requester_identity("tour")
        .requester_nodeid("node-1")
        .responder_identity("service")
        .responder_nodeid("node-2");
    tour.ask_older("legacy_execute, in full", wrapped).await;
    let plain = client.begin(phone(COLLEAGUE).from(OURS));
    let full = client
        .begin(phone(COLLEAGUE).from(OURS))
        .tag("begun")
        .region("us")
        .node_id("node-1")
        .max_duration(secs(600));
    for (what, begin) in [("begin", plain), ("begin, in full", full)] {
        if let Some(Some(begun)) = tour.ask_older(what, begin).await {
            let end = json!({"call_id": begun.call_id, "node_id": begun.node_id, "reason": "hangup"});
            tour.ask("execute calling.end", client.execute("calling.end", end)).await;
        }
    }
}

/// Parameters that the newer specification does not have, one at a time, of methods that it has.
pub(crate) async fn parameters(tour: &mut Tour, client: &Client, call: &Call) {
    let message = || client.send_message("+15553330001", OURS).context("default").body("Hello");
    tour.ask_older("send_message: tags", message().tags(["tour".to_owned()])).await;
    tour.ask_older("send_message: region", message().region("us")).await;
    let plain = || client.dial(phone(COLLEAGUE).from(OURS));
    for (what, dial) in [
        ("dial: region", plain().region("us")),
        ("dial: node_id", plain().node_id(call.node_id())),
        ("dial: max_duration of a device", client.dial(phone(COLLEAGUE).max_duration(secs(600)))),
        ("dial: a browser", client.dial(webrtc("desk").from(OURS))),
        ("dial: a browser, in full", client.dial(browser())),
        ("dial: an Agora channel", client.dial(agora("channel", "app", OURS))),
        ("dial: an Agora channel, in full", client.dial(channel())),
    ] {
        if let Some(call) = tour.ask_older(what, dial).await {
            tour.ask("hangup", call.hangup()).await;
        }
    }
    tour.ask_older("hold", call.hold()).await;
    tour.ask_older("unhold", call.unhold()).await;
    let keys = || Collect::digits(1).initial_timeout(secs(5));
    for (what, input) in [
        ("prompt_tts: partial_results", keys().partial_results(true)),
        ("prompt_tts: continuous", keys().continuous(true)),
        ("prompt_tts: send_start_of_input", keys().send_start_of_input(true)),
        ("prompt_tts: start_input_timers", keys().start_input_timers(false)),
    ] {
        if let Some(prompt) = tour.ask_older(what, call.prompt_tts("One key, please.", input)).await {
            tour.ask("prompt: start_input_timers", prompt.start_input_timers()).await;
            tour.ask("prompt: stop", prompt.stop()).await;
            let _ = prompt.wait().timeout(secs(10)).await;
        }
    }
    let tap = call.tap(RecordDirection::Speak, ws("wss://example.com/tap").rate(8000_u32));
    if let Some(tap) = tour.ask_older("tap: rate", tap).await {
        tour.ask("tap: stop", tap.stop()).await;
    }
    let live = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).set("debug_level", 1);
    if tour.ask_older("live_transcribe: debug_level", call.live_transcribe(live)).await.is_some() {
        tour.ask("live_transcribe: stop", call.live_transcribe(LiveAction::stop())).await;
    }
    let prompts = [PayPrompt::at(PayStep::CardNumber).say("Your card, please.").attempts("1")];
    if let Some(payment) =
        tour.ask_older("pay: attempts", call.pay("https://example.com/pay").prompts(prompts)).await
    {
        tour.ask("pay: stop", payment.stop()).await;
        let _ = payment.wait().timeout(secs(10)).await;
    }
    if let Some(agent) = tour.ask("ai", call.ai().prompt_text("You give tours.")).await {
        tour.ask_older("ai_unhold: prompt", call.ai_unhold().prompt("Here we are.")).await;
        tour.ask("ai: stop", agent.stop()).await;
        let _ = agent.wait().timeout(secs(10)).await;
    }
}

fn browser() -> WebRtcDevice {
    webrtc("desk")
        .from(OURS)
        .timeout(secs(20))
        .codecs([Codec::Opus])
        .call_state_url(HOOK)
        .call_state_events([CallState::Answered])
        .confirm("https://example.com/confirm.json")
}

fn channel() -> AgoraDevice {
    agora("channel", "app", OURS)
        .to("desk")
        .call_state_url(HOOK)
        .call_state_events([CallState::Answered])
        .confirm("https://example.com/confirm.json")
}
