//! Random steps of the environment, the same for sessions and for applications.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use signalwire_relay_harness::{Break, Timing, Way};
use signalwire_relay_model::{AffectedMethod, EnvironmentStep, EventFault, FaultyReply};

/// Times in milliseconds, from an instant to more than the deadlines of a session.
pub(crate) fn times() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1..3_000_u32, 2 => 3_000..15_000_u32, 1 => 15_000..90_000_u32]
}

/// Steps of the parties, the service and the network.
pub(crate) fn environment_steps() -> impl Strategy<Value = EnvironmentStep> {
    prop_oneof![4 => parties(), 3 => service(), 4 => network()]
}

fn ways() -> impl Strategy<Value = Way> {
    select(vec![Way::ToClient, Way::ToService])
}

fn parties() -> impl Strategy<Value = EnvironmentStep> {
    prop_oneof![
        6 => (select(vec![0, 0, 0, 1, 2]), 1_000..60_000_u32).prop_map(|(context, time)| EnvironmentStep::Caller(context, time)),
        2 => any::<u8>().prop_map(EnvironmentStep::HangUp),
        1 => any::<u8>().prop_map(EnvironmentStep::Press),
    ]
}

fn service() -> impl Strategy<Value = EnvironmentStep> {
    use AffectedMethod::{
        Answer, ClearDigitBindings, Connect, Dial, End, Message, Pass, Play, Receive, Transfer,
    };
    use EventFault::{Duplicate, EventsFirst, Reorder, Storm};
    let methods = select(vec![
        Connect,
        Answer,
        Play,
        Dial,
        Message,
        Receive,
        Pass,
        Pass,
        End,
        ClearDigitBindings,
        ClearDigitBindings,
        Transfer,
    ]);
    let replies = prop_oneof![
        3 => select(vec![FaultyReply::Status, FaultyReply::RpcError, FaultyReply::NotFound, FaultyReply::Silence]),
        2 => (0..6_u8).prop_map(FaultyReply::ServiceError),
        1 => (0..2_u8).prop_map(FaultyReply::CarriedOut),
    ];
    prop_oneof![
        2 => any::<u8>().prop_map(EnvironmentStep::StaleState),
        2 => any::<u8>().prop_map(EnvironmentStep::RepeatOffer),
        2 => any::<u8>().prop_map(EnvironmentStep::OfferAgain),
        1 => Just(EnvironmentStep::Restart),
        1 => select(vec![None, Some(false), Some(true)]).prop_map(EnvironmentStep::Disconnect),
        4 => (methods, replies).prop_map(|(method, reply)| EnvironmentStep::Refuse(method, reply)),
        1 => select(vec![10, 300]).prop_map(EnvironmentStep::Chatter),
        2 => select(vec![EventFault::None, Duplicate, Reorder, EventsFirst, Storm]).prop_map(EnvironmentStep::DisturbEvents),
    ]
}

fn network() -> impl Strategy<Value = EnvironmentStep> {
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
        1 => (0..2_000_u32, 0..500_u32).prop_map(|(latency, jitter)| EnvironmentStep::Latency(latency, jitter)),
        2 => Just(EnvironmentStep::Cut),
        4 => (0..12_u8, timings, breaks).prop_map(|(frames, timing, what)| EnvironmentStep::BreakAt(frames, timing, what)),
        1 => (ways(), 100..60_000_u32).prop_map(|(way, time)| EnvironmentStep::Stall(way, time)),
        1 => ways().prop_map(EnvironmentStep::BlackHole),
        1 => (1..4_u8).prop_map(EnvironmentStep::RefuseConnects),
        1 => (1_000..90_000_u32).prop_map(EnvironmentStep::Unreachable),
        2 => nonsense.prop_map(EnvironmentStep::Garbage),
    ]
}
