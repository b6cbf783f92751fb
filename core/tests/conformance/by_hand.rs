//! Parameters without a setter of their own: they go in JSON arguments, by `Request::param` and by `LiveAction::set`, and
//! arrive as they were given.

use serde_json::{Map, Value, json};
use signalwire_relay_core::{Call, Collect, LiveAction, LiveDirection, PayPrompt, PayStep, refer_to};

use crate::wire::{HOOK, Wire, check_sent};

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

#[test]
pub(crate) fn old_parameters_of_calls() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let target = json!({"type": "sip", "params": {"to": "sip:desk@x", "uri": "sip:desk@x",
        "headers": [{"name": "X-A", "value": "1"}]}});
    wire.expect(
        |call| call.refer(refer_to("sip:desk@x")).param("device", target.clone()),
        "calling.refer",
        json!({"device": target}),
    );
    let (frame, _) = wire.send(client.legacy_receive(["office"]).param("context", "support"));
    check_sent(&frame, "calling.receive", &json!({"contexts": ["office"], "context": "support"}));
    let (frame, _) = wire.send(client.receive(["office"]).param("context", "support"));
    check_sent(&frame, "signalwire.receive", &json!({"contexts": ["office"], "context": "support"}));
}

#[test]
pub(crate) fn old_parameters_of_operations() {
    let mut wire = Wire::new();
    wire.expect(
        |call| {
            let play = call.play_audio("https://x/a.mp3").control_id("k");
            play.param("language", "it-IT").param("voice", "luca").param("gender", "male")
        },
        "calling.play",
        json!({"control_id": "k", "play": [{"type": "audio", "params": {"url": "https://x/a.mp3"}}],
            "language": "it-IT", "voice": "luca", "gender": "male"}),
    );
    wire.expect(
        |call| call.collect(Collect::digits(1)).control_id("k2").param("continue", true),
        "calling.collect",
        json!({"control_id": "k2", "digits": {"max": 1}, "start_input_timers": true, "continue": true}),
    );
    wire.expect(
        |call| {
            call.prompt_tts("One?", Collect::digits(1))
                .control_id("k5")
                .param("collect", json!({"continue": true}))
        },
        "calling.play_and_collect",
        json!({"control_id": "k5", "play": [{"type": "tts", "params": {"text": "One?"}}],
            "collect": {"continue": true}}),
    );
    let (_, play) = wire.send(wire.call.clone().expect("there is a call").play_tts("Hi").control_id("k6"));
    let play = play.expect("accepted");
    wire.expect(
        |_| play.pause().param("behavior", "silence"),
        "calling.play.pause",
        json!({"control_id": "k6", "behavior": "silence"}),
    );
    for word in ["stop", "summarize"] {
        wire.expect(
            |call| call.live_transcribe(LiveAction::stop()).param("action", word),
            "calling.live_transcribe",
            json!({"action": word}),
        );
        wire.expect(
            |call| call.live_translate(LiveAction::stop()).param("action", word),
            "calling.live_translate",
            json!({"action": word}),
        );
    }
    wire.expect(
        |call| call.user_event(json!({"topic": "tour"})).param("row", 7),
        "calling.user_event",
        json!({"event": {"topic": "tour"}, "row": 7}),
    );
    for method in ["calling.play_and_collect.pause", "calling.play_and_collect.resume"] {
        wire.expect(
            |call| call.execute(method, json!({"control_id": "k3"})),
            method,
            json!({"control_id": "k3"}),
        );
    }
    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    wire.expect(
        |call| {
            call.live_transcribe(LiveAction::transcribe("en-US", both.clone()).set("debug_level", 2))
                .param("async", true)
                .param("swml", true)
        },
        "calling.live_transcribe",
        json!({"action": {"start": {"lang": "en-US", "direction": ["remote-caller", "local-caller"],
            "debug_level": 2}}, "async": true, "swml": true}),
    );
    wire.expect(
        |call| {
            call.live_translate(LiveAction::translate("en-US", "es-ES", both.clone()).set("debug_level", 2))
                .param("async", true)
                .param("swml", true)
        },
        "calling.live_translate",
        json!({"action": {"start": {"from_lang": "en-US", "to_lang": "es-ES",
            "direction": ["remote-caller", "local-caller"], "debug_level": 2}}, "async": true, "swml": true}),
    );
    wire.expect(
        |call| {
            call.join_room("lobby")
                .param("hagrid_json_api_url", HOOK)
                .param("hagrid_node_id", "h")
                .param("swml", true)
        },
        "calling.join_room",
        json!({"name": "lobby", "hagrid_json_api_url": HOOK, "hagrid_node_id": "h", "swml": true}),
    );
    let prompt = PayPrompt::at(PayStep::CardNumber)
        .param("attempt", "1 2")
        .param("play", json!([{"type": "audio", "params": {"url": "https://x/a.mp3"}}]));
    wire.expect(
        |call| call.pay("https://x/pay").control_id("k4").prompts([prompt.clone()]),
        "calling.pay",
        json!({"control_id": "k4", "payment_connector_url": "https://x/pay", "prompts": [{
            "for": "payment-card-number", "attempt": "1 2",
            "play": [{"type": "audio", "params": {"url": "https://x/a.mp3"}}]}]}),
    );
}

