//! What the code sends: each setter has a row, and a place on the tour.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Row, page, parse};
use crate::table::{defines, is_about, quoted, read, root, sources};

/// Functions that look like setters: one thing after the other, any parameter at all, and other words for one that has a
/// row.
const NO_SETTERS: &[&str] = &["then", "or_speech", "param", "set", "prompt_text"];

/// The setters of a source: the optional parameters of methods, and functions that give back what they are called on.
fn setters(source: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for function in source.split("pub fn ").skip(1) {
        let signature = function.split('{').next().unwrap_or_default();
        let takes_itself = ["(self", "(mut self", "\n        self", "\n        mut self"];
        if signature.contains("-> Self") && takes_itself.iter().any(|start| signature.contains(start)) {
            found.insert(signature.split(['(', '<']).next().unwrap_or_default());
        }
    }
    let starts = ["optional {\n", "machine_setters! {\n", "|sidecar| "];
    for block in starts.iter().flat_map(|start| source.split(start).skip(1)) {
        let lines = block.lines().map(str::trim).take_while(|line| *line != "}");
        let fields = lines.filter(|line| line.ends_with(',') && !line.starts_with(['/', '#']));
        found.extend(fields.filter_map(|line| Some(line.split_once(": ")?.0)));
    }
    for block in source.split("text_setter! {\n").skip(1) {
        found.extend(block.lines().map(str::trim).find(|line| !line.starts_with('/')));
    }
    found
}

/// The names of a document's third column, each with its owner.
fn named<'a>(rows: &[Row<'a>]) -> BTreeSet<(&'a str, &'a str)> {
    rows.iter().flat_map(|row| quoted(row.here)).filter_map(|name| name.rsplit_once("::")).collect()
}

/// What can be set, and no row names. A row names a setter by a type of the same file or, in a folder below `calling`, of
/// the same folder.
fn unnamed(rows: &[Row<'_>], sources: &[(PathBuf, String)]) -> Vec<String> {
    let named = named(rows);
    let mut unnamed = Vec::new();
    for (path, source) in sources {
        let folder =
            path.parent().filter(|folder| folder.parent().is_some_and(|above| above.ends_with("calling")));
        let beside = sources
            .iter()
            .filter(|(other, _)| other == path || folder.is_some_and(|it| other.starts_with(it)));
        let beside: Vec<_> = beside.map(|(_, source)| source).collect();
        for name in setters(source) {
            let is_owner = |owner: &str| beside.iter().any(|source| is_about(source, owner));
            let has_row = named.iter().any(|(owner, own)| *own == name && is_owner(owner));
            if !has_row && !NO_SETTERS.contains(&name) && !name.starts_with('$') {
                unnamed.push(format!("{} {name}", path.file_name().unwrap_or_default().display()));
            }
        }
    }
    unnamed
}

#[test]
fn every_setter_has_a_row() {
    let document = page();
    let of_the_wire =
        ["calling", "messaging.rs", "legacy.rs", "reauthenticate.rs", "subscription.rs", "tasks.rs"];
    let sources: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| {
            let path = path.strip_prefix(root().join("src")).expect("it is below");
            of_the_wire.iter().any(|start| path.starts_with(start))
        })
        .collect();
    assert!(sources.len() > 30, "{} files", sources.len());
    let rows = parse(&document);
    let unnamed_now = unnamed(&rows, &sources);
    assert!(unnamed_now.is_empty(), "{unnamed_now:#?}");
    let one_more: Vec<_> = sources
        .iter()
        .map(|(path, source)| {
            (path.clone(), source.replace("volume: f64,", "volume: f64,\n            treble: f64,"))
        })
        .collect();
    assert!(
        unnamed(&rows, &one_more).contains(&"play.rs treble".to_owned()),
        "a setter without a row is noticed"
    );
}

#[test]
fn everything_that_a_row_names_exists() {
    let document = page();
    let sources = sources();
    // The fields of an address are every event's.
    let events = read(root().join("src/events.rs"));
    for (owner, name) in named(&parse(&document)) {
        let own = sources.iter().filter(|(_, source)| is_about(source, owner)).map(|(_, source)| source);
        let common = std::iter::once(&events).filter(|_| owner.ends_with("Event"));
        assert!(own.chain(common).any(|source| defines(source, name)), "{owner} has no {name}");
    }
}

/// What the tour of all methods does not show: proofs that only browsers have, and settings that come from the environment.
const NOT_ON_THE_TOUR: &[&str] = &["dpop_token", "project", "token", "jwt"];

#[test]
fn the_tour_has_every_method_and_every_setter() {
    let folder = root().join("../runtime-tokio/examples/tour");
    let Ok(files) = std::fs::read_dir(folder) else { return }; // in the published package
    let tour: String = files.flatten().map(|file| read(file.path())).collect();
    let document = page();
    let rows: Vec<_> = parse(&document)
        .into_iter()
        .filter(|row| {
            row.place.starts_with("method ") || ["object device", "object media"].contains(&&*row.place)
        })
        .collect();
    let calls = |name: &str| {
        tour.match_indices(name).any(|(at, _)| {
            tour[..at].ends_with(['.', ':', ' ', '(']) && tour[at + name.len()..].starts_with('(')
        })
    };
    let sets = named(&rows).into_iter().filter(|(owner, _)| !["Event", "Meta"].contains(owner));
    let missing: Vec<_> = sets.filter(|(_, name)| !calls(name) && !NOT_ON_THE_TOUR.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
