//! The defects that `every_cut` finds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use signalwire_relay_core::ClientStats;

use crate::network::{Disturbance, Plan};

/// Counts what must happen at most once, such as the handler of a call.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<String, usize>>>);

impl Tally {
    /// Counts one occurrence.
    pub fn count(&self, what: impl fmt::Display) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.to_string()).or_insert(0) += 1;
    }

    /// Returns what was counted more than once.
    pub(super) fn twice(&self) -> Vec<(String, usize)> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.iter().filter(|(_, times)| **times > 1).map(|(what, times)| (what.clone(), *times)).collect()
    }
}

/// The result of [`every_cut`](crate::every_cut()).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// The number of frames of the flow without a fault.
    pub frames: u64,
    /// The number of times that the flow was played.
    pub runs: usize,
    /// The number of inputs that clients and service handled in all runs.
    pub steps: u64,
    /// The problems that were found.
    pub problems: Vec<Problem>,
}

impl Findings {
    /// Checks that there is no problem.
    ///
    /// # Panics
    /// If there is one, with a description of all.
    pub fn expect_none(&self) {
        assert!(self.problems.is_empty(), "{self}");
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (problems, runs, frames) = (self.problems.len(), self.runs, self.frames);
        writeln!(f, "{problems} problems in {runs} runs of a flow of {frames} frames")?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

/// A defect, and the fault that caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The planned fault; `None` without one.
    pub plan: Option<Plan>,
    /// The seed of the world.
    pub seed: u64,
    /// The defect.
    pub what: Defect,
    /// The faults that the network injected.
    pub disturbances: Vec<Disturbance>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (seed {})", self.what, self.seed)?;
        self.disturbances.iter().try_for_each(|one| write!(f, "\n  {one}"))
    }
}

/// A defect of a flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// The application does not end.
    #[error("the application hangs")]
    Hang,
    /// A call goes on at the service, and the client does not know it.
    #[error("call {0} is orphaned: it goes on, and the client does not know it")]
    Orphan(String),
    /// A call goes on at the service after the end of the application. The client knows it.
    #[error("call {0} goes on after the end of the application")]
    Unended(String),
    /// A table of the client is not empty.
    #[error("the tables are not empty: {0:?}")]
    Leak(ClientStats),
    /// Tasks of the application are still running.
    #[error("{0} tasks are left running")]
    Tasks(usize),
    /// Something that must happen at most once happened more often.
    #[error("{what}: {times} times")]
    Repeated {
        /// The name under which it was counted.
        what: String,
        /// The number of times.
        times: usize,
    },
    /// The client was closed and does not finish.
    #[error("the client was closed and does not finish")]
    Unfinished,
}
