//! The state machine of the service.

pub(crate) mod bindings;
mod bridges;
pub(crate) mod calls;
pub(crate) mod conferences;
mod credentials;
mod events;
mod faults;
mod inbound;
mod journal;
pub(crate) mod legs;
mod mailbox;
mod messages;
mod offers;
pub(crate) mod operation;
mod parties;
mod provisioning;
pub(crate) mod queues;
mod refusals;
mod schedule;
pub(crate) mod session;
mod stats;
mod tasks;
mod test_api;
mod timers;
mod transfers;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

pub use calls::{CallState, CallView, OperationView};
#[cfg(feature = "listener")]
pub(crate) use faults::ABNORMAL_CLOSURE;
pub use faults::Faults;
pub use journal::{Direction, JournalEntry, MAX_JOURNAL_ENTRIES, MAX_VIOLATIONS, Violation};
pub use refusals::Refusal;
pub use stats::{FaultStats, ServiceStats};

use self::calls::{AttemptKey, Call, CallKey, Source};
use self::conferences::Conference;
use self::faults::Condition;
use self::journal::Journal;
use self::legs::Attempt;
use self::mailbox::Mailbox;
use self::messages::{Incoming, MessageKey, Outgoing};
use self::offers::Rotation;
use self::queues::Queue;
use self::refusals::Refusals;
use self::schedule::Schedules;
use self::session::{Connection, Session, SessionKey};
use self::timers::{Timer, Timers};
use crate::scenario::Failing;
use crate::{Caller, Message, Payment, Report, Scenario, Task};

/// The id of the only node of the service.
pub(crate) const NODE: &str = "node-1@simulator";
const CONNECT: &str = "signalwire.connect";
/// The start of every simulation in the time of the clients: the first second of 2025.
const EPOCH: f64 = 1_735_689_600.0;
const EPOCH_SECONDS: u64 = 1_735_689_600;
/// Maximum number of ended calls that [`SimulatedService::calls`] returns.
pub const MAX_ENDED_CALLS: usize = 1000;
/// Maximum number of timers that fire in one turn; the others fire in the next turn.
const MAX_TIMERS_PER_TURN: usize = 1_000_000;

/// The simulated service: any number of clients, calls and parties, on virtual time.
///
/// It does no I/O and has no clock. Pass it one input with a `handle_*` method, or control it with any other method.
/// Then drain [`poll_output`](Self::poll_output), and call [`handle_timeout`](Self::handle_timeout) at
/// [`poll_timeout`](Self::poll_timeout). The same inputs and the same seed give the same outputs, byte for byte. `now`
/// is the time since the start and never goes backwards.
///
/// ```
/// use signalwire_relay_simulator::{Output, Scenario, SimulatedService};
/// use std::time::Duration;
///
/// let mut service = SimulatedService::new(Scenario::builtin("hello")?, 7);
/// let client = service.handle_connected(Duration::ZERO);
/// service.handle_text(
///     Duration::ZERO,
///     client,
///     r#"{"jsonrpc":"2.0","id":"1","method":"signalwire.connect","params":{
///         "version":{"major":2,"minor":0,"revision":0},"agent":"doc/1","event_acks":true,
///         "authentication":{"project":"demo-project","token":"demo-token"},
///         "contexts":["default"]}}"#,
/// );
/// let mut offered = false;
/// while !offered {
///     while let Some(output) = service.poll_output() {
///         if let Output::Send { text, .. } = output {
///             offered |= text.contains("calling.call.receive");
///         }
///     }
///     let next = service.poll_timeout().expect("the first caller is about to dial");
///     service.handle_timeout(next);
/// }
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
pub struct SimulatedService {
    pub(crate) scenario: Scenario,
    pub(super) faults: Faults,
    rng: fastrand::Rng,
    now: Duration,
    timers: Timers,
    connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) sessions: BTreeMap<SessionKey, Session>,
    /// The protocols of lost sessions whose clients know about the loss.
    forgotten_protocols: VecDeque<String>,
    pub(crate) calls: BTreeMap<CallKey, Call>,
    /// Set while the operations of a call end with it.
    is_ending_call: bool,
    /// Inbound calls that wait for a subscriber, oldest first.
    pending_calls: Vec<CallKey>,
    rotation: Rotation,
    attempts: BTreeMap<AttemptKey, Attempt>,
    conferences: Vec<Conference>,
    queues: Vec<Queue>,
    outgoing: BTreeMap<MessageKey, Outgoing>,
    incoming: Mailbox<Incoming>,
    tasks: Mailbox<Task>,
    /// The number of tasks so far.
    task_count: u64,
    schedules: Schedules,
    /// The outcomes of the next payments.
    payments: VecDeque<Payment>,
    /// The number of operations that still have to fail, by method.
    failing: BTreeMap<String, u32>,
    ended: VecDeque<CallView>,
    conditions: BTreeMap<ConnectionId, Condition>,
    refusals: Refusals,
    /// The frames of this turn, before faults.
    outgoing_frames: Vec<OutgoingFrame>,
    outbox: VecDeque<Output>,
    journal: Journal,
    violations: Vec<Violation>,
    fault_stats: FaultStats,
    next_connection: u64,
    next_session: u64,
    next_call: u64,
    next_operation: u64,
    next_attempt: u64,
    next_recording: u64,
    next_conference: u64,
    next_entry: u64,
    next_message: u64,
    next_frame: u64,
}

