//! What lies between clients and the service: time, and everything that can go wrong on the way.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use signalwire_relay_simulator::{CallState, ConnectionId, SimulatedService};

/// How long an oversize frame is. Adapters refuse longer ones before the core sees them.
const OVERSIZE: usize = 1 << 20;
/// What may arrive instead of sense.
const NONSENSE: &[&str] = &[
    "",
    "nonsense",
    "[]",
    "7",
    "{\"jsonrpc\":\"2.0\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":[]}",
    "{\"jsonrpc\":\"2.0\",\"id\":\"nobody-asked\",\"error\":\"as text\"}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":7}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"calling.call.state\",\"params\":{\"call_id\":[],\"call_state\":1e999}}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"calling.call.unheard_of\",\"params\":null}}",
];

/// What befalls connections by chance. All of it is drawn from the seed of the world; the default is a network on
/// which nothing takes time and nothing goes wrong.
///
/// The order of frames in one direction is kept, as TCP keeps it. Events that are duplicated or overtake one another
/// are the service's doing: see [`Faults`](signalwire_relay_simulator::Faults).
///
/// ```
/// use signalwire_relay_core::secs;
/// use signalwire_relay_harness::{Network, World};
/// use signalwire_relay_simulator::Scenario;
///
/// let mut world = World::new(Scenario::new(), 7);
/// world.set_network(Network { latency: secs(0.05), cut: 0.01, ..Network::default() });
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// How long a frame takes, each way, and how long it takes to open a connection.
    pub latency: Duration,
    /// How much longer a frame takes at most.
    pub jitter: Duration,
    /// The probability, 0 to 1, that a connection is lost at a frame: just before or just after it arrives. What
    /// else is on the way is lost with it.
    pub cut: f64,
    /// The probability, 0 to 1, that a frame and all that follow it in its direction are held up for a while.
    pub stall: f64,
    /// How long they are held up at most. Default: 30 s.
    pub stall_for: Duration,
    /// The probability, 0 to 1, that from a frame on nothing arrives any more in its direction, and neither side is
    /// told.
    pub black_hole: f64,
    /// The probability, 0 to 1, that a frame without sense precedes one that goes to the client.
    pub garbage: f64,
    /// The probability, 0 to 1, that a part of a frame that goes to the client precedes it.
    pub truncated: f64,
    /// The probability, 0 to 1, that a frame of a megabyte precedes one that goes to the client.
    pub oversize: f64,
    /// The probability, 0 to 1, that a connection is refused.
    pub refuse: f64,
    /// The probability, 0 to 1, that nothing answers an attempt to connect.
    pub ignore: f64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            cut: 0.0,
            stall: 0.0,
            stall_for: Duration::from_secs(30),
            black_hole: 0.0,
            garbage: 0.0,
            truncated: 0.0,
            oversize: 0.0,
            refuse: 0.0,
            ignore: 0.0,
        }
    }
}

/// The direction in which frames go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// From the service to a client.
    ToClient,
    /// From a client to the service.
    ToService,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToClient => "to the client",
            Self::ToService => "to the service",
        })
    }
}

/// Which side of a frame a connection is lost on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timing {
    /// The frame does not arrive.
    Before,
    /// It arrives, and nothing after it.
    After,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// What happens to a connection when a planned frame arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Break {
    /// Both sides lose the connection.
    Cut,
    /// Nothing arrives any more in either direction, and neither side is told.
    HalfOpen,
    /// Nothing arrives for as long as this in either direction; then everything does.
    Stall(Duration),
    /// The connection stands, but everybody who is on a call with the service hangs up.
    HangUp,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the connection is cut"),
            Self::HalfOpen => f.write_str("the connection is half open"),
            Self::Stall(time) => write!(f, "the connection stalls for {time:?}"),
            Self::HangUp => f.write_str("everybody hangs up"),
        }
    }
}

/// A planned disturbance: what happens when the frame with this number arrives. Frames of all connections and both
/// directions count, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Plan {
    /// The number of the frame.
    pub frame: u64,
    /// Before it arrives, or after.
    pub moment: Timing,
    /// What happens then.
    pub what: Break,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} frame {}", self.what, self.moment, self.frame)
    }
}

/// Something that went wrong on the way, as one line to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    /// When, in virtual time.
    pub at: Duration,
    /// What.
    pub what: String,
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10.3} {}", self.at.as_secs_f64(), self.what)
    }
}

/// How often each thing went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Injected {
    /// Connections cut, by chance or as planned.
    pub cuts: u64,
    /// Frames held up, with all that followed them.
    pub stalls: u64,
    /// Directions in which nothing arrived any more.
    pub black_holes: u64,
    /// Frames without sense.
    pub garbage: u64,
    /// Frames of which only a part arrived.
    pub truncated: u64,
    /// Frames of a megabyte.
    pub oversize: u64,
    /// Attempts to connect that were refused.
    pub refused: u64,
    /// Attempts to connect that nothing answered.
    pub ignored: u64,
}

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parcel {
    Text(String),
    /// The service closes with this code.
    Close(u16),
}

