//! The meaning of the answer to a request.

use std::sync::Arc;
use std::time::Instant;

use serde_json::value::RawValue;

use super::{Purpose, Request, Resolved};
use crate::calling::EndReason;
use crate::error::{Certainty, Error};
use crate::ids::CallId;
use crate::service_error::ServiceError;
use crate::session::calls::{CleanUp, Decision, Entry};
use crate::session::frame::{self, Status};
use crate::session::{Reply, Session};

impl Session {
    pub(in crate::session) fn handle_response(
        &mut self,
        now: Instant,
        id: &RawValue,
        outcome: Result<&RawValue, &RawValue>,
    ) {
        // Even an answer that comes too late shows that the service hears us.
        self.liveness.note_answer();
        let Some(key) = frame::request_id(id).and_then(|id| self.requests.key_of_id(id)) else { return };
        let refusal = match outcome {
            Ok(result) => Status::refusal_in(result),
            Err(error) => Some(Status::of_error(error)),
        };
        if refusal.as_ref().is_some_and(|status| self.excuse_hang_up(now, key, status)) {
            return;
        }
        let Some(Request { purpose, method, .. }) = self.requests.remove(key) else { return };
        match (purpose, refusal) {
            (Purpose::Authenticate { resuming }, Some(status)) => {
                self.handle_connect_refused(now, &status, resuming);
            }
            (Purpose::Authenticate { resuming }, None) => {
                if let Ok(result) = outcome {
                    self.handle_connect_result(now, result, resuming);
                }
            }
            (Purpose::Leave(contexts), None) => self.contexts.confirm_left(&contexts),
            (Purpose::Probe | Purpose::Leave(_), _) | (Purpose::HangUp(_), None) => {}
            (Purpose::Confirm(call, question), refusal) => {
                self.handle_confirmed(now, &call.call_id, question, refusal.as_ref());
            }
            (Purpose::Inquire(inquiry), refusal) => self.handle_inquired(now, inquiry, refusal.as_ref()),
            (Purpose::CleanUp(call, how), refusal) => {
                self.handle_cleaned_up(now, &call.call_id, how, refusal.as_ref());
            }
            // That the service does not know the call says little: mostly its end is on the way, but the answer may be
            // about something else.
            (Purpose::HangUp(call), Some(status)) if status.is_gone() => self.confirm(now, &call.call_id),
            (Purpose::HangUp(call), Some(_)) => self.discard(now, &call.call_id),
            (Purpose::Application(ticket, resolved), None) => {
                let raw = outcome.map_or("{}", RawValue::get).into();
                let reply = Reply {
                    raw,
                    control_id: resolved.started().cloned(),
                    context: resolved.named_context().cloned(),
                };
                if let Resolved::Control { call, control_id, stops, restates, .. } = &resolved {
                    if *stops {
                        self.note_stopped(now, &call.call_id, control_id);
                    }
                    if let Some(restates) = restates {
                        self.set_after_gap(&call.call_id, control_id, restates.clone());
                    }
                }
                let decided = match &resolved {
                    Resolved::Call { call, decision: Some(decision) } => {
                        Some((call.call_id.clone(), *decision))
                    }
                    _ => None,
                };
                self.settle(now, ticket, resolved, Ok(reply));
                match decided {
                    Some((call_id, Decision::Pass)) => {
                        self.calls.remember_passed(&call_id);
                        if self.calls.get(&call_id).is_some_and(|entry| entry.offered_again) {
                            // It is here again already, and as unwelcome as before.
                            self.withdraw_call(now, &call_id, EndReason::Passed);
                            self.give_back(now, &call_id);
                        } else {
                            self.end_locally(now, &call_id, EndReason::Passed);
                        }
                    }
                    Some((call_id, Decision::Transfer)) => self.doubt_transferred(now, &call_id),
                    _ => {}
                }
            }
            (Purpose::Application(ticket, resolved), Some(status)) => {
                let result = match &resolved {
                    // An operation that is over needs no control.
                    Resolved::Control { call, control_id, .. } if status.is_gone() => {
                        self.expect_operation_end(now, &call.call_id, control_id);
                        Ok(Reply { control_id: Some(control_id.clone()), ..Reply::empty() })
                    }
                    Resolved::Call { call, .. } | Resolved::Start { call, .. } if status.is_gone() => {
                        // The error may be about something on the call: before the call is given up, the service is asked.
                        self.confirm(now, &call.call_id);
                        Err(Error::gone(call.call_id.clone(), Certainty::Refused))
                    }
                    resolved => Err(Error::ServiceError(Box::new(ServiceError {
                        method: method.to_string(),
                        call_id: resolved.call_id().cloned(),
                        code: status.code,
                        message: self.redact(&status.message),
                        details: status.details.map(|details| Arc::new(self.redact_details(details))),
                    }))),
                };
                self.settle(now, ticket, resolved, result);
            }
        }
    }

    /// The service has answered a request to clean up a call.
    fn handle_cleaned_up(&mut self, now: Instant, call_id: &CallId, how: CleanUp, refusal: Option<&Status>) {
        // An answer about an earlier offer says nothing of one that came again and is held.
        let held = |entry: &&Entry| self.calls.is_held(entry.serial);
        let Some(entry) = self.calls.get(call_id).filter(|entry| !held(entry)) else { return };
        let given_back = !entry.is_visible() && how == CleanUp::Pass;
        match refusal {
            Some(status) if status.is_gone() => self.end_locally(now, call_id, EndReason::NotFound),
            Some(status) if status.is_transient() => self.excuse_clean_up(now, call_id),
            // A call that was answered here cannot be given back any more, and is hung up.
            Some(_) if given_back && entry.may_be_answered() => {
                self.end_leg(now, call_id, "it was answered before it was given back");
            }
            // Forgotten, not over: if it is offered again when there is room, it is welcome.
            None if given_back => drop(self.calls.forget(call_id)),
            _ => {}
        }
    }
}
