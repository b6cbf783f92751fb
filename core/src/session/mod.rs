//! The protocol as a state machine that does no I/O.
//!
//! A [`Session`] has one side for what comes in and one for what goes out. Time is an argument, identifiers and
//! jitter come from a seed: the same inputs give the same outputs, byte for byte.
//!
//! The contract: tell the session one thing, then drain [`Session::poll_output`] until it gives
//! [`Io::Wait`], then tell it the next. Whatever has arrived goes first: when a deadline has come, tell the session every
//! frame that can be read, and only then call [`Session::handle_timeout`]. A program that was held up for a while takes an
//! answer that lies in the socket for a timeout otherwise.
//!
//! ```text
//! loop {
//!     match session.poll_output() {
//!         Output::Io(Io::Wait(until))     => tell it what has arrived; if that is nothing and `until` has come, handle_timeout(now)
//!         Output::Io(Io::Open(endpoint))  => open a WebSocket, then handle_connected(now) or handle_disconnected(now, why)
//!         Output::Io(Io::Send(text))      => send it
//!         Output::Io(Io::Close)           => drop the WebSocket
//!         Output::Event(event)            => tell the application
//!     }
//! }
//! ```
//!
//! A session is made of machines that own their state and their deadlines:
//!
//! | machine | decides |
//! | --- | --- |
//! | `connection` | when to open, accept, lose and drop a connection |
//! | `connection::reach` | how often and how long the service may be out of reach before a program gives up its first connection |
//! | `authentication`, `identity` | which credentials are offered, and how often they may be refused |
//! | `backoff` | how long to wait before the next attempt |
//! | `resume` | what lets the service recognise the session |
//! | `liveness` | when to probe a silent connection, and when it counts as dead |
//! | `contexts` | which contexts are wanted, and what the service knows of that |
//! | `shutdown` | draining and closing |
//! | `requests` | the life of a request; `refusal` knows what a refusal means |
//! | `calls`, `dials`, `messages`, `tasks` | what an event means |
//!
//! `frame` reads and writes, `events` dispatches, `redaction` removes secrets, `table` files store.

mod authentication;
mod backoff;
mod calls;
mod command;
mod connection;
mod contexts;
mod dials;
mod events;
mod frame;
mod identity;
mod liveness;
mod messages;
mod notice;
mod output;
mod pending_work;
mod recent;
mod redaction;
mod refusal;
mod reply;
mod requests;
mod resume;
mod seen;
mod shutdown;
mod tasks;

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use uuid::Uuid;

pub use self::calls::{LATE_EVENT_TIMEOUT, MAX_OFFER_HOLD};
pub use self::command::{Command, Effect, MessageContext, Target};
pub use self::connection::ConnectionState;
pub use self::messages::MAX_FOLLOWED_MESSAGES;
pub use self::notice::Notice;
pub use self::output::{CallInfo, Io, OperationUpdate, Output, SessionEvent};
pub use self::pending_work::PendingWork;
pub use self::reply::Reply;
pub use self::requests::{MAX_QUEUED_REQUESTS, MAX_UNANSWERED_REQUESTS};

use self::authentication::Authentication;
use self::backoff::Backoff;
use self::calls::{Calls, LateOperations};
use self::connection::{Connection, Reach};
use self::contexts::Contexts;
use self::dials::Dials;
use self::frame::{EventParams, Incoming};
use self::liveness::Liveness;
use self::messages::Messages;
use self::requests::Requests;
use self::resume::Resume;
use self::seen::SeenFrames;
use self::shutdown::Shutdown;
use self::tasks::MAX_REMEMBERED_TASKS;
use crate::config::{Config, Endpoint, Overflow};
use crate::error::ConfigError;
use crate::ids::CallId;

/// A frame as the transport received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame. The protocol has none; it only proves that somebody is there.
    Binary(&'a [u8]),
    /// A WebSocket ping. Answering it is the transport's business.
    Ping,
    /// A WebSocket pong.
    Pong,
}

/// A RELAY session: one client's side of the protocol.
pub struct Session {
    endpoint: Endpoint,
    agent: String,
    max_active_calls: usize,
    overflow: Overflow,
    request_timeout: Duration,
    random: fastrand::Rng,
    connection: Connection,
    authentication: Authentication,
    backoff: Backoff,
    reach: Reach,
    resume: Resume,
    liveness: Liveness,
    contexts: Contexts,
    shutdown: Shutdown,
    requests: Requests,
    calls: Calls,
    late: LateOperations,
    dials: Dials,
    messages: Messages,
    tasks: SeenFrames,
    /// The answers to requests of the service that have not left yet. Requests of this client are in their table until
    /// they leave.
    acknowledgements: VecDeque<String>,
    output: VecDeque<Output>,
    /// Set if frames are given by [`Session::poll_frame`] alone.
    holds_frames: bool,
}

/// Prints nothing that was or will be sent.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("connection", &self.connection_state())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A machine whose deadline has come. At the same instant they have their turn in this order.
#[derive(Debug, Clone, Copy)]
enum Due {
    Connection,
    Backoff,
    Reach,
    Liveness,
    Shutdown,
    Requests,
    Calls,
    Late,
    Messages,
    Dials,
}

