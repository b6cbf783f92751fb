//! AI agents.

mod support;

use serde_json::json;
use signalwire_relay_simulator::{Cue, Reading, Report, Step};
use support::{Bench, at, phone, quiet, talking, tts};

#[test]
fn an_agent_is_told_things_and_stopped() {
    let (mut bench, client, call) = talking(quiet(), []);
    let message = at(&call, json!({"message_text": "Be brief", "role": "system"}));
    assert_eq!(bench.code(client, "calling.ai_message", message.clone()), "409");
    let agent = json!({"control_id": "k", "prompt": {"text": "You sell shoes"}, "params": {}});
    bench.ok(client, "calling.ai", at(&call, agent));
    let second = at(&call, json!({"control_id": "l", "agent": "0f"}));
    assert_eq!(bench.code(client, "calling.ai", second), "409");
    assert_eq!(bench.ok(client, "calling.ai_message", message)["message"], "+OK");
    assert_eq!(bench.code(client, "calling.ai_hold", at(&call, json!({"timeout": 300}))), "400");
    bench.ok(client, "calling.ai_hold", at(&call, json!({"timeout": "300", "prompt": "One moment"})));
    bench.ok(client, "calling.ai_unhold", at(&call, json!({})));
    bench.ok(client, "calling.ai.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(bench.member("calling.call.ai", "state"), ["finished"]);
    assert_eq!(bench.code(client, "calling.ai.stop", at(&call, json!({"control_id": "k"}))), "404");
}

#[test]
fn an_agent_goes_with_the_call() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k", "agent": "0f"})));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(bench.member("calling.call.ai", "state"), ["finished"]);
}

#[test]
fn bedrock_has_no_control_id_and_no_events() {
    let (mut bench, client, call) = talking(quiet(), []);
    let prompt = json!({"prompt": {"text": "Sell shoes"}});
    let result = bench.ok(client, "calling.amazon_bedrock", at(&call, prompt));
    assert_eq!((result["message"].as_str(), &result["control_id"]), (Some("success"), &json!(null)));
    bench.ok(client, "calling.ai_message", at(&call, json!({"reset": {"full_reset": true}})));
    assert!(bench.events("calling.call.ai").is_empty());
}

