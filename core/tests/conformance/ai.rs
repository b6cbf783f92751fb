//! Methods about AI: agents, live transcriptions and translations, sidecars.

use serde_json::{Value, json};
use signalwire_relay_core::{AiRole, AskId, LiveAction, LiveDirection, LiveMode, SidecarStatus, secs};

use crate::wire::{HOOK, Wire, map};

#[test]
pub(crate) fn transcription() {
    let mut wire = Wire::new();
    let transcribe = wire.expect(
        |call| call.transcribe().control_id("k"),
        "calling.transcribe",
        json!({"control_id": "k"}),
    );
    wire.expect(|_| transcribe.stop(), "calling.transcribe.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| call.transcribe().control_id("k2").status_url(HOOK),
        "calling.transcribe",
        json!({"control_id": "k2", "status_url": HOOK}),
    );
    wire.expect(
        |call| {
            call.live_transcribe(
                LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).set("webhook", HOOK),
            )
        },
        "calling.live_transcribe",
        json!({"action": {"start": {"lang": "en-US", "direction": ["remote-caller"], "webhook": HOOK}}}),
    );
    wire.expect(
        |call| call.live_transcribe(LiveAction::stop()),
        "calling.live_transcribe",
        json!({"action": {"stop": {}}}),
    );
    wire.expect(
        |call| {
            let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
            call.live_translate(LiveAction::translate("en-US", "es-ES", both)).status_url(HOOK)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"]}}, "status_url": HOOK}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::inject("Hi", &LiveDirection::LocalCaller)),
        "calling.live_translate",
        json!({"action": {"inject": {"message": "Hi", "direction": "local-caller"}}}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::summarize().set("prompt", "short")),
        "calling.live_translate",
        json!({"action": {"summarize": {"prompt": "short"}}}),
    );
}

#[test]
pub(crate) fn ai() {
    let mut wire = Wire::new();
    let agent = wire.expect(|call| call.ai().control_id("k"), "calling.ai", json!({"control_id": "k"}));
    wire.expect(|_| agent.stop(), "calling.ai.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.ai()
                .control_id("k2")
                .agent("a-1")
                .prompt_text("Hi")
                .post_prompt(json!({"text": "Sum up"}))
                .post_prompt_url(HOOK)
                .post_prompt_auth_user("u")
                .post_prompt_auth_password("s")
                .global_data(map(json!({"a": 1})))
                .pronounce([json!({"replace": "a", "with": "b"})])
                .hints([json!("pizza")])
                .languages([json!({"name": "English", "code": "en-US", "voice": "v"})])
                .swaig(json!({"functions": []}))
                .ai_params(map(json!({"ai_name": "x"})))
        },
        "calling.ai",
        json!({"control_id": "k2", "agent": "a-1", "prompt": {"text": "Hi"}, "post_prompt": {"text": "Sum up"},
            "post_prompt_url": HOOK, "post_prompt_auth_user": "u", "post_prompt_auth_password": "s",
            "global_data": {"a": 1}, "pronounce": [{"replace": "a", "with": "b"}], "hints": ["pizza"],
            "languages": [{"name": "English", "code": "en-US", "voice": "v"}], "SWAIG": {"functions": []},
            "params": {"ai_name": "x"}}),
    );
    wire.expect(signalwire_relay_core::Call::amazon_bedrock, "calling.amazon_bedrock", json!({}));
    wire.expect(
        |call| {
            call.amazon_bedrock()
                .prompt("Hi")
                .swaig(json!({}))
                .ai_params(map(json!({})))
                .global_data(map(json!({})))
                .post_prompt(json!({}))
                .post_prompt_url(HOOK)
        },
        "calling.amazon_bedrock",
        json!({"prompt": "Hi", "SWAIG": {}, "params": {}, "global_data": {}, "post_prompt": {}, "post_prompt_url": HOOK}),
    );
    wire.expect(
        |call| call.ai_message().message_text("Hi"),
        "calling.ai_message",
        json!({"message_text": "Hi"}),
    );
    wire.expect(
        |call| {
            call.ai_message()
                .message_text("Hi")
                .role(AiRole::System)
                .reset(map(json!({"full_reset": true})))
                .global_data(map(json!({"a": 1})))
        },
        "calling.ai_message",
        json!({"message_text": "Hi", "role": "system", "reset": {"full_reset": true}, "global_data": {"a": 1}}),
    );
    wire.expect(signalwire_relay_core::Call::ai_hold, "calling.ai_hold", json!({}));
    wire.expect(
        |call| call.ai_hold().hold_for(secs(300)).prompt("Wait"),
        "calling.ai_hold",
        json!({"timeout": "300", "prompt": "Wait"}),
    );
    wire.expect(signalwire_relay_core::Call::ai_unhold, "calling.ai_unhold", json!({}));
    wire.expect(|call| call.ai_unhold().prompt("Back"), "calling.ai_unhold", json!({"prompt": "Back"}));
}

