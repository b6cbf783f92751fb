//! What can go wrong, sorted by who has to act.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::calling::{DialLeg, EndReason};
use crate::client::Call;
use crate::connect_failure::ConnectFailure;
use crate::credentials::CredentialPart;
use crate::ids::{CallId, Tag};
use crate::printable::{Printable, printable};
use crate::service_error::ServiceError;

/// Why something did not work.
///
/// Every error says what failed and, through [`Error::certainty`], whether the service may have carried it
/// out all the same.
///
/// A call that is gone is a normal outcome in telephony. [`Error::is_gone_for`] tells it apart, and a call handler whose own
/// call is gone and that ends with the error (by `?`, say) has ended quietly and in good order. A handler that ends because
/// another call is gone has failed: its own caller is still there.
///
/// `Debug` prints the same sentence as `Display`: it is what a `main` that returns the error shows.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used. Nothing was sent.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An argument breaks a reason of the service. Nothing was sent.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// The call has ended, was passed on, or was lost. Nothing more can be done with it.
    #[error("call {} is gone", .0.call_id)]
    CallGone(#[source] Box<CallGone>),
    /// The service answered the request with an error. For some codes the service itself does not know whether it
    /// carried the request out: [`ServiceError::certainty`].
    #[error(transparent)]
    ServiceError(Box<ServiceError>),
    /// The service does not accept this client, and would not later either; the client has stopped.
    #[error(transparent)]
    AuthenticationFailed(Box<AuthenticationFailed>),
    /// The service could not be reached within the limits of `connect`; the client has stopped. Nothing was sent.
    #[error(transparent)]
    Unreachable(Box<Unreachable>),
    /// A deadline passed.
    #[error(transparent)]
    TimedOut(Box<TimedOut>),
    /// The connection or the session was lost while this was under way.
    #[error(transparent)]
    ConnectionLost(Box<ConnectionLost>),
    /// The service accepted something without the id that events about it would name.
    #[error(transparent)]
    NotFollowed(Box<NotFollowed>),
    /// Nobody answered a dial.
    #[error(transparent)]
    DialFailed(Box<DialFailed>),
    /// Too many requests wait to be sent.
    #[error(transparent)]
    QueueFull(Box<QueueFull>),
    /// The process was asked to end, by Ctrl-C or `SIGTERM`, while `connect` waited. Where such a signal ends the process by
    /// itself, nobody sees this.
    #[error("the process was asked to end while it was connecting")]
    Interrupted,
    /// Whoever made the request has dropped it before it was sent.
    #[error("the request was dropped before it was sent")]
    Cancelled,
    /// The thread has to drive a client, or runs tasks of an asynchronous runtime: blocking it may be waiting for oneself.
    /// Nothing was sent. In asynchronous code `.await`; elsewhere wait on a thread of your own.
    #[error(
        "cannot block this thread, which drives a client or runs tasks: it would wait for itself; use .await, or a \
         thread of your own"
    )]
    WouldDeadlock,
    /// The client drains: it takes on nothing new, and closes once its calls are over. Nothing was sent.
    #[error(transparent)]
    Draining(Box<Draining>),
    /// The client is closed.
    #[error(transparent)]
    Closed(Box<Closed>),
    /// The transport cannot be set up at all, for instance because the trust roots cannot be read.
    #[error("cannot set up the connection: {}", printable(.0))]
    Transport(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// Returns `true` if this only says that a call is over: the one that the request was about, or that was waited for.
    /// With several calls in play, ask [`is_gone_for`](Self::is_gone_for).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::CallGone(_))
    }

    /// Returns `true` if this only says that this call is over, not another.
    ///
    /// ```
    /// # async fn example(caller: signalwire_relay_core::Call, agent: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// match agent.play_tts("A caller is waiting.").await {
    ///     Err(error) if error.is_gone_for(&agent) => drop(caller.play_tts("The agent has left.").await?),
    ///     whispered => drop(whispered?.wait().await?),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn is_gone_for(&self, call: &Call) -> bool {
        matches!(self, Self::CallGone(gone) if gone.call_id == *call.id())
    }

    /// Whether what failed may have reached the service.
    pub fn certainty(&self) -> Certainty {
        match self {
            Self::Config(_)
            | Self::InvalidArgument(_)
            | Self::QueueFull(_)
            | Self::Interrupted
            | Self::Cancelled
            | Self::WouldDeadlock
            | Self::Draining(_)
            | Self::Unreachable(_)
            | Self::Transport(_) => Certainty::NotSent,
            Self::ServiceError(refused) => refused.certainty(),
            Self::AuthenticationFailed(_) | Self::DialFailed(_) => Certainty::Refused,
            // It was accepted; what became of it nobody will know.
            Self::NotFollowed(_) => Certainty::Unknown,
            Self::CallGone(gone) => gone.certainty,
            Self::TimedOut(timed_out) => timed_out.certainty.unwrap_or(Certainty::Unknown),
            Self::ConnectionLost(lost) => lost.certainty,
            Self::Closed(closed) => closed.certainty,
        }
    }

    /// The service's own status code, where it gave one.
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::ServiceError(refused) => Some(refused.code),
            Self::AuthenticationFailed(rejected) => Some(rejected.code),
            _ => None,
        }
    }

    pub(crate) fn gone(call_id: CallId, certainty: Certainty) -> Self {
        Self::CallGone(Box::new(CallGone { call_id, certainty }))
    }

    pub(crate) fn closed(certainty: Certainty) -> Self {
        Self::Closed(Box::new(Closed { certainty }))
    }

    pub(crate) fn draining(what: impl Into<String>) -> Self {
        Self::Draining(Box::new(Draining { what: what.into() }))
    }

    pub(crate) fn waited_too_long(what: impl Into<String>, after: Duration) -> Self {
        Self::TimedOut(Box::new(TimedOut { what: what.into(), after, certainty: None }))
    }
}

