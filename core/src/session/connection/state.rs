//! The state of the connection, as applications see it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::printable::Printable;

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Not started.
    Idle,
    /// The transport is being opened. Attempts count from 1 since the connection last held.
    Connecting {
        /// Which attempt this is.
        attempt: u32,
    },
    /// The transport is open, and the service is asked to accept the credentials.
    Authenticating {
        /// Which attempt this is.
        attempt: u32,
    },
    /// Requests and events flow.
    Ready {
        /// `true` if an earlier session goes on, with its calls.
        resumed: bool,
    },
    /// Running calls may finish, nothing new is taken on, and then the client closes. In place of
    /// [`Ready`](Self::Ready): requests about running calls and their events flow.
    Draining {
        /// `true` if an earlier session goes on, with its calls.
        resumed: bool,
    },
    /// There is no connection, and this is the pause before the next attempt.
    Backoff {
        /// Which attempt comes next.
        attempt: u32,
        /// The length of the pause.
        retry_in: Duration,
        /// Why there is no connection.
        reason: Arc<str>,
    },
    /// Over for good.
    Closed {
        /// Why, unless it was asked for.
        reason: Option<Arc<str>>,
    },
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("not started"),
            Self::Connecting { attempt } => write!(f, "connecting (attempt {attempt})"),
            Self::Authenticating { attempt } => write!(f, "authenticating (attempt {attempt})"),
            Self::Ready { resumed: false } => f.write_str("ready"),
            Self::Ready { resumed: true } => f.write_str("ready, session resumed"),
            Self::Draining { resumed: false } => f.write_str("draining: running calls finish"),
            Self::Draining { resumed: true } => {
                f.write_str("draining: running calls finish, session resumed")
            }
            Self::Backoff { attempt, retry_in, reason } => {
                let (reason, seconds) = (Printable(reason), retry_in.as_secs_f64());
                write!(f, "not connected: {reason}; attempt {attempt} in {seconds:.1} s")
            }
            Self::Closed { reason: None } => f.write_str("closed"),
            Self::Closed { reason: Some(reason) } => write!(f, "closed: {}", Printable(reason)),
        }
    }
}
