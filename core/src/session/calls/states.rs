//! The states of calls, and legs that become known by one.

use std::sync::Arc;
use std::time::Instant;

use super::{CleanUp, Role};
use crate::calling::{CallState, CallStateEvent, Direction, EndReason};
use crate::events::Event;
use crate::session::output::SessionEvent;
use crate::session::{Session, dials};

impl Session {
    pub(in crate::session) fn handle_state(
        &mut self,
        now: Instant,
        news: &CallStateEvent,
        event: &Arc<Event>,
    ) {
        let call_id = &news.call_id;
        if self.calls.get(call_id).is_none() && !self.adopt_leg(now, news, event) {
            self.note_connected_leg(news);
            // A late event does not bring a call back that is over.
            if !self.calls.is_over(call_id) {
                self.emit(SessionEvent::Other(event.clone()));
                if news.call_state == CallState::Ended {
                    // Its offer may have been overtaken, and must not bring it back to life.
                    self.calls.remember_ended(call_id.clone());
                }
            }
            return;
        }
        self.note_sign_of_life(now, call_id);
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        if entry.node_id.is_empty() {
            entry.node_id = news.node_id.clone();
        }
        if let Some(rank) = news.call_state.rank() {
            // A call only moves forwards: repeated and late news change nothing. The state at hand may come again with a peer.
            let peer = news.peer.as_ref().map(|peer| &peer.call_id).filter(|peer| !peer.is_empty());
            let brings_peer = peer.is_some_and(|peer| entry.peer.as_ref() != Some(peer));
            match entry.state.rank() {
                Some(current) if rank < current || (rank == current && !brings_peer) => return,
                _ => {}
            }
            entry.peer = peer.cloned().or(entry.peer.take());
            entry.state = news.call_state.clone();
        }
        let to_end = match entry.role {
            // A call that was given back is for another client to answer, unless it was answered here before.
            Role::Unwanted { how: CleanUp::Pass, .. } => entry.answers > 0,
            Role::Unwanted { .. } => true,
            _ => false,
        };
        let visible = entry.is_visible();
        let dialled = match &entry.role {
            Role::Leg(tag) => Some(tag.clone()),
            _ => None,
        };
        if let Some(tag) = dialled {
            self.note_leg(now, &tag, news, event);
        }
        if visible {
            self.emit(SessionEvent::Call { call_id: call_id.clone(), event: event.clone(), operation: None });
        }
        match &news.call_state {
            CallState::Ended => {
                let reason = news.end_reason.clone().unwrap_or(EndReason::Hangup);
                self.end_locally(now, call_id, reason);
                self.calls.remember_ended(call_id.clone());
            }
            CallState::Answered if to_end => self.end_leg(now, call_id, "it was answered too late"),
            _ => {}
        }
    }

    /// Makes a call known that a dial has brought about, if the state is one of such a call.
    fn adopt_leg(&mut self, now: Instant, news: &CallStateEvent, event: &Arc<Event>) -> bool {
        if news.call_id.is_empty() || self.calls.is_over(&news.call_id) {
            return false;
        }
        let Some(role) = self.role_of_leg(news) else { return false };
        if news.call_state == CallState::Ended {
            self.calls.remember_ended(news.call_id.clone());
            self.note_leg(now, &news.tag, news, event);
            return false;
        }
        // Created is where every leg begins; the state at hand is then its first step.
        let (state, late) = (CallState::Created, matches!(role, Role::Unwanted { .. }));
        self.calls.insert(news.call_id.clone(), news.node_id.clone(), state, Direction::Outbound, role);
        self.note_leg(now, &news.tag, news, event);
        if late {
            self.end_leg(now, &news.call_id, dials::LATE);
        }
        true
    }
}
