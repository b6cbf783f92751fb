//! What the tables of the documentation say can be checked: the comparison with the Python client, and the promises
//! for when things go wrong.

use std::path::PathBuf;

use crate::table::{defines, is_about, quoted, read, root, rows, sources};

/// The file that a test is in, by the name that the document gives it, and how the file names the test.
fn place_of(test: &str) -> (PathBuf, String) {
    let (file, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("{test} names no file"));
    let (place, file) = file.split_once('/').unwrap_or(("conformance", file));
    let folder = match place {
        "conformance" | "session" => format!("tests/{place}"),
        "src" => "src".to_owned(),
        "harness" => "../tests/harness/tests".to_owned(),
        "documentation" => "../tests/documentation/tests".to_owned(),
        "model" => "../tests/model/tests/model".to_owned(),
        "tokio" => "../runtime-tokio/tests".to_owned(),
        "blocking" => "../runtime-blocking/tests".to_owned(),
        "blocking-src" => "../runtime-blocking/src".to_owned(),
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
        ["]", "async", "]\npub(crate)"].iter().any(|end| before.ends_with(end))
    } else {
        before.ends_with("Play::new(") || before.ends_with("fails(")
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
fn everything_about_containers_names_tests_that_exist() {
    let count = check_rows("docs/containers.md");
    assert!(count > 15, "{count} rows");
}

#[test]
fn every_question_that_no_description_answers_is_answered_by_tests_that_exist() {
    let document = read(root().join("docs/wire.md"));
    let (_, questions) = document.split_once("## What no description says").expect("there is a section");
    let count = rows(questions)
        .filter(|(cells, _)| cells[2] != "Shown by")
        .inspect(|(cells, _)| quoted(cells[2]).for_each(expect_test))
        .count();
    assert!(count > 10, "{count} questions");
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
    let sources = sources();
    let common = ["src/client/request.rs", "src/calling/media.rs"].map(|path| read(root().join(path)));
    let document = read(root().join("docs/parity.md"));
    for (cells, row) in rows(&document) {
        for name in quoted(cells[1]) {
            let Some((owner, name)) = name.split_once("::") else { continue };
            if !owner.starts_with("Request<") && (!owner.ends_with("Action") || owner == "Action") {
                continue;
            }
            let own = sources.iter().map(|(_, source)| source).filter(|source| is_about(source, owner));
            assert!(own.chain(&common).any(|source| defines(source, name)), "{owner} has no {name}: {row}");
        }
    }
}
