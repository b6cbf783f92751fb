//! Where the newer specification and the SDKs differ in what the service does.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{
    CallState, Caller, ConnectionId, Cue, Message, Phone, Reading, Report, Scenario, Sound, Step,
};
use support::{Bench, at, phone, quiet, talking, tts};

const BOTH: [Reading; 2] = [Reading::Specification, Reading::Sdks];

fn sdks() -> Scenario {
    quiet().reading(Reading::Sdks)
}

/// The outer params of the newest event of a type.
fn envelope(bench: &Bench, event_type: &str) -> Value {
    let mut of_type = bench.frames.iter().filter(|(_, frame)| frame["params"]["event_type"] == event_type);
    let mut outer = of_type.next_back().expect("an event").1["params"].clone();
    outer.as_object_mut().expect("an object").remove("params");
    outer
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn collected(scenario: Scenario, steps: impl IntoIterator<Item = Step>, collect: Value) -> Vec<Value> {
    let (mut bench, client, call) = talking(scenario, steps);
    bench.ok(client, "calling.collect", at(&call, collect));
    bench.run(120.0);
    bench.events("calling.call.collect")
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["result"]["type"].as_str().unwrap_or_default()).collect()
}

// Envelopes.

#[test]
fn every_envelope_names_project_and_space() {
    let (bench, ..) = talking(quiet(), []);
    let outer = envelope(&bench, "calling.call.state");
    assert_eq!(names(&outer), ["event_channel", "event_type", "project_id", "space_id", "timestamp"]);
    assert_eq!(outer["project_id"], "demo-project");
    let outer = envelope(&bench, "signalwire.authorization.state");
    assert_eq!(names(&outer), ["event_channel", "event_type", "project_id", "space_id", "timestamp"]);
}

#[test]
fn the_envelope_of_an_offer_has_its_context() {
    let (bench, ..) = talking(quiet(), []);
    let outer = envelope(&bench, "calling.call.receive");
    assert_eq!((&outer["context"], outer["event_channel"].is_string()), (&json!("default"), true));
}

#[test]
fn the_envelope_of_a_message_has_a_context_instead_of_a_channel() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["office"]);
    bench.service.inject_message(bench.now, Message::new("+1", "+2", "Hi").context("office"));
    bench.ok(
        client,
        "messaging.send",
        json!({"context": "office", "to_number": "+1", "from_number": "+2", "body": "b"}),
    );
    for event_type in ["messaging.receive", "messaging.state"] {
        let outer = envelope(&bench, event_type);
        assert_eq!(names(&outer), ["context", "event_type", "project_id", "space_id", "timestamp"]);
        assert_eq!(outer["context"], "office");
    }
}

#[test]
fn an_envelope_can_be_minimal() {
    for scenario in [quiet().minimal_envelope(true), sdks()] {
        let (bench, ..) = talking(scenario, []);
        for event_type in ["calling.call.state", "calling.call.receive"] {
            assert_eq!(names(&envelope(&bench, event_type)), ["event_channel", "event_type", "timestamp"]);
        }
    }
    let toml = Scenario::from_toml("minimal_envelope = true").expect("TOML");
    assert_eq!(toml, Scenario::new().minimal_envelope(true));
}

// States of calls.

#[test]
fn the_times_of_a_call_are_milliseconds_and_0_is_not_yet() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.run(2.5);
    bench.ok(client, "calling.end", at(&call, json!({})));
    let events = bench.events("calling.call.state");
    assert_eq!(
        (&events[0]["start_time"], &events[0]["end_time"]),
        (&json!(1_735_689_600_000_u64), &json!(0))
    );
    assert_eq!(events.last().expect("events")["end_time"], 1_735_689_602_500_u64);
    assert!(events.iter().all(|event| event["direction"] == "inbound" && event["context"].is_null()));

    let mut bench = Bench::new(quiet().phone(Phone::new("+1").busy()));
    let client = bench.client(&[]);
    bench.ok(client, "calling.dial", json!({"tag": "t", "devices": [[phone("+1")]]}));
    bench.run(2.0);
    assert!(bench.events("calling.call.state").iter().all(|event| event["answer_time"] == 0));

    let (bench, ..) = talking(sdks(), []);
    let event = bench.events("calling.call.state").pop().expect("an event");
    assert_eq!((&event["start_time"], &event["end_time"]), (&json!(1_735_689_600.0), &Value::Null));
}

