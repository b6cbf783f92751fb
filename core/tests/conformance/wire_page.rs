//! The page of the wire. A row names a test that sends or reads its key, and the test is run to see whether it does. What
//! tests send and read, what events are made of and what can be set has a row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::evidence::{self, Evidence};
use crate::table::{defines, is_about, quoted, read, root, rows, sources};
use crate::{by_hand, devices, events, methods, results, session};

/// Tests by the names that rows give them.
macro_rules! tests {
    ($($module:ident { $($test:ident),+ $(,)? })+) => {
        const TESTS: &[(&str, fn())] =
            &[$($( (concat!(stringify!($module), "::", stringify!($test)), $module::$test), )+)+];
    };
}

tests! {
    by_hand {
        agents, connectors_are_set_up_by_execute, members_without_a_known_meaning, old_parameters_of_calls,
        old_parameters_of_operations, sidecars, streams_of_conferences,
    }
    devices { every_kind_is_sent_with_all_that_it_has, every_kind_that_calls_have_is_read }
    events {
        activity_of_an_ai_session, calls, detection_and_fax, errors_of_both_readings,
        free_form_events_keep_their_members_and_do_not_print_them, live_transcription, live_translation, media,
        reports_of_a_sidecar, rooms_and_user_events, tasks, the_end_the_dial_and_the_headers_of_a_call,
        the_quality_of_a_conference_is_in_numbers, the_rest,
    }
    methods {
        ai, collect_and_prompt, conferences_and_rooms, connect, detect, dial, fax, handing_over_and_the_rest, keys,
        lifecycle, live_actions, messages_that_one_description_of_the_service_allows_are_sent, new_credentials, pay,
        play, queues, record, requests_of_the_client, sidecars, tap_and_stream, transcription, what_older_clients_send,
    }
    results { errors, ids, refusals, sidecars, urls_and_addresses }
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

impl Row<'_> {
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

fn parse(document: &str) -> Vec<Row<'_>> {
    let rows = rows(document).filter(|(cells, _)| cells[0] != "Where" && cells.len() == 5);
    rows.map(|(cells, _)| {
        let place = cells[0].replace('`', "");
        let place = if cells[2] == "not read" { evidence::ignored_in(&place) } else { place };
        Row {
            place,
            keys: quoted(cells[1]).collect(),
            here: cells[2],
            source: cells[3],
            tests: quoted(cells[4]).collect(),
        }
    })
    .collect()
}

