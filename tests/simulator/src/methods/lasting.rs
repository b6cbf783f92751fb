//! Operations of which only the beginning and the end show.

use std::time::Duration;

use serde_json::Value;

use crate::Cue;
use crate::methods::{Outcome, accepted};
use crate::switchboard::operation::{Command, Desk, Operation, Tick};

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

    fn end(&mut self, desk: &mut Desk<'_>) {
        if let (Some(event_type), Some(params)) = (self.event_type, self.last.take()) {
            desk.emit(event_type, params);
        }
        desk.note(format!("{} is over", self.name));
        desk.finish();
    }
}

impl Operation for Lasting {
    fn start(&mut self, desk: &mut Desk<'_>) {
        if let (Some(event_type), Some(params)) = (self.event_type, self.first.take()) {
            desk.emit(event_type, params);
        }
        desk.note(format!("{} begins", self.name));
        if let Some(cue) = self.cue {
            desk.cue(cue);
        }
        if let Some(limit) = self.limit {
            desk.after(limit, Tick::Done);
        }
    }

    fn on_timer(&mut self, desk: &mut Desk<'_>, _: Tick) {
        self.end(desk);
    }

    fn on_command(&mut self, desk: &mut Desk<'_>, command: &Command) -> Outcome {
        if *command == Command::Stop {
            self.end(desk);
        }
        accepted()
    }

    fn fails(&mut self, desk: &mut Desk<'_>) {
        self.last = self.failed.take().or(self.last.take());
        self.end(desk);
    }

    fn call_ends(&mut self, desk: &mut Desk<'_>) {
        self.end(desk);
    }
}