#[test]
pub(crate) fn live_actions() {
    let mut wire = Wire::new();
    let both = || [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    wire.expect(
        |call| {
            let start = LiveAction::transcribe("en-US", both())
                .webhook(HOOK)
                .live_events(true)
                .ai_summary(true)
                .ai_summary_prompt("short")
                .speech_engine("google")
                .speech_timeout(secs(30))
                .vad_silence(secs(0.5))
                .vad_thresh(300)
                .hints(["RELAY"])
                .verbose_utterances(true);
            call.live_transcribe(start)
        },
        "calling.live_transcribe",
        json!({"action": {"start": {"lang": "en-US", "direction": ["remote-caller", "local-caller"], "webhook": HOOK,
            "live_events": true, "ai_summary": true, "ai_summary_prompt": "short", "speech_engine": "google",
            "speech_timeout": 30000, "vad_silence_ms": 500, "vad_thresh": 300, "hints": ["RELAY"],
            "verbose_utterances": true}}}),
    );
    wire.expect(
        |call| {
            let start = LiveAction::translate("en-US", "es-ES", both())
                .from_voice("josh")
                .to_voice("luna")
                .filter_from("polite")
                .filter_to("prompt: like a pirate")
                .mode(LiveMode::Realtime);
            call.live_translate(start)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"], "from_voice": "josh", "to_voice": "luna",
            "filter_from": "polite", "filter_to": "prompt: like a pirate", "mode": "realtime"}}}),
    );
    wire.expect(
        |call| call.live_transcribe(LiveAction::summarize().webhook(HOOK).prompt("short")),
        "calling.live_transcribe",
        json!({"action": {"summarize": {"webhook": HOOK, "prompt": "short"}}}),
    );
    wire.expect(
        |call| {
            let start = LiveAction::translate("en-US", "es-ES", both())
                .webhook(HOOK)
                .live_events(true)
                .ai_summary(true)
                .ai_summary_prompt("short")
                .speech_engine("google")
                .speech_timeout(secs(30))
                .vad_silence(secs(0.5))
                .vad_thresh(300);
            call.live_translate(start)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"], "webhook": HOOK, "live_events": true, "ai_summary": true,
            "ai_summary_prompt": "short", "speech_engine": "google", "speech_timeout": 30000, "vad_silence_ms": 500,
            "vad_thresh": 300}}}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::summarize().webhook(HOOK).prompt("short")),
        "calling.live_translate",
        json!({"action": {"summarize": {"webhook": HOOK, "prompt": "short"}}}),
    );
    wire.expect(
        |call| call.live_translate(LiveAction::stop()),
        "calling.live_translate",
        json!({"action": {"stop": {}}}),
    );
}

