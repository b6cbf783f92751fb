//! Shutdown: by draining, or at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Session;
use super::calls::{CleanUp, Entry};
use super::output::{Io, Output, SessionEvent};
use super::requests::{Progress, Purpose, Request};
use crate::calling::EndReason;
use crate::error::{Certainty, Error};

/// The time that calls have to end after draining has hung them up.
const END_CALLS_TIMEOUT: Duration = Duration::from_secs(3);
/// How long legs of a dial that was called off may take to show up before the client closes.
const LATE_LEG_TIMEOUT: Duration = Duration::from_secs(3);

/// How far the session is on its way to the end.
#[derive(Debug, Default)]
pub(super) struct Shutdown {
    draining: bool,
    /// Set once the session was told to stop at once, and stays for the legs of dials only.
    stopping: bool,
    timer: Option<(Instant, ShutdownTimer)>,
    /// Until when legs of a dial that was called off may show up.
    late_legs_until: Option<Instant>,
}

/// What is to be done at a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShutdownTimer {
    /// Draining has lasted long enough: the calls that are left are ended.
    EndCalls,
    /// The calls that were ended had their time: close.
    Close,
    /// No leg of a dial that was called off can show up any more: there is one reason less to stay.
    StopLingering,
}

impl ShutdownTimer {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::EndCalls => "the time for draining is over: ending the calls that are left",
            Self::Close => "the calls that were ended had 3 s: closing",
            Self::StopLingering => "legs of a dial that was called off had 3 s to show up",
        }
    }
}

impl Shutdown {
    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Returns `true` once the session was told to stop at once.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// Begins to drain, until then if there is a limit. Returns `true` if that is new.
    fn drain(&mut self, until: Option<Instant>) -> bool {
        if self.timer.is_none_or(|(_, timer)| timer != ShutdownTimer::Close) {
            self.timer = until.map(|at| (at, ShutdownTimer::EndCalls));
        }
        !std::mem::replace(&mut self.draining, true)
    }

    /// The earliest deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.late_legs_until.into_iter().chain(self.timer.map(|(at, _)| at)).min()
    }

    /// Says what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<ShutdownTimer> {
        let (_, timer) = self.timer.take_if(|(at, _)| *at <= now).or_else(|| {
            self.late_legs_until.take_if(|at| *at <= now).map(|at| (at, ShutdownTimer::StopLingering))
        })?;
        if timer == ShutdownTimer::EndCalls {
            self.timer = Some((now + END_CALLS_TIMEOUT, ShutdownTimer::Close));
        }
        Some(timer)
    }
}

impl Session {
    /// Stops gently: no new calls are accepted, running ones may go on for as long as `within`, then they are
    /// ended, then the session closes. Asked again, the new time counts from then.
    pub fn drain(&mut self, now: Instant, within: Duration) {
        if self.connection.is_closed() {
            return;
        }
        // A time beyond what the clock can count is no limit.
        if self.shutdown.drain(now.checked_add(within)) {
            if self.connection.is_heard() {
                self.emit(SessionEvent::Connection(self.connection_state()));
            }
            self.unsubscribe(now);
            self.pass_offers(now);
        }
        self.close_if_drained(now);
    }

    /// Returns `true` once the session drains: it takes on nothing new.
    pub fn is_draining(&self) -> bool {
        self.shutdown.is_draining()
    }

    /// Stops at once. Requests under way fail, calls go on at the service without this client. If it can be heard, dials
    /// are called off, and offers that nobody took are given back.
    ///
    /// Phones that a dial is about to call would ring on: if legs of a dial that was called off may still show up, the
    /// connection is kept for 3 s to end them, and for nothing else. Asked again, the session does not wait for that.
    pub fn disconnect(&mut self, now: Instant) {
        if self.connection.is_closed() {
            return;
        }
        if self.connection.is_ready() && !self.shutdown.stopping {
            self.call_off_dials(now);
            if self.shutdown.late_legs_until.is_some() {
                return self.stop_but_for_late_legs(now);
            }
        }
        self.close(now, Ok(()));
    }

    /// Writes what was asked before the end and has not left yet: it still goes out.
    fn write_staged(&mut self) {
        let mut last = VecDeque::new();
        while let Some(text) = self.poll_frame() {
            last.push_back(text);
        }
        self.acknowledgements = last;
    }

    /// Ends everything but what ends the legs of dials.
    fn stop_but_for_late_legs(&mut self, now: Instant) {
        self.write_staged();
        self.shutdown.stopping = true;
        self.shutdown.drain(Some(now + LATE_LEG_TIMEOUT));
        self.shutdown.timer = Some((now + LATE_LEG_TIMEOUT, ShutdownTimer::Close));
        self.unsubscribe(now);
        self.pass_offers(now);
        self.fail_what_is_waited_for(now);
        for call_id in self.calls.ids(Entry::is_visible) {
            self.end_locally(now, &call_id, EndReason::ClientClosed);
        }
        self.close_if_drained(now);
    }

    /// A deadline of the shutdown has come.
    pub(super) fn handle_shutdown_timeout(&mut self, now: Instant, timer: ShutdownTimer) {
        match timer {
            ShutdownTimer::EndCalls => self.end_calls(now),
            ShutdownTimer::Close => self.close(now, Ok(())),
            // What it was for is seen to after every timeout.
            ShutdownTimer::StopLingering => {}
        }
    }

