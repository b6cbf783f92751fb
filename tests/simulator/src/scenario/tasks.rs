//! Tasks that other applications send.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::When;

/// An object that another application sends to the subscribers of a context.
///
/// ```
/// use serde_json::json;
/// use signalwire_relay_simulator::{Scenario, Task};
/// use std::time::Duration;
///
/// let scenario = Scenario::new().task(
///     Task::new(json!({"job": "call-back", "number": "+15551110000"}))
///         .context("office")
///         .after_subscriber(Duration::from_secs(1)),
/// );
/// let same = Scenario::from_toml(r#"
///     [[task]]
///     context = "office"
///     message = { job = "call-back", number = "+15551110000" }
///     when = { subscriber = 1 }
/// "#)?;
/// assert_eq!(scenario, same);
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    #[serde(default)]
    pub(crate) message: Map<String, Value>,
    #[serde(default = "super::parties::default_context")]
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) project: Option<String>,
    #[serde(default)]
    pub(crate) when: When,
}

impl Task {
    /// A task in context `default` that arrives as soon as a client subscribes to it. A message that is not an object
    /// is wrapped in an object as `value`.
    pub fn new(message: Value) -> Self {
        let message = match message {
            Value::Object(message) => message,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Self { message, context: super::parties::default_context(), project: None, when: When::default() }
    }

    /// The context. One of its subscribers receives the task.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }

    /// The project that it is sent in; as with [`Caller::project`](super::Caller::project).
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Comes this long after the start.
    #[must_use]
    pub fn at(mut self, after: Duration) -> Self {
        self.when = When::Start(after);
        self
    }

    /// Comes this long after the first client subscribed to the context.
    #[must_use]
    pub fn after_subscriber(mut self, after: Duration) -> Self {
        self.when = When::Subscriber(after);
        self
    }

    /// Comes this long after the task before this one in the scenario was handed over.
    #[must_use]
    pub fn after_previous(mut self, after: Duration) -> Self {
        self.when = When::Previous(after);
        self
    }
}
