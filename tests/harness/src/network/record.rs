//! The record of injected faults.

use std::fmt;
use std::time::Duration;

/// A fault that the network injected, as a line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    /// The virtual time at which it was injected.
    pub at: Duration,
    /// A description of the fault.
    pub what: String,
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10.3} {}", self.at.as_secs_f64(), self.what)
    }
}

/// Counters of injected faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Injected {
    /// Connections cut, by chance or as planned.
    pub cuts: u64,
    /// Frames delayed by a stall, together with all frames behind them.
    pub stalls: u64,
    /// Directions in which frames were lost from then on.
    pub black_holes: u64,
    /// Meaningless frames.
    pub garbage: u64,
    /// Parts of frames.
    pub truncated: u64,
    /// Frames of 1 MiB.
    pub oversize: u64,
    /// Attempts to connect that were refused.
    pub refused: u64,
    /// Attempts to connect that were never answered.
    pub ignored: u64,
}
