//! Counters, and the judgement of memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signalwire_relay_core::Error;
use signalwire_relay_simulator::{Report, Violation};

/// Counters of the application. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    running: u64,
    dials_answered: u64,
    calls: BTreeMap<&'static str, u64>,
    messages: BTreeMap<&'static str, u64>,
}

/// Counts a handler as running until it is dropped.
pub(crate) struct Running(Tally);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a handler as running until the guard is dropped.
    pub(crate) fn begin(&self) -> Running {
        self.lock().running += 1;
        Running(self.clone())
    }

    /// The number of handlers that are running.
    pub(crate) fn running(&self) -> u64 {
        self.lock().running
    }

    pub(crate) fn dial_answered(&self) {
        self.lock().dials_answered += 1;
    }

    pub(crate) fn call_over(&self, outcome: &Result<(), Error>) {
        *self.lock().calls.entry(kind(outcome)).or_default() += 1;
    }

    pub(crate) fn message_over(&self, outcome: &Result<(), Error>) {
        *self.lock().messages.entry(kind(outcome)).or_default() += 1;
    }

    /// The number of calls that were handled.
    pub(crate) fn calls(&self) -> u64 {
        self.lock().calls.values().sum()
    }

    /// The number of messages that were handled.
    pub(crate) fn messages(&self) -> u64 {
        self.lock().messages.values().sum()
    }

    pub(crate) fn print(&self) {
        let counts = self.lock();
        println!("calls handled        {}", listed(&counts.calls));
        println!("messages handled     {}", listed(&counts.messages));
        println!("dials answered       {}", counts.dials_answered);
    }
}

fn kind(outcome: &Result<(), Error>) -> &'static str {
    match outcome {
        Ok(()) => "done",
        Err(Error::CallGone(_)) => "hung up",
        Err(Error::ServiceError(_)) => "refused",
        Err(Error::TimedOut(_)) => "timed out",
        Err(Error::ConnectionLost(_)) => "lost",
        Err(Error::DialFailed(_)) => "nobody answered",
        Err(Error::InvalidArgument(_)) => "failed on purpose",
        Err(Error::Closed(_)) => "closed",
        Err(Error::Draining(_)) => "draining",
        Err(_) => "failed otherwise",
    }
}

fn listed(counts: &BTreeMap<&'static str, u64>) -> String {
    let total: u64 = counts.values().sum();
    let parts: Vec<_> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    format!("{total}: {}", parts.join(", "))
}

/// Counters of the service's reports.
#[derive(Debug, Default)]
pub(crate) struct ServiceLog {
    pub(crate) placed: u64,
    pub(crate) legs: u64,
    logins: u64,
    resumed: u64,
    expired: u64,
    passed: u64,
    slow: u64,
    /// The requests that the service objects to. A client must not send any.
    objections: Vec<String>,
}

/// The maximum number of objections that are kept.
const MAX_OBJECTIONS: usize = 20;

impl ServiceLog {
    pub(crate) fn take(&mut self, report: &Report) {
        match report {
            Report::CallPlaced { .. } => self.placed += 1,
            Report::LegPlaced { .. } => self.legs += 1,
            Report::ClientAuthenticated { resumed: true, .. } => self.resumed += 1,
            Report::ClientAuthenticated { .. } => self.logins += 1,
            Report::SessionExpired => self.expired += 1,
            Report::CallPassed { .. } => self.passed += 1,
            Report::Violated(Violation::Malformed { .. } | Violation::UnknownParameter { .. }) => {
                self.object(report);
            }
            Report::RequestRefused { code, .. } if code == "400" || code.starts_with('-') => {
                self.object(report);
            }
            Report::Violated(_) => self.slow += 1,
            _ => {}
        }
    }

    fn object(&mut self, report: &Report) {
        if self.objections.len() < MAX_OBJECTIONS {
            self.objections.push(format!("the service objects: {report}"));
        }
    }

    pub(crate) fn print(&self) {
        let Self { placed, legs, logins, resumed, expired, passed, slow, .. } = self;
        println!(
            "at the service       {placed} calls placed, {legs} legs dialled, {passed} offers passed on"
        );
        println!("reconnects           {resumed} resumed, {logins} new sessions, {expired} expired");
        println!("answers out of time  {slow}");
    }

    pub(crate) fn into_objections(self) -> Vec<String> {
        self.objections
    }
}

/// Resident memory over time.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<u64>);

/// The bytes by which the last quarter may exceed the second quarter, beside a tenth.
const SLACK: u64 = 2 << 20;

impl Memory {
    /// Takes a sample, in bytes; `None` where the system does not offer it.
    pub(crate) fn sample(&mut self) -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let bytes = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024;
        self.0.push(bytes);
        Some(bytes)
    }

    /// Returns a finding if memory keeps growing, once there are enough samples.
    pub(crate) fn grows(&self) -> Option<String> {
        let quarter = self.0.len() / 4;
        let most = |samples: &[u64]| samples.iter().copied().max();
        let early = most(self.0.get(quarter..2 * quarter)?)?;
        let late = most(self.0.get(3 * quarter..)?)?;
        (late > early + early / 10 + SLACK)
            .then(|| format!("memory grows: {} in the second quarter, {} in the last", mib(early), mib(late)))
    }
}

/// Formats bytes as MiB.
pub(crate) fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
