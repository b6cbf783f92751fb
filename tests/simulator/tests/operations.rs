//! What runs on a call: play, record, collect, prompts, digits.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, ConnectionId, Cue, Reading, Scenario, Step};
use support::{Bench, at, quiet, tts};

fn talking_to(steps: impl IntoIterator<Item = Step>) -> (Bench, ConnectionId, String) {
    talking_in(quiet(), steps)
}

fn talking_in(scenario: Scenario, steps: impl IntoIterator<Item = Step>) -> (Bench, ConnectionId, String) {
    let mut bench = Bench::new(scenario.caller(Caller::new("+15551110000", "+15552220000").script(steps)));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    (bench, client, call)
}

fn results(bench: &Bench) -> Vec<Value> {
    bench.events("calling.call.collect").into_iter().map(|event| event["result"].clone()).collect()
}

#[test]
fn a_play_lasts_as_long_as_its_media() {
    let (mut bench, client, call) = talking_to([]);
    let media = json!([
        {"type": "tts", "params": {"text": "0123456789"}},
        {"type": "silence", "params": {"duration": 0.4}},
        {"type": "audio", "params": {"url": "https://files.example/a.mp3"}},
    ]);
    let result =
        bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": media, "loop": 2})));
    assert_eq!((result["call_id"].as_str(), result["control_id"].as_str()), (Some(call.as_str()), Some("k")));
    bench.run(7.9);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing"]);
    bench.run(0.2);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing", "finished"]);
}

#[test]
fn a_paused_play_keeps_what_is_left() {
    let (mut bench, client, call) = talking_to([]);
    let silence = json!([{"type": "silence", "params": {"duration": 10}}]);
    let it = at(&call, json!({"control_id": "k"}));
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": silence})));
    bench.run(4.0);
    bench.ok(client, "calling.play.pause", it.clone());
    bench.ok(client, "calling.play.volume", at(&call, json!({"control_id": "k", "volume": -12.5})));
    bench.run(60.0);
    bench.ok(client, "calling.play.resume", it.clone());
    bench.run(5.9);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing", "paused", "playing"]);
    bench.run(0.2);
    assert_eq!(bench.member("calling.call.play", "state").last().expect("events"), "finished");
    assert_eq!(bench.code(client, "calling.play.stop", it), "404");
}

#[test]
fn an_endless_play_ends_by_stopping_it() {
    let (mut bench, client, call) = talking_to([]);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts("x"), "loop": 0})));
    bench.run(3600.0);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing"]);
    bench.ok(client, "calling.play.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(bench.member("calling.call.play", "state"), ["playing", "finished"]);
}

#[test]
fn what_cannot_be_played_ends_in_an_error() {
    let (mut bench, client, call) = talking_in(quiet().unplayable("https://files.example/gone.mp3"), []);
    let media = json!([{"type": "audio", "params": {"url": "https://files.example/gone.mp3"}}]);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": media})));
    bench.run(1.0);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing", "error"]);
}

#[test]
fn a_key_cuts_the_prompt_short() {
    let (mut bench, client, call) = talking_to([Step::on(Cue::PromptStarted), Step::press("1")]);
    let prompt = json!({"control_id": "k", "play": tts(&"x".repeat(500)), "collect": {"digits": {"max": 1}}});
    bench.ok(client, "calling.play_and_collect", at(&call, prompt));
    bench.run(2.0);
    assert_eq!(bench.member("calling.call.play", "state"), ["playing", "finished"]);
    assert_eq!(results(&bench), [json!({"type": "digit", "params": {"digits": "1", "terminator": ""}})]);
    assert!(bench.service.call(&call).expect("standing").operations.is_empty());
}

#[test]
fn nothing_pressed_after_the_prompt_is_no_input() {
    let (mut bench, client, call) = talking_to([]);
    let collect = json!({"digits": {"max": 1}, "initial_timeout": 3});
    let prompt = json!({"control_id": "k", "play": tts("0123456789"), "collect": collect});
    bench.ok(client, "calling.play_and_collect", at(&call, prompt));
    bench.run(3.5);
    assert_eq!(results(&bench), Vec::<Value>::new());
    bench.run(0.2);
    assert_eq!(results(&bench), [json!({"type": "no_input"})]);
}