/// A connection, and what is on its way there.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) connection: ConnectionId,
    to_client: Pipe,
    to_service: Pipe,
}

#[derive(Debug, Default)]
struct Pipe {
    /// With the time at which each arrives, in order.
    parcels: VecDeque<(Duration, Parcel)>,
    held_until: Duration,
    dead: bool,
}

impl Line {
    pub(crate) fn new(connection: ConnectionId) -> Self {
        Self { connection, to_client: Pipe::default(), to_service: Pipe::default() }
    }

    fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::ToClient => &mut self.to_client,
            Way::ToService => &mut self.to_service,
        }
    }

    /// When the next parcel arrives.
    pub(crate) fn next_arrival(&self) -> Option<Duration> {
        [self.to_client.next_arrival(), self.to_service.next_arrival()].into_iter().flatten().min()
    }

    pub(crate) fn stall(&mut self, way: Way, until: Duration) {
        let pipe = self.pipe(way);
        pipe.held_until = pipe.held_until.max(until);
    }

    pub(crate) fn swallow(&mut self, way: Way) {
        let pipe = self.pipe(way);
        pipe.dead = true;
        pipe.parcels.clear();
    }

    /// What the service still gets when the client closes: everything, unless something is in the way.
    pub(crate) fn close(&mut self, now: Duration) -> impl Iterator<Item = String> + use<> {
        let pipe = std::mem::take(&mut self.to_service);
        let blocked = pipe.dead || pipe.held_until > now;
        pipe.parcels.into_iter().filter_map(move |(_, parcel)| match parcel {
            Parcel::Text(text) if !blocked => Some(text),
            _ => None,
        })
    }
}

impl Pipe {
    fn next_arrival(&self) -> Option<Duration> {
        self.parcels.front().map(|(due, _)| (*due).max(self.held_until))
    }
}

/// A parcel that arrives, and what happens to its connection at that.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) way: Way,
    /// `None` if it was lost on the last step.
    pub(crate) parcel: Option<Parcel>,
    pub(crate) cut: bool,
    /// Whether everybody hangs up, and whether before the parcel or after it.
    pub(crate) hang_up: Option<Timing>,
}

/// How an attempt to connect turns out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Opens,
    Refused,
    Ignored,
}

/// The network's own state: conditions, chance, and the count of frames.
#[derive(Debug)]
pub(crate) struct Fabric {
    network: Network,
    random: fastrand::Rng,
    arrived: u64,
    plan: Option<Plan>,
    log: Vec<Disturbance>,
    injected: Injected,
    reachable: bool,
    unreachable_until: Duration,
    refuse_next: u32,
}

