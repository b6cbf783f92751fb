//! Transcribing and translating a call while it goes on.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Cue, Reading, Scenario, Step};
use support::{Bench, at, quiet, talking};

/// Starts something live, lets the caller say a sentence, asks for a summary and stops it.
#[expect(clippy::needless_pass_by_value, reason = "callers write `json!(…)`")]
fn heard(scenario: Scenario, method: &str, start: Value) -> Bench {
    let steps = [Step::on(Cue::Answered), Step::wait(1.0), Step::say("I would like a table")];
    let (mut bench, client, call) = talking(scenario, steps);
    for action in [json!({"start": start}), json!({"summarize": {}}), json!({"stop": {}})] {
        bench.ok(client, method, at(&call, json!({"action": action})));
        bench.run(5.0);
    }
    bench
}

fn types(bench: &Bench) -> Vec<String> {
    let types = bench.frames.iter().filter_map(|(_, frame)| frame["params"]["event_type"].as_str());
    types.filter_map(|name| name.strip_prefix("calling.ai.")).map(str::to_owned).collect()
}

fn transcription() -> Value {
    json!({"lang": "en-US", "direction": ["remote-caller"], "live_events": true, "ai_summary": true})
}

#[test]
fn the_results_of_a_live_transcription_come_to_the_client() {
    let bench = heard(quiet(), "calling.live_transcribe", transcription());
    assert_eq!(
        types(&bench),
        ["transcribe.utterance", "transcribe.live_summarize", "transcribe.conversation_log"]
    );
    let event = &bench.events("calling.ai.transcribe.utterance")[0];
    assert_eq!(event["utterance"]["content"], "I would like a table");
    assert_eq!(event["call_info"]["call_id"], event["call_id"]);
    assert!(event["channel_data"].is_object() && event["control_id"].is_null());
    let last = &bench.events("calling.ai.transcribe.conversation_log")[0];
    assert_eq!(
        (&last["metrics"]["total_utterances"], last["conversation_summary"].is_string()),
        (&json!(1), true)
    );
}

#[test]
fn the_results_of_a_live_translation_come_to_the_client() {
    let start = json!({"from_lang": "en-US", "to_lang": "es-ES", "direction": ["remote-caller"], "live_events": true,
        "mode": "realtime"});
    let bench = heard(quiet(), "calling.live_translate", start);
    let expected = ["translate.transcript_delta", "translate.live_summary", "translate.conversation_log"];
    assert_eq!(types(&bench), expected);
    let last = &bench.events("calling.ai.translate.conversation_log")[0];
    assert_eq!(last["primary_conversation_log"][0]["content"], "I would like a table");
    assert_eq!(last["translate_data"]["remote-caller"]["to_language"], "es-ES");
}

#[test]
fn results_for_a_webhook_are_not_on_the_wire() {
    let mut start = transcription();
    assert!(
        types(&heard(quiet().reading(Reading::Sdks), "calling.live_transcribe", start.clone())).is_empty()
    );
    start["webhook"] = "https://app.example/results".into();
    assert!(types(&heard(quiet(), "calling.live_transcribe", start)).is_empty());
}
