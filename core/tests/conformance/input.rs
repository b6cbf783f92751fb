//! Methods that listen for keys, words and machines.

use serde_json::json;
use signalwire_relay_core::{
    Collect, FaxTone, MachineDetector, PayParameter, PayPrompt, PayStep, SpeechEngine, TokenType, secs,
};

use crate::wire::{HOOK, Wire, map};

#[test]
pub(crate) fn collect_and_prompt() {
    let mut wire = Wire::new();
    let full = || {
        Collect::digits(4)
            .digit_timeout(secs(3))
            .terminators("#*")
            .or_speech()
            .end_silence_timeout(secs(1))
            .speech_timeout(secs(20))
            .language("en-GB")
            .hints(["yes", "no"])
            .engine(SpeechEngine::GoogleV2)
            .model("enhanced")
            .initial_timeout(secs(6))
            .partial_results(true)
            .continuous(true)
            .send_start_of_input(true)
            .start_input_timers(false)
    };
    let full_json = json!({"digits": {"max": 4, "digit_timeout": 3, "terminators": "#*"},
        "speech": {"end_silence_timeout": 1, "speech_timeout": 20, "language": "en-GB", "hints": ["yes", "no"],
            "engine": "Google.V2", "model": "enhanced"},
        "initial_timeout": 6, "partial_results": true, "continuous": true, "send_start_of_input": true,
        "start_input_timers": false});
    let collect = wire.expect(
        |call| call.collect(Collect::digits(1)).control_id("k"),
        "calling.collect",
        json!({"control_id": "k", "digits": {"max": 1}, "start_input_timers": true}),
    );
    wire.expect(
        |_| collect.start_input_timers(),
        "calling.collect.start_input_timers",
        json!({"control_id": "k"}),
    );
    wire.expect(|_| collect.stop(), "calling.collect.stop", json!({"control_id": "k"}));
    let mut expected = full_json.clone();
    expected["control_id"] = json!("k2");
    expected["status_url"] = json!(HOOK);
    wire.expect(|call| call.collect(full()).control_id("k2").status_url(HOOK), "calling.collect", expected);

    let prompt = wire.expect(
        |call| call.prompt_tts("PIN?", Collect::speech()).control_id("k3"),
        "calling.play_and_collect",
        json!({"control_id": "k3", "play": [{"type": "tts", "params": {"text": "PIN?"}}], "collect": {"speech": {}}}),
    );
    wire.expect(
        |call| call.prompt_tts("PIN?", Collect::digits(6)).min_digits(4).control_id("k5"),
        "calling.play_and_collect",
        json!({"control_id": "k5", "play": [{"type": "tts", "params": {"text": "PIN?"}}],
            "collect": {"digits": {"max": 6, "min": 4}}}),
    );
    wire.expect(
        |_| prompt.volume(6.0),
        "calling.play_and_collect.volume",
        json!({"control_id": "k3", "volume": 6.0}),
    );
    wire.expect(
        |_| prompt.start_input_timers(),
        "calling.collect.start_input_timers",
        json!({"control_id": "k3"}),
    );
    wire.expect(|_| prompt.stop(), "calling.play_and_collect.stop", json!({"control_id": "k3"}));
    wire.expect(
        |call| call.prompt_audio("https://x/a.mp3", full()).control_id("k4").volume(-3).status_url(HOOK),
        "calling.play_and_collect",
        json!({"control_id": "k4", "play": [{"type": "audio", "params": {"url": "https://x/a.mp3"}}],
            "collect": full_json, "volume": -3.0, "status_url": HOOK}),
    );
}

