//! Observing the outputs of a session.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::time::Duration;

use serde_json::Value;
use signalwire_relay_core::session::{
    ConnectionState, Io, LATE_EVENT_TIMEOUT, MAX_QUEUED_REQUESTS, MAX_UNANSWERED_REQUESTS, Notice,
    OperationUpdate, Output, SessionEvent,
};
use signalwire_relay_core::{CallId, Certainty, EndReason, Error, Event, Ticket};

use super::{CallRecord, Kind, Operation, SessionOracle};
use crate::MARK;

/// More than the number of offers that a history passes.
const MAX_PASSES: usize = 100;

impl SessionOracle {
    /// Observes the next output of the session.
    pub(in crate::session) fn observe(&mut self, output: &Output) {
        // A closed session refuses every request at once.
        let refusal =
            matches!(output, Output::Event(SessionEvent::Replied { .. } | SessionEvent::Dialed { .. }));
        if self.closed && !refusal && !matches!(output, Output::Io(Io::Wait(_))) {
            self.report(|| format!("the session has an output after its end: {output:?}"));
        }
        if let Output::Event(event) = output {
            self.check_event_redacted(event);
        }
        match output {
            Output::Io(Io::Open(_)) => {}
            Output::Io(Io::Send(text)) => {
                text.hash(&mut self.transcript);
                self.observe_frame(text);
            }
            Output::Io(Io::Close) => {
                if self.was_ready
                    && !self.connection_impaired
                    && !self.closed
                    && !self.draining
                    && !self.leaving
                {
                    self.report(|| "an unimpaired connection was dropped".into());
                }
                self.owed.clear();
            }
            Output::Event(event) => self.observe_event(event),
            Output::Io(Io::Wait(_)) => self.observe_idle(),
        }
    }

