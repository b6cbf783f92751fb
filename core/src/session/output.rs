//! What leaves a session.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::calling::{CallState, Device, Direction, EndReason, SipData};
use crate::config::Endpoint;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{CallId, ControlId, MessageId, NodeId, Tag, Ticket};

/// One thing for the driver of a session to do.
#[must_use = "what is not done is lost"]
pub enum Output {
    /// Open a WebSocket to this place, then call `handle_connected`, or `handle_disconnected` if it cannot be
    /// done.
    Open(Endpoint),
    /// Send this text frame.
    Send(String),
    /// Drop the WebSocket, or the attempt to open one, and report nothing more of it.
    Close,
    /// Tell the application.
    Event(SessionEvent),
    /// There is nothing to do until something arrives, or until this instant, when `handle_timeout` is due.
    Wait(Option<Instant>),
}

/// Prints no frame: what is sent is not for logs.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(endpoint) => f.debug_tuple("Open").field(endpoint).finish(),
            Self::Send(text) => write!(f, "Send({} bytes)", text.len()),
            Self::Close => f.write_str("Close"),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Wait(until) => f.debug_tuple("Wait").field(until).finish(),
        }
    }
}

/// What a session has to tell.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionEvent {
    /// The connection changed.
    Connection(ConnectionState),
    /// A request has its outcome. Every request has one, once.
    Replied {
        /// The request.
        ticket: Ticket,
        /// What the service answered, or why there is no answer.
        result: Result<Reply, Error>,
    },
    /// A call is offered. Answer it, or take it to answer later; otherwise it is passed on after a while.
    Offered(Box<CallInfo>),
    /// A dial has its outcome. Every dial has one, once.
    Dialed {
        /// The dial.
        ticket: Ticket,
        /// The call that was answered, or why there is none.
        result: Result<Box<CallInfo>, Error>,
    },
    /// Something happened on a call that the application knows.
    Call {
        /// The call.
        call_id: CallId,
        /// What happened.
        event: Arc<Event>,
        /// The operation that it belongs to.
        operation: Option<OperationUpdate>,
    },
    /// Something happened to a message that was sent.
    Message {
        /// What happened.
        event: Arc<Event>,
        /// The message, by the request that sent it.
        update: OperationUpdate,
    },
    /// An operation is over: no event came after this one, which was reported already and counts as its last.
    OperationOver {
        /// The request that started it.
        ticket: Ticket,
        /// Its last event.
        event: Arc<Event>,
    },
    /// An operation, or a message, will not get to its own end.
    OperationFailed {
        /// The request that started it.
        ticket: Ticket,
        /// Why.
        error: Error,
    },
    /// A call is over, or beyond reach. Every call that was offered or dialled gets there, once.
    CallEnded {
        /// The call.
        call_id: CallId,
        /// Why.
        reason: EndReason,
    },
    /// The connection was down and has been resumed: the call may have missed events.
    Reconnected {
        /// The call.
        call_id: CallId,
        /// For how long the connection was down.
        lasted: Duration,
    },
    /// An event that is about no call that the application knows.
    Other(Arc<Event>),
    /// The application is to say who it is, with [`Session::handle_credentials`](super::Session::handle_credentials),
    /// before a connection is opened.
    CredentialsWanted,
    /// An alarm went off.
    Alarm(Ticket),
    /// Something that is worth a line in a log.
    Notice(Notice),
    /// The session is over, and this is its last event.
    Closed(Result<(), Error>),
}

/// News of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationUpdate {
    /// The request that started it.
    pub ticket: Ticket,
    /// Whether this is what one waits for. It may come before the end.
    pub answered: bool,
    /// Whether the operation is over.
    pub ended: bool,
}

/// What a call is, when it becomes known.
#[derive(Clone)]
#[non_exhaustive]
pub struct CallInfo {
    /// The call.
    pub call_id: CallId,
    /// The node that hosts it.
    pub node_id: NodeId,
    /// The project it belongs to.
    pub project_id: String,
    /// The context it came in on; empty if there is none.
    pub context: String,
    /// The dial it is a leg of; empty if there is none.
    pub tag: Tag,
    /// Who called whom.
    pub direction: Direction,
    /// The other party.
    pub device: Device,
    /// Where it stands.
    pub state: CallState,
    /// Its segment; empty if there is none.
    pub segment_id: String,
    /// Its SIP headers, if it is a SIP call and the service has told them.
    pub sip_data: Option<Arc<SipData>>,
}

/// Prints everything but the project.
impl fmt::Debug for CallInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallInfo")
            .field("call_id", &self.call_id)
            .field("node_id", &self.node_id)
            .field("context", &self.context)
            .field("tag", &self.tag)
            .field("direction", &self.direction)
            .field("device", &self.device)
            .field("state", &self.state)
            .field("segment_id", &self.segment_id)
            .finish_non_exhaustive()
    }
}

