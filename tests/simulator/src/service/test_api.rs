//! The calls with which tests drive the service and inspect it.

use std::time::Duration;

use serde_json::Value;

use super::SimulatedService;
use super::calls::{CallKey, Source};
use crate::{CallView, Caller, ConnectionId, JournalEntry, Message, Task, Violation};

/// Driving and inspecting the service. Faults are described at [`Faults`](crate::Faults).
impl SimulatedService {
    /// Places a call now, ignoring the `when` of the caller. The call is offered to one subscriber of its context.
    /// Without a subscriber it waits until the patience of the caller is over; at most 1000 calls wait, further ones
    /// get a busy tone. Returns the call id.
    pub fn place_call(&mut self, now: Duration, caller: Caller) -> String {
        self.advance(now);
        let key = self.start_inbound_call(caller, None);
        self.flush();
        key.id()
    }

    /// Receives a message now, ignoring its `when`. The message is delivered to one subscriber of its context. Without
    /// a subscriber it waits; at most 1000 messages wait, the oldest are dropped first. Returns the message id.
    pub fn inject_message(&mut self, now: Duration, message: Message) -> String {
        self.advance(now);
        let id = self.enqueue_message(message, None);
        self.flush();
        id
    }

    /// Receives a task now, ignoring its `when`. The task is delivered to one subscriber of its context as
    /// `queuing.relay.tasks`. Without a subscriber it waits; at most 1000 tasks wait, the oldest are dropped first.
    pub fn inject_task(&mut self, now: Duration, task: Task) {
        self.advance(now);
        self.enqueue_task(task, None);
        self.flush();
    }

    /// Hangs up on behalf of the party on a call. Returns `false` if the call does not exist.
    pub fn hang_up(&mut self, now: Duration, call_id: &str) -> bool {
        self.end(now, call_id, "hangup")
    }

    /// Ends a call with this end reason. Returns `false` if the call does not exist.
    pub fn end(&mut self, now: Duration, call_id: &str, reason: &str) -> bool {
        self.advance(now);
        let key = CallKey::parse(call_id).filter(|key| self.calls.contains_key(key));
        if let Some(key) = key {
            self.end_call_by(key, reason, Source::Inbound);
        }
        self.flush();
        key.is_some()
    }

    /// Presses keys on behalf of the party on a call, all at once. Returns `false` if the call does not exist.
    pub fn press(&mut self, now: Duration, call_id: &str, digits: &str) -> bool {
        self.advance(now);
        let key = CallKey::parse(call_id).filter(|key| self.calls.contains_key(key));
        if let Some(key) = key {
            for digit in digits.chars() {
                self.press_key(key, digit);
            }
        }
        self.flush();
        key.is_some()
    }

    /// Plays an announcement to a conference, which ends in `announcement-end`, or in `announcement-fail` if the URL is
    /// [`unplayable`](crate::Scenario::unplayable). Returns `false` if there is no conference with this name.
    pub fn announce(&mut self, now: Duration, conference: &str, url: &str) -> bool {
        self.advance(now);
        let known = self.play_announcement(conference, url);
        self.flush();
        known
    }

    /// Adds a bot to a conference or removes it. Returns `false` if there is no conference with this name.
    pub fn move_bot(&mut self, now: Duration, conference: &str, joins: bool) -> bool {
        self.advance(now);
        let known = self.publish_bot(conference, joins);
        self.flush();
        known
    }

    /// Sends any event to a connection, in the usual envelope. The client has to acknowledge it like any other event.
    pub fn push_event(&mut self, now: Duration, to: ConnectionId, event_type: &str, params: Value) {
        self.advance(now);
        self.send_event(to, event_type, &params);
        drop(params);
        self.flush();
    }

    /// Sends any text to a connection, valid or not.
    pub fn push_frame(&mut self, to: ConnectionId, text: String) {
        self.queue_frame(to, text);
        self.flush();
    }

    /// The open connections, oldest first.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.connections.keys().copied()
    }

    /// The contexts that the session of a connection is subscribed to, in alphabetical order.
    pub fn contexts(&self, of: ConnectionId) -> Vec<String> {
        let session = self.connections.get(&of).and_then(|connection| connection.session);
        let session = session.and_then(|key| self.sessions.get(&key));
        session.map(|session| session.contexts.iter().cloned().collect()).unwrap_or_default()
    }

    /// The newest frames, oldest first; see [`MAX_JOURNAL_ENTRIES`](crate::MAX_JOURNAL_ENTRIES).
    pub fn journal(&self) -> &[JournalEntry] {
        self.journal.entries()
    }

    #[cfg(feature = "listener")]
    pub(crate) fn journal_after(&self, count: u64) -> (&[JournalEntry], u64) {
        self.journal.after(count)
    }

    /// The last [`MAX_ENDED_CALLS`](crate::MAX_ENDED_CALLS) ended calls, then the current calls, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = CallView> {
        let standing = self.calls.values().map(|call| {
            let owner = call.owner.and_then(|owner| self.sessions.get(&owner));
            let mut view = call.view(owner.and_then(|session| session.connection));
            view.operations.extend(self.queue_entries(call.key));
            view
        });
        self.ended.iter().cloned().chain(standing)
    }

    /// The call with this id, if it is known.
    pub fn call(&self, call_id: &str) -> Option<CallView> {
        self.calls().find(|call| call.call_id == call_id)
    }

    /// The violations of clients, in order; see [`MAX_VIOLATIONS`](crate::MAX_VIOLATIONS).
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Returns `true` once every scripted call has ended, every scripted message and task was delivered, and no call,
    /// dial or outbound message is under way. Without scripted items, at least one call, message or task must have
    /// occurred.
    pub fn is_done(&self) -> bool {
        self.schedules.are_done(&self.scenario)
            && self.calls.is_empty()
            && self.attempts.is_empty()
            && self.outgoing.is_empty()
            && (self.next_call > 0 || self.next_message > 0 || self.task_count > 0)
    }
}