#[test]
fn the_end_of_a_call_names_the_side_that_ended_it() {
    let ended = |end: &dyn Fn(&mut Bench, ConnectionId, &str)| {
        let (mut bench, client, call) = talking(quiet(), []);
        end(&mut bench, client, &call);
        bench.run(10.0);
        let last = bench.events("calling.call.state").pop().expect("events");
        (
            last["end_reason"].as_str().expect("text").to_owned(),
            last["end_source"].as_str().expect("text").to_owned(),
        )
    };
    let pair = |reason: &str, source: &str| (reason.to_owned(), source.to_owned());
    let by_person = ended(&|bench, _, call| assert!(bench.service.hang_up(bench.now, call)));
    assert_eq!(by_person, pair("hangup", "inbound"));
    let by_application = ended(&|bench, client, call| {
        bench.ok(client, "calling.end", at(call, json!({"reason": "busy"})));
    });
    assert_eq!(by_application, pair("busy", "outbound"));
    let by_name = ended(&|bench, _, call| assert!(bench.service.end(bench.now, call, "not_found")));
    assert_eq!(by_name.0, "notFound");

    let mut bench = Bench::new(quiet().caller(Caller::new("+1", "+2")));
    let client = bench.client(&["default"]);
    let call = bench.offer();
    bench.ok(client, "calling.answer", at(&call, json!({"max_duration": 2})));
    bench.run(3.0);
    let last = bench.events("calling.call.state").pop().expect("events");
    assert_eq!((&last["end_reason"], &last["end_source"]), (&json!("maxDuration"), &json!("none")));
}

#[test]
fn a_leg_of_a_bridge_names_its_peer_before_the_bridge_is_there() {
    for reading in BOTH {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
        bench.run(3.0);
        let connected = bench.story().iter().position(|event| event == "calling.call.connect connected");
        let before = &bench.frames[..connected.expect("a bridge")];
        let of_leg: Vec<_> = before
            .iter()
            .map(|(_, frame)| &frame["params"]["params"])
            .filter(|event| event["call_id"] == "c-2" && event["call_state"].is_string())
            .collect();
        assert_eq!(of_leg.len(), 3);
        for event in of_leg {
            assert_eq!(event["peer"]["call_id"], call.as_str());
            let parent = json!({"call_id": call, "node_id": "node-1@simulator", "device_type": "phone"});
            assert_eq!((&event["parent"], &event["direction"]), (&parent, &json!("outbound")));
        }
    }
}

#[test]
fn the_end_of_a_bridge_names_the_peer() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
    bench.run(3.0);
    bench.ok(client, "calling.disconnect", at(&call, json!({})));
    let last = bench.events("calling.call.connect").pop().expect("events");
    assert_eq!((&last["connect_state"], &last["peer"]["call_id"]), (&json!("disconnected"), &json!("c-2")));
}

#[test]
fn the_winner_of_a_dial_is_known_before_the_dial_is_answered() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    bench.ok(client, "calling.dial", json!({"tag": "t", "devices": [[phone("+1")]]}));
    bench.run(5.0);
    let answered =
        bench.story().iter().position(|event| event == "calling.call.dial answered").expect("an answer");
    let before: Vec<_> =
        bench.frames[..answered].iter().map(|(_, frame)| &frame["params"]["params"]).collect();
    let states: Vec<_> = before.iter().filter(|event| event["call_state"].is_string()).collect();
    assert_eq!(states.len(), 3);
    assert!(states.iter().all(|event| event["tag"] == "t" && event["direction"] == "outbound"));
    let winners: Vec<_> = states.iter().map(|event| event["dial_winner"].clone()).collect();
    assert_eq!(winners, [Value::Null, Value::Null, json!("true")]);
    let outcome = bench.events("calling.call.dial").pop().expect("events");
    assert_eq!(
        (&outcome["call"]["dial_winner"], &outcome["call"]["call_state"]),
        (&json!("true"), &json!("answered"))
    );
    assert!(outcome["call"]["start_time"].is_null() && outcome["call"]["audio_in_mos"].is_null());
}

