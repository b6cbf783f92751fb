//! A service, a network and clients, on one clock.

mod faults;
mod run;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::{Duration, Instant};

use signalwire_relay_core::adapter::NeededThread;
use signalwire_relay_core::session::{Notice, Session};
use signalwire_relay_core::{
    Call, CallId, Client, ClientState, ClientStats, Config, Error, Task, TaskPurpose,
};
use signalwire_relay_simulator::{ConnectionId, Report, Scenario, SimulatedService};

use crate::network::{LineId, SimulatedNetwork};

pub use run::{HANG_TIMEOUT, Hang};

/// A service, its clients, and the network between them, in virtual time.
///
/// Only the thread that runs the world lets its time pass. Waiting on that thread in another way than with
/// [`block_on`](Self::block_on) would wait for ever: `Run` of `signalwire-relay-blocking` fails there with
/// [`Error::WouldDeadlock`], for as long as the world exists.
pub struct World {
    network: SimulatedNetwork,
    start: Instant,
    now: Duration,
    clients: Vec<Member>,
    /// The tasks of applications, with the client that each belongs to.
    tasks: Vec<(usize, Task)>,
    /// The purposes whose tasks do not begin, each with the client.
    held: Vec<(usize, TaskPurpose)>,
    /// The tasks that have not begun.
    waiting: Vec<(usize, TaskPurpose, Task)>,
    notices: Vec<Notice>,
    woken: Arc<Flag>,
    seed: u64,
    next_seed: u64,
    /// The timeouts that clients have handled.
    timeouts: u64,
    /// The thread that runs the world. Dropped last: what is dropped before may be the application's.
    thread: NeededThread,
}

/// A client, and what its driver would hold.
struct Member {
    state: ClientState,
    line: LineId,
    deadline: Option<Instant>,
    finished: bool,
    /// The calls that wait to be taken, with the time since when.
    offers: Vec<(CallId, Duration)>,
}

impl Member {
    /// Notes the calls that wait to be taken.
    fn note_offers(&mut self, now: Duration) {
        let waiting: Vec<_> = self.state.waiting_offers().collect();
        self.offers.retain(|(call_id, _)| waiting.contains(call_id));
        for call_id in waiting {
            if self.offers.iter().all(|(known, _)| *known != call_id) {
                self.offers.push((call_id, now));
            }
        }
    }
}

/// A waker that remembers that it was called.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl World {
    /// Creates a world in which a scenario plays. The same seed gives the same history.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        let mut thread = NeededThread::default();
        thread.set_here();
        Self {
            network: SimulatedNetwork::new(scenario, seed),
            start: Instant::now(),
            now: Duration::ZERO,
            clients: Vec::new(),
            tasks: Vec::new(),
            held: Vec::new(),
            waiting: Vec::new(),
            notices: Vec::new(),
            woken: Arc::new(Flag(AtomicBool::new(false))),
            seed,
            next_seed: seed,
            timeouts: 0,
            thread,
        }
    }

    /// Returns a configuration that the simulated service accepts, for calls of the context `default`.
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
    /// If the configuration is invalid.
    #[expect(clippy::needless_pass_by_value, reason = "settings are used up by the client made of them")]
    pub fn client(&mut self, config: Config) -> Client {
        self.next_seed = self.next_seed.wrapping_add(1);
        let (client, mut state) =
            ClientState::new(&config, self.next_seed).expect("the configuration is valid");
        state.hold_frames();
        state.connect(self.instant());
        let line = self.network.add_line();
        self.clients.push(Member { state, line, deadline: None, finished: false, offers: Vec::new() });
        client
    }

    /// Waits for the next call that is offered to a client, answers it, and returns it.
    ///
    /// # Panics
    /// If no call is offered, or if it cannot be answered.
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

    /// Removes the clients that have finished: [`stats`](Self::stats) and
    /// [`sessions`](Self::sessions) leave them out from now on, and the later clients move up.
    pub fn forget_finished(&mut self) {
        let Self { network, clients, now, .. } = self;
        clients.retain(|client| {
            if client.finished {
                network.remove_line(*now, client.line);
            }
            !client.finished
        });
    }

    /// Virtual time since the beginning.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The seed of everything that is random in this world.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of inputs that the clients and the service have handled: frames, timeouts, changes of connections.
    pub fn steps(&self) -> u64 {
        self.timeouts + self.network.steps()
    }

    /// The service and the virtual time. What the service sends leaves when the world next runs.
    pub fn service(&mut self) -> (&mut SimulatedService, Duration) {
        (self.network.service_mut(), self.now)
    }

    /// Returns the same as [`service`](Self::service).
    pub fn board(&mut self) -> (&mut SimulatedService, Duration) {
        self.service()
    }

    /// The network.
    pub fn network(&self) -> &SimulatedNetwork {
        &self.network
    }

    /// The network, to inject faults. Opening, closing and cutting connections is left to the world: the clients would
    /// not be informed.
    pub fn network_mut(&mut self) -> &mut SimulatedNetwork {
        &mut self.network
    }

    /// The connection of a client, counted from 0 in the order in which they were added; `None` while it has none.
    pub fn connection(&self, client: usize) -> Option<ConnectionId> {
        self.network.connection(self.clients.get(client)?.line)
    }

    /// Removes and returns the reports of the service.
    pub fn take_reports(&mut self) -> Vec<Report> {
        self.network.take_reports()
    }

    /// Removes and returns the log lines of the clients, but for those of fired timers.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// What each client holds, in the order in which the clients were added.
    pub fn stats(&self) -> Vec<ClientStats> {
        self.clients.iter().map(|client| client.state.stats()).collect()
    }

    /// The clients' sessions, in the order in which the clients were added.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.clients.iter().map(|client| client.state.session())
    }

    /// The number of clients that have not finished.
    pub fn running_clients(&self) -> usize {
        self.clients.iter().filter(|client| !client.finished).count()
    }

    /// The number of tasks of applications that are running.
    pub fn running_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// The calls that wait to be taken by the application of a client, counted from 0 in the order in which the clients were
    /// added, with the time that each has waited.
    pub fn waiting_offers(&self, client: usize) -> impl Iterator<Item = (&CallId, Duration)> {
        let offers = self.clients.get(client).into_iter().flat_map(|client| &client.offers);
        offers.map(|(call_id, since)| (call_id, self.now.saturating_sub(*since)))
    }

    /// The number of tasks of applications that wait to begin. See [`hold_tasks`](Self::hold_tasks).
    pub fn waiting_tasks(&self) -> usize {
        self.waiting.len()
    }

    fn instant(&self) -> Instant {
        self.start + self.now
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("now", &self.now)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}
