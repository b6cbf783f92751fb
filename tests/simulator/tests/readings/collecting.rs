//! Collecting keys and speech.

use serde_json::{Value, json};
use signalwire_relay_simulator::{Cue, Scenario, Step};

use crate::support::{at, quiet, talking, tts};
use crate::{BOTH, sdks};

fn collected(scenario: Scenario, steps: impl IntoIterator<Item = Step>, collect: Value) -> Vec<Value> {
    let (mut bench, client, call) = talking(scenario, steps);
    bench.ok(client, "calling.collect", at(&call, collect));
    bench.run(120.0);
    bench.events("calling.call.collect")
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["result"]["type"].as_str().unwrap_or_default()).collect()
}

#[test]
fn the_first_input_clock_waits_to_be_started() {
    let silent = |more: Value| {
        let mut collect = json!({"control_id": "k", "digits": {"max": 1}, "initial_timeout": 2});
        if let Some(start) = more.as_bool() {
            collect["start_input_timers"] = start.into();
        }
        collect
    };
    assert!(collected(quiet(), [], silent(Value::Null)).is_empty());
    assert_eq!(types(&collected(quiet(), [], silent(json!(true)))), ["no_input"]);
    assert_eq!(types(&collected(sdks(), [], silent(Value::Null))), ["no_input"]);
}

#[test]
fn the_first_input_clock_runs_by_itself_after_a_prompt() {
    for reading in BOTH {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        let prompt = json!({"control_id": "k", "play": tts("x"), "collect": {"digits": {"max": 1}, "initial_timeout": 2}});
        bench.ok(client, "calling.play_and_collect", at(&call, prompt));
        bench.run(3.0);
        assert_eq!(types(&bench.events("calling.call.collect")), ["no_input"]);
    }
}

#[test]
fn a_prompt_knows_only_time_digits_and_speech() {
    let steps = || [Step::on(Cue::Collecting), Step::say("yes"), Step::wait(3.0), Step::say("no")];
    let collect = json!({"speech": {}, "continuous": true, "partial_results": true, "send_start_of_input": true,
        "start_input_timers": false});
    let mut found = Vec::new();
    for reading in BOTH {
        let (mut bench, client, call) = talking(quiet().reading(reading), steps());
        let prompt = json!({"control_id": "k", "play": tts("x"), "collect": collect});
        bench.ok(client, "calling.play_and_collect", at(&call, prompt));
        bench.run(10.0);
        found.push(bench.events("calling.call.collect").len());
    }
    assert_eq!(found[0], 1);
    assert!(found[1] > 4, "{found:?}");
}

#[test]
fn too_few_digits_after_a_prompt_do_not_match() {
    for (pressed, expected) in [("12#", "no_match"), ("123#", "digit")] {
        let (mut bench, client, call) = talking(quiet(), [Step::on(Cue::Collecting), Step::press(pressed)]);
        let collect = json!({"digits": {"min": 3, "max": 5, "terminators": "#"}});
        let prompt = json!({"control_id": "k", "play": tts("x"), "collect": collect});
        bench.ok(client, "calling.play_and_collect", at(&call, prompt));
        bench.run(10.0);
        assert_eq!(types(&bench.events("calling.call.collect")), [expected]);
    }
}

#[test]
fn continue_is_another_name_of_continuous_and_loses_against_it() {
    let steps = || [Step::on(Cue::Collecting), Step::say("yes"), Step::wait(3.0), Step::say("no")];
    let mut collect = json!({"control_id": "k", "speech": {}, "continue": true});
    assert_eq!(collected(quiet(), steps(), collect.clone()).len(), 2);
    collect["continuous"] = false.into();
    assert_eq!(collected(quiet(), steps(), collect).len(), 1);
}

#[test]
fn confidence_is_a_percentage() {
    let heard = |scenario| {
        let events = collected(
            scenario,
            [Step::on(Cue::Collecting), Step::say("yes")],
            json!({"control_id": "k", "speech": {}}),
        );
        events[0]["result"]["params"]["confidence"].as_f64().expect("a number")
    };
    assert_eq!((heard(quiet()), heard(sdks())), (95.0, 0.95));
}

#[test]
fn state_and_final_are_only_with_partial_or_continuous_results() {
    let events = |more: &str| {
        let mut collect = json!({"control_id": "k", "speech": {}});
        collect[more] = true.into();
        collected(quiet(), [Step::on(Cue::Collecting), Step::say("yes please")], collect)
    };
    assert!(
        events("send_start_of_input")
            .iter()
            .all(|event| event["state"].is_null() && event["final"].is_null())
    );
    for more in ["partial_results", "continuous"] {
        for event in events(more) {
            assert!(event["state"].is_string() && event["final"].is_boolean() && event["result"].is_object());
        }
    }
}
