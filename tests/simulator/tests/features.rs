//! The smaller things: transfers, hold, noise, echo, rooms, user events.

mod support;

use serde_json::json;
use signalwire_relay_simulator::{Phone, Reading};
use support::{at, quiet, talking};

#[test]
fn a_transfer_by_sip_succeeds_or_fails_with_the_target() {
    let (mut bench, client, call) = talking(quiet().phone(Phone::new("sip:busy@example.com").busy()), []);
    for (target, state, code) in
        [("sip:context@example.com", "success", "200"), ("sip:busy@example.com", "busy", "486")]
    {
        let device = json!({"type": "sip", "params": {"to": target}});
        let result = bench.ok(client, "calling.refer", at(&call, json!({"device": device})));
        assert_eq!(result, json!({"code": "200", "message": "Starting SIP REFER"}));
        let begun = bench.events("calling.call.refer").pop().expect("an event");
        assert_eq!((&begun["state"], &begun["sip_refer_to"]), (&json!("inProgress"), &json!(target)));
        let event = bench.wait_for_event("calling.call.refer");
        assert_eq!((&event["state"], &event["sip_notify_response_code"]), (&json!(state), &json!(code)));
        assert_eq!(event["sip_refer_to"], target);
    }
    let nobody = json!({"device": {"type": "sip", "params": {}}});
    assert_eq!(bench.code(client, "calling.refer", at(&call, nobody)), "400");
}

#[test]
fn a_call_is_transferred_to_text_or_to_a_document() {
    let (mut bench, client, call) = talking(quiet().reading(Reading::Sdks), []);
    for dest in [json!("context:sales"), json!({"version": "1.0.0"})] {
        let result = bench.ok(client, "calling.transfer", at(&call, json!({"dest": dest})));
        assert_eq!((&result["message"], &result["call_id"]), (&json!("Transferring"), &json!(call)));
    }
    assert_eq!(bench.code(client, "calling.transfer", at(&call, json!({"dest": 7}))), "400");
}

#[test]
fn a_call_is_put_on_hold_unless_the_service_does_not_have_that() {
    let (mut bench, client, call) = talking(quiet().reading(Reading::Sdks), []);
    assert_eq!(bench.code(client, "calling.unhold", at(&call, json!({}))), "409");
    bench.ok(client, "calling.hold", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.hold", at(&call, json!({}))), "409");
    assert_eq!(bench.ok(client, "calling.unhold", at(&call, json!({})))["message"], "Call off hold");
    assert_eq!(bench.member("calling.call.hold", "state"), ["hold", "unhold"]);

    for (reading, refuse_hold, code) in [
        (Reading::Sdks, true, "501"),
        (Reading::Specification, true, "501"),
        (Reading::Specification, false, "-32601"),
    ] {
        let (mut bench, client, call) = talking(quiet().reading(reading).refuse_hold(refuse_hold), []);
        for method in ["calling.hold", "calling.unhold"] {
            assert_eq!(bench.code(client, method, at(&call, json!({}))), code, "{method} in {reading:?}");
        }
    }
}

#[test]
fn the_denoiser_is_on_or_off() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.denoise", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.denoise", at(&call, json!({}))), "409");
    bench.ok(client, "calling.denoise.stop", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.denoise.stop", at(&call, json!({}))), "409");
    let events = bench.events("calling.call.denoise");
    assert_eq!((&events[0]["denoised"], &events[1]["denoised"]), (&json!(true), &json!(false)));
}

#[test]
fn an_echo_ends_after_its_time() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.echo", at(&call, json!({"timeout": 5})));
    bench.run(4.9);
    assert_eq!(bench.member("calling.call.echo", "state"), ["echoing"]);
    bench.run(0.2);
    assert_eq!(bench.member("calling.call.echo", "state"), ["echoing", "finished"]);
}

#[test]
fn a_room_is_joined_and_left() {
    let (mut bench, client, call) = talking(quiet(), []);
    assert_eq!(bench.code(client, "calling.leave_room", at(&call, json!({}))), "409");
    assert_eq!(bench.code(client, "calling.join_room", at(&call, json!({"name": "no spaces"}))), "400");
    bench.ok(client, "calling.join_room", at(&call, json!({"name": "lobby"})));
    assert_eq!(bench.code(client, "calling.join_room", at(&call, json!({"name": "lobby"}))), "409");
    assert_eq!(bench.ok(client, "calling.leave_room", at(&call, json!({})))["message"], "Leaving room");
}

#[test]
fn a_user_event_may_have_any_members_for_the_sdks() {
    let (mut bench, client, call) = talking(quiet().reading(Reading::Sdks), []);
    let event = json!({"event": "highlight", "colour": "red", "row": 7});
    assert_eq!(bench.ok(client, "calling.user_event", at(&call, event))["message"], "Event sent");
    bench.ok(client, "calling.user_event", at(&call, json!({"event": {"a": 1}})));
    assert!(bench.service.violations().is_empty());
}
