//! Histories as the bytes of a fuzzer: any bytes are one, and a small change of them is a small change of it.

use std::time::Duration;

use crate::application::{self, Begin, Care, Deed, Errand, Reach};
use crate::session::{Ask, Step};
use crate::{Delivery, Dial, Disturb, How, Incident, Refused};
use signalwire_relay_harness::{Break, Timing, Way};

/// How many things a script has.
const DEEDS: u8 = 6;
/// How deep things to do are nested.
const DEPTH: u8 = 2;
const DIALS: [Dial; 5] = [Dial::Answers, Dial::Busy, Dial::Silent, Dial::Race, Dial::InTurn];
const DELIVERIES: [Delivery; 2] = [Delivery::Arrives, Delivery::Bounces];

/// The next step that bytes stand for; `None` when there are no more.
pub(super) fn step(bytes: &mut impl Iterator<Item = u8>) -> Option<Step> {
    let what = bytes.next()?;
    let mut byte = || bytes.next().unwrap_or_default();
    Some(match what % 28 {
        0..=2 => Step::Pass(u32::from(byte()) * u32::from(byte())),
        3 => {
            use Ask::{Answer, Collect, Hangup, Pass, Play, Record, SendDigits, Stop};
            let asks = [Answer, Pass, Hangup, Play, Record, Collect, SendDigits, Stop];
            Step::Ask(among(&asks, byte()), byte())
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
        13 => Step::Alarm(u32::from(byte()) * 200 + 1),
        14 => Step::CancelAlarm(byte()),
        what => Step::Incident(incident(what, byte)),
    })
}

/// What the handlers of applications do.
pub(super) fn scripts(bytes: &mut impl Iterator<Item = u8>) -> Vec<Vec<Deed>> {
    let count = bytes.next().unwrap_or_default() % 3 + 1;
    (0..count).map(|_| deeds(bytes, DEPTH)).collect()
}

/// The next thing that happens to applications; `None` when there are no more bytes.
pub(super) fn event(bytes: &mut impl Iterator<Item = u8>) -> Option<application::Step> {
    use application::Step;
    let what = bytes.next()?;
    Some(match what % 32 {
        0..=5 => Step::Pass(time(bytes)),
        6..=10 => Step::Errand(next(bytes), errand(bytes, 1)),
        11 => Step::Join,
        12 => Step::Drain(next(bytes), u32::from(next(bytes)) * 250),
        13 => Step::Disconnect(next(bytes)),
        14 => Step::Kill(next(bytes)),
        what if what < 28 => Step::Incident(incident(what, || next(bytes))),
        _ => Step::Incident(Incident::Caller(0, u32::from(next(bytes)) * 200 + 1)),
    })
}

fn next(bytes: &mut impl Iterator<Item = u8>) -> u8 {
    bytes.next().unwrap_or_default()
}

/// Up to a minute, in milliseconds, short times more finely.
fn time(bytes: &mut impl Iterator<Item = u8>) -> u32 {
    let byte = u32::from(next(bytes));
    byte * byte + 1
}

fn deeds(bytes: &mut impl Iterator<Item = u8>, depth: u8) -> Vec<Deed> {
    let count = next(bytes) % (DEEDS + 1);
    (0..count).map(|_| deed(bytes, depth)).collect()
}

fn deed(bytes: &mut impl Iterator<Item = u8>, depth: u8) -> Deed {
    match next(bytes) % 16 {
        4..=7 => Deed::Start(begin(bytes), care(bytes)),
        8 => Deed::Pass,
        9 => Deed::Hangup,
        10 => {
            let reach = [Reach::Ringing, Reach::Answered, Reach::Ending, Reach::Ended];
            Deed::Await(among(&reach, next(bytes)), time(bytes))
        }
        11 => Deed::Keep,
        12 => Deed::Fail,
        13 => Deed::Panic,
        14 if depth > 0 => Deed::GiveUp(time(bytes), deeds(bytes, depth - 1)),
        15 if depth > 0 => Deed::Both(deeds(bytes, depth - 1), deeds(bytes, depth - 1)),
        _ => Deed::Answer,
    }
}

fn begin(bytes: &mut impl Iterator<Item = u8>) -> Begin {
    use Begin::{
        Ai, Collect, Connect, Detect, EnterQueue, Pay, Play, PlayAndCollect, Record, SendDigits, Transcribe,
    };
    let all = [Play, Record, Collect, PlayAndCollect, SendDigits, Detect, Transcribe, Ai, Pay, EnterQueue];
    match next(bytes) % 16 {
        number if usize::from(number) < all.len() => among(&all, number),
        number => Connect(among(&DIALS, number)),
    }
}

fn care(bytes: &mut impl Iterator<Item = u8>) -> Care {
    match next(bytes) % 6 {
        0 => Care::Wait,
        1 => Care::WaitTwice(time(bytes)),
        2 => Care::Follow,
        3 => Care::Stop(time(bytes)),
        4 => Care::Callback,
        _ => Care::Leave,
    }
}

fn errand(bytes: &mut impl Iterator<Item = u8>, depth: u8) -> Errand {
    match next(bytes) % 9 {
        0..=2 => Errand::Dial(among(&DIALS, next(bytes)), time(bytes), deeds(bytes, DEPTH)),
        3 => Errand::Message(among(&DELIVERIES, next(bytes)), time(bytes)),
        4 => Errand::Receive(next(bytes)),
        5 => Errand::Unreceive(next(bytes)),
        6 => Errand::Return(next(bytes), deeds(bytes, DEPTH)),
        7 => Errand::Reauthenticate(next(bytes).is_multiple_of(2)),
        _ if depth > 0 => Errand::GiveUp(time(bytes), Box::new(errand(bytes, depth - 1))),
        _ => Errand::Look,
    }
}

fn incident(what: u8, mut byte: impl FnMut() -> u8) -> Incident {
    let way = |byte: u8| if byte.is_multiple_of(2) { Way::ToClient } else { Way::ToService };
    match what {
        15 => Incident::Caller(byte(), u32::from(byte()) * 200 + 1),
        16 => Incident::HangUp(byte()),
        17 => Incident::Press(byte()),
        18 => Incident::OldNews(byte()),
        19 => Incident::OfferAgain(byte()),
        20 => {
            let leave = |restart| Incident::Leave(restart);
            among(&[Incident::Restart, leave(None), leave(Some(false)), leave(Some(true))], byte())
        }
        21 => {
            use Refused::{Answer, Connect, Dial, End, Message, Pass, Play, Receive};
            let refused = [Connect, Answer, Play, Dial, Message, Receive, Pass, End];
            let code = byte();
            let hows = [How::Status, How::RpcError, How::Silence, How::Trouble(code), How::CarriedOut(code)];
            Incident::Refuse(among(&refused, byte()), among(&hows, byte()))
        }
        22 => {
            use Disturb::{Calm, Duplicate, EventsFirst, Reorder, Storm};
            Incident::Disturb(among(&[Calm, Duplicate, Reorder, EventsFirst, Storm], byte()))
        }
        23 => Incident::Latency(u32::from(byte()) * 8, u32::from(byte())),
        24 => {
            let time = Duration::from_secs(byte().into());
            let breaks = [Break::Cut, Break::HalfOpen, Break::Stall(time)];
            let timings = [Timing::BeforeDelivery, Timing::AfterDelivery];
            Incident::At(byte() % 16, among(&timings, byte()), among(&breaks, byte()))
        }
        25 => {
            let (black_hole, way) = (Incident::BlackHole(way(byte())), way(byte()));
            among(&[Incident::Cut, black_hole, Incident::Stall(way, u32::from(byte()) * 200)], byte())
        }
        26 => {
            let refuse = Incident::RefuseConnects(byte() % 4);
            among(&[refuse, Incident::Unreachable(u32::from(byte()) * 300)], byte())
        }
        _ => {
            let length = usize::from(byte() % 32);
            let text: Vec<_> = std::iter::repeat_with(byte).take(length).collect();
            Incident::Nonsense(String::from_utf8_lossy(&text).into_owned())
        }
    }
}

fn among<T: Clone>(of: &[T], byte: u8) -> T {
    of[usize::from(byte) % of.len()].clone()
}
