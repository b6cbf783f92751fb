//! A list of operations of whole applications, with the service in either of its descriptions and a bad network, with the
//! checks of the model. `cargo +nightly fuzz run application fuzz/corpus/application fuzz/seeds/application`

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| signalwire_relay_model::fuzzing::application(input));