impl Fabric {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            network: Network::default(),
            // Not the numbers that the service draws.
            random: fastrand::Rng::with_seed(seed ^ 0x6e65_7477_6f72_6b21),
            arrived: 0,
            plan: None,
            log: Vec::new(),
            injected: Injected::default(),
            reachable: true,
            unreachable_until: Duration::ZERO,
            refuse_next: 0,
        }
    }

    pub(crate) fn set_network(&mut self, network: Network) {
        self.network = network;
    }

    pub(crate) fn set_plan(&mut self, plan: Plan) {
        self.plan = Some(plan);
    }

    pub(crate) fn forget_plans(&mut self) {
        self.plan = None;
        self.refuse_next = 0;
    }

    pub(crate) fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
        if reachable {
            self.unreachable_until = Duration::ZERO;
        }
    }

    pub(crate) fn set_unreachable_until(&mut self, until: Duration) {
        self.unreachable_until = self.unreachable_until.max(until);
    }

    pub(crate) fn refuse_next(&mut self, attempts: u32) {
        self.refuse_next = attempts;
    }

    /// How many frames have arrived, those that were lost at the last step included.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived
    }

    pub(crate) fn log(&self) -> &[Disturbance] {
        &self.log
    }

    pub(crate) fn take_log(&mut self) -> Vec<Disturbance> {
        std::mem::take(&mut self.log)
    }

    pub(crate) fn injected(&self) -> Injected {
        self.injected
    }

    pub(crate) fn note(&mut self, at: Duration, what: impl Into<String>) {
        self.log.push(Disturbance { at, what: what.into() });
    }

    /// When an attempt to connect that begins now turns out one way or the other.
    pub(crate) fn opening(&mut self, now: Duration) -> Duration {
        now + self.travel_time()
    }

    /// How an attempt to connect turns out.
    pub(crate) fn attempt(&mut self, now: Duration) -> Attempt {
        if !self.reachable || self.unreachable_until > now {
            self.injected.refused += 1;
            return Attempt::Refused;
        }
        if self.refuse_next > 0 || self.chance(self.network.refuse) {
            self.refuse_next = self.refuse_next.saturating_sub(1);
            self.injected.refused += 1;
            self.note(now, "a connection is refused");
            return Attempt::Refused;
        }
        if self.chance(self.network.ignore) {
            self.injected.ignored += 1;
            self.note(now, "nobody answers an attempt to connect");
            return Attempt::Ignored;
        }
        Attempt::Opens
    }

    /// Puts a parcel on its way.
    pub(crate) fn send(&mut self, now: Duration, line: &mut Line, way: Way, parcel: Parcel) {
        let Network { stall, stall_for, black_hole, garbage, truncated, oversize, .. } = self.network;
        if line.pipe(way).dead {
            return;
        }
        if self.chance(black_hole) {
            self.injected.black_holes += 1;
            self.note(now, format!("{}: nothing arrives {way} any more", line.connection));
            return line.swallow(way);
        }
        if self.chance(stall) {
            self.injected.stalls += 1;
            let time = stall_for.mul_f64(self.random.f64());
            self.note(now, format!("{}: a stall of {time:.1?} {way}", line.connection));
            line.stall(way, now + time);
        }
        if let (Way::ToClient, Parcel::Text(text)) = (way, &parcel) {
            if self.chance(garbage)
                && let Some(nonsense) = self.random.choice(NONSENSE)
            {
                self.injected.garbage += 1;
                self.dispatch(now, line, way, Parcel::Text((*nonsense).to_owned()));
            }
            if self.chance(truncated) {
                self.injected.truncated += 1;
                let end = text.floor_char_boundary(self.random.usize(..=text.len().saturating_sub(1)));
                self.dispatch(now, line, way, Parcel::Text(text[..end].to_owned()));
            }
            if self.chance(oversize) {
                self.injected.oversize += 1;
                self.dispatch(now, line, way, Parcel::Text(oversize_frame()));
            }
        }
        self.dispatch(now, line, way, parcel);
    }

    fn dispatch(&mut self, now: Duration, line: &mut Line, way: Way, parcel: Parcel) {
        let due = now + self.travel_time();
        let pipe = line.pipe(way);
        let due = pipe.parcels.back().map_or(due, |(last, _)| due.max(*last));
        pipe.parcels.push_back((due, parcel));
    }

    /// The next parcel of a line whose time has come.
    pub(crate) fn arrival(&mut self, now: Duration, line: &mut Line) -> Option<Arrival> {
        let due = |pipe: &Pipe| pipe.next_arrival().filter(|due| *due <= now);
        let (first, second) = (due(&line.to_service), due(&line.to_client));
        let way = match (first, second) {
            (Some(first), Some(second)) if second < first => Way::ToClient,
            (Some(_), _) => Way::ToService,
            (None, Some(_)) => Way::ToClient,
            (None, None) => return None,
        };
        let (_, parcel) = line.pipe(way).parcels.pop_front()?;
        self.arrived += 1;
        let fate = match self.plan.take_if(|plan| plan.frame <= self.arrived) {
            Some(plan) => Some((plan.what, plan.moment)),
            None if self.chance(self.network.cut) => {
                let moment = if self.random.bool() { Timing::Before } else { Timing::After };
                Some((Break::Cut, moment))
            }
            None => None,
        };
        if let Some((what, moment)) = fate {
            match what {
                Break::Cut => self.injected.cuts += 1,
                Break::HalfOpen => self.injected.black_holes += 2,
                Break::Stall(_) => self.injected.stalls += 2,
                // What people do is no fault of the network.
                Break::HangUp => {}
            }
            let connection = line.connection;
            self.note(now, format!("{connection}: {what} {moment} frame {} {way}", self.arrived));
        }
        let arrives = |parcel| fate.is_none_or(|(_, moment)| moment == Timing::After).then_some(parcel);
        match fate {
            None => {}
            Some((Break::Cut, _)) => {
                return Some(Arrival { way, parcel: arrives(parcel), cut: true, hang_up: None });
            }
            Some((Break::HangUp, moment)) => {
                return Some(Arrival { way, parcel: Some(parcel), cut: false, hang_up: Some(moment) });
            }
            Some((Break::HalfOpen, _)) => {
                line.swallow(Way::ToClient);
                line.swallow(Way::ToService);
            }
            Some((Break::Stall(time), moment)) => {
                line.stall(Way::ToClient, now + time);
                line.stall(Way::ToService, now + time);
                if moment == Timing::Before {
                    self.arrived -= 1;
                    line.pipe(way).parcels.push_front((now, parcel));
                    return self.arrival(now, line);
                }
            }
        }
        Some(Arrival { way, parcel: arrives(parcel), cut: false, hang_up: None })
    }

    fn travel_time(&mut self) -> Duration {
        let Network { latency, jitter, .. } = self.network;
        if jitter.is_zero() { latency } else { latency + jitter.mul_f64(self.random.f64()) }
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.f64() < probability
    }
}

fn oversize_frame() -> String {
    let filling = "x".repeat(OVERSIZE);
    format!(
        r#"{{"jsonrpc":"2.0","method":"signalwire.event","params":{{"event_type":"calling.call.unheard_of","params":{{"filling":"{filling}"}}}}}}"#
    )
}

/// Has everybody who calls or was called hang up.
pub(crate) fn hang_up_everybody(board: &mut SimulatedService, now: Duration) {
    let standing = board.calls().filter(|call| call.state != CallState::Ended);
    let standing: Vec<_> = standing.map(|call| call.call_id).collect();
    for call_id in standing {
        board.hang_up(now, &call_id);
    }
}
