//! Frames: reading the envelope without copying, writing it without building a document.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::ids::{CallId, ControlId, NodeId, Tag};
use crate::json::{Lenient, is_object, object};
use crate::service_error::Details;

/// What a frame of the service is.
#[derive(Debug)]
pub(super) enum Incoming<'a> {
    /// An answer to a request of ours.
    Response { id: &'a RawValue, outcome: Result<&'a RawValue, &'a RawValue> },
    /// A request of the service.
    Request { id: Option<&'a RawValue>, method: Cow<'a, str>, params: Option<&'a RawValue> },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Whatever is there is there, `null` too: a result of `null` is an answer.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Tells what a frame is, or why it is nothing.
pub(super) fn read(text: &str) -> Result<Incoming<'_>, &'static str> {
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text) else {
        return Err("it is not a JSON object");
    };
    match envelope {
        Envelope { id: Some(id), error: Some(error), .. } => {
            Ok(Incoming::Response { id, outcome: Err(error) })
        }
        Envelope { id: Some(id), result: Some(result), .. } => {
            Ok(Incoming::Response { id, outcome: Ok(result) })
        }
        Envelope { id, method: Some(method), params, .. } => match Text::read(method) {
            Some(Text(method)) => Ok(Incoming::Request { id, method, params }),
            None => Err("its method is not text"),
        },
        _ => Err("it is neither a request nor an answer"),
    }
}

/// Text that is borrowed where it contains no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}

/// The id of one of our requests: a UUID as text.
pub(super) fn request_id(raw: &RawValue) -> Option<Uuid> {
    Uuid::try_parse(raw.get().trim_matches('"')).ok()
}

/// The parameters of `signalwire.event`.
#[derive(Debug)]
pub(super) struct EventParams<'a> {
    pub(super) event_type: Cow<'a, str>,
    pub(super) timestamp: Option<SystemTime>,
    pub(super) params: &'a RawValue,
}

impl<'a> EventParams<'a> {
    pub(super) fn read(raw: &'a RawValue) -> Result<Self, &'static str> {
        #[derive(Deserialize)]
        struct Outer<'a> {
            #[serde(borrow)]
            event_type: Option<&'a RawValue>,
            #[serde(borrow)]
            timestamp: Option<&'a RawValue>,
            #[serde(borrow)]
            params: Option<&'a RawValue>,
        }
        object! {
            struct Inner {
                timestamp: Option<SystemTime>,
            }
        }
        let Ok(outer) = serde_json::from_str::<Outer<'a>>(raw.get()) else {
            return Err("its params are not an object");
        };
        let event_type = match outer.event_type.and_then(Text::read) {
            Some(Text(name)) if !name.is_empty() => name,
            _ => return Err("it has no event type"),
        };
        // A task has no inner parameters: its fields stand beside the event type.
        let params = outer.params.unwrap_or(raw);
        if !is_object(params) {
            return Err("its event's parameters are not an object");
        }
        let timestamp = match outer.timestamp {
            Some(raw) => Option::read(raw),
            None => serde_json::from_str::<Inner>(params.get()).ok().and_then(|inner| inner.timestamp),
        };
        Ok(Self { event_type, timestamp, params })
    }
}

/// A request's own status inside its result.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Status {
    pub(super) code: i64,
    pub(super) message: String,
    /// The explanation, with whatever secrets the service put into it.
    pub(super) details: Option<Details>,
}

impl Status {
    /// Reads the status that makes a result a refusal, if it is one: a code that is not of the form 2xx.
    pub(super) fn refusal_in(result: &RawValue) -> Option<Self> {
        let head = StatusHead::read(result)?;
        let code = head.code?;
        let code = code.get().trim_matches('"');
        if code.len() == 3 && code.starts_with('2') && code.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            code: code.parse().unwrap_or(-1),
            message: message(head.message),
            details: details(result),
        })
    }

    /// Reads a JSON-RPC error, whatever shape it has.
    pub(super) fn of_error(error: &RawValue) -> Self {
        match StatusHead::read(error) {
            Some(head) => Self {
                code: head.code.and_then(|code| code.get().trim_matches('"').parse().ok()).unwrap_or(-1),
                message: message(head.message),
                details: details(error),
            },
            None => Self { code: -1, message: message(Some(error)), details: None },
        }
    }
}

#[derive(Deserialize)]
struct StatusHead<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

impl<'a> StatusHead<'a> {
    /// Of an object; arrays, which would also fill the fields, are none.
    fn read(raw: &'a RawValue) -> Option<Self> {
        is_object(raw).then(|| serde_json::from_str(raw.get()).ok()).flatten()
    }
}

