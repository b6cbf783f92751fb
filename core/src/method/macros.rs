//! Defining methods: their parameters with a setter for each, what they give, and the rule that completes an operation.

/// Implements [`Method`](super::Method) for a method that gives nothing but its acceptance, with its effect on the call, if it has one,
/// and its `validate` or `validate_complete`.
macro_rules! method {
    ($name:ident, $wire:literal $(=> $effect:ident)?) => {
        $crate::method::method!($name, $wire $(=> $effect)?, validate: |_| Ok(()));
    };
    ($name:ident, $wire:literal $(=> $effect:ident)?, $validate_name:ident: $validate:expr $(,)?) => {
        impl $crate::method::Method for $name {
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
                result: Result<$crate::method::Accepted, $crate::error::Error>,
            ) -> Result<(), $crate::error::Error> {
                result.map(drop)
            }
        }
    };
}
pub(crate) use method;

/// Implements [`Method`](super::Method) and [`Operation`](super::Operation) for a method that starts an operation.
macro_rules! operation {
    (
        $name:ident, $wire:literal, $correlation:ident, $event:ident,
        ends: $ends:expr, $(end_hint: $hint:expr,)? $(silent_stop: $last:literal,)? $(late: $late:literal,)?
        $(subject: $subject:expr, of_event: $of_event:expr,)? $(after_gap: $after_gap:expr,)?
        $(missed_end: $missed_end:literal,)?
        validate: $validate:expr
    ) => {
        $crate::method::operation!(
            $name, $wire, $correlation, $event,
            answers: $ends, ends: $ends, $(end_hint: $hint,)? $(silent_stop: $last,)? $(late: $late,)?
            $(subject: $subject, of_event: $of_event,)? $(after_gap: $after_gap,)?
            $(missed_end: $missed_end,)? validate: $validate
        );
    };
    (
        $name:ident, $wire:literal, $correlation:ident, $event:ident,
        answers: $answers:expr, ends: $ends:expr, $(end_hint: $hint:expr,)?
        $(silent_stop: $last:literal,)? $(late: $late:literal,)? $(subject: $subject:expr, of_event: $of_event:expr,)?
        $(after_gap: $after_gap:expr,)? $(missed_end: $missed_end:literal,)?
        validate: $validate:expr
    ) => {
        impl $crate::method::Method for $name {
            type Output = $crate::client::Action<Self>;

            fn name(&self) -> std::borrow::Cow<'static, str> {
                $wire.into()
            }

            fn validate(&self) -> Result<(), $crate::error::InvalidArgument> {
                let validate: fn(&Self) -> Result<(), $crate::error::InvalidArgument> = $validate;
                validate(self)
            }

            $(
                fn subject(&self) -> Option<&str> {
                    let subject: fn(&Self) -> &str = $subject;
                    Some(subject(self))
                }
            )?

            $(
                fn after_gap(&self) -> $crate::method::AfterGap {
                    let after_gap: fn(&Self) -> $crate::method::AfterGap = $after_gap;
                    after_gap(self)
                }
            )?

            fn completion_rule() -> Option<&'static $crate::method::CompletionRule> {
                static RULE: $crate::method::CompletionRule = $crate::method::CompletionRule {
                    correlation: $crate::method::Correlation::$correlation,
                    event: <$event as $crate::events::EventData>::TYPE,
                    concerns: |event| <$event as $crate::events::EventData>::of(event).is_some(),
                    subject: |event| {
                        let subjects: &[fn(&$event) -> Option<&str>] = &[$($of_event)?];
                        let event = <$event as $crate::events::EventData>::of(event);
                        event.zip(subjects.first()).and_then(|(event, subject)| subject(event))
                    },
                    answers: |event| {
                        let answers: fn(&$event) -> bool = $answers;
                        <$event as $crate::events::EventData>::of(event).is_some_and(answers)
                    },
                    ends: |event| {
                        let ends: fn(&$event) -> bool = $ends;
                        <$event as $crate::events::EventData>::of(event).is_some_and(ends)
                    },
                    end_hint: |event| {
                        let hints: &[fn(&$event) -> $crate::method::EndHint] = &[$($hint)?];
                        let event = <$event as $crate::events::EventData>::of(event);
                        event.zip(hints.first()).map_or($crate::method::EndHint::None, |(event, hint)| hint(event))
                    },
                    silent_stop: {
                        let stops: &[&str] = &[$($last)?];
                        stops.first().copied()
                    },
                    is_late: false $( || $late )?,
                    missed_end: {
                        let ends: &[&str] = &[$($missed_end)?];
                        ends.first().copied()
                    },
                };
                Some(&RULE)
            }

            fn finish(
                self,
                result: Result<$crate::method::Accepted, $crate::error::Error>,
            ) -> Result<Self::Output, $crate::error::Error> {
                result.map($crate::client::Action::from_accepted)
            }
        }

        impl $crate::method::Operation for $name {
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
