//! Histories of a session against the simulated service and network, with the oracle of the model.
//! `cargo +nightly fuzz run history fuzz/corpus/history fuzz/seeds/history`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::history(input));
