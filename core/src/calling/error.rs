//! Errors that the service reports without being asked (`calling.error`).

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::events::event;
use crate::json::{Redacted, text_of};

event! {
    /// `calling.error`: something went wrong at the service. By the newer specification only AI features send it, with
    /// [`error`](Self::error) and `fatal`; by the SDKs any feature may, with `code` and `message`.
    ///
    /// Secrets of this client are replaced by `***` in every text. [`text`](Self::text) finds the text in each form.
    pub struct ErrorEvent(Error, "calling.error", addressed) {
        /// The service's code.
        pub code: String,
        /// The service's text.
        pub message: String,
        /// More of the service's text.
        pub description: Option<String>,
        /// `true` if the error ended the operation. Older services do not say.
        pub fatal: Option<bool>,
        error: Redacted,
    }
}

/// The members of an error that can hold its text, the best first.
const TEXTS: [&str; 6] = ["error", "message", "description", "reason", "text", "code"];

impl ErrorEvent {
    /// The error as newer services write it: a text or an object. [`Value::Null`] without. `Debug` does not print it.
    pub fn error(&self) -> &Value {
        &self.error.0
    }

    /// The text that says most: `error`, or a text in it, else `message`, `description` or `code`. Empty without.
    pub fn text(&self) -> Cow<'_, str> {
        let known = [self.message.as_str(), self.description.as_deref().unwrap_or_default(), &self.code];
        let known = || known.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        text_in(&self.error.0).unwrap_or_else(|| known().into())
    }

    /// Removes secrets from every text.
    pub(crate) fn redact(&mut self, redact: impl Fn(&str) -> String) {
        for text in [&mut self.code, &mut self.message].into_iter().chain(&mut self.description) {
            *text = redact(text);
        }
        redact_value(&mut self.error.0, &redact);
    }
}

impl fmt::Display for ErrorEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Some(self.text()).filter(|text| !text.is_empty()).unwrap_or("unknown error".into());
        let fatal = if self.fatal == Some(true) { ", which ended the operation" } else { "" };
        write!(f, "the service reports {text:?}{fatal}")
    }
}

/// The text of an error that is a text, or an object with one. An object in an object is the deepest that is read.
fn text_in(error: &Value) -> Option<Cow<'_, str>> {
    let given = |value| text_of(value).filter(|text| !text.is_empty());
    let in_inner = |inner| TEXTS.iter().find_map(|name| given(Value::get(inner, *name)?));
    let in_member = |member| given(member).or_else(|| in_inner(member));
    given(error).or_else(|| TEXTS.iter().find_map(|name| in_member(error.get(*name)?)))
}

/// Removes secrets from every text of a document, names of members included. The depth of a document is limited by its reader.
fn redact_value(value: &mut Value, redact: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = redact(text),
        Value::Array(members) => members.iter_mut().for_each(|member| redact_value(member, redact)),
        Value::Object(members) => {
            for (name, mut member) in std::mem::take(members) {
                redact_value(&mut member, redact);
                members.insert(redact(&name), member);
            }
        }
        _ => {}
    }
}
