//! Scenarios: credentials, parties, messages, tasks, and the behaviour of the service.

mod builtin;
mod messages;
mod parties;
mod reading;
mod refusals;
mod steps;
mod tasks;

use std::time::Duration;

use serde::Deserialize;

pub use builtin::BUILTINS;
pub use messages::{Delivery, Message};
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
    pub(crate) leave_operations_open: bool,
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
            leave_operations_open: false,
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

    /// Scales the duration of speech, media and typing. 1 is about 60 ms per character of speech and 3 s per audio
    /// file. Values that are not greater than 0 are ignored.
    #[must_use]
    pub fn pace(mut self, factor: f64) -> Self {
        if factor.is_finite() && factor > 0.0 {
            self.pace = factor;
        }
        self
    }

    /// The interval at which the service pings each client; `None` is never. Default: 10 s.
    #[must_use]
    pub fn ping_every(mut self, interval: Option<Duration>) -> Self {
        self.ping_every = interval.unwrap_or_default();
        self
    }

    /// The time limit for acknowledging an event and for answering a ping. Missing it is a violation. Default: 10 s.
    #[must_use]
    pub fn ack_within(mut self, limit: Duration) -> Self {
        self.ack_within = limit;
        self
    }

    /// The lifetime of a session without a connection. Default: 60 s.
    #[must_use]
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// The time after which a new session loses its connection once, without a closing handshake. The session can be
    /// resumed. `None` is never. Default: never.
    #[must_use]
    pub fn cut_after(mut self, time: Option<Duration>) -> Self {
        self.cut_after = time.unwrap_or_default();
        self
    }

    /// The description of the protocol that the service follows where the two differ. Default:
    /// [`Reading::Specification`].
    #[must_use]
    pub fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// Refuses parameters and methods that the [`reading`](Self::reading) of the scenario does not know.
    ///
    /// A request with such a parameter gets a result with code 400, or the error -32602 where results have no code, as
    /// in `signalwire.connect`. A request of such a method gets the error -32601. A service that is not strict accepts a
    /// parameter that only the other reading knows. It also accepts a parameter that neither reading knows, and notes a
    /// [`Violation`](crate::Violation). Default: false.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Delivers unacknowledged events again when a session is resumed; otherwise they are lost with the connection. The
    /// behaviour of the real service is not documented. Default: false.
    #[must_use]
    pub fn redeliver(mut self, redeliver: bool) -> Self {
        self.redeliver = redeliver;
        self
    }

    /// Keeps the contexts of a resumed session; otherwise it has only the contexts of its new `signalwire.connect`. The
    /// behaviour of the real service is not documented. Default: true.
    #[must_use]
    pub fn resume_keeps_contexts(mut self, keeps: bool) -> Self {
        self.resume_keeps_contexts = keeps;
        self
    }

    /// Ends calls without the terminal events of their operations, so that clients have to clean up by themselves.
    /// Default: false.
    #[must_use]
    pub fn leave_operations_open(mut self, leave: bool) -> Self {
        self.leave_operations_open = leave;
        self
    }

    /// Puts the URL, duration and size of a recording in `record` instead of the top level of the event. Both forms
    /// occur. Default: false.
    #[must_use]
    pub fn nested_record_results(mut self, nested: bool) -> Self {
        self.nested_record_results = nested;
        self
    }

    /// Adds `state` to the top level of the last event of a fax, beside `fax.type`. Some clients wait for `state`, some
    /// for `fax.type`. Default: false.
    #[must_use]
    pub fn state_in_fax_events(mut self, top: bool) -> Self {
        self.state_in_fax_events = top;
        self
    }

    /// Uses the other form of everything that occurs in two forms. Clients have to understand both. Default: false.
    ///
    /// The [reading](Self::reading) decides which events occur and when; this switch decides their form. Where the
    /// newer specification already has the other form (`dial_winner`, failed dials), the switch changes only the words
    /// of the reasons. With the switch:
    ///
    /// - results have a number for their `code`; those of accepted requests have no `message`, and do not repeat the ids
    ///   of the request; the `code` of a JSON-RPC error is text;
    /// - the result of `signalwire.connect` has no `sessionid`, and events carry their `timestamp` inside;
    /// - calls are offered in state `ringing`, and end with `no_answer`, `declined`, `max_duration` and `not_found` for
    ///   `noAnswer`, `decline`, `maxDuration` and `notFound`;
    /// - events of a dial have a `call` only when it is answered, with `dial_winner` as text; one that failed has
    ///   `reason` and `source`;
    /// - keys and words that were collected stand in `result` itself, with `state`; without a result there is only
    ///   `state`;
    /// - the last event of a detect has only `state`;
    /// - in [`Reading::Specification`] a payment has events with `for` alone, and none with `result`; in
    ///   [`Reading::Sdks`] the last event of a payment that went through has only `state`, that of any other `for` and
    ///   no `state`;
    /// - the facts of a recording are in `record`, document and pages of a fax in `fax` itself, beside a `state`;
    /// - an AI agent has no event, neither about its end nor about what it does, and neither has a live transcription or
    ///   translation;
    /// - `messaging.state` has no more than `message_id`, `message_state`, and the `reason` if there is one.
    #[must_use]
    pub fn other_forms(mut self, other: bool) -> Self {
        self.other_forms = other;
        self
    }

    /// Limits the envelope of an event to `event_type`, `event_channel`, `timestamp` and `params`, as always in
    /// [`Reading::Sdks`]. Default: false.
    #[must_use]
    pub fn minimal_envelope(mut self, minimal: bool) -> Self {
        self.minimal_envelope = minimal;
        self
    }

    /// Refuses `calling.hold` and `calling.unhold` with code 501, like a service that does not implement them.
    ///
    /// With false they work in [`Reading::Sdks`], and are refused with -32601 like any unknown method in
    /// [`Reading::Specification`]. Default: false.
    #[must_use]
    pub fn refuse_hold(mut self, refuse: bool) -> Self {
        self.refuse_hold = refuse;
        self
    }

    /// Adds the URL of an audio file or fax document that cannot be fetched. A play that reaches it ends in state
    /// `error`; a fax ends without success, with type `error` in [`Reading::Sdks`].
    #[must_use]
    pub fn unplayable(mut self, url: impl Into<String>) -> Self {
        self.unplayable.push(url.into());
        self
    }

    /// Adds a context that cannot be subscribed to. `signalwire.receive` is refused with code 402, and
    /// `signalwire.connect` omits the context.
    #[must_use]
    pub fn unpaid_context(mut self, context: impl Into<String>) -> Self {
        self.unpaid_contexts.push(context.into());
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

/// The outcome of a payment after every question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Payment {
    /// The connector approves the card.
    #[default]
    Approved,
    /// The connector declines the card.
    CardDeclined,
    /// The connector cannot be reached or sends an invalid answer.
    ConnectorError,
    /// The service itself rejects the input.
    Invalid,
}

/// A method whose next operations fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failing {
    pub(crate) method: String,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

fn once() -> u32 {
    1
}

/// A project and its API token.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    pub(crate) project: String,
    pub(crate) token: String,
}

impl Credential {
    /// The default credential: project `demo-project` and token `demo-token`. The JWT `demo-jwt` is accepted too.
    pub fn demo() -> Self {
        Self { project: "demo-project".into(), token: "demo-token".into() }
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(***)")
    }
}

/// An accepted JWT; `Debug` redacts it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Jwt(pub(crate) String);

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jwt(***)")
    }
}

/// The reason why a scenario cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

/// Durations in TOML: seconds, with or without a fraction.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, de::Error};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
        let value = f64::deserialize(source)?;
        Duration::try_from_secs_f64(value).map_err(|error| D::Error::custom(format!("{value}: {error}")))
    }
}
