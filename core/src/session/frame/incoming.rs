//! Reading the envelope of a frame without copying.

use std::borrow::Cow;
use std::time::SystemTime;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::json::{Lenient, given, is_object, object, raw_object, read_object, string};

/// A frame of the service.
#[derive(Debug)]
pub(in crate::session) enum Incoming<'a> {
    /// An answer to a request of ours.
    Response { id: &'a RawValue, outcome: Result<&'a RawValue, &'a RawValue> },
    /// A request of the service.
    Request { id: Option<&'a RawValue>, method: Cow<'a, str>, params: Option<&'a RawValue> },
}

raw_object! {
    struct Envelope { id, method, params, result, error, }
}

/// Reads a frame. Its error says why the text is none.
pub(in crate::session) fn read(text: &str) -> Result<Incoming<'_>, &'static str> {
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text) else {
        return Err("it is not a JSON object");
    };
    let Envelope { id, method, params, result, error } = envelope;
    // A result of `null` is an answer.
    match (given(id), given(error), result, given(method)) {
        (Some(id), Some(error), ..) => Ok(Incoming::Response { id, outcome: Err(error) }),
        (Some(id), None, Some(result), _) => Ok(Incoming::Response { id, outcome: Ok(result) }),
        (id, _, _, Some(method)) => match string(method) {
            Some(method) => Ok(Incoming::Request { id, method, params: given(params) }),
            None => Err("its method is not text"),
        },
        _ => Err("it is neither a request nor an answer"),
    }
}

/// The id of one of our requests: a UUID as text.
pub(in crate::session) fn request_id(raw: &RawValue) -> Option<Uuid> {
    Uuid::try_parse(raw.get().trim_matches('"')).ok()
}

/// The parameters of `signalwire.event`.
#[derive(Debug)]
pub(in crate::session) struct EventParams<'a> {
    pub(in crate::session) event_type: Cow<'a, str>,
    pub(in crate::session) timestamp: Option<SystemTime>,
    pub(in crate::session) params: &'a RawValue,
}

impl<'a> EventParams<'a> {
    pub(in crate::session) fn read(raw: &'a RawValue) -> Result<Self, &'static str> {
        raw_object! {
            struct Outer { event_type, timestamp, params, }
        }
        object! {
            struct Inner {
                timestamp: Option<SystemTime>,
            }
        }
        let Ok(outer) = serde_json::from_str::<Outer<'a>>(raw.get()) else {
            return Err("its params are not an object");
        };
        let event_type = match outer.event_type.and_then(string) {
            Some(name) if !name.is_empty() => name,
            _ => return Err("it has no event type"),
        };
        // A task has no inner parameters: its fields stand beside the event type.
        let params = given(outer.params).unwrap_or(raw);
        if !is_object(params) {
            return Err("its event's parameters are not an object");
        }
        let timestamp = match given(outer.timestamp) {
            Some(raw) => Option::read(raw),
            None => read_object::<Inner>(params.get()).timestamp,
        };
        Ok(Self { event_type, timestamp, params })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("test JSON is valid")
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
        for bad in ["", "7", "null", "{", r#"{"id":1}"#, r#"{"method":7}"#, "[]", r#"[1,"m"]"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for bad in
            ["[]", "{}", r#"{"event_type":""}"#, r#"{"event_type":5}"#, r#"{"event_type":"e","params":[]}"#]
        {
            assert!(EventParams::read(&raw(bad)).is_err(), "{bad}");
        }
    }
}
