//! Recording, detecting, faxing, echo.

use serde_json::{Value, json};
use signalwire_relay_simulator::{Cue, Reading, Scenario, Sound, Step};

use crate::sdks;
use crate::support::{at, quiet, talking};

#[test]
fn a_recording_does_not_end_by_silence_unless_it_is_told_to() {
    for (scenario, expected) in [(quiet(), "recording"), (sdks(), "no_input")] {
        let (mut bench, client, call) = talking(scenario, []);
        bench.ok(client, "calling.record", at(&call, json!({"control_id": "r", "record": {"audio": {}}})));
        bench.service.press(bench.now, &call, "*");
        bench.run(if expected == "recording" { 3600.0 } else { 0.0 });
        let stars = bench.member("calling.call.record", "state");
        let expected =
            if expected == "recording" { vec!["recording"] } else { vec!["recording", "finished"] };
        assert_eq!(stars, expected);
    }
}

#[test]
fn a_finished_recording_has_its_facts_at_the_top_and_its_sound_in_every_event() {
    let (mut bench, client, call) = talking(quiet(), []);
    let record = json!({"control_id": "r", "record": {"audio": {"stereo": true}}});
    bench.ok(client, "calling.record", at(&call, record));
    bench.run(1.0);
    bench.ok(client, "calling.record.pause", at(&call, json!({"control_id": "r"})));
    bench.service.press(bench.now, &call, "#");
    bench.settle();
    let events = bench.events("calling.call.record");
    assert_eq!(bench.member("calling.call.record", "state"), ["recording", "paused", "finished"]);
    for event in &events {
        let audio = json!({"format": "mp3", "stereo": true, "direction": "speak"});
        assert_eq!((&event["record"], event["recording_id"].is_string()), (&json!({"audio": audio}), true));
    }
    let last = &events[2];
    assert!(last["url"].is_string() && last["size"].is_u64() && events[0]["url"].is_null());
    assert_eq!((&last["duration"], &last["start_time"]), (&json!(1.0), &json!(1_735_689_600.0)));
    assert!(last["first_frame_time"].as_f64() > last["start_time"].as_f64());
}

#[expect(clippy::needless_pass_by_value, reason = "callers write `json!(…)`")]
fn detected(scenario: Scenario, detect: Value, steps: impl IntoIterator<Item = Step>) -> Vec<String> {
    let steps = std::iter::once(Step::on(Cue::Detecting)).chain(steps);
    let (mut bench, client, call) = talking(scenario, steps);
    bench.ok(client, "calling.detect", at(&call, json!({"control_id": "k", "detect": detect})));
    bench.run(40.0);
    let short = |event: Value| {
        let params = &event["detect"]["params"];
        let beep = if params["beep"] == true { " beep" } else { "" };
        format!("{}{beep}", params["event"].as_str().unwrap_or_default())
    };
    bench.events("calling.call.detect").into_iter().map(short).collect()
}

#[test]
fn a_fax_detector_without_a_tone_hears_the_called_machine_alone() {
    let fax = json!({"type": "fax"});
    assert_eq!(detected(quiet(), fax.clone(), [Step::Sound(Sound::Cng)]), ["finished"]);
    assert_eq!(detected(quiet(), fax.clone(), [Step::Sound(Sound::Ced)]), ["CED", "finished"]);
    assert_eq!(detected(sdks(), fax, [Step::Sound(Sound::Cng)]), ["CNG", "finished"]);
}

#[test]
fn a_machine_is_not_ready_only_where_interruptions_are_wanted() {
    let greeting = "You have reached Robin, please speak after the tone";
    let steps =
        || [Step::say(greeting), Step::wait(2.0), Step::say("Or press one"), Step::Sound(Sound::Beep)];
    let machine = json!({"type": "machine"});
    assert_eq!(detected(quiet(), machine.clone(), steps()), ["MACHINE", "READY", "finished"]);
    let interrupted = json!({"type": "machine", "params": {"detect_interruptions": true}});
    assert_eq!(
        detected(quiet(), interrupted, steps()),
        ["MACHINE", "NOT_READY", "READY", "NOT_READY", "READY beep", "finished"]
    );
    assert_eq!(detected(quiet(), machine.clone(), [Step::Sound(Sound::Beep)])[0], "MACHINE beep");
    assert_eq!(detected(sdks(), machine, steps()), ["MACHINE", "NOT_READY", "READY", "finished"]);
}

#[test]
fn a_fax_that_fails_is_finished_without_success() {
    for (reading, expected) in [(Reading::Specification, "finished"), (Reading::Sdks, "error")] {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        bench.ok(client, "calling.receive_fax", at(&call, json!({"control_id": "k"})));
        bench.service.hang_up(bench.now, &call);
        bench.settle();
        let fax = bench.events("calling.call.fax").pop().expect("events")["fax"].clone();
        assert_eq!((&fax["type"], &fax["params"]["success"]), (&json!(expected), &json!(false)));
    }
}

#[test]
fn an_echo_lasts_between_5_and_120_seconds() {
    let lasts = |scenario: Scenario, timeout: Value| {
        let (mut bench, client, call) = talking(scenario, []);
        let params = if timeout.is_null() { json!({}) } else { json!({"timeout": timeout}) };
        bench.ok(client, "calling.echo", at(&call, params));
        let begun = bench.now;
        while bench.service.poll_timeout().is_some() && bench.events("calling.call.echo").len() < 2 {
            bench.now = bench.service.poll_timeout().expect("a deadline");
            bench.service.handle_timeout(bench.now);
            bench.settle();
        }
        assert_eq!(bench.member("calling.call.echo", "state")[0], "echoing");
        (bench.events("calling.call.echo").len() == 2).then(|| bench.now.saturating_sub(begun).as_secs())
    };
    for (timeout, expected) in
        [(json!(1), 5), (json!(0), 5), (json!(30), 30), (json!(600), 120), (Value::Null, 60)]
    {
        assert_eq!(lasts(quiet(), timeout), Some(expected));
    }
    assert_eq!((lasts(sdks(), json!(2)), lasts(sdks(), json!(0))), (Some(2), None));
}
