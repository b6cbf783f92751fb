//! Model-based tests of RELAY sessions and applications.
//!
//! A history is a list of steps: of an application, and of its environment (the parties on the phone, the service, and
//! the network, faults included). It is played in virtual time against the simulated service. An oracle records every
//! input, checks every output, and reports the first contradiction. At the end all faults are healed, and everything
//! must come to its end: every wait is over, every call is accounted for on both sides, every table is empty.
//!
//! [`session`] plays histories of a single session and checks every output of its state machine. [`application`] plays
//! histories of whole applications, with several clients, handlers and handles. Both have the same environment, whose
//! steps are [`EnvironmentStep`]s.
//!
//! [`fuzzing`] has the entry points of the fuzz targets, which decode histories from bytes.

pub mod application;
mod environment;
pub mod fuzzing;
pub mod session;

use std::fmt;
use std::time::Duration;

use signalwire_relay_harness::Disturbance;

pub use environment::{AffectedMethod, Delivery, Dial, EnvironmentStep, EventFault, FaultyReply};

/// The parameter that marks a request, to recognise it at the service.
const MARK: &str = "x-ticket";

/// The summary of a history without a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The number of inputs that clients and service handled.
    pub steps: u64,
    /// A digest of all outputs. The same history always gives the same digest.
    pub transcript: u64,
}

/// A history with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The finding.
    pub what: String,
    /// The index of the step after which it was found; `None` at the end of the history.
    pub after: Option<usize>,
    /// The history, one line for each step, and the faults of the network.
    pub history: Vec<String>,
    /// The seed of the history.
    pub seed: u64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (seed {})", self.what, self.seed)?;
        match self.after {
            Some(step) => writeln!(f, "after step {} of this history:", step + 1)?,
            None => writeln!(f, "at the end of this history:")?,
        }
        self.history.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl std::error::Error for Failure {}

/// Plays histories of one kind of steps.
trait Player {
    type Step: fmt::Display;

    /// The virtual time since the beginning.
    fn now(&self) -> Duration;
    fn apply(&mut self, step: &Self::Step);
    /// Heals all faults, and checks that everything comes to its end.
    fn finish(&mut self);
    /// The first finding of the oracle.
    fn finding(&self) -> Option<String>;
    fn summary(&self) -> Summary;
    fn disturbances(&self) -> &[Disturbance];
}

/// Plays a history to its end, or to the first finding. A failure prints `lines` before the history.
fn play<P: Player>(
    mut player: P,
    seed: u64,
    mut lines: Vec<String>,
    history: &[P::Step],
) -> Result<Summary, Box<Failure>> {
    let mut after = None;
    for (index, step) in history.iter().enumerate() {
        lines.push(format!("{:>10.3} {:>3}. {step}", player.now().as_secs_f64(), index + 1));
        player.apply(step);
        if player.finding().is_some() {
            after = Some(index);
            break;
        }
    }
    if after.is_none() {
        player.finish();
    }
    let Some(what) = player.finding() else { return Ok(player.summary()) };
    lines.extend(player.disturbances().iter().map(|one| format!("on the network: {one}")));
    Err(Box::new(Failure { what, after, history: lines, seed }))
}