#[test]
fn an_agent_without_control_id_is_stopped_for_the_sdks() {
    let (mut bench, client, call) = talking(quiet().reading(Reading::Sdks), []);
    bench.ok(client, "calling.amazon_bedrock", at(&call, json!({"prompt": "Sell shoes"})));
    bench.ok(client, "calling.ai.stop", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.ai.stop", at(&call, json!({}))), "409");
    bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k"})));
}

/// The short names of the events about what an agent does.
fn activity(bench: &Bench) -> Vec<String> {
    let names = bench.frames.iter().filter_map(|(_, frame)| frame["params"]["event_type"].as_str());
    names.filter_map(|name| name.strip_prefix("calling.ai.")).map(str::to_owned).collect()
}

fn caller() -> [Step; 3] {
    [Step::on(Cue::AiStarted), Step::wait(5.0), Step::say("I would like a table")]
}

#[test]
fn an_agent_reports_what_it_hears_and_says() {
    let (mut bench, client, call) = talking(quiet(), caller());
    let agent =
        json!({"control_id": "k", "prompt": {"text": "Help"}, "post_prompt_url": "https://a.example"});
    bench.ok(client, "calling.ai", at(&call, agent));
    bench.run(20.0);
    bench.ok(client, "calling.ai.stop", at(&call, json!({"control_id": "k"})));
    let expected = [
        "start",
        "begin_speaking",
        "response",
        "response_utterance",
        "completion",
        "user_speaking",
        "partial_result",
        "speech_detect",
        "begin_speaking",
        "response",
        "response_utterance",
        "completion",
        "post_prompt",
        "stop",
    ];
    assert_eq!(activity(&bench), expected);
    assert_eq!(bench.events("calling.ai.speech_detect")[0]["text"], "I would like a table");
    assert_eq!(bench.member("calling.ai.completion", "type"), ["normal", "normal"]);
    let stop = bench.events("calling.ai.stop").pop().expect("an event");
    assert_eq!((&stop["start_time"], &stop["control_id"]), (&json!(1_735_689_600_000_000_u64), &json!(null)));
    assert_eq!(
        bench.story().iter().rfind(|event| event.starts_with("calling")).expect("events"),
        "calling.call.ai finished"
    );
}

#[test]
fn a_caller_interrupts_an_agent() {
    let (mut bench, client, call) =
        talking(quiet(), [Step::on(Cue::AiStarted), Step::wait(1.0), Step::say("Stop")]);
    bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k", "prompt": {"text": "Help"}})));
    bench.run(1.6);
    assert_eq!(bench.events("calling.ai.partial_result")[0]["barged"], true);
    assert_eq!(bench.member("calling.ai.completion", "type"), ["barged"]);
}

#[test]
fn bedrock_sends_fewer_events() {
    let (mut bench, client, call) = talking(quiet(), caller());
    bench.ok(client, "calling.amazon_bedrock", at(&call, json!({"prompt": {"text": "Help"}})));
    bench.run(20.0);
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    let activities = activity(&bench);
    assert!(
        !activities.contains(&"user_speaking".to_owned()) && !activities.contains(&"response".to_owned()),
        "{activities:?}"
    );
    assert_eq!(activities.last().expect("events"), "stop");
    assert!(bench.events("calling.ai.partial_result")[0]["text"].is_null());
    assert!(bench.events("calling.call.ai").is_empty());
}

#[test]
fn nothing_else_occupies_a_call_with_an_agent() {
    for (reading, expected) in [(Reading::Specification, "409"), (Reading::Sdks, "200")] {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k", "prompt": {"text": "Help"}})));
        let prompt = json!({"control_id": "p", "play": tts("x"), "collect": {"digits": {"max": 1}}});
        assert_eq!(bench.code(client, "calling.play_and_collect", at(&call, prompt)), expected);
        let connect = json!({"devices": [[phone("+1")]]});
        assert_eq!(bench.code(client, "calling.connect", at(&call, connect)), expected);
        if reading == Reading::Sdks {
            assert!(activity(&bench).is_empty());
        }
    }
}

#[test]
fn an_agent_is_on_hold_for_five_minutes_at_most() {
    for (timeout, expected) in [("60", 60), ("2m", 120), ("0", 300), ("900", 300), ("soon", 300)] {
        let (mut bench, client, call) = talking(quiet(), []);
        bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k", "prompt": {"text": "Help"}})));
        bench.ok(client, "calling.ai_hold", at(&call, json!({"timeout": timeout})));
        let resumed = |bench: &Bench| {
            bench
                .reports
                .iter()
                .any(|r| matches!(r, Report::Noted { what, .. } if what == "AI agent is resumed"))
        };
        bench.run(f64::from(expected) - 0.1);
        assert!(!resumed(&bench), "{timeout}");
        bench.run(0.2);
        assert!(resumed(&bench), "{timeout}");
    }
}

/// The words of the sidecar events so far.
fn reports_of_sidecar(bench: &Bench) -> Vec<String> {
    let words = bench.events("calling.ai.sidecar").into_iter();
    words.map(|event| event["sidecar_event"]["type"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_sidecar_is_asked_and_stopped() {
    let (mut bench, client, call) = talking(quiet(), []);
    let ask = at(&call, json!({"text": "Is the caller upset?"}));
    assert_eq!(bench.code(client, "calling.ai_sidecar.ask", ask.clone()), "409");
    let one_side = at(&call, json!({"lang": "en-US", "direction": ["remote-caller"]}));
    assert_eq!(bench.code(client, "calling.ai_sidecar", one_side), "400");
    let sidecar = at(&call, json!({"lang": "en-US", "params": {"idle_timeout_ms": 200}}));
    assert_eq!(bench.ok(client, "calling.ai_sidecar", sidecar.clone())["message"], "+OK");
    assert_eq!(bench.code(client, "calling.ai_sidecar", sidecar), "409");
    let queued = bench.ok(client, "calling.ai_sidecar.ask", ask);
    assert_eq!((&queued["message"], &queued["ask_id"]), (&json!("queued"), &json!("a-1")));
    bench.ok(client, "calling.ai_sidecar.poke", at(&call, json!({"text": "Listen"})));
    let status = bench.ok(client, "calling.ai_sidecar.status", at(&call, json!({})));
    assert!(status["message"].as_str().expect("a text").starts_with("+OK running=1 ticks=2 "));
    bench.ok(client, "calling.ai_sidecar.stop", at(&call, json!({})));
    let expected = ["start", "ask_request", "ask_answer", "turn", "thought", "skip", "stop", "final"];
    assert_eq!(reports_of_sidecar(&bench), expected);
    let answer = bench.events("calling.ai.sidecar")[2]["sidecar_event"].clone();
    assert_eq!(answer["ask_id"], "a-1");
    assert!(answer["raw"].is_string() && answer["channel_data"]["call_id"] == call);
}

#[test]
fn a_sidecar_can_give_one_summary() {
    let (mut bench, client, call) = talking(quiet(), []);
    let sidecar = json!({"lang": "en-US", "action": {"summarize": {"prompt": "In short?"}}});
    bench.ok(client, "calling.ai_sidecar", at(&call, sidecar));
    assert_eq!(reports_of_sidecar(&bench), ["final"]);
    assert_eq!(bench.code(client, "calling.ai_sidecar.status", at(&call, json!({}))), "409");
}