/// The size of everything that a session holds. All numbers return to zero when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Calls, legs of dials included.
    pub calls: usize,
    /// Operations running on calls, and those whose last event is waited for after the end of their call.
    pub operations: usize,
    /// Requests waiting to be sent or answered.
    pub requests: usize,
    /// Dials under way.
    pub dials: usize,
    /// Messages on their way.
    pub messages: usize,
}

impl Session {
    /// A session that has not started yet. `seed` decides its identifiers and its jitter: give each a new one.
    ///
    /// # Errors
    /// If the settings are incomplete or unusable.
    pub fn new(config: &Config, seed: u64) -> Result<Self, ConfigError> {
        config.validate()?;
        let asks = config.provider().is_some();
        let credentials =
            if asks { config.credentials().unwrap_or_default() } else { config.credentials()? };
        Ok(Self {
            endpoint: config.endpoint()?,
            agent: config.agent_text().to_owned(),
            max_active_calls: config.active_call_limit(),
            overflow: config.overflow_policy(),
            request_timeout: config.request_limit(),
            random: fastrand::Rng::with_seed(seed),
            connection: Connection::default(),
            authentication: Authentication::new(credentials, asks),
            backoff: Backoff::default(),
            reach: Reach::new(config.connect_limits()),
            resume: Resume::default(),
            liveness: Liveness::default(),
            contexts: Contexts::new(config.desired_contexts()),
            shutdown: Shutdown::default(),
            requests: Requests::default(),
            calls: Calls::new(),
            late: LateOperations::default(),
            dials: Dials::default(),
            messages: Messages::new(),
            tasks: SeenFrames::new(MAX_REMEMBERED_TASKS),
            acknowledgements: VecDeque::new(),
            output: VecDeque::new(),
            holds_frames: false,
        })
    }

    // Input.

    /// Takes in a frame.
    pub fn handle_frame(&mut self, now: Instant, frame: Frame<'_>) {
        if !self.note_arrival(now) {
            return;
        }
        match frame {
            Frame::Text(text) => self.handle_text(now, text),
            Frame::Binary(_) => self.notice(Notice::FrameIgnored("it is binary")),
            Frame::Ping | Frame::Pong => {}
        }
        self.close_if_drained(now);
    }

    fn handle_text(&mut self, now: Instant, text: &str) {
        match frame::read(text) {
            Ok(Incoming::Response { id, outcome }) => self.handle_response(now, id, outcome),
            Ok(Incoming::Request { id, method, params }) => match &*method {
                "signalwire.event" => {
                    // The acknowledgement comes before anything that the event may cause.
                    self.acknowledge(id, "{}");
                    match params.ok_or("its params are missing").and_then(EventParams::read) {
                        Ok(event) => self.handle_event(now, id, &event),
                        Err(why) => self.notice(Notice::FrameIgnored(why)),
                    }
                }
                "signalwire.ping" => self.acknowledge(id, &frame::pong(params)),
                "signalwire.disconnect" => {
                    self.acknowledge(id, "{}");
                    self.handle_disconnect_notice(now, params);
                }
                _ => {}
            },
            Err(why) => self.notice(Notice::FrameIgnored(why)),
        }
    }

