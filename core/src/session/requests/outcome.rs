//! The consequences of the outcome of a request of the application, and its report.

use std::time::Instant;

use super::Resolved;
use crate::calling::{AfterGap, SILENCE_TIMEOUT};
use crate::error::{Certainty, Error};
use crate::ids::Ticket;
use crate::session::calls::Decision;
use crate::session::output::SessionEvent;
use crate::session::{Reply, Session};

impl Session {
    /// Draws the consequences of an outcome and reports it.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        ticket: Ticket,
        resolved: Resolved,
        result: Result<Reply, Error>,
    ) {
        match result {
            Ok(reply) => self.settle_accepted(now, ticket, resolved, reply),
            Err(error) => self.settle_failed(now, ticket, resolved, error),
        }
    }

    fn settle_accepted(&mut self, now: Instant, ticket: Ticket, resolved: Resolved, reply: Reply) {
        if let Some(call_id) = resolved.call_id() {
            self.note_sign_of_life(now, call_id);
        }
        // A call on which something was carried out was answered.
        if let Some(entry) = resolved.call_id().and_then(|call_id| self.calls.get_mut(call_id)) {
            let decides = matches!(resolved, Resolved::Call { decision: Some(_), .. });
            if decides || entry.unsure == Some(Decision::Answer) {
                entry.unsure = None;
            }
        }
        match resolved {
            Resolved::Dial { tag } => {
                // Its outcome is reported when it is decided.
                if let Some(dial) = self.dials.get_mut(&tag) {
                    dial.accepted = true;
                }
                return;
            }
            Resolved::Message(_) => {
                self.emit(SessionEvent::Replied { ticket, result: Ok(reply.clone()) });
                return self.follow_message(now, ticket, &reply);
            }
            Resolved::Reauthenticate(credentials) => self.authentication.accept_proposed(&credentials),
            Resolved::Start { call, rule, .. } => {
                self.expect_earlier_ends(now, &call.call_id, ticket, rule);
            }
            Resolved::Receive(contexts) => self.contexts.accept(&contexts),
            Resolved::Unreceive(contexts) => self.contexts.confirm_left(&contexts),
            Resolved::Service | Resolved::Call { .. } | Resolved::Control { .. } => {}
        }
        self.emit(SessionEvent::Replied { ticket, result: Ok(reply) });
    }

    fn settle_failed(&mut self, now: Instant, ticket: Ticket, resolved: Resolved, error: Error) {
        let certainty = error.certainty();
        let unknown = certainty == Certainty::Unknown;
        let hangs_up = matches!(resolved, Resolved::Call { decision: Some(Decision::End), .. });
        // Somebody who was to be hung up on is, though there was no time to wait for it.
        let is_over_time = hangs_up && matches!(error, Error::TimedOut(_) | Error::QueueFull(_));
        if !unknown && !is_over_time {
            self.take_back(now, ticket, &resolved, error.is_gone());
        }
        match resolved {
            Resolved::Dial { tag } => {
                if unknown {
                    self.expect_late_legs(now);
                }
                return self.fail_dial(now, &tag, error);
            }
            Resolved::Reauthenticate(credentials) if certainty == Certainty::Refused => {
                self.authentication.refuse_proposed(&credentials);
            }
            Resolved::Receive(contexts) if unknown => self.contexts.end_request(&contexts),
            Resolved::Call { call, decision: Some(decision) }
                if (unknown || is_over_time) && !error.is_gone() =>
            {
                self.emit(SessionEvent::Replied { ticket, result: Err(error) });
                return self.handle_unknown_decision(now, &call.call_id, decision);
            }
            // Nobody knows what holds now: there is nothing that could be said again.
            Resolved::Control { call, control_id, restates: Some(_), .. } if unknown => {
                self.set_after_gap(&call.call_id, &control_id, AfterGap::Within(SILENCE_TIMEOUT));
            }
            resolved => {
                self.drop_operation(ticket, &resolved);
            }
        }
        self.emit(SessionEvent::Replied { ticket, result: Err(error) });
    }

    /// Takes back what was noted when a request was made that the service did not carry out.
    pub(super) fn take_back(&mut self, now: Instant, ticket: Ticket, resolved: &Resolved, gone: bool) {
        match resolved {
            Resolved::Receive(contexts) => self.contexts.reject(contexts),
            Resolved::Call { call, decision } => {
                if let Some(decision) = *decision
                    && let Some(entry) = self.calls.get_mut(&call.call_id)
                {
                    let times = entry.times(decision);
                    *times = times.saturating_sub(1);
                }
                if *decision == Some(Decision::Transfer) {
                    self.keep_transferred(now, &call.call_id);
                }
                // Nothing was decided after all, and nobody is left to decide.
                if !gone && self.calls.get(&call.call_id).is_some_and(|entry| entry.released) {
                    self.release(now, &call.call_id);
                }
            }
            resolved => {
                self.drop_operation(ticket, resolved);
            }
        }
    }

    /// Forgets an operation. Returns `false` if it was over already.
    pub(super) fn drop_operation(&mut self, ticket: Ticket, resolved: &Resolved) -> bool {
        let Resolved::Start { call, .. } = resolved else { return false };
        if let Some(entry) = self.calls.get_mut(&call.call_id) {
            let (serial, before) = (entry.serial, entry.operations.len());
            entry.operations.retain(|running| running.ticket != ticket);
            let dropped = entry.operations.len() < before;
            self.calls.cancel_operation_timers(serial, ticket);
            if dropped {
                return true;
            }
        }
        self.drop_late_operation(&call.call_id, ticket)
    }
}
