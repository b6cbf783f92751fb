//! Whatever arrives is survived.

use serde_json::json;
use signalwire_relay_core::session::{
    ConnectionState, Frame, Io, Notice, Output, SessionEvent, Stats, Target,
};

use crate::fixture::{Fixture, raw};

#[test]
fn frames_that_make_no_sense_are_ignored() {
    let mut fixture = Fixture::ready();
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
        fixture.receive(text);
    }
    fixture.session.handle_frame(fixture.now, Frame::Binary(&[0xff, 0x00]));
    fixture.drain();
    fixture.expect_nothing_sent();
    fixture.expect_quiet();
    assert_eq!(fixture.closes, 0);
    assert!(
        fixture.notices.len() >= 8
            && fixture.notices.iter().all(|notice| matches!(notice, Notice::FrameIgnored(_)))
    );
}

#[test]
fn events_that_make_no_sense_are_acknowledged_and_ignored() {
    let mut fixture = Fixture::ready();
    for (number, params) in [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!({"event_type": ""}),
        json!({"event_type": 7, "params": {}}),
        json!({"event_type": "x", "params": []}),
        json!({"event_type": "calling.call.receive", "params": {}}),
        json!({"event_type": "calling.call.receive", "params": {"call_id": [7]}}),
        json!({"event_type": "signalwire.authorization.state", "params": {"authorization_state": [1]}}),
    ]
    .into_iter()
    .enumerate()
    {
        fixture.receive_json(&json!({"id": number, "method": "signalwire.event", "params": params}));
        assert_eq!(fixture.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": number, "result": {}})));
    }
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn half_a_surrogate_pair_hides_nothing_of_a_frame() {
    let mut fixture = Fixture::ready();
    fixture.receive(
        r#"{"id":"f","method":"signalwire.event","params":{"\udc00":"","event_type":"calling.call.receive",
            "params":{"call_id":"c\ud83d","node_id":"n","context":"\ud83d","\ud83d":2}}}"#,
    );
    let offered = fixture.events.iter().any(|event| {
        matches!(event, SessionEvent::Offered(info) if info.call_id.as_str() == "c\u{fffd}" && info.context == "\u{fffd}")
    });
    assert!(offered, "{:?}", fixture.events);
}

#[test]
fn the_id_of_a_frame_with_half_a_surrogate_pair_is_sent_back_untouched() {
    let mut fixture = Fixture::ready();
    let ping = r#"{"\ud83d":1,"id":"e\ud83d","method":"signalwire.ping"}"#;
    fixture.session.handle_frame(fixture.now, Frame::Text(ping));
    // Not through the fixture, which reads what is sent with a strict reader.
    let answer = r#"{"jsonrpc":"2.0","id":"e\ud83d","result":{}}"#;
    let sent = fixture.session.poll_output();
    assert!(matches!(&sent, Output::Io(Io::Send(text)) if text == answer), "{sent:?}");
}

