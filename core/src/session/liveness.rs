//! Liveness: is the service still there, and does it hear this client?

use std::time::{Duration, Instant};

/// The time without any frame after which the connection is probed. The service pings more often.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
/// The time that the service has to answer a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Watches a connection from the acceptance of the credentials to its loss. The default watches nothing.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    last_arrival: Option<Instant>,
    probe: Option<Probe>,
    /// When to see whether anything has arrived.
    check_at: Option<Instant>,
}

#[derive(Debug)]
struct Probe {
    proof: Proof,
    /// When the connection counts as dead.
    drop_at: Instant,
}

/// The frame that proves that the service is there.
#[derive(Debug, PartialEq, Eq)]
enum Proof {
    /// Anything.
    Arrival,
    /// An answer: what the service sends by itself does not show that it hears us.
    Answer,
}

/// A deadline, named after what happens when it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LivenessTimer {
    /// The silence was checked: nothing is to be done.
    Check,
    /// Nothing has arrived for [`PROBE_INTERVAL`]: send a probe.
    Probe,
    /// The probe was not answered: drop the connection.
    Drop,
}

impl LivenessTimer {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Check => "it was time to check that frames arrive",
            Self::Probe => "no frame arrived for 30 s: probing the connection",
            Self::Drop => "the service did not answer a probe within 10 s",
        }
    }
}

impl Liveness {
    /// Begins to watch a connection.
    pub(super) fn start(now: Instant) -> Self {
        Self { last_arrival: Some(now), probe: None, check_at: Some(now + PROBE_INTERVAL) }
    }

    /// A frame arrived.
    pub(super) fn note_arrival(&mut self, now: Instant) {
        self.last_arrival = Some(now);
        if self.probe.as_ref().is_some_and(|probe| probe.proof == Proof::Arrival) {
            self.probe = None;
        }
    }

    /// An answer arrived: the service hears us.
    pub(super) fn note_answer(&mut self) {
        self.probe = None;
    }

    /// A request went unanswered. Returns `true` if a probe is to be sent, to see whether it is only that one.
    pub(super) fn doubt(&mut self, now: Instant) -> bool {
        self.check_at.is_some() && self.probe(now, Proof::Answer)
    }

    fn probe(&mut self, now: Instant, proof: Proof) -> bool {
        if self.probe.is_some() {
            return false;
        }
        self.probe = Some(Probe { proof, drop_at: now + PROBE_TIMEOUT });
        true
    }

    /// The earliest deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let drop_at = self.probe.as_ref().map(|probe| probe.drop_at);
        self.check_at.into_iter().chain(drop_at).min()
    }

    /// Returns the timer that is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<LivenessTimer> {
        if self.check_at.is_some_and(|at| at <= now) {
            let quiet_until = self.last_arrival.map_or(now, |arrival| arrival + PROBE_INTERVAL);
            let silent = quiet_until <= now;
            self.check_at = Some(if silent { now + PROBE_INTERVAL } else { quiet_until });
            let probes = silent && self.probe(now, Proof::Arrival);
            return Some(if probes { LivenessTimer::Probe } else { LivenessTimer::Check });
        }
        self.probe.take_if(|probe| probe.drop_at <= now).map(|_| LivenessTimer::Drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timers::epoch;

    #[test]
    fn silence_is_probed_and_then_drops_the_connection() {
        let start = epoch();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut liveness = Liveness::start(start);
        liveness.note_arrival(at(20));
        assert_eq!(liveness.handle_timeout(at(30)), Some(LivenessTimer::Check));
        assert_eq!(liveness.deadline(), Some(at(50)));
        assert_eq!(liveness.handle_timeout(at(50)), Some(LivenessTimer::Probe));
        assert!(!liveness.doubt(at(51)), "one probe is under way");
        liveness.note_arrival(at(52));
        assert!(liveness.doubt(at(53)));
        liveness.note_arrival(at(54));
        assert_eq!(liveness.deadline(), Some(at(63)), "only an answer shows that it hears us");
        assert_eq!(liveness.handle_timeout(at(63)), Some(LivenessTimer::Drop));
        assert!(!Liveness::default().doubt(at(70)), "there is no connection");
    }
}
