//! The status of an answer: success, or a refusal with a code, a text and an explanation.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::{given, object, raw_object, read_object, string, value};
use crate::service_error::Details;

/// A request's own status inside its result.
#[derive(Debug, Default, PartialEq)]
pub(in crate::session) struct Status {
    pub(in crate::session) code: i64,
    pub(in crate::session) message: String,
    /// The explanation, with whatever secrets the service put into it.
    pub(in crate::session) details: Option<Details>,
}

impl Status {
    /// Reads the status that makes a result a refusal, if it is one: a code that is not of the form 2xx.
    pub(in crate::session) fn refusal_in(result: &RawValue) -> Option<Self> {
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
    pub(in crate::session) fn of_error(error: &RawValue) -> Self {
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

raw_object! {
    struct StatusHead { code, message, }
}

impl<'a> StatusHead<'a> {
    /// Of an object; anything else has none.
    fn read(raw: &'a RawValue) -> Option<Self> {
        let Self { code, message } = serde_json::from_str(raw.get()).ok()?;
        Some(Self { code: given(code), message: given(message) })
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
    let Members { data, message_data, errors } = read_object(refusal.get());
    let details = Details { data, message_data, errors };
    (details != Details::default()).then_some(details)
}

fn message(raw: Option<&RawValue>) -> String {
    match raw {
        None => "Unknown error".to_owned(),
        Some(raw) => match string(raw) {
            Some(text) => text.into_owned(),
            // Written anew: escapes could hide what must not be shown.
            None => value(raw).to_string(),
        },
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
        let twice = status(r#"{"code":"400","data":{"a":["b"]},"data":1}"#);
        let expected = Details { data: json!(1), ..Details::default() };
        assert_eq!((twice.code, twice.details), (400, Some(expected)), "the last counts");
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
}