/// Shows counts only: frames and sessions hold credentials.
impl fmt::Debug for SimulatedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedService")
            .field("now", &self.now)
            .field("connections", &self.connections.len())
            .field("sessions", &self.sessions.len())
            .field("calls", &self.calls.len())
            .field("violations", &self.violations.len())
            .finish_non_exhaustive()
    }
}

/// One WebSocket between a client and the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}", self.0)
    }
}

/// An output of the service.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Send this text frame.
    Send {
        /// The receiver.
        to: ConnectionId,
        /// The frame.
        text: String,
    },
    /// Close this connection. The service has already removed it.
    Close {
        /// The connection.
        to: ConnectionId,
        /// The WebSocket close code; 1006 means to drop the connection without a handshake.
        code: u16,
    },
    /// Something has happened.
    Report(Report),
}

/// A frame of the current turn.
#[derive(Debug, Clone)]
struct OutgoingFrame {
    to: ConnectionId,
    text: String,
    expected: ExpectedReply,
}

/// The reply that a sent frame needs, with its id. The time limit starts when the frame leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ExpectedReply {
    None,
    /// The acknowledgement of an event. Faults by chance affect events only.
    Ack(String),
    /// The reply to a ping.
    Pong(String),
    /// The reply to `signalwire.disconnect`.
    Disconnect(String),
}

/// Inputs.
impl SimulatedService {
    /// Creates a service with this scenario. The seed decides reaction times, session protocols and faults by chance.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        let mut failing = BTreeMap::new();
        for Failing { method, times } in &scenario.failing {
            *failing.entry(method.clone()).or_default() += times;
        }
        let mut service = Self {
            failing,
            faults: scenario.faults,
            journal: Journal::new(&scenario),
            payments: scenario.payments.iter().copied().collect(),
            refusals: Refusals::of(&scenario.refusals),
            scenario,
            rng: fastrand::Rng::with_seed(seed),
            now: Duration::ZERO,
            timers: Timers::default(),
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            forgotten_protocols: VecDeque::new(),
            calls: BTreeMap::new(),
            is_ending_call: false,
            pending_calls: Vec::new(),
            rotation: Rotation::new(),
            attempts: BTreeMap::new(),
            conferences: Vec::new(),
            queues: Vec::new(),
            outgoing: BTreeMap::new(),
            incoming: Mailbox::default(),
            tasks: Mailbox::default(),
            task_count: 0,
            schedules: Schedules::default(),
            ended: VecDeque::new(),
            conditions: BTreeMap::new(),
            outgoing_frames: Vec::new(),
            outbox: VecDeque::new(),
            violations: Vec::new(),
            fault_stats: FaultStats::default(),
            next_connection: 0,
            next_session: 0,
            next_call: 0,
            next_operation: 0,
            next_attempt: 0,
            next_recording: 0,
            next_conference: 0,
            next_entry: 0,
            next_message: 0,
            next_frame: 0,
        };
        service.arm_from_start::<Caller>();
        service.arm_from_start::<Message>();
        service.arm_from_start::<Task>();
        service
    }

    /// Opens the connection of a client.
    pub fn handle_connected(&mut self, now: Duration) -> ConnectionId {
        self.advance(now);
        self.next_connection += 1;
        let connection = ConnectionId(self.next_connection);
        self.connections.insert(connection, Connection::default());
        self.report(Report::ClientConnected { connection });
        self.flush();
        connection
    }

    /// Handles a text frame of a client. Frames of a closed connection are ignored.
    pub fn handle_text(&mut self, now: Duration, from: ConnectionId, text: &str) {
        self.advance(now);
        if self.connections.contains_key(&from) && !self.is_deaf(from) {
            self.journal.received(self.now, from, text);
            self.take_frame(from, text);
        }
        self.flush();
    }

    /// Handles a binary frame of a client, which is a violation.
    pub fn handle_binary(&mut self, now: Duration, from: ConnectionId) {
        self.advance(now);
        if self.connections.contains_key(&from) && !self.is_deaf(from) {
            self.malformed(from, "a binary frame");
        }
        self.flush();
    }

    /// Closes the connection of a client. Harmless after [`Output::Close`].
    pub fn handle_disconnected(&mut self, now: Duration, from: ConnectionId) {
        self.advance(now);
        self.remove_connection(from);
        self.flush();
    }

    /// Fires the timers that are due. An early, late or repeated call is harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
        self.flush();
    }
}

