//! Requests of the client, beside any call: contexts, messages, dials.

use serde_json::json;
use signalwire_relay_tokio::{
    CallState, Client, Codec, Device, Devices, EndReason, MessageState, fabric, phone, secs, sip,
};

use crate::asking::Tour;
use crate::{COLLEAGUE, HOOK, OURS};

pub(crate) async fn go(tour: &mut Tour, client: &Client) {
    tour.ask("receive", client.receive(["more"])).await;
    tour.ask("unreceive", client.unreceive(["more"])).await;
    tour.ask("execute", client.execute("signalwire.ping", json!({"payload": "tour"}))).await;
    tour.ask("send_message", client.send_message("+15553330001", OURS).body("Hello")).await;
    let message = client
        .send_message("+15553330001", OURS)
        .context("default")
        .body("Hello")
        .media(["https://example.com/cat.png".to_owned()])
        .tag("tour")
        .status_callback(HOOK)
        .send_as_mms(true);
    if let Some(message) = tour.ask("send_message, in full", message).await {
        message.on(|event| async move { println!("the message: {}", event.message_state) });
        let fate = message.wait().timeout(secs(30)).await.map(|event| event.message_state);
        println!("the message: {:?}", fate.unwrap_or(MessageState::Sent));
    }
    let template = client
        .send_message("+15553330001", OURS)
        .template_id("tpl-tour")
        .header_template_parameters("https://example.com/map.png")
        .body_template_parameters(json!({"name": "Ada"}))
        .button_template_parameters(json!(["yes"]));
    tour.ask("send_message, a template", template).await;
    let typed = client.send_message("+15553330001", OURS).body("Hello").message_type("whatsapp_media_text");
    tour.ask("send_message, by WhatsApp", typed).await;
    if let Some(call) = tour.ask("dial", client.dial(phone(COLLEAGUE).from(OURS))).await {
        tour.ask("hangup", call.hangup()).await;
    }
    let dial = client
        .dial(Devices::serial(every_device()))
        .tag("tour")
        .max_price_per_minute("0.10")
        .max_duration(secs(600))
        .ring_timeout(secs(25))
        .send_digits("ww12#")
        .dest_swml("https://example.com/dialled.json");
    if let Some(call) = tour.ask("dial, in full", dial).await {
        tour.ask("hangup, in full", call.hangup().reason(EndReason::Decline)).await;
    }
}

/// A telephone, a SIP address and a resource, each with everything.
fn every_device() -> [Device; 3] {
    let states = [CallState::Ringing, CallState::Answered, CallState::Ended];
    let telephone = phone(COLLEAGUE)
        .from(OURS)
        .timeout(secs(20))
        .call_state_url(HOOK)
        .call_state_events(states.clone())
        .confirm("https://example.com/confirm.json")
        .confirm_timeout(secs(5));
    let desk = sip("sip:desk@example.com")
        .from("sip:tour@example.com")
        .from_name("The tour")
        .timeout(secs(20))
        .header("X-Tour", "7")
        .codecs([Codec::Pcmu, Codec::Opus])
        .webrtc_media(false)
        .login("user", "password")
        .encryption("optional")
        .session_timeout(secs(600))
        .call_state_url(HOOK)
        .call_state_events(states.clone())
        .confirm("https://example.com/confirm.json")
        .confirm_timeout(secs(5));
    let support = fabric("/private/support")
        .from(OURS)
        .timeout(secs(20))
        .call_state_url(HOOK)
        .call_state_events(states)
        .confirm("https://example.com/confirm.json")
        .confirm_timeout(secs(5));
    [telephone.into(), desk.into(), support.into()]
}
