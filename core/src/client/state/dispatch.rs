//! Messages and tasks on their way to the handler of the application.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ClientOutput;
use crate::client::handlers::EventHandler;
use crate::client::inbox::MAX_WAITING_TASKS;
use crate::client::mailbox::TaskPurpose;
use crate::client::shared::Shared;
use crate::service::{MessageReceiveEvent, TaskEvent};
use crate::session::Notice;

/// The number of messages that are handled at once, and of tasks. Further ones wait until a handler has ended.
pub const MAX_RUNNING_HANDLERS: usize = 256;
/// The number of messages that wait for a handler to end. Beyond that the oldest is dropped, with a line in the log that
/// names it.
pub const MAX_WAITING_MESSAGES: usize = 10_000;

/// An event that is about no call, and that the application handles in a task of its own.
pub(super) trait Dispatched: Sized {
    /// How many may wait for a handler to end.
    const MAX_WAITING: usize;

    /// The events, as a word.
    const WHAT: &'static str;

    /// The event was dropped to make room.
    fn dropped(self, dropped: u64) -> Notice;
}

impl Dispatched for MessageReceiveEvent {
    const MAX_WAITING: usize = MAX_WAITING_MESSAGES;
    const WHAT: &'static str = "messages";

    fn dropped(self, dropped: u64) -> Notice {
        Notice::MessageDropped { message_id: self.message_id, dropped }
    }
}

impl Dispatched for TaskEvent {
    const MAX_WAITING: usize = MAX_WAITING_TASKS;
    const WHAT: &'static str = "tasks";

    fn dropped(self, dropped: u64) -> Notice {
        Notice::TaskDropped { context: self.context, dropped }
    }
}

/// The events of one kind that the application handles.
pub(super) struct Dispatch<E> {
    handler: Option<EventHandler<E>>,
    waiting: VecDeque<E>,
    /// The number of handlers that have not ended.
    running: usize,
    dropped: u64,
    /// Set once there was a notice that events wait, until none does.
    told: bool,
}

impl<E> Default for Dispatch<E> {
    fn default() -> Self {
        Self { handler: None, waiting: VecDeque::new(), running: 0, dropped: 0, told: false }
    }
}

impl<E: Dispatched> Dispatch<E> {
    pub(super) fn has_handler(&self) -> bool {
        self.handler.is_some()
    }

    /// Sets the handler. What waits goes to it.
    pub(super) fn set_handler(&mut self, handler: EventHandler<E>) {
        self.handler = Some(handler);
    }

    /// Handles an event, as soon as fewer than [`MAX_RUNNING_HANDLERS`] run.
    pub(super) fn handle(&mut self, shared: &Arc<Shared>, event: E, output: &mut VecDeque<ClientOutput>) {
        if self.waiting.len() == E::MAX_WAITING
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.dropped += 1;
            output.push_back(ClientOutput::Log(oldest.dropped(self.dropped)));
        }
        self.waiting.push_back(event);
        self.start(shared, output);
        if !self.waiting.is_empty() && !std::mem::replace(&mut self.told, true) {
            output
                .push_back(ClientOutput::Log(Notice::HandlersBusy { what: E::WHAT, running: self.running }));
        }
    }

    /// A handler has ended: the next event has its turn.
    pub(super) fn handled(&mut self, shared: &Arc<Shared>, output: &mut VecDeque<ClientOutput>) {
        self.running = self.running.saturating_sub(1);
        self.start(shared, output);
        self.told &= !self.waiting.is_empty();
    }

    fn start(&mut self, shared: &Arc<Shared>, output: &mut VecDeque<ClientOutput>) {
        let Some(handler) = &self.handler else { return };
        while self.running < MAX_RUNNING_HANDLERS
            && let Some(event) = self.waiting.pop_front()
        {
            self.running += 1;
            output.push_back(ClientOutput::Spawn(TaskPurpose::EventHandler, handler(shared.clone(), event)));
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Ends it. Gives the number of events that have waited in vain.
    pub(super) fn end(&mut self) -> usize {
        std::mem::take(self).waiting.len()
    }
}
