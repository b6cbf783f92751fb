//! The outputs of a session.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::calling::{CallState, Device, Direction, EndReason, SipData};
use crate::config::Endpoint;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{CallId, NodeId, Tag, Ticket};
use crate::session::{ConnectionState, Notice, Reply};

/// One thing to be done with the connection: what a session and a client want of their driver alike.
#[must_use = "what is not done is lost"]
pub enum Io {
    /// Open a WebSocket to this endpoint, then call `handle_connected`, or `handle_disconnected` if it cannot be
    /// done.
    Open(Endpoint),
    /// Send this text frame. It is worth collecting frames until [`Io::Wait`] before flushing.
    Send(String),
    /// Drop the WebSocket, or the attempt to open one, and report nothing more of it.
    Close,
    /// There is nothing to do until something arrives, or until this instant, when `handle_timeout` is due: after
    /// everything that has arrived by then.
    Wait(Option<Instant>),
}

/// Prints no frame: what is sent is not for logs.
impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(endpoint) => f.debug_tuple("Open").field(endpoint).finish(),
            Self::Send(text) => write!(f, "Send({} bytes)", text.len()),
            Self::Close => f.write_str("Close"),
            Self::Wait(until) => f.debug_tuple("Wait").field(until).finish(),
        }
    }
}

/// One thing for the owner of a session to do.
#[must_use = "what is not done is lost"]
#[derive(Debug)]
pub enum Output {
    /// Do something with the connection.
    Io(Io),
    /// Tell the application.
    Event(SessionEvent),
}

/// An event of a session, for the application.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionEvent {
    /// The connection changed.
    Connection(ConnectionState),
    /// A request has its outcome. Every request has one, once.
    Replied {
        /// The request.
        ticket: Ticket,
        /// The answer of the service, or the reason why there is none.
        result: Result<Reply, Error>,
    },
    /// A call is offered. Answer it, or take it to answer later; otherwise it is passed on after a while.
    Offered(Box<CallInfo>),
    /// A dial has its outcome. Every dial has one, once.
    Dialed {
        /// The dial.
        ticket: Ticket,
        /// The call that was answered, or the reason why there is none.
        result: Result<Box<CallInfo>, Error>,
    },
    /// A leg of a dial that is not decided yet has reached a state, told by a [`CallStateEvent`](crate::CallStateEvent).
    Leg {
        /// The dial.
        ticket: Ticket,
        /// The event.
        event: Arc<Event>,
    },
    /// Something happened on a call that the application knows.
    Call {
        /// The call.
        call_id: CallId,
        /// The event.
        event: Arc<Event>,
        /// The operation that it belongs to.
        operation: Option<OperationUpdate>,
    },
    /// Something happened to a message that was sent.
    Message {
        /// The event.
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
        /// `true` if events may still come: those of operations whose results the service makes when the call is over.
        /// They are reported as [`Late`](Self::Late), and [`EventsEnded`](Self::EventsEnded) follows.
        more: bool,
    },
    /// Something was told of a call that has ended.
    Late {
        /// The call.
        call_id: CallId,
        /// The event.
        event: Arc<Event>,
        /// The operation that it belongs to.
        operation: Option<OperationUpdate>,
    },
    /// No event of a call that has ended comes any more.
    EventsEnded {
        /// The call.
        call_id: CallId,
    },
    /// The connection was down and has been resumed: the call may have missed events.
    Reconnected {
        /// The call.
        call_id: CallId,
        /// For how long the connection was down.
        gap: Duration,
    },
    /// An event that is about no call that the application knows.
    Other(Arc<Event>),
    /// The application is to say who it is, with [`Session::handle_credentials`](super::Session::handle_credentials),
    /// before a connection is opened.
    CredentialsWanted,
    /// Something that is worth a line in a log.
    Notice(Notice),
    /// The session is over, and this is its last event.
    Closed(Result<(), Error>),
}

/// The effect of an event on an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationUpdate {
    /// The request that started it.
    pub ticket: Ticket,
    /// `true` if the event is the result of the operation. It may come before the end.
    pub answered: bool,
    /// `true` if the operation is over.
    pub ended: bool,
}

/// The data of a call when it becomes known.
#[derive(Clone)]
#[non_exhaustive]
pub struct CallInfo {
    /// The call.
    pub call_id: CallId,
    /// The node that hosts it.
    pub node_id: NodeId,
    /// The project it belongs to.
    pub project_id: String,
    /// Its inbound context; empty if there is none.
    pub context: String,
    /// The tag of its dial; empty if there is none.
    pub tag: Tag,
    /// Inbound or outbound.
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
