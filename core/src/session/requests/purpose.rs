//! The purpose of a request: who waits for the answer, and the resolved target.

use std::fmt;
use std::sync::Arc;

use crate::calling::{AfterGap, CompletionRule, Correlation};
use crate::credentials::Credentials;
use crate::ids::{CallId, ControlId, Tag, Ticket};
use crate::session::calls::{CleanUp, Decision, Inquiry, Question};
use crate::session::frame::{CallAddress, Members};

/// The purpose of a request: who waits for its answer.
#[derive(Debug, Clone)]
pub(in crate::session) enum Purpose {
    /// The session: may it go on as this client?
    Authenticate {
        /// Set if an earlier session was asked for.
        resuming: bool,
    },
    /// The session: is anybody there?
    Probe,
    /// The session: is the call still there?
    Confirm(CallAddress, Question),
    /// The session: does an operation still run?
    Inquire(Inquiry),
    /// The session, which wants to be rid of a call; nobody waits.
    CleanUp(CallAddress, CleanUp),
    /// The session, which hangs up for a handler that failed; nobody waits.
    HangUp(CallAddress),
    /// The session, which leaves contexts; nobody waits.
    Leave(Vec<String>),
    /// The application.
    Application(Ticket, Resolved),
}

/// The target of a request of the application, with everything resolved that was left open when it was asked for.
#[derive(Debug, Clone)]
pub(in crate::session) enum Resolved {
    Service,
    Call {
        call: CallAddress,
        decision: Option<Decision>,
    },
    Start {
        call: CallAddress,
        control_id: ControlId,
        rule: &'static CompletionRule,
    },
    Control {
        call: CallAddress,
        control_id: ControlId,
        /// Set if the operation has its id on the wire.
        is_named: bool,
        /// Set if the operation is asked to end.
        stops: bool,
        /// The control as it may be restated after a gap, once the service has accepted it.
        restates: Option<AfterGap>,
    },
    Dial {
        tag: Tag,
    },
    Message(Context),
    Receive(Vec<String>),
    Unreceive(Vec<String>),
    Reauthenticate(Credentials),
}

/// The context that the states of a message go to.
#[derive(Clone)]
pub(in crate::session) enum Context {
    /// The parameters name it.
    InParams,
    /// The session names it when the message leaves: only then is it certain which session that is.
    Open,
    /// The session has named it.
    Named(Arc<str>),
}

/// Prints no name: that of a session may contain the project.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InParams => "InParams",
            Self::Open => "Open",
            Self::Named(_) => "Named",
        })
    }
}

impl Purpose {
    /// Returns `true` for requests that tidy up, whose answer nobody waits for.
    pub(in crate::session) fn is_clean_up(&self) -> bool {
        matches!(self, Self::CleanUp(..) | Self::HangUp(_) | Self::Leave(_))
    }