    fn observe_frame(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.report(|| format!("this is no JSON: {text}"));
        };
        let Some(method) = frame["method"].as_str() else {
            match self.owed.pop_front() {
                Some(id) if id == frame["id"] => {}
                owed => self.report(|| format!("the session replied to {}, {owed:?} was owed", frame["id"])),
            }
            return;
        };
        if !self.owed.is_empty() {
            self.report(|| format!("{method} is sent before the reply to the latest frame"));
        }
        let id = frame["id"].as_str().unwrap_or_default().to_owned();
        if !self.request_ids.insert(id) {
            self.report(|| format!("{method} is sent twice with the same id"));
        }
        if method == "signalwire.connect" {
            let given = frame["params"]["contexts"].as_array();
            let given: BTreeSet<_> =
                given.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            if given != self.contexts {
                let wanted = self.contexts.clone();
                self.report(|| {
                    format!("the session asserts contexts {given:?}, the application wants {wanted:?}")
                });
            }
        } else if !self.ready {
            self.report(|| format!("{method} is sent before the credentials are accepted"));
        }
        let call_id = frame["params"]["call_id"].as_str().unwrap_or_default();
        if matches!(method, "calling.pass" | "calling.end")
            && self.offered.as_ref().is_some_and(|offered| offered.as_str() == call_id)
        {
            self.offered = None;
        }
        if matches!(method, "calling.pass" | "calling.end") {
            self.held.remove(&CallId::from(call_id));
            self.passed.insert(call_id.to_owned());
        }
        let Some(ticket) = frame["params"][MARK].as_u64().map(Ticket) else {
            if method == "calling.end" && self.bridged.contains(call_id) && !self.calls.contains_key(call_id)
            {
                let call_id = call_id.to_owned();
                self.report(|| format!("the party {call_id} of a connection is hung up on"));
            }
            return;
        };
        let Some(request) = self.requests.get_mut(&ticket) else { return };
        let (before, over, abandoned) = (request.sent, request.over, request.abandoned);
        let hangs_up = request.kind == Kind::HangUp;
        let is_ping = request.kind == Kind::Ping;
        request.sent = true;
        self.pings.offline -= usize::from(is_ping && request.made_offline && !before && !over);
        self.hang_ups.remove(&ticket);
        if is_ping && !self.hang_ups.is_empty() {
            let waiting = self.hang_ups.clone();
            self.report(|| format!("hang-ups {waiting:?} wait behind {ticket:?}"));
        }
        let Some(request) = self.requests.get_mut(&ticket) else { return };
        if let Kind::Transfer(call_id) = request.kind.clone()
            && let Some(call) = self.calls.get_mut(&call_id)
        {
            call.transferred = true;
        }
        if hangs_up && !over {
            // Hanging up twice is harmless.
        } else if before {
            self.report(|| format!("{method} of {ticket:?} is sent twice"));
        } else if over {
            self.report(|| format!("{method} of {ticket:?} is sent after its outcome"));
        } else if abandoned {
            self.report(|| format!("{method} of {ticket:?} is sent although it was abandoned"));
        }
    }

    fn observe_event(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Connection(state) => self.observe_connection(state),
            SessionEvent::Replied { ticket, result } => {
                self.observe_outcome(*ticket, result.as_ref().map(drop), false);
            }
            SessionEvent::Dialed { ticket, result } => {
                self.observe_outcome(*ticket, result.as_ref().map(drop), true);
                if let Ok(info) = result {
                    self.observe_call(&info.call_id, info.state.as_str());
                }
            }
            SessionEvent::Offered(info) => {
                if self.live_calls().count() >= self.max_calls {
                    self.report(|| format!("call {} is offered above the limit", info.call_id));
                }
                if self.draining {
                    self.report(|| format!("call {} is offered to a draining session", info.call_id));
                }
                if self.offered.as_ref() == Some(&info.call_id) {
                    self.offered = None;
                }
                self.held.remove(&info.call_id);
                self.observe_call(&info.call_id, info.state.as_str());
            }
            SessionEvent::Late { operation: Some(update), .. } => self.observe_operation(*update),
            SessionEvent::Call { call_id, event, operation } => {
                self.observe_call_event(call_id, event);
                if let Some(update) = operation {
                    self.observe_operation(*update);
                }
            }
            SessionEvent::Message { update, .. } => {
                self.observe_message(update.ticket);
                self.observe_operation(*update);
            }
            SessionEvent::OperationFailed { ticket, .. } | SessionEvent::OperationOver { ticket, .. } => {
                self.given_up.push(*ticket);
                self.observe_message(*ticket);
                self.observe_operation(OperationUpdate { ticket: *ticket, answered: true, ended: true });
            }
            SessionEvent::CallEnded { call_id, reason, .. } => {
                self.awaiting_end.remove(call_id);
                self.awaiting_reconnected.remove(call_id);
                self.check_results_awaited(call_id, reason);
                let now = self.now;
                match self.calls.get_mut(call_id) {
                    Some(known) if known.ended.is_none() => {
                        known.ended = Some(reason.clone());
                        known.ended_at = now;
                    }
                    _ => self.report(|| format!("call {call_id} ends, which the application does not have")),
                }
            }
            SessionEvent::Reconnected { call_id, .. } if !self.awaiting_reconnected.remove(call_id) => {
                self.report(|| format!("call {call_id} is reconnected although the connection was not lost"));
            }
            SessionEvent::Notice(Notice::ResumeRefused(_)) if !self.login_may_be_rejected => {
                self.report(|| "the session is given up, and the service did not refuse it".to_owned());
            }
            SessionEvent::Closed(result) => {
                self.closed = true;
                let rejected = matches!(result, Err(Error::AuthenticationFailed(_)));
                let expected = self.draining || (rejected && self.login_may_be_rejected);
                if !expected {
                    self.report(|| format!("the session closes by itself: {result:?}"));
                }
            }
            _ => {}
        }
    }

    /// The result of a recording may follow the end of its call.
    fn check_results_awaited(&mut self, call_id: &CallId, reason: &EndReason) {
        if matches!(reason, EndReason::SessionLost | EndReason::ClientClosed) {
            return;
        }
        let lost = self.given_up.iter().find(|ticket| {
            self.requests
                .get(ticket)
                .is_some_and(|request| request.sent && request.kind == Kind::Record(call_id.clone()))
        });
        if let Some(ticket) = lost.copied() {
            self.report(|| format!("recording {ticket:?} is given up with call {call_id}"));
        }
    }

    fn observe_connection(&mut self, state: &ConnectionState) {
        let was_ready = std::mem::take(&mut self.ready);
        if matches!(state, ConnectionState::Backoff { .. } | ConnectionState::Closed { .. }) {
            // What was not acknowledged there means nothing any more, and calls are asked about on the next.
            self.owed.clear();
            self.held.clear();
            self.hang_ups.clear();
        }
        self.leaving &= !matches!(state, ConnectionState::Connecting { .. });
        let live: BTreeSet<_> = self.live_calls().cloned().collect();
        match state {
            // The session drains on the connection that it has: nothing has happened to its calls.
            ConnectionState::Draining { .. } if was_ready => self.ready = true,
            ConnectionState::Ready { resumed: true } | ConnectionState::Draining { resumed: true } => {
                self.ready = true;
                self.awaiting_reconnected = live;
            }
            ConnectionState::Ready { resumed: false } | ConnectionState::Draining { resumed: false } => {
                self.ready = true;
                if std::mem::replace(&mut self.had_session, true) {
                    self.awaiting_end = live;
                }
            }
            ConnectionState::Closed { .. } => self.awaiting_end = live,
            _ => {}
        }
    }

    fn observe_outcome(&mut self, ticket: Ticket, result: Result<(), &Error>, is_dial: bool) {
        let Some(request) = self.requests.get_mut(&ticket) else {
            return self.report(|| format!("{ticket:?} has an outcome, which is no request"));
        };
        self.hang_ups.remove(&ticket);
        let twice = std::mem::replace(&mut request.over, true);
        let (sent, abandoned, kind) = (request.sent, request.abandoned, request.kind.clone());
        let made_offline = request.made_offline;
        if twice {
            self.report(|| format!("{ticket:?} has two outcomes"));
        }
        if kind == Kind::Ping && !twice {
            self.pings.open -= 1;
            self.pings.offline -= usize::from(made_offline && !sent);
        }
        if is_dial != (kind == Kind::Dial) {
            self.report(|| format!("{ticket:?} has the outcome of another kind of request"));
        }
        if abandoned && is_dial {
            self.report(|| format!("dial {ticket:?} was abandoned, and has an outcome"));
        }
        let certainty = result.err().map(Error::certainty);
        match &kind {
            Kind::Subscribe(context, true) => match certainty {
                Some(Certainty::NotSent | Certainty::Refused) => self.withdraw_subscription(context),
                None if self.contexts.contains(context) => {
                    self.confirmed_contexts.insert(context.clone());
                }
                _ => {}
            },
            Kind::Subscribe(_, false) => {}
            Kind::Control if certainty.is_none() => {}
            kind => {
                let was_sent = certainty != Some(Certainty::NotSent);
                if was_sent != sent {
                    self.report(|| {
                        format!("{ticket:?} ({kind:?}) has result {result:?}, and sent is {sent}")
                    });
                }
                self.record_outcome(ticket, kind, result.is_ok());
            }
        }
    }

    fn record_outcome(&mut self, ticket: Ticket, kind: &Kind, accepted: bool) {
        let Some(request) = self.requests.get_mut(&ticket) else { return };
        match kind {
            // A refused operation counts as ended. An operation that ended before its reply stays ended.
            Kind::Start(_) | Kind::Record(_) | Kind::Connect(_) if !accepted => {
                request.operation = Operation::Ended;
            }
            Kind::Transfer(call_id) if !accepted => {
                if let Some(call) = self.calls.get_mut(call_id) {
                    call.transferred = false;
                }
            }
            Kind::Message if accepted => request.operation = Operation::Running,
            _ => {}
        }
    }

    /// Records that an abandoned message was accepted: an event proves it.
    fn observe_message(&mut self, ticket: Ticket) {
        if let Some(request) = self.requests.get_mut(&ticket)
            && request.abandoned
            && request.kind == Kind::Message
            && request.operation == Operation::None
        {
            request.operation = Operation::Running;
            self.open.insert(ticket);
        }
    }

    fn observe_operation(&mut self, OperationUpdate { ticket, ended, .. }: OperationUpdate) {
        let operation = self.requests.get_mut(&ticket).map(|request| &mut request.operation);
        match operation {
            Some(operation @ Operation::Running) => {
                if ended {
                    *operation = Operation::Ended;
                }
            }
            _ => self.report(|| format!("operation {ticket:?} has an event, and does not run")),
        }
    }

    fn observe_call_event(&mut self, call_id: &CallId, event: &Event) {
        let Some(known) = self.calls.get_mut(call_id).filter(|known| known.ended.is_none()) else {
            return self
                .report(|| format!("call {call_id} has an event, and the application does not have it"));
        };
        if let Event::State(state) = event {
            let (before, now) = (known.rank, rank(state.call_state.as_str()));
            known.rank = now;
            if now <= before {
                self.report(|| format!("call {call_id} goes from state {before} to {now}"));
            }
        }
    }

    /// Observes that the application is given a call.
    fn observe_call(&mut self, call_id: &CallId, state: &str) {
        let call =
            CallRecord { rank: rank(state), ended: None, ended_at: Duration::ZERO, transferred: false };
        if let Some(before) = self.calls.insert(call_id.clone(), call) {
            // Only a call that was passed back or lost may be given again.
            match before.ended {
                Some(
                    EndReason::Passed | EndReason::SessionLost | EndReason::Transferred | EndReason::NotFound,
                ) => {}
                before => self.report(|| format!("call {call_id} is given again, after {before:?}")),
            }
        }
    }

    /// Observes that the session has no output until its next input.
    fn observe_idle(&mut self) {
        self.was_ready = self.ready;
        if self.has_room
            && let Some(id) = self.owed.pop_front()
            && !self.closed
        {
            self.report(|| format!("frame {id} has no reply"));
        }
        let overdue =
            self.held.iter().find(|(_, until)| **until < self.now).map(|(call_id, _)| call_id.clone());
        if let Some(call_id) = overdue.filter(|_| self.has_room && self.ready && !self.leaving) {
            self.report(|| format!("an offer of call {call_id} is held for too long"));
        }
        if let Some(call_id) = self.awaiting_reconnected.pop_first() {
            self.report(|| format!("call {call_id} is not reconnected"));
        }
        if let Some(call_id) = self.awaiting_end.pop_first() {
            self.report(|| format!("call {call_id} outlives its session"));
        }
        self.given_up.clear();
        self.check_offer_handled();
        let ended = |call_id: &CallId| {
            self.calls
                .get(call_id)
                .is_none_or(|call| call.ended.is_some() && self.now > call.ended_at + LATE_EVENT_TIMEOUT)
        };
        let waits = self.still_open().find(|(_, request)| {
            request.operation == Operation::Running
                && request.over
                && request.kind.started_on().is_some_and(ended)
        });
        if let Some((ticket, _)) = waits {
            self.report(|| format!("operation {ticket:?} outlives its call"));
        }
        let open = self.still_open().map(|(_, request)| request);
        let open = open.filter(|request| !request.over && !request.abandoned && request.kind != Kind::HangUp);
        let (mut unanswered, mut offline) = (self.pings.open, self.pings.offline);
        for request in open {
            unanswered += 1;
            offline += usize::from(!request.sent && request.made_offline);
        }
        // Offers that are passed may be more.
        if offline > MAX_QUEUED_REQUESTS + MAX_PASSES {
            self.report(|| format!("{offline} requests wait for a connection"));
        }
        if unanswered > MAX_UNANSWERED_REQUESTS + MAX_PASSES {
            self.report(|| format!("{unanswered} requests wait for an answer"));
        }
        if self.closed {
            self.check_all_over();
        }
        let requests = &self.requests;
        self.open.retain(|ticket| requests.get(ticket).is_some_and(|request| !request.is_all_over()));
    }
}

/// Returns the rank of a call state, in the order in which a call passes through the states.
fn rank(state: &str) -> usize {
    let order = ["created", "ringing", "answered", "ending", "ended"];
    order.iter().position(|name| *name == state).map_or(0, |position| position + 1)
}
