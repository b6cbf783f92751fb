//! The service as its sockets, its timers and the controlling threads share it.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use crate::{ConnectionId, Output, Report, SimulatedService};

/// Maximum number of unread reports; the oldest are dropped first.
pub(super) const MAX_REPORTS: usize = 10_000;

/// A command to the task of a connection.
#[derive(Debug)]
pub(super) enum ConnectionCommand {
    Send(String),
    Close(u16),
    /// Send the beginning of a frame, then drop the connection.
    Tear,
}

/// The shared state. One lock guards the service and is held only while the service computes.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Wakes the main task when the next deadline may have changed.
    pub(super) rearm: Notify,
    reports: Mutex<Reports>,
    reported: Condvar,
    start: Instant,
    speed: f64,
}

struct State {
    service: SimulatedService,
    lines: BTreeMap<ConnectionId, mpsc::UnboundedSender<ConnectionCommand>>,
    frame_log: Option<Box<dyn Write + Send>>,
    logged: u64,
}

#[derive(Default)]
struct Reports {
    queue: VecDeque<Report>,
    over: bool,
}

impl Shared {
    pub(super) fn new(
        service: SimulatedService,
        speed: f64,
        frame_log: Option<Box<dyn Write + Send>>,
    ) -> Self {
        Self {
            state: Mutex::new(State { service, lines: BTreeMap::new(), frame_log, logged: 0 }),
            rearm: Notify::new(),
            reports: Mutex::default(),
            reported: Condvar::new(),
            start: Instant::now(),
            speed,
        }
    }

    /// Simulated time since the start.
    pub(super) fn now(&self) -> Duration {
        Duration::try_from_secs_f64(self.start.elapsed().as_secs_f64() * self.speed).unwrap_or(Duration::MAX)
    }

    /// The next deadline in real time.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.state().service.poll_timeout()?;
        let real = Duration::try_from_secs_f64(due.as_secs_f64() / self.speed).ok()?;
        self.start.checked_add(real)
    }

    /// Runs `act` on the service, then carries out its outputs.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut SimulatedService, Duration) -> T) -> T {
        let mut state = self.state();
        let result = act(&mut state.service, self.now());
        let reports = state.carry_out();
        drop(state);
        self.publish(reports);
        self.rearm.notify_one();
        result
    }

    pub(super) fn connected(&self, line: mpsc::UnboundedSender<ConnectionCommand>) -> ConnectionId {
        let mut state = self.state();
        let id = state.service.handle_connected(self.now());
        state.lines.insert(id, line);
        drop(state);
        self.with(|_, _| id)
    }

    pub(super) fn disconnected(&self, id: ConnectionId) {
        self.state().lines.remove(&id);
        self.with(|service, now| service.handle_disconnected(now, id));
    }

    /// Drops every connection in the middle of a frame.
    pub(super) fn tear_all(&self) {
        for line in self.state().lines.values() {
            // A task that has ended has no connection left.
            let _ = line.send(ConnectionCommand::Tear);
        }
    }

    pub(super) fn next_report(&self, timeout: Option<Duration>) -> Option<Report> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(report) = reports.queue.pop_front() {
                return Some(report);
            }
            if reports.over {
                return None;
            }
            reports = match deadline {
                None => self.reported.wait(reports).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.checked_duration_since(Instant::now())?;
                    let waited = self.reported.wait_timeout(reports, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Ends the stream of reports.
    pub(super) fn finish(&self) {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.reported.notify_all();
    }

    fn publish(&self, new: Vec<Report>) {
        if new.is_empty() {
            return;
        }
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        for report in new {
            if reports.queue.len() == MAX_REPORTS {
                reports.queue.pop_front();
            }
            reports.queue.push_back(report);
        }
        self.reported.notify_all();
    }

    /// Locks the state. A panic in the code of one test must not block the others, so a poisoned lock is used.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn carry_out(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        while let Some(output) = self.service.poll_output() {
            match output {
                Output::Send { to, text } => {
                    if let Some(line) = self.lines.get(&to) {
                        let _ = line.send(ConnectionCommand::Send(text));
                    }
                }
                Output::Close { to, code } => {
                    if let Some(line) = self.lines.remove(&to) {
                        let _ = line.send(ConnectionCommand::Close(code));
                    }
                }
                Output::Report(report) => reports.push(report),
            }
        }
        if let Some(log) = &mut self.frame_log {
            let (entries, count) = self.service.journal_after(self.logged);
            self.logged = count;
            for entry in entries {
                // A full disk must not stop the simulation.
                let _ = writeln!(log, "{entry}");
            }
            let _ = log.flush();
        }
        reports
    }
}
