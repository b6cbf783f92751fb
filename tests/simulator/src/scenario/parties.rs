//! The parties: inbound callers, and the phones that clients call.

use std::time::Duration;

use serde::Deserialize;

use super::{Delivery, Step, seconds};

/// A party that calls in.
///
/// ```
/// use signalwire_relay_simulator::{Caller, Cue, Step};
/// use std::time::Duration;
///
/// let caller = Caller::new("+15551110000", "+15552220000")
///     .context("office")
///     .after_subscriber(Duration::from_secs(1))
///     .script([Step::on(Cue::PromptStarted), Step::press("1"), Step::wait(5.0), Step::HangUp]);
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    pub(crate) from: String,
    pub(crate) to: String,
    #[serde(default = "default_context")]
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) project: Option<String>,
    #[serde(default)]
    pub(crate) when: When,
    #[serde(default = "default_patience", with = "seconds")]
    pub(crate) patience: Duration,
    #[serde(default)]
    pub(crate) script: Vec<Step>,
}

impl Caller {
    /// A caller with the number `from` that dials the number `to` in context `default` as soon as a client subscribes
    /// to it, and gives up after 30 s. Without a script the caller stays on the line in silence.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            context: default_context(),
            project: None,
            when: When::default(),
            patience: default_patience(),
            script: Vec::new(),
        }
    }

    /// The context whose subscribers the call is offered to.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }

    /// The project that receives the call. Clients that authenticated with a JWT belong to `jwt-project`. Projects do
    /// not share calls. Default: the project of the oldest session that is subscribed to the context.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Dials this long after the start.
    #[must_use]
    pub fn at(mut self, after: Duration) -> Self {
        self.when = When::Start(after);
        self
    }

    /// Dials this long after the first client subscribed to the context.
    #[must_use]
    pub fn after_subscriber(mut self, after: Duration) -> Self {
        self.when = When::Subscriber(after);
        self
    }

    /// Dials this long after the call of the previous caller in the scenario has ended. The first caller of a scenario
    /// waits for the first subscriber instead.
    #[must_use]
    pub fn after_previous(mut self, after: Duration) -> Self {
        self.when = When::Previous(after);
        self
    }

    /// The time without an answer after which the caller gives up.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The script of the caller. It starts when the call is placed, so that it can also hang up before the answer. To
    /// wait for the answer, use [`Cue::Answered`](super::Cue::Answered).
    #[must_use]
    pub fn script(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.script = steps.into_iter().collect();
        self
    }
}

/// The time at which a scripted item starts.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum When {
    /// This long after the start of the simulation; in TOML `{ start = 2 }`.
    #[serde(with = "seconds")]
    Start(Duration),
    /// This long after the first subscription to the context of the item; `{ subscriber = 0.5 }`.
    #[serde(with = "seconds")]
    Subscriber(Duration),
    /// This long after the end of the previous item of the scenario; `{ previous = 1 }`.
    #[serde(with = "seconds")]
    Previous(Duration),
}

impl Default for When {
    fn default() -> Self {
        Self::Subscriber(Duration::ZERO)
    }
}

/// A phone that clients can call, and the party at it.
///
/// ```
/// use signalwire_relay_simulator::{Phone, Step};
/// use std::time::Duration;
///
/// let sales = Phone::new("+15551001000").answers_after(Duration::from_secs(3)).script([
///     Step::say("Sales, good morning"),
///     Step::wait(4.0),
///     Step::HangUp,
/// ]);
/// let anybody_else = Phone::any().busy();
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub(crate) number: Option<String>,
    #[serde(default)]
    pub(crate) pickup: Pickup,
    #[serde(default = "default_ring", with = "seconds")]
    pub(crate) ring: Duration,
    #[serde(default)]
    pub(crate) script: Vec<Step>,
    #[serde(default)]
    pub(crate) messages: Delivery,
}

impl Phone {
    /// The phone with this number, SIP address or resource name. It answers after 2 s.
    pub fn new(number: impl Into<String>) -> Self {
        Self {
            number: Some(number.into()),
            pickup: Pickup::Answer,
            ring: default_ring(),
            script: Vec::new(),
            messages: Delivery::Delivered,
        }
    }

    /// The phone of every number without its own phone.
    pub fn any() -> Self {
        Self { number: None, ..Self::new("") }
    }

    /// The party answers after ringing this long.
    #[must_use]
    pub fn answers_after(mut self, ring: Duration) -> Self {
        self.pickup = Pickup::Answer;
        self.ring = ring;
        self
    }

    /// An answering machine answers after ringing this long. The script is its greeting.
    #[must_use]
    pub fn voicemail_after(mut self, ring: Duration) -> Self {
        self.pickup = Pickup::Voicemail;
        self.ring = ring;
        self
    }

    /// The party rejects the call after ringing this long.
    #[must_use]
    pub fn declines_after(mut self, ring: Duration) -> Self {
        self.pickup = Pickup::Decline;
        self.ring = ring;
        self
    }

    /// The line is busy.
    #[must_use]
    pub fn busy(mut self) -> Self {
        self.pickup = Pickup::Busy;
        self
    }

    /// The party never answers.
    #[must_use]
    pub fn no_answer(mut self) -> Self {
        self.pickup = Pickup::NoAnswer;
        self
    }

    /// The script of the party. It starts with the answer.
    #[must_use]
    pub fn script(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.script = steps.into_iter().collect();
        self
    }

    /// The outcome of messages to this number. Default: delivered.
    #[must_use]
    pub fn messages(mut self, delivery: Delivery) -> Self {
        self.messages = delivery;
        self
    }
}

/// The outcome of a call to a [`Phone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pickup {
    /// A human answers.
    #[default]
    Answer,
    /// An answering machine answers.
    Voicemail,
    /// The line is busy and does not ring.
    Busy,
    /// The phone rings until the time-out of the device.
    NoAnswer,
    /// The party rejects the call.
    Decline,
    /// The number does not exist and does not ring.
    NotFound,
}

pub(super) fn default_context() -> String {
    "default".into()
}

fn default_patience() -> Duration {
    Duration::from_secs(30)
}

fn default_ring() -> Duration {
    Duration::from_secs(2)
}
