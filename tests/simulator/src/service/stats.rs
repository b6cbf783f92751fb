//! Gauges and counters.

use super::SimulatedService;
use super::queues::Queue;

/// The number of objects that the service holds. All return to zero once every client has disconnected, every call has
/// ended, and every session has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ServiceStats {
    /// Open connections.
    pub connections: usize,
    /// Sessions, including those without a connection.
    pub sessions: usize,
    /// Calls that have not ended.
    pub calls: usize,
    /// Inbound calls that wait for a subscriber.
    pub pending_calls: usize,
    /// Dials and connects under way.
    pub attempts: usize,
    /// Conferences.
    pub conferences: usize,
    /// Calls in queues.
    pub queued: usize,
    /// Outbound messages under way.
    pub outgoing: usize,
    /// Inbound messages that wait for a subscriber.
    pub incoming: usize,
    /// Tasks that wait for a subscriber.
    pub tasks: usize,
    /// Connections that are stalled or half open.
    pub conditions: usize,
    /// Armed timers.
    pub timers: usize,
}

/// The number of injected faults: [`Faults`](super::Faults) and [`Refusal`](super::Refusal)s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FaultStats {
    /// Events delivered twice.
    pub duplicated: u64,
    /// Events held back, so that later ones overtook them.
    pub delayed: u64,
    /// Invalid frames.
    pub garbage: u64,
    /// Requests refused, or left without a reply, on demand.
    pub refused: u64,
}

impl SimulatedService {
    /// The number of objects that the service holds.
    pub fn stats(&self) -> ServiceStats {
        ServiceStats {
            connections: self.connections.len(),
            sessions: self.sessions.len(),
            calls: self.calls.len(),
            pending_calls: self.pending_calls.len(),
            attempts: self.attempts.len(),
            conferences: self.conferences.len(),
            queued: self.queues.iter().map(Queue::len).sum(),
            outgoing: self.outgoing.len(),
            incoming: self.incoming.len(),
            tasks: self.tasks.len(),
            conditions: self.conditions.len(),
            timers: self.timers.len(),
        }
    }

    /// The number of injected faults so far.
    pub fn fault_stats(&self) -> FaultStats {
        self.fault_stats
    }
}
