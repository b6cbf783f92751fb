//! Finding out, when it is in doubt, whether the service still knows a call.
//!
//! The protocol has no method for that. Two requests without effect come nearest. The service may answer each with "not
//! found" because of something on the call, so a call counts as unknown only if both are answered so, nothing is heard of
//! the call meanwhile, and no end of it is told within [`END_EVENT_TIMEOUT`]. Even then a caller may be on the line: the
//! service is asked to end the call.

use std::time::{Duration, Instant};

use super::{CallSerial, CallTimer, Entry, Role};
use crate::calling::EndReason;
use crate::events::Event;
use crate::ids::{CallId, ControlId};
use crate::session::Session;
use crate::session::frame::Status;
use crate::session::refusal::trouble_pause;
use crate::session::requests::Purpose;

/// How long the event of a call's end may take, after the service has said that it does not know the call.
const END_EVENT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that a transfer has to take effect before the service is asked whether it still takes commands on the call.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(5);
/// The beginning of the control id of [`Question::SendPause`]. Events that name one are nobody's.
const QUESTION_ID: &str = "relay-question-";

/// A request without effect, to see whether the service knows a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Question {
    /// Clears digit bindings of a realm that nobody has used.
    ClearBindings,
    /// Sends a pause of half a second, and no digits.
    SendPause,
}

impl Question {
    /// The method and its parameters. `id` is one of its own.
    pub(super) fn request(self, id: &ControlId) -> (&'static str, String) {
        match self {
            Self::ClearBindings => ("calling.clear_digit_bindings", r#"{"realm":"-"}"#.to_owned()),
            Self::SendPause => {
                ("calling.send_digits", format!(r#"{{"control_id":"{QUESTION_ID}{id}","digits":"w"}}"#))
            }
        }
    }

    /// Returns `true` if an event is about a question.
    pub(in crate::session) fn caused(event: &Event) -> bool {
        matches!(event, Event::SendDigits(sent) if sent.control_id.as_str().starts_with(QUESTION_ID))
    }
}

/// The doubt whether the service knows a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::session) enum Doubt {
    /// There is none.
    #[default]
    None,
    /// The service is being asked.
    Asked {
        /// Set once something was heard of the call meanwhile.
        heard: bool,
    },
    /// The service does not know the call, and the event of its end is expected.
    Unknown,
}

impl Session {
    /// Returns `true` while it is in doubt whether the service knows a call.
    pub fn doubts(&self, call_id: &CallId) -> bool {
        self.calls.get(call_id).is_some_and(|entry| entry.doubt != Doubt::None)
    }

    /// Asks the service whether it knows a call. Without a connection nothing is asked: the next one asks of all calls.
    pub(in crate::session) fn confirm(&mut self, now: Instant, call_id: &CallId) {
        let ready = self.connection.is_ready();
        let Some(entry) = self.calls.get_mut(call_id).filter(|_| ready) else { return };
        if entry.doubt == Doubt::None {
            entry.doubt = Doubt::Asked { heard: false };
            self.ask_whether_known(now, call_id, Question::ClearBindings);
        }
    }

    fn ask_whether_known(&mut self, now: Instant, call_id: &CallId, question: Question) {
        let (method, params) = question.request(&self.new_id());
        self.ask(now, method, params, call_id, |call| Purpose::Confirm(call, question));
    }

    /// The service has answered a question about a call.
    pub(in crate::session) fn handle_confirmed(
        &mut self,
        now: Instant,
        call_id: &CallId,
        question: Question,
        refusal: Option<&Status>,
    ) {
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        let Doubt::Asked { heard } = entry.doubt else { return };
        match refusal {
            Some(status) if status.is_gone() && heard => self.ask_later(now, call_id),
            Some(status) if status.is_gone() => match question {
                Question::ClearBindings => self.ask_whether_known(now, call_id, Question::SendPause),
                Question::SendPause => {
                    entry.doubt = Doubt::Unknown;
                    let serial = entry.serial;
                    self.calls.set_timer(serial, CallTimer::ConfirmGone, now + END_EVENT_TIMEOUT);
                }
            },
            Some(status) if status.is_transient() => self.ask_later(now, call_id),
            _ => {
                entry.doubt = Doubt::None;
                entry.troubled = 0;
                self.keep_transferred(now, call_id);
            }
        }
    }

    /// A transfer leaves the call with this client. If nobody is left to talk to it, it is hung up.
    pub(in crate::session) fn keep_transferred(&mut self, now: Instant, call_id: &CallId) {
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        if let Some(reason) = entry.hang_up_if_left.take() {
            entry.transfers = 0;
            self.hang_up_after_failure(now, call_id, &reason);
        }
    }

    /// A question about a call was not answered: it is asked again, on this connection or another. The end of the call may
    /// never be told otherwise.
    pub(in crate::session) fn confirm_again(&mut self, now: Instant, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.doubt = Doubt::None;
            self.confirm(now, call_id);
        }
    }

    /// Something was heard of a call that only a live call brings about. It may be old news: where the service has said
    /// that it does not know the call, it is asked again later.
    pub(in crate::session) fn note_sign_of_life(&mut self, now: Instant, call_id: &CallId) {
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        match &mut entry.doubt {
            Doubt::None => {}
            Doubt::Asked { heard } => *heard = true,
            Doubt::Unknown => {
                let serial = entry.serial;
                self.calls.cancel_timer(serial, CallTimer::ConfirmGone);
                self.ask_later(now, call_id);
            }
        }
    }

    /// The service could not say whether it knows a call: it is asked again after a pause.
    fn ask_later(&mut self, now: Instant, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.doubt = Doubt::None;
            let pause = trouble_pause(entry.troubled);
            entry.troubled = entry.troubled.saturating_add(1);
            let serial = entry.serial;
            self.calls.set_timer(serial, CallTimer::AskAgain, now + pause);
        }
    }