    /// Legs of a dial that nobody waits for any more may still show up: a client that is about to close stays to end
    /// them.
    pub(super) fn expect_late_legs(&mut self, now: Instant) {
        self.shutdown.late_legs_until = Some(now + LATE_LEG_TIMEOUT);
    }

    fn end_calls(&mut self, now: Instant) {
        self.call_off_dials(now);
        for call_id in self.calls.ids(Entry::is_visible) {
            self.request_clean_up(now, &call_id, CleanUp::End, true);
        }
    }

    /// Fails every dial, and takes its request back if it has not left. Whoever is being called would talk to nobody.
    fn call_off_dials(&mut self, now: Instant) {
        for tag in self.dials.tags(|_| true) {
            let certainty = self.recall_dial(now, &tag);
            self.fail_dial(now, &tag, Error::closed(certainty));
        }
    }

    /// Wants no calls and messages any more.
    fn unsubscribe(&mut self, now: Instant) {
        for key in
            self.requests.keys(|request| request.progress != Progress::Sent && request.purpose.receives())
        {
            self.fail_request(now, key, &|request, _| Error::draining(request.describe()));
        }
        self.contexts.leave_all();
        self.leave_contexts(now);
    }

    /// Tells the service of the contexts that are not wanted any more, if it may not know that yet and no request under way
    /// says so.
    pub(super) fn leave_contexts(&mut self, now: Instant) {
        let named = |context: &String| {
            self.requests
                .iter()
                .any(|request| request.purpose.left().is_some_and(|left| left.contains(context)))
        };
        let contexts: Vec<_> = self.contexts.left().filter(|context| !named(context)).cloned().collect();
        if !contexts.is_empty() && self.connection.is_ready() {
            self.submit_on_connection(now, "signalwire.unreceive", "{}", Purpose::Leave(contexts));
        }
    }

    /// Closes if the session is draining and nothing is left to wait for.
    pub(super) fn close_if_drained(&mut self, now: Instant) {
        if !self.shutdown.is_draining() || self.connection.is_closed() {
            return;
        }
        if self.calls.len() > 0 || self.dials.len() > 0 || !self.late.is_empty() {
            return;
        }
        // What was asked is only worth waiting for while its answer can arrive.
        let asks = |request: &Request| match request.purpose {
            Purpose::Application(..) => !request.abandoned && request.progress != Progress::Queued,
            ref purpose => purpose.is_clean_up(),
        };
        let asking = self.requests.iter().any(asks);
        let lingering = self.shutdown.late_legs_until.is_some();
        if !((asking || lingering) && self.connection.is_heard()) {
            self.close(now, Ok(()));
        }
    }

    pub(super) fn close(&mut self, now: Instant, result: Result<(), Error>) {
        if self.connection.is_closed() {
            return;
        }
        self.write_staged();
        let was_up = self.connection.is_up();
        let reason = result.as_ref().err().map(|error| Arc::from(error.to_string()));
        if self.connection.is_ready() {
            self.call_off_dials(now);
            self.pass_offers(now);
        }
        self.enter_closed(now, reason);
        self.fail_everything(now);
        self.shutdown = Shutdown { draining: self.shutdown.draining, ..Shutdown::default() };
        if was_up {
            self.output.push_back(Output::Io(Io::Close));
        }
        self.emit(SessionEvent::Closed(result));
    }

    /// Fails every request, dial, message and operation that somebody may wait for.
    fn fail_what_is_waited_for(&mut self, now: Instant) {
        for key in self.requests.keys(|request| !request.purpose.is_clean_up()) {
            self.fail_request(now, key, &|_, certainty| Error::closed(certainty));
        }
        for tag in self.dials.tags(|_| true) {
            self.fail_dial(now, &tag, Error::closed(Certainty::Unknown));
        }
        self.lose_messages();
        self.give_up_all_late();
    }

    /// Fails everything that is under way, with what is certain about each.
    fn fail_everything(&mut self, now: Instant) {
        self.fail_what_is_waited_for(now);
        // The frames of the rest still go out; their answers are not waited for.
        for key in self.requests.keys(|request| request.progress != Progress::Staged) {
            self.requests.remove(key);
        }
        self.requests.expire_nothing();
        for call_id in self.calls.ids(|_| true) {
            self.end_locally(now, &call_id, EndReason::ClientClosed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{CLOSE_TIMEOUT, TASKS_TIMEOUT};
    use crate::config::DEFAULT_DRAIN_TIMEOUT;

    #[test]
    fn draining_and_what_follows_it_fit_into_the_thirty_seconds_of_kubernetes() {
        let grace = Duration::from_secs(30);
        // Legs of dials that are called off show up while calls end.
        let last = END_CALLS_TIMEOUT.max(LATE_LEG_TIMEOUT) + TASKS_TIMEOUT + CLOSE_TIMEOUT;
        let left = grace.checked_sub(DEFAULT_DRAIN_TIMEOUT + last);
        assert!(left >= Some(Duration::from_secs(2)), "{left:?} is left for the program itself");
    }
}
