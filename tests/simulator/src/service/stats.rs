//! How much there is of everything.

use super::SimulatedService;
use super::queues::Queue;

/// How many of each thing the service holds. All return to zero when every client has gone, every call is over, and
/// nobody is going to resume a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ServiceStats {
    /// Open connections.
    pub connections: usize,
    /// Sessions, those that may still be resumed included.
    pub sessions: usize,
    /// Calls that are not over.
    pub calls: usize,
    /// Calls that wait for somebody to be offered to.
    pub pending_calls: usize,
    /// Dials and connects under way.
    pub attempts: usize,
    /// Conferences.
    pub conferences: usize,
    /// Calls in queues.
    pub queued: usize,
    /// Messages on their way out.
    pub outgoing: usize,
    /// Messages that wait for somebody to read them.
    pub incoming: usize,
    /// Tasks that wait for somebody to read them.
    pub tasks: usize,
    /// Connections that are stalled or half open.
    pub conditions: usize,
    /// Timers set.
    pub timers: usize,
}

/// How often each thing happened by [`Faults`](super::Faults) and [`Refusal`](super::Refusal)s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Disturbed {
    /// Events delivered twice.
    pub duplicated: u64,
    /// Events held back, so that later ones overtook them.
    pub delayed: u64,
    /// Frames without sense.
    pub garbage: u64,
    /// Requests refused, or left unanswered, on demand.
    pub refused: u64,
}

impl SimulatedService {
    /// How many of each thing there is.
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

    /// How often each thing happened by chance or on demand so far.
    pub fn disturbed(&self) -> Disturbed {
        self.disturbed
    }
}