/// The keys of rows that none of the row's tests sends or reads, and keys that are sent although a row says otherwise.
fn untested(rows: &[Row<'_>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        let sees = |test: &str, key: &str| {
            let seen =
                seen().get(test).unwrap_or_else(|| panic!("{test} is not among the tests of the page"));
            seen.iter().any(|(place, seen)| *place == row.place && covers(key, seen))
        };
        for key in &row.keys {
            let fits = match row.here {
                "not sent" => TESTS.iter().all(|(test, _)| !sees(test, key)),
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
        assert!(["both", "newer", "older"].contains(&row.source), "{}", row.source);
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
    assert_eq!(untested(&parse(&other)), [r#"method calling.play loudness: ["methods::play"]"#]);
    let elsewhere = document.replace(line, &line.replace("methods::play", "methods::pay"));
    assert_eq!(untested(&parse(&elsewhere)), [r#"method calling.play volume: ["methods::pay"]"#]);
}

/// The fields that a type reads, as its own code names them.
fn fields_of<T: for<'de> serde::Deserialize<'de>>() -> Vec<&'static str> {
    let mut probe = Probe::default();
    assert!(T::deserialize(&mut probe).is_err(), "the probe has no data");
    probe.fields.to_vec()
}

/// Data that there is none of: it learns which fields are asked for.
#[derive(Default)]
struct Probe {
    fields: &'static [&'static str],
}

impl<'de> serde::Deserializer<'de> for &mut Probe {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("there is no data"))
    }

    fn deserialize_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.fields = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// Every object of events, where it stands, and what it reads.
fn objects() -> Vec<(String, String, Vec<&'static str>)> {
    use signalwire_relay_core::*;
    let mut objects = Vec::new();
    macro_rules! events {
        ($($event:ident),+ $(,)?) => {
            $( objects.push((format!("event {}", $event::TYPE), String::new(), fields_of::<$event>())); )+
        };
    }
    events!(
        AiBeginSpeakingEvent,
        AiCompletionEvent,
        AiEvent,
        AiPartialResultEvent,
        AiPostPromptEvent,
        AiResponseEvent,
        AiResponseUtteranceEvent,
        AiSpeechDetectEvent,
        AiStartEvent,
        AiStopEvent,
        AiSwaigActionEvent,
        AiSwaigEvent,
        AiTransparentBargeEvent,
        AiUserSpeakingEvent,
        AiWarningEvent,
        CallReceiveEvent,
        CallStateEvent,
        CollectEvent,
        ConferenceEvent,
        ConnectEvent,
        DenoiseEvent,
        DetectEvent,
        DialEvent,
        EchoEvent,
        ErrorEvent,
        FaxEvent,
        HoldEvent,
        LiveTranscribeLogEvent,
        LiveTranscribeSummaryEvent,
        LiveTranscribeUtteranceEvent,
        LiveTranslateDeltaEvent,
        LiveTranslateLogEvent,
        LiveTranslateSummaryEvent,
        MessageReceiveEvent,
        MessageStateEvent,
        PayEvent,
        PlayEvent,
        QueueEvent,
        RecordEvent,
        ReferEvent,
        RoomEvent,
        SendDigitsEvent,
        SidecarEvent,
        StreamEvent,
        TapEvent,
        TaskEvent,
        TranscribeEvent,
        UserEvent,
    );
    macro_rules! parts {
        ($($place:literal $prefix:literal $object:ty),+ $(,)?) => {
            $( objects.push(($place.to_owned(), $prefix.to_owned(), fields_of::<$object>())); )+
        };
    }
    parts!(
        "event calling.call.state" "peer." PeerCall,
        "event calling.call.state" "parent." ParentCall,
        "event calling.call.dial" "call." DialedCall,
        "event calling.call.connect" "peer." calling::Peer,
        "event calling.ai.transcribe.utterance" "utterance." LiveUtterance,
        "event calling.ai.transcribe.conversation_log" "metrics." LiveMetrics,
        "event calling.ai.translate.transcript_delta" "input_utterance." LiveDelta,
        "event calling.ai.translate.transcript_delta" "output_utterance." LiveDelta,
        "event calling.ai.sidecar" "sidecar_event." SidecarReport,
        "object sip_data" "" SipData,
        "object call_info" "" AiCallInfo,
        "object channel_data" "" AiChannelData,
        "object log entry" "" LiveLogEntry,
        "object translate_data" "x." LiveTranslation,
        "object device" "phone." calling::PhoneDevice,
        "object device" "sip." calling::SipDevice,
        "object device" "fabric." calling::FabricDevice,
        "object device" "webrtc." calling::WebRtcDevice,
        "object device" "agora." calling::AgoraDevice,
        "object device" "call." calling::CallDevice,
        "object device" "queue." calling::QueueDevice,
        "object device" "stream." calling::StreamDevice,
    );
    objects
}

/// Fields that the code has because others of the same kind have them.
const IN_NO_FRAME: &[(&str, &str)] = &[
    // These are about no call in particular.
    ("event calling.call.dial", "call_id"),
    ("event messaging.receive", "call_id"),
    ("event messaging.receive", "node_id"),
    ("event messaging.state", "call_id"),
    ("event messaging.state", "node_id"),
    ("event queuing.relay.tasks", "call_id"),
    ("event queuing.relay.tasks", "node_id"),
    // Headers of telephones are in events only.
    ("object device", "phone.headers"),
];

#[test]
fn every_field_that_is_read_has_a_row() {
    let document = page();
    let rows = parse(&document);
    let below = |own: &str, key: &str| {
        own.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let has_row = |place: &str, key: &str| {
        rows.iter()
            .any(|row| row.place == place && (row.covers(key) || row.keys.iter().any(|own| below(own, key))))
    };
    let objects = objects();
    for (place, prefix, fields) in &objects {
        for field in fields {
            let key = format!("{prefix}{field}");
            let known = has_row(place, &key) || IN_NO_FRAME.contains(&(place, &key));
            assert!(known, "{place} {key} has no row");
        }
    }
    let sources = sources();
    let (_, events) = sources.iter().find(|(path, _)| path.ends_with("events.rs")).expect("it is there");
    let list = events.split_once("\nevents! {").expect("there is a list").1;
    let known = list.lines().filter(|line| line.trim().starts_with("/// `")).count();
    assert_eq!(
        objects
            .iter()
            .filter(|(place, ..)| place.starts_with("event "))
            .map(|(place, ..)| place)
            .collect::<BTreeSet<_>>()
            .len(),
        known
    );
}

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

/// What can be set, and no row names.
fn unnamed(rows: &[Row<'_>], sources: &[(std::path::PathBuf, String)]) -> Vec<String> {
    let named = named(rows);
    let mut unnamed = Vec::new();
    for (path, source) in sources {
        for name in setters(source) {
            let has_row = named.iter().any(|(owner, own)| *own == name && is_about(source, owner));
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