#[test]
fn a_failed_dial_says_why_and_by_whom() {
    let phones = quiet()
        .phone(Phone::new("+1").busy())
        .phone(Phone::new("+2").no_answer())
        .phone(Phone::new("+3").declines_after(Duration::from_secs(1)));
    for (number, reason, source) in
        [("+1", "busy", "inbound"), ("+2", "noAnswer", "none"), ("+3", "decline", "inbound")]
    {
        let mut bench = Bench::new(phones.clone());
        let client = bench.client(&[]);
        bench.ok(client, "calling.dial", json!({"tag": "t", "devices": [[phone(number)]]}));
        bench.run(60.0);
        let expected = json!({"node_id": "node-1@simulator", "tag": "t", "dial_state": "failed",
            "reason": reason, "source": source});
        assert_eq!(bench.events("calling.call.dial").pop().expect("events"), expected);
    }
}

#[test]
fn a_dial_has_a_ringing_time_a_limit_and_keys() {
    let mut bench = Bench::new(quiet().phone(Phone::new("+1").no_answer()));
    let client = bench.client(&[]);
    bench.ok(client, "calling.dial", json!({"tag": "a", "devices": [[phone("+1")]], "timeout": 4}));
    bench.run(5.0);
    assert_eq!(bench.member("calling.call.dial", "dial_state"), ["dialing", "failed"]);
    let dial = json!({"tag": "b", "devices": [[phone("+2")]], "max_duration": 3, "send_digits": "12#"});
    bench.ok(client, "calling.dial", dial);
    bench.run(10.0);
    assert_eq!(bench.service.call("c-2").expect("known").end_reason.as_deref(), Some("maxDuration"));
    let sent = |report: &Report| matches!(report, Report::DigitsSent { digits, .. } if digits == "12#");
    assert!(bench.reports.iter().any(sent));
}

#[test]
fn a_sip_call_has_its_headers() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let device = json!({"type": "sip", "params": {"from": "sip:me@a.example", "to": "sip:context@pbx.example;user=phone"}});
    bench.ok(client, "calling.dial", json!({"tag": "t", "devices": [[device]]}));
    let data = bench.events("calling.call.state")[0]["sip_data"].clone();
    assert_eq!((&data["sip_to_user"], &data["sip_to_host"]), (&json!("context"), &json!("pbx.example")));
    assert_eq!(
        (&data["sip_from_uri"], &data["sip_req_params"]),
        (&json!("me@a.example"), &json!({"user": "phone"}))
    );
}

// Collecting.

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

// Recording, detecting, faxing.

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

// Operations that fail on demand.

#[test]
fn sending_digits_fails_as_often_as_the_scenario_says() {
    let scenario = quiet().failing("calling.send_digits", 2);
    let toml = "ping_every = 0\nfailing = [{ method = \"calling.send_digits\", times = 2 }]";
    assert_eq!(Scenario::from_toml(toml).expect("TOML"), scenario);
    let (mut bench, client, call) = talking(scenario, []);
    for _ in 0..3 {
        bench.ok(client, "calling.send_digits", at(&call, json!({"control_id": "k", "digits": "1"})));
        bench.run(1.0);
    }
    assert_eq!(bench.member("calling.call.send_digits", "state"), ["error", "error", "finished"]);
}

#[test]
fn the_next_operation_of_a_method_can_fail() {
    let (mut bench, client, call) = talking(quiet(), []);
    let cases = [
        (
            "calling.play",
            json!({"play": tts("A long text for a long time")}),
            "calling.call.play",
            "/state",
            "error",
        ),
        ("calling.collect", json!({"digits": {"max": 1}}), "calling.call.collect", "/result/type", "error"),
        (
            "calling.play_and_collect",
            json!({"play": tts("x"), "collect": {"digits": {"max": 1}}}),
            "calling.call.collect",
            "/result/type",
            "error",
        ),
        (
            "calling.detect",
            json!({"detect": {"type": "digit"}}),
            "calling.call.detect",
            "/detect/params/event",
            "finished",
        ),
        ("calling.record", json!({"record": {"audio": {}}}), "calling.call.record", "/state", "finished"),
        ("calling.receive_fax", json!({}), "calling.call.fax", "/fax/type", "finished"),
        ("calling.join_room", json!({"name": "lobby"}), "calling.call.room", "/join_status", "failed"),
        ("calling.ai", json!({"prompt": {"text": "Help"}}), "calling.call.ai", "/state", "error"),
    ];
    for (method, mut params, event_type, place, expected) in cases {
        bench.service.fail_next(method, 1);
        params["control_id"] = "k".into();
        if method == "calling.join_room" {
            params.as_object_mut().expect("an object").remove("control_id");
        }
        bench.ok(client, method, at(&call, params));
        bench.run(0.2);
        let last = bench.events(event_type).pop().expect("events");
        assert_eq!(last.pointer(place), Some(&json!(expected)), "{method}: {last}");
        assert!(bench.service.call(&call).expect("standing").operations.is_empty(), "{method}");
    }
}

