//! The state with which the client resumes its session at the service, and the gap before it did.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::calls::CallSerial;
use crate::credentials::Secret;

/// The number of earlier authorization states that are removed from the texts of the service.
const MAX_FORMER_STATES: usize = 4;
/// The number of times that an earlier session is offered to a service that refuses it without saying why.
const MAX_RESUME_ATTEMPTS: u32 = 3;

/// The session at the service that this one can be resumed as.
#[derive(Debug, Default)]
pub(super) struct Resume {
    protocol: Option<String>,
    authorization_state: Option<Secret>,
    /// Authorization states before the present one, which the service may still speak of.
    former_states: VecDeque<Secret>,
    /// Whether the authorization state came by the present connection.
    state_is_fresh: bool,
    /// The number of times in a row that the earlier session was refused.
    refusals: u32,
    /// Since when there has been no connection, if there was one.
    lost_at: Option<Instant>,
    /// Calls from this one on became known by the present connection.
    first_call: CallSerial,
}

/// How the service took a session on.
#[derive(Debug)]
pub(super) struct Resumption {
    /// Whether an earlier session goes on.
    pub(super) resumed: bool,
    /// For how long there was no connection.
    pub(super) gap: Duration,
}

impl Resume {
    /// The name of the session, if the service has given it one.
    pub(super) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The authorization state to send with the name of the session.
    pub(super) fn authorization_state(&self) -> Option<&str> {
        self.authorization_state.as_ref().map(Secret::expose)
    }

    /// The present authorization state, and former ones.
    pub(super) fn authorization_states(&self) -> impl Iterator<Item = &str> {
        self.authorization_state.iter().chain(&self.former_states).map(Secret::expose)
    }

    /// The serial of the first call that became known by the present connection.
    pub(super) fn first_call(&self) -> CallSerial {
        self.first_call
    }

    /// A connection is about to be opened.
    pub(super) fn begin(&mut self) {
        self.state_is_fresh = false;
    }

    /// The transport is open; `next_call` is the serial of the next call. Returns `true` if an earlier session is asked
    /// for.
    pub(super) fn connected(&mut self, next_call: CallSerial) -> bool {
        self.first_call = next_call;
        self.protocol.is_some()
    }

    /// The service has accepted the connection, and named the session.
    pub(super) fn accept(&mut self, now: Instant, protocol: String, restored: Option<bool>) -> Resumption {
        let earlier = self.protocol.replace(protocol);
        // A service that does not say whether it resumed shows it by keeping the session's name.
        let same = earlier == self.protocol;
        let resumed = earlier.is_some() && restored.unwrap_or(same);
        self.refusals = 0;
        let lost_at = self.lost_at.take();
        if !resumed && !self.state_is_fresh {
            // It belongs to the session that is gone.
            self.replace_state(None);
        }
        Resumption { resumed, gap: lost_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at)) }
    }

    /// The service refused the connection while an earlier session was asked for; `is_stale` is whether it said that it
    /// does not know the session. Returns `true` if the session is given up.
    pub(super) fn refuse(&mut self, is_stale: bool) -> bool {
        self.refusals += 1;
        let gives_up = is_stale || self.refusals >= MAX_RESUME_ATTEMPTS;
        if gives_up {
            self.forget();
        }
        gives_up
    }

    /// The connection on which requests and events flowed is lost.
    pub(super) fn lose(&mut self, now: Instant) {
        self.lost_at = Some(now);
    }

    /// Gives up the name of the session, and with it what its calls depend on. Whether they are lost shows when the
    /// service has accepted a new session.
    pub(super) fn forget(&mut self) {
        self.protocol = None;
        self.replace_state(None);
    }

    /// The service sent another authorization state.
    pub(super) fn update_state(&mut self, state: Secret) {
        self.replace_state(Some(state));
        self.state_is_fresh = true;
    }

    fn replace_state(&mut self, state: Option<Secret>) {
        if let Some(former) = std::mem::replace(&mut self.authorization_state, state) {
            self.former_states.truncate(MAX_FORMER_STATES - 1);
            self.former_states.push_front(former);
        }
    }
}
