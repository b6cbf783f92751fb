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

/// A secret with fewer characters is struck out where it stands as a word of its own: anywhere else it is part of ordinary
/// words, and striking it out would spoil them and give the secret away.
const MIN_LENGTH_ANYWHERE: usize = 8;

/// Removes secrets from a text.
fn redact(secrets: &[&str], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        // As it is, and as it stands in JSON.
        let escaped = Value::from(*secret).to_string();
        let escaped = escaped.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&escaped);
        let text = strike_out(&text, secret);
        if escaped == *secret { text } else { strike_out(&text, escaped) }
    })
}

/// Replaces a secret: a long one anywhere, a short one as a whole word.
fn strike_out(text: &str, secret: &str) -> String {
    if secret.chars().count() >= MIN_LENGTH_ANYWHERE {
        return text.replace(secret, "***");
    }
    let mut struck_out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(secret) {
        let end = at + secret.len();
        let is_word = !continues(text[..at].chars().next_back(), secret.chars().next())
            && !continues(secret.chars().next_back(), text[end..].chars().next());
        if is_word {
            struck_out.push_str(&text[done..at]);
            struck_out.push_str("***");
            done = end;
        }
    }
    struck_out.push_str(&text[done..]);
    struck_out
}

/// Returns `true` if two neighbours are of the same word.
fn continues(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_secret_leaves_ordinary_words_alone_and_is_struck_out_as_a_word() {
        assert_eq!(redact(&["t"], "cannot connect"), "cannot connect");
        assert_eq!(redact(&["t"], r#"{"token":"t"}, said t; t"#), r#"{"token":"***"}, said ***; ***"#);
        assert_eq!(redact(&["a.b"], "a.b xa.b a.bx a.b."), "*** xa.b a.bx ***.");
        assert_eq!(redact(&["-a"], "x-a -a"), "x*** ***");
        assert_eq!(redact(&["PT-1234567"], "xPT-1234567y"), "x***y", "a long one is struck out anywhere");
        assert_eq!(
            redact_value(&["7"], serde_json::json!([7, 77, "7"])),
            serde_json::json!(["***", 77, "***"])
        );
    }

    /// Texts between which a secret is a word of its own.
    fn separators() -> impl Strategy<Value = String> {
        proptest::string::string_regex("[ -/:-@\\[-`{-~\n]{1,5}").expect("a pattern")
    }

    proptest! {
        #[test]
        fn a_secret_of_any_length_is_struck_out_as_a_word(
            secret in "[a-zA-Z0-9-]{1,20}",
            before in separators(),
            after in separators(),
        ) {
            let text = format!("{before}{secret}{after}");
            let struck_out = redact(&[&secret], &text);
            let is_word = |at: usize| {
                !continues(struck_out[..at].chars().next_back(), secret.chars().next())
                    && !continues(secret.chars().next_back(), struck_out[at + secret.len()..].chars().next())
            };
            let left = struck_out.match_indices(&*secret).any(|(at, _)| is_word(at));
            prop_assert!(!left && struck_out.contains("***"), "{struck_out}");
        }

        #[test]
        fn a_long_secret_is_struck_out_anywhere(
            secret in "[a-zA-Z0-9\"\\\\-]{8,30}",
            before in ".{0,10}",
            after in ".{0,10}",
        ) {
            let text = format!("{before}{secret}{after}");
            prop_assert!(!redact(&[&secret], &text).contains(&*secret));
            let quoted = Value::from(text).to_string();
            let escaped = Value::from(&*secret).to_string();
            prop_assert!(!redact(&[&secret], &quoted).contains(escaped.trim_matches('"')));
        }

        #[test]
        fn words_that_only_contain_a_short_secret_are_left_alone(
            secret in "[a-z]{1,7}",
            before in "[a-z]{1,5}",
        ) {
            let text = format!("{before}{secret} {secret}{before}");
            prop_assert_eq!(redact(&[&secret], &text), text);
        }
    }
}
