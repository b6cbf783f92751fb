//! Histories of whole applications against the simulated service and network, in both descriptions of the protocol, with
//! the oracle of the model. `cargo +nightly fuzz run application fuzz/corpus/application fuzz/seeds/application`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::application(input));
