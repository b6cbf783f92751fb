//! What a test has sent and read, key by key. The page of the wire is held against it.
//!
//! Keys are written as the page writes them: `digits.max` is a member of a member, `hints[]` each member of a list, and
//! `detect.fax.tone` is `tone` among the `params` of an object whose `type` is `fax`. What stands in several places
//! has one of its own: see [`shared`].

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

/// A place of the wire, `method calling.play` say, and a key in it.
pub(crate) type Evidence = BTreeSet<(String, String)>;

thread_local! {
    static SEEN: RefCell<Evidence> = RefCell::default();
}

/// What a test sends and reads.
pub(crate) fn of(test: fn()) -> Evidence {
    SEEN.take();
    test();
    SEEN.take()
}

/// A test has seen these go out.
pub(crate) fn sent(place: &str, params: &Value) {
    let mut keys = Vec::new();
    walk(place, String::new(), params, &mut Vec::new(), &mut keys);
    SEEN.with_borrow_mut(|seen| seen.extend(keys.into_iter().map(|(place, key, _)| (place, key))));
}

/// Notes each key without which something else is read.
pub(crate) fn read<T: PartialEq>(place: &str, full: &Value, read: impl Fn(&Value) -> T) {
    let needed = keys_where(place, full, read, |changed| changed);
    SEEN.with_borrow_mut(|seen| seen.extend(needed));
}

/// The keys of which it matters, or not, whether they are there.
fn keys_where<T: PartialEq>(
    place: &str,
    full: &Value,
    read: impl Fn(&Value) -> T,
    wanted: impl Fn(bool) -> bool,
) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    walk(place, String::new(), full, &mut Vec::new(), &mut keys);
    let whole = read(full);
    keys.retain(|(_, _, steps)| {
        let mut less = full.clone();
        remove(&mut less, steps);
        wanted(read(&less) != whole)
    });
    keys.into_iter().map(|(place, key, _)| (place, key)).collect()
}

/// Notes each key without which the same is read: nobody looks at it.
pub(crate) fn ignored<T: PartialEq>(place: &str, full: &Value, read: impl Fn(&Value) -> T) {
    let idle = keys_where(place, full, read, |changed| !changed);
    SEEN.with_borrow_mut(|seen| seen.extend(idle.into_iter().map(|(place, key)| (ignored_in(&place), key))));
}

/// The place under which keys are noted at which nobody looks.
pub(crate) fn ignored_in(place: &str) -> String {
    format!("ignored in {place}")
}

#[derive(Clone)]
enum Step {
    Member(String),
    Each,
}

/// Where an object is described that stands in several places.
fn shared(place: &str, key: &str) -> Option<&'static str> {
    let last = key.rsplit('.').next().unwrap_or(key);
    Some(match last {
        "play[]" | "ringback[]" => "object media",
        "devices[][]" => "object device",
        "device" if place == "method calling.begin" => "object device",
        "device" if place.starts_with("event ") && place != "event calling.call.tap" => {
            "object device of a call"
        }
        "sip_data" => "object sip_data",
        "call_info" => "object call_info",
        "channel_data" => "object channel_data",
        "translate_data" => "object translate_data",
        _ if last.ends_with("conversation_log[]") => "object log entry",
        _ => return None,
    })
}

fn walk(
    place: &str,
    key: String,
    value: &Value,
    steps: &mut Vec<Step>,
    keys: &mut Vec<(String, String, Vec<Step>)>,
) {
    if !key.is_empty() {
        keys.push((place.to_owned(), key.clone(), steps.clone()));
    }
    let (place, key) = match shared(place, &key) {
        Some(place) => (place, String::new()),
        None => (place, key),
    };
    let join = |key: &str, name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    let mut member = |key: String, names: &[&str], value: &Value| {
        steps.extend(names.iter().map(|name| Step::Member((*name).to_owned())));
        walk(place, key, value, steps, keys);
        steps.truncate(steps.len() - names.len());
    };
    match value {
        Value::Object(members) => match (members.get("type"), members.get("params")) {
            (Some(Value::String(kind)), Some(Value::Object(params))) => {
                member(join(&key, "type"), &["type"], &members["type"]);
                let key = join(&key, kind);
                for (name, value) in params {
                    member(join(&key, name), &["params", name], value);
                }
            }
            _ => {
                for (name, value) in members {
                    member(join(&key, name), &[name], value);
                }
            }
        },
        Value::Array(members) => {
            steps.push(Step::Each);
            for value in members {
                walk(place, format!("{key}[]"), value, steps, keys);
            }
            steps.pop();
        }
        _ => {}
    }
}

/// Removes what a path leads to.
fn remove(value: &mut Value, path: &[Step]) {
    match (path, value) {
        ([Step::Member(name)], Value::Object(members)) => {
            members.remove(name);
        }
        ([Step::Member(name), rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get_mut(name) {
                remove(member, rest);
            }
        }
        ([Step::Each], Value::Array(members)) => members.clear(),
        ([Step::Each, rest @ ..], Value::Array(members)) => {
            for member in members {
                remove(member, rest);
            }
        }
        _ => {}
    }
}