#[test]
fn a_prompt_can_be_stopped_and_made_louder() {
    let (mut bench, client, call) = talking_to([]);
    let prompt = json!({"control_id": "k", "play": tts("0123456789"), "collect": {"digits": {"max": 1}}});
    bench.ok(client, "calling.play_and_collect", at(&call, prompt));
    let louder = at(&call, json!({"control_id": "k", "volume": 3}));
    bench.ok(client, "calling.play_and_collect.volume", louder);
    bench.ok(client, "calling.play_and_collect.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(results(&bench), [json!({"type": "finished"})]);
    let pause = at(&call, json!({"control_id": "k"}));
    assert_eq!(bench.code(client, "calling.play_and_collect.pause", pause), "-32601");
}

#[test]
fn digits_end_by_terminator_by_number_and_by_time() {
    for (keys, rules, expected) in [
        ("12#", json!({"max": 5, "terminators": "#"}), ("12", "#")),
        ("123", json!({"max": 3}), ("123", "")),
        ("12", json!({"max": 5, "digit_timeout": 2}), ("12", "")),
    ] {
        let (mut bench, client, call) = talking_to([Step::on(Cue::Collecting), Step::press(keys)]);
        bench.ok(client, "calling.collect", at(&call, json!({"control_id": "k", "digits": rules})));
        bench.run(5.0);
        let params = json!({"digits": expected.0, "terminator": expected.1});
        assert_eq!(results(&bench), [json!({"type": "digit", "params": params})]);
    }
}

#[test]
fn speech_is_collected_with_partial_results() {
    let (mut bench, client, call) = talking_to([Step::on(Cue::Collecting), Step::say("I need some help")]);
    let collect = json!({
        "control_id": "k", "speech": {"end_silence_timeout": 0.5}, "partial_results": true,
        "send_start_of_input": true,
    });
    bench.ok(client, "calling.collect", at(&call, collect));
    bench.run(5.0);
    let events = bench.events("calling.call.collect");
    let types: Vec<_> =
        events.iter().map(|event| event["result"]["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(types, ["start_of_input", "speech", "speech"]);
    assert_eq!(events[1]["final"], false);
    assert_eq!(events[2]["final"], true);
    assert_eq!(events[2]["result"]["params"]["text"], "I need some help");
}

#[test]
fn continuous_goes_on_until_it_is_stopped() {
    let steps = [Step::on(Cue::Collecting), Step::say("no"), Step::wait(3.0), Step::say("yes")];
    let (mut bench, client, call) = talking_to(steps);
    let collect = json!({"control_id": "k", "speech": {}, "continuous": true});
    bench.ok(client, "calling.collect", at(&call, collect));
    bench.run(10.0);
    bench.ok(client, "calling.collect.stop", at(&call, json!({"control_id": "k"})));
    let events = bench.events("calling.call.collect");
    let short: Vec<_> = events
        .iter()
        .map(|event| (event["result"]["type"].as_str().unwrap_or(""), event["state"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(short, [("speech", "collecting"), ("speech", "collecting"), ("finished", "finished")]);
}

#[test]
fn a_noise_is_no_match_and_the_end() {
    for continuous in [false, true] {
        let steps = [Step::on(Cue::Collecting), Step::say(""), Step::wait(3.0), Step::say("yes")];
        let (mut bench, client, call) = talking_to(steps);
        let collect = json!({"control_id": "k", "speech": {}, "continuous": continuous});
        bench.ok(client, "calling.collect", at(&call, collect));
        bench.run(10.0);
        let events = bench.events("calling.call.collect");
        assert_eq!((events.len(), &events[0]["result"]["type"]), (1, &json!("no_match")));
        assert_eq!(bench.code(client, "calling.collect.stop", at(&call, json!({"control_id": "k"}))), "404");
    }
}

#[test]
fn the_first_input_clock_can_wait_for_a_command() {
    let (mut bench, client, call) = talking_to([]);
    let collect =
        json!({"control_id": "k", "digits": {"max": 1}, "initial_timeout": 2, "start_input_timers": false});
    bench.ok(client, "calling.collect", at(&call, collect));
    bench.run(30.0);
    assert!(results(&bench).is_empty());
    bench.ok(client, "calling.collect.start_input_timers", at(&call, json!({"control_id": "k"})));
    bench.run(2.1);
    assert_eq!(results(&bench), [json!({"type": "no_input"})]);
}

fn record(bench: &mut Bench, client: ConnectionId, call: &str, audio: &Value) -> Value {
    bench.ok(client, "calling.record", at(call, json!({"control_id": "r", "record": {"audio": audio}})))
}

#[test]
fn a_recording_ends_after_the_silence_that_follows_speech() {
    let steps = [Step::on(Cue::RecordingStarted), Step::wait(1.0), Step::say("0123456789"), Step::StaySilent];
    let (mut bench, client, call) = talking_to(steps);
    let result = record(&mut bench, client, &call, &json!({"format": "wav", "end_silence_timeout": 2}));
    bench.run(10.0);
    let events = bench.events("calling.call.record");
    assert_eq!(bench.member("calling.call.record", "state"), ["recording", "finished"]);
    assert_eq!(events[1]["url"], result["url"]);
    let duration = events[1]["duration"].as_f64().expect("a number");
    assert!((3.7..4.2).contains(&duration), "{duration}");
    assert!(events[1]["size"].as_u64().expect("a size") > 50_000);
    assert_eq!(events[1]["record"]["audio"]["format"], "wav");
}

#[test]
fn a_recording_ends_by_silence_by_length_by_key_and_by_command() {
    let nested = quiet().nested_record_results(true).reading(Reading::Sdks);
    let (mut bench, client, call) = talking_in(nested, []);
    record(&mut bench, client, &call, &json!({}));
    bench.run(5.1);
    let last = bench.events("calling.call.record").pop().expect("events");
    assert_eq!((last["state"].as_str(), last["record"]["duration"].as_f64()), (Some("no_input"), Some(5.0)));

    record(&mut bench, client, &call, &json!({"initial_timeout": 0, "max_length": 8}));
    bench.run(8.1);
    let last = bench.events("calling.call.record").pop().expect("events");
    assert_eq!((last["state"].as_str(), last["record"]["duration"].as_f64()), (Some("finished"), Some(8.0)));

    record(&mut bench, client, &call, &json!({}));
    bench.service.press(bench.now, &call, "#");
    bench.settle();
    assert_eq!(bench.events("calling.call.record").pop().expect("events")["state"], "finished");

    record(&mut bench, client, &call, &json!({}));
    bench.ok(client, "calling.record.stop", at(&call, json!({"control_id": "r"})));
    assert_eq!(bench.events("calling.call.record").pop().expect("events")["state"], "finished");
}

#[test]
fn a_gap_in_a_recording_is_left_out_or_kept() {
    for (behavior, length) in [("skip", 4.0), ("silence", 14.0)] {
        let (mut bench, client, call) = talking_to([]);
        let it = at(&call, json!({"control_id": "r"}));
        record(&mut bench, client, &call, &json!({"initial_timeout": 0}));
        bench.run(2.0);
        let pause = at(&call, json!({"control_id": "r", "behavior": behavior}));
        bench.ok(client, "calling.record.pause", pause);
        bench.run(10.0);
        bench.ok(client, "calling.record.resume", it.clone());
        bench.run(2.0);
        bench.ok(client, "calling.record.stop", it);
        let events = bench.events("calling.call.record");
        assert_eq!(
            bench.member("calling.call.record", "state"),
            ["recording", "paused", "recording", "finished"]
        );
        assert_eq!(events[1]["pause_behavior"], behavior);
        assert_eq!(events[3]["duration"].as_f64(), Some(length));
    }
}

#[test]
fn digits_are_sent_in_the_time_they_take() {
    let (mut bench, client, call) = talking_to([Step::on(Cue::DigitsHeard), Step::HangUp]);
    bench.ok(client, "calling.send_digits", at(&call, json!({"control_id": "d", "digits": "12wW#"})));
    bench.run(2.2);
    assert!(bench.events("calling.call.send_digits").is_empty());
    bench.run(0.1);
    assert_eq!(bench.member("calling.call.send_digits", "state"), ["finished"]);
    bench.run(1.0);
    assert_eq!(bench.states(&call).last().expect("states"), "ended");
}
