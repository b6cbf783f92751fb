//! Finding out who is on a call.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Cue, Sound, Step};
use support::{Bench, at, quiet, talking};

/// What a detector says about somebody who does these things from when it listens, with the time.
fn detected(detect: &Value, steps: impl IntoIterator<Item = Step>) -> Vec<String> {
    let steps = std::iter::once(Step::on(Cue::Detecting)).chain(steps);
    let (mut bench, client, call) = talking(quiet(), steps);
    let params = json!({"control_id": "k", "detect": detect, "timeout": 20});
    let result = bench.ok(client, "calling.detect", at(&call, params));
    assert_eq!((result["control_id"].as_str(), result["call_id"].as_str()), (Some("k"), Some(call.as_str())));
    bench.run(30.0);
    assert!(bench.service.call(&call).expect("standing").operations.is_empty());
    said(&bench)
}

fn said(bench: &Bench) -> Vec<String> {
    let short = |event: Value| {
        let params = &event["detect"]["params"];
        let beep = if params["beep"] == true { " beep" } else { "" };
        format!("{}{beep}", params["event"].as_str().unwrap_or_default())
    };
    bench.events("calling.call.detect").into_iter().map(short).collect()
}

fn greeting() -> Step {
    Step::say("You have reached Robin, please speak after the tone")
}

#[test]
fn a_short_word_is_a_person() {
    assert_eq!(detected(&json!({"type": "machine"}), [Step::say("Hello?")]), ["HUMAN", "finished"]);
}

#[test]
fn a_long_greeting_is_a_machine_that_is_ready_after_the_beep() {
    let steps = [greeting(), Step::Sound(Sound::Beep)];
    let expected = ["MACHINE", "READY beep", "finished"];
    assert_eq!(detected(&json!({"type": "machine", "params": {}}), steps), expected);
}

#[test]
fn without_a_beep_silence_says_that_it_is_ready() {
    let expected = ["MACHINE", "READY", "finished"];
    assert_eq!(detected(&json!({"type": "machine"}), [greeting()]), expected);
}

#[test]
fn the_end_of_the_greeting_need_not_be_waited_for() {
    let detect = json!({"type": "machine", "params": {"detect_message_end": false}});
    assert_eq!(detected(&detect, [greeting()]), ["MACHINE", "finished"]);
}

#[test]
fn the_thresholds_decide() {
    let patient = json!({"type": "machine",
        "params": {"machine_voice_threshold": 9, "machine_words_threshold": 99}});
    assert_eq!(detected(&patient, [greeting()]), ["HUMAN", "finished"]);
    let strict = json!({"type": "machine", "params": {"machine_words_threshold": 1}});
    assert_eq!(detected(&strict, [Step::say("Yes, hi")])[0], "MACHINE");
}

#[test]
fn nothing_heard_is_unknown() {
    assert_eq!(detected(&json!({"type": "machine"}), []), ["UNKNOWN", "finished"]);
}

#[test]
fn a_detector_that_comes_late_still_hears_the_sentence() {
    let (mut bench, client, call) = talking(quiet(), [Step::on(Cue::Answered), greeting()]);
    bench.run(1.0);
    let params = json!({"control_id": "k", "detect": {"type": "machine"}});
    bench.ok(client, "calling.detect", at(&call, params));
    bench.run(10.0);
    assert_eq!(said(&bench)[0], "MACHINE");
}

#[test]
fn fax_tones_are_told_apart() {
    let tone = |tone: &str| json!({"type": "fax", "params": {"tone": tone}});
    assert_eq!(detected(&json!({"type": "fax"}), [Step::Sound(Sound::Cng)]), ["finished"]);
    assert_eq!(detected(&json!({"type": "fax"}), [Step::Sound(Sound::Ced)]), ["CED", "finished"]);
    assert_eq!(detected(&tone("CNG"), [Step::Sound(Sound::Cng)]), ["CNG", "finished"]);
    assert_eq!(detected(&tone("CED"), [Step::Sound(Sound::Ced)]), ["CED", "finished"]);
    assert_eq!(detected(&tone("CED"), [Step::Sound(Sound::Cng)]), ["finished"]);
}

#[test]
fn a_key_is_detected_if_it_is_one_of_those_wanted() {
    let keys = json!({"type": "digit", "params": {"digits": "12"}});
    assert_eq!(detected(&keys, [Step::press("91")]), ["1", "finished"]);
    let usual = json!({"type": "digit"});
    assert_eq!(detected(&usual, [Step::press("A9")]), ["9", "finished"]);
    let every = json!({"type": "digit", "params": {"digits": ""}});
    assert_eq!(detected(&every, [Step::press("A9")]), ["A", "finished"]);
}

#[test]
fn a_detector_ends_on_command_and_with_the_call() {
    let (mut bench, client, call) = talking(quiet(), []);
    let start = |key: &str| at(&call, json!({"control_id": key, "detect": {"type": "digit"}}));
    bench.ok(client, "calling.detect", start("a"));
    assert_eq!(bench.code(client, "calling.detect", start("a")), "409");
    bench.ok(client, "calling.detect.stop", at(&call, json!({"control_id": "a"})));
    assert_eq!(bench.code(client, "calling.detect.stop", at(&call, json!({"control_id": "a"}))), "404");
    bench.ok(client, "calling.detect", start("b"));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(said(&bench), ["finished", "finished"]);
}
