//! What is said of a handler that ended with an error.
//!
//! A caller who hangs up ends the handler in the middle, by an error of whatever is awaited on the call. That is a normal
//! end. The error does not say so reliably: boxed and wrapped errors hide the one inside, and a database that fails at the
//! same time is no news either once nobody is on the line. The state of the call decides.

use super::{ClientOutput, ClientState};
use crate::calling::EndReason;
use crate::ids::CallId;
use crate::session::Notice;

impl ClientState {
    /// Says of a handler that it failed, unless its call had ended. `is_current` is whether the call is still there.
    pub(super) fn note_failure(&mut self, notice: Notice, is_current: bool) {
        match notice {
            Notice::HandlerFailed { call_id, error } if !is_current => {
                self.note_late_failure(call_id, error);
            }
            // The service has said that it does not know the call, or something on it: mostly the end is on its way.
            Notice::HandlerFailed { call_id, error } if self.session.doubts(&call_id) => {
                self.failed_in_doubt.insert(call_id, error);
            }
            notice => self.output.push_back(ClientOutput::Log(notice)),
        }
    }

    /// A call has ended. If its handler failed while that was in doubt, it is known now why.
    pub(super) fn resolve_failure(&mut self, call_id: &CallId, reason: &EndReason) {
        let Some(error) = self.failed_in_doubt.remove(call_id) else { return };
        // It was there until it was hung up for the handler.
        if matches!(reason, EndReason::Error | EndReason::Cancel) {
            let notice = Notice::HandlerFailed { call_id: call_id.clone(), error };
            self.output.push_back(ClientOutput::Log(notice));
        } else {
            self.note_late_failure(call_id.clone(), error);
        }
    }

    fn note_late_failure(&mut self, call_id: CallId, error: String) {
        self.output.push_back(ClientOutput::Log(Notice::HandlerOutlived { call_id, error }));
    }
}
