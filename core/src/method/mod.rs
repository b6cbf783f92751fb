//! Methods of the service: their parameters, and the output of an accepted request.

mod after_gap;
mod completion;
mod control;
mod macros;
pub(crate) mod validate;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

pub use self::after_gap::AfterGap;
pub(crate) use self::after_gap::SILENCE_TIMEOUT;
pub use self::completion::CompletionRule;
pub(crate) use self::completion::{Correlation, EndHint};
pub use self::control::Control;
pub(crate) use self::macros::{method, operation, params};

use crate::client::{ActionCore, Call, Progress, Sender, WatchCell};
use crate::error::{Error, InvalidArgument};
use crate::events::EventData;
use crate::session::{Effect, Reply, Target};

/// The parameters of one method of the service, and what its acceptance gives.
///
/// The parameters serialise to the JSON object that goes out, without the members that say which call and
/// which operation is meant: the session adds these.
pub trait Method: Serialize + Send + Sync + Sized + 'static {
    /// The output of an accepted request.
    type Output: Send + 'static;

    /// The method's name on the wire.
    fn name(&self) -> Cow<'static, str>;

    /// Refuses parameters that the service would refuse.
    ///
    /// # Errors
    /// The first parameter that breaks a rule, and the rule.
    fn validate(&self) -> Result<(), InvalidArgument> {
        Ok(())
    }

    /// Refuses parameters of which something is missing. Not asked where the application has added parameters of its own.
    #[doc(hidden)]
    fn validate_complete(&self) -> Result<(), InvalidArgument> {
        Ok(())
    }

    /// The rule that ends the operation, if the method starts one.
    #[doc(hidden)]
    fn completion_rule() -> Option<&'static CompletionRule> {
        None
    }

    /// Returns `true` if something is followed that goes on after the request was accepted.
    #[doc(hidden)]
    fn is_followed() -> bool {
        Self::completion_rule().is_some()
    }

    /// The effect of the request on its call or operation.
    #[doc(hidden)]
    fn effect(&self) -> Effect {
        Effect::None
    }

    /// The subject of the operation that the method starts, if events may name that and not the operation.
    #[doc(hidden)]
    fn subject(&self) -> Option<&str> {
        None
    }

    /// The way to find out, after a gap, whether the operation that the method starts is over.
    #[doc(hidden)]
    fn after_gap(&self) -> AfterGap {
        AfterGap::Lasts
    }

    /// The target of the request, if it follows from its parameters.
    #[doc(hidden)]
    fn target(&self) -> Option<Target> {
        None
    }

    /// The parameters that are not sent if they are empty, for there empty is the same as none.
    fn blank() -> &'static [&'static str] {
        &[]
    }

    /// Returns `true` if free-form parameters have a member of this name.
    #[doc(hidden)]
    fn has_member(&self, _name: &str) -> bool {
        false
    }

    #[doc(hidden)]
    fn finish(self, result: Result<Accepted, Error>) -> Result<Self::Output, Error>;
}

/// A method that starts something which goes on after the request was accepted.
pub trait Operation: Method<Output = crate::client::Action<Self>> {
    /// The event that reports on it, and ends it.
    type Event: EventData;
}

/// An accepted request, as the parts that an output can be made of.
#[doc(hidden)]
#[derive(Debug)]
pub struct Accepted {
    pub(crate) reply: Reply,
    pub(crate) sender: Sender,
    pub(crate) progress: Option<Arc<WatchCell<Progress>>>,
    pub(crate) action: Option<ActionCore>,
    pub(crate) call: Option<Call>,
}