/// The explanation of a refusal, if there is one.
fn details(refusal: &RawValue) -> Option<Details> {
    object! {
        struct Members {
            data: Value,
            message_data: Value,
            errors: Value,
        }
    }
    let Members { data, message_data, errors } = serde_json::from_str(refusal.get()).unwrap_or_default();
    let details = Details { data, message_data, errors };
    (details != Details::default()).then_some(details)
}

fn message(raw: Option<&RawValue>) -> String {
    match raw {
        None => "Unknown error".to_owned(),
        Some(raw) => match Text::read(raw) {
            Some(Text(text)) => text.into_owned(),
            // Written anew: escapes could hide what must not be shown.
            None => serde_json::from_str::<Value>(raw.get())
                .map_or_else(|_| raw.get().to_owned(), |value| value.to_string()),
        },
    }
}

/// The answer to a request of the service.
pub(super) fn acknowledgement(id: &RawValue, result: &str) -> String {
    let mut text = String::with_capacity(36 + id.get().len() + result.len());
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    text.push_str(id.get());
    text.push_str(r#","result":"#);
    text.push_str(result);
    text.push('}');
    text
}

/// The answer to a ping: what came with it, sent back.
pub(super) fn pong(params: Option<&RawValue>) -> String {
    #[derive(Deserialize, serde::Serialize)]
    struct Ping<'a> {
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        payload: Option<&'a RawValue>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        timestamp: Option<&'a RawValue>,
    }
    params
        .and_then(|params| serde_json::from_str::<Ping<'_>>(params.get()).ok())
        .and_then(|ping| serde_json::to_string(&ping).ok())
        .unwrap_or_else(|| "{}".to_owned())
}

/// The members that the session adds to a request's parameters.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) call: Option<(&'a NodeId, &'a CallId)>,
    pub(super) control_id: Option<&'a ControlId>,
    pub(super) tag: Option<&'a Tag>,
}

