//! The text of a scenario into the simulated service.
//! `cargo +nightly fuzz run scenario fuzz/corpus/scenario fuzz/seeds/scenario`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::scenario(input));
