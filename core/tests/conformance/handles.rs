//! What handles tell, and when their waits end.

use serde_json::json;
use signalwire_relay_core::{
    CallState, Config, ConnectState, Credentials, Direction, EndReason, EndSource, Error, Event,
    MessageState, PlayEvent, Secret, phone, secs,
};

use crate::wire::Wire;

fn state(wire: &mut Wire, state: &str) {
    wire.event("calling.call.state", &json!({"call_id": "c", "node_id": "n", "call_state": state}));
}

#[test]
fn settings_tell_what_they_were_given() {
    let config = Config::new().project("p").token("t").host("example.com").contexts(["a", "b"]);
    let (project, token) = (Secret::from("p"), Secret::from("t"));
    assert_eq!(config.credentials(), Ok(Credentials::Token { project, token }));
    assert_eq!(config.endpoint().map(|endpoint| endpoint.host), Ok("example.com".to_owned()));
    assert_eq!(config.desired_contexts(), ["a", "b"]);
    assert_eq!(config.jwt("j").credentials(), Ok(Credentials::Jwt("j".into())), "a JWT goes alone");
}

#[test]
fn a_client_tells_the_name_of_its_session() {
    assert_eq!(Wire::new().client.protocol().as_deref(), Some("proto"));
}

#[test]
fn a_call_tells_what_is_known_of_it() {
    let wire =
        Wire::offered(&json!({"call_id": "c", "node_id": "n", "project_id": "p-2", "context": "office",
        "tag": "t", "segment_id": "g", "direction": "inbound", "call_state": "ringing",
        "device": {"type": "phone", "params": {"from_number": "+1", "to_number": "+2"}}}));
    let call = wire.call.as_ref().expect("there is a call");
    assert_eq!((call.id().as_str(), call.node_id().as_str(), call.project_id()), ("c", "n", "p-2"));
    assert_eq!((call.context(), call.tag().as_str(), call.segment_id()), ("office", "t", "g"));
    assert_eq!((call.direction(), call.state()), (&Direction::Inbound, CallState::Ringing));
    assert_eq!((call.device().caller(), call.device().callee()), (Some("+1"), Some("+2")));
    assert_eq!((call.end_reason(), call.is_ended()), (None, false));
    assert_eq!(call.to_string(), "call c (ringing, inbound)");
}

#[test]
fn a_call_tells_who_ended_it_how_it_sounded_and_its_sip_headers() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    assert_eq!((call.end_source(), call.audio_in_mos(), call.sip_data().is_none()), (None, None, true));
    wire.event(
        "calling.call.state",
        &json!({"call_id": "c", "call_state": "answered", "sip_data": {"sip_from_user": "desk"}}),
    );
    assert_eq!(call.sip_data().expect("told").sip_from_user.as_deref(), Some("desk"));
    wire.event(
        "calling.call.state",
        &json!({"call_id": "c", "call_state": "ended", "end_reason": "hangup", "end_source": "inbound",
            "audio_in_mos": 4.5}),
    );
    assert_eq!((call.end_source(), call.audio_in_mos()), (Some(EndSource::Inbound), Some(4.5)));
    assert!(call.sip_data().is_some(), "what was told still holds");
}

#[test]
fn waits_for_states_that_are_past_end_at_once() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let (ringing, answered) = (call.wait_for_ringing(), call.wait_for_answered());
    state(&mut wire, "answered");
    wire.finish(ringing).expect("it is past ringing, though nobody said so");
    wire.finish(answered).expect("it was answered");
    state(&mut wire, "ending");
    wire.finish(call.wait_for_ending()).expect("it ends");
    wire.event("calling.call.state", &json!({"call_id": "c", "call_state": "ended", "end_reason": "busy"}));
    wire.finish(call.wait_for_ringing()).expect("it once rang");
    wire.finish(call.wait_for_answered()).expect("it was answered once");
    wire.finish(call.wait_for_ending()).expect("it is over");
    for _ in 0..2 {
        assert_eq!(wire.finish(call.wait_for_ended()).expect("it is over"), EndReason::Busy);
    }
    assert_eq!((call.state(), call.end_reason()), (CallState::Ended, Some(EndReason::Busy)));
}

#[test]
fn a_wait_for_a_state_that_cannot_come_any_more_fails() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    state(&mut wire, "ended");
    assert!(wire.finish(call.wait_for_ringing()).is_err_and(|error| error.is_gone()));
    assert!(wire.finish(call.wait_for_answered()).is_err_and(|error| error.is_gone()));
    assert!(wire.finish(call.wait_for(|_: &PlayEvent| true)).is_err_and(|error| error.is_gone()));
}

#[test]
fn an_action_tells_how_it_stands() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let (_, play) = wire.send(call.play_tts("Hi").control_id("k"));
    let play = play.expect("accepted");
    assert_eq!((play.call().id(), play.control_id().as_str()), (call.id(), "k"));
    assert_eq!((play.is_done(), play.result().is_none(), play.latest().is_none()), (false, true, true));
    wire.event("calling.call.play", &json!({"call_id": "c", "control_id": "k", "state": "finished"}));
    assert!(play.is_done());
    assert_eq!(play.result().expect("it is over").expect("well").state.as_str(), "finished");
    assert_eq!(wire.finish(play.wait().timeout(secs(1))).expect("it is over").state.as_str(), "finished");
}

