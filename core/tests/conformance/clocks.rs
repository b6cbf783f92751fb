//! Tests that have a clock of their own do not depend on how fast the machine is.

use std::collections::BTreeMap;

use crate::table::{files, root};

/// What reads the clock of the machine, or waits by it.
const READS: [&str; 7] = [
    "Instant::now",
    "SystemTime::now",
    ".elapsed()",
    "sleep(",
    ".recv_timeout(",
    ".wait_timeout(",
    ".park_timeout(",
];

/// What has a clock of its own: the core and everything that plays it without sockets.
const VIRTUAL: [&str; 7] = [
    "src",
    "tests",
    "../tests/harness/src",
    "../tests/harness/tests",
    "../tests/model/src",
    "../tests/model/tests",
    "../tests/simulator/src/service",
];

/// The places at which the machine's clock is read nevertheless, and how many times.
const EXCEPTIONS: [(&str, usize, &str); 9] = [
    ("src/timers.rs", 1, "the beginning of the clock of unit tests"),
    ("src/client/mailbox.rs", 1, "patience with a thread that would wait for itself"),
    ("src/client/watch_cell.rs", 1, "patience with a thread that would wait for itself"),
    ("tests/session/fixture.rs", 1, "the beginning of the clock"),
    ("tests/conformance/wire.rs", 1, "the beginning of the clock"),
    ("../tests/harness/src/world/mod.rs", 1, "the beginning of the clock"),
    ("../tests/model/src/session/mod.rs", 1, "the beginning of the clock"),
    ("../tests/model/src/fuzzing/mod.rs", 1, "the beginning of the clock"),
    ("../tests/model/tests/model/runner.rs", 2, "the time that is printed of a run, which decides nothing"),
];

#[test]
fn what_plays_without_sockets_reads_no_clock_of_the_machine() {
    let in_workspace = root().join("../tests/harness").is_dir(); // and not in the published package
    let mut found = BTreeMap::new();
    for folder in VIRTUAL.into_iter().filter(|folder| in_workspace || !folder.starts_with("..")) {
        for (path, text) in files(&root().join(folder)) {
            let path = path.strip_prefix(root()).expect("it was found below");
            let path = path.to_str().expect("a readable name").replace('\\', "/");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let count: usize =
                code.map(|line| READS.iter().map(|read| line.matches(read).count()).sum::<usize>()).sum();
            if count > 0 && path != "tests/conformance/clocks.rs" {
                found.insert(path, count);
            }
        }
    }
    let exceptions = EXCEPTIONS.iter().filter(|(path, ..)| in_workspace || !path.starts_with(".."));
    let exceptions = exceptions.map(|(path, count, _)| ((*path).to_owned(), *count)).collect();
    assert_eq!(found, exceptions, "a clock of its own is `epoch()` and what is added to it");
}
