//! What the fuzz targets do with their input. It stands here once: the targets in `fuzz/` call it, and so does an
//! ordinary test with the seeds in `fuzz/seeds/`.
//!
//! Each function panics if something is wrong.

use std::time::{Duration, Instant, SystemTime};

use serde_json::value::RawValue;
use signalwire_relay_core::session::{ConnectionState, Frame, Output, Session};
use signalwire_relay_core::{Config, Event};
use signalwire_relay_simulator::{Scenario, Switchboard};

use crate::model::session::{self as model, Ask, Step};
use crate::model::{Delivery, Dial, Disturb, How, Incident, Refused};
use crate::network::{Break, Moment, Way};

/// How many steps of a history are played.
const STEP_BOUND: usize = 64;

/// Frames, one a line, into an authenticated session: none may make it panic, and none may make it close.
///
/// # Panics
/// If one does.
pub fn session(input: &[u8]) {
    fn drain(session: &mut Session) -> Option<String> {
        let mut last = None;
        loop {
            match session.poll_output() {
                Output::Send(frame) => last = Some(frame),
                Output::Wait(_) => return last,
                _ => {}
            }
        }
    }
    let config = Config::new().project("p").token("t").contexts(["c"]);
    let mut session = Session::new(&config, 1).expect("the settings are usable");
    let start = Instant::now();
    session.connect(start);
    drain(&mut session);
    session.handle_connected(start);
    let request = drain(&mut session).expect("the credentials are sent");
    let id = request.split('"').nth(7).expect("the id is the second member");
    session.handle_frame(start, Frame::Text(&format!(r#"{{"id":"{id}","result":{{"protocol":"s"}}}}"#)));
    drain(&mut session);
    for (number, line) in input.split(|byte| *byte == b'\n').enumerate() {
        let now = start + Duration::from_millis(number as u64);
        match std::str::from_utf8(line) {
            Ok(text) => session.handle_frame(now, Frame::Text(text)),
            Err(_) => session.handle_frame(now, Frame::Binary(line)),
        }
        session.handle_timeout(now);
        drain(&mut session);
        assert!(matches!(session.connection_state(), ConnectionState::Ready { .. }));
    }
}

/// A history of a session: see [`model`]. The first byte is the seed; each step is a byte that says what, and what it needs.
///
/// # Panics
/// If something is wrong with it.
pub fn history(input: &[u8]) {
    let mut bytes = input.iter().copied();
    let seed = bytes.next().unwrap_or_default();
    let steps: Vec<_> = std::iter::from_fn(|| step(&mut bytes)).take(STEP_BOUND).collect();
    if let Err(failure) = model::play(seed.into(), &steps) {
        panic!("{failure}");
    }
}

/// The parameters of an event, after a line with its type: reading them must not panic, and must lose nothing.
///
/// # Panics
/// If it does.
pub fn event(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (event_type, params) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(raw) = serde_json::from_str::<&RawValue>(params) else { return };
    let event = Event::parse(event_type, Some(SystemTime::UNIX_EPOCH), raw);
    assert_eq!(event.event_type(), event_type);
    assert_eq!(event.meta().raw(), raw.get(), "what was not understood can be sent back");
    let _ = (event.call_id(), event.control_id(), format!("{event:?}"));
    // Read again from what was kept, it is the same event.
    let kept: &RawValue = serde_json::from_str(event.meta().raw()).expect("it was JSON");
    assert_eq!(
        format!("{:?}", Event::parse(event_type, Some(SystemTime::UNIX_EPOCH), kept)),
        format!("{event:?}")
    );
}

/// A scenario in TOML: it is refused with a message, or it can be played.
///
/// # Panics
/// If it is neither.
pub fn scenario(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(scenario) = Scenario::from_toml(text) else { return };
    let mut board = Switchboard::new(scenario, 1);
    for _ in 0..STEP_BOUND {
        while board.poll_output().is_some() {}
        let Some(due) = board.poll_timeout() else { return };
        board.handle_timeout(due);
    }
}

/// The next step that bytes stand for; `None` when there are no more.
fn step(bytes: &mut impl Iterator<Item = u8>) -> Option<Step> {
    let what = bytes.next()?;
    let mut byte = || bytes.next().unwrap_or_default();
    Some(match what % 28 {
        0..=2 => Step::Pass(u32::from(byte()) * u32::from(byte())),
        3 => {
            use Ask::{Answer, Collect, Hangup, Pass, Play, Record, SendDigits, Stop};
            let asks = [Answer, Pass, Hangup, Play, Record, Collect, SendDigits, Stop];
            Step::Ask(among(&asks, byte()), byte())
        }
        4 => {
            let dials = [Dial::Answers, Dial::Busy, Dial::Silent, Dial::Race, Dial::InTurn];
            Step::Dial(among(&dials, byte()), u32::from(byte()) * 500 + 1)
        }
        5 => Step::Message(among(&[Delivery::Arrives, Delivery::Bounces], byte())),
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
            let moments = [Moment::Before, Moment::After];
            Incident::At(byte() % 16, among(&moments, byte()), among(&breaks, byte()))
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
