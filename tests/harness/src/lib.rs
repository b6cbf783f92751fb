//! Applications against the simulated service, in memory and in virtual time.
//!
//! A [`World`] holds a [`Switchboard`] and any number of clients, on one clock that jumps to the next deadline:
//! a minute on the phone takes microseconds, and happens the same way each time. Handles, handlers and tasks are
//! the real ones; only sockets and clocks are missing.
//!
//! ```
//! use signalwire_relay_core::Config;
//! use signalwire_relay_harness::World;
//! use signalwire_relay_simulator::{Caller, Scenario, Step};
//!
//! let caller = Caller::new("+15551110000", "+15552220000").script([Step::wait(60.0), Step::HangUp]);
//! let mut world = World::new(Scenario::new().caller(caller), 1);
//! let client = world.client(World::config());
//! let reason = world.block_on(async {
//!     let call = client.incoming_calls().next().await.expect("somebody calls");
//!     call.answer().await?;
//!     call.wait_for_ended().await
//! });
//! assert_eq!(reason.expect("the call ended").as_str(), "hangup");
//! assert!(world.now().as_secs() >= 60);
//! ```

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use signalwire_relay_core::session::{Frame, Notice, Stats};
use signalwire_relay_core::{Client, Config, Driver, Task, Work};
use signalwire_relay_simulator::{ConnectionId, Output, Report, Scenario, Switchboard};

/// How much virtual time a future may take before it counts as hanging.
pub const PATIENCE: Duration = Duration::from_hours(1);

/// A service and its clients.
pub struct World {
    board: Switchboard,
    start: Instant,
    now: Duration,
    clients: Vec<Connected>,
    tasks: Vec<Task>,
    reports: Vec<Report>,
    notices: Vec<Notice>,
    woken: Arc<Flag>,
    reachable: bool,
    seed: u64,
}

/// A client's driver, and what its adapter would hold.
struct Connected {
    driver: Driver,
    link: Link,
    deadline: Option<Instant>,
    outgoing: VecDeque<String>,
    finished: bool,
}

enum Link {
    Down,
    Opening,
    Up(ConnectionId),
}

