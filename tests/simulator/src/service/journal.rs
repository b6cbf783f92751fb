//! The journal of frames, and the violations of clients.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{ConnectionId, Scenario};

/// Minimum number of newest frames that the journal keeps; it keeps at most twice as many.
pub const MAX_JOURNAL_ENTRIES: usize = 10_000;
/// Maximum number of recorded violations; later ones are only reported.
pub const MAX_VIOLATIONS: usize = 10_000;

/// The direction of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Sent by a client.
    FromClient,
    /// Sent by the service.
    ToClient,
}

/// One recorded frame.
///
/// `Debug` and `Display` redact credentials; [`text`](Self::text) returns the original frame.
#[derive(Clone)]
pub struct JournalEntry {
    /// The time since the start.
    pub at: Duration,
    /// The direction.
    pub direction: Direction,
    /// The connection of the client.
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
    /// The number of frames recorded so far.
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

    /// The kept entries after the first `count`, and the number of frames recorded so far.
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

/// The credentials to redact.
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
        // Longest first: otherwise the rest of a longer value would remain behind a shorter one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// Replaces the values of sensitive keys and every known credential. It works on text, not JSON, so that malformed
    /// frames are redacted as well.
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

/// A violation of the protocol by a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A request was refused because of invalid parameters or an unknown method. A control that comes too late for its
    /// call is no violation.
    BadRequest {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
        /// The method of the request.
        method: String,
        /// The code of the refusal: three digits, or a JSON-RPC error code.
        code: String,
        /// The text of the refusal.
        message: String,
    },
    /// A request was accepted with an undocumented parameter.
    UnknownParameter {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
        /// The method of the request.
        method: String,
        /// The path of the parameter.
        parameter: String,
    },
    /// A frame was neither a request nor a reply.
    Malformed {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
        /// A description of the error.
        what: String,
    },
    /// An event was not acknowledged in time.
    AckOverdue {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
        /// The id of the event frame.
        event_id: String,
    },
    /// A reply has the id of no open request.
    UnknownAck {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
        /// The id of the reply.
        id: String,
    },
    /// A ping of the service was not answered in time.
    PingOverdue {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
    },
    /// A `signalwire.disconnect` was not answered before the connection was closed.
    FarewellOverdue {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
    },
    /// A client was authenticated although its `signalwire.connect` is not valid.
    BadConnect {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
        connection: ConnectionId,
        /// A description of the error.
        what: String,
    },
    /// A request has the id of an earlier one on the same connection.
    ReusedId {
        /// The time since the start.
        at: Duration,
        /// The connection of the client.
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
