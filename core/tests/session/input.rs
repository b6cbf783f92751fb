//! Whatever arrives is survived.

use serde_json::json;
use signalwire_relay_core::session::{Frame, Notice, Stats};

use crate::rig::Rig;

#[test]
fn frames_that_make_no_sense_are_ignored() {
    let mut rig = Rig::ready();
    let deep = format!(r#"{{"id":"x","method":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "",
        " ",
        "nonsense",
        "{",
        "[]",
        "7",
        "null",
        "\"text\"",
        "{}",
        r#"{"id":1}"#,
        r#"{"method":7}"#,
        r#"{"id":"no-such-request","result":{}}"#,
        r#"{"id":{},"error":[]}"#,
        r#"{"id":null,"result":1}"#,
        r#"{"jsonrpc":"2.0","method":"signalwire.unknown","id":"q","params":{}}"#,
        &deep,
    ] {
        rig.receive(text);
    }
    rig.session.handle_frame(rig.now, Frame::Binary(&[0xff, 0x00]));
    rig.drain();
    rig.expect_nothing_sent();
    rig.expect_quiet();
    assert_eq!(rig.closes, 0);
    assert!(
        rig.notices.len() >= 8 && rig.notices.iter().all(|notice| matches!(notice, Notice::FrameIgnored(_)))
    );
}

#[test]
fn events_that_make_no_sense_are_acknowledged_and_ignored() {
    let mut rig = Rig::ready();
    for (number, params) in [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!({"event_type": ""}),
        json!({"event_type": 7, "params": {}}),
        json!({"event_type": "x"}),
        json!({"event_type": "x", "params": []}),
        json!({"event_type": "calling.call.receive", "params": {}}),
        json!({"event_type": "calling.call.receive", "params": {"call_id": 7}}),
        json!({"event_type": "signalwire.authorization.state", "params": {"authorization_state": [1]}}),
    ]
    .into_iter()
    .enumerate()
    {
        rig.receive_json(&json!({"id": number, "method": "signalwire.event", "params": params}));
        assert_eq!(rig.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": number, "result": {}})));
    }
    rig.expect_quiet();
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn an_event_without_an_id_is_taken_in_and_not_answered() {
    let mut rig = Rig::ready();
    rig.receive_json(&json!({"method": "signalwire.event",
        "params": {"event_type": "calling.call.receive", "params": crate::rig::offer("c1")}}));
    rig.expect_nothing_sent();
    assert_eq!(rig.session.stats().calls, 1);
}

#[test]
fn ids_are_sent_back_untouched() {
    let mut rig = Rig::ready();
    for id in [json!("e\"1"), json!(7), json!(1.5), json!({"a": [1]}), json!(12_345_678_901_234_567_890_u64)]
    {
        rig.receive_json(&json!({"id": id, "method": "signalwire.ping"}));
        assert_eq!(rig.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": id, "result": {}})));
    }
}

#[test]
fn disconnect_notices_and_pings_of_odd_shapes_are_answered() {
    let mut rig = Rig::ready();
    for params in [json!(null), json!([]), json!({"restart": "yes"}), json!({"restart": 1})] {
        rig.receive_json(&json!({"id": "d", "method": "signalwire.disconnect", "params": params}));
        rig.receive_json(&json!({"id": "p", "method": "signalwire.ping", "params": params}));
        assert_eq!(rig.sent.len(), 2);
        rig.sent.clear();
    }
    assert_eq!(rig.session.protocol(), Some("proto-1"), "none of them said restart");
}

#[test]
fn frames_before_and_after_the_connection_are_not_taken_in() {
    let mut rig = Rig::new(&crate::rig::config());
    rig.receive_json(&json!({"method": "signalwire.event",
        "params": {"event_type": "calling.call.receive", "params": crate::rig::offer("early")}}));
    assert_eq!(rig.session.stats().calls, 1, "while the transport is being opened, frames count");
    rig.disconnected();
    rig.receive_json(&json!({"id": 1, "method": "signalwire.ping"}));
    rig.expect_nothing_sent();
}

#[test]
fn events_before_the_answer_to_authentication_are_taken_in() {
    let mut rig = Rig::new(&crate::rig::config());
    rig.connected();
    let request = rig.expect_sent("signalwire.connect");
    rig.event("calling.call.receive", crate::rig::offer("c1"));
    rig.reply(&request, json!({"protocol": "p"}));
    assert_eq!(rig.session.stats().calls, 1);
}
