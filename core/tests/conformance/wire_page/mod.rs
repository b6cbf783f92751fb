//! The page of the wire. A row names a test that sends or reads its key, and the test is run to see whether it does. What
//! tests send and read, what events are made of and what can be set has a row.

mod fields;
mod setters;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::evidence::{self, Evidence};
use crate::table::{quoted, read, root, rows};
use crate::{
    ai, ai_events, by_hand, calls, client, company, devices, events, input, media, results, session,
};

/// Tests by the names that rows give them.
macro_rules! tests {
    ($($module:ident { $($test:ident),+ $(,)? })+) => {
        const TESTS: &[(&str, fn())] =
            &[$($( (concat!(stringify!($module), "::", stringify!($test)), $module::$test), )+)+];
    };
}

tests! {
    calls { connect, dial, handing_over_and_the_rest, lifecycle, what_older_clients_send }
    media { fax, play, record, tap_and_stream }
    input { collect_and_prompt, detect, keys, pay }
    ai { ai, figures_of_a_sidecar_are_read_from_its_text, live_actions, sidecars, transcription }
    company { conferences_and_rooms, queues, the_quality_of_a_conference_is_in_numbers }
    client {
        messages_that_one_description_of_the_service_allows_are_sent, new_credentials, requests_of_the_client,
    }
    by_hand {
        agents, connectors_are_set_up_by_execute, members_without_a_known_meaning, old_parameters_of_calls,
        old_parameters_of_operations, sidecars, streams_of_conferences,
    }
    devices { every_kind_is_sent_with_all_that_it_has, every_kind_that_calls_have_is_read }
    ai_events {
        activity_of_an_ai_session, free_form_events_keep_their_members_and_do_not_print_them, live_transcription,
        live_translation, reports_of_a_sidecar,
    }
    events {
        calls, detection_and_fax, errors_of_both_readings, media, rooms_and_user_events, tasks,
        the_end_the_dial_and_the_headers_of_a_call, the_rest,
    }
    results { errors, ids, refusals, requests_of_older_clients, sidecars, urls_and_addresses }
    session {
        a_notice_to_leave_says_how_to_come_back, credentials_go_first_and_a_resume_with_what_the_service_gave,
        envelopes_are_read_with_whatever_else_is_in_them, little_is_read_of_what_connect_gives, pings_are_sent_back,
        the_state_of_the_authorization_is_kept,
    }
}

/// What each test sends and reads.
fn seen() -> &'static BTreeMap<&'static str, Evidence> {
    static SEEN: OnceLock<BTreeMap<&'static str, Evidence>> = OnceLock::new();
    SEEN.get_or_init(|| TESTS.iter().map(|(name, test)| (*name, evidence::of(*test))).collect())
}

fn page() -> String {
    read(root().join("docs/wire.md"))
}

struct Row<'a> {
    place: String,
    keys: Vec<&'a str>,
    here: &'a str,
    source: &'a str,
    tests: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn of(cells: &[&'a str], line: &str) -> Self {
        let [place, keys, here, source, tests] = *cells else { panic!("no five cells: {line}") };
        let place = place.replace('`', "");
        let place = if here.starts_with("not read") { evidence::ignored_in(&place) } else { place };
        Self { place, keys: quoted(keys).collect(), here, source, tests: quoted(tests).collect() }
    }

    /// Whether one of the row's keys stands for this one: `a.*` is all below `a`.
    fn covers(&self, key: &str) -> bool {
        self.keys.iter().any(|own| covers(own, key))
    }
}

fn covers(own: &str, key: &str) -> bool {
    match own.split_once('*') {
        Some((start, end)) => {
            key.strip_prefix(start).is_some_and(|rest| rest.len() > end.len() && rest.ends_with(end))
        }
        None => own == key,
    }
}

/// The rows of the page, without the questions at its end.
fn parse(document: &str) -> Vec<Row<'_>> {
    let (keys, _) = document.split_once("## What no description says").expect("there is such a section");
    rows(keys).filter(|(cells, _)| cells[0] != "Where").map(|(cells, line)| Row::of(&cells, line)).collect()
}

/// The keys of rows that none of the row's tests sends or reads, and keys that are sent although a row says otherwise.
fn untested(rows: &[Row<'_>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        let sees = |test: &str, key: &str| {
            let seen =
                seen().get(test).unwrap_or_else(|| panic!("{test} is not among the tests of the page"));
            seen.iter().any(|(place, seen)| covers(&row.place, place) && covers(key, seen))
        };
        for key in &row.keys {
            let fits = match row.here {
                here if here.starts_with("not sent") => TESTS.iter().all(|(test, _)| !sees(test, key)),
                _ => row.tests.iter().any(|test| sees(test, key)),
            };
            if !fits {
                wrong.push(format!("{} {key}: {:?}", row.place, row.tests));
            }
        }
    }
    wrong
}

/// What tests send and read, and no row has.
fn missing(rows: &[Row<'_>]) -> Vec<String> {
    let all: BTreeSet<_> = seen().values().flatten().collect();
    let holds_others = |place: &str, key: &str| {
        let within = |(of, other): &&(String, String)| {
            of == place && other.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        all.iter().any(within)
    };
    all.iter()
        .filter(|(place, key)| !rows.iter().any(|row| row.place == *place && row.covers(key)))
        .filter(|(place, key)| !holds_others(place, key))
        .map(|(place, key)| format!("{place} {key}"))
        .collect()
}

#[test]
fn every_row_names_a_test_that_sends_or_reads_its_key() {
    let document = page();
    let rows = parse(&document);
    let keys: usize = rows.iter().map(|row| row.keys.len()).sum();
    println!("{} rows with {keys} keys", rows.len());
    assert!(rows.len() > 1000 && keys > 1400, "{} rows with {keys} keys", rows.len());
    for row in &rows {
        assert!(
            !row.keys.is_empty() && !row.tests.is_empty() && !row.here.is_empty(),
            "{} {:?}",
            row.place,
            row.keys
        );
        assert!(["both", "newer", "older", "neither"].contains(&row.source), "{}", row.source);
    }
    let wrong = untested(&rows);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_key_that_a_test_sends_or_reads_has_a_row() {
    let document = page();
    let missing = missing(&parse(&document));
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_key_has_two_rows() {
    let document = page();
    let mut known = BTreeSet::new();
    for row in parse(&document) {
        for key in row.keys {
            assert!(known.insert((row.place.clone(), key)), "{} {key}", row.place);
        }
    }
}

#[test]
fn a_row_that_is_gone_and_one_that_nobody_tests_are_noticed() {
    let document = page();
    let is_it = |line: &&str| line.starts_with("| method `calling.play` | `volume` |");
    let line = document.lines().find(is_it).expect("there is one");
    let without = document.replace(line, "");
    assert_eq!(missing(&parse(&without)), ["method calling.play volume"]);
    let other = document.replace(line, &line.replace("`volume`", "`loudness`"));
    assert_eq!(untested(&parse(&other)), [r#"method calling.play loudness: ["media::play"]"#]);
    let elsewhere = document.replace(line, &line.replace("media::play", "input::pay"));
    assert_eq!(untested(&parse(&elsewhere)), [r#"method calling.play volume: ["input::pay"]"#]);
}
