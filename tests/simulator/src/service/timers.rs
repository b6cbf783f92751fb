//! The timers, ordered by time and then by the order of arming.

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
    /// A client has not answered a ping.
    PingOverdue(ConnectionId, String),
    /// A client has not acknowledged an event.
    AckOverdue(ConnectionId, String),
    /// The service closes a connection that did not answer `signalwire.disconnect`.
    CloseAnyway(ConnectionId),
    /// The scenario cuts a connection.
    Cut(ConnectionId),
    /// A session that was not resumed expires.
    SessionExpires(SessionKey),
    /// A scripted caller dials; the number is the index in the scenario.
    CallerDials(usize),
    /// A caller without an answer gives up.
    PatienceEnds(CallKey),
    /// An answered call reaches its maximum duration.
    MaxDuration(CallKey),
    /// The party on a call takes the next step of the script.
    PartyStep(CallKey),
    /// A timer of a running operation fires.
    Operation(CallKey, OperationKey, Tick),
    /// A leg that was created starts to ring.
    LegRings(CallKey),
    /// The phone of a leg answers or rejects the call.
    LegDecides(CallKey),
    /// The ring time of a device is over.
    LegTimesOut(CallKey),
    /// The next group of a dial or connect attempt is tried.
    NextGroup(AttemptKey),
    /// The target of a SIP transfer has answered.
    Referred(CallKey, String),
    /// A queued call receives its `stats` event.
    QueueStats(CallKey),
    /// The waiting time of a queued call is over.
    QueueTimesOut(CallKey),
    /// The call quality event of a participant is due.
    CallQuality(CallKey),
    /// A scripted task arrives; the number is the index in the scenario.
    TaskArrives(usize),
    /// An outbound message reaches its next state.
    MessageAdvances(MessageKey),
    /// A scripted message arrives; the number is the index in the scenario.
    MessageArrives(usize),
    /// The result of an operation is ready after the end of its call.
    ResultReady(SessionKey, String, serde_json::Value),
    /// A delayed event is sent.
    Release(OutgoingFrame),
    /// A stalled connection receives the frames that were held back.
    StallEnds(ConnectionId),
}

/// The handle of an armed timer.
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

    /// Removes the first timer that is due at `now`. Returns it with the instant at which it was due.
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