    pub(in crate::session) fn ask_again(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.confirm(now, &call_id);
        }
    }

    /// The service has accepted a transfer. By one description of the protocol it takes no commands of this client any
    /// more, and the end of the call may never be told.
    pub(in crate::session) fn doubt_transferred(&mut self, now: Instant, call_id: &CallId) {
        // Unless the call was offered anew meanwhile.
        if let Some(entry) = self.calls.get(call_id).filter(|entry| entry.transfers > 0) {
            let serial = entry.serial;
            self.calls.set_timer(serial, CallTimer::AskAgain, now + TRANSFER_TIMEOUT);
        }
    }

    /// Gives up a call that the service does not know. Whoever may be on the line all the same is hung up on, unless the
    /// call was handed over.
    pub(in crate::session) fn confirm_gone(&mut self, now: Instant, serial: CallSerial) {
        let Some(call_id) = self.calls.id_of(serial).cloned() else { return };
        if self.calls.get(&call_id).is_some_and(|entry| entry.transfers > 0) {
            return self.end_locally(now, &call_id, EndReason::Transferred);
        }
        match self.calls.get(&call_id).map(|entry| entry.role.clone()) {
            Some(Role::Leg(tag)) => self.lose_leg(now, &tag, &call_id),
            Some(Role::Offered | Role::Active) => self.withdraw_call(now, &call_id, EndReason::NotFound),
            _ => {}
        }
        let ends = |entry: &Entry| !matches!(entry.role, Role::Unwanted { attempts: 1.., .. });
        if self.calls.get(&call_id).is_some_and(ends) {
            self.end_leg(now, &call_id, "the service does not know it");
        }
    }

    /// The end of any call may have been missed: the service is asked which it still knows.
    pub(in crate::session) fn doubt_calls(&mut self, now: Instant) {
        for call_id in self.calls.ids(|entry| entry.is_visible() || matches!(entry.role, Role::Leg(_))) {
            if let Some(serial) = self.calls.get(&call_id).map(|entry| entry.serial) {
                self.calls.cancel_timer(serial, CallTimer::ConfirmGone);
            }
            self.confirm_again(now, &call_id);
        }
    }
}
