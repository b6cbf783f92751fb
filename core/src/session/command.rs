//! What an application asks of a session.

use std::borrow::Cow;
use std::time::Duration;

use crate::calling::{CompletionRule, Method};
use crate::credentials::{Credentials, Secret};
use crate::error::InvalidArgument;
use crate::ids::{CallId, ControlId, Tag};

/// One request to the service.
#[must_use]
#[derive(Clone)]
pub struct Command {
    pub(super) method: Cow<'static, str>,
    pub(super) params: String,
    pub(super) target: Target,
    pub(super) timeout: Option<Duration>,
}

/// What a request is about, which decides what the session adds to it and does with its outcome.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// Nothing that the session keeps books on.
    Service,
    /// A call. The session adds `call_id` and `node_id`.
    Call(CallId),
    /// A new operation on a call. The session adds a `control_id` too, and reports when the operation ends.
    Start {
        /// The call.
        call_id: CallId,
        /// The operation's id; made up if none is given.
        control_id: Option<ControlId>,
        /// How it ends.
        rule: &'static CompletionRule,
    },
    /// A running operation. If it is over, the command succeeds without being sent.
    Control {
        /// The call.
        call_id: CallId,
        /// The operation.
        control_id: ControlId,
    },
    /// New calls, one of which wins.
    Dial {
        /// The dial's tag; made up if none is given.
        tag: Option<Tag>,
    },
    /// A message, whose states the session follows.
    Message,
    /// Contexts to receive calls and messages for.
    Receive(Vec<String>),
    /// Contexts to receive nothing for any more.
    Unreceive(Vec<String>),
    /// Credentials to go on with.
    Reauthenticate {
        /// The credentials.
        credentials: Credentials,
        /// The proof that goes with them, which is as secret as they are.
        proof: Option<Secret>,
    },
}

impl Target {
    pub(super) fn call_id(&self) -> Option<&CallId> {
        match self {
            Self::Call(call_id) | Self::Start { call_id, .. } | Self::Control { call_id, .. } => {
                Some(call_id)
            }
            _ => None,
        }
    }
}

/// Prints no parameters: they may contain what is not for logs.
impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command")
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Command {
    /// A request with parameters as the JSON text of an object.
    ///
    /// # Errors
    /// If `params` is not the text of a JSON object.
    pub fn raw(
        method: impl Into<Cow<'static, str>>,
        target: Target,
        params: String,
    ) -> Result<Self, InvalidArgument> {
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&params) {
            Ok(_) => Ok(Self::trusted(method.into(), target, params)),
            Err(error) => Err(InvalidArgument::new("params", format!("it is not a JSON object: {error}"))),
        }
    }

    /// A request with typed parameters.
    ///
    /// # Errors
    /// If the parameters break a rule of the service.
    ///
    /// ```
    /// use signalwire_relay_core::calling::Answer;
    /// use signalwire_relay_core::session::{Command, Target};
    ///
    /// # fn main() -> Result<(), signalwire_relay_core::InvalidArgument> {
    /// let command = Command::new(&Answer::default(), Target::Call("c-1".into()))?;
    /// # let _ = command;
    /// # Ok(()) }
    /// ```
    pub fn new<M: Method>(method: &M, target: Target) -> Result<Self, InvalidArgument> {
        method.validate()?;
        method.validate_complete()?;
        let params = serde_json::to_string(method).map_err(|error| {
            InvalidArgument::new("params", format!("they cannot be written as JSON: {error}"))
        })?;
        Ok(Self::trusted(method.name(), target, params))
    }

    pub(crate) fn trusted(method: Cow<'static, str>, target: Target, params: String) -> Self {
        Self { method, params, target, timeout: None }
    }

    /// How long the outcome may take. Default: the session's; for a dial 120 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    pub(crate) fn with_timeout(mut self, limit: Option<Duration>) -> Self {
        self.timeout = limit.or(self.timeout);
        self
    }
}
