//! Refusals of requests, and their explanations.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Certainty, outcome_is_unknown, try_later};
use crate::ids::CallId;
use crate::printable::Printable;

/// The service answered a request with an error.
///
/// Codes are three digits from a result, and negative from JSON-RPC:
///
/// | code | means | carried out? |
/// | --: | --- | --- |
/// | −32000 | the service ran out of time | unknown |
/// | −32001 | not available in this version of the protocol | no |
/// | −32002 | authentication failed | no |
/// | −32003 | not allowed | no |
/// | −32004 | not available; try later | no |
/// | −32005 | the service is full; try later | no |
/// | −32600, −32601, −32602, −32700 | the request is malformed, or its method unknown | no |
/// | −32603 | internal error | unknown |
/// | 4xx | the request was refused; 408 and 429: try later | no |
/// | 5xx | the service failed | unknown |
///
/// The names of the negative codes come from a newer specification, which the SDKs do not follow: they treat every code as
/// a plain refusal. What this client concludes from them, and from 408, 429 and 5xx, is its own.
///
/// The explanation of a refusal, beyond its text, is JSON of no fixed form: `data` by the newer specification, `errors` by
/// one of the SDKs for messages, and `message_data` for dials and connects. All are kept, without the secrets of the
/// session, and read as far as they have a known form. `Debug` prints none of them: they name telephone numbers.
///
/// ```
/// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
/// use signalwire_relay_core::{Devices, Error, phone};
/// let desks = Devices::from(phone("+15551001000")).then(phone("+1555"));
/// match client.dial(desks).await {
///     Ok(call) => call.hangup().await?,
///     Err(Error::ServiceError(refused)) => {
///         for destination in refused.destinations() {
///             println!("{:?} was refused: {:?}", destination.to, destination.errors);
///         }
///     }
///     Err(other) => return Err(other),
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceError {
    /// The wire method.
    pub method: String,
    /// The call, if the request was about one.
    pub call_id: Option<CallId>,
    /// The service's code: three digits from a result, negative from JSON-RPC, −1 if it gave none.
    pub code: i64,
    /// The service's text.
    pub message: String,
    pub(crate) details: Option<Arc<Details>>,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service refused {}", Printable(&self.method))?;
        if let Some(call_id) = &self.call_id {
            write!(f, " on call {call_id}")?;
        }
        write!(f, ": {} (code {})", Printable(&self.message), self.code)?;
        self.write_first_detail(f)?;
        match self.certainty() {
            Certainty::Unknown => write!(f, "; {}", Certainty::Unknown),
            _ if self.is_temporary() => f.write_str("; try again later"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ServiceError {}

impl ServiceError {
    /// The certainty of the outcome: [`Certainty::Unknown`] for the codes with which the service says
    /// that it does not know either (−32000, −32603 and 5xx), else [`Certainty::Refused`].
    ///
    /// Repeat a request whose outcome is unknown only where doing it twice is harmless: a dial or a message would go out
    /// twice.
    pub fn certainty(&self) -> Certainty {
        if outcome_is_unknown(self.code) { Certainty::Unknown } else { Certainty::Refused }
    }

    /// Returns the service's `data`: by the newer specification a list of errors for calls, and for messages an object with the
    /// texts for each field. `null` if there is none.
    pub fn data(&self) -> &Value {
        self.details.as_ref().map_or(&Value::Null, |details| &details.data)
    }

    /// Returns the service's `message_data`: by the newer specification the errors of each destination of a dial or a connect.
    /// `null` if there is none.
    pub fn message_data(&self) -> &Value {
        self.details.as_ref().map_or(&Value::Null, |details| &details.message_data)
    }

    /// Returns the service's `errors`: the explanation of a refused message by one of the SDKs. `null` if there is none.
    pub fn errors(&self) -> &Value {
        self.details.as_ref().map_or(&Value::Null, |details| &details.errors)
    }

    /// Returns the destinations that were refused, from `message_data`; empty if the service names none.
    pub fn destinations(&self) -> Vec<DestinationError> {
        listed(self.message_data()).filter_map(DestinationError::read).collect()
    }

    /// Returns the fields that were refused, from `data` and `errors`; empty if the service names none.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::Error;
    /// let sent = client.send_message("+15551110000", "+15552220000").template_id("tpl_shipping").await;
    /// if let Err(Error::ServiceError(refused)) = sent {
    ///     for refused in refused.fields() {
    ///         println!("{}: {}", refused.field, refused.messages.join(", "));
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn fields(&self) -> Vec<FieldError> {
        let mut fields: Vec<FieldError> = Vec::new();
        let found = [self.data(), self.errors()].into_iter().flat_map(fields_of);
        for (field, message) in found {
            match fields.iter_mut().find(|known| known.field == field) {
                Some(known) if known.messages.contains(&message) => {}
                Some(known) => known.messages.push(message),
                None => fields.push(FieldError { field, messages: vec![message] }),
            }
        }
        fields
    }

    /// Writes the first field with its text, or the number of destinations with the text of the first, and no telephone
    /// number.
    fn write_first_detail(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.details.is_none() {
            return Ok(());
        }
        if let Some(FieldError { field, messages }) = self.fields().first() {
            return write!(f, "; {}: {}", Printable(field), Printable(&messages.join(", ")));
        }
        let destinations = self.destinations();
        match destinations.first() {
            Some(first) => {
                let number = destinations.len();
                let plural = if number == 1 { "" } else { "s" };
                let why = first.errors.first().map_or("no reason given", |error| &error.message);
                write!(f, "; {number} destination{plural} refused: {}", Printable(why))
            }
            None => Ok(()),
        }
    }

    /// Returns `true` if the same request may be accepted later: the service is full or not available (−32004, −32005, 408, 429).
    pub fn is_temporary(&self) -> bool {
        try_later(self.code)
    }
}

/// A destination of a dial or a connect that the service refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationError {
    /// The number or address that the call was to come from.
    pub from: Option<String>,
    /// The number or address that was to be called.
    pub to: Option<String>,
    /// The reasons; empty if the service gave none.
    pub errors: Vec<ErrorReason>,
}

impl DestinationError {
    fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let errors = object.get("errors").into_iter().flat_map(listed).filter_map(ErrorReason::read);
        Some(Self {
            from: object.get("from").and_then(text),
            to: object.get("to").and_then(text),
            errors: errors.collect(),
        })
    }
}

/// One reason of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorReason {
    /// The service's code, such as `400`.
    pub code: Option<String>,
    /// The service's text; empty if there is only a code.
    pub message: String,
}

