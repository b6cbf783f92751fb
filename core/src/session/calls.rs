//! What an event means for a call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::frame::EventParams;
use super::output::{CallInfo, Notice, OperationUpdate, SessionEvent};
use super::refusal::trouble_pause;
use super::table::{CallSerial, CleanUp, Decision, Entry, Role, Running};
use super::timers::Timer;
use super::{Session, dials};
use crate::calling::{
    CallReceiveEvent, CallState, CallStateEvent, CompletionRule, Correlation, Direction, EndHint, EndReason,
};
use crate::config::Overflow;
use crate::error::{Certainty, ConnectionLost, Error};
use crate::events::Event;
use crate::ids::{CallId, ControlId, Ticket};

/// How long an offer may wait to be taken before it is passed on.
const OFFER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the news of a call's end may take, after the service has said that it does not know the call.
const END_EVENT_TIMEOUT: Duration = Duration::from_secs(5);

impl Session {
    /// Takes in an event. `id` is that of its frame.
    pub(super) fn handle_event(&mut self, now: Instant, id: Option<&RawValue>, params: &EventParams<'_>) {
        if params.event_type == "signalwire.authorization.state" {
            return self.handle_authorization_state(params.params);
        }
        let mut event = Event::parse(&params.event_type, params.timestamp, params.params);
        // Text for people, who may print it.
        match &mut event {
            Event::Error(error) => error.redact(|text| self.redact(text)),
            Event::AiWarning(warning) => warning.error = self.redact(&warning.error),
            Event::Sidecar(sidecar) => {
                self.redact_in_place(&mut sidecar.report.error_reason);
                self.redact_in_place(&mut sidecar.report.detail);
            }
            Event::Connect(connect) => self.redact_in_place(&mut connect.failed_reason),
            Event::Dial(dial) => self.redact_in_place(&mut dial.reason),
            Event::MessageState(state) => self.redact_in_place(&mut state.reason),
            Event::Pay(pay) => self.redact_in_place(&mut pay.payment_connector_error_message),
            _ => {}
        }
        let event = Arc::new(event);
        match &*event {
            Event::Receive(offer) => self.handle_offer(now, offer),
            Event::State(state) => self.handle_state(now, state, &event),
            Event::Dial(dial) => self.handle_dial_event(now, dial, &event),
            Event::MessageReceive(message) => self.handle_message(message, event.clone()),
            Event::MessageState(news) => self.handle_message_state(news, event.clone()),
            Event::Task(task) => self.handle_task(id, task, event.clone()),
            other => match other.call_id() {
                Some(call_id) if self.knows(call_id) => {
                    self.report_call_event(now, call_id.clone(), id, event)
                }
                _ => self.emit(SessionEvent::Other(event)),
            },
        }
    }

