//! Requests of an application to a session.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::calling::{AfterGap, CompletionRule, Method};
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
    pub(super) effect: Effect,
    pub(super) subject: Option<Box<str>>,
    pub(super) after_gap: AfterGap,
    pub(super) timeout: Option<Duration>,
}

/// What a request is about, as it was asked for: the session resolves it, adds members to the parameters, and draws
/// conclusions from the outcome.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// Nothing that the session keeps state of.
    Service,
    /// A call. The session adds `call_id` and `node_id`.
    Call(CallId),
    /// A new operation on a call. The session adds a `control_id` too, and reports when the operation ends.
    Start {
        /// The call.
        call_id: CallId,
        /// The operation's id; made up if none is given.
        control_id: Option<ControlId>,
        /// The rule that completes it.
        rule: &'static CompletionRule,
    },
    /// A running operation. If it is over, the command succeeds without being sent.
    Control {
        /// The call.
        call_id: CallId,
        /// The operation.
        control_id: ControlId,
    },
    /// New calls, one of which wins. The session adds `tag`.
    Dial {
        /// The dial's tag; made up if none is given.
        tag: Option<Tag>,
    },
    /// A message, whose states the session follows. It adds a `context` unless the parameters name one.
    Message(MessageContext),
    /// Contexts to receive calls and messages for. The session adds `contexts`.
    Receive(Vec<String>),
    /// Contexts to receive nothing for any more. The session adds `contexts`.
    Unreceive(Vec<String>),
    /// Credentials to go on with.
    Reauthenticate {
        /// The credentials.
        credentials: Credentials,
        /// The proof that goes with them, which is as secret as they are.
        proof: Option<Secret>,
    },
}

/// Who names the context that the states of a message go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageContext {
    /// The parameters of the message.
    InParams,
    /// The session: the name of the session that the message leaves on, or `default` if it has none.
    OfSession,
}

/// The effect that a request has on its call or operation, as far as the session decides by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// None that the session has to know.
    None,
    /// The call is answered.
    Answer,
    /// The call is declined, or hung up.
    End,
    /// The offer is given back.
    Pass,
    /// The call is handed over to another application.
    Transfer,
    /// The operation is stopped.
    Stop,
}

impl Effect {
    /// The effect of a method that is known by its name only.
    pub fn of_method(name: &str) -> Self {
        match name {
            "calling.answer" => Self::Answer,
            "calling.end" => Self::End,
            "calling.pass" => Self::Pass,
            "calling.transfer" => Self::Transfer,
            name if name.rsplit('.').next() == Some("stop") => Self::Stop,
            _ => Self::None,
        }
    }
}

impl Target {
    /// The parameters that follow from the target, and that a request must not set.
    pub(crate) fn reserved(&self) -> &'static [&'static str] {
        match self {
            Self::Call(_) => &["call_id", "node_id"],
            Self::Start { .. } | Self::Control { .. } => &["call_id", "node_id", "control_id"],
            Self::Dial { .. } => &["tag"],
            Self::Receive(_) | Self::Unreceive(_) => &["contexts"],
            Self::Service | Self::Message(_) | Self::Reauthenticate { .. } => &[],
        }
    }

    fn validate_members(&self, has: impl Fn(&str) -> bool) -> Result<(), InvalidArgument> {
        match self.reserved().iter().find(|name| has(name)) {
            Some(name) => Err(InvalidArgument::new(name, "it follows from what the request was made on")),
            None => Ok(()),
        }
    }
}

/// The parameters of a method, without those that are empty where that is the same as none.
fn members<M: Method>(method: &M) -> Result<Map<String, Value>, serde_json::Error> {
    let mut members: Map<_, _> = serde_json::from_value(serde_json::to_value(method)?)?;
    for name in M::blank() {
        let is_blank = match members.get(*name) {
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(list)) => list.is_empty(),
            _ => false,
        };
        if is_blank {
            members.remove(*name);
        }
    }
    Ok(members)
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
    /// A request with parameters as the JSON text of an object. Its effect follows from the name of the method.
    ///
    /// # Errors
    /// If `params` is not the text of a JSON object, or has a member that follows from the target.
    pub fn raw(
        method: impl Into<Cow<'static, str>>,
        mut target: Target,
        params: String,
    ) -> Result<Self, InvalidArgument> {
        let members: Map<String, Value> = serde_json::from_str(&params)
            .map_err(|error| InvalidArgument::new("params", format!("it is not a JSON object: {error}")))?;
        target.validate_members(|name| members.contains_key(name))?;
        if let Target::Message(context) = &mut target
            && members.contains_key("context")
        {
            *context = MessageContext::InParams;
        }
        let method = method.into();
        let effect = Effect::of_method(&method);
        let (subject, after_gap, timeout) = (None, AfterGap::Lasts, None);
        Ok(Self { method, params, target, effect, subject, after_gap, timeout })
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
        target.validate_members(|name| method.has_member(name))?;
        let unwritable =
            |error| InvalidArgument::new("params", format!("they cannot be written as JSON: {error}"));
        let params = if M::blank().is_empty() {
            serde_json::to_string(method).map_err(unwritable)?
        } else {
            Value::Object(members(method).map_err(unwritable)?).to_string()
        };
        Ok(Self::typed(method, params, target))
    }

    fn typed<M: Method>(method: &M, params: String, target: Target) -> Self {
        Self {
            method: method.name(),
            params,
            target,
            effect: method.effect(),
            subject: method.subject().map(Into::into),
            after_gap: method.after_gap(),
            timeout: None,
        }
    }

    /// A request with typed parameters and others that have no type, which replace those of the same name.
    pub(crate) fn extended<M: Method>(
        method: &M,
        mut target: Target,
        mut extra: Map<String, Value>,
    ) -> Result<Self, InvalidArgument> {
        method.validate()?;
        target.validate_members(|name| extra.contains_key(name) || method.has_member(name))?;
        let unwritable = |error| InvalidArgument::new("params", format!("they are no JSON object: {error}"));
        let mut params = members(method).map_err(unwritable)?;
        params.append(&mut extra);
        if let Target::Message(context) = &mut target
            && params.contains_key("context")
        {
            *context = MessageContext::InParams;
        }
        let params = Value::Object(params).to_string();
        Ok(Self::typed(method, params, target))
    }

    /// Returns `true` if the request ends a call, or gives it back.
    pub(crate) fn parts_with_call(&self) -> bool {
        matches!((&self.target, self.effect), (Target::Call(_), Effect::End | Effect::Pass))
    }

    /// The way to find out, after a gap, whether the operation that the request starts is over. Default: that of the
    /// method; for a raw request none, so that the operation lasts as long as its call.
    pub fn after_gap(mut self, after_gap: AfterGap) -> Self {
        self.after_gap = after_gap;
        self
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
