//! Transfers.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_simulator::{CallState, Phone, Reading};

use crate::sdks;
use crate::support::{at, quiet, talking, tts};

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
