//! Scenarios: credentials, parties, messages, tasks, and the behaviour of the service.

mod behaviour;
mod builtin;
mod credentials;
mod messages;
mod outcomes;
mod parties;
mod reading;
mod refusals;
pub(crate) mod seconds;
mod steps;
mod tasks;

use std::time::Duration;

use serde::Deserialize;

pub use builtin::BUILTINS;
pub use credentials::Credential;
pub(crate) use credentials::Jwt;
pub use messages::{Delivery, Message};
pub(crate) use outcomes::Failing;
pub use outcomes::Payment;
pub use parties::{Caller, Phone, Pickup, When};
pub use reading::Reading;
pub use refusals::ScriptedRefusal;
pub use steps::{Cue, DEFAULT_AWAIT_TIMEOUT, DEFAULT_KEY_INTERVAL, Sound, Step};
pub use tasks::Task;

use crate::service::Faults;

/// A description of a simulation, written in Rust or read from TOML.
///
/// Everything is optional: the default accepts [`Credential::demo`], has no scripted callers, and every called phone
/// answers after two seconds.
///
/// ```
/// use signalwire_relay_simulator::{Caller, Phone, Scenario, Step};
/// use std::time::Duration;
///
/// let scenario = Scenario::new()
///     .caller(Caller::new("+15551110000", "+15552220000").script([Step::wait(20.0), Step::HangUp]))
///     .phone(Phone::new("+15551001000").answers_after(Duration::from_secs(4)))
///     .ping_every(None);
///
/// let same = Scenario::from_toml(r#"
///     ping_every = 0
///
///     [[caller]]
///     from = "+15551110000"
///     to = "+15552220000"
///     script = [{ wait = 20 }, "hang_up"]
///
///     [[phone]]
///     number = "+15551001000"
///     ring = 4
/// "#)?;
/// assert_eq!(scenario, same);
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each with a setter")]
pub struct Scenario {
    /// The accepted projects and tokens.
    #[serde(rename = "credential")]
    pub(crate) credentials: Vec<Credential>,
    /// The accepted JWTs.
    pub(crate) jwt_tokens: Vec<Jwt>,
    #[serde(rename = "caller")]
    pub(crate) callers: Vec<Caller>,
    #[serde(rename = "phone")]
    pub(crate) phones: Vec<Phone>,
    #[serde(rename = "message")]
    pub(crate) messages: Vec<Message>,
    #[serde(rename = "task")]
    pub(crate) tasks: Vec<Task>,
    pub(crate) payments: Vec<Payment>,
    #[serde(rename = "refusal")]
    pub(crate) refusals: Vec<ScriptedRefusal>,
    pub(crate) failing: Vec<Failing>,
    pub(crate) pace: f64,
    #[serde(with = "seconds")]
    pub(crate) ping_every: Duration,
    #[serde(with = "seconds")]
    pub(crate) ack_within: Duration,
    #[serde(with = "seconds")]
    pub(crate) session_lifetime: Duration,
    #[serde(with = "seconds")]
    pub(crate) cut_after: Duration,
    pub(crate) reading: Reading,
    pub(crate) strict: bool,
    pub(crate) redeliver: bool,
    pub(crate) resume_keeps_contexts: bool,
    pub(crate) passed_calls_come_again: bool,
    pub(crate) leave_operations_open: bool,
    #[serde(with = "seconds")]
    pub(crate) results_follow_end: Duration,
    pub(crate) nested_record_results: bool,
    pub(crate) state_in_fax_events: bool,
    pub(crate) other_forms: bool,
    pub(crate) minimal_envelope: bool,
    pub(crate) refuse_hold: bool,
    pub(crate) unplayable: Vec<String>,
    pub(crate) unpaid_contexts: Vec<String>,
    pub(crate) faults: Faults,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            credentials: vec![Credential::demo()],
            jwt_tokens: vec![Jwt("demo-jwt".into())],
            callers: Vec::new(),
            phones: Vec::new(),
            messages: Vec::new(),
            tasks: Vec::new(),
            payments: Vec::new(),
            refusals: Vec::new(),
            failing: Vec::new(),
            pace: 1.0,
            ping_every: Duration::from_secs(10),
            ack_within: Duration::from_secs(10),
            session_lifetime: Duration::from_mins(1),
            cut_after: Duration::ZERO,
            reading: Reading::default(),
            strict: false,
            redeliver: false,
            resume_keeps_contexts: true,
            passed_calls_come_again: false,
            leave_operations_open: false,
            results_follow_end: Duration::ZERO,
            nested_record_results: false,
            state_in_fax_events: false,
            other_forms: false,
            minimal_envelope: false,
            refuse_hold: false,
            unplayable: Vec::new(),
            unpaid_contexts: Vec::new(),
            faults: Faults::default(),
        }
    }
}

