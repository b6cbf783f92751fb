//! Tasks that come in: each is reported once.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Notice, Session, SessionEvent};
use crate::events::Event;
use crate::service::TaskEvent;

/// The number of tasks that the session remembers, to recognise copies. A task has no name of its own.
pub(super) const MAX_REMEMBERED_TASKS: usize = 1000;

impl Session {
    /// A task came in. A copy of it is not told again: nothing is to be done twice.
    pub(super) fn handle_task(&mut self, id: Option<&RawValue>, task: &TaskEvent, event: Arc<Event>) {
        if id.is_some_and(|id| self.tasks.repeats(id, task.meta.raw())) {
            return self.notice(Notice::TaskRepeated(task.context.clone()));
        }
        self.emit(SessionEvent::Other(event));
    }
}
