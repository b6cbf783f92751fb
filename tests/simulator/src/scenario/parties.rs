//! Who calls in, and who picks up when a number is called.

use std::time::Duration;

use serde::Deserialize;

use super::{Delivery, Step, seconds};

/// Somebody who calls in.
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
    /// A caller with this number who dials that number, in context `default`, as soon as somebody
    /// is subscribed to it, rings for 30 s, and has no script: stays on the line without a word.
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

    /// The project whose number is called; clients that logged in with a JWT belong to `jwt-project`. Projects do not
    /// share calls. Default: that of the oldest session that is subscribed to the context.
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

    /// Dials this long after the call of the caller before this one in the scenario has ended. The
    /// first caller has nobody to wait for and then goes by the first subscriber.
    #[must_use]
    pub fn after_previous(mut self, after: Duration) -> Self {
        self.when = When::Previous(after);
        self
    }

    /// How long the caller lets it ring before giving up.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What the caller does. The script starts when the call is placed, so that it can also hang up
    /// unanswered; [`Cue::Answered`](super::Cue::Answered) tells when it was answered.
    #[must_use]
    pub fn script(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.script = steps.into_iter().collect();
        self
    }
}

/// When a scripted caller dials.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum When {
    /// This long after the start of the simulation; in TOML `{ start = 2 }`.
    #[serde(with = "seconds")]
    Start(Duration),
    /// This long after the first subscription to the caller's context; `{ subscriber = 0.5 }`.
    #[serde(with = "seconds")]
    Subscriber(Duration),
    /// This long after the previous scripted caller's call ended; `{ previous = 1 }`.
    #[serde(with = "seconds")]
    Previous(Duration),
}

impl Default for When {
    fn default() -> Self {
        Self::Subscriber(Duration::ZERO)
    }
}

/// A telephone that can be called, and the person at it.
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
    /// The phone with this number, SIP address or resource name; answers after 2 s.
    pub fn new(number: impl Into<String>) -> Self {
        Self {
            number: Some(number.into()),
            pickup: Pickup::Answer,
            ring: default_ring(),
            script: Vec::new(),
            messages: Delivery::Delivered,
        }
    }

    /// Every number that has no phone of its own.
    pub fn any() -> Self {
        Self { number: None, ..Self::new("") }
    }

    /// Somebody answers after this much ringing.
    #[must_use]
    pub fn answers_after(mut self, ring: Duration) -> Self {
        self.pickup = Pickup::Answer;
        self.ring = ring;
        self
    }

    /// A machine answers after this much ringing; the script is its greeting.
    #[must_use]
    pub fn voicemail_after(mut self, ring: Duration) -> Self {
        self.pickup = Pickup::Voicemail;
        self.ring = ring;
        self
    }

    /// Somebody rejects the call after this much ringing.
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

    /// Nobody ever answers.
    #[must_use]
    pub fn no_answer(mut self) -> Self {
        self.pickup = Pickup::NoAnswer;
        self
    }

    /// What the person does from the moment of answering.
    #[must_use]
    pub fn script(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.script = steps.into_iter().collect();
        self
    }

    /// What becomes of messages to this number. Default: they are delivered.
    #[must_use]
    pub fn messages(mut self, delivery: Delivery) -> Self {
        self.messages = delivery;
        self
    }
}

/// What becomes of a call to a [`Phone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pickup {
    /// A person answers.
    #[default]
    Answer,
    /// A machine answers.
    Voicemail,
    /// The line is busy; it does not ring.
    Busy,
    /// It rings until the device's time-out.
    NoAnswer,
    /// Somebody rejects the call.
    Decline,
    /// There is no such number; it does not ring.
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
