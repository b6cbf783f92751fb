//! Operations of which only the beginning and the end show.

use std::time::Duration;

use serde_json::Value;

use crate::Cue;
use crate::methods::{Outcome, accepted};
use crate::service::operation::{Control, Operation, OperationContext, Tick};

/// Something that goes on until it is stopped, its time is over or the call ends.
#[derive(Debug)]
pub(super) struct Lasting {
    /// Its name in the report.
    name: &'static str,
    /// The type of its events; without one it has none.
    event_type: Option<&'static str>,
    first: Option<Value>,
    last: Option<Value>,
    failed: Option<Value>,
    limit: Option<Duration>,
    cue: Option<Cue>,
}

impl Lasting {
    /// One that nothing is heard of.
    pub(super) fn silent(name: &'static str) -> Self {
        Self { name, event_type: None, first: None, last: None, failed: None, limit: None, cue: None }
    }

    /// One with events of this type.
    pub(super) fn new(name: &'static str, event_type: &'static str) -> Self {
        Self { event_type: Some(event_type), ..Self::silent(name) }
    }

    /// What its first event says.
    pub(super) fn first(mut self, params: Value) -> Self {
        self.first = Some(params);
        self
    }

    /// What its last event says.
    pub(super) fn last(mut self, params: Value) -> Self {
        self.last = Some(params);
        self
    }

    /// The state in its last event if it fails.
    pub(super) fn failed(mut self, params: Value) -> Self {
        self.failed = Some(params);
        self
    }

    /// It ends by itself after this time.
    pub(super) fn limit(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self
    }

    /// What the person on the call notices of the beginning.
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