/// A waker that remembers that it was called.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl World {
    /// A world in which this scenario plays. The same seed gives the same history.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            board: Switchboard::new(scenario, seed),
            start: Instant::now(),
            now: Duration::ZERO,
            clients: Vec::new(),
            tasks: Vec::new(),
            reports: Vec::new(),
            notices: Vec::new(),
            woken: Arc::new(Flag(AtomicBool::new(false))),
            reachable: true,
            seed,
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
        self.seed = self.seed.wrapping_add(1);
        let (client, mut driver) = Driver::new(&config, self.seed).expect("the settings are usable");
        driver.connect(self.instant());
        let link = Link::Down;
        let outgoing = VecDeque::new();
        self.clients.push(Connected { driver, link, deadline: None, outgoing, finished: false });
        client
    }

    /// Virtual time since the beginning.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The service, to look at and to meddle with. What it wants to send goes out when the world next runs.
    pub fn board(&mut self) -> (&mut Switchboard, Duration) {
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
        self.clients.iter().map(|client| client.driver.session().stats()).collect()
    }

    /// How many tasks of applications are running.
    pub fn running_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Breaks every connection.
    pub fn cut(&mut self) {
        let now = self.instant();
        for client in &mut self.clients {
            if let Link::Up(connection) = std::mem::replace(&mut client.link, Link::Down) {
                self.board.handle_disconnected(self.now, connection);
                client.outgoing.clear();
                client.driver.handle_disconnected(now, "the cable was cut");
            }
        }
    }

    /// Whether connections can be opened from now on. Those that stand are not touched.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
    }

    /// Lets time pass.
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
    /// If nothing is left that could bring it about, or if it takes more than [`PATIENCE`]: it hangs.
    pub fn block_on<F: Future>(&mut self, main: F) -> F::Output {
        let mut main = pin!(main);
        let limit = self.now + PATIENCE;
        let waker = Waker::from(self.woken.clone());
        loop {
            if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.settle();
                return output;
            }
            if self.step() {
                continue;
            }
            match self.next_deadline() {
                Some(next) if next <= limit => self.now = self.now.max(next),
                _ => panic!("the future hangs: nothing brought it about within {PATIENCE:?}"),
            }
            self.fire();
        }
    }

    /// Lets everything happen whose time has come, and everything that follows from it at once.
    fn settle(&mut self) {
        self.fire();
        while self.step() {}
    }

    fn instant(&self) -> Instant {
        self.start + self.now
    }

    fn next_deadline(&self) -> Option<Duration> {
        let clients =
            self.clients.iter().filter(|client| !client.finished).filter_map(|client| client.deadline);
        let clients = clients.map(|deadline| deadline.saturating_duration_since(self.start)).min();
        [clients, self.board.poll_timeout()].into_iter().flatten().min()
    }

    fn fire(&mut self) {
        let now = self.instant();
        self.board.handle_timeout(self.now);
        for client in self.clients.iter_mut().filter(|client| !client.finished) {
            client.driver.handle_timeout(now);
        }
    }

    /// One round of everybody. False when nobody had anything to do.
    fn step(&mut self) -> bool {
        let mut moved = self.woken.0.swap(false, Ordering::SeqCst);
        for index in 0..self.clients.len() {
            moved |= self.step_client(index);
        }
        moved |= self.step_board();
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let before = self.tasks.len();
        self.tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        moved | (self.tasks.len() != before) | self.woken.0.load(Ordering::SeqCst)
    }

    fn step_client(&mut self, index: usize) -> bool {
        let now = self.instant();
        let waker = Waker::from(self.woken.clone());
        let client = &mut self.clients[index];
        let mut moved = false;
        while !client.finished {
            match client.driver.poll_work(now, &waker) {
                Work::Open(_) => client.link = Link::Opening,
                Work::Send(text) => client.outgoing.push_back(text),
                Work::Close => {
                    for text in client.outgoing.drain(..) {
                        if let Link::Up(connection) = client.link {
                            self.board.handle_text(self.now, connection, &text);
                        }
                    }
                    if let Link::Up(connection) = std::mem::replace(&mut client.link, Link::Down) {
                        self.board.handle_disconnected(self.now, connection);
                    }
                }
                Work::Spawn(task) => self.tasks.push(task),
                Work::Log(notice) => self.notices.push(notice),
                Work::Connection(_) => {}
                Work::Finished => client.finished = true,
                Work::Wait(deadline) => {
                    client.deadline = deadline;
                    break;
                }
            }
            moved = true;
        }
        match client.link {
            Link::Opening if self.reachable => {
                client.link = Link::Up(self.board.handle_connected(self.now));
                client.driver.handle_connected(now);
                moved = true;
            }
            Link::Opening => {
                client.link = Link::Down;
                client.driver.handle_disconnected(now, "nobody is there");
                moved = true;
            }
            Link::Up(connection) => {
                for text in client.outgoing.drain(..) {
                    self.board.handle_text(self.now, connection, &text);
                    moved = true;
                }
            }
            Link::Down => client.outgoing.clear(),
        }
        moved
    }

    fn step_board(&mut self) -> bool {
        let now = self.instant();
        let mut moved = false;
        while let Some(output) = self.board.poll_output() {
            moved = true;
            let (to, frame) = match output {
                Output::Send { to, text } => (to, Ok(text)),
                Output::Close { to, code } => (to, Err(code)),
                Output::Report(report) => {
                    self.reports.push(report);
                    continue;
                }
                _ => continue,
            };
            let is_its = |client: &&mut Connected| matches!(client.link, Link::Up(own) if own == to);
            let Some(client) = self.clients.iter_mut().find(is_its) else { continue };
            match frame {
                Ok(text) => client.driver.handle_frame(now, Frame::Text(&text)),
                Err(code) => {
                    client.link = Link::Down;
                    client.outgoing.clear();
                    client.driver.handle_disconnected(now, &format!("closed with code {code}"));
                    self.board.handle_disconnected(self.now, to);
                }
            }
            // The contract of the driver: one thing, then everything that follows from it.
            for index in 0..self.clients.len() {
                self.step_client(index);
            }
        }
        moved
    }
}
