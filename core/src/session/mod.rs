//! The protocol as a state machine that does no I/O.
//!
//! A [`Session`] has one side for what comes in and one for what goes out. Time is an argument, identifiers and
//! jitter come from a seed: the same inputs give the same outputs, byte for byte.
//!
//! The contract: tell the session one thing, then drain [`Session::poll_output`] until it says
//! [`Output::Wait`], then tell it the next.
//!
//! ```text
//! loop {
//!     match session.poll_output() {
//!         Output::Wait(until)  => tell it what arrives, or handle_timeout(now) when `until` has come
//!         Output::Open(where)  => open a WebSocket, then handle_connected(now) or handle_disconnected(now, why)
//!         Output::Send(text)   => send it
//!         Output::Close        => drop the WebSocket
//!         Output::Event(event) => tell the application
//!     }
//! }
//! ```
//!
//! The parts: `connection` decides when to connect, probe and give up; `requests` decides the fate of a request, and
//! `refusal` the meaning of a refusal; `calls`, `dials`, `messages` and `tasks` decide the meaning of an event. `pending`,
//! `table`, `dial_table`, `message_table` and `timers` store.

mod calls;
mod command;
mod connection;
mod dial_table;
mod dials;
mod frame;
mod identity;
mod message_table;
mod messages;
mod output;
mod pending;
mod pending_work;
mod recent;
mod refusal;
mod requests;
mod table;
mod tasks;
mod timers;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

pub use self::command::{Command, Target};
pub use self::message_table::MAX_FOLLOWED_MESSAGES;
pub use self::output::{CallInfo, ConnectionState, Notice, OperationUpdate, Output, Reply, SessionEvent};
pub use self::pending::MAX_QUEUED_REQUESTS;
pub use self::pending_work::PendingWork;

use self::connection::Connection;
use self::dial_table::Dials;
use self::frame::{EventParams, Incoming};
use self::identity::Identity;
use self::message_table::Messages;
use self::pending::{Pending, Purpose, RequestKey};
use self::table::Calls;
use self::tasks::TasksTold;
use self::timers::{Timer, Timers};
use crate::config::{Config, Endpoint, Overflow};
use crate::credentials::Credentials;
use crate::error::{ConfigError, Error};
use crate::ids::{CallId, Ticket};
use crate::service_error::Details;

/// What the transport received.
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
    identity: Identity,
    /// Whether new ones are asked for before each connection.
    asks_for_credentials: bool,
    endpoint: Endpoint,
    agent: String,
    max_active_calls: usize,
    overflow: Overflow,
    request_timeout: Duration,
    random: fastrand::Rng,
    connection: Connection,
    /// The contexts that calls are wanted for: all of them are asserted at every authentication.
    contexts: BTreeSet<String>,
    /// Those of them that do not hang on a request under way: configured, or accepted by the service.
    settled_contexts: BTreeSet<String>,
    /// Those that are not wanted any more and that the service has not been told of.
    left_contexts: BTreeSet<String>,
    draining: bool,
    pending: Pending,
    calls: Calls,
    dials: Dials,
    messages: Messages,
    tasks: TasksTold,
    timers: Timers,
    output: VecDeque<Queued>,
}

/// Prints nothing that was or will be sent.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("connection", &self.connection.state())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Something in the output queue.
enum Queued {
    Frame(Option<RequestKey>, String),
    Output(Output),
}

/// How many of each thing a session holds. All return to zero when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Calls, legs of dials included.
    pub calls: usize,
    /// Operations running on calls.
    pub operations: usize,
    /// Requests waiting to be sent or answered.
    pub requests: usize,
    /// Dials under way.
    pub dials: usize,
    /// Messages on their way.
    pub messages: usize,
    /// Alarms set.
    pub alarms: usize,
}

