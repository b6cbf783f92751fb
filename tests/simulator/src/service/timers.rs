//! The table of everything that is due later, ordered by time and then by the order of arming.

use std::collections::BTreeMap;
use std::time::Duration;

use super::OutgoingFrame;
use super::calls::{AttemptKey, CallKey, OperationKey};
use super::messages::MessageKey;
use super::operation::Tick;
use super::session::SessionKey;
use crate::ConnectionId;

/// What happens when a timer fires.
#[derive(Debug)]
pub(crate) enum Timer {
    /// The service pings the client.
    Ping(ConnectionId),
    /// A client's answer to a ping has not come.
    PingOverdue(ConnectionId, String),
    /// A client's acknowledgement of an event has not come.
    AckOverdue(ConnectionId, String),
    /// The service closes a connection that did not answer `signalwire.disconnect`.
    CloseAnyway(ConnectionId),
    /// The scenario wants a connection cut.
    Cut(ConnectionId),
    /// A session that nobody resumed is forgotten.
    SessionExpires(SessionKey),
    /// A scripted caller dials; the number is the index in the scenario.
    CallerDials(usize),
    /// A caller who was not answered gives up.
    PatienceEnds(CallKey),
    /// An answered call reaches its longest permitted duration.
    MaxDuration(CallKey),
    /// The person on a call takes the next step of the script.
    PartyActs(CallKey),
    /// Something inside a running operation is due.
    Operation(CallKey, OperationKey, Tick),
    /// A leg that was created starts to ring.
    LegRings(CallKey),
    /// The phone of a leg does what its script says.
    LegDecides(CallKey),
    /// The time a device may ring is over.
    LegTimesOut(CallKey),
    /// The next group of a dial or connect attempt is tried.
    NextGroup(AttemptKey),
    /// The target of a transfer by SIP has answered; the target.
    Referred(CallKey, String),
    /// A call in a queue is told how far it is.
    QueueStats(CallKey),
    /// A call has waited in a queue for as long as it wanted to.
    QueueTimesOut(CallKey),
    /// A participant of a conference is told how good the connection is.
    CallQuality(CallKey),
    /// A scripted task arrives; the number is the index in the scenario.
    TaskArrives(usize),
    /// An outbound message reaches its next state.
    MessageAdvances(MessageKey),
    /// A scripted message arrives; the number is the index in the scenario.
    MessageArrives(usize),
    /// A delayed event leaves.
    Release(OutgoingFrame),
    /// A stalled connection gets everything that was held back.
    StallEnds(ConnectionId),
}

/// A ticket to cancel a timer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerId {
    due: Duration,
    serial: u64,
}

impl TimerId {
    pub(crate) fn due(self) -> Duration {
        self.due
    }
}

/// All armed timers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeMap<TimerId, Timer>,
    serial: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, due: Duration, timer: Timer) -> TimerId {
        self.serial += 1;
        let id = TimerId { due, serial: self.serial };
        self.queue.insert(id, timer);
        id
    }

    pub(crate) fn cancel(&mut self, id: TimerId) {
        self.queue.remove(&id);
    }

    /// Takes out the first timer that is due at `now`, with the instant it was due.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<(Duration, Timer)> {
        let first = self.queue.first_entry()?;
        if first.key().due > now {
            return None;
        }
        let (id, timer) = first.remove_entry();
        Some((id.due, timer))
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.queue.first_key_value().map(|(id, _)| id.due)
    }
}