impl ErrorReason {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Object(members) => {
                let code = members.get("code").and_then(text);
                let message = MESSAGE_NAMES.iter().find_map(|name| members.get(*name).and_then(text));
                (code.is_some() || message.is_some())
                    .then(|| Self { code, message: message.unwrap_or_default() })
            }
            other => text(other).map(|message| Self { code: None, message }),
        }
    }
}

/// A field of a request that the service refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field, by its name on the wire.
    pub field: String,
    /// What is wrong with it, in the service's words.
    pub messages: Vec<String>,
}

/// The members of a refusal besides its code and its text.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Details {
    pub(crate) data: Value,
    pub(crate) message_data: Value,
    pub(crate) errors: Value,
}

/// Prints nothing: telephone numbers may be in it.
impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Names under which services give a text.
const MESSAGE_NAMES: [&str; 4] = ["message", "error", "description", "detail"];
/// Names under which services name a field.
const FIELD_NAMES: [&str; 4] = ["field", "parameter", "param", "attribute"];

/// The members of a list; anything else stands for itself.
fn listed(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(members) => members.iter(),
        Value::Null => [].iter(),
        other => std::slice::from_ref(other).iter(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The fields with their texts: of an object with a member for each field, or of a list of objects that name theirs.
fn fields_of(value: &Value) -> Vec<(String, String)> {
    let read = |field: &str, value: &Value| {
        ErrorReason::read(value).map(|reason| (field.to_owned(), reason.message))
    };
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(field, values)| listed(values).filter_map(move |value| read(field, value)))
            .collect(),
        Value::Array(members) => members
            .iter()
            .filter_map(|member| {
                let field = FIELD_NAMES.iter().find_map(|name| member.get(name).and_then(text))?;
                read(&field, member)
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(details: Details) -> ServiceError {
        ServiceError {
            method: "calling.dial".into(),
            call_id: None,
            code: 400,
            message: "No".into(),
            details: Some(Arc::new(details)),
        }
    }

    fn field(field: &str, messages: &[&str]) -> FieldError {
        let messages = messages.iter().map(|&message| message.to_owned()).collect();
        FieldError { field: field.to_owned(), messages }
    }

    #[test]
    fn destinations_are_read_in_every_form() {
        let message_data = json!([
            {"from": "+15550000", "to": "+1555", "errors": [{"code": "400", "message": "to_number too short"}, "also"]},
            {"to": 5_550_001, "errors": {"code": 402}}, {}, "nothing", null, 7,
        ]);
        let refused = refused(Details { message_data, ..Details::default() });
        let [first, second, third] = &refused.destinations()[..] else {
            panic!("{:?}", refused.destinations())
        };
        assert_eq!((first.from.as_deref(), first.to.as_deref()), (Some("+15550000"), Some("+1555")));
        let reason = |code: Option<&str>, message: &str| ErrorReason {
            code: code.map(str::to_owned),
            message: message.to_owned(),
        };
        assert_eq!(first.errors, [reason(Some("400"), "to_number too short"), reason(None, "also")]);
        assert_eq!(
            (second.to.as_deref(), &second.errors[..]),
            (Some("5550001"), &[reason(Some("402"), "")][..])
        );
        assert_eq!((&third.from, &third.to, third.errors.len()), (&None, &None, 0));
        assert_eq!(
            refused.to_string(),
            "the service refused calling.dial: No (code 400); 3 destinations refused: \
            to_number too short"
        );
    }

    #[test]
    fn fields_are_read_in_every_form() {
        for data in [
            json!({"media": ["too many items"], "body": []}),
            json!({"media": "too many items"}),
            json!({"media": [{"message": "too many items"}]}),
        ] {
            let refused = refused(Details { data: data.clone(), ..Details::default() });
            assert_eq!(refused.fields(), [field("media", &["too many items"])], "{data}");
        }
        let errors = json!([{"field": "body", "message": "missing"}, {"code": "7"}, "no"]);
        let both =
            refused(Details { data: json!({"body": ["missing", "empty"]}), errors, ..Details::default() });
        assert_eq!(both.fields(), [field("body", &["missing", "empty"])]);
        assert_eq!(both.to_string(), "the service refused calling.dial: No (code 400); body: missing, empty");
        for nothing in
            [json!(null), json!([]), json!([{"code": "400", "message": "x"}]), json!("x"), json!(7)]
        {
            let refused = refused(Details { data: nothing, ..Details::default() });
            assert_eq!((refused.fields(), refused.destinations()), (vec![], vec![]));
            assert_eq!(refused.to_string(), "the service refused calling.dial: No (code 400)");
        }
    }
}
