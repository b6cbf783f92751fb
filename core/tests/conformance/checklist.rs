//! The comparison with the Python client is complete, and what it says can be checked.

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

/// The file that a test is in, by the name that the document gives it.
fn file_of(test: &str) -> PathBuf {
    let (place, file) = test.split_once('/').unwrap_or(("conformance", test));
    let folder = match place {
        "conformance" | "session" => format!("tests/{place}"),
        "src" => "src".to_owned(),
        "harness" => "../tests/harness/tests".to_owned(),
        "tokio" => "../runtime-tokio/tests".to_owned(),
        "runtimes" => "../tests/runtimes/tests".to_owned(),
        _ => panic!("{test}: nobody knows where that is"),
    };
    root().join(folder).join(file).with_extension("rs")
}

#[test]
fn every_row_says_what_there_is_and_names_tests_that_exist() {
    let document = read(root().join("docs/parity.md"));
    let in_workspace = root().join("../tests/harness").is_dir(); // and not in the published package
    let mut count = 0;
    for (cells, row) in rows(&document) {
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        if cells[2] == "Test" {
            continue;
        }
        count += 1;
        assert!(quoted(cells[2]).next().is_some(), "{row}");
        for test in quoted(cells[2]) {
            let (file, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("{row}"));
            let path = file_of(file);
            if in_workspace || !path.starts_with(root().join("..")) {
                let text = read(path);
                let (before, _) =
                    text.split_once(&format!("fn {name}()")).unwrap_or_else(|| panic!("no test {test}"));
                assert!(before.trim_end().ends_with(']') || before.ends_with("async "), "{test} is no test");
            }
        }
    }
    assert!(count > 600, "{count} rows");
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
