//! Tasks that wait for somebody to take them.

use std::collections::VecDeque;

use crate::service::TaskEvent;
use crate::session::Notice;

/// How many tasks wait for a handler or a stream. Beyond that the oldest is dropped, with a notice.
pub const MAX_WAITING_TASKS: usize = 1000;

#[derive(Debug, Default)]
pub(crate) struct TaskInbox {
    waiting: VecDeque<TaskEvent>,
    /// The streams that read it.
    /// Set once there was a stream of them.
    awaited: bool,
    readers: usize,
    dropped: u64,
    /// Set once there was a notice that tasks wait, until a reader comes.
    told: bool,
    ended: bool,
}

impl TaskInbox {
    pub(crate) fn join(&mut self) {
        self.readers += 1;
        self.told = false;
    }

    pub(crate) fn leave(&mut self) {
        self.readers = self.readers.saturating_sub(1);
    }

    /// The next task; `Some(None)` at the end.
    #[expect(clippy::option_option, reason = "not yet, a task, and the end are three things")]
    pub(crate) fn next(&mut self) -> Option<Option<TaskEvent>> {
        match self.waiting.pop_front() {
            Some(task) => Some(Some(task)),
            None => self.ended.then_some(None),
        }
    }

    /// Keeps a task for which there is no handler. `heard` is whether somebody has it as an event: then only streams of
    /// tasks get it.
    pub(super) fn keep(&mut self, task: &TaskEvent, heard: bool) -> Vec<Notice> {
        let mut notices = Vec::new();
        if self.ended || (self.readers == 0 && heard) {
            return notices;
        }
        if self.waiting.len() == MAX_WAITING_TASKS
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.dropped += 1;
            notices.push(Notice::TaskDropped { context: oldest.context, dropped: self.dropped });
        }
        self.waiting.push_back(task.clone());
        if self.readers == 0 && !std::mem::replace(&mut self.told, true) {
            notices.push(Notice::TaskWaits(task.context.clone()));
        }
        notices
    }

    /// Notes that there are streams of tasks. Returns `true` the first time.
    pub(super) fn expect_readers(&mut self) -> bool {
        !std::mem::replace(&mut self.awaited, true)
    }

    /// Gives everything that waits to a handler.
    pub(super) fn take(&mut self) -> VecDeque<TaskEvent> {
        self.told = false;
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Ends it. What waits is left to the streams. Without any, gives the number of tasks that nobody took.
    pub(super) fn end(&mut self) -> usize {
        self.ended = true;
        if self.readers > 0 { 0 } else { std::mem::take(&mut self.waiting).len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(context: &str) -> TaskEvent {
        serde_json::from_str(&format!(r#"{{"context":"{context}"}}"#)).expect("JSON")
    }

    #[test]
    fn the_oldest_of_too_many_is_dropped_with_a_notice() {
        let mut inbox = TaskInbox::default();
        assert_eq!(inbox.keep(&task("first"), false), [Notice::TaskWaits("first".to_owned())]);
        for _ in 1..MAX_WAITING_TASKS {
            assert_eq!(inbox.keep(&task("later"), false), [], "one notice is enough");
        }
        let dropped = Notice::TaskDropped { context: "first".to_owned(), dropped: 1 };
        assert_eq!(inbox.keep(&task("last"), false), [dropped]);
        assert_eq!((inbox.len(), inbox.end(), inbox.len()), (MAX_WAITING_TASKS, MAX_WAITING_TASKS, 0));
        assert!(matches!(inbox.next(), Some(None)), "it has ended");
    }

    #[test]
    fn a_task_that_somebody_has_heard_of_waits_only_for_streams_of_tasks() {
        let mut inbox = TaskInbox::default();
        assert_eq!((inbox.keep(&task("a"), true), inbox.len()), (vec![], 0));
        inbox.join();
        assert_eq!((inbox.keep(&task("a"), true), inbox.len()), (vec![], 1));
        assert_eq!(inbox.end(), 0, "the stream still has it");
        assert!(matches!(inbox.next(), Some(Some(_))) && matches!(inbox.next(), Some(None)));
    }
}
