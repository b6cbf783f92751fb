//! What was said, and what was said wrongly.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{ConnectionId, Scenario};

/// The journal keeps at least this many of the newest frames, and at most twice as many.
pub const MAX_JOURNAL_ENTRIES: usize = 10_000;
/// How many violations are kept; later ones are only reported.
pub const MAX_VIOLATIONS: usize = 10_000;

/// Who sent a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A client sent it.
    FromClient,
    /// The service sent it.
    ToClient,
}

/// One frame that passed.
///
/// `Debug` and `Display` hide credentials; [`text`](Self::text) shows the frame as it was.
#[derive(Clone)]
pub struct JournalEntry {
    /// When, since the start.
    pub at: Duration,
    /// Who sent it.
    pub direction: Direction,
    /// The other end.
    pub connection: ConnectionId,
    text: String,
    secrets: Arc<Secrets>,
}

impl JournalEntry {
    /// The frame, credentials included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The frame with `***` in place of credentials.
    pub fn redacted(&self) -> String {
        self.secrets.redact(&self.text)
    }
}

impl fmt::Display for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::FromClient => "→",
            Direction::ToClient => "←",
        };
        write!(f, "{:>10.3} {} {arrow} {}", self.at.as_secs_f64(), self.connection, self.redacted())
    }
}

impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The newest frames.
#[derive(Debug)]
pub(super) struct Journal {
    entries: Vec<JournalEntry>,
    /// How many there have ever been.
    count: u64,
    secrets: Arc<Secrets>,
}

impl Journal {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self { entries: Vec::new(), count: 0, secrets: Arc::new(Secrets::of(scenario)) }
    }

    pub(super) fn received(&mut self, at: Duration, from: ConnectionId, text: &str) {
        self.push(at, Direction::FromClient, from, text);
    }

    pub(super) fn sent(&mut self, at: Duration, to: ConnectionId, text: &str) {
        self.push(at, Direction::ToClient, to, text);
    }

    pub(super) fn entries(&self) -> &[JournalEntry] {
        &self.entries
    }

    /// The entries after the first `count`, as far as they are kept, and how many there are by now.
    #[cfg(feature = "listener")]
    pub(super) fn after(&self, count: u64) -> (&[JournalEntry], u64) {
        let new = usize::try_from(self.count.saturating_sub(count)).unwrap_or(usize::MAX);
        (&self.entries[self.entries.len().saturating_sub(new)..], self.count)
    }

    fn push(&mut self, at: Duration, direction: Direction, connection: ConnectionId, text: &str) {
        if self.entries.len() == 2 * MAX_JOURNAL_ENTRIES {
            self.entries.drain(..MAX_JOURNAL_ENTRIES);
        }
        self.count += 1;
        let secrets = Arc::clone(&self.secrets);
        self.entries.push(JournalEntry { at, direction, connection, text: text.to_owned(), secrets });
    }
}

