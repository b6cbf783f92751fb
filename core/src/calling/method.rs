//! What a method of the service is to this library.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use crate::client::{ActionCore, Call, Progress, Sender, WatchCell};
use crate::error::{Error, InvalidArgument};
use crate::events::{Event, EventData};
use crate::session::{Effect, Reply, Target};

/// The parameters of one method of the service, and what its acceptance gives.
///
/// The parameters serialise to the JSON object that goes out, without the members that say which call and
/// which operation is meant: the session adds these.
pub trait Method: Serialize + Send + Sync + Sized + 'static {
    /// What an accepted request gives.
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

    /// Whether something is followed that goes on after the request was accepted.
    #[doc(hidden)]
    fn is_followed() -> bool {
        Self::completion_rule().is_some()
    }

    /// The effect of the request on its call or operation.
    #[doc(hidden)]
    fn effect(&self) -> Effect {
        Effect::None
    }

    /// What the request is about, if that follows from its parameters.
    #[doc(hidden)]
    fn target(&self) -> Option<Target> {
        None
    }

    /// Whether free-form parameters have a member of this name.
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

/// How an operation is told apart from others on its call, and which event ends it.
#[derive(Debug)]
pub struct CompletionRule {
    pub(crate) correlation: Correlation,
    /// The type of the events that belong to it.
    pub(crate) event: &'static str,
    /// Whether the event belongs to the operation, provided that it names it.
    pub(crate) concerns: fn(&Event) -> bool,
    /// Whether an event that belongs to the operation is what one waits for. The operation may go on after it.
    pub(crate) answers: fn(&Event) -> bool,
    /// Whether an event that belongs to the operation is its last.
    pub(crate) ends: fn(&Event) -> bool,
    /// The hint that an event of the operation, other than the last, gives of the end.
    pub(crate) end_hint: fn(&Event) -> EndHint,
    /// The last event of an operation that was stopped, as JSON, where the service may send none.
    pub(crate) silent_stop: Option<&'static str>,
}

/// A hint of the end of an operation, by an event that is not the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndHint {
    /// Nothing.
    None,
    /// The operation goes on.
    NotYet,
    /// The last event follows at once. Some services never send it: then this event counts as the last, after a while or
    /// when the call ends.
    Now,
}

/// Whether an operation, and the events about it, have a `control_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correlation {
    /// Both do.
    ControlId,
    /// The operation has one; events may leave it out.
    OptionalControlId,
    /// Neither does: events are matched by their type.
    None,
}

/// Controls a running operation: stop, pause, resume, volume and the like.
///
/// On an operation that is over each of these succeeds and does nothing.
#[derive(Debug, Serialize)]
pub struct Control {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<f64>,
}

impl Control {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, effect: Effect::None, volume: None }
    }

    pub(crate) fn stop(name: &'static str) -> Self {
        Self { name, effect: Effect::Stop, volume: None }
    }

    pub(crate) fn volume(name: &'static str, volume: f64) -> Self {
        Self { name, effect: Effect::None, volume: Some(volume) }
    }
}

impl Method for Control {
    type Output = ();

    fn name(&self) -> Cow<'static, str> {
        self.name.into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        super::validate::volume(self.volume)
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<(), Error> {
        result.map(drop)
    }
}

/// Implements [`Method`] for a method that gives nothing but its acceptance, with its effect on the call, if it has one,
/// and its `validate` or `validate_complete`.
macro_rules! method {
    ($name:ident, $wire:literal $(=> $effect:ident)?) => {
        $crate::calling::method!($name, $wire $(=> $effect)?, validate: |_| Ok(()));
    };
    ($name:ident, $wire:literal $(=> $effect:ident)?, $validate_name:ident: $validate:expr $(,)?) => {
        impl $crate::calling::Method for $name {
            type Output = ();

            fn name(&self) -> std::borrow::Cow<'static, str> {
                $wire.into()
            }

            fn $validate_name(&self) -> Result<(), $crate::error::InvalidArgument> {
                let validate: fn(&Self) -> Result<(), $crate::error::InvalidArgument> = $validate;
                validate(self)
            }

            $(
                fn effect(&self) -> $crate::session::Effect {
                    $crate::session::Effect::$effect
                }
            )?

            fn finish(
                self,
                result: Result<$crate::calling::Accepted, $crate::error::Error>,
            ) -> Result<(), $crate::error::Error> {
                result.map(drop)
            }
        }
    };
}
pub(crate) use method;

