//! Handlers and streams that nothing will come for, because no context is wanted.

use std::time::{Duration, Instant};

use super::{ClientOutput, ClientState};
use crate::session::{ConnectionState, Notice};

/// The time that a program has to subscribe to a context after it has set a handler and the connection is ready.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The methods by which the application takes what comes by contexts.
#[derive(Debug, Default)]
pub(super) struct Listening {
    /// Each method that was called, once.
    methods: Vec<&'static str>,
    /// The number of methods, from the first, of which it is known whether something can come.
    checked: usize,
    deadline: Option<Instant>,
}

impl Listening {
    fn add(&mut self, method: &'static str) {
        if !self.methods.contains(&method) {
            self.methods.push(method);
        }
    }

    /// Sets the deadline if the connection is ready and there is something to check; clears it while there is no connection.
    fn expect_context(&mut self, now: Instant, ready: bool) {
        if !ready {
            self.deadline = None;
        } else if self.checked < self.methods.len() {
            self.deadline.get_or_insert(now + SUBSCRIBE_TIMEOUT);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns the methods that were called by now and have not been checked.
    fn handle_timeout(&mut self, now: Instant) -> &[&'static str] {
        if self.deadline.take_if(|at| *at <= now).is_none() {
            return &[];
        }
        let unchecked = std::mem::replace(&mut self.checked, self.methods.len());
        &self.methods[unchecked..]
    }

    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }
}

impl ClientState {
    /// The application takes what comes by contexts.
    pub(super) fn listen(&mut self, now: Instant, method: &'static str) {
        self.listening.add(method);
        self.expect_context(now);
    }

    /// The connection has changed, or the application has begun to listen.
    pub(super) fn expect_context(&mut self, now: Instant) {
        let ready = matches!(self.session.connection_state(), ConnectionState::Ready { .. });
        self.listening.expect_context(now, ready);
    }

    /// Reports what the application listens for in vain.
    pub(super) fn check_listening(&mut self, now: Instant) {
        let methods = self.listening.handle_timeout(now);
        if self.session.contexts().next().is_none() {
            let notices = methods.iter().map(|method| Notice::NoContext { method });
            self.output.extend(notices.map(ClientOutput::Log));
        }
    }
}