#[test]
pub(crate) fn sidecars() {
    let mut wire = Wire::new();
    let sidecar =
        wire.expect(|call| call.ai_sidecar("en-US"), "calling.ai_sidecar", json!({"lang": "en-US"}));
    wire.expect(|_| sidecar.poke("Listen"), "calling.ai_sidecar.poke", json!({"text": "Listen"}));
    let asked = wire.expect(|_| sidecar.ask("Upset?"), "calling.ai_sidecar.ask", json!({"text": "Upset?"}));
    assert_eq!(asked.id().map(AskId::as_str), Some("a-3"));
    let status = wire.expect(|_| sidecar.status(), "calling.ai_sidecar.status", json!({}));
    assert_eq!(status, SidecarStatus::default());
    wire.expect(|_| sidecar.stop(), "calling.ai_sidecar.stop", json!({}));
    let functions = json!({"functions": [{"function": "look_up", "web_hook_auth_password": "sentinel"}]});
    wire.expect(
        |call| {
            let request = call
                .ai_sidecar("en-US")
                .prompt("Watch")
                .model("gpt-4.1-mini")
                .direction([LiveDirection::RemoteCaller, LiveDirection::LocalCaller])
                .customer_role(LiveDirection::LocalCaller)
                .url(HOOK)
                .hints(["RELAY".to_owned()])
                .action(LiveAction::summarize().prompt("short"))
                .swaig(functions.clone())
                .global_data(map(json!({"a": "sentinel"})))
                .swaig_allow_swml(true)
                .swaig_allow_settings(false)
                .swaig_set_global_data(true)
                .idle_timeout(secs(0.2))
                .min_interval(secs(1))
                .max_iters_per_tick(5_u32)
                .max_history_tokens(8000_u32)
                .act_on_channel(false)
                .final_summary(true)
                .ai_summary(true)
                .live_events(true)
                .verbose_utterances(true)
                .debug(false)
                .ai_summary_prompt("sum up")
                .transcribe_prompt("as it is")
                .summary_model("gpt-4o-mini")
                .speech_engine("deepgram")
                .speech_timeout(secs(60))
                .vad_silence(secs(0.5))
                .vad_thresh(400_u32)
                .debug_level(1_u32);
            assert!(!format!("{request:?}").contains("sentinel"));
            request
        },
        "calling.ai_sidecar",
        json!({"lang": "en-US", "prompt": "Watch", "model": "gpt-4.1-mini",
            "direction": ["remote-caller", "local-caller"], "customer_role": "local-caller", "url": HOOK,
            "hints": ["RELAY"], "action": {"summarize": {"prompt": "short"}}, "SWAIG": functions,
            "global_data": {"a": "sentinel"},
            "permissions": {"swaig_allow_swml": true, "swaig_allow_settings": false, "swaig_set_global_data": true},
            "params": {"idle_timeout_ms": 200, "min_interval_ms": 1000, "max_iters_per_tick": 5,
                "max_history_tokens": 8000, "act_on_channel": false, "final_summary": true, "ai_summary": true,
                "live_events": true, "verbose_utterances": true, "debug": false, "ai_summary_prompt": "sum up",
                "transcribe_prompt": "as it is", "summary_model": "gpt-4o-mini", "speech_engine": "deepgram",
                "speech_timeout": 60000, "vad_silence_ms": 500, "vad_thresh": 400, "debug_level": 1}}),
    );
}

#[test]
pub(crate) fn figures_of_a_sidecar_are_read_from_its_text() {
    let status = |result: Value| {
        let mut wire = Wire::new();
        let (_, sidecar) = wire.send(wire.call.clone().expect("there is a call").ai_sidecar("en-US"));
        let sidecar = sidecar.expect("accepted");
        wire.reply(result);
        wire.send(sidecar.status()).1.expect("accepted")
    };
    let text = "+OK running=1 ticks=2 insights=3 skips=4 tools=5 errors=6 in_tokens=7 out_tokens=8 history_size=9 \
                event_log_bytes=10 colour=red";
    let read = status(json!({"code": "200", "message": text}));
    assert_eq!(
        (read.running, read.ticks, read.insights, read.skips),
        (Some(true), Some(2), Some(3), Some(4))
    );
    assert_eq!(
        (read.tools, read.errors, read.in_tokens, read.out_tokens),
        (Some(5), Some(6), Some(7), Some(8))
    );
    assert_eq!((read.history_size, read.event_log_bytes), (Some(9), Some(10)));
    let read = status(json!({"code": "200", "message": "+OK\nrunning=false, ticks=many;insights=1"}));
    assert_eq!((read.running, read.ticks, read.insights), (Some(false), None, Some(1)));
    for message in [json!(null), json!(7), json!({"running": 1}), json!(""), json!("=== = =1 running=")] {
        assert_eq!(status(json!({"code": "200", "message": message})), SidecarStatus::default());
    }
    assert_eq!(status(json!({"code": "200", "ticks": 7})).ticks, Some(7));
}
