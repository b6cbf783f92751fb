//! The limits of a program that waits for its first connection: how often, and for how long, the service may be out of
//! reach.
//!
//! A service that answers is in reach, whatever it answers: one that is full or restarting is waited for without limit.

use std::time::{Duration, Instant};

use crate::config::ConnectLimits;
use crate::connect_failure::{ConnectFailure, ConnectStage};

#[derive(Debug)]
pub(in crate::session) struct Reach {
    limits: ConnectLimits,
    /// Set while the application waits for its first connection.
    limited: bool,
    /// The time of the first attempt since the service answered last.
    began: Option<Instant>,
    /// Failed attempts since the service answered last.
    failures: u32,
    last: Option<ConnectFailure>,
}

impl Reach {
    pub(in crate::session) fn new(limits: ConnectLimits) -> Self {
        Self { limits, limited: false, began: None, failures: 0, last: None }
    }

    /// The application waits for its first connection.
    pub(in crate::session) fn limit(&mut self) {
        self.limited = true;
    }

    /// The connection is ready, or will never be.
    pub(in crate::session) fn stop(&mut self) {
        self.limited = false;
    }

    /// An attempt begins.
    pub(in crate::session) fn begin(&mut self, now: Instant) {
        self.began.get_or_insert(now);
    }

    /// The service has answered.
    pub(in crate::session) fn reached(&mut self) {
        self.began = None;
        self.failures = 0;
        self.last = None;
    }

    /// An attempt has failed.
    pub(in crate::session) fn fail(&mut self, failure: ConnectFailure) {
        self.failures = self.failures.saturating_add(1);
        self.last = Some(failure);
    }

    /// The time until which the service may be out of reach.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        if self.limited { self.began?.checked_add(self.limits.timeout) } else { None }
    }

    /// Returns what is known of the failures once a limit is passed.
    pub(in crate::session) fn give_up(&mut self, now: Instant) -> Option<GivenUp> {
        let is_late = self.deadline().is_some_and(|at| at <= now);
        let passed = self.limited && self.failures >= self.limits.attempts;
        if !is_late && !passed {
            return None;
        }
        self.limited = false;
        let silent = || ConnectFailure::new(ConnectStage::Tcp, "no attempt to connect has had an outcome");
        Some(GivenUp {
            attempts: self.failures.max(1),
            after: self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began)),
            failure: self.last.take().unwrap_or_else(silent),
        })
    }
}

/// What is known of a service that could not be reached.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::session) struct GivenUp {
    pub(in crate::session) attempts: u32,
    pub(in crate::session) after: Duration,
    pub(in crate::session) failure: ConnectFailure,
}