/// Whether a request that failed may have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// It never left this process: it can be tried again without harm.
    NotSent,
    /// The service answered, and the answer was no.
    Refused,
    /// It may or may not have been carried out. Whether to try again is for the application to decide.
    Unknown,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "it was not sent, trying again is safe",
            Self::Refused => "the service refused it",
            Self::Unknown => "the service may have carried it out",
        })
    }
}

/// A setting is missing or unusable. `Debug` prints the same sentence as `Display`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Neither a JWT nor a project id was given.
    #[error("a project id is required: set SIGNALWIRE_PROJECT_ID, or call Config::project")]
    MissingProject,
    /// Neither a JWT nor an API token was given.
    #[error("an API token is required: set SIGNALWIRE_API_TOKEN, or call Config::token")]
    MissingToken,
    /// A part of the credentials cannot be what was meant. It is not printed.
    #[error("invalid {part}: {reason}; check {}", part.variable())]
    InvalidCredential {
        /// The part.
        part: CredentialPart,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A proxy cannot be used.
    #[error("invalid proxy {} ({setting}): {}", Printable(proxy), Printable(reason))]
    InvalidProxy {
        /// The variable or the setter that named it.
        setting: &'static str,
        /// The proxy that was named, without name and password.
        proxy: String,
        /// The reason for which it cannot be used.
        reason: String,
    },
    /// A header for the request for the WebSocket cannot be sent.
    #[error("invalid header {}: {reason}", Printable(name))]
    InvalidHeader {
        /// Its name.
        name: String,
        /// The reason for which it cannot be sent.
        reason: &'static str,
    },
    /// The host is not a host name with an optional port.
    #[error("invalid host {host:?}: {reason}; {}", remedy(suggestion.as_deref()))]
    InvalidHost {
        /// What was given, without what may be a secret.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// One of the contexts cannot be the name of one.
    #[error("invalid context {context:?}: {reason}")]
    InvalidContext {
        /// The context.
        context: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A limit in the environment is not a number of at least 1.
    #[error("invalid {variable}: {value:?} is not a whole number of at least 1; mend it, or leave it out")]
    InvalidLimit {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// This process holds as many connections as it may.
    #[error(
        "this process already holds {limit} RELAY connection(s): raise RELAY_MAX_CONNECTIONS or \
         Config::max_connections, or close another client first, by disconnect or by dropping all its handles"
    )]
    TooManyConnections {
        /// The limit.
        limit: usize,
    },
}

/// What to do about a host that is none.
fn remedy(suggestion: Option<&str>) -> String {
    match suggestion {
        Some(host) => format!("write {host}"),
        None => "give a host name with an optional port, not a URL".to_owned(),
    }
}

/// An argument that the service would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {}", Printable(reason))]
pub struct InvalidArgument {
    /// The argument, by its name on the wire.
    pub field: &'static str,
    /// The reason that it breaks.
    pub reason: String,
}

impl InvalidArgument {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// The call is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("call {call_id} has ended, was passed on, or was lost")]
pub struct CallGone {
    /// The call.
    pub call_id: CallId,
    /// Whether the command that met this went out.
    pub certainty: Certainty,
}

/// Returns `true` for the codes with which the service says that it does not know if it carried the request out: it ran
/// out of time, or had an internal error.
pub(crate) fn outcome_is_unknown(code: i64) -> bool {
    matches!(code, -32000 | -32603 | 500..=599)
}

/// Returns `true` for the codes of requests that were not carried out and may be accepted later.
pub(crate) fn try_later(code: i64) -> bool {
    matches!(code, -32004 | -32005 | 408 | 429)
}

/// The class of a refusal of `signalwire.connect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectRefusal {
    /// The service is full, slow, restarting or has an internal error (−32000, −32004, −32005, −32603, 408, 429, 5xx).
    /// The client waits and tries again, without limit; it keeps its session.
    Transient,
    /// The service does not accept the credentials (−32002, −32003, 401, 403; also −32000 if its text says so and no
    /// connection was accepted before).
    Authentication,
    /// The service does not support the version of the protocol that this client speaks (−32001). Trying again is of no
    /// use.
    Version,
    /// The service does not understand the request (−32600, −32601, −32602, −32700).
    Malformed,
    /// Any other refusal, and an answer that names no session.
    Unknown,
}

/// The service does not accept this client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationFailed {
    /// The number of refusals.
    pub attempts: u32,
    /// The service's code.
    pub code: i64,
    /// The service's text.
    pub message: String,
    /// The class of the refusal.
    pub refusal: ConnectRefusal,
}

