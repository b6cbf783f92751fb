//! Tasks that come in: each is reported once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::Session;
use super::recent::Recent;
use super::{Notice, SessionEvent};
use crate::events::Event;
use crate::service::TaskEvent;

/// The number of tasks that the session remembers, to recognise copies.
const MAX_REMEMBERED_TASKS: usize = 1000;

/// The tasks that were reported, by the id of the frame and a hash of the text. A task has no name of its own.
#[derive(Debug)]
pub(super) struct ReportedTasks(Recent<(Box<str>, u64)>);

impl ReportedTasks {
    pub(super) fn new() -> Self {
        Self(Recent::new(MAX_REMEMBERED_TASKS))
    }

    /// Returns `true` if the task came in before, in a frame of this id.
    fn repeats(&mut self, id: &RawValue, task: &TaskEvent) -> bool {
        let mut hasher = DefaultHasher::new();
        task.meta.raw().hash(&mut hasher);
        let key = (id.get().into(), hasher.finish());
        if self.0.contains(&key) {
            return true;
        }
        self.0.insert(key);
        false
    }
}

impl Session {
    /// A task came in. A copy of it is not told again: nothing is to be done twice.
    pub(super) fn handle_task(&mut self, id: Option<&RawValue>, task: &TaskEvent, event: Arc<Event>) {
        if id.is_some_and(|id| self.tasks.repeats(id, task)) {
            return self.notice(Notice::TaskRepeated(task.context.clone()));
        }
        self.emit(SessionEvent::Other(event));
    }
}
