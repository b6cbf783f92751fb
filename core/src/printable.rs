//! Text of others in log lines and errors.

use std::fmt::{self, Write as _};

/// Text of somebody else, printed in one line and without anything that a terminal acts on: line breaks, control
/// characters and marks that change the direction of writing are escaped.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains(is_escaped) {
            return f.pad(self.0);
        }
        let mut line = String::with_capacity(self.0.len());
        for letter in self.0.chars() {
            if is_escaped(letter) {
                // Writing to a String cannot fail.
                let _ = write!(line, "{}", letter.escape_default());
            } else {
                line.push(letter);
            }
        }
        f.pad(&line)
    }
}

/// The text of an error or a panic of the application, or of a transport, in one line.
pub(crate) fn printable(text: &impl fmt::Display) -> String {
    Printable(&text.to_string()).to_string()
}

fn is_escaped(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            // The separators of lines and paragraphs, and the marks, embeddings, overrides and isolates of direction.
            '\u{2028}' | '\u{2029}' | '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling::EndReason;
    use crate::error::{AuthenticationFailed, ConnectRefusal, DialFailed};
    use crate::ids::CallId;
    use crate::service_error::ServiceError;
    use crate::session::{ConnectionState, Notice};

    const HOSTILE: &str = "a\nb\r\u{1b}[31m\u{7f}\u{9b}\u{2028}\u{2029}\u{202e}\u{2066}\u{0}";

    #[test]
    fn ordinary_text_is_printed_as_it_is() {
        for text in ["", "no such \"call\"", "größer – 👩‍👧 \\n", "a b"] {
            assert_eq!(Printable(text).to_string(), text);
        }
        assert_eq!(format!("{:>3}|", Printable("é")), "  é|");
        assert_eq!(Printable("a\nb\u{1b}").to_string(), r"a\nb\u{1b}");
    }

    #[test]
    fn no_text_of_others_breaks_a_line() {
        let text = || HOSTILE.to_owned();
        let refused = ServiceError {
            method: text(),
            call_id: Some(HOSTILE.into()),
            code: 400,
            message: text(),
            details: Some(std::sync::Arc::new(crate::service_error::Details {
                data: serde_json::json!({ HOSTILE: [HOSTILE] }),
                ..Default::default()
            })),
        };
        let destination = ServiceError {
            details: Some(std::sync::Arc::new(crate::service_error::Details {
                message_data: serde_json::json!([{ "errors": [HOSTILE] }]),
                ..Default::default()
            })),
            ..refused.clone()
        };
        let failed = AuthenticationFailed {
            attempts: 1,
            code: 401,
            message: text(),
            refusal: ConnectRefusal::Authentication,
        };
        let closed = crate::Error::Transport(std::sync::Arc::new(std::io::Error::other(HOSTILE)));
        let lines = [
            CallId::from(HOSTILE).to_string(),
            EndReason::from(HOSTILE).to_string(),
            refused.to_string(),
            format!("{refused:?}"),
            destination.to_string(),
            failed.to_string(),
            AuthenticationFailed { refusal: ConnectRefusal::Unknown, ..failed }.to_string(),
            DialFailed { tag: HOSTILE.into(), reason: Some(text()), legs: Vec::new() }.to_string(),
            closed.to_string(),
            format!("{closed:?}"),
            Notice::ResumeRefused(text()).to_string(),
            Notice::HandlerFailed { call_id: HOSTILE.into(), error: text() }.to_string(),
            Notice::MessageHandlerFailed(text()).to_string(),
            Notice::TaskRepeated(text()).to_string(),
            Notice::TaskWaits(text()).to_string(),
            Notice::TaskDropped { context: text(), dropped: 1 }.to_string(),
            Notice::TaskHandlerFailed(text()).to_string(),
            Notice::HandlerPanicked(text()).to_string(),
            ConnectionState::Closed { reason: Some(HOSTILE.into()) }.to_string(),
            ConnectionState::Backoff { attempt: 1, retry_in: crate::secs(1), reason: HOSTILE.into() }
                .to_string(),
            crate::InvalidArgument::new("a", HOSTILE).to_string(),
        ];
        for line in lines {
            assert!(!line.contains(is_escaped), "{line:?}");
        }
    }
}
