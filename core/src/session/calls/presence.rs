//! Finding out, when it is in doubt, whether the service still knows a call.

use std::time::{Duration, Instant};

use super::{CallSerial, CallTimer, Entry};
use crate::calling::EndReason;
use crate::ids::CallId;
use crate::session::Session;
use crate::session::refusal::trouble_pause;

/// How long the event of a call's end may take, after the service has said that it does not know the call.
const END_EVENT_TIMEOUT: Duration = Duration::from_secs(5);

impl Session {
    pub(in crate::session) fn ask_again(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.confirm(now, &call_id);
        }
    }

    pub(in crate::session) fn confirm_gone(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.end_locally(now, &call_id, EndReason::NotFound);
        }
    }

    /// The end of any call may have been missed: the service is asked which it still knows.
    pub(in crate::session) fn doubt_calls(&mut self, now: Instant) {
        for call_id in self.calls.ids(Entry::is_visible) {
            self.end_question(&call_id);
            self.confirm(now, &call_id);
        }
    }

    /// The service does not know the call: the event of its end should be on its way.
    pub(in crate::session) fn expect_end(&mut self, now: Instant, call_id: &CallId) {
        if let Some(serial) = self.calls.get(call_id).map(|entry| entry.serial) {
            self.calls.set_timer_if_unset(serial, CallTimer::ConfirmGone, now + END_EVENT_TIMEOUT);
        }
    }

    /// The service was in trouble when it was asked whether it still knows the call.
    pub(in crate::session) fn ask_later(&mut self, now: Instant, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            let pause = trouble_pause(entry.troubled);
            entry.troubled = entry.troubled.saturating_add(1);
            let serial = entry.serial;
            self.calls.set_timer(serial, CallTimer::AskAgain, now + pause);
        }
    }

    /// The service has answered a question about a call, and was not in trouble.
    pub(in crate::session) fn end_trouble(&mut self, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.troubled = 0;
        }
    }

    /// A question about a call was answered, or never will be.
    pub(in crate::session) fn end_question(&mut self, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.in_question = false;
        }
    }
}
