//! Operations whose only events are those of their start and end.

use std::time::Duration;

use serde_json::Value;

use crate::Cue;
use crate::methods::{Outcome, accepted};
use crate::service::operation::{Control, Operation, OperationContext, Tick};

/// An operation that lasts until it is stopped, its time limit is over or its call ends.
#[derive(Debug)]
pub(super) struct Lasting {
    /// The name in reports.
    name: &'static str,
    /// The type of its events; `None` is no events.
    event_type: Option<&'static str>,
    first: Option<Value>,
    last: Option<Value>,
    failed: Option<Value>,
    limit: Option<Duration>,
    cue: Option<Cue>,
}

impl Lasting {
    /// An operation without events.
    pub(super) fn silent(name: &'static str) -> Self {
        Self { name, event_type: None, first: None, last: None, failed: None, limit: None, cue: None }
    }

    /// An operation with events of this type.
    pub(super) fn new(name: &'static str, event_type: &'static str) -> Self {
        Self { event_type: Some(event_type), ..Self::silent(name) }
    }

    /// Sets the members of the first event.
    pub(super) fn first(mut self, params: Value) -> Self {
        self.first = Some(params);
        self
    }

    /// Sets the members of the last event.
    pub(super) fn last(mut self, params: Value) -> Self {
        self.last = Some(params);
        self
    }

    /// Sets the members of the last event of a failure.
    pub(super) fn failed(mut self, params: Value) -> Self {
        self.failed = Some(params);
        self
    }

    /// Sets the time limit.
    pub(super) fn limit(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the cue that the party receives at the start.
    pub(super) fn cue(mut self, cue: Cue) -> Self {
        self.cue = Some(cue);
        self
    }

    fn end(&mut self, context: &mut OperationContext<'_>) {
        if let (Some(event_type), Some(params)) = (self.event_type, self.last.take()) {
            context.emit(event_type, params);
        }
        context.note(format!("{} is over", self.name));
        context.finish();
    }
}

impl Operation for Lasting {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        if let (Some(event_type), Some(params)) = (self.event_type, self.first.take()) {
            context.emit(event_type, params);
        }
        context.note(format!("{} begins", self.name));
        if let Some(cue) = self.cue {
            context.cue(cue);
        }
        if let Some(limit) = self.limit {
            context.after(limit, Tick::Done);
        }
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, _: Tick) {
        self.end(context);
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        if *control == Control::Stop {
            self.end(context);
        }
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.last = self.failed.take().or(self.last.take());
        self.end(context);
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context);
    }
}