    /// Returns `true` for requests that are about one connection, and mean nothing on the next.
    pub(in crate::session) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Authenticate { .. } | Self::Probe | Self::Confirm(..) | Self::Inquire(_))
    }

    /// Returns `true` if the application hangs up. Hanging up twice is harmless, and somebody who is not hung up on stays on
    /// the line: it is done on whichever connection can.
    pub(in crate::session) fn hangs_up(&self) -> bool {
        matches!(self, Self::Application(_, Resolved::Call { decision: Some(Decision::End), .. }))
    }

    /// Returns `true` if the application wants to be rid of a call: it hangs up, or gives an offer back.
    pub(in crate::session) fn parts_with_call(&self) -> bool {
        let decision = match self {
            Self::Application(_, Resolved::Call { decision, .. }) => *decision,
            _ => None,
        };
        matches!(decision, Some(Decision::End | Decision::Pass))
    }

    /// Returns `true` if the request is the session's own, or decides who the client is.
    pub(in crate::session) fn is_of_session(&self) -> bool {
        !matches!(self, Self::Application(..)) || self.reauthenticates()
    }

    /// Returns `true` if the request leaves before those that are not urgent: what the application asks in great numbers
    /// must hold up neither the connection nor the end of calls.
    pub(in crate::session) fn is_urgent(&self) -> bool {
        self.is_of_session() || self.parts_with_call()
    }

    /// The call that the request is about.
    pub(in crate::session) fn call_id(&self) -> Option<&CallId> {
        match self {
            Self::Confirm(call, _) | Self::CleanUp(call, _) | Self::HangUp(call) => Some(&call.call_id),
            Self::Inquire(inquiry) => Some(&inquiry.call.call_id),
            Self::Application(_, resolved) => resolved.call_id(),
            Self::Authenticate { .. } | Self::Probe | Self::Leave(_) => None,
        }
    }

    /// Returns `true` if the application asks for contexts.
    pub(in crate::session) fn receives(&self) -> bool {
        matches!(self, Self::Application(_, Resolved::Receive(_)))
    }

    /// The contexts that the request leaves.
    pub(in crate::session) fn left(&self) -> Option<&[String]> {
        match self {
            Self::Leave(contexts) | Self::Application(_, Resolved::Unreceive(contexts)) => Some(contexts),
            _ => None,
        }
    }

    /// Returns `true` if the application proposes credentials.
    pub(in crate::session) fn reauthenticates(&self) -> bool {
        matches!(self, Self::Application(_, Resolved::Reauthenticate(_)))
    }

    /// The call that the application asks something of.
    pub(in crate::session) fn asked_call(&self) -> Option<&CallId> {
        match self {
            Self::Application(_, resolved) => resolved.call_id(),
            _ => None,
        }
    }

    /// The members that the session adds to the parameters.
    pub(in crate::session) fn members(&self) -> Members<'_> {
        let none = Members::default();
        match self {
            Self::Authenticate { .. } | Self::Probe => none,
            Self::Confirm(call, _) | Self::CleanUp(call, _) | Self::HangUp(call) => {
                Members { call: Some(call), ..none }
            }
            Self::Inquire(inquiry) => {
                Members { call: Some(&inquiry.call), control_id: inquiry.control_id.as_ref(), ..none }
            }
            Self::Leave(contexts) => Members { contexts: Some(contexts), ..none },
            Self::Application(_, resolved) => resolved.members(),
        }
    }

    /// Names the context of a message that has none yet.
    pub(in crate::session) fn name_context(&mut self, session: Option<&str>) {
        if let Self::Application(_, Resolved::Message(context @ Context::Open)) = self {
            *context = Context::Named(session.unwrap_or("default").into());
        }
    }
}

impl Resolved {
    pub(in crate::session) fn call_id(&self) -> Option<&CallId> {
        match self {
            Self::Call { call, .. } | Self::Start { call, .. } | Self::Control { call, .. } => {
                Some(&call.call_id)
            }
            _ => None,
        }
    }

    /// The operation that the request starts.
    pub(in crate::session) fn started(&self) -> Option<&ControlId> {
        match self {
            Self::Start { control_id, .. } => Some(control_id),
            _ => None,
        }
    }

    /// The context that the session has named for a message.
    pub(in crate::session) fn named_context(&self) -> Option<&Arc<str>> {
        match self {
            Self::Message(Context::Named(context)) => Some(context),
            _ => None,
        }
    }

    fn members(&self) -> Members<'_> {
        let none = Members::default();
        match self {
            Self::Call { call, .. } => Members { call: Some(call), ..none },
            Self::Start { call, control_id, rule } => {
                let named = rule.correlation != Correlation::None;
                Members { call: Some(call), control_id: Some(control_id).filter(|_| named), ..none }
            }
            Self::Control { call, control_id, is_named, .. } => {
                Members { call: Some(call), control_id: Some(control_id).filter(|_| *is_named), ..none }
            }
            Self::Dial { tag } => Members { tag: Some(tag), ..none },
            Self::Message(_) => Members { context: self.named_context().map(|context| &**context), ..none },
            Self::Receive(contexts) | Self::Unreceive(contexts) => {
                Members { contexts: Some(contexts), ..none }
            }
            Self::Service | Self::Reauthenticate(_) => none,
        }
    }
}
