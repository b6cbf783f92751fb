//! AI agents.

use serde_json::json;
use signalwire_relay_tokio::{AiCompletionEvent, AiRole, Call, secs};

use crate::asking::Tour;
use crate::{HOOK, map};

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    let full = call
        .ai()
        .agent("7d1c0c0e-8a53-4a0e-9b0b-0f6d4f7d2c11")
        .prompt(json!({"text": "You give tours.", "temperature": 0.5}))
        .post_prompt(json!({"text": "Sum up."}))
        .post_prompt_url(HOOK)
        .post_prompt_auth_user("user")
        .post_prompt_auth_password("password")
        .global_data(map(json!({"stop": 1})))
        .pronounce([json!({"replace": "RELAY", "with": "relay"})])
        .hints([json!("tour")])
        .languages([json!({"name": "English", "code": "en-US", "voice": "rime.spore"})])
        .swaig(json!({"functions": []}))
        .ai_params(map(json!({"ai_name": "guide"})));
    call.on(|said: AiCompletionEvent| async move { println!("  the agent: {}", said.text) });
    for (what, request) in [("ai", call.ai().prompt_text("You give tours.")), ("ai, in full", full)] {
        let Some(agent) = tour.ask(what, request).await else { continue };
        tour.ask("ai_message", call.ai_message().message_text("Hurry up.")).await;
        let message = call.ai_message().message_text("Again.").role(AiRole::System);
        let message = message.reset(map(json!({"full_reset": false}))).global_data(map(json!({"stop": 2})));
        tour.ask("ai_message, in full", message).await;
        tour.ask("ai_hold, in full", call.ai_hold().hold_for(secs(5)).prompt("One moment.")).await;
        tour.ask("ai_unhold, in full", call.ai_unhold()).await;
        tour.ask("ai: stop", agent.stop()).await;
        let _ = agent.wait().timeout(secs(10)).await;
    }
}
