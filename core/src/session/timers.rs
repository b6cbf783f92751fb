//! A table of deadlines. It knows when something is due, and nothing of what then happens.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::message_table::MessageSerial;
use super::pending::RequestKey;
use super::table::CallSerial;
use crate::ids::{Tag, Ticket};

/// A deadline, named after what happens when it passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The connection is not ready in time, or is not closed in time: it is dropped.
    DropConnection,
    /// The pause after a failure is over: connect again.
    Reconnect,
    /// The connection has held for long enough: earlier failures no longer count.
    ForgiveFailures,
    /// Nothing may have arrived for a while: see, and ask.
    ProbeSilence,
    /// Legs of a dial that was called off may have shown up until now.
    Linger,
    /// The probe went unanswered: the connection is dead.
    DropSilent,
    /// Draining has lasted long enough: the calls that are left are ended.
    EndCalls,
    /// The calls that were ended had their time: close.
    FinishDrain,
    /// A request went unanswered: it fails.
    ExpireRequest(RequestKey),
    /// Nobody took an offer: it is passed on.
    PassOffer(CallSerial),
    /// The service did not know a call: unless it ended meanwhile, it is ended here.
    ConfirmGone(CallSerial),
    /// The service could not say whether it still knows a call: it is asked again.
    AskAgain(CallSerial),
    /// The service did not know an operation: unless it ended meanwhile, it is ended here.
    ConfirmOver(CallSerial, Ticket),
    /// A call that nobody wants is still there: try again to be rid of it, or forget it.
    RetryCleanUp(CallSerial),
    /// What became of messages followed before this one may have been missed: they are given up.
    GiveUpMessages(MessageSerial),
    /// Nobody answered a dial: it fails.
    GiveUpDial(Tag),
    /// An alarm of the application goes off.
    Alarm(Ticket),
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    in_order: BTreeSet<(Instant, Timer)>,
    deadlines: HashMap<Timer, Instant>,
}

impl Timers {
    /// Arms a timer, in place of its earlier deadline if it had one.
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.cancel(&timer);
        self.deadlines.insert(timer.clone(), at);
        self.in_order.insert((at, timer));
    }

    pub(super) fn cancel(&mut self, timer: &Timer) {
        if let Some(at) = self.deadlines.remove(timer) {
            self.in_order.remove(&(at, timer.clone()));
        }
    }

    pub(super) fn is_set(&self, timer: &Timer) -> bool {
        self.deadlines.contains_key(timer)
    }

    /// Takes out the earliest timer that is due. It is disarmed before its work runs.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (at, _) = self.in_order.first()?;
        if *at > now {
            return None;
        }
        let (_, timer) = self.in_order.pop_first()?;
        self.deadlines.remove(&timer);
        Some(timer)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.in_order.first().map(|(at, _)| *at)
    }

    pub(super) fn clear(&mut self) {
        self.in_order.clear();
        self.deadlines.clear();
    }

    pub(super) fn alarms(&self) -> usize {
        self.deadlines.keys().filter(|timer| matches!(timer, Timer::Alarm(_))).count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_come_in_order_and_once() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set(Timer::Reconnect, at(3));
        timers.set(Timer::ProbeSilence, at(1));
        timers.set(Timer::Reconnect, at(2));
        timers.set(Timer::DropSilent, at(9));
        timers.cancel(&Timer::DropSilent);
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.pop_due(at(0)), None);
        assert_eq!(timers.pop_due(at(5)), Some(Timer::ProbeSilence));
        assert_eq!(timers.pop_due(at(5)), Some(Timer::Reconnect));
        assert_eq!(timers.pop_due(at(5)), None);
        assert_eq!(timers.next(), None);
    }
}
