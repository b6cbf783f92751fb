//! The state behind a client: a session, and the handles that wait on it. Sans-IO, like the session.
//!
//! `receive` carries what handles post to the session, `deliver` its events to handles, `credentials` asks the
//! application who it is, `failures` decides what is said of a handler that failed, `dispatch` shares messages and tasks out to its handlers, `listening` reports handlers that nothing will come for, and `close` releases everything at the end.

mod close;
mod credentials;
mod deliver;
mod dispatch;
mod failures;
mod listening;
mod receive;
mod timeouts;

pub use self::credentials::MAX_CREDENTIALS_REQUESTS;
pub use self::dispatch::{MAX_RUNNING_HANDLERS, MAX_WAITING_MESSAGES};

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::{Duration, Instant};

use self::credentials::CredentialsRequest;
use self::dispatch::Dispatch;
use self::listening::Listening;
use self::timeouts::WaitTimeouts;
use super::Client;
use super::action::Progress;
use super::call::CallRecord;
use super::handlers::CallHandler;
use super::mailbox::{Mail, Task, TaskPurpose};
use super::request::Response;
use super::shared::{Handles, Sender, Shared};
use super::slots::Slot;
use super::subscribers::Queue;
use super::watch_cell::WatchCell;
use crate::config::Config;
use crate::connect_failure::ConnectFailure;
use crate::error::Error;
use crate::ids::{CallId, Ticket};
use crate::service::{MessageReceiveEvent, TaskEvent};
use crate::session::{ConnectionState, Frame, Io, Notice, Output, Session, Stats};

/// One thing for a driver to do.
#[must_use = "what is not done is lost"]
pub enum ClientOutput {
    /// Do something with the connection. [`Io::Wait`] also ends when the waker is called.
    Io(Io),
    /// Run this in a task of its own. It does not panic.
    Spawn(TaskPurpose, Task),
    /// Log this.
    Log(Notice),
    /// Log this change of the connection.
    Connection(ConnectionState),
    /// The client is closed. There will be no further output.
    Finished,
}

/// The state machine behind a [`Client`]: a [`Session`], and the handles that wait on it.
///
/// It does no I/O and reads no clock. A driver tells it what arrives and does what the [`ClientOutput`]s say;
/// telling one thing, then draining [`poll_output`](Self::poll_output) until [`Io::Wait`], as for the session
/// itself. Dropping it fails everything that waits.
pub struct ClientState {
    session: Session,
    shared: Arc<Shared>,
    /// Does not keep the client open; gone when the last handle is.
    handles: std::sync::Weak<Handles>,
    calls: HashMap<CallId, Arc<CallRecord>>,
    /// Calls that have ended and of which events may still come.
    late: HashMap<CallId, Arc<CallRecord>>,
    responses: HashMap<Ticket, Arc<WatchCell<Response>>>,
    operations: HashMap<Ticket, Arc<WatchCell<Progress>>>,
    /// Readers of the legs of dials.
    legs: HashMap<Ticket, Arc<WatchCell<Queue>>>,
    timeouts: WaitTimeouts,
    listening: Listening,
    on_call: Option<CallHandler>,
    messages: Dispatch<MessageReceiveEvent>,
    tasks: Dispatch<TaskEvent>,
    /// The errors of handlers that ended while it was in doubt whether their calls are still there.
    failed_in_doubt: HashMap<CallId, String>,
    credentials: CredentialsRequest,
    drain_limit: Duration,
    /// Taken from the mailbox and not read yet. One is read each time that the session has nothing more to give: what
    /// follows from it leaves before the next, which may close the client.
    mail: VecDeque<Mail>,
    output: VecDeque<ClientOutput>,
    finished: bool,
    /// The end of the session, until it is published.
    end: Option<Result<(), Error>>,
}

/// The size of everything that a client holds. All numbers return to zero when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClientStats {
    /// The session.
    pub session: Stats,
    /// The tables for handles.
    pub handles: HandleStats,
}

/// The size of the tables that a client keeps for handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HandleStats {
    /// Calls that have handles.
    pub calls: usize,
    /// Response futures that somebody waits for.
    pub responses: usize,
    /// Operations and messages that are followed to their end.
    pub operations: usize,
    /// Waits with a time limit.
    pub timeouts: usize,
    /// Calls that wait to be taken.
    pub offers: usize,
    /// Tasks that wait to be taken, or for a handler to end.
    pub tasks: usize,
    /// Messages that wait for a handler to end.
    pub messages: usize,
    /// Handlers of messages and tasks that run.
    pub handlers: usize,
}