/// The service's answer to a request that it accepted.
#[derive(Clone)]
pub struct Reply {
    pub(super) raw: Arc<str>,
    pub(super) control_id: Option<ControlId>,
    pub(super) context: Option<Arc<str>>,
}

/// Prints no payload: what the service echoes is not for logs.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} bytes)", self.raw.len())
    }
}

impl Reply {
    /// The reply to a request that needed none.
    pub(crate) fn empty() -> Self {
        Self { raw: "{}".into(), control_id: None, context: None }
    }

    /// The result as the service wrote it: JSON text.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The result as an object. One that is none is wrapped as `{"raw": …}`.
    pub fn value(&self) -> Value {
        match serde_json::from_str(&self.raw) {
            Ok(object @ Value::Object(_)) => object,
            Ok(other) => serde_json::json!({ "raw": other }),
            Err(_) => serde_json::json!({ "raw": &*self.raw }),
        }
    }

    /// The operation that the request started, if it started one.
    pub fn control_id(&self) -> Option<&ControlId> {
        self.control_id.as_ref()
    }

    /// The context that the session gave a message which was made without one.
    pub(crate) fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }
}

/// Where the connection stands.
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
        /// Whether an earlier session goes on, with its calls.
        resumed: bool,
    },
    /// There is no connection, and this is the pause before the next attempt.
    Backoff {
        /// Which attempt comes next.
        attempt: u32,
        /// How long the pause is.
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
            Self::Backoff { attempt, retry_in, reason } => {
                write!(f, "not connected: {reason}; attempt {attempt} in {:.1} s", retry_in.as_secs_f64())
            }
            Self::Closed { reason: None } => f.write_str("closed"),
            Self::Closed { reason: Some(reason) } => write!(f, "closed: {reason}"),
        }
    }
}

/// Something that happened and that nobody asked for. Its text is for a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// A frame could not be made sense of and was ignored.
    #[error("ignored a frame: {0}")]
    FrameIgnored(&'static str),
    /// An offer was given back to the service.
    #[error("passed call {call_id} on: {why}")]
    OfferPassed {
        /// The call.
        call_id: CallId,
        /// Why.
        why: &'static str,
    },
    /// An offer was refused, and the caller hears a busy line.
    #[error("told the caller of call {call_id} that the line is busy: {why}")]
    OfferRefused {
        /// The call.
        call_id: CallId,
        /// Why.
        why: &'static str,
    },
    /// An offer of a call that is here already, or was, was ignored.
    #[error("ignored another offer of call {0}")]
    OfferRepeated(CallId),
    /// A message that had come in already was ignored.
    #[error("ignored another copy of message {0}")]
    MessageRepeated(MessageId),
    /// A leg that nobody wants is ended.
    #[error("ending call {call_id}: {why}")]
    LegEnded {
        /// The call.
        call_id: CallId,
        /// Why.
        why: &'static str,
    },
    /// A leg that nobody wants could not be ended.
    #[error("could not end call {0}: it may still be up")]
    LegStuck(CallId),
    /// The session was not resumed, and its calls were lost.
    #[error("the session could not be resumed: {0} calls are lost")]
    CallsLost(usize),
    /// The service asked to resume refused; the next attempt begins anew.
    #[error("the service did not resume the session ({0}): beginning anew")]
    ResumeRefused(String),
    /// A handler of the application failed.
    #[error("the handler of call {call_id} failed: {error}")]
    HandlerFailed {
        /// The call.
        call_id: CallId,
        /// How.
        error: String,
    },
    /// A handler of a message failed.
    #[error("the handler of a message failed: {0}")]
    MessageHandlerFailed(String),
    /// A task came in again and was ignored.
    #[error("ignored another copy of a task for context {0}")]
    TaskRepeated(String),
    /// A task waits for somebody to take it. Told once, until somebody comes.
    #[error(
        "a task for context {0} came in and nobody listens: it waits for Client::on_task or Client::incoming_tasks"
    )]
    TaskWaits(String),
    /// A task that waited to be taken was dropped to make room for later ones.
    #[error("dropped a task for context {context} that nobody took: {dropped} dropped so far")]
    TaskDropped {
        /// The context of the task.
        context: String,
        /// How many tasks this client has dropped.
        dropped: u64,
    },
    /// The client closed with tasks that nobody took. The service counts them as delivered.
    #[error("the client closed with {0} tasks that nobody took")]
    TasksLeft(usize),
    /// A handler of a task failed.
    #[error("the handler of a task failed: {0}")]
    TaskHandlerFailed(String),
    /// A callback of the application panicked.
    #[error("a handler panicked: {0}")]
    HandlerPanicked(String),
}