    /// Takes an offer, so that it is not passed on. False if the call is not there.
    pub fn take(&mut self, call_id: &CallId) -> bool {
        match self.calls.get(call_id) {
            Some(entry) if entry.role == Role::Offered => {
                self.timers.cancel(&Timer::PassOffer(entry.serial));
                self.calls.set_role(call_id, Role::Active);
                true
            }
            Some(entry) => entry.role == Role::Active,
            None => false,
        }
    }

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
            self.calls.remember_passed(call_id.clone());
            self.pass_offer(now, call_id, "nobody took it");
        } else if let Some(decision) = unsure {
            self.make_sure(now, call_id, decision);
        }
    }

    /// Takes in a decision whose outcome is unknown. Once nobody is left in the application to repeat it,
    /// the session sees to it that the call is not forgotten.
    pub(super) fn handle_unknown_decision(&mut self, now: Instant, call_id: &CallId, decision: Decision) {
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
            // A call that was answered after all cannot be passed, and is hung up then.
            Decision::Answer | Decision::Pass => self.finish_passing(now, call_id),
        }
    }

    fn handle_offer(&mut self, now: Instant, offer: &CallReceiveEvent) {
        let call_id = &offer.call_id;
        if call_id.is_empty() {
            return self.notice(Notice::FrameIgnored("it offers a call without a call_id"));
        }
        if let Some(Role::Unwanted { how: CleanUp::Pass, .. }) =
            self.calls.get(call_id).map(|entry| &entry.role)
        {
            // It was given back, and the service has not noticed.
            return self.clean_up(now, call_id, CleanUp::Pass);
        }
        if self.calls.get(call_id).is_some()
            || (self.calls.is_over(call_id) && !self.calls.was_passed(call_id))
        {
            return self.notice(Notice::OfferRepeated(call_id.clone()));
        }
        let state =
            if offer.call_state.rank().is_some() { offer.call_state.clone() } else { CallState::Created };
        if state == CallState::Ended {
            return;
        }
        let over_limit = self.calls.visible() >= self.max_active_calls;
        let passed_before = self.calls.was_passed(call_id);
        let direction = match &offer.direction {
            Direction::Other(_) => Direction::Inbound,
            direction => direction.clone(),
        };
        let serial = self.calls.insert(
            call_id.clone(),
            offer.node_id.clone(),
            state.clone(),
            direction.clone(),
            Role::Offered,
        );
        if self.draining {
            return self.decline_offer(now, call_id, "the client is stopping");
        }
        if passed_before {
            return self.decline_offer(now, call_id, "it was passed on before");
        }
        if over_limit {
            let why = "the client has as many calls as it may have";
            return match self.overflow {
                Overflow::Pass => self.decline_offer(now, call_id, why),
                Overflow::Busy => {
                    self.notice(Notice::OfferRefused { call_id: call_id.clone(), why });
                    self.clean_up(now, call_id, CleanUp::Busy);
                }
            };
        }
        self.timers.set(Timer::PassOffer(serial), now + OFFER_TIMEOUT);
        let project = Some(offer.project_id.expose()).filter(|project| !project.is_empty());
        let project = project.unwrap_or(self.project());
        self.emit(SessionEvent::Offered(Box::new(CallInfo {
            call_id: call_id.clone(),
            node_id: offer.node_id.clone(),
            project_id: project.to_owned(),
            context: offer.context().to_owned(),
            tag: offer.tag.clone(),
            direction,
            device: offer.device.clone(),
            state,
            segment_id: offer.segment_id.clone(),
            sip_data: None,
        })));
    }

    /// Gives back an offer that the application has not heard of.
    fn decline_offer(&mut self, now: Instant, call_id: &CallId, why: &'static str) {
        self.notice(Notice::OfferPassed { call_id: call_id.clone(), why });
        self.clean_up(now, call_id, CleanUp::Pass);
    }

    /// Gives back an offer that the application has heard of.
    pub(super) fn pass_offer(&mut self, now: Instant, call_id: &CallId, why: &'static str) {
        self.notice(Notice::OfferPassed { call_id: call_id.clone(), why });
        self.withdraw_call(now, call_id, EndReason::Passed);
        self.clean_up(now, call_id, CleanUp::Pass);
    }

    /// Passes an offer on of which nobody knows what the service has heard.
    fn finish_passing(&mut self, now: Instant, call_id: &CallId) {
        let unanswered = |entry: &Entry| !entry.state.has_reached(&CallState::Answered);
        if self.knows(call_id) && self.calls.get(call_id).is_some_and(unanswered) {
            self.calls.remember_passed(call_id.clone());
            self.pass_offer(now, call_id, "whether that was heard is not known");
        }
    }

    /// Nobody will use a call that the application was given: it is hung up.
    pub fn discard(&mut self, now: Instant, call_id: &CallId) {
        if self.knows(call_id) {
            self.withdraw_call(now, call_id, EndReason::Cancel);
            self.end_leg(now, call_id, "nobody is left to talk to it");
        }
    }

    /// Takes a call from the application, and keeps it on the books until the service is rid of it.
    fn withdraw_call(&mut self, now: Instant, call_id: &CallId, reason: EndReason) {
        self.fail_queued_for(now, call_id);
        self.stop_call_timers(call_id);
        if let Some(entry) = self.calls.get_mut(call_id) {
            let (serial, operations) = (entry.serial, std::mem::take(&mut entry.operations));
            self.fail_operations(call_id, serial, operations);
        }
        self.emit(SessionEvent::CallEnded { call_id: call_id.clone(), reason });
        self.calls.set_role(call_id, Role::Unwanted { how: CleanUp::End, attempts: 0 });
    }

    fn stop_call_timers(&mut self, call_id: &CallId) {
        if let Some(serial) = self.calls.get(call_id).map(|entry| entry.serial) {
            for timer in [
                Timer::PassOffer(serial),
                Timer::ConfirmGone(serial),
                Timer::AskAgain(serial),
                Timer::RetryCleanUp(serial),
            ] {
                self.timers.cancel(&timer);
            }
        }
    }

    fn fail_operations(&mut self, call_id: &CallId, serial: CallSerial, operations: Vec<Running>) {
        for Running { ticket, may_be_last, .. } in operations {
            self.timers.cancel(&Timer::ConfirmOver(serial, ticket));
            let failed = || {
                let error = Error::gone(call_id.clone(), Certainty::Unknown);
                SessionEvent::OperationFailed { ticket, error }
            };
            self.emit(may_be_last.map_or_else(failed, |event| SessionEvent::OperationOver { ticket, event }));
        }
    }

    pub(super) fn pass_untaken(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.pass_offer(now, &call_id, "nobody took it");
        }
    }

    fn handle_state(&mut self, now: Instant, news: &CallStateEvent, event: &Arc<Event>) {
        let call_id = &news.call_id;
        if self.calls.get(call_id).is_none() && !self.adopt_leg(now, news) {
            // What is over stays over, whatever comes late.
            if !self.calls.is_over(call_id) {
                self.emit(SessionEvent::Other(event.clone()));
                if news.call_state == CallState::Ended {
                    // Its offer may have been overtaken, and must not bring it back to life.
                    self.calls.remember(call_id.clone());
                }
            }
            return;
        }
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        if entry.node_id.is_empty() {
            entry.node_id = news.node_id.clone();
        }
        if let Some(rank) = news.call_state.rank() {
            // A call only moves forwards: repeated and late news change nothing.
            if entry.state.rank().is_some_and(|current| rank <= current) {
                return;
            }
            entry.state = news.call_state.clone();
        }
        let to_end = match entry.role {
            // What was given back is for somebody else to answer, unless it was answered here before.
            Role::Unwanted { how: CleanUp::Pass, .. } => entry.answers > 0,
            Role::Unwanted { .. } => true,
            _ => false,
        };
        let visible = entry.is_visible();
        if visible {
            self.emit(SessionEvent::Call { call_id: call_id.clone(), event: event.clone(), operation: None });
        }
        match &news.call_state {
            CallState::Ended => {
                let reason = news.end_reason.clone().unwrap_or(EndReason::Hangup);
                self.end_locally(now, call_id, reason);
            }
            CallState::Answered if to_end => self.end_leg(now, call_id, "it was answered too late"),
            _ => {}
        }
    }

    /// Tells the application of an event on a call, and whether it ends an operation.
    fn report_call_event(&mut self, now: Instant, call_id: CallId, id: Option<&RawValue>, event: Arc<Event>) {
        let mut wait = None;
        let operation = self.calls.get_mut(&call_id).and_then(|entry| {
            // One that is delivered again may be about an operation that is over, and not name it.
            let repeated = id.is_some_and(|id| entry.was_told(id.get(), &event));
            let index = entry.operation_of(&event, repeated)?;
            if let Some(id) = id.filter(|_| event.control_id().is_none()) {
                entry.remember_told(id.get(), &event);
            }
            let running = &mut entry.operations[index];
            let ended = (running.rule.ends)(&event);
            let hint = if ended { EndHint::None } else { (running.rule.end_hint)(&event) };
            match hint {
                EndHint::Now => running.may_be_last = Some(event.clone()),
                EndHint::NotYet => running.may_be_last = None,
                EndHint::None => {}
            }
            let deadline = Timer::ConfirmOver(entry.serial, running.ticket);
            wait = (ended || hint != EndHint::None).then_some((deadline, hint == EndHint::Now));
            let answered = ended || (running.rule.answers)(&event);
            let update = OperationUpdate { ticket: running.ticket, answered, ended };
            if update.ended {
                entry.operations.remove(index);
            }
            Some(update)
        });
        match wait {
            Some((deadline, true)) => self.timers.set(deadline, now + END_EVENT_TIMEOUT),
            Some((deadline, false)) => self.timers.cancel(&deadline),
            None => {}
        }
        self.emit(SessionEvent::Call { call_id, event, operation });
    }

    /// Ends a call as far as this client is concerned: its operations fail, its timers stop, and it is
    /// remembered as over.
    pub(super) fn end_locally(&mut self, now: Instant, call_id: &CallId, reason: EndReason) {
        self.fail_queued_for(now, call_id);
        self.stop_call_timers(call_id);
        let Some(entry) = self.calls.end(call_id) else { return };
        let visible = entry.is_visible();
        self.fail_operations(call_id, entry.serial, entry.operations);
        if visible {
            self.emit(SessionEvent::CallEnded { call_id: call_id.clone(), reason });
        }
    }

    /// Takes a call off the books as if it had never been there.
    pub(super) fn forget_call(&mut self, call_id: &CallId) {
        self.stop_call_timers(call_id);
        self.calls.forget(call_id);
    }

    /// The end of any call may have been missed: the service is asked which it still knows.
    pub(super) fn doubt_calls(&mut self, now: Instant) {
        for call_id in self.calls.ids(Entry::is_visible) {
            self.end_question(&call_id);
            self.confirm(now, &call_id);
        }
    }

    /// The service does not know the call: news of its end should be on their way.
    pub(super) fn expect_end(&mut self, now: Instant, call_id: &CallId) {
        if let Some(timer) = self.calls.get(call_id).map(|entry| Timer::ConfirmGone(entry.serial))
            && !self.timers.is_set(&timer)
        {
            self.timers.set(timer, now + END_EVENT_TIMEOUT);
        }
    }

    /// The service was in trouble when it was asked whether it still knows the call.
    pub(super) fn ask_later(&mut self, now: Instant, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            let pause = trouble_pause(entry.troubled);
            entry.troubled = entry.troubled.saturating_add(1);
            self.timers.set(Timer::AskAgain(entry.serial), now + pause);
        }
    }

    pub(super) fn ask_again(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.confirm(now, &call_id);
        }
    }

    pub(super) fn confirm_gone(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.end_locally(now, &call_id, EndReason::NotFound);
        }
    }

    /// The service has accepted what was asked of an operation. It may be all that it says of the end of some.
    pub(super) fn note_controlled(
        &mut self,
        now: Instant,
        call_id: &CallId,
        control_id: &ControlId,
        method: &str,
    ) {
        let running = self
            .calls
            .get_mut(call_id)
            .and_then(|entry| entry.operations.iter_mut().find(|running| running.control_id == *control_id));
        let ends = |running: &Running| running.rule.silent_stop.is_some_and(|stop| stop.method == method);
        if let Some(running) = running.filter(|running| ends(running)) {
            running.stopped = true;
            self.expect_operation_end(now, call_id, control_id);
        }
    }

    /// The service does not know an operation: its last event should be on its way.
    pub(super) fn expect_operation_end(&mut self, now: Instant, call_id: &CallId, control_id: &ControlId) {
        let running = self.calls.get(call_id).and_then(|entry| {
            let running = entry.operations.iter().find(|running| running.control_id == *control_id)?;
            Some(Timer::ConfirmOver(entry.serial, running.ticket))
        });
        if let Some(timer) = running
            && !self.timers.is_set(&timer)
        {
            self.timers.set(timer, now + END_EVENT_TIMEOUT);
        }
    }

    /// The service has accepted an operation whose events do not name it. It runs one of a kind on a call at a time, so the
    /// last event of an earlier one should be on its way.
    pub(super) fn expect_earlier_ends(
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

    pub(super) fn confirm_over(&mut self, serial: CallSerial, ticket: Ticket) {
        let Some(call_id) = self.calls.id_of(serial).cloned() else { return };
        let Some(entry) = self.calls.get_mut(&call_id) else { return };
        if let Some(index) = entry.operations.iter().position(|running| running.ticket == ticket) {
            let running = entry.operations.remove(index);
            if let Some(event) = running.may_be_last {
                return self.emit(SessionEvent::OperationOver { ticket, event });
            }
            if let Some(stop) = running.rule.silent_stop.filter(|_| running.stopped) {
                let mut event: Value = serde_json::from_str(stop.last).unwrap_or_else(|_| json!({}));
                event["call_id"] = json!(call_id);
                event["control_id"] = json!(running.control_id);
                if let Ok(event) = to_raw_value(&event) {
                    let event = Arc::new(Event::parse(running.rule.event, None, &event));
                    let operation = Some(OperationUpdate { ticket, answered: true, ended: true });
                    self.emit(SessionEvent::Call { call_id, event, operation });
                }
                return;
            }
            let what = format!("an operation on call {call_id}, whose last event was missed");
            let lost = ConnectionLost { what, certainty: Certainty::Unknown };
            self.emit(SessionEvent::OperationFailed { ticket, error: Error::ConnectionLost(Box::new(lost)) });
        }
    }

    /// Makes a call known that a dial has brought about, if the state is one of such a call.
    fn adopt_leg(&mut self, now: Instant, news: &CallStateEvent) -> bool {
        if news.call_id.is_empty() || self.calls.is_over(&news.call_id) {
            return false;
        }
        if news.call_state == CallState::Ended {
            if self.is_dialled(&news.tag) {
                self.calls.remember(news.call_id.clone());
            }
            return false;
        }
        let Some(role) = self.role_of_leg(&news.tag, &news.call_id) else { return false };
        // Created is where every leg begins; the state at hand is then its first step.
        let (state, late) = (CallState::Created, matches!(role, Role::Unwanted { .. }));
        self.calls.insert(news.call_id.clone(), news.node_id.clone(), state, Direction::Outbound, role);
        if late {
            self.end_leg(now, &news.call_id, dials::LATE);
        }
        true
    }
}
