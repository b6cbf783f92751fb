//! Decoding histories from the bytes of a fuzzer. Any bytes are a history, and a small change of the bytes is a small
//! change of the history.

use std::time::Duration;

use signalwire_relay_harness::{Break, Timing, Way};

use crate::application::{self, CallMilestone, CallStep, ClientStep, FullPools, OperationKind, WaitMode};
use crate::session::{CallRequest, Step};
use crate::{AffectedMethod, Delivery, Dial, EnvironmentStep, EventFault, FaultyReply};

/// The maximum number of steps in a script.
const MAX_CALL_STEPS: u8 = 6;
/// The maximum depth of nested steps.
const MAX_DEPTH: u8 = 2;
const DIALS: [Dial; 5] = [Dial::Answers, Dial::Busy, Dial::Silent, Dial::Race, Dial::InTurn];
const DELIVERIES: [Delivery; 2] = [Delivery::Arrives, Delivery::Bounces];

/// Decodes the next step of a session; `None` if there are no more bytes.
pub(super) fn session_step(bytes: &mut impl Iterator<Item = u8>) -> Option<Step> {
    let what = bytes.next()?;
    let mut byte = || bytes.next().unwrap_or_default();
    Some(match what % 28 {
        0..=2 => Step::Wait(u32::from(byte()) * u32::from(byte())),
        3 => {
            use CallRequest::{Answer, Collect, Hangup, Pass, Play, Record, SendDigits, Stop};
            let requests = [Answer, Pass, Hangup, Play, Record, Collect, SendDigits, Stop];
            Step::Request(among(&requests, byte()), byte())
        }
        4 => Step::Dial(among(&DIALS, byte()), u32::from(byte()) * 500 + 1),
        5 => Step::Message(among(&DELIVERIES, byte())),
        6 => Step::Receive(byte()),
        7 => Step::Unreceive(byte()),
        8 => Step::Flood(u16::from(byte()) * 4),
        9 => Step::Take(byte()),
        10 => Step::Release(byte()),
        11 => Step::Discard(byte()),
        12 => Step::Abandon(byte()),
        13 | 14 => Step::FailHandler(byte()),
        what => Step::Environment(environment_step(what, byte)),
    })
}

/// Decodes the scripts of handlers.
pub(super) fn scripts(bytes: &mut impl Iterator<Item = u8>) -> Vec<Vec<CallStep>> {
    let count = bytes.next().unwrap_or_default() % 3 + 1;
    (0..count).map(|_| call_steps(bytes, MAX_DEPTH)).collect()
}

/// Decodes the next step of applications; `None` if there are no more bytes.
pub(super) fn application_step(bytes: &mut impl Iterator<Item = u8>) -> Option<application::Step> {
    use application::Step;
    let what = bytes.next()?;
    Some(match what % 32 {
        0..=5 => Step::Wait(time(bytes)),
        6..=10 => Step::Client(next(bytes), client_step(bytes, 1)),
        11 => Step::Join,
        12 => Step::Drain(next(bytes), u32::from(next(bytes)) * 250),
        13 => Step::Disconnect(next(bytes)),
        14 => Step::Kill(next(bytes)),
        what if what < 28 => Step::Environment(environment_step(what, || next(bytes))),
        31 => Step::Full(next(bytes), full_pools(next(bytes))),
        _ => Step::Environment(EnvironmentStep::Caller(0, u32::from(next(bytes)) * 200 + 1)),
    })
}

fn full_pools(byte: u8) -> FullPools {
    use FullPools::{All, Callbacks, Calls, Events, None};
    [None, Calls, Events, Callbacks, All][usize::from(byte) % 5]
}

fn next(bytes: &mut impl Iterator<Item = u8>) -> u8 {
    bytes.next().unwrap_or_default()
}

/// Decodes a time of up to 65 s, in milliseconds. Short times have a finer resolution.
fn time(bytes: &mut impl Iterator<Item = u8>) -> u32 {
    let byte = u32::from(next(bytes));
    byte * byte + 1
}

fn call_steps(bytes: &mut impl Iterator<Item = u8>, depth: u8) -> Vec<CallStep> {
    let count = next(bytes) % (MAX_CALL_STEPS + 1);
    (0..count).map(|_| call_step(bytes, depth)).collect()
}

fn call_step(bytes: &mut impl Iterator<Item = u8>, depth: u8) -> CallStep {
    match next(bytes) % 16 {
        4..=7 => CallStep::Start(operation_kind(bytes), wait_mode(bytes)),
        8 => CallStep::Pass,
        9 => CallStep::Hangup,
        10 => {
            let milestones = [
                CallMilestone::Ringing,
                CallMilestone::Answered,
                CallMilestone::Ending,
                CallMilestone::Ended,
            ];
            CallStep::WaitFor(among(&milestones, next(bytes)), time(bytes))
        }
        11 => CallStep::Keep,
        12 => CallStep::Fail,
        13 => CallStep::Panic,
        14 if depth > 0 => CallStep::CancelAfter(time(bytes), call_steps(bytes, depth - 1)),
        15 if depth > 0 => CallStep::Concurrently(call_steps(bytes, depth - 1), call_steps(bytes, depth - 1)),
        _ => CallStep::Answer,
    }
}

