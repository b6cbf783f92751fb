//! The type and the parameters of an event through parsing, typed access and back.
//! `cargo +nightly fuzz run event fuzz/corpus/event fuzz/seeds/event`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::event(input));
