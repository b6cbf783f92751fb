//! Inbound messages, and the outcome of outbound ones.

use serde::Deserialize;

use super::When;
use std::time::Duration;

/// An inbound message.
///
/// ```
/// use signalwire_relay_simulator::{Message, Scenario};
/// use std::time::Duration;
///
/// let scenario = Scenario::new().message(
///     Message::new("+15551110000", "+15552220000", "Hi").context("office").after_subscriber(Duration::from_secs(1)),
/// );
/// let same = Scenario::from_toml(r#"
///     [[message]]
///     from = "+15551110000"
///     to = "+15552220000"
///     body = "Hi"
///     context = "office"
///     when = { subscriber = 1 }
/// "#)?;
/// assert_eq!(scenario, same);
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub(crate) from: String,
    pub(crate) to: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) media: Vec<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default = "super::parties::default_context")]
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) project: Option<String>,
    #[serde(default)]
    pub(crate) when: When,
}

impl Message {
    /// A message in context `default` that arrives as soon as a client subscribes to it.
    pub fn new(from: impl Into<String>, to: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            body: body.into(),
            media: Vec::new(),
            tags: Vec::new(),
            context: super::parties::default_context(),
            project: None,
            when: When::default(),
        }
    }

    /// The context. One of its subscribers receives the message.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }

    /// The project that receives the message, as with [`Caller::project`](super::Caller::project).
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Adds the URL of a picture or another file.
    #[must_use]
    pub fn media(mut self, url: impl Into<String>) -> Self {
        self.media.push(url.into());
        self
    }

    /// Arrives this long after the start.
    #[must_use]
    pub fn at(mut self, after: Duration) -> Self {
        self.when = When::Start(after);
        self
    }

    /// Arrives this long after the first client subscribed to the context.
    #[must_use]
    pub fn after_subscriber(mut self, after: Duration) -> Self {
        self.when = When::Subscriber(after);
        self
    }

    /// Arrives this long after the previous message of the scenario was delivered.
    #[must_use]
    pub fn after_previous(mut self, after: Duration) -> Self {
        self.when = When::Previous(after);
        self
    }
}

/// The outcome of a message to a [`Phone`](super::Phone).
///
/// In TOML `"delivered"`, `{ undelivered = "carrier_blocked" }` or `{ failed = "spam" }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// Delivered.
    #[default]
    Delivered,
    /// Sent and not delivered, for this reason.
    Undelivered(String),
    /// Not sent, for this reason.
    Failed(String),
}
