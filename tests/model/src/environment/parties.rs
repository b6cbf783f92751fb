//! The parties on the phone.

pub(crate) const OURS: &str = "+15552220000";
pub(crate) const ANSWERS: &str = "+15553330001";
pub(super) const ANSWERS_TOO: &str = "+15553330002";
pub(super) const BUSY: &str = "+15553330003";
pub(super) const SILENT: &str = "+15553330004";

/// The parties that an application dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dial {
    /// A party that answers after two seconds.
    Answers,
    /// A party that is busy.
    Busy,
    /// A party that never answers.
    Silent,
    /// Two parties that answer and one that does not, in parallel.
    Race,
    /// A party that is busy, then one that answers.
    InTurn,
}

impl Dial {
    /// The numbers to dial: the lists in turn, the numbers of a list in parallel.
    pub(crate) fn numbers(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Answers => &[&[ANSWERS]],
            Self::Busy => &[&[BUSY]],
            Self::Silent => &[&[SILENT]],
            Self::Race => &[&[ANSWERS, ANSWERS_TOO, SILENT]],
            Self::InTurn => &[&[BUSY], &[ANSWERS]],
        }
    }
}

/// The outcome of a message that an application sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The message is delivered.
    Arrives,
    /// The message is not delivered.
    Bounces,
}

impl Delivery {
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Arrives => ANSWERS,
            Self::Bounces => BUSY,
        }
    }
}

/// The length of a call that nobody ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallDuration {
    /// A few minutes: every call ends by itself.
    Minutes,
    /// Longer than any history.
    Unlimited,
}

impl CallDuration {
    /// The seconds after which callers hang up.
    pub(super) fn of_callers(self) -> f64 {
        match self {
            Self::Minutes => 200.0,
            Self::Unlimited => 1e6,
        }
    }

    /// The seconds after which callees hang up.
    pub(super) fn of_callees(self) -> f64 {
        match self {
            Self::Minutes => 240.0,
            Self::Unlimited => 1e6,
        }
    }
}
