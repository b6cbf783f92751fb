//! Finding out, after a gap, whether the operations on a call still run: the last event of any may have been missed.
//!
//! The method of an operation says how: by a control that says again what holds already, by a question about the other leg
//! of a connection, or by a limit of the operation's own. See [`AfterGap`].

use std::time::{Duration, Instant};

use super::{CallSerial, CallTimer, ConnectedLeg, Entry, Question, Running};
use crate::calling::{AfterGap, CallStateEvent, ConnectState, Peer, SILENCE_TIMEOUT};
use crate::events::Event;
use crate::ids::{CallId, ControlId, Ticket};
use crate::session::Session;
use crate::session::frame::{CallAddress, Status};
use crate::session::refusal::trouble_pause;
use crate::session::requests::Purpose;

/// The time for news of a connection after the service has said that it does not know the party that was being called.
const NEXT_LEG_TIMEOUT: Duration = Duration::from_mins(1);

/// A question about an operation.
#[derive(Debug, Clone)]
pub(in crate::session) struct Inquiry {
    /// The call that the operation runs on.
    owner: CallId,
    /// The request that started it.
    ticket: Ticket,
    /// The call that the question is addressed to.
    pub(in crate::session) call: CallAddress,
    /// The operation, if a control is restated.
    pub(in crate::session) control_id: Option<ControlId>,
    /// The question, if it is one about the other leg of a connection.
    question: Option<Question>,
}

impl Running {
    /// Takes in, from an event of a connection, the other leg.
    pub(super) fn note_peer(&mut self, event: &Event) {
        if let (AfterGap::AskPeer, Event::Connect(news)) = (&self.after_gap, event)
            && news.connect_state == ConnectState::Connected
        {
            self.silence = None;
            match news.peer.as_ref().filter(|peer| !peer.call_id.is_empty()) {
                Some(Peer { call_id, node_id, .. }) => {
                    let call = CallAddress { call_id: call_id.clone(), node_id: node_id.clone() };
                    self.peer = Some(ConnectedLeg { call, is_joined: true });
                }
                None => match &mut self.peer {
                    Some(leg) => leg.is_joined = true,
                    // A stream, for instance, which is no call.
                    None => self.after_gap = AfterGap::Lasts,
                },
            }
        }
    }
}

impl Session {
    /// A leg became known that a connection of a call is about.
    pub(super) fn note_connected_leg(&mut self, news: &CallStateEvent) {
        let Some(parent) = news.parent.as_ref().filter(|parent| !parent.call_id.is_empty()) else { return };
        let Some(entry) = self.calls.get_mut(&parent.call_id) else { return };
        let calls_somebody = |running: &&mut Running| {
            let joined = running.peer.as_ref().is_some_and(|leg| leg.is_joined);
            running.after_gap == AfterGap::AskPeer && !joined
        };
        if let Some(running) = entry.operations.iter_mut().rev().find(calls_somebody) {
            let call = CallAddress { call_id: news.call_id.clone(), node_id: news.node_id.clone() };
            running.peer = Some(ConnectedLeg { call, is_joined: false });
        }
    }

    /// The last event of any operation may have been missed.
    pub(in crate::session) fn doubt_operations(&mut self, now: Instant) {
        for call_id in self.calls.ids(Entry::is_visible) {
            let Some(entry) = self.calls.get(&call_id) else { continue };
            let (serial, tickets) =
                (entry.serial, entry.operations.iter().map(|running| running.ticket).collect::<Vec<_>>());
            for ticket in tickets {
                self.inquire_again(now, serial, ticket);
            }
        }
    }

