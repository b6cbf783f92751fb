//! What the fuzz targets do with their input. It stands here once: the targets in `fuzz/` call it, and so does an
//! ordinary test with the seeds in `fuzz/seeds/`.
//!
//! Each function panics if something is wrong.

use std::time::{Duration, Instant, SystemTime};

use serde_json::value::RawValue;
use signalwire_relay_core::session::{ConnectionState, Frame, Output, Session};
use signalwire_relay_core::{Config, Event};
use signalwire_relay_simulator::{Scenario, SimulatedService};

use crate::{application as applications, session as sessions};

mod bytes;

/// How many steps of a history are played.
const STEP_BOUND: usize = 64;
/// The bit of a seed that decides which of the two descriptions of the protocol the service follows.
const READING: u64 = 1 << 5;

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

/// A history of a session: see [`sessions`]. The first byte is the seed; each step is a byte that says what, and what it
/// needs.
///
/// # Panics
/// If something is wrong with it.
pub fn history(input: &[u8]) {
    let mut bytes = input.iter().copied();
    let seed = bytes.next().unwrap_or_default();
    let steps: Vec<_> = std::iter::from_fn(|| bytes::step(&mut bytes)).take(STEP_BOUND).collect();
    if let Err(failure) = sessions::play(seed.into(), &steps) {
        panic!("{failure}");
    }
}

/// A history of whole applications: see [`applications`]. It is played twice, with a service that follows the newer
/// specification and with one that follows the SDKs. The first byte is the seed, then come the scripts of the handlers, then
/// the steps.
///
/// # Panics
/// If something is wrong with it.
pub fn application(input: &[u8]) {
    let mut bytes = input.iter().copied();
    let seed = u64::from(bytes.next().unwrap_or_default());
    let scripts = bytes::scripts(&mut bytes);
    let steps: Vec<_> = std::iter::from_fn(|| bytes::event(&mut bytes)).take(STEP_BOUND).collect();
    for seed in [seed & !READING, seed | READING] {
        if let Err(failure) = applications::play(seed, &scripts, &steps) {
            panic!("{failure}");
        }
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
    let mut board = SimulatedService::new(scenario, 1);
    for _ in 0..STEP_BOUND {
        while board.poll_output().is_some() {}
        let Some(due) = board.poll_timeout() else { return };
        board.handle_timeout(due);
    }
}
