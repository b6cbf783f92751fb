//! Back-off: how long to wait before the next attempt to connect.

use std::time::{Duration, Instant};

/// The first pause after a failure; each one after that is twice as long.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// The time that a connection has to hold before earlier failures are forgotten.
const HEALTHY_INTERVAL: Duration = Duration::from_secs(10);

/// Counts failures since the connection last held, and keeps the next attempt in mind.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    timer: Option<(Instant, BackoffTimer)>,
}

/// A deadline, named after what happens when it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackoffTimer {
    /// The pause is over: connect again.
    Reconnect,
    /// The connection has held: earlier failures do not count any more.
    Reset,
}

impl BackoffTimer {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Reconnect => "the pause after a failed connection is over: connecting again",
            Self::Reset => "the connection has held for 10 s: earlier failures do not count any more",
        }
    }
}

impl Backoff {
    /// The number of the attempt that is under way, or comes next. Attempts count from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    /// A connection failed. Returns the pause until the next attempt: half to the whole of what the number of failures
    /// calls for.
    pub(super) fn fail(&mut self, now: Instant, random: &mut fastrand::Rng) -> Duration {
        let factor = 1_u32 << self.failures.min(5);
        let whole = (FIRST_BACKOFF * factor).min(MAX_BACKOFF);
        let pause = whole.mul_f64(0.5 + 0.5 * random.f64());
        self.failures = self.failures.saturating_add(1);
        self.timer = Some((now + pause, BackoffTimer::Reconnect));
        pause
    }

    /// The service has accepted the connection.
    pub(super) fn succeed(&mut self, now: Instant) {
        self.timer = Some((now + HEALTHY_INTERVAL, BackoffTimer::Reset));
    }

    /// There will be no further attempt.
    pub(super) fn stop(&mut self) {
        self.timer = None;
    }

    /// The earliest deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timer.map(|(at, _)| at)
    }

    /// Returns the timer that is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<BackoffTimer> {
        let (_, timer) = self.timer.take_if(|(at, _)| *at <= now)?;
        if timer == BackoffTimer::Reset {
            self.failures = 0;
        }
        Some(timer)
    }
}