impl ClientState {
    /// A client, and the state behind it, for a driver. `seed` decides the identifiers and the jitter of the session:
    /// give each client a new one.
    ///
    /// # Errors
    /// If the settings are incomplete or unusable, or if this process holds too many clients.
    pub fn new(config: &Config, seed: u64) -> Result<(Client, Self), Error> {
        let session = Session::new(config, seed)?;
        let slot = Slot::take(config.connection_limit())?;
        let shared = Shared {
            second_signal: config.second_signal_policy(),
            slot: Mutex::new(Some(slot)),
            ..Shared::default()
        };
        let shared = Arc::new(shared);
        let sender = Sender::new(shared.clone());
        let state = Self {
            session,
            shared,
            handles: sender.downgrade(),
            calls: HashMap::new(),
            late: HashMap::new(),
            responses: HashMap::new(),
            operations: HashMap::new(),
            legs: HashMap::new(),
            timeouts: WaitTimeouts::default(),
            listening: Listening::default(),
            on_call: None,
            messages: Dispatch::default(),
            tasks: Dispatch::default(),
            failed_in_doubt: HashMap::new(),
            credentials: CredentialsRequest::new(config.provider()),
            drain_limit: config.drain_limit(),
            mail: VecDeque::new(),
            output: VecDeque::new(),
            finished: false,
            end: None,
        };
        Ok((Client::new(sender), state))
    }

    /// Starts: the first output will be to open a connection.
    pub fn connect(&mut self, now: Instant) {
        self.session.connect(now);
    }

    /// The transport is open.
    pub fn handle_connected(&mut self, now: Instant) {
        self.session.handle_connected(now);
    }

    /// A frame arrived.
    pub fn handle_frame(&mut self, now: Instant, frame: Frame<'_>) {
        self.session.handle_frame(now, frame);
    }

    /// The transport could not be opened.
    pub fn handle_connect_failed(&mut self, now: Instant, failure: &ConnectFailure) {
        self.session.handle_connect_failed(now, failure);
    }

    /// The transport is gone. `reason` is for people to read.
    pub fn handle_disconnected(&mut self, now: Instant, reason: &str) {
        self.session.handle_disconnected(now, reason);
    }

    /// The instant of [`Io::Wait`] has come. Harmless if called early or twice.
    ///
    /// Whatever has arrived goes first: hand in every frame that can be read before this, or a program that was held up
    /// takes an answer that lies in the socket for a timeout.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.settle_offers(&self.session.expired_offers(now));
        self.session.handle_timeout(now);
        self.timeouts.handle_timeout(now);
        self.check_listening(now);
    }

    /// The earliest deadline: that of [`Io::Wait`], also while there is more to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.session.deadline(), self.timeouts.deadline(), self.listening.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// The number of the attempt to connect that is under way, from 1 since a connection last held.
    pub(crate) fn attempt(&self) -> u32 {
        self.session.attempt()
    }

    /// Keeps frames in the session until they are asked for: see [`Session::hold_frames`].
    pub fn hold_frames(&mut self) {
        self.session.hold_frames();
    }

    /// The next frame to send, for a transport that takes one now: see [`Session::poll_frame`].
    pub fn poll_frame(&mut self) -> Option<String> {
        self.session.poll_frame()
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The size of everything that the client holds.
    pub fn stats(&self) -> ClientStats {
        let handles = HandleStats {
            calls: self.calls.len() + self.late.len(),
            responses: self.responses.len(),
            operations: self.operations.len(),
            timeouts: self.timeouts.len(),
            offers: self.shared.offers.standing().count(),
            tasks: self.shared.tasks.with(|tasks| tasks.len()) + self.tasks.waiting(),
            messages: self.messages.waiting(),
            handlers: self.messages.running() + self.tasks.running(),
        };
        ClientStats { session: self.session.stats(), handles }
    }

    /// The calls that wait to be taken: by a stream, or by a handler whose task has not begun to run.
    pub fn waiting_offers(&self) -> impl Iterator<Item = CallId> + use<> {
        self.shared.offers.standing().map(|call| call.id().clone())
    }

    /// The next thing to do. With [`Io::Wait`] the waker is kept, and called when a handle has asked for
    /// something.
    pub fn poll_output(&mut self, now: Instant, waker: &Waker) -> ClientOutput {
        loop {
            if let Some(output) = self.output.pop_front() {
                return output;
            }
            match self.session.poll_output() {
                Output::Event(event) => self.deliver(now, event),
                // Only now: every outcome that the session knew has been delivered.
                Output::Io(Io::Wait(_)) if self.finished => {
                    self.finish();
                    if self.output.is_empty() {
                        return ClientOutput::Finished;
                    }
                }
                Output::Io(Io::Wait(_)) => {
                    if self.mail.is_empty() {
                        self.mail = self.shared.mailbox.take(waker);
                    }
                    let Some(mail) = self.mail.pop_front() else {
                        return ClientOutput::Io(Io::Wait(self.deadline()));
                    };
                    self.receive(now, mail);
                }
                Output::Io(io) => return ClientOutput::Io(io),
            }
        }
    }

    /// The sender for new handles; `None` if nobody is left to use one.
    fn sender(&self) -> Option<Sender> {
        Sender::upgrade(&self.handles)
    }
}

impl Drop for ClientState {
    fn drop(&mut self) {
        self.finish();
    }
}
