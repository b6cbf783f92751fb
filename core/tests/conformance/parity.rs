//! The table of methods in the documentation names every method that there is, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every method name in a text: quoted, and of a service's namespace.
fn names_in(text: &str, quote: char) -> BTreeSet<String> {
    let known = |name: &str| {
        let rest =
            ["calling.", "messaging.", "signalwire."].iter().find_map(|space| name.strip_prefix(space));
        rest.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.'))
        })
    };
    text.split(quote).filter(|name| known(name)).map(str::to_owned).collect()
}

fn sources(folder: &Path, each: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, each);
        } else {
            // What follows the first test module are examples, not methods.
            let text = fs::read_to_string(&path).expect("sources are text");
            let code: Vec<_> = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            each(&code.join("\n"));
        }
    }
}

#[test]
fn the_table_of_methods_is_complete_and_every_method_is_checked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sent = BTreeSet::new();
    sources(&root.join("src"), &mut |code| sent.extend(names_in(code, '"')));
    // Types of events, and what only the service sends.
    sent.retain(|name| {
        !name.starts_with("calling.call.")
            && (!name.starts_with("calling.ai.") || name == "calling.ai.stop")
            && !["calling.conference", "calling.error", "messaging.receive", "messaging.state"]
                .contains(&&**name)
            && !["signalwire.event", "signalwire.disconnect", "signalwire.authorization.state"]
                .contains(&&**name)
    });
    let documentation = fs::read_to_string(root.join("src/calling/mod.rs")).expect("it is there");
    let rows: Vec<_> = documentation.lines().filter(|line| line.starts_with("//! | `")).collect();
    let listed: BTreeSet<String> = rows.iter().flat_map(|row| names_in(row, '`')).collect();
    assert_eq!(listed, sent, "left: in the table, right: in the sources");
    let tests = fs::read_to_string(root.join("tests/conformance/methods.rs")).expect("it is there");
    let checked = names_in(&tests, '"');
    let elsewhere = ["calling.dial", "signalwire.connect"]; // in the tests of the session
    let missing: Vec<_> =
        sent.iter().filter(|name| !checked.contains(*name) && !elsewhere.contains(&&***name)).collect();
    assert!(missing.is_empty(), "not checked: {missing:?}");
}