/// Outputs.
impl SimulatedService {
    /// Returns the next output; `None` if there is none for now.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.pop_front()
    }

    /// Returns the time of the next [`handle_timeout`](Self::handle_timeout); `None` if no timer is armed.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.next_due()
    }
}

/// Shared by the modules.
impl SimulatedService {
    /// Fires every timer that is due, each at its own time, however late the call is.
    fn advance(&mut self, now: Duration) {
        for _ in 0..MAX_TIMERS_PER_TURN {
            let Some((due, timer)) = self.timers.pop_due(now) else {
                self.now = self.now.max(now);
                return;
            };
            self.now = self.now.max(due);
            self.fire(timer);
            self.flush();
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Ping(to) => self.ping(to),
            Timer::PingOverdue(from, id) => self.ping_overdue(from, &id),
            Timer::AckOverdue(from, id) => self.ack_overdue(from, id),
            Timer::CloseAnyway(to) => self.disconnect_is_overdue(to),
            Timer::Cut(connection) => self.cut_connection(connection),
            Timer::SessionExpires(key) => self.expire_session(key),
            Timer::CallerDials(index) => self.start_item::<Caller>(index),
            Timer::PatienceEnds(key) => self.end_call_by(key, "cancel", Source::Inbound),
            Timer::MaxDuration(key) => self.end_call(key, "max_duration"),
            Timer::PartyStep(key) => self.run_step(key),
            Timer::Operation(call, operation, tick) => self.fire_operation_timer(call, operation, tick),
            Timer::LegRings(key) => self.ring_leg(key),
            Timer::LegDecides(key) => self.resolve_leg(key),
            Timer::LegTimesOut(key) => self.end_call(key, "noAnswer"),
            Timer::NextGroup(key) => self.next_group(key),
            Timer::Referred(key, target) => self.finish_refer(key, &target),
            Timer::QueueStats(key) => self.queue_stats(key),
            Timer::QueueTimesOut(key) => self.expire_queue_entry(key),
            Timer::CallQuality(key) => self.call_quality(key),
            Timer::ResultReady(session, event_type, params) => self.emit(session, &event_type, params),
            Timer::TaskArrives(index) => self.start_item::<Task>(index),
            Timer::MessageAdvances(key) => self.advance_message(key),
            Timer::MessageArrives(index) => self.start_item::<Message>(index),
            Timer::Release(frame) => self.deliver(frame),
            Timer::StallEnds(connection) => self.end_stall(connection),
        }
    }

    fn queue_frame(&mut self, to: ConnectionId, text: String) {
        self.outgoing_frames.push(OutgoingFrame { to, text, expected: ExpectedReply::None });
    }

    /// Closes a connection after sending every frame that is queued for it.
    fn close(&mut self, connection: ConnectionId, code: u16) {
        self.flush();
        if self.connections.contains_key(&connection) {
            self.outbox.push_back(Output::Close { to: connection, code });
            self.remove_connection(connection);
        }
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.outbox.push_back(Output::Report(report));
    }

    /// Reports a note about a call.
    pub(crate) fn note(&mut self, call: CallKey, what: impl Into<String>) {
        self.report(Report::Noted { call: call.id(), what: what.into() });
    }

    fn record_violation(&mut self, violation: Violation) {
        // A refusal has its own report.
        if !matches!(violation, Violation::BadRequest { .. }) {
            self.report(Report::Violated(violation.clone()));
        }
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(violation);
        }
    }

    fn remember_ended(&mut self, call: CallView) {
        if self.ended.len() == MAX_ENDED_CALLS {
            self.ended.pop_front();
        }
        self.ended.push_back(call);
    }

    fn next_call_key(&mut self) -> CallKey {
        self.next_call += 1;
        CallKey(self.next_call)
    }

    /// Returns `true` if there has ever been a call with this number.
    fn existed(&self, key: CallKey) -> bool {
        (1..=self.next_call).contains(&key.0)
    }

    fn next_frame_id(&mut self, prefix: &str) -> String {
        self.next_frame += 1;
        format!("{prefix}-{}", self.next_frame)
    }

    pub(crate) fn next_recording(&mut self) -> String {
        self.next_recording += 1;
        format!("r-{}", self.next_recording)
    }
}

/// Converts a time since the start to seconds since 1970, to the millisecond.
pub(crate) fn epoch(now: Duration) -> f64 {
    EPOCH + seconds(now)
}

/// Converts a time since the start to milliseconds since 1970.
pub(crate) fn millis(now: Duration) -> u64 {
    EPOCH_SECONDS * 1000 + u64::try_from(now.as_millis()).unwrap_or(u64::MAX / 2)
}

/// Converts a time since the start to microseconds since 1970.
pub(crate) fn micros(now: Duration) -> u64 {
    EPOCH_SECONDS * 1_000_000 + u64::try_from(now.as_micros()).unwrap_or(u64::MAX / 2)
}

/// Converts a duration to seconds, to the millisecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
