//! Removing the secrets of a session from text and JSON of the service.

use serde_json::Value;

use super::Session;
use crate::events::Event;
use crate::service_error::Details;

impl Session {
    /// Text of the service without the secrets of this session.
    pub(super) fn redact(&self, text: &str) -> String {
        redact(&self.secrets(), text)
    }

    /// The explanation of a refusal without the secrets of this session.
    pub(super) fn redact_details(&self, details: Details) -> Details {
        let secrets = self.secrets();
        let Details { data, message_data, errors } = details;
        Details {
            data: redact_value(&secrets, data),
            message_data: redact_value(&secrets, message_data),
            errors: redact_value(&secrets, errors),
        }
    }

    /// Removes the secrets of this session from texts of an event that are for people, who may print them.
    pub(super) fn redact_event(&self, event: &mut Event) {
        match event {
            Event::Error(error) => error.redact(|text| self.redact(text)),
            Event::AiWarning(warning) => warning.error = self.redact(&warning.error),
            Event::Sidecar(sidecar) => {
                self.redact_in_place(&mut sidecar.report.error_reason);
                self.redact_in_place(&mut sidecar.report.detail);
            }
            Event::Connect(connect) => self.redact_in_place(&mut connect.failed_reason),
            Event::Dial(dial) => self.redact_in_place(&mut dial.reason),
            Event::MessageState(state) => self.redact_in_place(&mut state.reason),
            Event::Pay(pay) => self.redact_in_place(&mut pay.payment_connector_error_message),
            _ => {}
        }
    }

    fn redact_in_place(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            *text = self.redact(text);
        }
    }

    /// The secrets of this session, the longest first.
    fn secrets(&self) -> Vec<&str> {
        let mut secrets: Vec<_> = self
            .authentication
            .secrets()
            .chain(self.resume.authorization_states())
            .filter(|secret| !secret.is_empty())
            .collect();
        // A secret may contain another, which must not be removed first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }
}

/// Removes secrets from a text.
fn redact(secrets: &[&str], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        // As it is, and as it stands in JSON.
        let escaped = Value::from(*secret).to_string();
        text.replace(secret, "***").replace(escaped.trim_matches('"'), "***")
    })
}

/// Removes secrets from JSON: from texts, from names, and from numbers, which become text then.
fn redact_value(secrets: &[&str], value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(secrets, &text)),
        Value::Array(members) => members.into_iter().map(|member| redact_value(secrets, member)).collect(),
        Value::Object(members) => {
            let redacted =
                |(name, member): (String, Value)| (redact(secrets, &name), redact_value(secrets, member));
            members.into_iter().map(redacted).collect()
        }
        Value::Number(number) => {
            let text = number.to_string();
            let redacted = redact(secrets, &text);
            if redacted == text { Value::Number(number) } else { Value::String(redacted) }
        }
        other => other,
    }
}