impl AuthenticationFailed {
    /// The outcome of one attempt, in words.
    pub(crate) fn attempt(&self) -> String {
        let what = match self.refusal {
            ConnectRefusal::Transient => "the service cannot take the connection now",
            ConnectRefusal::Authentication => "the service refused the credentials",
            ConnectRefusal::Version => "the service does not support this version of the protocol",
            ConnectRefusal::Malformed => "the service did not accept the connect request",
            ConnectRefusal::Unknown => "the service refused the connection",
        };
        format!("{what}: {} (code {})", Printable(&self.message), self.code)
    }
}

impl fmt::Display for AuthenticationFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, code, message, refusal } = self;
        match refusal {
            ConnectRefusal::Authentication => write!(
                f,
                "authentication failed after {attempts} attempts: {} (code {code}); check the project id, \
                 the token, and what the token allows",
                Printable(message)
            ),
            ConnectRefusal::Version => {
                write!(f, "{}; a newer release of this client may support it", self.attempt())
            }
            _ => write!(f, "{}, after {attempts} attempts", self.attempt()),
        }
    }
}

impl std::error::Error for AuthenticationFailed {}

/// The service could not be reached: every attempt failed before it was asked to accept the credentials.
///
/// `connect` of an adapter gives this after [`Config::connect_attempts`](crate::Config::connect_attempts) attempts, or after
/// [`Config::connect_timeout`](crate::Config::connect_timeout).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreachable {
    /// Host and port.
    pub endpoint: String,
    /// The number of attempts in a row.
    pub attempts: u32,
    /// The time from the first attempt until the client gave up.
    pub after: Duration,
    /// The failure of the last attempt.
    pub failure: ConnectFailure,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, attempts, after, failure } = self;
        let times = if *attempts == 1 { "attempt" } else { "attempts" };
        write!(
            f,
            "cannot reach {endpoint}: {failure}; gave up after {attempts} {times} in {:.1} s",
            after.as_secs_f64()
        )
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.failure)
    }
}

