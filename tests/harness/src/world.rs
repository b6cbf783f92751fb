//! A service, a network and clients, on one clock.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use signalwire_relay_core::session::{Frame, Notice, Session, Stats};
use signalwire_relay_core::{Call, Client, ClientOutput, ClientState, ClientStats, Config, Error, Task};
use signalwire_relay_simulator::{Faults, Output, Report, Scenario, SimulatedService};

use crate::model::{Effect, Incident, Stage, Stay};
use crate::network::{
    Arrival, Attempt, Disturbance, Fabric, Injected, Line, Network, Parcel, Plan, Timing, Way,
    hang_up_everybody,
};

/// How much virtual time a future may take before it counts as hanging.
pub const HANG_TIMEOUT: Duration = Duration::from_hours(1);
/// How many rounds may go by at one instant before something counts as going round in circles.
const ROUND_BOUND: usize = 100_000;

/// A service and its clients, and the network between them.
pub struct World {
    board: SimulatedService,
    fabric: Fabric,
    start: Instant,
    now: Duration,
    clients: Vec<Connected>,
    /// With the client that each belongs to.
    tasks: Vec<(usize, Task)>,
    reports: Vec<Report>,
    notices: Vec<Notice>,
    woken: Arc<Flag>,
    seed: u64,
    next_seed: u64,
    steps: u64,
}

/// A client's driver, and what its adapter would hold.
struct Connected {
    driver: ClientState,
    link: Link,
    deadline: Option<Instant>,
    finished: bool,
}

enum Link {
    Down,
    /// An attempt to connect; at this time it turns out one way or the other, if ever.
    Opening(Option<Duration>),
    Up(Line),
}

/// A waker that remembers that it was called.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A future that nothing brought about in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the future hangs: nothing brought it about within {within:?} (seed {seed})")]
#[non_exhaustive]
pub struct Hang {
    /// How much virtual time it had.
    pub within: Duration,
    /// The seed of the world.
    pub seed: u64,
}

impl World {
    /// A world in which this scenario plays. The same seed gives the same history.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            board: SimulatedService::new(scenario, seed),
            fabric: Fabric::new(seed),
            start: Instant::now(),
            now: Duration::ZERO,
            clients: Vec::new(),
            tasks: Vec::new(),
            reports: Vec::new(),
            notices: Vec::new(),
            woken: Arc::new(Flag(AtomicBool::new(false))),
            seed,
            next_seed: seed,
            steps: 0,
        }
    }

    /// Settings with which the simulated service lets a client in, for calls of the context `default`.
    pub fn config() -> Config {
        Config::new()
            .project("demo-project")
            .token("demo-token")
            .host("simulated.test")
            .contexts(["default"])
            .max_connections(usize::MAX)
    }

    /// Adds a client. It begins to connect when the world next runs.
    ///
    /// # Panics
    /// If the settings are not usable.
    #[expect(clippy::needless_pass_by_value, reason = "settings are used up by the client made of them")]
    pub fn client(&mut self, config: Config) -> Client {
        self.next_seed = self.next_seed.wrapping_add(1);
        let (client, mut driver) =
            ClientState::new(&config, self.next_seed).expect("the settings are usable");
        driver.connect(self.instant());
        self.clients.push(Connected { driver, link: Link::Down, deadline: None, finished: false });
        client
    }

    /// The next call that is offered to the client, once the client has answered it.
    ///
    /// # Panics
    /// If no call comes, or it cannot be answered.
    #[track_caller]
    pub fn answered_call(&mut self, client: &Client) -> Call {
        let call = self.block_on(async {
            let call = client.incoming_calls().next().await.expect("a call is offered");
            call.answer().await?;
            call.wait_for_answered().await?;
            Ok::<_, Error>(call)
        });
        call.expect("it can be answered")
    }

    /// Lets go of the clients that have come to their end: they do not count among [`stats`](Self::stats),
    /// [`held`](Self::held) and [`sessions`](Self::sessions) any more.
    pub fn forget_finished(&mut self) {
        self.clients.retain(|client| !client.finished);
    }

    /// Virtual time since the beginning.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The seed that everything in this world is drawn from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many things the clients and the service have been told: frames, deadlines, changes of connections.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The service, to look at and to meddle with. What it wants to send goes out when the world next runs.
    pub fn board(&mut self) -> (&mut SimulatedService, Duration) {
        (&mut self.board, self.now)
    }

    /// What happened at the service since this was last asked.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// What the clients would have logged since this was last asked.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// What each client's session holds.
    pub fn stats(&self) -> Vec<Stats> {
        self.sessions().map(Session::stats).collect()
    }

    /// What the handles of each client's applications still wait for.
    pub fn held(&self) -> Vec<ClientStats> {
        self.clients.iter().map(|client| client.driver.held()).collect()
    }

    /// The clients' sessions, in the order in which the clients were made.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.clients.iter().map(|client| client.driver.session())
    }

    /// How many clients have not come to their end.
    pub fn running_clients(&self) -> usize {
        self.clients.iter().filter(|client| !client.finished).count()
    }

    /// How many tasks of applications are running.
    pub fn running_tasks(&self) -> usize {
        self.tasks.len()
    }
}