#[test]
fn the_state_of_a_message_is_printed_without_the_name_of_its_session() {
    let params = json!({"message_id": "m", "message_state": "sent", "context": "sentinel"}).to_string();
    let raw = serde_json::value::RawValue::from_string(params).expect("JSON");
    let event = Event::parse("messaging.state", None, &raw);
    let Event::MessageState(state) = &event else { panic!("{event:?}") };
    assert_eq!(state.context, "sentinel");
    assert!(!format!("{event:?}").contains("sentinel"), "{event:?}");
}

#[test]
fn a_machine_that_speaks_again_is_not_ready_any_more() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let detect = wire.send(call.detect_answering_machine().control_id("k")).1.expect("accepted");
    let found = |event: &str, beep: bool| {
        json!({"call_id": "c", "control_id": "k",
            "detect": {"type": "machine", "params": {"event": event, "beep": beep}}})
    };
    for event in ["READY", "NOT_READY"] {
        wire.event("calling.call.detect", &found(event, false));
    }
    let ready = detect.ready();
    wire.event("calling.call.detect", &found("READY", true));
    assert!(wire.finish(ready).expect("the greeting is over").beep(), "the later of the two");
    for event in ["NOT_READY", "finished"] {
        wire.event("calling.call.detect", &found(event, false));
    }
    assert!(!wire.finish(detect.ready()).expect("it is over").is_ready());
}

#[test]
fn parties_that_are_separated_again_are_not_connected() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    let bridge = wire.send(call.connect(phone("+15551001000"))).1.expect("accepted");
    for state in ["connected", "disconnected"] {
        wire.event("calling.call.connect", &json!({"call_id": "c", "connect_state": state}));
    }
    let last = wire.finish(bridge.connected()).expect("it is over");
    assert_eq!(last.connect_state, ConnectState::Disconnected);
}

#[test]
fn commands_on_a_call_that_is_over_fail_quietly_and_hanging_up_succeeds() {
    let mut wire = Wire::new();
    let call = wire.call.clone().expect("there is a call");
    state(&mut wire, "ended");
    assert!(wire.send(call.play_tts("Hi")).1.is_err_and(|error| error.is_gone()));
    wire.send(call.hangup()).1.expect("it is as good as hung up");
}

#[test]
fn a_message_tells_what_was_sent_and_how_it_stands() {
    let mut wire = Wire::new();
    let request = wire.client.send_message("+15551110000", "+15552220000").context("office").body("Hi");
    let request = request.media(["https://x/a.png".to_owned()]).tags(["vip".to_owned()]);
    let message = wire.send(request).1.expect("accepted");
    assert_eq!(
        (message.id().as_str(), message.context(), message.direction()),
        ("m", "office", Direction::Outbound)
    );
    assert_eq!((message.to(), message.from(), message.body()), ("+15551110000", "+15552220000", "Hi"));
    assert_eq!(
        (message.media(), message.tags()),
        (&["https://x/a.png".to_owned()][..], &["vip".to_owned()][..])
    );
    assert_eq!((message.state(), message.segments(), message.reason()), (MessageState::Queued, None, None));
    assert_eq!((message.is_done(), message.result().is_none()), (false, true));
    assert_eq!(message.to_string(), "message m (queued, outbound, from +15552220000 to +15551110000)");

    wire.event(
        "messaging.state",
        &json!({"message_id": "m", "message_state": "undelivered",
        "reason": "carrier_blocked", "segments": 2}),
    );
    assert_eq!((message.state(), message.segments()), (MessageState::Undelivered, Some(2)));
    assert_eq!(message.reason().as_deref(), Some("carrier_blocked"));
    let result = message.result().expect("its fate is known").expect("and told");
    assert_eq!((message.is_done(), result.message_state), (true, MessageState::Undelivered));
    let last = wire.finish(message.wait().timeout(secs(1))).expect("its fate is known");
    assert_eq!(last.message_state, MessageState::Undelivered);
}

#[test]
fn a_message_tells_the_context_that_it_was_given() {
    let mut wire = Wire::new();
    let request = wire.client.send_message("+15551110000", "+15552220000").body("Hi");
    assert_eq!(wire.send(request).1.expect("accepted").context(), "proto");
}

#[test]
fn what_a_sparse_event_leaves_out_still_holds() {
    let mut wire = Wire::new();
    let request = wire.client.send_message("+15551110000", "+15552220000").body("Hi");
    let message = wire.send(request).1.expect("accepted");
    for (event, state, segments, reason) in [
        (json!({"message_state": "queued", "segments": 2}), "queued", Some(2), None),
        (json!({"message_state": "initiated"}), "initiated", Some(2), None),
        (json!({"message_state": "sent", "segments": 3, "reason": "slow"}), "sent", Some(3), Some("slow")),
        (json!({"message_state": "sent", "segments": "many", "reason": []}), "sent", Some(3), Some("slow")),
        (json!({"message_state": null, "reason": 7}), "sent", Some(3), Some("7")),
        (json!({"message_state": "undelivered", "reason": "junk"}), "undelivered", Some(3), Some("junk")),
    ] {
        let mut params = event;
        params["message_id"] = json!("m");
        wire.event("messaging.state", &params);
        assert_eq!((message.state().as_str(), message.segments()), (state, segments));
        assert_eq!(message.reason().as_deref(), reason);
    }
}

#[test]
fn errors_of_the_service_tell_code_and_words() {
    let mut wire = Wire::new();
    wire.refuse("403", "Denied");
    let request = wire.client.execute("calling.new", json!({}));
    match wire.send(request).1 {
        Err(error @ Error::ServiceError(_)) => {
            assert_eq!(error.code(), Some(403));
            assert!(error.to_string().contains("403") && error.to_string().contains("Denied"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
