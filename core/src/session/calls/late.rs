//! Operations whose last event may come after the end of their call: recordings, transcriptions, faxes, payments and AI
//! agents, whose results the service makes when the call is over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Running;
use crate::calling::{EndHint, EndReason};
use crate::events::Event;
use crate::ids::{CallId, Ticket};
use crate::session::Session;
use crate::session::output::{OperationUpdate, SessionEvent};
use crate::timers::Timers;

/// The time for which the last events of operations are waited for after the end of their call.
pub const LATE_EVENT_TIMEOUT: Duration = Duration::from_secs(15);

/// The operations of calls that have ended.
#[derive(Debug, Default)]
pub(in crate::session) struct LateOperations {
    calls: HashMap<CallId, Vec<Running>>,
    timers: Timers<CallId>,
}

impl LateOperations {
    pub(in crate::session) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The number of operations.
    pub(in crate::session) fn len(&self) -> usize {
        self.calls.values().map(Vec::len).sum()
    }

    /// Returns `true` if an operation of the call is waited for.
    pub(in crate::session) fn contains(&self, call_id: &CallId) -> bool {
        !self.calls.is_empty() && self.calls.contains_key(call_id)
    }

    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(in crate::session) fn pop_due(&mut self, now: Instant) -> Option<CallId> {
        self.timers.pop_due(now)
    }

    pub(in crate::session) fn running(&self) -> impl Iterator<Item = (&CallId, &Running)> {
        self.calls
            .iter()
            .flat_map(|(call_id, operations)| operations.iter().map(move |running| (call_id, running)))
    }

    fn keep(&mut self, call_id: CallId, operations: Vec<Running>, until: Instant) {
        self.timers.set(call_id.clone(), until);
        self.calls.entry(call_id).or_default().extend(operations);
    }

    /// Takes in an event. Returns its effect on the operation that it is about, if there is one.
    fn advance(&mut self, call_id: &CallId, event: &Arc<Event>) -> Option<OperationUpdate> {
        let operations = self.calls.get_mut(call_id)?;
        let index = operations.iter().position(|running| running.is_meant_by(event))?;
        let Running { rule, ticket, .. } = operations[index];
        let ended = (rule.ends)(event);
        if ended {
            operations.remove(index);
        } else if (rule.end_hint)(event) == EndHint::Now {
            operations[index].may_be_last = Some(event.clone());
        }
        Some(OperationUpdate { ticket, answered: ended || (rule.answers)(event), ended })
    }

    fn remove(&mut self, call_id: &CallId) -> Vec<Running> {
        self.timers.cancel(call_id);
        self.calls.remove(call_id).unwrap_or_default()
    }
}

impl Session {
    /// Ends the operations of a call that ends, but for those whose last event may still come. Returns `true` if there
    /// are any.
    pub(super) fn end_operations(
        &mut self,
        now: Instant,
        call_id: &CallId,
        operations: Vec<Running>,
        reason: &EndReason,
    ) -> bool {
        // Nothing more will be heard.
        let deaf = matches!(reason, EndReason::SessionLost | EndReason::ClientClosed);
        let (late, over): (Vec<_>, Vec<_>) = operations
            .into_iter()
            .partition(|running| running.rule.is_late && running.may_be_last.is_none() && !deaf);
        self.fail_operations(call_id, over);
        let are_late = !late.is_empty();
        if are_late {
            self.late.keep(call_id.clone(), late, now + LATE_EVENT_TIMEOUT);
        }
        are_late
    }

    /// Reports an event of a call that has ended. Returns `false` if it is not about an operation that is waited for.
    pub(in crate::session) fn report_late_event(&mut self, call_id: &CallId, event: &Arc<Event>) -> bool {
        let Some(update) = self.late.advance(call_id, event) else { return false };
        self.emit_late(call_id, event, Some(update));
        self.end_events_if_over(call_id);
        true
    }

    pub(in crate::session) fn emit_late(
        &mut self,
        call_id: &CallId,
        event: &Arc<Event>,
        operation: Option<OperationUpdate>,
    ) {
        self.emit(SessionEvent::Late { call_id: call_id.clone(), event: event.clone(), operation });
    }

    /// Forgets an operation of a call that has ended, because its request failed. Returns `false` if there is none.
    pub(in crate::session) fn drop_late_operation(&mut self, call_id: &CallId, ticket: Ticket) -> bool {
        let Some(operations) = self.late.calls.get_mut(call_id) else { return false };
        let before = operations.len();
        operations.retain(|running| running.ticket != ticket);
        let dropped = operations.len() < before;
        self.end_events_if_over(call_id);
        dropped
    }

    fn end_events_if_over(&mut self, call_id: &CallId) {
        if self.late.calls.get(call_id).is_some_and(Vec::is_empty) {
            self.give_up_late(call_id);
        }
    }

    /// Stops waiting for the last events of a call that has ended.
    pub(in crate::session) fn give_up_late(&mut self, call_id: &CallId) {
        let operations = self.late.remove(call_id);
        self.fail_operations(call_id, operations);
        self.emit(SessionEvent::EventsEnded { call_id: call_id.clone() });
    }

    /// Stops waiting for the last events of all calls that have ended: nothing more will be heard.
    pub(in crate::session) fn give_up_all_late(&mut self) {
        let mut calls: Vec<_> = self.late.calls.keys().cloned().collect();
        calls.sort();
        for call_id in calls {
            self.give_up_late(&call_id);
        }
    }
}