/// Disturbing the network. What happened is told by [`disturbances`](World::disturbances).
impl World {
    /// What befalls connections by chance from now on.
    pub fn set_network(&mut self, network: Network) {
        self.fabric.set_network(network);
    }

    /// Which events the service duplicates, delays and reorders by chance from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.board.set_faults(faults);
    }

    /// Has something happen at the frame with a certain number. The latest plan holds.
    ///
    /// ```
    /// use signalwire_relay_harness::{Break, Timing, Plan, World};
    /// use signalwire_relay_simulator::Scenario;
    ///
    /// let mut world = World::new(Scenario::new(), 1);
    /// // The service never hears the first frame, which carries the credentials.
    /// world.plan(Plan { frame: 1, moment: Timing::Before, what: Break::Cut });
    /// let client = world.client(World::config());
    /// world.block_on(client.ready()).expect("the second attempt gets through");
    /// assert_eq!(world.disturbances().len(), 1);
    /// ```
    pub fn plan(&mut self, plan: Plan) {
        self.fabric.set_plan(plan);
    }

    /// How many frames have arrived so far, of all connections and in both directions.
    pub fn frames(&self) -> u64 {
        self.fabric.arrived()
    }

    /// Everything that went wrong on the way so far.
    pub fn disturbances(&self) -> &[Disturbance] {
        self.fabric.log()
    }

    /// The same, since this was last asked: for long runs, in which it would become too much.
    pub fn take_disturbances(&mut self) -> Vec<Disturbance> {
        self.fabric.take_log()
    }

    /// How often each thing went wrong on the way so far, by chance or as planned.
    pub fn injected(&self) -> Injected {
        self.fabric.injected()
    }

    /// Breaks every connection.
    pub fn cut(&mut self) {
        for index in 0..self.clients.len() {
            self.cut_client(index);
        }
    }

    /// Holds up everything that goes one way on the connections that stand, for a while. Then it arrives.
    pub fn stall(&mut self, way: Way, time: Duration) {
        let until = self.now + time;
        for line in self.clients.iter_mut().filter_map(Connected::line) {
            line.stall(way, until);
        }
        self.fabric.note(self.now, format!("everything stalls {way} for {time:?}"));
    }

    /// Loses everything that goes one way on the connections that stand, from now on and without telling anybody.
    pub fn black_hole(&mut self, way: Way) {
        for line in self.clients.iter_mut().filter_map(Connected::line) {
            line.swallow(way);
        }
        self.fabric.note(self.now, format!("nothing arrives {way} any more"));
    }

    /// Has a text arrive at every client that has a connection, as if the service had sent it.
    pub fn inject(&mut self, text: &str) {
        for line in self.clients.iter_mut().filter_map(Connected::line) {
            self.fabric.send(self.now, line, Way::ToClient, Parcel::Text(text.to_owned()));
        }
    }

    /// Whether connections can be opened from now on. Those that stand are not touched.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.fabric.set_reachable(reachable);
    }

    /// Has no connection be opened for a while. Those that stand are not touched.
    pub fn unreachable_for(&mut self, time: Duration) {
        self.fabric.note(self.now, format!("the service cannot be reached for {time:?}"));
        self.fabric.set_unreachable_until(self.now + time);
    }

    /// Refuses as many of the next attempts to connect.
    pub fn refuse_connects(&mut self, attempts: u32) {
        self.fabric.refuse_next(attempts);
    }

    /// Kills the process of a client, counted from 0 in the order in which they were made: its connection breaks, and
    /// nothing of it ever runs again. Its handles hang.
    ///
    /// # Panics
    /// If there is no such client.
    pub fn kill(&mut self, client: usize) {
        self.cut_client(client);
        self.clients[client].finished = true;
        self.tasks.retain(|(owner, _)| *owner != client);
        self.fabric.note(self.now, format!("client {client} is killed"));
    }

    /// Has something happen to all clients.
    pub(crate) fn befall(&mut self, incident: &Incident, stay: Stay) -> Effect {
        let (mut lines, mut known) = (Vec::new(), Vec::new());
        for Connected { driver, link, finished, .. } in &mut self.clients {
            if let (Link::Up(line), false) = (link, *finished) {
                known.extend(driver.session().calls().map(|id| (id.to_string(), line.connection)));
                lines.push(line);
            }
        }
        let (now, board, fabric) = (self.now, &mut self.board, &mut self.fabric);
        let effect = Stage { now, board, fabric, lines, known, stay }.befall(incident);
        if effect == Effect::Cut {
            self.cut();
        }
        effect
    }

    /// Nothing is wrong any more, with the network and with the service. What has gone wrong stays so.
    pub fn heal(&mut self) {
        self.set_network(Network::default());
        self.set_reachable(true);
        self.fabric.forget_plans();
        self.set_faults(Faults::default());
        self.board.forget_refusals();
    }

    fn cut_client(&mut self, index: usize) {
        let now = self.instant();
        let client = &mut self.clients[index];
        if let Link::Up(line) = std::mem::replace(&mut client.link, Link::Down) {
            self.steps += 2;
            self.board.handle_disconnected(self.now, line.connection);
            client.driver.handle_disconnected(now, "the cable was cut");
        }
    }
}

