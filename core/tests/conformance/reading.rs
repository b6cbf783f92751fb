//! Reading an event in every way: whole, spoilt, and what it shows.

use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use signalwire_relay_core::{CallId, Event, EventData, Tag};

use crate::evidence;

/// A time, in milliseconds since 1970.
pub(crate) fn at(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

fn parse(event_type: &str, params: &Value) -> Event {
    let raw = RawValue::from_string(params.to_string()).expect("JSON");
    Event::parse(event_type, Some(at(1500)), &raw)
}

/// The same with every member of the objects at a depth replaced.
fn spoilt(full: &Value, wrong: &Value, depth: usize) -> Value {
    match full {
        Value::Object(members) => {
            let spoil = |(key, member): (&String, &Value)| {
                let member = if depth == 0 { wrong.clone() } else { spoilt(member, wrong, depth - 1) };
                (key.clone(), member)
            };
            Value::Object(members.iter().map(spoil).collect())
        }
        other => other.clone(),
    }
}

/// Notes the keys of an event without which a view of it is another.
pub(crate) fn shows<E: EventData, T: PartialEq>(full: &Value, view: impl Fn(&E) -> T) {
    evidence::read(&format!("event {}", E::TYPE), full, |params| E::of(&parse(E::TYPE, params)).map(&view));
}

/// Reads an event in full, an empty one, and ones in which every field that the full one has is of another type, or
/// one field is, or those of nested objects are.
pub(crate) fn check<E: EventData + std::fmt::Debug>(full: &Value) -> E {
    assert!(E::of(&parse(E::TYPE, &json!({}))).is_some(), "{}: an empty one is still one", E::TYPE);
    for wrong in [json!([[]]), json!({"a": [1]}), json!(null), json!(-1.5e300), json!("\u{0}"), json!(true)] {
        for depth in 0..4 {
            let hostile = spoilt(full, &wrong, depth);
            assert!(
                E::of(&parse(E::TYPE, &hostile)).is_some(),
                "{}: {wrong} everywhere, at {depth}",
                E::TYPE
            );
        }
        for key in full.as_object().expect("an object").keys() {
            let mut hostile = full.clone();
            hostile[key] = wrong.clone();
            assert!(E::of(&parse(E::TYPE, &hostile)).is_some(), "{}: {wrong} as {key}", E::TYPE);
        }
    }
    harms_only_itself::<E>(full);
    // The length of the original shows in what is printed.
    shows(full, |event: &E| format!("{event:?}").replace(&format!("{:?}", event.meta()), ""));
    let event = parse(E::TYPE, full);
    assert_eq!(event.event_type(), E::TYPE);
    assert_eq!(event.meta().timestamp(), Some(at(1500)));
    assert_eq!(
        serde_json::from_str::<Value>(event.meta().raw()).ok().as_ref(),
        Some(full),
        "the original is kept"
    );
    E::of(&event).expect("it is of its type").clone()
}

/// The pointers to all members of a document, at any depth.
fn pointers(document: &Value, at: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match document {
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        Value::Array(members) => {
            members.iter().enumerate().map(|(at, member)| (at.to_string(), member)).collect()
        }
        _ => Vec::new(),
    };
    for (name, member) in members {
        let pointer = format!("{at}/{name}");
        pointers(member, &pointer, found);
        found.push(pointer);
    }
}

fn without(full: &Value, pointer: &str) -> Value {
    let mut rest = full.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
    match rest.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(name)),
        Some(Value::Array(members)) => drop(members.remove(name.parse().expect("an index"))),
        other => panic!("{pointer} leads to {other:?}"),
    }
    rest
}

/// Replaces each member at any depth by everything that it should not be, half a surrogate pair and an unknown name beside it
/// included. All that can be seen of an event without the member can be seen of that one as well, but for the member.
fn harms_only_itself<E: EventData + std::fmt::Debug>(full: &Value) {
    const HALF: &str = "half a pair";
    let shown = |text: &str| {
        let raw = RawValue::from_string(text.to_owned()).expect("JSON");
        let event = Event::parse(E::TYPE, Some(at(1500)), &raw);
        let data = E::of(&event).unwrap_or_else(|| panic!("{}: {text}", E::TYPE));
        format!("{data:#?}").replace(&format!("{:#?}", event.meta()), "")
    };
    let mut found = Vec::new();
    pointers(full, "", &mut found);
    for pointer in found {
        let mut empty = full.clone();
        *empty.pointer_mut(&pointer).expect("it is there") = json!({});
        let (missing, empty) = (shown(&without(full, &pointer).to_string()), shown(&empty.to_string()));
        for wrong in [
            json!(null),
            json!(7),
            json!(true),
            json!("odd"),
            json!([1]),
            json!({"a": 1}),
            json!(HALF),
            json!([HALF]),
            json!({HALF: HALF}),
        ] {
            let mut odd = full.clone();
            *odd.pointer_mut(&pointer).expect("it is there") = wrong.clone();
            let present = shown(&odd.to_string().replace(HALF, r"\ud83d!"));
            let mut lines: Vec<&str> = present.lines().collect();
            // An object without a known member is compared with one that is empty: of a device it makes another.
            let nothing = if wrong.is_object() { &empty } else { &missing };
            let lost = nothing.lines().filter(|line| match lines.iter().position(|other| other == line) {
                Some(at) => {
                    lines.swap_remove(at);
                    false
                }
                None => true,
            });
            let lost: Vec<&str> = lost.collect();
            assert!(lost.len() <= 1, "{}: {wrong} as {pointer} also changes {lost:#?} of {nothing}", E::TYPE);
        }
    }
}

/// Every AI event is about a call, and names its segment and its tag.
pub(crate) fn checked<E: EventData + std::fmt::Debug>(
    mut full: Value,
    segment: fn(&E) -> (Option<&str>, Option<&Tag>),
) -> E {
    for (name, value) in [("call_id", "c"), ("node_id", "n"), ("segment_id", "g"), ("tag", "t")] {
        full[name] = json!(value);
    }
    let event: E = check(&full);
    assert_eq!((event.call_id().map(CallId::as_str), event.control_id()), (Some("c"), None));
    assert_eq!(segment(&event), (Some("g"), Some(&Tag::from("t"))));
    event
}

macro_rules! addressed {
    ($event:ident, $full:tt) => {
        $crate::reading::checked::<$event>(serde_json::json!($full), |event| {
            assert_eq!(event.node_id.as_str(), "n");
            (event.segment_id.as_deref(), event.tag.as_ref())
        })
    };
}
pub(crate) use addressed;
