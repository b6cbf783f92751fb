//! What the tables of the documentation say can be checked: the comparison with the Python client, and the promises
//! for when things go wrong.

use std::fs;
use std::path::{Path, PathBuf};

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cells of each row, and the row.
fn rows(document: &str) -> impl Iterator<Item = (Vec<&str>, &str)> {
    let tables = document.lines().filter(|line| line.starts_with('|') && !line.contains("| --- |"));
    tables.map(|row| (row.trim_matches('|').split('|').map(str::trim).collect(), row))
}

/// What stands between back quotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The file that a test is in, by the name that the document gives it, and how the file names the test.
fn place_of(test: &str) -> (PathBuf, String) {
    let (file, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("{test} names no file"));
    let (place, file) = file.split_once('/').unwrap_or(("conformance", file));
    let folder = match place {
        "conformance" | "session" => format!("tests/{place}"),
        "src" => "src".to_owned(),
        "harness" => "../tests/harness/tests".to_owned(),
        "tokio" => "../runtime-tokio/tests".to_owned(),
        "blocking" => "../runtime-blocking/tests".to_owned(),
        "runtimes" => "../tests/runtimes/tests".to_owned(),
        "scenarios" => "../tests/runtimes/src/scenarios".to_owned(),
        _ => panic!("{test}: nobody knows where that is"),
    };
    let path = root().join(folder).join(file).with_extension("rs");
    // Scenarios are listed by their names, and played on each runtime.
    (path, if place == "scenarios" { format!("\"{file}::{name}\",") } else { format!("fn {name}()") })
}

fn expect_test(test: &str) {
    let in_workspace = root().join("../tests/harness").is_dir(); // and not in the published package
    let (path, definition) = place_of(test);
    if !in_workspace && path.starts_with(root().join("..")) {
        return;
    }
    let source = read(path);
    let (before, _) = source.split_once(&definition).unwrap_or_else(|| panic!("no test {test}"));
    let before = before.trim_end();
    let is_test = if definition.starts_with("fn ") {
        before.ends_with(']') || before.ends_with("async")
    } else {
        before.ends_with("Play::new(")
    };
    assert!(is_test, "{test} is no test");
}

/// Checks a document in whose tables the third column, `Test`, names tests. Gives the number of rows.
fn check_rows(document: &str) -> usize {
    let document = read(root().join(document));
    let mut count = 0;
    for (cells, row) in rows(&document) {
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        if cells[2] == "Test" {
            continue;
        }
        count += 1;
        assert!(quoted(cells[2]).next().is_some(), "{row}");
        quoted(cells[2]).for_each(expect_test);
    }
    count
}

#[test]
fn every_row_says_what_there_is_and_names_tests_that_exist() {
    let count = check_rows("docs/parity.md");
    assert!(count > 600, "{count} rows");
}

#[test]
fn every_fault_has_a_promise_and_names_tests_that_exist() {
    let count = check_rows("docs/faults.md");
    assert!(count > 40, "{count} rows");
}

#[test]
#[should_panic(expected = "no test session/faults::nothing_of_the_kind")]
fn a_test_that_does_not_exist_is_noticed() {
    expect_test("session/faults::nothing_of_the_kind");
}

#[test]
#[should_panic(expected = "is no test")]
fn a_function_that_is_no_test_is_noticed() {
    expect_test("session/faults::new");
}

/// Links to the methods of one kind of request or action lead to the block of that kind, where rustdoc does not
/// look for the method.
#[test]
fn every_setter_that_is_named_exists() {
    let mut sources = Vec::new();
    for folder in ["src/calling", "src/client", "src"] {
        let files = fs::read_dir(root().join(folder)).expect("the folder is there").flatten();
        sources.extend(files.filter(|file| file.path().is_file()).map(|file| read(file.path())));
    }
    let common = [read(root().join("src/client/request.rs")), read(root().join("src/calling/media.rs"))];
    let document = read(root().join("docs/parity.md"));
    for (cells, row) in rows(&document) {
        for name in quoted(cells[1]) {
            let Some((owner, name)) = name.split_once("::") else { continue };
            let definition = match owner.strip_prefix("Request<").and_then(|owner| owner.strip_suffix('>')) {
                Some(method) => format!("pub struct {method} {{"),
                None if owner.ends_with("Action") && owner != "Action" => format!("pub type {owner} ="),
                None => continue,
            };
            let own = sources.iter().filter(|source| source.contains(&definition));
            let (function, setter) = (format!("pub fn {name}("), format!(" {name}: "));
            assert!(
                own.chain(&common).any(|source| source.contains(&function) || source.contains(&setter)),
                "{owner} has no {name}: {row}"
            );
        }
    }
}