// Echo, queues, transfers, keys.

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

fn enter(call: &str, control_id: &str) -> Value {
    at(call, json!({"control_id": control_id, "queue_name": "support"}))
}

#[test]
fn a_caller_leaves_a_queue_when_the_time_is_over() {
    for (wait, expected) in [(None, 180), (Some(20), 20)] {
        let (mut bench, client, call) = talking(quiet(), []);
        let mut params = enter(&call, "k");
        if let Some(wait) = wait {
            params["wait_time"] = wait.into();
        }
        bench.ok(client, "calling.queue.enter", params);
        bench.run(f64::from(expected) - 0.1);
        assert!(!bench.member("calling.call.queue", "status").contains(&"leave".to_owned()));
        bench.run(0.2);
        let last = bench.events("calling.call.queue").pop().expect("events");
        assert_eq!((&last["status"], &last["control_id"]), (&json!("leave"), &json!("k")));
        assert_eq!(bench.service.stats().timers, 0);
    }
    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    bench.run(600.0);
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue"]);
}

#[test]
fn a_queued_call_gets_stats_at_an_interval() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    bench.run(70.0);
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue", "stats", "stats"]);
    let stats = bench.events("calling.call.queue").pop().expect("events");
    assert_eq!(
        (&stats["position"], &stats["size"], &stats["control_id"]),
        (&json!(1), &json!(1), &json!("k"))
    );
    assert_eq!((&stats["enqueue_ts"], &stats["leave_ts"]), (&json!(1_735_689_600_000_000_u64), &json!(0)));
}

#[test]
fn the_id_in_a_queue_event_is_that_of_the_queue() {
    for (reading, same) in [(Reading::Specification, true), (Reading::Sdks, false)] {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        let other = bench.service.place_call(bench.now, Caller::new("+1", "+2"));
        bench.settle();
        bench.ok(client, "calling.answer", at(&other, json!({})));
        bench.ok(client, "calling.queue.enter", enter(&call, "k"));
        bench.ok(client, "calling.queue.enter", enter(&other, "l"));
        let ids = bench.member("calling.call.queue", "id");
        assert_eq!(ids[0] == ids[1], same);
    }
}

#[test]
fn leaving_a_queue_needs_the_control_id_of_entering_it() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    assert_eq!(bench.code(client, "calling.queue.leave", enter(&call, "other")), "404");
    let mut wrong = enter(&call, "k");
    wrong["queue_name"] = "sales".into();
    assert_eq!(bench.code(client, "calling.queue.leave", wrong), "400");
    let mut right = enter(&call, "k");
    right["queue_id"] = bench.events("calling.call.queue")[0]["id"].clone();
    bench.ok(client, "calling.queue.leave", right);

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    bench.ok(client, "calling.queue.leave", enter(&call, "other"));
}

#[test]
fn a_transferred_call_is_out_of_control_and_still_heard_of() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.play", at(&call, json!({"control_id": "k", "play": tts("x"), "loop": 0})));
    bench.ok(client, "calling.transfer", at(&call, json!({"dest": {"version": "1.0.0"}})));
    assert_eq!(bench.member("calling.call.play", "state"), ["playing", "finished"]);
    for method in ["calling.end", "calling.answer", "calling.disconnect"] {
        assert_eq!(bench.code(client, method, at(&call, json!({}))), "404");
    }
    assert_eq!(bench.service.call(&call).expect("standing").controller, None);
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(bench.states(&call), ["answered", "ending", "ended"]);
    assert_eq!(bench.code(client, "calling.end", at(&call, json!({}))), "410");

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.transfer", at(&call, json!({"dest": "https://app.example/a.json"})));
    bench.ok(client, "calling.end", at(&call, json!({})));
}

