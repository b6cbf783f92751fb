//! Checks of the oracle that need no output of the session.

use std::fmt::Debug;
use std::hash::Hash;

use signalwire_relay_core::session::SessionEvent;

use super::{Operation, SessionOracle};

impl SessionOracle {
    /// Checks that every request and operation is over.
    pub(in crate::session) fn check_all_over(&mut self) {
        let waits = self.still_open().find(|(_, request)| {
            let has_outcome = request.over || request.abandoned;
            let on_a_call = request.kind.started_on().is_some() && !self.closed;
            !has_outcome || (request.operation == Operation::Running && !on_a_call && request.over)
        });
        if let Some((ticket, request)) = waits {
            let text = format!("{ticket:?} waits for ever: {request:?}");
            self.report(|| text);
        }
        let pings = self.pings.open;
        if pings > 0 {
            self.report(|| format!("{pings} pings wait for ever"));
        }
        let live = self.live_calls().next().cloned();
        if let (true, Some(call_id)) = (self.closed, live) {
            self.report(|| format!("call {call_id} outlives its client"));
        }
    }

    /// Checks that an event contains no secret, and adds it to the transcript.
    pub(super) fn check_event_redacted(&mut self, event: &SessionEvent) {
        let printed = format!("{event:?}");
        printed.hash(&mut self.transcript);
        self.check_redacted(&event, &printed);
    }

    /// Checks that a printed text contains no secret.
    pub(in crate::session) fn check_redacted(&mut self, what: &dyn Debug, printed: &str) {
        if self.secrets.iter().any(|secret| printed.contains(secret)) {
            let what = format!("{what:?}").replace(&self.secrets[0], "[the token]");
            self.report(|| format!("a secret is printed: {what}"));
        }
    }
}