/// Letting things happen.
impl World {
    /// Has something be done beside everything else, by the application of a client, counted from 0. It ends with the
    /// client if that is killed.
    pub fn spawn(&mut self, client: usize, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push((client, Box::pin(work)));
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// If something goes round in circles.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(next) = self.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.settle();
        }
        self.now = end;
    }

    /// Runs everything until a future is done.
    ///
    /// # Panics
    /// If nothing is left that could bring it about, or if it takes more than [`HANG_TIMEOUT`]: it hangs.
    pub fn block_on<F: Future>(&mut self, main: F) -> F::Output {
        self.run_within(HANG_TIMEOUT, main).unwrap_or_else(|hang| panic!("{hang}"))
    }

    /// Runs everything until a future is done, for so much virtual time at most.
    ///
    /// # Errors
    /// If it is not done by then, or if nothing is left that could bring it about.
    ///
    /// # Panics
    /// If something goes round in circles.
    pub fn run_within<F: Future>(&mut self, within: Duration, main: F) -> Result<F::Output, Hang> {
        let mut main = pin!(main);
        let limit = self.now + within;
        let waker = Waker::from(self.woken.clone());
        let mut rounds = 0;
        loop {
            if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.settle();
                return Ok(output);
            }
            if self.step() {
                rounds += 1;
                self.check_rounds(rounds);
                continue;
            }
            rounds = 0;
            match self.next_deadline() {
                Some(next) if next <= limit => self.now = self.now.max(next),
                _ => return Err(Hang { within, seed: self.seed }),
            }
            self.fire();
        }
    }

    /// Lets everything happen whose time has come, and everything that follows from it at once.
    fn settle(&mut self) {
        self.fire();
        let mut rounds = 0;
        while self.step() {
            rounds += 1;
            self.check_rounds(rounds);
        }
    }

    fn check_rounds(&self, rounds: usize) {
        assert!(rounds < ROUND_BOUND, "something goes round in circles (seed {})", self.seed);
    }

    fn instant(&self) -> Instant {
        self.start + self.now
    }

    fn next_deadline(&self) -> Option<Duration> {
        let running = || self.clients.iter().filter(|client| !client.finished);
        let deadlines = running().filter_map(|client| client.deadline);
        let deadlines = deadlines.map(|deadline| deadline.saturating_duration_since(self.start)).min();
        let links = running().filter_map(|client| client.link.next_deadline()).min();
        [deadlines, links, self.board.poll_timeout()].into_iter().flatten().min()
    }

    fn fire(&mut self) {
        let now = self.instant();
        if self.board.poll_timeout().is_some_and(|due| due <= self.now) {
            self.steps += 1;
            self.board.handle_timeout(self.now);
        }
        for client in self.clients.iter_mut().filter(|client| !client.finished) {
            if client.deadline.is_some_and(|due| due <= now) {
                self.steps += 1;
                client.driver.handle_timeout(now);
            }
        }
    }

    /// One round of everybody. False when nobody had anything to do.
    fn step(&mut self) -> bool {
        let mut moved = self.woken.0.swap(false, Ordering::SeqCst);
        for index in 0..self.clients.len() {
            moved |= self.drain_client(index);
            moved |= self.open(index);
        }
        moved |= self.drain_board();
        // One frame each, so that no client's whole conversation comes before another's first word.
        for index in 0..self.clients.len() {
            moved |= self.deliver(index);
        }
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let before = self.tasks.len();
        self.tasks.retain_mut(|(_, task)| task.as_mut().poll(&mut context).is_pending());
        moved | (self.tasks.len() != before) | self.woken.0.load(Ordering::SeqCst)
    }

    /// Does a client's work. The contract of the driver: one thing, then everything that follows from it.
    fn drain_client(&mut self, index: usize) -> bool {
        let now = self.instant();
        let waker = Waker::from(self.woken.clone());
        let client = &mut self.clients[index];
        let mut moved = false;
        while !client.finished {
            match client.driver.poll_output(now, &waker) {
                ClientOutput::Open(_) => client.link = Link::Opening(Some(self.fabric.opening(self.now))),
                ClientOutput::Send(text) => {
                    if let Link::Up(line) = &mut client.link {
                        self.fabric.send(self.now, line, Way::ToService, Parcel::Text(text));
                    }
                }
                ClientOutput::Close => {
                    if let Link::Up(mut line) = std::mem::replace(&mut client.link, Link::Down) {
                        for text in line.close(self.now) {
                            self.board.handle_text(self.now, line.connection, &text);
                        }
                        self.board.handle_disconnected(self.now, line.connection);
                    }
                }
                ClientOutput::Spawn(task) => self.tasks.push((index, task)),
                ClientOutput::Log(notice) => self.notices.push(notice),
                ClientOutput::Connection(_) => {}
                ClientOutput::Finished => client.finished = true,
                ClientOutput::Wait(deadline) => {
                    client.deadline = deadline;
                    break;
                }
            }
            moved = true;
        }
        moved
    }

    /// Brings an attempt to connect to its end, if it is time.
    fn open(&mut self, index: usize) -> bool {
        let now = self.instant();
        let client = &mut self.clients[index];
        if !matches!(client.link, Link::Opening(Some(due)) if due <= self.now) {
            return false;
        }
        match self.fabric.attempt(self.now) {
            Attempt::Opens => {
                client.link = Link::Up(Line::new(self.board.handle_connected(self.now)));
                client.driver.handle_connected(now);
            }
            Attempt::Refused => {
                client.link = Link::Down;
                client.driver.handle_disconnected(now, "nobody is there");
            }
            Attempt::Ignored => client.link = Link::Opening(None),
        }
        self.steps += 1;
        self.drain_client(index);
        true
    }

    fn drain_board(&mut self) -> bool {
        let mut moved = false;
        while let Some(output) = self.board.poll_output() {
            moved = true;
            let (to, parcel) = match output {
                Output::Send { to, text } => (to, Parcel::Text(text)),
                Output::Close { to, code } => (to, Parcel::Close(code)),
                Output::Report(report) => {
                    self.reports.push(report);
                    continue;
                }
                _ => continue,
            };
            let lines = self.clients.iter_mut().filter_map(Connected::line);
            if let Some(line) = lines.into_iter().find(|line| line.connection == to) {
                self.fabric.send(self.now, line, Way::ToClient, parcel);
            }
        }
        moved
    }

    /// Has the next parcel of a client's connection arrive. False if none is due.
    fn deliver(&mut self, index: usize) -> bool {
        let now = self.instant();
        let client = &mut self.clients[index];
        let Link::Up(line) = &mut client.link else { return false };
        let connection = line.connection;
        let Some(Arrival { way, parcel, cut, hang_up }) = self.fabric.arrival(self.now, line) else {
            return false;
        };
        self.steps += 1;
        if hang_up == Some(Timing::Before) {
            hang_up_everybody(&mut self.board, self.now);
        }
        match (way, parcel) {
            (Way::ToService, Some(Parcel::Text(text))) => {
                self.board.handle_text(self.now, connection, &text);
            }
            (Way::ToClient, Some(Parcel::Text(text))) => {
                client.driver.handle_frame(now, Frame::Text(&text));
            }
            (_, Some(Parcel::Close(code))) => {
                client.link = Link::Down;
                client.driver.handle_disconnected(now, &format!("closed with code {code}"));
                self.board.handle_disconnected(self.now, connection);
            }
            (_, None) => {}
        }
        // What follows from it leaves before the connection is lost.
        self.drain_client(index);
        self.drain_board();
        if hang_up == Some(Timing::After) {
            hang_up_everybody(&mut self.board, self.now);
        }
        if cut {
            self.cut_client(index);
            self.drain_client(index);
        }
        true
    }
}

impl Connected {
    fn line(&mut self) -> Option<&mut Line> {
        match &mut self.link {
            Link::Up(line) => Some(line),
            _ => None,
        }
    }
}

impl Link {
    fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Down => None,
            Self::Opening(due) => *due,
            Self::Up(line) => line.next_arrival(),
        }
    }
}
