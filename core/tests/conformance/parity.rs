//! The table of methods in the documentation names every method that there is, and no other.

use std::collections::BTreeSet;

use crate::table::{read, root, sources};

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

#[test]
fn the_table_of_methods_is_complete_and_every_method_is_checked() {
    let mut sent = BTreeSet::new();
    for (_, source) in sources() {
        let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        sent.extend(names_in(&code.join("\n"), '"'));
    }
    // Types of events, and what only the service sends.
    sent.retain(|name| {
        !name.starts_with("calling.call.")
            && (!name.starts_with("calling.ai.") || name == "calling.ai.stop")
            && !["calling.conference", "calling.error", "messaging.receive", "messaging.state"]
                .contains(&&**name)
            && !["signalwire.event", "signalwire.disconnect", "signalwire.authorization.state"]
                .contains(&&**name)
    });
    let documentation = read(root().join("src/calling/mod.rs"));
    let listed = documentation.lines().filter(|line| line.starts_with("//! | `"));
    let listed: BTreeSet<String> = listed.flat_map(|row| names_in(row, '`')).collect();
    let once: Vec<_> = listed.symmetric_difference(&sent).collect();
    assert!(once.is_empty(), "in the table or in the sources, not in both: {once:?}");
    // Each row of the page has a test that sends it.
    let page = read(root().join("docs/wire.md"));
    let rows = page.lines().filter(|line| line.starts_with("| method `"));
    let checked: BTreeSet<String> = rows.flat_map(|row| names_in(row, '`')).collect();
    let missing: Vec<_> = sent.difference(&checked).collect();
    assert!(missing.is_empty(), "not checked: {missing:?}");
}
