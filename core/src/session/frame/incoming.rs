//! Reading the envelope of a frame without copying.

use std::borrow::Cow;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Text;
use crate::json::{Lenient, is_object, object};

/// A frame of the service.
#[derive(Debug)]
pub(in crate::session) enum Incoming<'a> {
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

/// Reads a frame. Its error says why the text is none.
pub(in crate::session) fn read(text: &str) -> Result<Incoming<'_>, &'static str> {
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
