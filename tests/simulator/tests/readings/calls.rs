//! The states of calls, bridges and dials.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, ConnectionId, Phone, Report};

use crate::support::{Bench, at, phone, quiet, talking};
use crate::{BOTH, sdks};

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