impl Session {
    /// A session that has not started yet. `seed` decides its identifiers and its jitter: give each a new one.
    ///
    /// # Errors
    /// If the settings are incomplete or unusable.
    pub fn new(config: &Config, seed: u64) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            identity: Identity::new(match config.provider() {
                Some(_) => config.credentials().unwrap_or_default(),
                None => config.credentials()?,
            }),
            asks_for_credentials: config.provider().is_some(),
            endpoint: config.endpoint()?,
            agent: config.agent_text().to_owned(),
            max_active_calls: config.active_call_limit(),
            overflow: config.overflow_policy(),
            request_timeout: config.request_limit(),
            random: fastrand::Rng::with_seed(seed),
            connection: Connection::default(),
            contexts: config.desired_contexts().iter().cloned().collect(),
            left_contexts: BTreeSet::new(),
            settled_contexts: config.desired_contexts().iter().cloned().collect(),
            draining: false,
            pending: Pending::default(),
            calls: Calls::new(),
            dials: Dials::new(),
            messages: Messages::new(),
            tasks: TasksTold::new(),
            timers: Timers::default(),
            output: VecDeque::new(),
        })
    }

    // What arrives.

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

    /// Lets everything happen whose time has come. Harmless if called early, late or twice.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::DropConnection => self.drop_connection(now, "the service took too long to answer"),
                Timer::Reconnect => self.open(now),
                Timer::ForgiveFailures => self.forgive_failures(),
                Timer::ProbeSilence => self.probe_silence(now),
                Timer::DropSilent => self.drop_connection(now, "the service has fallen silent"),
                Timer::EndCalls => self.end_calls(now),
                Timer::FinishDrain => self.disconnect(now),
                Timer::ExpireRequest(key) => self.expire(now, key),
                Timer::PassOffer(serial) => self.pass_untaken(now, serial),
                Timer::ConfirmGone(serial) => self.confirm_gone(now, serial),
                Timer::AskAgain(serial) => self.ask_again(now, serial),
                Timer::ConfirmOver(serial, ticket) => self.confirm_over(serial, ticket),
                Timer::RetryCleanUp(serial) => self.retry_clean_up(now, serial),
                Timer::GiveUpMessages(before) => self.give_up_messages(before),
                Timer::GiveUpDial(tag) => self.expire_dial(now, &tag),
                Timer::Alarm(ticket) => self.emit(SessionEvent::Alarm(ticket)),
                // What it was for is seen to below.
                Timer::Linger => {}
            }
        }
        self.close_if_drained(now);
    }

    // What leaves.

    /// The next thing to do. Drain it until it says [`Output::Wait`].
    pub fn poll_output(&mut self) -> Output {
        match self.output.pop_front() {
            Some(Queued::Frame(key, mut text)) => {
                if let Some(key) = key {
                    self.pending.mark_sent(key, &mut text, self.connection.protocol());
                }
                Output::Send(text)
            }
            Some(Queued::Output(output)) => output,
            None => Output::Wait(self.timers.next()),
        }
    }

    // What the application asks.

    /// Has [`SessionEvent::Alarm`] reported after a while.
    pub fn set_alarm(&mut self, now: Instant, ticket: Ticket, after: Duration) {
        if self.connection.is_closed() {
            return;
        }
        // A deadline beyond what the clock can count is no deadline.
        if let Some(at) = now.checked_add(after) {
            self.timers.set(Timer::Alarm(ticket), at);
        }
    }

    /// Takes back [`set_alarm`](Self::set_alarm).
    pub fn cancel_alarm(&mut self, ticket: Ticket) {
        self.timers.cancel(&Timer::Alarm(ticket));
    }

    /// Stops gently: no new calls are accepted, running ones may go on for as long as `within`, then they are
    /// ended, then the session closes. Asked again, the new time counts from then.
    pub fn drain(&mut self, now: Instant, within: Duration) {
        if self.connection.is_closed() {
            return;
        }
        if !self.draining {
            self.draining = true;
            self.unsubscribe(now);
            self.pass_offers(now);
        }
        if !self.timers.is_set(&Timer::FinishDrain) {
            self.timers.cancel(&Timer::EndCalls);
            // A time beyond what the clock can count is no limit.
            if let Some(at) = now.checked_add(within) {
                self.timers.set(Timer::EndCalls, at);
            }
        }
        self.close_if_drained(now);
    }

    /// Stops at once. Requests under way fail, calls go on at the service without this client. If it can be heard, dials
    /// are called off, and offers that nobody took are given back.
    pub fn disconnect(&mut self, now: Instant) {
        self.close(now, Ok(()));
    }

    // What can be asked.

    /// Where the connection stands.
    pub fn connection_state(&self) -> ConnectionState {
        self.connection.state()
    }

    /// The name that the service gave the session, if it has given one.
    pub fn protocol(&self) -> Option<&str> {
        self.connection.protocol()
    }

    /// The contexts that calls are wanted for.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.iter().map(String::as_str)
    }

    /// The calls on the books, in the order in which they became known: those of the application, legs of dials
    /// that are not decided, and those that are to go.
    pub fn calls(&self) -> impl Iterator<Item = &CallId> {
        self.calls.all()
    }

    /// How many of each thing the session holds.
    pub fn stats(&self) -> Stats {
        Stats {
            calls: self.calls.len(),
            operations: self.calls.operations(),
            requests: self.pending.len(),
            dials: self.dials.len(),
            messages: self.messages.len(),
            alarms: self.timers.alarms(),
        }
    }

    // For the parts.

    /// Gives back the offers that nobody has taken.
    fn pass_offers(&mut self, now: Instant) {
        for call_id in self.calls.ids(|entry| entry.role == table::Role::Offered) {
            self.pass_offer(now, &call_id, "the client is stopping");
        }
    }

    fn emit(&mut self, event: SessionEvent) {
        self.output.push_back(Queued::Output(Output::Event(event)));
    }

    fn notice(&mut self, notice: Notice) {
        self.emit(SessionEvent::Notice(notice));
    }

    fn acknowledge(&mut self, id: Option<&RawValue>, result: &str) {
        if let Some(id) = id {
            self.output.push_back(Queued::Frame(None, frame::acknowledgement(id, result)));
        }
    }

    fn new_uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid()
    }

    /// Text of the service with every secret of this session struck out.
    fn redact(&self, text: &str) -> String {
        redact(&self.secrets(), text)
    }

    /// The explanation of a refusal with every secret of this session struck out.
    fn redact_details(&self, details: Details) -> Details {
        let secrets = self.secrets();
        let Details { data, message_data, errors } = details;
        Details {
            data: redact_value(&secrets, data),
            message_data: redact_value(&secrets, message_data),
            errors: redact_value(&secrets, errors),
        }
    }

    /// The secrets of this session, the longest first.
    fn secrets(&self) -> Vec<&str> {
        let mut secrets: Vec<_> = self
            .identity
            .secrets()
            .chain(self.connection.authorization_states())
            .filter(|secret| !secret.is_empty())
            .collect();
        // One may contain another, which must not be struck out first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// The same, for text that need not be there.
    fn redact_in_place(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            *text = self.redact(text);
        }
    }

    /// Which project calls belong to when an event does not say so.
    fn project(&self) -> &str {
        match self.identity.current() {
            Credentials::Token { project, .. } => project.expose(),
            Credentials::Jwt(_) => "",
        }
    }

    /// Fails everything that is under way, with what is certain about each.
    fn fail_everything(&mut self, now: Instant) {
        for key in self.pending.keys(|request| !matches!(request.purpose, Purpose::CleanUp(_))) {
            self.fail_request(now, key, &|_, certainty| Error::closed(certainty));
        }
        // The frames of the rest still go out.
        for key in self.pending.keys(|_| true) {
            self.pending.remove(key);
        }
        for tag in self.dials.tags(|_| true) {
            self.fail_dial(now, &tag, Error::closed(crate::Certainty::Unknown));
        }
        self.lose_messages();
        for call_id in self.calls.ids(|_| true) {
            self.end_locally(now, &call_id, crate::EndReason::ClientClosed);
        }
    }

    /// Whether the application may still reach the call, so that news of it are worth telling.
    fn knows(&self, call_id: &CallId) -> bool {
        self.calls.get(call_id).is_some_and(table::Entry::is_visible)
    }
}

/// Strikes secrets out of a text.
fn redact(secrets: &[&str], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        // As it is, and as it stands in JSON.
        let escaped = Value::from(*secret).to_string();
        text.replace(secret, "***").replace(escaped.trim_matches('"'), "***")
    })
}

/// Strikes secrets out of JSON: of texts, of names, and of numbers, which become text then.
fn redact_value(secrets: &[&str], value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(secrets, &text)),
        Value::Array(members) => members.into_iter().map(|member| redact_value(secrets, member)).collect(),
        Value::Object(members) => {
            let redactbed =
                |(name, member): (String, Value)| (redact(secrets, &name), redact_value(secrets, member));
            members.into_iter().map(redactbed).collect()
        }
        Value::Number(number) => {
            let text = number.to_string();
            let redactbed = redact(secrets, &text);
            if redactbed == text { Value::Number(number) } else { Value::String(redactbed) }
        }
        other => other,
    }
}
