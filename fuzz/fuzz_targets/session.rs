//! Bytes into an authenticated session with a call: none may make it panic, and none may make it close.
//!
//! Each line of the input is one frame.
//! `cargo +nightly fuzz run session fuzz/corpus/session fuzz/seeds/session`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::session(input));
