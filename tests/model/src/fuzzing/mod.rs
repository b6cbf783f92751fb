//! The entry points of the fuzz targets. The targets in `fuzz/` call them, and so does an ordinary test with the seeds in
//! `fuzz/seeds/`.
//!
//! Each function panics if it has a finding.

use std::time::{Duration, Instant, SystemTime};

use serde_json::value::RawValue;
use signalwire_relay_core::session::{ConnectionState, Frame, Io, Output, Session};
use signalwire_relay_core::{Config, Event};
use signalwire_relay_simulator::{Scenario, SimulatedService};

use crate::{application as applications, session as sessions};

mod bytes;

/// The maximum number of steps of a history. Later bytes are ignored.
const MAX_STEPS: usize = 64;
/// The bit of a seed that selects one of the two descriptions of the protocol for the service.
const READING: u64 = 1 << 5;

/// Gives frames, one a line, to an authenticated session.
///
/// # Panics
/// If a frame makes the session panic or close.
pub fn session(input: &[u8]) {
    fn drain(session: &mut Session) -> Option<String> {
        let mut last = None;
        loop {
            match session.poll_output() {
                Output::Io(Io::Send(frame)) => last = Some(frame),
                Output::Io(Io::Wait(_)) => return last,
                _ => {}
            }
        }
    }
    let config = Config::new().project("p").token("t").contexts(["c"]);
    let mut session = Session::new(&config, 1).expect("the configuration is valid");
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

/// Plays a history of a session: see [`sessions`]. The first byte is the seed. Each step is a byte for its kind, followed
/// by the bytes of its parameters.
///
/// # Panics
/// If the oracle has a finding.
pub fn history(input: &[u8]) {
    let mut bytes = input.iter().copied();
    let seed = bytes.next().unwrap_or_default();
    let steps: Vec<_> = std::iter::from_fn(|| bytes::session_step(&mut bytes)).take(MAX_STEPS).collect();
    if let Err(failure) = sessions::play(seed.into(), &steps) {
        panic!("{failure}");
    }
}

/// Plays a history of whole applications: see [`applications`]. It is played twice, with a service that follows the newer
/// specification and with one that follows the SDKs. The first byte is the seed, followed by the scripts of the handlers
/// and the steps.
///
/// # Panics
/// If the oracle has a finding.
pub fn application(input: &[u8]) {
    let mut bytes = input.iter().copied();
    let seed = u64::from(bytes.next().unwrap_or_default());
    let scripts = bytes::scripts(&mut bytes);
    let steps: Vec<_> = std::iter::from_fn(|| bytes::application_step(&mut bytes)).take(MAX_STEPS).collect();
    for seed in [seed & !READING, seed | READING] {
        if let Err(failure) = applications::play(seed, &scripts, &steps) {
            panic!("{failure}");
        }
    }
}

/// Parses the parameters of an event, after a line with its type.
///
/// # Panics
/// If parsing panics or loses a part of the parameters.
pub fn event(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (event_type, params) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(raw) = serde_json::from_str::<&RawValue>(params) else { return };
    let event = Event::parse(event_type, Some(SystemTime::UNIX_EPOCH), raw);
    assert_eq!(event.event_type(), event_type);
    assert_eq!(event.meta().raw(), raw.get(), "the parameters are kept as they were");
    let _ = (event.call_id(), event.control_id(), format!("{event:?}"));
    // The kept parameters give the same event again.
    let kept: &RawValue = serde_json::from_str(event.meta().raw()).expect("it was JSON");
    assert_eq!(
        format!("{:?}", Event::parse(event_type, Some(SystemTime::UNIX_EPOCH), kept)),
        format!("{event:?}")
    );
}

/// Parses a scenario in TOML, and plays it if it is valid.
///
/// # Panics
/// If parsing or playing it panics.
pub fn scenario(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(scenario) = Scenario::from_toml(text) else { return };
    let mut service = SimulatedService::new(scenario, 1);
    for _ in 0..MAX_STEPS {
        while service.poll_output().is_some() {}
        let Some(due) = service.poll_timeout() else { return };
        service.handle_timeout(due);
    }
}
