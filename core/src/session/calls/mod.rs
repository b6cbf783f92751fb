//! The life of a call: offered, taken, released, ended.
//!
//! `offers`, `states` and `operations` decide the meaning of events; `presence` finds out whether the service still knows
//! a call, `declines` slows down offers that come again and again, and `clean_up` gets rid of one that nobody wants. `inquiry` asks about operations after a
//! gap, and `late` waits for those whose last event comes after their call has ended. `table` stores.

mod clean_up;
mod declines;
mod inquiry;
mod late;
mod offers;
mod operations;
mod presence;
mod states;
mod table;

use std::time::Instant;

pub(super) use self::clean_up::CleanUp;
pub use self::declines::MAX_OFFER_HOLD;
pub(super) use self::inquiry::Inquiry;
pub use self::late::LATE_EVENT_TIMEOUT;
pub(super) use self::late::LateOperations;
pub(super) use self::presence::{Doubt, Question};
pub(super) use self::table::{CallSerial, CallTimer, Calls, ConnectedLeg, Decision, Entry, Role, Running};

use super::output::SessionEvent;
use super::{Notice, Session};
use crate::calling::{CallState, Direction, EndReason};
use crate::ids::CallId;

impl Session {
    /// Nobody in the application can do anything with the call any more. An offer that was not answered is
    /// passed on. A call whose answer or hang-up had an unknown outcome is given back or hung up. Anything else goes its
    /// way.
    pub fn release(&mut self, now: Instant, call_id: &CallId) {
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        entry.released = true;
        let unsure = entry.unsure;
        let undecided = !entry.state.has_reached(&CallState::Answered) && !entry.is_settled();
        if entry.is_visible() && entry.direction == Direction::Inbound && undecided {
            // The application has seen it: it is not to be handled again.
            self.calls.remember_passed(call_id);
            self.pass_offer(now, call_id, "nobody took it");
        } else if let Some(decision) = unsure {
            self.make_sure(now, call_id, decision);
        } else if entry.is_left_alone() {
            self.notice(Notice::CallLeft(call_id.clone()));
        }
    }

    /// Takes in a decision whose outcome is unknown. Once nobody is left in the application to repeat it,
    /// the session sees to it that the call is not forgotten.
    pub(in crate::session) fn handle_unknown_decision(
        &mut self,
        now: Instant,
        call_id: &CallId,
        decision: Decision,
    ) {
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        entry.unsure = Some(decision);
        // If it was passed, the service tells nothing more of it.
        if entry.released || decision == Decision::Pass {
            self.make_sure(now, call_id, decision);
        }
    }

    fn make_sure(&mut self, now: Instant, call_id: &CallId, decision: Decision) {
        match decision {
            Decision::End => self.discard(now, call_id),
            Decision::Transfer => self.doubt_transferred(now, call_id),
            // A call that was answered after all cannot be passed, and is hung up then.
            Decision::Answer | Decision::Pass => self.finish_passing(now, call_id),
        }
    }

    /// Nobody will use a call that the application was given: it is hung up.
    pub fn discard(&mut self, now: Instant, call_id: &CallId) {
        let transferred = |entry: &&mut Entry| entry.is_visible() && entry.transfers > 0;
        if let Some(entry) = self.calls.get_mut(call_id).filter(transferred) {
            // It may be another application's: that shows when the service is asked.
            entry.hang_up_if_left = Some(EndReason::Hangup);
        } else if self.knows(call_id) {
            self.withdraw_call(now, call_id, EndReason::Cancel);
            self.end_leg(now, call_id, "nobody is left to talk to it");
        }
    }

    /// Takes a call from the application, and keeps it until the service has ended it.
    pub(in crate::session) fn withdraw_call(&mut self, now: Instant, call_id: &CallId, reason: EndReason) {
        // Before anything fails: what follows from that must not take it again.
        self.calls.set_role(call_id, Role::Unwanted { how: CleanUp::End, attempts: 0 });
        self.fail_queued_for(now, call_id);
        self.calls.cancel_timers(call_id);
        let operations = self.calls.get_mut(call_id).map(|entry| std::mem::take(&mut entry.operations));
        let more = self.end_operations(now, call_id, operations.unwrap_or_default(), &reason);
        self.emit(SessionEvent::CallEnded { call_id: call_id.clone(), reason, more });
    }

    /// Ends a call as far as this client is concerned: its operations fail, its timers stop, and it is
    /// remembered as over.
    pub(in crate::session) fn end_locally(&mut self, now: Instant, call_id: &CallId, reason: EndReason) {
        self.fail_queued_for(now, call_id);
        let Some(entry) = self.calls.end(call_id) else { return };
        let visible = entry.is_visible();
        let more = self.end_operations(now, call_id, entry.operations, &reason);
        if visible {
            self.emit(SessionEvent::CallEnded { call_id: call_id.clone(), reason, more });
        }
    }

    /// A deadline of a call has come.
    pub(super) fn handle_call_timeout(&mut self, now: Instant, serial: CallSerial, timer: CallTimer) {
        match timer {
            CallTimer::PassOffer => self.pass_untaken(now, serial),
            CallTimer::PassHeld => self.pass_held(now, serial),
            CallTimer::ConfirmGone => self.confirm_gone(now, serial),
            CallTimer::AskAgain => self.ask_again(now, serial),
            CallTimer::RetryCleanUp => self.retry_clean_up(now, serial),
            CallTimer::DiscardAfterHangUp => self.discard_after_hang_up(now, serial),
            CallTimer::InquireAgain(ticket) => self.inquire_again(now, serial, ticket),
            CallTimer::ConfirmOver(ticket) => self.confirm_over(serial, ticket),
        }
    }

    /// Returns `true` if the application may still reach the call, so that events of it are worth reporting.
    pub(super) fn knows(&self, call_id: &CallId) -> bool {
        self.calls.get(call_id).is_some_and(Entry::is_visible)
    }
}
