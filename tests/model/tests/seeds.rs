//! The seeds of the fuzz targets, and every input that ever broke a target, as ordinary tests.

use std::path::{Path, PathBuf};

use signalwire_relay_model::fuzzing;
use signalwire_relay_simulator::METHODS;

/// The maximum length of an input in bytes: the `-max_len` in `fuzz/README.md`.
const MAX_INPUT_LENGTH: usize = 4096;

fn feed(target: &str, body: fn(&[u8])) {
    let seeds = root().join("fuzz/seeds").join(target);
    let mut count = 0;
    for seed in seeds.read_dir().expect("each target has seeds") {
        let path = seed.expect("it can be listed").path();
        println!("{}", path.display());
        let input = std::fs::read(path).expect("it can be read");
        assert!(input.len() <= MAX_INPUT_LENGTH, "{} bytes", input.len());
        body(&input);
        count += 1;
    }
    assert!(count > 0, "{target} has seeds");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).expect("it can be read")
}

/// Every type of event that the library knows.
fn types_of_events() -> Vec<String> {
    let events = read("core/src/events.rs");
    let list =
        events.split_once("\nevents! {").expect("there is a list").1.split_once("\n}").expect("it ends").0;
    let types: Vec<_> = list
        .lines()
        .filter_map(|line| line.trim().strip_prefix("/// `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    assert!(types.len() > 40, "{types:?}");
    types
}

#[test]
fn the_dictionary_of_the_targets_has_every_method_and_every_type_of_event() {
    let dictionary = read("fuzz/relay.dict");
    let methods = METHODS.iter().map(|method| (*method).to_owned());
    let missing: Vec<_> = methods
        .chain(types_of_events())
        .filter(|word| !dictionary.contains(&format!("\\\"{word}\\\"")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_type_of_event_is_among_the_seeds_of_events_and_of_frames() {
    let frames: String = root()
        .join("fuzz/seeds/session")
        .read_dir()
        .expect("there are seeds")
        .map(|seed| std::fs::read_to_string(seed.expect("it can be listed").path()).expect("it can be read"))
        .collect();
    for event_type in types_of_events() {
        let seed = read(Path::new("fuzz/seeds/event").join(&event_type));
        assert!(seed.starts_with(&format!("{event_type}\n{{")), "{event_type}");
        assert!(frames.contains(&format!("\"event_type\":\"{event_type}\"")), "{event_type}");
    }
}

#[test]
fn frames_neither_break_nor_close_a_session() {
    feed("session", fuzzing::session);
}

#[test]
fn histories_leave_everything_in_order() {
    feed("history", fuzzing::history);
}

#[test]
fn applications_leave_everything_in_order() {
    feed("application", fuzzing::application);
}

#[test]
fn events_are_read_without_loss() {
    feed("event", fuzzing::event);
}

#[test]
fn scenarios_are_played_or_refused() {
    feed("scenario", fuzzing::scenario);
}