fn operation_kind(bytes: &mut impl Iterator<Item = u8>) -> OperationKind {
    use OperationKind::{
        Ai, Collect, Connect, Detect, EnterQueue, Pay, Play, PlayAndCollect, Record, SendDigits, Transcribe,
    };
    let all = [Play, Record, Collect, PlayAndCollect, SendDigits, Detect, Transcribe, Ai, Pay, EnterQueue];
    match next(bytes) % 16 {
        number if usize::from(number) < all.len() => among(&all, number),
        number => Connect(among(&DIALS, number)),
    }
}

fn wait_mode(bytes: &mut impl Iterator<Item = u8>) -> WaitMode {
    match next(bytes) % 6 {
        0 => WaitMode::Wait,
        1 => WaitMode::WaitTwice(time(bytes)),
        2 => WaitMode::Follow,
        3 => WaitMode::Stop(time(bytes)),
        4 => WaitMode::Callback,
        _ => WaitMode::Ignore,
    }
}

fn client_step(bytes: &mut impl Iterator<Item = u8>, depth: u8) -> ClientStep {
    match next(bytes) % 9 {
        0..=2 => ClientStep::Dial(among(&DIALS, next(bytes)), time(bytes), call_steps(bytes, MAX_DEPTH)),
        3 => ClientStep::Message(among(&DELIVERIES, next(bytes)), time(bytes)),
        4 => ClientStep::Receive(next(bytes)),
        5 => ClientStep::Unreceive(next(bytes)),
        6 => ClientStep::UseKept(next(bytes), call_steps(bytes, MAX_DEPTH)),
        7 => ClientStep::Reauthenticate(next(bytes).is_multiple_of(2)),
        _ if depth > 0 => ClientStep::CancelAfter(time(bytes), Box::new(client_step(bytes, depth - 1))),
        _ => ClientStep::Inspect,
    }
}

fn environment_step(what: u8, mut byte: impl FnMut() -> u8) -> EnvironmentStep {
    let way = |byte: u8| if byte.is_multiple_of(2) { Way::ToClient } else { Way::ToService };
    match what {
        15 => EnvironmentStep::Caller(byte(), u32::from(byte()) * 200 + 1),
        16 => EnvironmentStep::HangUp(byte()),
        17 => EnvironmentStep::Press(byte()),
        18 => EnvironmentStep::StaleState(byte()),
        19 => EnvironmentStep::RepeatOffer(byte()),
        20 => {
            let disconnect = |restart| EnvironmentStep::Disconnect(restart);
            among(
                &[
                    EnvironmentStep::Restart,
                    disconnect(None),
                    disconnect(Some(false)),
                    disconnect(Some(true)),
                ],
                byte(),
            )
        }
        21 => {
            use AffectedMethod::{Answer, Connect, Dial, End, Message, Pass, Play, Receive};
            let methods = [Connect, Answer, Play, Dial, Message, Receive, Pass, End];
            let code = byte();
            let replies = [
                FaultyReply::Status,
                FaultyReply::RpcError,
                FaultyReply::Silence,
                FaultyReply::ServiceError(code),
                FaultyReply::CarriedOut(code),
            ];
            EnvironmentStep::Refuse(among(&methods, byte()), among(&replies, byte()))
        }
        22 => {
            use EventFault::{Duplicate, EventsFirst, Reorder, Storm};
            let faults = [EventFault::None, Duplicate, Reorder, EventsFirst, Storm];
            EnvironmentStep::DisturbEvents(among(&faults, byte()))
        }
        23 => EnvironmentStep::Latency(u32::from(byte()) * 8, u32::from(byte())),
        24 => {
            let time = Duration::from_secs(byte().into());
            let breaks = [Break::Cut, Break::HalfOpen, Break::Stall(time)];
            let timings = [Timing::BeforeDelivery, Timing::AfterDelivery];
            EnvironmentStep::BreakAt(byte() % 16, among(&timings, byte()), among(&breaks, byte()))
        }
        25 => {
            let (black_hole, way) = (EnvironmentStep::BlackHole(way(byte())), way(byte()));
            among(
                &[EnvironmentStep::Cut, black_hole, EnvironmentStep::Stall(way, u32::from(byte()) * 200)],
                byte(),
            )
        }
        26 => {
            let refuse = EnvironmentStep::RefuseConnects(byte() % 4);
            among(&[refuse, EnvironmentStep::Unreachable(u32::from(byte()) * 300)], byte())
        }
        _ => {
            let length = usize::from(byte() % 32);
            let text: Vec<_> = std::iter::repeat_with(byte).take(length).collect();
            EnvironmentStep::Garbage(String::from_utf8_lossy(&text).into_owned())
        }
    }
}

fn among<T: Clone>(of: &[T], byte: u8) -> T {
    of[usize::from(byte) % of.len()].clone()
}