    /// Asks about an operation, or gives it a limit. Without a connection nothing is asked: the next one asks of all.
    pub(in crate::session) fn inquire_again(&mut self, now: Instant, serial: CallSerial, ticket: Ticket) {
        let ready = self.connection.is_ready();
        let Some(call_id) = self.calls.id_of(serial).cloned().filter(|_| ready) else { return };
        let Some(entry) = self.calls.get_mut(&call_id) else { return };
        let call = CallAddress { call_id: call_id.clone(), node_id: entry.node_id.clone() };
        let Some(running) = entry.operations.iter_mut().find(|running| running.ticket == ticket) else {
            return;
        };
        let limit = match (&running.after_gap, &running.peer) {
            (AfterGap::Lasts, _) => return,
            (AfterGap::Restate { method, params }, _) => {
                let (method, params) = (method.clone(), params.clone());
                let control_id = Some(running.control_id.clone());
                let inquiry = Inquiry { owner: call_id, ticket, call, control_id, question: None };
                return self.submit_own(now, method, params, Purpose::Inquire(inquiry));
            }
            (AfterGap::AskPeer, Some(peer)) => {
                let call = peer.call.clone();
                let inquiry = Inquiry { owner: call_id, ticket, call, control_id: None, question: None };
                return self.ask_peer(now, inquiry, Question::ClearBindings);
            }
            (AfterGap::AskPeer, None) => SILENCE_TIMEOUT,
            (AfterGap::Within(limit), _) => *limit,
        };
        running.silence = Some(limit);
        if let Some(at) = now.checked_add(limit) {
            self.calls.set_timer_if_unset(serial, CallTimer::ConfirmOver(ticket), at);
        }
    }

    fn ask_peer(&mut self, now: Instant, inquiry: Inquiry, question: Question) {
        let (method, params) = question.request(&self.new_id());
        let inquiry = Inquiry { question: Some(question), ..inquiry };
        self.submit_own(now, method.into(), params, Purpose::Inquire(inquiry));
    }

    /// The service has answered a question about an operation.
    pub(in crate::session) fn handle_inquired(
        &mut self,
        now: Instant,
        inquiry: Inquiry,
        refusal: Option<&Status>,
    ) {
        match refusal {
            Some(status) if status.is_gone() && inquiry.question == Some(Question::ClearBindings) => {
                self.ask_peer(now, inquiry, Question::SendPause);
            }
            Some(status) if status.is_gone() => {
                let Inquiry { owner, ticket, .. } = inquiry;
                let running = self
                    .calls
                    .get_mut(&owner)
                    .and_then(|entry| entry.operations.iter_mut().find(|running| running.ticket == ticket));
                let Some(running) = running else { return };
                let control_id = running.control_id.clone();
                if running.peer.as_ref().is_some_and(|leg| !leg.is_joined) {
                    // Another party may be being called.
                    running.silence = Some(NEXT_LEG_TIMEOUT);
                    if let Some(serial) = self.calls.get(&owner).map(|entry| entry.serial) {
                        let timer = CallTimer::ConfirmOver(ticket);
                        self.calls.set_timer_if_unset(serial, timer, now + NEXT_LEG_TIMEOUT);
                    }
                    return;
                }
                running.denied = true;
                self.expect_operation_end(now, &owner, &control_id);
            }
            Some(status) if status.is_transient() => self.inquire_later(now, &inquiry),
            _ => {}
        }
    }

    /// A question about an operation was not answered: it is asked again after a pause.
    pub(in crate::session) fn inquire_later(&mut self, now: Instant, inquiry: &Inquiry) {
        if let Some(serial) = self.calls.get(&inquiry.owner).map(|entry| entry.serial) {
            let timer = CallTimer::InquireAgain(inquiry.ticket);
            self.calls.set_timer(serial, timer, now + trouble_pause(0));
        }
    }

    /// Sets the way to find out whether an operation is over.
    pub(in crate::session) fn set_after_gap(
        &mut self,
        call_id: &CallId,
        control_id: &ControlId,
        after_gap: AfterGap,
    ) {
        let running = self.calls.get_mut(call_id).and_then(|entry| entry.running_mut(control_id));
        if let Some(running) = running {
            running.after_gap = after_gap;
        }
    }
}
