//! What must always be true, looked for in random histories.
//!
//! A history is a list of steps: what an application does, what people on the phone do, and what goes wrong. It is
//! played in virtual time against the simulated service, and the first thing that must not be is told. Then network
//! and service are healed, and everything must come to its end: every wait over, every call accounted for on both
//! sides, every table empty.
//!
//! [`session`] plays a session by hand, and checks all that it says after each step. [`application`] plays whole
//! applications, with several clients, handlers and handles. What befalls them is the same: [`Incident`].

pub mod application;
mod book;
pub mod fuzzing;
mod incident;
mod ledger;
mod program;
pub mod session;
mod setting;

use std::fmt;
use std::time::Duration;

pub use incident::{Disturb, How, Incident, Refused};
pub(crate) use incident::{Effect, Stage};
pub use setting::{Delivery, Dial};

use signalwire_relay_harness::Disturbance;

/// The parameter that marks a request, so that it is known again at the service.
const MARK: &str = "x-ticket";

/// A history in which nothing was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// How many things clients and service were told.
    pub steps: u64,
    /// Stands for everything that was said: the same history always gives the same.
    pub transcript: u64,
}

/// A history in which something was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What was wrong.
    pub what: String,
    /// After which step; `None` is when everything should have come to its end.
    pub after: Option<usize>,
    /// The history, one line a step, and what happened on the network.
    pub history: Vec<String>,
    /// The seed of everything.
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

/// What plays histories of one kind of steps.
trait Player {
    type Step: fmt::Display;

    /// How long it has been playing, in virtual time.
    fn now(&self) -> Duration;
    fn apply(&mut self, step: &Self::Step);
    /// Heals everything, and sees whether everything comes to its end.
    fn finish(&mut self);
    /// The first thing that was wrong.
    fn wrong(&self) -> Option<String>;
    fn summary(&self) -> Summary;
    fn disturbances(&self) -> &[Disturbance];
}

/// Plays a history to its end, or to the first thing that is wrong. `lines` is what is to be told before it then.
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
        if player.wrong().is_some() {
            after = Some(index);
            break;
        }
    }
    if after.is_none() {
        player.finish();
    }
    let Some(what) = player.wrong() else { return Ok(player.summary()) };
    lines.extend(player.disturbances().iter().map(|one| format!("on the network: {one}")));
    Err(Box::new(Failure { what, after, history: lines, seed }))
}
