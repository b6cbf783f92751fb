//! The switchboard between the sockets, its own timers, and the threads that control it.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};

use crate::{ConnectionId, Output, Report, SimulatedService};

/// How many reports wait for a reader; the oldest are dropped first.
pub(super) const MAX_REPORTS: usize = 10_000;

/// What the task of a connection is told.
#[derive(Debug)]
pub(super) enum ConnectionCommand {
    Send(String),
    Close(u16),
    /// Send the beginning of a frame, then drop the connection.
    Tear,
}

/// One lock for everything that belongs to the switchboard, held only while it computes.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Wakes the main task, because the next deadline may have changed.
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

    /// When to wake up next, in real time.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.state().service.poll_timeout()?;
        let real = Duration::try_from_secs_f64(due.as_secs_f64() / self.speed).ok()?;
        self.start.checked_add(real)
    }

    /// Does something with the switchboard, then carries out whatever that caused.
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

    /// Tears every connection in the middle of a frame.
    pub(super) fn tear_all(&self) {
        for line in self.state().lines.values() {
            // A task that is gone has nothing left to tear.
            let _ = line.send(ConnectionCommand::Tear);
        }
    }

    pub(super) fn next_report(&self, limit: Option<Duration>) -> Option<Report> {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
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

    /// There will be no more reports.
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

    /// A panic in a test's control code must not silence the service for the others.
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
