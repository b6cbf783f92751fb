//! The passing of virtual time.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use signalwire_relay_core::adapter::MAX_UNSENT_ACKNOWLEDGEMENTS;
use signalwire_relay_core::session::{Frame, Io, Notice};
use signalwire_relay_core::{ClientOutput, Task, TaskPurpose};

use super::World;
use crate::network::LineEvent;

/// The virtual time after which an unresolved future counts as hanging.
pub const HANG_TIMEOUT: Duration = Duration::from_hours(1);
/// The number of rounds at one instant after which the world counts as running in circles.
const MAX_ROUNDS: usize = 100_000;

/// A future that did not resolve in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the future did not resolve within {within:?} of virtual time (seed {seed})")]
#[non_exhaustive]
pub struct Hang {
    /// The virtual time that the future had.
    pub within: Duration,
    /// The seed of the world.
    pub seed: u64,
}

/// Running the world.
impl World {
    /// Spawns a task of a client's application, counted from 0. It ends with the client if that is killed.
    pub fn spawn(&mut self, client: usize, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push((client, Box::pin(work)));
    }

    /// Lets virtual time pass.
    ///
    /// # Panics
    /// If the world runs in circles.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(next) = self.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.settle();
        }
        self.now = end;
    }

    /// Runs the world until a future resolves.
    ///
    /// # Panics
    /// If nothing is left that could resolve it, or if it takes more than [`HANG_TIMEOUT`].
    pub fn block_on<F: Future>(&mut self, main: F) -> F::Output {
        self.run_within(HANG_TIMEOUT, main).unwrap_or_else(|hang| panic!("{hang}"))
    }

    /// Runs the world until a future resolves, for at most this virtual time.
    ///
    /// # Errors
    /// If it does not resolve by then, or if nothing is left that could resolve it.
    ///
    /// # Panics
    /// If the world runs in circles.
    pub fn run_within<F: Future>(&mut self, within: Duration, main: F) -> Result<F::Output, Hang> {
        self.thread.set_here();
        let mut main = pin!(main);
        let limit = self.now + within;
        let waker = Waker::from(self.woken.clone());
        let mut rounds = 0;
        loop {
            if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.settle();
                return Ok(output);
            }
            if self.step() || self.fire() {
                rounds += 1;
                self.check_rounds(rounds);
                continue;
            }
            rounds = 0;
            match self.next_deadline() {
                Some(next) if next <= limit => self.now = self.now.max(next),
                _ => return Err(Hang { within, seed: self.seed }),
            }
            self.network.handle_timeout(self.now);
        }
    }

    /// Runs everything that is due, and everything that follows from it at the same instant.
    fn settle(&mut self) {
        self.network.handle_timeout(self.now);
        let mut rounds = 0;
        while self.step() || self.fire() {
            rounds += 1;
            self.check_rounds(rounds);
        }
    }

    fn check_rounds(&self, rounds: usize) {
        assert!(rounds < MAX_ROUNDS, "the world runs in circles (seed {})", self.seed);
    }

    /// Has tasks of a purpose that a client, counted from 0, spawns from now on wait to begin, as they do on a runtime whose
    /// threads are all busy.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use signalwire_relay_core::TaskPurpose;
    /// use signalwire_relay_harness::World;
    /// use signalwire_relay_simulator::{Caller, Report, Scenario};
    ///
    /// let caller = Caller::new("+15551110000", "+15552220000").patience(Duration::from_secs(60));
    /// let mut world = World::new(Scenario::new().caller(caller), 1);
    /// let client = world.client(World::config());
    /// world.hold_tasks(0, TaskPurpose::CallHandler);
    /// client.on_call(|call| async move { call.answer().await });
    /// world.pass(Duration::from_secs(20));
    /// let reports = world.take_reports();
    /// assert!(reports.iter().any(|report| matches!(report, Report::CallPassed { .. })));
    /// ```
    pub fn hold_tasks(&mut self, client: usize, purpose: TaskPurpose) {
        if !self.held.contains(&(client, purpose)) {
            self.held.push((client, purpose));
        }
    }

    /// Ends what [`hold_tasks`](Self::hold_tasks) began. The tasks that wait begin when the world next runs.
    pub fn release_tasks(&mut self, client: usize, purpose: TaskPurpose) {
        self.held.retain(|held| *held != (client, purpose));
        let begin = |(owner, held, _): &mut (usize, TaskPurpose, Task)| *owner == client && *held == purpose;
        self.tasks.extend(self.waiting.extract_if(.., begin).map(|(owner, _, task)| (owner, task)));
    }

    fn next_deadline(&self) -> Option<Duration> {
        let running = self.clients.iter().filter(|client| !client.finished);
        let deadlines = running.filter_map(|client| client.deadline);
        let deadlines = deadlines.map(|deadline| deadline.saturating_duration_since(self.start));
        deadlines.chain(self.network.poll_timeout()).min()
    }

    /// Handles the deadlines of clients that are due: whatever arrives at the same instant goes first, as with a driver.
    /// Returns `false` if there were none.
    fn fire(&mut self) -> bool {
        let (now, before) = (self.instant(), self.timeouts);
        for client in self.clients.iter_mut().filter(|client| !client.finished) {
            if client.deadline.take_if(|due| *due <= now).is_some() {
                self.timeouts += 1;
                client.state.handle_timeout(now);
            }
        }
        self.timeouts > before
    }

    /// Runs one round of all clients and tasks. Returns `false` if there was nothing to do.
    fn step(&mut self) -> bool {
        self.thread.set_here();
        let mut moved = self.woken.0.swap(false, Ordering::SeqCst);
        for index in 0..self.clients.len() {
            moved |= self.drain_client(index);
            moved |= self.connect(index);
        }
        moved |= self.network.drain_service(self.now);
        // One frame each, so that clients take turns.
        for index in 0..self.clients.len() {
            moved |= self.deliver(index);
        }
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let before = self.tasks.len();
        self.tasks.retain_mut(|(_, task)| task.as_mut().poll(&mut context).is_pending());
        moved | (self.tasks.len() != before) | self.woken.0.load(Ordering::SeqCst)
    }

    /// Carries out a client's outputs. Returns `false` if there were none.
    fn drain_client(&mut self, index: usize) -> bool {
        let now = self.instant();
        let waker = Waker::from(self.woken.clone());
        let client = &mut self.clients[index];
        let mut moved = false;
        while !client.finished {
            let unsent = client.state.session().unsent_acknowledgements();
            self.network.set_reading(client.line, unsent <= MAX_UNSENT_ACKNOWLEDGEMENTS);
            match client.state.poll_output(now, &waker) {
                ClientOutput::Io(Io::Open(_)) => self.network.open(self.now, client.line),
                ClientOutput::Io(Io::Send(text)) => {
                    self.network.send(self.now, client.line, text);
                }
                ClientOutput::Io(Io::Close) => self.network.close(self.now, client.line),
                ClientOutput::Spawn(purpose, task) if self.held.contains(&(index, purpose)) => {
                    self.waiting.push((index, purpose, task));
                }
                ClientOutput::Spawn(_, task) => self.tasks.push((index, task)),
                // Fired timers are too frequent to be of interest to a test.
                ClientOutput::Connection(_) | ClientOutput::Log(Notice::TimerFired(_)) => {}
                ClientOutput::Log(notice) => self.notices.push(notice),
                ClientOutput::Finished => client.finished = true,
                ClientOutput::Io(Io::Wait(deadline)) => {
                    // As with a driver: a frame leaves once everything else is done, and the socket takes it.
                    if self.network.has_room(self.now, client.line)
                        && let Some(text) = client.state.poll_frame()
                    {
                        self.network.send(self.now, client.line, text);
                    } else {
                        client.deadline = deadline;
                        break;
                    }
                }
            }
            moved = true;
        }
        client.note_offers(self.now);
        moved
    }

    /// Completes a client's attempt to connect, if it is due.
    fn connect(&mut self, index: usize) -> bool {
        let Some(event) = self.network.poll_attempt(self.now, self.clients[index].line) else {
            return false;
        };
        self.handle(index, event);
        self.drain_client(index);
        true
    }

    /// Delivers the next frame of a client's connection, if one is due.
    fn deliver(&mut self, index: usize) -> bool {
        let line = self.clients[index].line;
        let Some(event) = self.network.poll_delivery(self.now, line) else { return false };
        self.handle(index, event);
        // The outputs leave before the connection is lost.
        self.drain_client(index);
        if let Some(event) = self.network.poll_break(self.now, line) {
            self.handle(index, event);
            self.drain_client(index);
        }
        true
    }

    /// Gives an event of the network to a client.
    pub(super) fn handle(&mut self, index: usize, event: LineEvent) {
        let now = self.instant();
        let state = &mut self.clients[index].state;
        match event {
            LineEvent::Connected => state.handle_connected(now),
            LineEvent::Frame(text) => state.handle_frame(now, Frame::Text(&text)),
            LineEvent::Disconnected(reason) => state.handle_disconnected(now, &reason.to_string()),
            LineEvent::Unseen => {}
        }
    }
}