#[test]
pub(crate) fn detect() {
    let mut wire = Wire::new();
    let detect = wire.expect(
        |call| call.detect_answering_machine().control_id("k"),
        "calling.detect",
        json!({"control_id": "k", "detect": {"type": "machine", "params": {}}}),
    );
    wire.expect(|_| detect.stop(), "calling.detect.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.detect_answering_machine()
                .control_id("k2")
                .initial_timeout(secs(4.5))
                .end_silence_timeout(secs(1))
                .machine_ready_timeout(secs(2))
                .machine_voice_threshold(secs(1.25))
                .machine_words_threshold(6)
                .detect_interruptions(true)
                .detect_message_end(false)
                .run_for(secs(30))
                .status_url(HOOK)
        },
        "calling.detect",
        json!({"control_id": "k2", "timeout": 30, "status_url": HOOK, "detect": {"type": "machine", "params": {
            "initial_timeout": 4.5, "end_silence_timeout": 1, "machine_ready_timeout": 2,
            "machine_voice_threshold": 1.25, "machine_words_threshold": 6, "detect_interruptions": true,
            "detect_message_end": false}}}),
    );
    wire.expect(
        |call| call.detect(MachineDetector::default().machine_words_threshold(3)).control_id("k3"),
        "calling.detect",
        json!({"control_id": "k3", "detect": {"type": "machine", "params": {"machine_words_threshold": 3}}}),
    );
    wire.expect(
        |call| call.detect_fax(FaxTone::Cng).control_id("k4"),
        "calling.detect",
        json!({"control_id": "k4", "detect": {"type": "fax", "params": {"tone": "CNG"}}}),
    );
    wire.expect(
        |call| call.detect_fax(None).control_id("k5"),
        "calling.detect",
        json!({"control_id": "k5", "detect": {"type": "fax", "params": {}}}),
    );
    wire.expect(
        |call| call.detect_digit("12#").control_id("k6"),
        "calling.detect",
        json!({"control_id": "k6", "detect": {"type": "digit", "params": {"digits": "12#"}}}),
    );
}

#[test]
pub(crate) fn keys() {
    let mut wire = Wire::new();
    wire.expect(
        |call| call.send_digits("1wW#").control_id("k"),
        "calling.send_digits",
        json!({"control_id": "k", "digits": "1wW#"}),
    );
    wire.expect(
        |call| call.bind_digit("*0", "calling.end"),
        "calling.bind_digit",
        json!({"digits": "*0", "bind_method": "calling.end"}),
    );
    wire.expect(
        |call| {
            call.bind_digit("1", "calling.play").bind_params(map(json!({"a": 1}))).realm("menu").max_triggers(2)
        },
        "calling.bind_digit",
        json!({"digits": "1", "bind_method": "calling.play", "params": {"a": 1}, "realm": "menu", "max_triggers": 2}),
    );
    wire.expect(
        |call| call.bind_digit("wW1d", "calling.play").max_triggers(0),
        "calling.bind_digit",
        json!({"digits": "wW1d", "bind_method": "calling.play"}),
    );
    wire.expect(signalwire_relay_core::Call::clear_digit_bindings, "calling.clear_digit_bindings", json!({}));
    wire.expect(
        |call| call.clear_digit_bindings().realm("menu"),
        "calling.clear_digit_bindings",
        json!({"realm": "menu"}),
    );
}

#[test]
pub(crate) fn pay() {
    let mut wire = Wire::new();
    let pay = wire.expect(
        |call| call.pay("https://x/pay").control_id("k"),
        "calling.pay",
        json!({"control_id": "k", "payment_connector_url": "https://x/pay"}),
    );
    wire.expect(|_| pay.stop(), "calling.pay.stop", json!({"control_id": "k"}));
    wire.expect(
        |call| {
            call.pay("https://x/pay")
                .control_id("k2")
                .input_method("dtmf")
                .status_url(HOOK)
                .payment_method("credit-card")
                .bank_account_type("consumer-savings")
                .key_timeout(secs(7))
                .max_attempts(3_u32)
                .security_code(true)
                .postal_code("false")
                .min_postal_code_length(5_u32)
                .token_type(TokenType::OneTime)
                .charge_amount("12.50")
                .currency("usd")
                .language("en-US")
                .voice("woman")
                .say_voice("man")
                .description("Pizza")
                .valid_card_types("visa amex")
                .parameters([PayParameter::new("order", "7")])
                .prompts([PayPrompt::at(PayStep::CardNumber).say("Card?").play("https://x/a.mp3").attempts("2 3")
                    .card_type("visa").error_type("timeout").require_matching_inputs(true)])
        },
        "calling.pay",
        json!({"control_id": "k2", "payment_connector_url": "https://x/pay", "input": "dtmf", "status_url": HOOK,
            "payment_method": "credit-card", "bank_account_type": "consumer-savings", "timeout": "7", "max_attempts": "3", "security_code": "true",
            "postal_code": "false", "min_postal_code_length": "5", "token_type": "one-time", "charge_amount": "12.50",
            "currency": "usd", "language": "en-US", "voice": "woman", "say_voice": "man", "description": "Pizza",
            "valid_card_types": "visa amex", "parameters": [{"name": "order", "value": "7"}],
            "prompts": [{"for": "payment-card-number", "attempts": "2 3", "card_type": "visa", "error_type": "timeout",
                "require_matching_inputs": "true", "actions": [{"type": "Say", "phrase": "Card?"}, {"type": "Play", "phrase": "https://x/a.mp3"}]}]}),
    );
}
