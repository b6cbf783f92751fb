//! Bytes into an authenticated session with a call: none may make it panic, and none may make it close.
//!
//! Each line of the input is one frame. `cargo +nightly fuzz run session fuzz/corpus/session fuzz/seeds/session`

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use signalwire_relay_core::Config;
use signalwire_relay_core::session::{ConnectionState, Frame, Output, Session};

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

fuzz_target!(|input: &[u8]| {
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
    assert!(matches!(session.connection_state(), ConnectionState::Ready { .. }));
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
});