    /// Handles every deadline that has come. Harmless if called early or twice. Tell the session first what has arrived:
    /// an answer that is told later is too late.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, machine)) = self.next_deadline().filter(|(at, _)| *at <= now) {
            self.handle_due(now, machine);
        }
        self.close_if_drained(now);
    }

    /// Handles the deadline of a machine, and reports its reason.
    fn handle_due(&mut self, now: Instant, machine: Due) {
        match machine {
            Due::Connection => {
                if let Some(reason) = self.connection.handle_timeout(now) {
                    self.notice(Notice::TimerFired(reason));
                    self.drop_connection(now, reason);
                }
            }
            Due::Backoff => {
                if let Some(timer) = self.backoff.handle_timeout(now) {
                    self.notice(Notice::TimerFired(timer.reason()));
                    self.handle_backoff_timeout(now, timer);
                }
            }
            Due::Reach => {
                self.notice(Notice::TimerFired("the service was out of reach for too long"));
                self.close_if_unreachable(now);
            }
            Due::Liveness => {
                if let Some(timer) = self.liveness.handle_timeout(now) {
                    self.notice(Notice::TimerFired(timer.reason()));
                    self.handle_liveness_timeout(now, timer);
                }
            }
            Due::Shutdown => {
                if let Some(timer) = self.shutdown.handle_timeout(now) {
                    self.notice(Notice::TimerFired(timer.reason()));
                    self.handle_shutdown_timeout(now, timer);
                }
            }
            Due::Requests => {
                if let Some(key) = self.requests.pop_expired(now) {
                    self.notice(Notice::TimerFired("a request was not answered in time"));
                    self.expire(now, key);
                }
            }
            Due::Calls => {
                if let Some((serial, timer)) = self.calls.pop_due(now) {
                    self.notice(Notice::TimerFired(timer.reason()));
                    self.handle_call_timeout(now, serial, timer);
                }
            }
            Due::Late => {
                if let Some(call_id) = self.late.pop_due(now) {
                    self.notice(Notice::TimerFired(
                        "the last event of an operation did not follow the end of its call",
                    ));
                    self.give_up_late(&call_id);
                }
            }
            Due::Messages => {
                if let Some(before) = self.messages.pop_due(now) {
                    self.notice(Notice::TimerFired("no state of a message followed a gap within 5 min"));
                    self.give_up_messages(before);
                }
            }
            Due::Dials => {
                if let Some((tag, timer)) = self.dials.pop_due(now) {
                    self.notice(Notice::TimerFired(timer.reason()));
                    self.handle_dial_timeout(now, &tag, timer);
                }
            }
        }
    }

    /// The earliest deadline.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.next_deadline().map(|(at, _)| at)
    }

    /// The earliest deadline of any machine, and whose it is: the first of several at the same instant.
    fn next_deadline(&self) -> Option<(Instant, Due)> {
        let mut next: Option<(Instant, Due)> = None;
        for (deadline, machine) in [
            (self.connection.deadline(), Due::Connection),
            (self.backoff.deadline(), Due::Backoff),
            (self.reach.deadline(), Due::Reach),
            (self.liveness.deadline(), Due::Liveness),
            (self.shutdown.deadline(), Due::Shutdown),
            (self.requests.deadline(), Due::Requests),
            (self.calls.deadline(), Due::Calls),
            (self.late.deadline(), Due::Late),
            (self.messages.deadline(), Due::Messages),
            (self.dials.deadline(), Due::Dials),
        ] {
            if let Some(at) = deadline
                && next.is_none_or(|(earliest, _)| at < earliest)
            {
                next = Some((at, machine));
            }
        }
        next
    }

    // Output.

    /// The next thing to do. Drain it until it gives [`Io::Wait`]. Frames come before anything else.
    pub fn poll_output(&mut self) -> Output {
        // What is left when the session closes goes out before the end of the connection.
        if (!self.holds_frames || self.connection.is_closed())
            && let Some(text) = self.poll_frame()
        {
            return Output::Io(Io::Send(text));
        }
        self.output.pop_front().unwrap_or_else(|| Output::Io(Io::Wait(self.deadline())))
    }

    /// Keeps frames in the session until [`poll_frame`](Self::poll_frame) asks for them, so that none waits elsewhere. A
    /// request that has not left can still expire or be withdrawn, and then was certainly not sent; a hang-up need not
    /// wait behind other requests.
    ///
    /// Without this, [`poll_output`](Self::poll_output) gives frames as soon as there are any. With it, it gives only those
    /// that are left when the session closes.
    pub fn hold_frames(&mut self) {
        self.holds_frames = true;
    }

    /// The next frame to send, for a transport that takes one now: acknowledgements first, then what the session itself
    /// asks, hang-ups and passed offers, then everything else.
    pub fn poll_frame(&mut self) -> Option<String> {
        if let Some(text) = self.acknowledgements.pop_front() {
            return Some(text);
        }
        let key = self.requests.next_to_leave()?;
        let text = self.requests.write(key, self.resume.protocol());
        if self.connection.is_closed() {
            // Its answer is not waited for.
            self.requests.remove(key);
        }
        text
    }

    /// Returns `true` if [`poll_frame`](Self::poll_frame) has a frame to give.
    pub fn has_frames(&self) -> bool {
        !self.acknowledgements.is_empty() || self.requests.next_to_leave().is_some()
    }

    /// The number of acknowledgements that have not left yet. There is one for each frame that was handled; a driver that
    /// stops to read when there are many bounds them.
    pub fn unsent_acknowledgements(&self) -> usize {
        self.acknowledgements.len()
    }

    // Queries.

    /// The name that the service gave the session, if it has given one.
    pub fn protocol(&self) -> Option<&str> {
        self.resume.protocol()
    }

    /// The contexts that calls are wanted for.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.wanted().iter().map(String::as_str)
    }

    /// The calls that the session holds, in the order in which they became known: those of the application, legs of dials
    /// that are not decided, and those that are being cleaned up.
    pub fn calls(&self) -> impl Iterator<Item = &CallId> {
        self.calls.all()
    }

    /// The size of everything that the session holds.
    pub fn stats(&self) -> Stats {
        Stats {
            calls: self.calls.len(),
            operations: self.calls.operations() + self.late.len(),
            requests: self.requests.len(),
            dials: self.dials.len(),
            messages: self.messages.len(),
        }
    }

    // For the parts.

    fn emit(&mut self, event: SessionEvent) {
        self.output.push_back(Output::Event(event));
    }

    fn notice(&mut self, notice: Notice) {
        self.emit(SessionEvent::Notice(notice));
    }

    fn acknowledge(&mut self, id: Option<&RawValue>, result: &str) {
        if let Some(id) = id {
            self.acknowledgements.push_back(frame::acknowledgement(id, result));
        }
    }

    /// A new id as text.
    fn new_id<T: for<'a> From<&'a str>>(&mut self) -> T {
        T::from(self.new_uuid().hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    fn new_uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid()
    }
}