/// Two members without a meaning that anybody knows, `async` and `swml`, go to whatever method the user wants.
#[test]
pub(crate) fn members_without_a_known_meaning() {
    let mut wire = Wire::new();
    macro_rules! also {
        ($($method:literal $params:tt $request:expr, $($name:ident)+;)+) => {
            $(
                let mut expected = json!($params);
                $( expected[stringify!($name).trim_start_matches("r#")] = json!(true); )+
                wire.expect(|call| $request(call)$( .param(stringify!($name).trim_start_matches("r#"), true) )+,
                    $method, expected);
            )+
        };
    }
    also! {
        "calling.ai_hold" {} Call::ai_hold, r#async swml;
        "calling.ai_unhold" {} Call::ai_unhold, r#async swml;
        "calling.ai_message" {"message_text": "Hi"} |call: &Call| call.ai_message().message_text("Hi"), r#async swml;
        "calling.amazon_bedrock" {} Call::amazon_bedrock, r#async swml;
        "calling.leave_conference" {"conference_id": "f"} |call: &Call| call.leave_conference("f"), r#async;
        "calling.leave_room" {} Call::leave_room, r#async;
        "calling.user_event" {"event": {}} |call: &Call| call.user_event(json!({})), r#async swml;
        "calling.bind_digit" {"digits": "1", "bind_method": "x"} |call: &Call| call.bind_digit("1", "x"), swml;
        "calling.clear_digit_bindings" {} Call::clear_digit_bindings, swml;
        "calling.echo" {} Call::echo, swml;
        "calling.join_conference" {"name": "f"} |call: &Call| call.join_conference("f"), swml;
        "calling.stream" {"control_id": "k", "url": "wss://x/s"}
            |call: &Call| call.stream("wss://x/s").control_id("k"), r#async swml;
    }
    let (_, stream) =
        wire.send(wire.call.clone().expect("there is a call").stream("wss://x/t").control_id("k2"));
    let stream = stream.expect("accepted");
    wire.expect(
        |_| stream.stop().param("async", true).param("swml", true),
        "calling.stream.stop",
        json!({"control_id": "k2", "async": true, "swml": true}),
    );
}

/// A prompt without some of its members.
fn prompt(without: &[&str]) -> Value {
    let mut prompt = json!({"text": "Be brief.", "pom": [{"title": "Role", "body": "A clerk", "bullets": ["kind"], "subsections": [],
        "numbered": false, "numberedBullets": false}],
        "contexts": {"default": {"steps": [{"name": "greet"}], "isolated": false, "enter_fillers": [], "exit_fillers": []}},
        "temperature": 1.0, "top_p": 1.0, "confidence": 0.6, "barge_confidence": 0.5, "presence_penalty": 0,
        "frequency_penalty": 0, "max_tokens": 256, "model": "gpt-4o-mini"});
    prompt.as_object_mut().expect("an object").retain(|name, _| !without.contains(&name.as_str()));
    prompt
}