/// A deadline passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    /// What was waited for, with the call it was about.
    pub what: String,
    /// For how long.
    pub after: Duration,
    /// Whether it may have reached the service, if it was a request and not merely waiting.
    pub certainty: Option<Certainty>,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no outcome of {} within {:?}", Printable(&self.what), self.after)?;
        self.certainty.map_or(Ok(()), |certainty| write!(f, "; {certainty}"))
    }
}

impl std::error::Error for TimedOut {}

/// The connection, or the session that it carried, was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the connection was lost during {}; {certainty}", Printable(what))]
pub struct ConnectionLost {
    /// What was under way, with the call it was about.
    pub what: String,
    /// Whether it may have reached the service.
    pub certainty: Certainty,
}

/// The service accepted a request without naming what it made: its further events cannot be told from those of others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the service accepted {} and gave it no id: its outcome cannot be followed", Printable(method))]
#[non_exhaustive]
pub struct NotFollowed {
    /// The wire method.
    pub method: String,
}

/// A dial ended without an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct DialFailed {
    /// The dial.
    pub tag: Tag,
    /// The service's reason, if it gave one.
    pub reason: Option<String>,
    /// The legs that the service told of, in the order in which they began, each with its device and the reason of its end.
    pub legs: Vec<DialLeg>,
}

impl DialFailed {
    /// Returns the reason for which the legs ended, if all of them ended for the same.
    ///
    /// ```
    /// # use signalwire_relay_core::{DialFailed, EndReason};
    /// fn is_worth_another_try(failed: &DialFailed) -> bool {
    ///     matches!(failed.end_reason(), Some(EndReason::Busy | EndReason::NoAnswer))
    /// }
    /// ```
    pub fn end_reason(&self) -> Option<&EndReason> {
        let first = self.legs.first()?.end_reason.as_ref()?;
        self.legs.iter().all(|leg| leg.end_reason.as_ref() == Some(first)).then_some(first)
    }
}

impl fmt::Display for DialFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody answered the dial (tag {})", self.tag)?;
        let why = self.reason.as_deref().or(self.end_reason().map(EndReason::as_str));
        why.map_or(Ok(()), |why| write!(f, ": {}", Printable(why)))
    }
}

impl std::error::Error for DialFailed {}

/// A request found no room to wait in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} was not sent: {limit} requests are waiting already; try again when some of them have ended",
    Printable(method)
)]
pub struct QueueFull {
    /// The wire method.
    pub method: String,
    /// How many may wait.
    pub limit: usize,
}

/// The client drains and takes on nothing new.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} was refused: the client is draining and takes on nothing new; use another client")]
#[non_exhaustive]
pub struct Draining {
    /// The wire method, or what was waited for.
    pub what: String,
}

/// The client was closed, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Whether the request may have reached the service before.
    pub certainty: Certainty,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.certainty {
            // To try it again on this client is of no use.
            Certainty::NotSent => f.write_str("the client is closed; it was not sent"),
            certainty => write!(f, "the client is closed; {certainty}"),
        }
    }
}

impl std::error::Error for Closed {}
