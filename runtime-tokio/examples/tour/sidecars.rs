//! AIs that listen, with everything that they can be asked.

use serde_json::json;
use signalwire_relay_tokio::{Call, LiveAction, LiveDirection, secs};

use crate::asking::Tour;
use crate::{HOOK, map};

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    let full = call
        .ai_sidecar("en-US")
        .prompt("You watch tours.")
        .model("gpt-4o-mini")
        .direction(both)
        .customer_role(LiveDirection::RemoteCaller)
        .url(HOOK)
        .hints(["tour".to_owned()])
        .swaig(json!({"functions": []}))
        .global_data(map(json!({"stop": 1})))
        .swaig_allow_swml(true)
        .swaig_allow_settings(true)
        .swaig_set_global_data(true)
        .idle_timeout(secs(0.2))
        .min_interval(secs(1))
        .max_iters_per_tick(5_u32)
        .max_history_tokens(8000_u32)
        .act_on_channel(true)
        .final_summary(true)
        .ai_summary(true)
        .live_events(true)
        .verbose_utterances(true)
        .debug(true)
        .ai_summary_prompt("In short?")
        .transcribe_prompt("Word by word.")
        .summary_model("gpt-4o-mini")
        .speech_engine("deepgram")
        .speech_timeout(secs(60))
        .vad_silence(secs(0.5))
        .vad_thresh(400_u32)
        .debug_level(1_u32);
    for (what, request) in [("ai_sidecar", call.ai_sidecar("en-US")), ("ai_sidecar, in full", full)] {
        let Some(sidecar) = tour.ask(what, request).await else { continue };
        tour.ask("ai_sidecar: poke", sidecar.poke("The tour is long.")).await;
        if let Some(asked) = tour.ask("ai_sidecar: ask", sidecar.ask("Is it too long?")).await {
            let answer = asked.answer().timeout(secs(10)).await;
            println!("  answered: {:?}", answer.map(|event| event.and_then(|event| event.report.raw)));
        }
        tour.ask("ai_sidecar: status", sidecar.status()).await;
        tour.ask("ai_sidecar: stop", sidecar.stop()).await;
        println!(
            "  summed up: {:?}",
            sidecar.wait().timeout(secs(10)).await.map(|event| event.report.summary)
        );
    }
    let once = call.ai_sidecar("en-US").action(LiveAction::summarize().prompt("In short?"));
    if let Some(sidecar) = tour.ask("ai_sidecar, one summary", once).await {
        println!(
            "  summed up: {:?}",
            sidecar.wait().timeout(secs(10)).await.map(|event| event.report.summary)
        );
    }
}