/// Functions of an agent.
fn functions() -> Value {
    json!({"defaults": {"web_hook_url": HOOK},
        "functions": [{"function": "look_up", "description": "Looks up", "purpose": "old", "argument": {},
            "parameters": {"type": "object", "properties": {}, "required": ["n"]},
            "active": true, "data_map": {"expressions": [{}], "webhooks": [{}], "output": {}}, "fillers": {},
            "skip_fillers": false, "meta_data": {}, "meta_data_token": "m", "wait_file": "https://x/w.mp3",
            "wait_file_loops": 1, "wait_for_fillers": false, "web_hook_url": HOOK}],
        "includes": [{"url": HOOK, "functions": ["a"], "auth_user": "u", "auth_password": "s", "meta_data": {}}],
        "native_functions": ["check_time"], "internal_fillers": {},
        "mcp_servers": [{"url": HOOK, "headers": {}, "resources": false, "resource_vars": {}}]})
}

/// Functions of a sidecar.
fn functions_of_a_sidecar() -> Value {
    let hook = json!({"web_hook_url": HOOK, "web_hook_auth_user": "u", "web_hook_auth_password": "s"});
    let mut function = hook.clone();
    function["function"] = json!("look_up");
    function["description"] = json!("Looks up");
    function["purpose"] = json!("old");
    function["parameters"] = json!({"type": "object", "properties": {"n": {"type": "string", "description": "d",
        "enum": ["a"], "default": "a"}}, "required": ["n"]});
    json!({"defaults": hook, "functions": [function],
        "mcp_servers": [{"url": HOOK, "headers": {}, "resources": false, "resource_vars": {}}]})
}

/// The settings of an agent, by what they are about.
const SETTINGS: &[&str] = &[
    "ai_model ai_name app_name conscience conversation_id conversation_sliding_window direction \
     enable_inner_dialog enable_pause enable_thinking enable_turn_detection enable_vision languages_enabled local_tz \
     redact_prompt save_conversation summary_mode thinking_model utility_model vision_model transfer_summary \
     wait_for_user",
    "asr_diarize asr_smart_format asr_speaker_affinity auto_correct enable_text_normalization end_of_speech_timeout \
     energy_level first_word_timeout llm_diarize_aware openai_asr_engine",
    "ai_volume max_emotion speech_gen_quick_stops tts_number_format video_idle_file video_listening_file \
     video_talking_file eleven_labs_similarity eleven_labs_stability",
    "acknowledge_interruptions barge_functions barge_match_string barge_min_words enable_barge interrupt_on_noise \
     interrupt_prompt transparent_barge transparent_barge_max_time",
    "attention_timeout attention_timeout_prompt digit_timeout hard_stop_prompt hard_stop_time inactivity_timeout \
     initial_sleep_ms outbound_attention_timeout speech_event_timeout speech_timeout",
    "background_file background_file_loops background_file_volume hold_music hold_on_process static_greeting \
     static_greeting_no_barge",
    "function_wait_for_talking functions_on_no_response swaig_allow_settings swaig_allow_swml \
     swaig_post_conversation swaig_set_global_data swaig_post_swml_vars",
    "digit_terminators input_poll_freq audible_debug audible_latency cache_mode debug debug_webhook_level \
     debug_webhook_url enable_accounting verbose_logs",
    "inner_dialog_model inner_dialog_prompt inner_dialog_synced speak_when_spoken_to start_paused wake_prefix \
     max_response_tokens persist_global_data pom_format turn_detection_timeout turn_filler_every_n \
     turn_filler_min_ms turn_filler_sources vad_config",
];

