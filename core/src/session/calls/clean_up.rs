//! Clean-up: requests that the session sends on its own account to be rid of a call that nobody wants.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{CallSerial, CallTimer, Entry, Role};
use crate::calling::{CallState, EndReason};
use crate::ids::CallId;
use crate::session::refusal::trouble_pause;
use crate::session::requests::Purpose;
use crate::session::{Notice, Session};

/// The time that the service has to end a call before it is asked again.
const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of times that the service is asked to end a call.
const MAX_CLEAN_UP_ATTEMPTS: u32 = 3;
/// The number of times that a service in trouble is asked to be rid of a call: for about an hour.
const MAX_TROUBLED_CLEAN_UPS: u32 = 15;
/// The time that a call has to end after it was hung up for a handler that failed.
const HANG_UP_TIMEOUT: Duration = Duration::from_secs(10);

/// The ways to get rid of a call that nobody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum CleanUp {
    /// It is given back, to be offered to another client.
    Pass,
    /// It is hung up.
    End,
    /// The caller is told that the line is busy.
    Busy,
}

impl CleanUp {
    /// The method and its parameters. `answered` is whether somebody is on the line.
    fn request(self, answered: bool) -> (&'static str, &'static str) {
        match self {
            Self::Pass => ("calling.pass", "{}"),
            Self::End if answered => ("calling.end", r#"{"reason":"hangup"}"#),
            Self::End => ("calling.end", r#"{"reason":"cancel"}"#),
            Self::Busy => ("calling.end", r#"{"reason":"busy"}"#),
        }
    }
}

impl Session {
    /// The handler of a call failed: a caller whom nobody talks to would listen to silence for ever. The call is hung up
    /// with this reason. If that is refused, or the call has not ended after 10 s, the application is
    /// told of its end, and the session goes on trying to be rid of it.
    pub fn hang_up_after_failure(&mut self, now: Instant, call_id: &CallId, reason: &EndReason) {
        if !self.take(call_id) {
            return;
        }
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        if entry.transfers > 0 {
            // It may be another application's: that shows when the service is asked.
            entry.hang_up_if_left = Some(reason.clone());
            return;
        }
        entry.refusals = entry.refusals.saturating_add(1);
        let serial = entry.serial;
        self.calls.set_timer(serial, CallTimer::DiscardAfterHangUp, now + HANG_UP_TIMEOUT);
        let params = json!({ "reason": reason }).to_string();
        self.ask(now, "calling.end", params, call_id, Purpose::HangUp);
    }

    /// The call that was hung up for a handler that failed is still there.
    pub(in crate::session) fn discard_after_hang_up(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.discard(now, &call_id);
        }
    }

    /// Asks the service once to be rid of a call.
    pub(in crate::session) fn request_clean_up(
        &mut self,
        now: Instant,
        call_id: &CallId,
        how: CleanUp,
        answered: bool,
    ) {
        let (method, params) = how.request(answered);
        self.ask(now, method, params, call_id, |call| Purpose::CleanUp(call, how));
    }

    /// Ends a leg that nobody wants.
    pub(in crate::session) fn end_leg(&mut self, now: Instant, call_id: &CallId, why: &'static str) {
        if self.calls.get(call_id).is_some() {
            self.notice(Notice::LegEnded { call_id: call_id.clone(), why });
            self.clean_up(now, call_id, CleanUp::End);
        }
    }

    /// Gets rid of a call, now and, if that does not help, again. Without a connection nothing is asked before there
    /// is one.
    pub(in crate::session) fn clean_up(&mut self, now: Instant, call_id: &CallId, how: CleanUp) {
        let ready = self.connection.is_ready();
        let Some(entry) = self.calls.get(call_id) else { return };
        let attempts = match entry.role {
            Role::Unwanted { how: before, attempts } if before == how => attempts,
            _ => 0,
        };
        let (serial, answered) = (entry.serial, entry.state.has_reached(&CallState::Answered));
        self.calls.cancel_timer(serial, CallTimer::PassHeld);
        self.calls.set_role(call_id, Role::Unwanted { how, attempts: attempts + u32::from(ready) });
        if ready {
            self.calls.set_timer(serial, CallTimer::RetryCleanUp, now + CLEAN_UP_TIMEOUT);
            self.request_clean_up(now, call_id, how, answered);
        }
    }

    /// The service was in trouble when it was asked to be rid of a call. That attempt does not count, up to
    /// [`MAX_TROUBLED_CLEAN_UPS`] of them, and the next follows after a longer pause.
    pub(in crate::session) fn excuse_clean_up(&mut self, now: Instant, call_id: &CallId) {
        if let Some(Entry { role: Role::Unwanted { attempts, .. }, troubled, serial, .. }) =
            self.calls.get_mut(call_id)
            && *troubled < MAX_TROUBLED_CLEAN_UPS
        {
            *attempts = attempts.saturating_sub(1);
            let (serial, pause) = (*serial, trouble_pause(*troubled));
            *troubled += 1;
            self.calls.set_timer(serial, CallTimer::RetryCleanUp, now + pause);
        }
    }

    pub(in crate::session) fn retry_clean_up(&mut self, now: Instant, serial: CallSerial) {
        if !self.connection.is_ready() {
            // The next connection begins anew.
            return;
        }
        let Some(call_id) = self.calls.id_of(serial).cloned() else { return };
        match self.calls.get(&call_id).map(|entry| &entry.role) {
            Some(Role::Unwanted { attempts, .. }) if *attempts >= MAX_CLEAN_UP_ATTEMPTS => {
                self.notice(Notice::LegStuck(call_id.clone()));
                self.end_locally(now, &call_id, EndReason::Error);
            }
            Some(Role::Unwanted { how, .. }) => self.clean_up(now, &call_id, *how),
            _ => {}
        }
    }

    /// There is a connection again: what is to be got rid of is not kept waiting, and attempts on the one that was
    /// lost, which may never have arrived, do not count.
    pub(in crate::session) fn resume_clean_ups(&mut self, now: Instant) {
        for call_id in self.calls.ids(|entry| !entry.is_visible()) {
            if let Some(Role::Unwanted { how, .. }) = self.calls.get(&call_id).map(|entry| entry.role.clone())
            {
                self.calls.set_role(&call_id, Role::Unwanted { how, attempts: 0 });
                self.clean_up(now, &call_id, how);
            }
        }
    }
}