/// A request of ours. `params` is the JSON text of an object.
pub(super) fn request(id: Uuid, method: &str, address: Address<'_>, params: &str) -> String {
    let mut text = String::with_capacity(192 + method.len() + params.len());
    // Writing to a String cannot fail.
    let _ = write!(text, r#"{{"jsonrpc":"2.0","id":"{}","method":"#, id.as_hyphenated());
    push_text(&mut text, method);
    text.push_str(r#","params":{"#);
    let start = text.len();
    let mut member = |name: &str, value: &str| {
        if text.len() > start {
            text.push(',');
        }
        let _ = write!(text, r#""{name}":"#);
        push_text(&mut text, value);
    };
    if let Some((node_id, call_id)) = address.call {
        member("node_id", node_id.as_str());
        member("call_id", call_id.as_str());
    }
    if let Some(control_id) = address.control_id {
        member("control_id", control_id.as_str());
    }
    if let Some(tag) = address.tag {
        member("tag", tag.as_str());
    }
    let members = params.trim().strip_prefix('{').map_or("}", str::trim_start);
    if text.len() > start && members != "}" {
        text.push(',');
    }
    text.push_str(members);
    text.push('}');
    text
}

/// Gives the parameters of a request of ours a context.
pub(super) fn add_context(frame: &mut String, context: &str) {
    // In the method, which is all that is free-form before it, quotes are escaped.
    const START: &str = r#","params":{"#;
    let Some(at) = frame.find(START).map(|at| at + START.len()) else { return };
    let mut member = r#""context":"#.to_owned();
    push_text(&mut member, context);
    if !frame[at..].starts_with('}') {
        member.push(',');
    }
    frame.insert_str(at, &member);
}

fn push_text(text: &mut String, value: &str) {
    let plain = value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        // A string always serialises.
        text.push_str(&serde_json::to_string(value).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("test JSON is valid")
    }

    #[test]
    fn addresses_are_spliced_into_parameters() {
        let (node, call, control, tag) = ("n\"1".into(), "c1".into(), "k".into(), "t".into());
        let full = Address { call: Some((&node, &call)), control_id: Some(&control), tag: Some(&tag) };
        let value = |address, params| -> Value {
            serde_json::from_str(&request(Uuid::nil(), "calling.play", address, params)).expect("valid JSON")
        };
        assert_eq!(
            value(full, r#" { "a": 1 } "#)["params"],
            json!({"node_id": "n\"1", "call_id": "c1", "control_id": "k", "tag": "t", "a": 1})
        );
        assert_eq!(value(full, "{}")["params"]["tag"], "t");
        assert_eq!(value(Address::default(), r#"{"a":1}"#)["params"], json!({"a": 1}));
        assert_eq!(value(Address::default(), "{}")["params"], json!({}));
        assert_eq!(value(Address::default(), "{ }")["id"], Uuid::nil().to_string());
    }

    #[test]
    fn a_context_is_spliced_into_parameters() {
        for (params, with) in [
            ("{}", json!({"context": "a\"b"})),
            (r#"{ "body": "," }"#, json!({"context": "a\"b", "body": ","})),
        ] {
            let mut frame = request(Uuid::nil(), r#"x","params":{"#, Address::default(), params);
            add_context(&mut frame, "a\"b");
            let value: Value = serde_json::from_str(&frame).expect("valid JSON");
            assert_eq!((&value["method"], &value["params"]), (&json!(r#"x","params":{"#), &with));
        }
    }

    #[test]
    fn only_codes_of_two_hundred_and_something_are_success() {
        for good in [r#"{"code":"200"}"#, r#"{"code":201}"#, "{}", r#"{"message":"x"}"#, "[]", "7", "null"] {
            assert_eq!(Status::refusal_in(&raw(good)), None, "{good}");
        }
        let status = |text| Status::refusal_in(&raw(text)).expect("a refusal");
        assert_eq!(
            status(r#"{"code":"404","message":"gone"}"#),
            Status { code: 404, message: "gone".into(), details: None }
        );
        assert_eq!(
            status(r#"{"code":"oops"}"#),
            Status { code: -1, message: "Unknown error".into(), details: None }
        );
        let explained =
            status(r#"{"code":"400","data":{"a":["b"]},"message_data":null,"errors":7,"data":1}"#);
        assert_eq!(
            (explained.code, explained.details),
            (400, None),
            "what is said twice is left out, and it is a refusal"
        );
        let explained = status(r#"{"code":"400","data":{"a":["b"]},"message_data":null,"errors":7}"#);
        let expected = Details { data: json!({"a": ["b"]}), errors: json!(7), ..Details::default() };
        assert_eq!(explained.details, Some(expected));
        assert_eq!(status(r#"{"code":"2000"}"#).code, 2000);
        assert_eq!(status(r#"{"code":"+20"}"#).code, 20);
    }

    #[test]
    fn errors_of_every_shape_are_read() {
        let status = |text| Status::of_error(&raw(text));
        assert_eq!(
            status(r#"{"code":-32602,"message":"bad"}"#),
            Status { code: -32602, message: "bad".into(), details: None }
        );
        assert_eq!(
            status(r#"{"code":"-32000"}"#),
            Status { code: -32000, message: "Unknown error".into(), details: None }
        );
        assert_eq!(status(r#""no""#), Status { code: -1, message: "no".into(), details: None });
        assert_eq!(status("[1]"), Status { code: -1, message: "[1]".into(), details: None });
        assert_eq!(status(r#"{"message":{"a":1}}"#).message, r#"{"a":1}"#);
    }

    #[test]
    fn pings_are_echoed() {
        assert_eq!(
            pong(Some(&raw(r#"{"timestamp":1.50,"payload":"p","x":1}"#))),
            r#"{"payload":"p","timestamp":1.50}"#
        );
        for empty in [None, Some(&*raw("{}")), Some(&*raw("[]")), Some(&*raw("7"))] {
            assert_eq!(pong(empty), "{}", "{empty:?}");
        }
    }

    #[test]
    fn the_time_of_an_event_is_read_outside_then_inside() {
        let time = |text| {
            let time = EventParams::read(&raw(text)).expect("an event").timestamp?;
            Some(time.duration_since(SystemTime::UNIX_EPOCH).expect("later").as_secs_f64())
        };
        assert_eq!(time(r#"{"event_type":"e","timestamp":1.5,"params":{"timestamp":2}}"#), Some(1.5));
        assert_eq!(time(r#"{"event_type":"e","timestamp":"1.5","params":{}}"#), Some(1.5));
        assert_eq!(time(r#"{"event_type":"e","params":{"timestamp":2}}"#), Some(2.0));
        assert_eq!(time(r#"{"event_type":"e","params":{}}"#), None);
    }

    #[test]
    fn an_event_without_inner_parameters_has_the_outer_ones() {
        let task =
            raw(r#"{"event_type":"queuing.relay.tasks","context":"office","message":{"a":1},"timestamp":7}"#);
        let event = EventParams::read(&task).expect("an event");
        assert_eq!((&*event.event_type, event.timestamp.is_some()), ("queuing.relay.tasks", true));
        assert_eq!(event.params.get(), task.get());
    }

    #[test]
    fn what_is_nothing_says_why() {
        for bad in ["", "7", "null", "{", r#"{"id":1}"#, r#"{"method":7}"#, r#"{"id":1,"id":2,"method":"m"}"#]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        for bad in
            ["[]", "{}", r#"{"event_type":""}"#, r#"{"event_type":5}"#, r#"{"event_type":"e","params":[]}"#]
        {
            assert!(EventParams::read(&raw(bad)).is_err(), "{bad}");
        }
    }
}
