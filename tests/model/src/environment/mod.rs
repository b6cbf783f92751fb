//! The environment of a history: the service, the parties on the phone, and the network.

mod apply;
mod faults;
mod parties;
mod step;

use std::convert::Infallible;
use std::time::Duration;

use signalwire_relay_core::{Config, Credentials};
use signalwire_relay_simulator::{
    Delivery as MessageOutcome, Phone, Reading, Scenario, Step as Act, Violation,
};

use crate::MARK;

pub(crate) use apply::{Effect, StepContext};
pub use faults::{AffectedMethod, EventFault, FaultyReply};
pub(crate) use parties::{ANSWERS, CallDuration, OURS};
pub use parties::{Delivery, Dial};
pub use step::EnvironmentStep;

use parties::{ANSWERS_TOO, BUSY, SILENT};

/// The maximum number of active calls of a client.
pub(crate) const MAX_CALLS: usize = 3;
/// The project of all clients.
pub(crate) const PROJECT: &str = "model";
/// The beginning of every credential. It must not be printed.
pub(crate) const SENTINEL: &str = "PT-sentinel";
/// The credential that the service accepts.
pub(crate) const SECRET: &str = "PT-sentinel-of-the-model";
/// A credential that the service refuses.
pub(crate) const WRONG_SECRET: &str = "PT-sentinel-that-is-wrong";
/// The time after the last fault within which each client finds back to the service.
pub(crate) const RECONNECT_TIMEOUT: Duration = Duration::from_mins(3);
/// The time after the last fault within which everything ends. It is longer than any deadline.
pub(crate) const RECOVERY_TIMEOUT: Duration = Duration::from_secs(700);
/// The time after the end of a call at which the service has the results of its recordings.
const RESULT_TIME: Duration = Duration::from_secs(3);
/// The time within which a client closes.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_mins(2);

/// The unknown properties of the service and of the parties, decided by a seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment {
    seed: u64,
}

impl Environment {
    /// Creates the environment of a seed. Its lowest seven bits decide.
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed }
    }

    /// Returns one decision, independent of the others.
    fn decides(self, bit: u32) -> bool {
        self.seed >> bit & 1 == 1
    }

    /// Returns `true` if the service delivers unacknowledged events again on the next connection.
    pub(crate) fn redelivers(self) -> bool {
        !self.decides(0)
    }

    /// The length of calls that nobody ends early.
    pub(crate) fn call_duration(self) -> CallDuration {
        if self.decides(2) { CallDuration::Unlimited } else { CallDuration::Minutes }
    }

    /// Returns a configuration that the service accepts, with credentials from the settings or from a provider.
    pub(crate) fn config(self) -> Config {
        if self.decides(3) {
            config().credentials_from(|| async {
                Ok::<_, Infallible>(Credentials::Token { project: PROJECT.into(), token: SECRET.into() })
            })
        } else {
            config()
        }
    }

    /// The scenario of the simulated service.
    pub(crate) fn scenario(self) -> Scenario {
        let talks = [Act::wait(self.call_duration().of_callees()), Act::HangUp];
        let answers =
            |number: &str| Phone::new(number).answers_after(Duration::from_secs(2)).script(talks.clone());
        let undelivered = MessageOutcome::Undelivered("carrier_blocked".into());
        Scenario::new()
            .credential(PROJECT, SECRET)
            .redeliver(self.redelivers())
            .leave_operations_open(!self.decides(1))
            .results_follow_end(if self.decides(2) { RESULT_TIME } else { Duration::ZERO })
            .passed_calls_come_again(self.decides(6))
            .resume_keeps_contexts(!self.decides(3))
            .other_forms(self.decides(4))
            .reading(if self.decides(5) { Reading::Sdks } else { Reading::Specification })
            .phone(answers(ANSWERS))
            .phone(answers(ANSWERS_TOO))
            .phone(Phone::new(BUSY).busy().messages(undelivered))
            .phone(Phone::new(SILENT).no_answer())
    }
}

/// Returns the first violation that a client is to blame for. Late answers may be the fault of the network, and the
/// marks of requests are the model's own.
pub(crate) fn objection(violations: &[Violation]) -> Option<&Violation> {
    use Violation::{AckOverdue, FarewellOverdue, PingOverdue, UnknownAck, UnknownParameter};
    violations.iter().find(|violation| match violation {
        AckOverdue { .. } | FarewellOverdue { .. } | PingOverdue { .. } | UnknownAck { .. } => false,
        UnknownParameter { parameter, .. } => parameter != MARK,
        _ => true,
    })
}

/// Returns a configuration that the service accepts.
pub(crate) fn config() -> Config {
    Config::new()
        .project(PROJECT)
        .token(SECRET)
        .host("model.test")
        .contexts(["a"])
        .max_active_calls(MAX_CALLS)
        .max_connections(usize::MAX)
}

/// Returns the context with a number, `a` to `d`.
pub(crate) fn context(number: u8) -> String {
    ["a", "b", "c", "d"][usize::from(number) % 4].to_owned()
}

pub(crate) fn millis(time: u32) -> Duration {
    Duration::from_millis(time.into())
}

/// Returns the item that a number selects, or `None` if there are no items.
pub(crate) fn pick<T>(of: &[T], number: u8) -> Option<&T> {
    of.get(usize::from(number).checked_rem(of.len())?)
}
