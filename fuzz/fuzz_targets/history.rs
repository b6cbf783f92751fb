//! A list of operations into a session, the simulated service and a bad network, with the checks of the model.
//! `cargo +nightly fuzz run history fuzz/corpus/history fuzz/seeds/history`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::history(input));
