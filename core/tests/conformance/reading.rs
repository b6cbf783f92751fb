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
