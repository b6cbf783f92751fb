//! Random incidents, the same for sessions and for applications.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use signalwire_relay_harness::{Break, Timing, Way};
use signalwire_relay_model::{Disturb, How, Incident, Refused};

/// Times that pass, in milliseconds: from an instant to longer than the deadlines of a session.
pub(crate) fn times() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1..3_000_u32, 2 => 3_000..15_000_u32, 1 => 15_000..90_000_u32]
}

/// What people, the service and the network do.
pub(crate) fn incidents() -> impl Strategy<Value = Incident> {
    prop_oneof![4 => people(), 3 => service(), 4 => network()]
}

fn ways() -> impl Strategy<Value = Way> {
    select(vec![Way::ToClient, Way::ToService])
}

fn people() -> impl Strategy<Value = Incident> {
    prop_oneof![
        6 => (select(vec![0, 0, 0, 1, 2]), 1_000..60_000_u32).prop_map(|(context, time)| Incident::Caller(context, time)),
        2 => any::<u8>().prop_map(Incident::HangUp),
        1 => any::<u8>().prop_map(Incident::Press),
    ]
}

fn service() -> impl Strategy<Value = Incident> {
    use Disturb::{Calm, Duplicate, EventsFirst, Reorder, Storm};
    use Refused::{Answer, Connect, Dial, End, Message, Pass, Play, Receive};
    let refused = select(vec![Connect, Answer, Play, Dial, Message, Receive, Pass, End]);
    let how = prop_oneof![
        3 => select(vec![How::Status, How::RpcError, How::Silence]),
        2 => (0..6_u8).prop_map(How::Trouble),
        1 => (0..2_u8).prop_map(How::CarriedOut),
    ];
    prop_oneof![
        2 => any::<u8>().prop_map(Incident::OldNews),
        2 => any::<u8>().prop_map(Incident::OfferAgain),
        1 => Just(Incident::Restart),
        1 => select(vec![None, Some(false), Some(true)]).prop_map(Incident::Leave),
        4 => (refused, how).prop_map(|(what, how)| Incident::Refuse(what, how)),
        2 => select(vec![Calm, Duplicate, Reorder, EventsFirst, Storm]).prop_map(Incident::Disturb),
    ]
}

fn network() -> impl Strategy<Value = Incident> {
    let timings = select(vec![Timing::BeforeDelivery, Timing::AfterDelivery]);
    let breaks = prop_oneof![
        6 => Just(Break::Cut),
        1 => Just(Break::HalfOpen),
        1 => (0..60_u64).prop_map(|time| Break::Stall(Duration::from_secs(time))),
    ];
    let nested = "[".repeat(100_000);
    let nonsense = prop_oneof![
        select(vec![
            "\u{0}".to_owned(),
            nested,
            r#"{"id":1e999,"result":-1e999}"#.to_owned(),
            r#"{"id":null,"method":"signalwire.event","params":{"event_type":7}}"#.to_owned(),
            r#"{"method":"signalwire.event","params":{"event_type":"calling.call.state"}}"#.to_owned(),
            r#"{"method":"signalwire.event","params":{"event_type":"calling.call.dial","params":{"call":[]}}}"#
                .to_owned(),
            r#"{"method":"signalwire.event","params":{"event_type":"calling.call.receive","params":{"call_id":""}}}"#
                .to_owned(),
            r#"{"result":{}}"#.to_owned(),
        ]),
        any::<String>(),
    ];
    prop_oneof![
        1 => (0..2_000_u32, 0..500_u32).prop_map(|(latency, jitter)| Incident::Latency(latency, jitter)),
        2 => Just(Incident::Cut),
        4 => (0..12_u8, timings, breaks).prop_map(|(frames, timing, what)| Incident::At(frames, timing, what)),
        1 => (ways(), 100..60_000_u32).prop_map(|(way, time)| Incident::Stall(way, time)),
        1 => ways().prop_map(Incident::BlackHole),
        1 => (1..4_u8).prop_map(Incident::RefuseConnects),
        1 => (1_000..90_000_u32).prop_map(Incident::Unreachable),
        2 => nonsense.prop_map(Incident::Nonsense),
    ]
}