#[test]
fn a_call_that_is_transferred_to_a_context_is_offered_there() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.transfer", at(&call, json!({"dest": "context:sales"})));
    let sales = bench.client(&["sales"]);
    let offer = bench.events("calling.call.receive").pop().expect("offers");
    assert_eq!((&offer["call_id"], &offer["context"]), (&json!(call), &json!("sales")));
    assert_eq!(offer["call_state"], "answered");
    assert_eq!(bench.code(client, "calling.end", at(&call, json!({}))), "409");
    bench.ok(sales, "calling.end", at(&call, json!({})));
    let ended = bench.frames.iter().filter(|(_, frame)| frame["params"]["params"]["call_state"] == "ended");
    assert_eq!(ended.map(|(to, _)| *to).collect::<Vec<_>>(), [client, sales]);
    assert_eq!(bench.service.call(&call).expect("known").state, CallState::Ended);
}

#[test]
fn a_transfer_by_sip_says_what_the_target_does() {
    let phones = |reading| {
        quiet()
            .reading(reading)
            .phone(Phone::new("sip:busy@a").busy())
            .phone(Phone::new("sip:away@a").no_answer())
            .phone(Phone::new("sip:no@a").declines_after(Duration::ZERO))
    };
    let referred = |reading, target: &str, fails: bool| {
        let (mut bench, client, call) = talking(phones(reading), []);
        if fails {
            bench.service.fail_next("calling.refer", 1);
        }
        let device = json!({"type": "sip", "params": {"to": target}});
        bench.ok(client, "calling.refer", at(&call, json!({"device": device})));
        bench.run(1.0);
        bench.member("calling.call.refer", "state")
    };
    for (target, expected) in
        [("sip:ok@a", "success"), ("sip:busy@a", "busy"), ("sip:away@a", "noAnswer"), ("sip:no@a", "cancel")]
    {
        assert_eq!(referred(Reading::Specification, target, false), ["inProgress", expected]);
    }
    assert_eq!(referred(Reading::Specification, "sip:ok@a", true), ["inProgress", "error"]);
    assert_eq!(referred(Reading::Sdks, "sip:busy@a", false), ["failed"]);

    let (mut bench, client, call) = talking(phones(Reading::Specification), []);
    let device = json!({"type": "sip", "params": {"to": "sip:ok@a"}});
    bench.ok(client, "calling.refer", at(&call, json!({"device": device})));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(bench.member("calling.call.refer", "state"), ["inProgress", "cancel"]);
}

#[test]
fn clearing_bindings_without_a_realm_clears_the_usual_one() {
    let left = |reading, clear: Value| {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        for (digits, realm) in [("1", None), ("2", Some("menu"))] {
            let mut bind =
                json!({"digits": digits, "bind_method": "calling.play", "params": {"play": tts("x")}});
            if let Some(realm) = realm {
                bind["realm"] = realm.into();
            }
            bench.ok(client, "calling.bind_digit", at(&call, bind));
        }
        bench.ok(client, "calling.clear_digit_bindings", at(&call, clear));
        bench.service.press(bench.now, &call, "12");
        bench.settle();
        bench.events("calling.call.play").len()
    };
    assert_eq!(left(Reading::Specification, json!({})), 1);
    assert_eq!(left(Reading::Specification, json!({"realm": "default"})), 1);
    assert_eq!(left(Reading::Specification, json!({"realm": "all"})), 0);
    assert_eq!(left(Reading::Sdks, json!({})), 0);
}

#[test]
fn an_error_of_a_binding_is_fatal_and_has_a_text() {
    let (mut bench, client, call) = talking(quiet(), []);
    let bind = json!({"digits": "1", "bind_method": "calling.disconnect"});
    bench.ok(client, "calling.bind_digit", at(&call, bind));
    bench.service.press(bench.now, &call, "1");
    bench.settle();
    let error = bench.events("calling.error").pop().expect("an error");
    assert_eq!((error["error"].is_string(), &error["fatal"]), (true, &json!(true)));
}

// Rooms and events of the application's own.

#[test]
fn joining_and_leaving_a_room_are_told() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.join_room", at(&call, json!({"name": "lobby"})));
    bench.ok(client, "calling.leave_room", at(&call, json!({})));
    assert_eq!(bench.member("calling.call.room", "join_status"), ["joined", "leave"]);
    let event = &bench.events("calling.call.room")[0];
    assert_eq!((&event["room_name"], &event["control_id"]), (&json!("lobby"), &Value::Null));

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.join_room", at(&call, json!({"name": "lobby"})));
    assert!(bench.events("calling.call.room").is_empty());
}

