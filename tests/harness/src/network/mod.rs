//! The simulated network: the lines between the clients and the service, and the faults on them.

mod conditions;
mod deliver;
mod faults;
mod garbage;
mod line;
mod plan;
mod record;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use signalwire_relay_simulator::{ConnectionId, Report, Scenario, SimulatedService};

pub use conditions::NetworkConditions;
pub use line::{DisconnectReason, LineEvent, LineId, MAX_UNREAD_FRAMES};
pub use plan::{Break, Plan, Timing, Way};
pub use record::{Disturbance, Injected};

use line::{Connection, Line, LineState};

/// Makes the network draw other numbers than the service, which has the same seed.
const NETWORK_SEED: u64 = 0x6e65_7477_6f72_6b21;

/// A network that connects any number of client state machines to one simulated service.
///
/// It is a state machine itself: it reads no clock and opens no socket. Each client has a line, from
/// [`add_line`](Self::add_line). The driver of a client passes its outputs to [`open`](Self::open),
/// [`send`](Self::send) and [`close`](Self::close), and gives the client every [`LineEvent`] of its line. `now` is the
/// virtual time since the beginning, and never goes backwards.
///
/// [`World`](crate::World) drives clients with handles. Another client state machine is driven like this:
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use signalwire_relay_core::session::{Io, ConnectionState, Frame, Output, Session};
/// use signalwire_relay_harness::{LineEvent, SimulatedNetwork, World};
/// use signalwire_relay_simulator::Scenario;
///
/// let mut network = SimulatedNetwork::new(Scenario::new(), 1);
/// let line = network.add_line();
/// let (start, mut now) = (Instant::now(), Duration::ZERO);
/// let mut session = Session::new(&World::config(), 1)?;
/// session.connect(start);
/// while !matches!(session.connection_state(), ConnectionState::Ready { .. }) {
///     // The outputs of the client.
///     let deadline = loop {
///         match session.poll_output() {
///             Output::Io(Io::Open(_)) => network.open(now, line),
///             Output::Io(Io::Send(text)) => _ = network.send(now, line, text),
///             Output::Io(Io::Close) => network.close(now, line),
///             Output::Io(Io::Wait(deadline)) => break deadline,
///             _ => {}
///         }
///     };
///     // One thing that happens on the line.
///     let event = network.poll_break(now, line).or_else(|| network.poll_attempt(now, line));
///     let event = event.or_else(|| network.poll_delivery(now, line));
///     match event {
///         Some(LineEvent::Connected) => session.handle_connected(start + now),
///         Some(LineEvent::Frame(text)) => session.handle_frame(start + now, Frame::Text(&text)),
///         Some(LineEvent::Disconnected(reason)) => session.handle_disconnected(start + now, &reason.to_string()),
///         Some(_) => {}
///         // Only now that nothing is left to arrive.
///         None if deadline.is_some_and(|deadline| deadline <= start + now) => session.handle_timeout(start + now),
///         None => {
///             let deadline = deadline.map(|deadline| deadline - start);
///             now = [deadline, network.poll_timeout()].into_iter().flatten().min().expect("a deadline");
///             network.handle_timeout(now);
///         }
///     }
/// }
/// # Ok::<_, signalwire_relay_core::Error>(())
/// ```
pub struct SimulatedNetwork {
    service: SimulatedService,
    lines: BTreeMap<LineId, Line>,
    next_line: u64,
    random: fastrand::Rng,
    conditions: NetworkConditions,
    plan: Option<Plan>,
    reachable: bool,
    unreachable_until: Duration,
    refuse_next: u32,
    /// The number of frames that reached the end of their line.
    frames: u64,
    steps: u64,
    reports: Vec<Report>,
    disturbances: Vec<Disturbance>,
    injected: Injected,
}

impl SimulatedNetwork {
    /// Creates the network of a service that plays a scenario. The same seed and the same calls give the same history.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            service: SimulatedService::new(scenario, seed),
            lines: BTreeMap::new(),
            next_line: 0,
            random: fastrand::Rng::with_seed(seed ^ NETWORK_SEED),
            conditions: NetworkConditions::default(),
            plan: None,
            reachable: true,
            unreachable_until: Duration::ZERO,
            refuse_next: 0,
            frames: 0,
            steps: 0,
            reports: Vec::new(),
            disturbances: Vec::new(),
            injected: Injected::default(),
        }
    }

    /// The service.
    pub fn service(&self) -> &SimulatedService {
        &self.service
    }

    /// The service, to be changed. Its outputs leave with the next [`drain_service`](Self::drain_service).
    pub fn service_mut(&mut self) -> &mut SimulatedService {
        &mut self.service
    }

    /// Adds a line for a client. It has no connection yet.
    pub fn add_line(&mut self) -> LineId {
        let id = LineId(self.next_line);
        self.next_line += 1;
        self.lines.insert(id, Line::default());
        id
    }

    /// Removes a line, and closes its connection if it has one.
    pub fn remove_line(&mut self, now: Duration, line: LineId) {
        self.close(now, line);
        self.lines.remove(&line);
    }

    /// The connection of a line; `None` while it has none.
    pub fn connection(&self, line: LineId) -> Option<ConnectionId> {
        match &self.lines.get(&line)?.state {
            LineState::Up(connection) => Some(connection.id),
            _ => None,
        }
    }

    /// Returns `false` if the service does not read, and as many frames lie in the sockets as they hold
    /// ([`MAX_UNREAD_FRAMES`]): a socket would take no further one now. The service does not read a connection that stalls
    /// or loses everything on the way to it.
    pub fn has_room(&self, now: Duration, line: LineId) -> bool {
        match self.lines.get(&line).map(|line| &line.state) {
            Some(LineState::Up(connection)) => connection.has_room(now),
            _ => true,
        }
    }

    /// Sets whether a client reads its connection. While it does not, the frames for it wait.
    pub fn set_reading(&mut self, line: LineId, reads: bool) {
        if let Some(connection) = self.lines.get_mut(&line).and_then(Line::up) {
            connection.pipe(Way::ToClient).set_read(reads);
        }
    }

    /// The connections of all lines.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.lines.keys().filter_map(|line| self.connection(*line))
    }

    /// The number of inputs that the service and the clients have received from the network: frames, timeouts of the
    /// service, outcomes of attempts to connect, and lost connections.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The number of frames that reached the end of their line, including those lost at the last moment.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The faults injected so far.
    pub fn disturbances(&self) -> &[Disturbance] {
        &self.disturbances
    }

    /// Removes and returns the [`disturbances`](Self::disturbances), so that they do not fill memory in a long run.
    pub fn take_disturbances(&mut self) -> Vec<Disturbance> {
        std::mem::take(&mut self.disturbances)
    }

    /// The counters of injected faults.
    pub fn injected(&self) -> Injected {
        self.injected
    }

    /// Removes and returns the reports of the service.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    fn connections_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.lines.values_mut().filter_map(Line::up)
    }

    /// Records a fault.
    pub(crate) fn record(&mut self, at: Duration, what: impl Into<String>) {
        self.disturbances.push(Disturbance { at, what: what.into() });
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.f64() < probability
    }
}

impl fmt::Debug for SimulatedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, conditions, plan, frames, injected, .. } = self;
        f.debug_struct("SimulatedNetwork")
            .field("lines", lines)
            .field("conditions", conditions)
            .field("plan", plan)
            .field("frames", frames)
            .field("injected", injected)
            .finish_non_exhaustive()
    }
}
