//! Which event belongs to which operation, and which ends it.

use crate::events::Event;

/// The rule that tells an operation apart from others on its call, and says which event ends it.
#[derive(Debug)]
pub struct CompletionRule {
    pub(crate) correlation: Correlation,
    /// The type of the events that belong to it.
    pub(crate) event: &'static str,
    /// Returns `true` if the event belongs to the operation, provided that it names it.
    pub(crate) concerns: fn(&Event) -> bool,
    /// The subject that an event names, such as a queue, where it may leave out the operation.
    pub(crate) subject: fn(&Event) -> Option<&str>,
    /// Returns `true` if an event of the operation is its result. The operation may go on after it.
    pub(crate) answers: fn(&Event) -> bool,
    /// Returns `true` if an event of the operation is its last.
    pub(crate) ends: fn(&Event) -> bool,
    /// The hint that an event of the operation, other than the last, gives of the end.
    pub(crate) end_hint: fn(&Event) -> EndHint,
    /// The last event of an operation that was stopped, as JSON, where the service may send none.
    pub(crate) silent_stop: Option<&'static str>,
    /// Set if the last event of the operation may come after the end of its call.
    pub(crate) is_late: bool,
    /// The last event of an operation whose own last event fell into a gap, as JSON, where that says no more than that it
    /// is over.
    pub(crate) missed_end: Option<&'static str>,
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

/// The way in which the events of an operation name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correlation {
    /// Both do.
    ControlId,
    /// The operation has one; events may leave it out.
    OptionalControlId,
    /// Neither does: events are matched by their type.
    None,
}