/// Implements [`Method`] and [`Operation`] for a method that starts an operation.
macro_rules! operation {
    (
        $name:ident, $wire:literal, $correlation:ident, $event:ident,
        ends: $ends:expr, $(end_hint: $hint:expr,)? $(silent_stop: $last:literal,)?
        validate: $validate:expr
    ) => {
        $crate::calling::operation!(
            $name, $wire, $correlation, $event,
            answers: $ends, ends: $ends, $(end_hint: $hint,)? $(silent_stop: $last,)? validate: $validate
        );
    };
    (
        $name:ident, $wire:literal, $correlation:ident, $event:ident,
        answers: $answers:expr, ends: $ends:expr, $(end_hint: $hint:expr,)?
        $(silent_stop: $last:literal,)? validate: $validate:expr
    ) => {
        impl $crate::calling::Method for $name {
            type Output = $crate::client::Action<Self>;

            fn name(&self) -> std::borrow::Cow<'static, str> {
                $wire.into()
            }

            fn validate(&self) -> Result<(), $crate::error::InvalidArgument> {
                let validate: fn(&Self) -> Result<(), $crate::error::InvalidArgument> = $validate;
                validate(self)
            }

            fn completion_rule() -> Option<&'static $crate::calling::CompletionRule> {
                static RULE: $crate::calling::CompletionRule = $crate::calling::CompletionRule {
                    correlation: $crate::calling::Correlation::$correlation,
                    event: <$event as $crate::events::EventData>::TYPE,
                    concerns: |event| <$event as $crate::events::EventData>::of(event).is_some(),
                    answers: |event| {
                        let answers: fn(&$event) -> bool = $answers;
                        <$event as $crate::events::EventData>::of(event).is_some_and(answers)
                    },
                    ends: |event| {
                        let ends: fn(&$event) -> bool = $ends;
                        <$event as $crate::events::EventData>::of(event).is_some_and(ends)
                    },
                    end_hint: |event| {
                        let hints: &[fn(&$event) -> $crate::calling::EndHint] = &[$($hint)?];
                        let event = <$event as $crate::events::EventData>::of(event);
                        event.zip(hints.first()).map_or($crate::calling::EndHint::None, |(event, hint)| hint(event))
                    },
                    silent_stop: {
                        let stops: &[&str] = &[$($last)?];
                        stops.first().copied()
                    },
                };
                Some(&RULE)
            }

            fn finish(
                self,
                result: Result<$crate::calling::Accepted, $crate::error::Error>,
            ) -> Result<Self::Output, $crate::error::Error> {
                result.map($crate::client::Action::from_accepted)
            }
        }

        impl $crate::calling::Operation for $name {
            type Event = $event;
        }
    };
}
pub(crate) use operation;

/// Defines the parameters of a method, and a setter on its request for each optional one.
macro_rules! params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( required { $( $(#[serde($($required_serde:tt)*)])? $required:ident: $required_type:ty, )+ } )?
            $( optional {
                $(
                    $(#[doc = $doc:literal])+
                    $(#[serde($($serde:tt)*)])?
                    $optional:ident: $type:ty,
                )+
            } )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, serde::Serialize)]
        pub struct $name {
            $( $( $(#[serde($($required_serde)*)])? $required: $required_type, )+ )?
            $( $(
                $(#[serde($($serde)*)])?
                #[serde(skip_serializing_if = "Option::is_none")]
                $optional: Option<$type>,
            )+ )?
        }

        impl $name {
            #[expect(clippy::allow_attributes, reason = "whether there are parameters depends on the method")]
            #[allow(clippy::new_without_default, reason = "made by the method that takes its required parameters")]
            pub(crate) fn new($( $($required: $required_type),+ )?) -> Self {
                Self { $( $($required,)+ )? $( $($optional: None,)+ )? }
            }
        }

        $(
            impl $crate::client::Request<$name> {
                $(
                    $(#[doc = $doc])+
                    pub fn $optional(mut self, value: impl Into<$type>) -> Self {
                        self.method.$optional = Some(value.into());
                        self
                    }
                )+
            }
        )?
    };
}
pub(crate) use params;