impl Scenario {
    /// The default scenario.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a scenario from TOML.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, or has an unknown name or an impossible value. The message says where.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError(error.to_string()))?;
        if !scenario.pace.is_finite() || scenario.pace <= 0.0 {
            return Err(ScenarioError("`pace` must be greater than 0".into()));
        }
        scenario.faults.check().map_err(ScenarioError)?;
        Ok(scenario)
    }

    /// Returns a built-in scenario by its name in [`BUILTINS`].
    ///
    /// # Errors
    ///
    /// If there is no scenario with this name. The message lists the existing ones.
    pub fn builtin(name: &str) -> Result<Self, ScenarioError> {
        builtin::text(name)
            .ok_or_else(|| {
                let names: Vec<_> = BUILTINS.iter().map(|(name, _)| *name).collect();
                ScenarioError(format!("no scenario is called `{name}`; there are {}", names.join(", ")))
            })
            .and_then(Self::from_toml)
    }

    /// Adds a caller.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        self.callers.push(caller);
        self
    }

    /// Adds a phone.
    #[must_use]
    pub fn phone(mut self, phone: Phone) -> Self {
        self.phones.push(phone);
        self
    }

    /// Adds an inbound message.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// Adds a task that another application sends.
    #[must_use]
    pub fn task(mut self, task: Task) -> Self {
        self.tasks.push(task);
        self
    }

    /// The outcomes of the payments, in order. Later payments are approved. Only payments that reach processing count.
    #[must_use]
    pub fn payments(mut self, outcomes: impl IntoIterator<Item = Payment>) -> Self {
        self.payments = outcomes.into_iter().collect();
        self
    }

    /// Refuses valid requests. Refusals of one method are used in the order in which they are added.
    #[must_use]
    pub fn refusal(mut self, refusal: ScriptedRefusal) -> Self {
        self.refusals.push(refusal);
        self
    }

    /// Makes the next `times` operations that a method starts fail. Each fails 100 ms after its start, in its own way:
    /// `calling.play` and `calling.ai` end in state `error`, `calling.send_digits` in state `error`
    /// ([`Reading::Specification`] only), a collect with a result of type `error`, `calling.detect` and the fax methods
    /// with `error` ([`Reading::Sdks`]) or without success ([`Reading::Specification`]), `calling.pay` with result
    /// `internal-error`, `calling.refer` in state `error`, `calling.join_room` with status `failed`. A dial, a connect
    /// and a message fail at once. An operation without a failure ends early.
    ///
    /// In TOML `failing = [{ method = "calling.send_digits", times = 2 }]`; `times` is 1 when it is not given.
    #[must_use]
    pub fn failing(mut self, method: impl Into<String>, times: u32) -> Self {
        self.failing.push(Failing { method: method.into(), times });
        self
    }

    /// Accepts one more project with its token.
    #[must_use]
    pub fn credential(mut self, project: impl Into<String>, token: impl Into<String>) -> Self {
        self.credentials.push(Credential { project: project.into(), token: token.into() });
        self
    }

    /// Accepts one more JWT.
    #[must_use]
    pub fn jwt_token(mut self, jwt: impl Into<String>) -> Self {
        self.jwt_tokens.push(Jwt(jwt.into()));
        self
    }

    /// The faults from the first frame on.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Returns the phone with a number, else the phone for any number, else a phone that answers after two seconds.
    pub(crate) fn phone_at(&self, number: &str) -> Phone {
        self.phones
            .iter()
            .find(|phone| phone.number.as_deref() == Some(number))
            .or_else(|| self.phones.iter().find(|phone| phone.number.is_none()))
            .cloned()
            .unwrap_or_else(Phone::any)
    }

    /// Returns `true` if the service follows the newer specification.
    pub(crate) fn is_to_specification(&self) -> bool {
        self.reading == Reading::Specification
    }

    /// Returns an end reason in the words of the reading.
    pub(crate) fn end_reason<'a>(&self, reason: &'a str) -> &'a str {
        match reason {
            "max_duration" if self.is_to_specification() => "maxDuration",
            "not_found" if self.is_to_specification() => "notFound",
            "no_answer" if self.is_to_specification() => "noAnswer",
            other => other,
        }
    }

    pub(crate) fn paced(&self, time: Duration) -> Duration {
        Duration::try_from_secs_f64(time.as_secs_f64() * self.pace).unwrap_or(Duration::MAX)
    }
}

/// The reason why a scenario cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);