#[test]
fn a_user_event_comes_back_to_everybody_who_reads_the_context() {
    let (mut bench, client, call) = talking(quiet(), []);
    let other = bench.client(&["default"]);
    bench.client(&["elsewhere"]);
    let event = json!({"topic": "seat-picked", "row": 7, "call_id": "mine"});
    bench.ok(client, "calling.user_event", at(&call, json!({"event": event})));
    let came: Vec<_> = bench
        .frames
        .iter()
        .filter(|(_, frame)| frame["params"]["event_type"] == "calling.user_event")
        .collect();
    assert_eq!(came.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [client, other]);
    let inner = &came[0].1["params"]["params"];
    assert_eq!(
        (&inner["topic"], &inner["row"], &inner["call_id"]),
        (&json!("seat-picked"), &json!(7), &json!(call))
    );

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.user_event", at(&call, json!({"event": {"topic": "x"}})));
    assert!(bench.events("calling.user_event").is_empty());
}

// Messages.

#[test]
fn a_message_carries_its_label_through_its_states() {
    let sent = |scenario: Scenario| {
        let mut bench = Bench::new(scenario);
        let client = bench.client(&["office"]);
        let message = json!({"context": "office", "to_number": "+1", "from_number": "+2", "body": "b",
            "tag": "order-81", "tags": ["vip"]});
        bench.ok(client, "messaging.send", message);
        bench.run(5.0);
        bench.events("messaging.state")
    };
    let states = sent(quiet());
    assert_eq!(states.len(), 4);
    for event in states {
        assert_eq!(
            (&event["tag"], &event["tags"], &event["media"]),
            (&json!("order-81"), &json!([]), &Value::Null)
        );
    }
    for event in sent(sdks()) {
        assert_eq!((&event["tag"], &event["tags"]), (&Value::Null, &json!(["vip"])));
    }
}

#[test]
fn a_conference_names_its_region_and_why_it_ended() {
    let (mut bench, client, call) = talking(quiet(), []);
    let join = json!({"name": "c", "end_on_exit": true, "coach": "c-9"});
    let id = bench.ok(client, "calling.join_conference", at(&call, join))["conference_id"].clone();
    bench.ok(client, "calling.leave_conference", at(&call, json!({"conference_id": id})));
    let events = bench.events("calling.conference");
    assert!(events.iter().all(|event| event["region"] == "global"));
    assert_eq!(events[1]["call_id_to_coach"], "c-9");
    let reason = &events.last().expect("events")["reason_ended"];
    assert_eq!(reason, "participant-with-end-conference-on-exit-left");
}

#[test]
fn dials_bridges_and_messages_fail_on_demand() {
    let (mut bench, client, call) = talking(quiet(), []);
    for method in ["calling.dial", "calling.connect", "messaging.send"] {
        bench.service.fail_next(method, 1);
    }
    bench.ok(client, "calling.dial", json!({"tag": "t", "devices": [[phone("+1")]]}));
    bench.ok(client, "calling.connect", at(&call, json!({"devices": [[phone("+1")]]})));
    bench.ok(client, "messaging.send", json!({"to_number": "+1", "from_number": "+2", "body": "b"}));
    bench.run(2.0);
    assert_eq!(bench.events("calling.call.dial").pop().expect("events")["reason"], "error");
    assert_eq!(bench.events("calling.call.connect").pop().expect("events")["failed_reason"], "error");
    assert_eq!(bench.member("messaging.state", "message_state"), ["queued", "initiated", "failed"]);
}

#[test]
fn a_message_without_a_context_has_its_states_in_the_usual_one() {
    let mut bench = Bench::new(quiet());
    let sender = bench.client(&["office"]);
    let reader = bench.client(&["default"]);
    bench.ok(sender, "messaging.send", json!({"to_number": "+1", "from_number": "+2", "body": "b"}));
    let states = bench.frames.iter().filter(|(_, frame)| frame["params"]["event_type"] == "messaging.state");
    assert_eq!(states.map(|(to, _)| *to).collect::<Vec<_>>(), [reader]);
    assert_eq!(envelope(&bench, "messaging.state")["context"], "default");
}
