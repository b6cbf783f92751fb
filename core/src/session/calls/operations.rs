//! Operations on calls: which event belongs to which, and which ends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::{CallSerial, CallTimer, Running};
use crate::calling::{CompletionRule, Correlation, EndHint};
use crate::error::{Certainty, ConnectionLost, Error};
use crate::events::Event;
use crate::ids::{CallId, ControlId, Ticket};
use crate::session::Session;
use crate::session::output::{OperationUpdate, SessionEvent};
use crate::session::refusal::trouble_pause;

/// How long the last event of an operation may take after something showed that it is over.
const LAST_EVENT_TIMEOUT: Duration = Duration::from_secs(5);

impl Session {
    /// Reports an event on a call, and whether it ends an operation.
    pub(in crate::session) fn report_call_event(
        &mut self,
        now: Instant,
        call_id: CallId,
        id: Option<&RawValue>,
        event: Arc<Event>,
    ) {
        self.note_sign_of_life(now, &call_id);
        let operation = self.advance_operation(now, &call_id, id, &event);
        self.emit(SessionEvent::Call { call_id, event, operation });
    }

    /// Takes in an event for the operation that it is about, if there is one.
    fn advance_operation(
        &mut self,
        now: Instant,
        call_id: &CallId,
        id: Option<&RawValue>,
        event: &Arc<Event>,
    ) -> Option<OperationUpdate> {
        let entry = self.calls.get_mut(call_id)?;
        let index = entry.operation_of(id, event)?;
        let serial = entry.serial;
        let running = &mut entry.operations[index];
        let (ticket, rule) = (running.ticket, running.rule);
        let ended = (rule.ends)(event);
        let update = OperationUpdate { ticket, answered: ended || (rule.answers)(event), ended };
        if ended {
            entry.operations.remove(index);
            self.calls.cancel_operation_timers(serial, ticket);
            return Some(update);
        }
        let was_limited = running.silence.is_some();
        running.note_peer(event);
        let timer = CallTimer::ConfirmOver(ticket);
        // It goes on, or it did when the event was sent.
        let goes_on = std::mem::take(&mut running.denied);
        match ((rule.end_hint)(event), running.silence) {
            (EndHint::Now, _) => {
                running.may_be_last = Some(event.clone());
                self.calls.set_timer(serial, timer, now + LAST_EVENT_TIMEOUT);
            }
            (EndHint::NotYet, _) => {
                running.may_be_last = None;
                self.calls.cancel_timer(serial, timer);
            }
            (EndHint::None, Some(silence)) => self.calls.set_timer(serial, timer, now + silence),
            (EndHint::None, None) if goes_on => {
                self.calls.cancel_timer(serial, timer);
                self.calls.set_timer(serial, CallTimer::InquireAgain(ticket), now + trouble_pause(0));
            }
            // Parties that are joined have no limit.
            (EndHint::None, None) if was_limited => self.calls.cancel_timer(serial, timer),
            (EndHint::None, None) => {}
        }
        Some(update)
    }

    pub(in crate::session) fn fail_operations(&mut self, call_id: &CallId, operations: Vec<Running>) {
        for Running { ticket, may_be_last, .. } in operations {
            let failed = || {
                let error = Error::gone(call_id.clone(), Certainty::Unknown);
                SessionEvent::OperationFailed { ticket, error }
            };
            self.emit(may_be_last.map_or_else(failed, |event| SessionEvent::OperationOver { ticket, event }));
        }
    }

    /// The service has accepted that an operation is stopped. Of the end of some operations it may say no more.
    pub(in crate::session) fn note_stopped(
        &mut self,
        now: Instant,
        call_id: &CallId,
        control_id: &ControlId,
    ) {
        let running = self.calls.get_mut(call_id).and_then(|entry| entry.running_mut(control_id));
        if let Some(running) = running.filter(|running| running.rule.silent_stop.is_some()) {
            running.stopped = true;
            self.expect_operation_end(now, call_id, control_id);
        }
    }

    /// The service does not know an operation: its last event should be on its way.
    pub(in crate::session) fn expect_operation_end(
        &mut self,
        now: Instant,
        call_id: &CallId,
        control_id: &ControlId,
    ) {
        let running = self.calls.get(call_id).and_then(|entry| {
            let running = entry.operations.iter().find(|running| running.control_id == *control_id)?;
            Some((entry.serial, CallTimer::ConfirmOver(running.ticket)))
        });
        if let Some((serial, timer)) = running {
            self.calls.set_timer_if_unset(serial, timer, now + LAST_EVENT_TIMEOUT);
        }
    }

    /// The service has accepted an operation whose events do not name it. It runs one of a kind on a call at a time, so the
    /// last event of an earlier one should be on its way.
    pub(in crate::session) fn expect_earlier_ends(
        &mut self,
        now: Instant,
        call_id: &CallId,
        ticket: Ticket,
        rule: &CompletionRule,
    ) {
        let Some(entry) = self.calls.get(call_id).filter(|_| rule.correlation == Correlation::None) else {
            return;
        };
        let earlier = entry.operations.iter().take_while(|running| running.ticket != ticket);
        let of_its_kind = earlier.filter(|running| {
            running.rule.correlation == Correlation::None && running.rule.event == rule.event
        });
        for control_id in of_its_kind.map(|running| running.control_id.clone()).collect::<Vec<_>>() {
            self.expect_operation_end(now, call_id, &control_id);
        }
    }

    pub(in crate::session) fn confirm_over(&mut self, serial: CallSerial, ticket: Ticket) {
        let Some(call_id) = self.calls.id_of(serial).cloned() else { return };
        let Some(entry) = self.calls.get_mut(&call_id) else { return };
        if let Some(index) = entry.operations.iter().position(|running| running.ticket == ticket) {
            let running = entry.operations.remove(index);
            self.calls.cancel_operation_timers(serial, ticket);
            if let Some(event) = running.may_be_last {
                return self.emit(SessionEvent::OperationOver { ticket, event });
            }
            let silent_stop = running.rule.silent_stop.filter(|_| running.stopped);
            if let Some(last) = silent_stop.or(running.rule.missed_end.filter(|_| running.denied)) {
                let mut event: Value = serde_json::from_str(last).unwrap_or_else(|_| json!({}));
                event["call_id"] = json!(call_id);
                event["control_id"] = json!(running.control_id);
                if let Ok(event) = to_raw_value(&event) {
                    let event = Arc::new(Event::parse(running.rule.event, None, &event));
                    let operation = Some(OperationUpdate { ticket, answered: true, ended: true });
                    self.emit(SessionEvent::Call { call_id, event, operation });
                }
                return;
            }
            let what = format!("{} on call {call_id}, whose last event was missed", running.method);
            let lost = ConnectionLost { what, certainty: Certainty::Unknown };
            self.emit(SessionEvent::OperationFailed { ticket, error: Error::ConnectionLost(Box::new(lost)) });
        }
    }
}