#[test]
fn an_array_is_no_frame_and_no_event() {
    let mut fixture = Fixture::ready();
    fixture.receive(r#"["e","signalwire.ping",{}]"#);
    fixture.receive(
        r#"{"id":"f","method":"signalwire.event","params":["calling.call.receive",1,{"call_id":"c"}]}"#,
    );
    fixture.expect_quiet();
    assert_eq!(fixture.sent.len(), 1, "the second frame is acknowledged");
    assert_eq!(fixture.session.stats().calls, 0);
}

#[test]
fn an_event_without_an_id_is_taken_in_and_not_answered() {
    let mut fixture = Fixture::ready();
    fixture.receive_json(&json!({"method": "signalwire.event",
        "params": {"event_type": "calling.call.receive", "params": crate::fixture::offer("c1")}}));
    fixture.expect_nothing_sent();
    assert_eq!(fixture.session.stats().calls, 1);
}

#[test]
fn ids_are_sent_back_untouched() {
    let mut fixture = Fixture::ready();
    for id in [json!("e\"1"), json!(7), json!(1.5), json!({"a": [1]}), json!(12_345_678_901_234_567_890_u64)]
    {
        fixture.receive_json(&json!({"id": id, "method": "signalwire.ping"}));
        assert_eq!(fixture.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": id, "result": {}})));
    }
}

#[test]
fn disconnect_notices_and_pings_of_odd_shapes_are_answered() {
    let mut fixture = Fixture::ready();
    for params in [json!(null), json!([]), json!({"restart": "yes"}), json!({"restart": 1})] {
        fixture.receive_json(&json!({"id": "d", "method": "signalwire.disconnect", "params": params}));
        fixture.receive_json(&json!({"id": "p", "method": "signalwire.ping", "params": params}));
        assert_eq!(fixture.sent.len(), 2);
        fixture.sent.clear();
    }
    assert_eq!(fixture.session.protocol(), Some("proto-1"), "none of them said restart");
}

#[test]
fn frames_before_and_after_the_connection_are_not_taken_in() {
    let mut fixture = Fixture::new(&crate::fixture::config());
    fixture.receive_json(&json!({"method": "signalwire.event",
        "params": {"event_type": "calling.call.receive", "params": crate::fixture::offer("early")}}));
    assert_eq!(fixture.session.stats().calls, 1, "while the transport is being opened, frames count");
    fixture.disconnected();
    fixture.receive_json(&json!({"id": 1, "method": "signalwire.ping"}));
    fixture.expect_nothing_sent();
}

#[test]
fn events_before_the_answer_to_authentication_are_taken_in() {
    let mut fixture = Fixture::new(&crate::fixture::config());
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    fixture.event("calling.call.receive", crate::fixture::offer("c1"));
    fixture.reply(&request, json!({"protocol": "p"}));
    assert_eq!(fixture.session.stats().calls, 1);
}

/// As deep as a frame may be long, more or less; and as deep as is more than enough for a stack.
const DEEPEST: usize = 1_000_000;
const DEEP: usize = 20_000;
const DIGITS: usize = 100_000;
/// A quarter of what a thread of the standard library has.
const SMALL_STACK: usize = 512 * 1024;

/// Values that break parsers; all but the last two are JSON.
fn hostile_values() -> Vec<String> {
    vec![
        format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        format!("{}0{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP)),
        "9".repeat(DIGITS),
        format!("-0.{}", "9".repeat(DIGITS)),
        format!("1e{}", "9".repeat(DIGITS)),
        format!("\"{}\"", "9".repeat(DIGITS)),
        r#"{"call_id":"c1","call_id":"c2","code":"200","code":[]}"#.to_owned(),
        r#""\ud800""#.to_owned(),
        r#""\udc00\ud800 \u0000""#.to_owned(),
        "\"\u{0}\"".to_owned(),
        "[".repeat(DEEP),
    ]
}

#[test]
fn hostile_values_in_any_place_are_survived_on_a_small_stack() {
    let places = [
        "@".to_owned(),
        r#"{"id":@,"method":"signalwire.ping"}"#.to_owned(),
        r#"{"id":1,"method":@}"#.to_owned(),
        r#"{"id":1,"method":"signalwire.ping","params":{"timestamp":@,"payload":@}}"#.to_owned(),
        r#"{"id":@,"result":{}}"#.to_owned(),
        r#"{"id":1,"jsonrpc":@,"error":@}"#.to_owned(),
        r#"{"id":1,"method":"signalwire.event","params":@}"#.to_owned(),
        r#"{"id":1,"method":"signalwire.event","params":{"event_type":@,"params":{}}}"#.to_owned(),
        r#"{"id":1,"method":"signalwire.event","params":{"event_type":"x","params":@}}"#.to_owned(),
        r#"{"id":1,"method":"signalwire.event","params":{"event_type":"x","params":{"call_id":"c","a":@}}}"#
            .to_owned(),
    ];
    let events = ["receive", "state", "dial", "play", "collect", "record", "detect", "connect", "error"].map(|name| {
        format!(
            r#"{{"id":1,"method":"signalwire.event","params":{{"timestamp":@,"event_type":"calling.call.{name}","params":{{"call_id":"c1","call_state":@,"state":@,"device":@,"call":@,"result":@}}}}}}"#
        )
    });
    let play = move || {
        let mut fixture = Fixture::ready();
        fixture.event("calling.call.receive", crate::fixture::offer("c1"));
        let drain = |fixture: &mut Fixture| loop {
            match fixture.session.poll_output() {
                Output::Io(Io::Wait(_)) => break,
                Output::Io(Io::Close | Io::Open(_)) => panic!("the connection is given up"),
                output => drop(format!("{output:?}")),
            }
        };
        let deepest = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        for place in &places[..2] {
            fixture.session.handle_frame(fixture.now, Frame::Text(&place.replace('@', &deepest)));
            drain(&mut fixture);
        }
        for value in hostile_values() {
            for place in places.iter().chain(&events) {
                fixture.session.handle_frame(fixture.now, Frame::Text(&place.replace('@', &value)));
                drain(&mut fixture);
            }
        }
        assert!(matches!(fixture.session.connection_state(), ConnectionState::Ready { .. }));
        fixture.events.clear();
        let ticket = fixture.command(raw("x.y", Target::Service));
        let request = fixture.expect_sent("x.y");
        fixture.ok(&request);
        fixture.expect_reply(ticket).expect("requests still flow");
    };
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(play).expect("threads can be had");
    thread.join().expect("nothing panics");
}

#[test]
fn hostile_values_in_replies_end_their_request_and_nothing_else() {
    let play = || {
        let mut fixture = Fixture::ready();
        // The last two are no JSON: what they answer goes on waiting.
        let mut values = hostile_values();
        values.truncate(values.len() - 2);
        for value in values {
            for place in [
                r#""result":@"#,
                r#""result":{"code":@,"message":@}"#,
                r#""error":@"#,
                r#""error":{"code":@,"message":@}"#,
            ] {
                let ticket = fixture.command(raw("x.y", Target::Service));
                let request = fixture.expect_sent("x.y");
                fixture.receive(&format!(r#"{{"id":{},{}}}"#, request["id"], place.replace('@', &value)));
                match fixture.expect_reply(ticket) {
                    Ok(reply) => drop(format!("{reply:?} {}", reply.value())),
                    Err(error) => drop(format!("{error:?} {error}")),
                }
            }
        }
        assert_eq!(fixture.closes, 0);
        assert_eq!(fixture.session.stats(), Stats::default());
    };
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(play).expect("threads can be had");
    thread.join().expect("nothing panics");
}
