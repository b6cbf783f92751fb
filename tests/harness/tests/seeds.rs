//! What the fuzz targets begin with, and every input that ever broke one, as ordinary tests.

use std::path::Path;

use signalwire_relay_harness::fuzzing;
use signalwire_relay_simulator::METHODS;

fn feed(target: &str, body: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut count = 0;
    for seed in seeds.read_dir().expect("each target has seeds") {
        let path = seed.expect("it can be listed").path();
        println!("{}", path.display());
        body(&std::fs::read(path).expect("it can be read"));
        count += 1;
    }
    assert!(count > 0, "{target} has seeds");
}

#[test]
fn the_dictionary_of_the_targets_has_every_method_and_every_type_of_event() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("it can be read");
    let (dictionary, events) = (read("fuzz/relay.dict"), read("core/src/events.rs"));
    let list =
        events.split_once("\nevents! {").expect("there is a list").1.split_once("\n}").expect("it ends").0;
    let types: Vec<_> =
        list.lines().filter_map(|line| line.trim().strip_prefix("/// `")?.strip_suffix('`')).collect();
    assert!(types.len() > 20, "{types:?}");
    let missing: Vec<_> = METHODS
        .iter()
        .chain(&types)
        .filter(|word| !dictionary.contains(&format!("\\\"{word}\\\"")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
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
fn events_are_read_without_loss() {
    feed("event", fuzzing::event);
}

#[test]
fn scenarios_are_played_or_refused() {
    feed("scenario", fuzzing::scenario);
}
