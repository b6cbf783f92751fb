//! Where all histories play: the service, the phones, and how a client gets in.

use std::time::Duration;

use signalwire_relay_core::Config;
use signalwire_relay_simulator::{Delivery as Fate, Phone, Reading, Scenario, Step as Act, Violation};

use super::MARK;

/// How many calls a client may have.
pub(super) const MOST_CALLS: usize = 3;
/// Whose calls they are.
pub(super) const PROJECT: &str = "model";
/// What all credentials of the model begin with. It must not be printed.
pub(super) const SENTINEL: &str = "PT-sentinel";
/// A credential that the service refuses.
pub(super) const WRONG: &str = "PT-sentinel-that-is-wrong";
/// The credential that it accepts.
pub(super) const SECRET: &str = "PT-sentinel-of-the-model";
/// The node of the simulated service.
pub(super) const NODE: &str = "node-1@simulator";
pub(super) const OURS: &str = "+15552220000";
pub(super) const ANSWERS: &str = "+15553330001";
pub(super) const ANSWERS_TOO: &str = "+15553330002";
pub(super) const BUSY: &str = "+15553330003";
pub(super) const SILENT: &str = "+15553330004";
/// How long everything has to come to its end when nothing is wrong any more: longer than any deadline.
pub(super) const HEALING: Duration = Duration::from_secs(700);
/// How long closing may take.
pub(super) const FAREWELL: Duration = Duration::from_mins(2);

/// Whom an application dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dial {
    /// Somebody who answers after two seconds.
    Answers,
    /// Somebody who is busy.
    Busy,
    /// Somebody who never answers.
    Silent,
    /// Three who answer, all at once.
    Race,
    /// One who is busy, then one who answers.
    InTurn,
}

impl Dial {
    /// The numbers to call: one list after the other, those of a list at once.
    pub(super) fn numbers(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Answers => &[&[ANSWERS]],
            Self::Busy => &[&[BUSY]],
            Self::Silent => &[&[SILENT]],
            Self::Race => &[&[ANSWERS, ANSWERS_TOO, SILENT]],
            Self::InTurn => &[&[BUSY], &[ANSWERS]],
        }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by their names")]
pub enum Delivery {
    Arrives,
    Bounces,
}

impl Delivery {
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::Arrives => ANSWERS,
            Self::Bounces => BUSY,
        }
    }
}

/// How long people stay on the phone if nobody hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    /// A few minutes: everything ends by itself.
    Minutes,
    /// Longer than any history: a call that nobody ends stays.
    Forever,
}

impl Stay {
    /// For how many seconds callers stay.
    pub(crate) fn callers(self) -> f64 {
        match self {
            Self::Minutes => 200.0,
            Self::Forever => 1e6,
        }
    }

    fn called(self) -> f64 {
        match self {
            Self::Minutes => 240.0,
            Self::Forever => 1e6,
        }
    }
}

/// What is not known of the service and of people, decided by a seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    seed: u64,
}

impl Setting {
    pub(super) fn of(seed: u64) -> Self {
        Self { seed }
    }

    /// One decision, independent of the others.
    fn decides(self, bit: u32) -> bool {
        self.seed >> bit & 1 == 1
    }

    /// Whether events that were not acknowledged come again on the next connection.
    pub(super) fn redelivers(self) -> bool {
        !self.decides(0)
    }

    pub(super) fn stay(self) -> Stay {
        if self.decides(2) { Stay::Forever } else { Stay::Minutes }
    }

    pub(super) fn scenario(self) -> Scenario {
        let talks = [Act::wait(self.stay().called()), Act::HangUp];
        let answers =
            |number: &str| Phone::new(number).answers_after(Duration::from_secs(2)).script(talks.clone());
        Scenario::new()
            .credential(PROJECT, SECRET)
            .redeliver(self.redelivers())
            .leave_operations_open(!self.decides(1))
            .resume_keeps_contexts(!self.decides(3))
            .other_forms(self.decides(4))
            .reading(if self.decides(5) { Reading::Sdks } else { Reading::Specification })
            .phone(answers(ANSWERS))
            .phone(answers(ANSWERS_TOO))
            .phone(Phone::new(BUSY).busy().messages(Fate::Undelivered("carrier_blocked".into())))
            .phone(Phone::new(SILENT).no_answer())
    }
}

/// What a client must not have done. The network may be to blame for what comes too late, and the model itself for its
/// marks.
pub(super) fn objection(violations: &[Violation]) -> Option<&Violation> {
    use Violation::{AckOverdue, FarewellOverdue, PingOverdue, UnknownAck, UnknownParameter};
    violations.iter().find(|violation| match violation {
        AckOverdue { .. } | FarewellOverdue { .. } | PingOverdue { .. } | UnknownAck { .. } => false,
        UnknownParameter { parameter, .. } => parameter != MARK,
        _ => true,
    })
}

/// Settings that the service lets in.
pub(super) fn config() -> Config {
    Config::new()
        .project(PROJECT)
        .token(SECRET)
        .host("model.test")
        .contexts(["a"])
        .max_active_calls(MOST_CALLS)
        .max_connections(usize::MAX)
}