#[test]
pub(crate) fn agents() {
    let mut wire = Wire::new();
    let settings: Value = SETTINGS
        .iter()
        .flat_map(|names| names.split_whitespace())
        .map(|name| (name.to_owned(), json!(1)))
        .chain([("convo".to_owned(), json!([1]))])
        .collect();
    let post_prompt = prompt(&["contexts"]);
    let pronounce = json!({"replace": "a", "with": "b", "ignore_case": true});
    let hint = json!({"hint": "h", "pattern": "p", "replace": "r", "ignore_case": false});
    let language = json!({"name": "English", "code": "en-US", "voice": "v", "auto_emotion": false, "auto_speed": false,
        "function_fillers": ["So"], "speech_fillers": ["Hm"], "turn_fillers": ["Well"], "model": "m",
        "pronounce": [pronounce], "listen_language": "en", "fillers": ["Er"], "engine": "e",
        "params": {"similarity": 0.75, "stability": 0.5, "speakingRate": 1.0, "temperature": 1.0, "speed": 1.0,
            "vol": 1.0, "pitch": 0, "emotion": "happy"}});
    wire.expect(
        |call| {
            call.ai()
                .control_id("k")
                .prompt(prompt(&[]))
                .post_prompt(post_prompt.clone())
                .pronounce([pronounce.clone()])
                .hints([hint.clone()])
                .languages([language.clone()])
                .swaig(functions())
                .ai_params(map(&settings))
        },
        "calling.ai",
        json!({"control_id": "k", "prompt": prompt(&[]), "post_prompt": post_prompt, "pronounce": [pronounce],
            "hints": [hint], "languages": [language], "SWAIG": functions(), "params": settings}),
    );
    let group = json!({"defaults": {"a": 1}, "functions": [{"a": 1}], "includes": [{"a": 1}],
        "native_functions": ["check_time"]});
    let bedrock = prompt(&["contexts", "model", "barge_confidence"]);
    let params = json!({"attention_timeout": 10000, "hard_stop_time": "1h30m", "hard_stop_prompt": "Bye",
        "inactivity_timeout": 600_000, "video_idle_file": HOOK, "video_listening_file": HOOK,
        "video_talking_file": HOOK});
    wire.expect(
        |call| {
            call.amazon_bedrock()
                .prompt(bedrock.clone())
                .post_prompt(bedrock.clone())
                .swaig(group.clone())
                .global_data(map(&json!({"a": 1})))
                .ai_params(map(&params))
        },
        "calling.amazon_bedrock",
        json!({"prompt": bedrock.clone(), "post_prompt": bedrock, "SWAIG": group, "global_data": {"a": 1},
            "params": params}),
    );
    let reset = json!({"full_reset": true, "user_prompt": "u", "system_prompt": "s"});
    wire.expect(|call| call.ai_message().reset(map(&reset)), "calling.ai_message", json!({"reset": reset}));
}

#[test]
pub(crate) fn sidecars() {
    let mut wire = Wire::new();
    let prompt = json!({"text": "Watch", "pom": [{"title": "Role"}], "file": "https://x/prompt.json"});
    wire.expect(
        |call| {
            call.ai_sidecar("en-US")
                .prompt(prompt.clone())
                .swaig(functions_of_a_sidecar())
                .action(LiveAction::summarize().webhook(HOOK).prompt("short"))
        },
        "calling.ai_sidecar",
        json!({"lang": "en-US", "prompt": prompt, "SWAIG": functions_of_a_sidecar(),
            "action": {"summarize": {"webhook": HOOK, "prompt": "short"}}}),
    );
}

#[test]
pub(crate) fn streams_of_conferences() {
    let mut wire = Wire::new();
    let stream = json!({"url": "wss://x/s", "name": "s", "codec": "PCMU", "status_url": HOOK, "status_url_method": "GET",
        "realtime": true, "authorization_bearer_token": "b", "custom_parameters": {"a": 1}});
    wire.expect(
        |call| call.join_conference("standup").stream(map(&stream)),
        "calling.join_conference",
        json!({"name": "standup", "stream": stream}),
    );
}

#[test]
pub(crate) fn connectors_are_set_up_by_execute() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let params = json!({"target": "freeswitch", "local_endpoint": "127.0.0.1:5060",
        "external_endpoint": "203.0.113.9:5060", "relay_connector_id": "7d1c"});
    let profile = json!({"configuration": {"profile": "<profile/>"}});
    wire.reply(profile.clone());
    let (frame, result) = wire.send(client.execute("provisioning.configure", params.clone()));
    check_sent(&frame, "provisioning.configure", &params);
    assert_eq!(result.expect("accepted"), profile);
    crate::evidence::read("result provisioning.configure", &profile, |result| {
        wire_answer(result).expect("accepted")["configuration"]["profile"].clone()
    });
}

fn wire_answer(result: &Value) -> Option<Value> {
    let mut wire = Wire::new();
    wire.reply(result.clone());
    wire.send(wire.client.clone().execute("provisioning.configure", json!({}))).1.ok()
}