/// What must not be shown.
pub(crate) struct Secrets(Vec<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

impl Secrets {
    const KEYS: [&'static str; 12] = [
        "\"token\"",
        "\"project\"",
        "\"jwt_token\"",
        "\"dpop_token\"",
        "\"authorization_state\"",
        "\"project_id\"",
        "\"authorization_bearer_token\"",
        "\"password\"",
        "\"credential\"",
        "\"profile\"",
        "\"web_hook_auth_password\"",
        "\"post_prompt_auth_password\"",
    ];

    pub(crate) fn of(scenario: &Scenario) -> Self {
        let pairs = scenario.credentials.iter().flat_map(|known| [&known.project, &known.token]);
        let mut values: Vec<_> = pairs
            .chain(scenario.jwt_tokens.iter().map(|jwt| &jwt.0))
            .filter(|value| !value.is_empty())
            .cloned()
            .collect();
        // Longest first, or the rest of a longer value would stay behind a shorter one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// Replaces the values of telling keys and every known credential. It reads text, not JSON, so
    /// that malformed frames are redacted as well.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut redacted = text.to_owned();
        for key in Self::KEYS {
            redacted = hide_values(&redacted, key);
        }
        for value in &self.0 {
            redacted = redacted.replace(value, "***");
        }
        redacted
    }
}

fn hide_values(text: &str, key: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(key) {
        let (before, after) = rest.split_at(start + key.len());
        out.push_str(before);
        rest = after;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        let Some(value) = value.and_then(|value| value.strip_prefix('"')) else { continue };
        let mut escaped = false;
        let end = value.find(|c: char| match c {
            _ if std::mem::take(&mut escaped) => false,
            '\\' => {
                escaped = true;
                false
            }
            other => other == '"',
        });
        out.push_str(":\"***\"");
        rest = end.map_or("", |end| &value[end + 1..]);
    }
    out.push_str(rest);
    out
}

/// Something a client should not have done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A request was refused because it breaks the rules for its parameters, or asks for a method
    /// that does not exist. A command that came too late for its call is not one.
    BadRequest {
        /// When, since the start.
        at: Duration,
        /// Whose request.
        connection: ConnectionId,
        /// The method it asked for.
        method: String,
        /// The code it was refused with: three digits, or a JSON-RPC error code.
        code: String,
        /// The text it was refused with.
        message: String,
    },
    /// A request was accepted although the reference does not know one of its parameters.
    UnknownParameter {
        /// When, since the start.
        at: Duration,
        /// Whose request.
        connection: ConnectionId,
        /// The method it asked for.
        method: String,
        /// The path of the parameter.
        parameter: String,
    },
    /// A frame was not a request or an answer.
    Malformed {
        /// When, since the start.
        at: Duration,
        /// Whose frame.
        connection: ConnectionId,
        /// What is wrong with it.
        what: String,
    },
    /// An event was not acknowledged in time.
    AckOverdue {
        /// When, since the start.
        at: Duration,
        /// Who should have.
        connection: ConnectionId,
        /// The id of the event's request.
        event_id: String,
    },
    /// An answer came to something that was not asked, or was answered already.
    UnknownAck {
        /// When, since the start.
        at: Duration,
        /// Whose answer.
        connection: ConnectionId,
        /// The id in it.
        id: String,
    },
    /// A ping of the service was not answered in time.
    PingOverdue {
        /// When, since the start.
        at: Duration,
        /// Who should have.
        connection: ConnectionId,
    },
    /// A `signalwire.disconnect` was not answered before the connection was closed.
    FarewellOverdue {
        /// When, since the start.
        at: Duration,
        /// Who should have.
        connection: ConnectionId,
    },
    /// A client was let in although its `signalwire.connect` is not as it should be.
    BadConnect {
        /// When, since the start.
        at: Duration,
        /// Whose request.
        connection: ConnectionId,
        /// What is wrong with it.
        what: String,
    },
    /// A request has the id of an earlier one on the same connection.
    ReusedId {
        /// When, since the start.
        at: Duration,
        /// Whose request.
        connection: ConnectionId,
        /// The id.
        id: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest { connection, method, code, message, .. } => {
                write!(f, "{connection}: {method} refused with {code}: {message}")
            }
            Self::UnknownParameter { connection, method, parameter, .. } => {
                write!(f, "{connection}: {method} has an unknown parameter {parameter}")
            }
            Self::Malformed { connection, what, .. } => write!(f, "{connection}: bad frame: {what}"),
            Self::AckOverdue { connection, event_id, .. } => {
                write!(f, "{connection}: event {event_id} was not acknowledged in time")
            }
            Self::UnknownAck { connection, id, .. } => {
                write!(f, "{connection}: an answer to {id}, which nobody asked")
            }
            Self::PingOverdue { connection, .. } => {
                write!(f, "{connection}: a ping was not answered in time")
            }
            Self::FarewellOverdue { connection, .. } => {
                write!(f, "{connection}: the end of the connection was announced and not answered")
            }
            Self::BadConnect { connection, what, .. } => {
                write!(f, "{connection}: signalwire.connect: {what}")
            }
            Self::ReusedId { connection, id, .. } => {
                write!(f, "{connection}: a second request with the id {id}")
            }
        }
    }
}
