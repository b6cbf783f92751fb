//! Tables of the documentation, and what their cells name.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of each row, and the row.
pub(crate) fn rows(document: &str) -> impl Iterator<Item = (Vec<&str>, &str)> {
    let tables = document.lines().filter(|line| line.starts_with('|') && !line.contains("| --- |"));
    tables.map(|row| (row.trim_matches('|').split('|').map(str::trim).collect(), row))
}

/// What stands between back quotes.
pub(crate) fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The files of a folder and of those in it, each with its path.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![(path.clone(), read(path))] })
        .collect()
}

/// The sources of the library without their tests, each with its path.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let files = files(&root().join("src")).into_iter();
    files
        .map(|(path, text)| (path, text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()))
        .collect()
}

/// Whether a source has something to do with a type: it defines the type, or part of what the type does.
pub(crate) fn is_about(source: &str, owner: &str) -> bool {
    let owner = match owner.strip_prefix("Request<").and_then(|rest| rest.strip_suffix('>')) {
        Some(method) => return source.contains(&format!("pub struct {method} {{")),
        None => owner,
    };
    let starts = ["pub struct ", "pub enum ", "pub type ", "pub trait ", "impl ", "impl<M: Method> "];
    starts.iter().any(|start| {
        source.match_indices(&format!("{start}{owner}")).any(|(at, found)| {
            let next = source[at + found.len()..].chars().next();
            next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
        })
    })
}

/// Whether a source defines something of this name: a function, a field, a variant, or a setter that a macro makes.
pub(crate) fn defines(source: &str, name: &str) -> bool {
    let line = |line: &str| {
        let line = line.trim();
        let rest = line.strip_prefix("pub ").unwrap_or(line).strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ',', '(', ' ']))
    };
    source.contains(&format!("fn {name}("))
        || source.contains(&format!("fn {name}<"))
        || source.lines().any(line)
}
