//! Checks of the session and the service after all faults have ended.

use signalwire_relay_core::EndReason;
use signalwire_relay_core::session::{Output, SessionEvent, Stats};
use signalwire_relay_simulator::CallState;

use super::SessionPlayer;
use crate::environment::objection;

impl SessionPlayer {
    /// The session holds the contexts that the application wants.
    pub(super) fn check_contexts(&mut self) {
        if self.session.contexts().ne(self.oracle.contexts().iter().map(String::as_str)) {
            let held: Vec<_> = self.session.contexts().map(str::to_owned).collect();
            let wanted = self.oracle.contexts().clone();
            self.oracle
                .report(|| format!("the session holds contexts {held:?}, the application wants {wanted:?}"));
        }
    }

    /// The session and the service agree on the calls and requests that there are, once recovery is over.
    pub(super) fn check_recovered(&mut self) {
        if !self.oracle.is_ready() && !self.oracle.draining {
            self.oracle.report(|| "there is no connection although all faults have ended".into());
        }
        if let Some(violation) = objection(self.network.service().violations()) {
            self.oracle.report(|| format!("the service objects: {violation}"));
        }
        if let Some(call_id) = self.oracle.abandoned_call().cloned() {
            self.oracle.report(|| format!("call {call_id} goes on although its handler failed"));
        }
        self.check_operations();
        let Stats { requests, dials, messages, .. } = self.session.stats();
        if (requests, dials, messages) != (0, 0, 0) {
            let stats = self.session.stats();
            self.oracle.report(|| format!("something is left: {stats:?}"));
        }
        let known: Vec<_> = self.session.calls().map(ToString::to_string).collect();
        let live: Vec<_> = self.live_at_service().collect();
        if let Some(call_id) = known.iter().find(|call_id| !live.contains(call_id)) {
            self.oracle.report(|| format!("call {call_id} has ended, and the session has not noticed"));
        }
        if self.is_accountable()
            && let Some(call_id) = live.iter().find(|call_id| !known.contains(call_id))
        {
            self.oracle.report(|| format!("call {call_id} is orphaned: no client knows it"));
        }
        if let Some(call_id) = known.iter().find(|id| self.oracle.has_ended(&id.as_str().into())) {
            self.oracle
                .report(|| format!("call {call_id} has ended for the application, not for the session"));
        }
    }

    /// The session gives no call up that the service knows.
    pub(super) fn check_given_up(&mut self, output: &Output) {
        if let Output::Event(SessionEvent::CallEnded { call_id, reason: EndReason::NotFound, .. }) = output
            && let Some(call) = self.network.service().call(call_id.as_str())
            && call.controller.is_some()
            && call.state != CallState::Ended
        {
            let call_id = call_id.clone();
            self.oracle.report(|| format!("call {call_id} is given up, and the service knows it"));
        }
    }

    /// Nobody waits for an operation that the service has ended.
    fn check_operations(&mut self) {
        let over = self.oracle.running().find(|(ticket, call_id)| {
            let control_id = format!("k{}", ticket.0);
            self.network.service().call(call_id.as_str()).is_some_and(|call| {
                !call.operations.iter().any(|operation| operation.control_id == control_id)
            })
        });
        if let Some((ticket, call_id)) = over.map(|(ticket, call_id)| (ticket, call_id.clone())) {
            self.oracle
                .report(|| format!("operation {ticket:?} on call {call_id} waits for ever: it is over"));
        }
    }

    /// The session has closed and holds nothing, and the service has no call of it.
    pub(super) fn check_closed(&mut self) {
        if !self.oracle.closed {
            self.oracle.report(|| "the session does not close".into());
        }
        let stats = self.session.stats();
        if stats != Stats::default() {
            self.oracle.report(|| format!("something is left: {stats:?}"));
        }
        let left: Vec<_> = self.live_at_service().filter(|_| self.is_accountable()).collect();
        if !left.is_empty() {
            self.oracle.report(|| format!("calls {left:?} go on after the client has stopped"));
        }
    }

    /// The calls at the service that the session is responsible for. The service ends the legs of connections itself,
    /// and a call that was transferred is for whoever takes it.
    fn live_at_service(&self) -> impl Iterator<Item = String> {
        let calls = self.network.service().calls().filter(|call| call.state != CallState::Ended);
        calls
            .map(|call| call.call_id)
            .filter(|call_id| !self.oracle.is_bridged(call_id) && !self.oracle.was_transferred(call_id))
    }

    /// Returns `true` if the session was informed of every call that there is.
    fn is_accountable(&self) -> bool {
        self.environment.redelivers() || !self.events_lost
    }
}
