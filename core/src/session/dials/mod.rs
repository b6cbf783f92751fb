//! The outcome of a dial, and what becomes of its legs.

mod decided;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use self::table::{DialTimer, Dials};

use super::Session;
use super::calls::{CallTimer, CleanUp, Entry, Role};
use super::{CallInfo, Notice, SessionEvent};
use crate::calling::{CallState, CallStateEvent, DialEvent, DialState, DialedCall, Direction, EndReason};
use crate::error::{Certainty, ConnectionLost, DialFailed, Error, TimedOut};
use crate::events::Event;
use crate::ids::{CallId, NodeId, Tag, Ticket};

/// The default time limit of a dial.
pub(super) const DIAL_TIMEOUT: Duration = Duration::from_mins(2);
/// The time that a losing leg may ring on: the service calls it off itself, as a rule.
const LOSING_LEG_TIMEOUT: Duration = Duration::from_secs(2);
/// The time that the ends of legs have to be told once the service has said that their dial failed.
const LEG_END_TIMEOUT: Duration = Duration::from_secs(1);
/// The time that the outcome of a dial has to be told after a gap, if a leg was answered before.
const OUTCOME_TIMEOUT: Duration = Duration::from_secs(5);
/// Why a leg is ended that shows up after its dial was decided.
pub(super) const LATE: &str = "its dial is over";

impl Session {
    pub(super) fn handle_dial_event(&mut self, now: Instant, news: &DialEvent, event: &Arc<Event>) {
        let tag = &news.tag;
        match news.dial_state {
            DialState::Answered if self.dials.contains(tag) => {
                let node_id = Some(&news.node_id).filter(|_| news.call.node_id.is_empty());
                self.handle_answered_dial(now, tag, &news.call, node_id);
            }
            DialState::Failed if self.dials.contains(tag) => {
                self.handle_failed_dial(now, tag, news.reason.clone());
            }
            DialState::Answered if self.dials.was_decided(tag) => self.refuse_late_winner(now, news),
            _ => self.emit(SessionEvent::Other(event.clone())),
        }
    }

    /// A leg has won its dial. `node_id` is that of the event, if the leg has none.
    fn handle_answered_dial(&mut self, now: Instant, tag: &Tag, leg: &DialedCall, node_id: Option<&NodeId>) {
        let call_id = &leg.call_id;
        if call_id.is_empty() {
            return self.notice(Notice::FrameIgnored("it names no call that answered a dial"));
        }
        let of_this_dial = |entry: &Entry| matches!(&entry.role, Role::Leg(leg) if leg == tag);
        if self.calls.get(call_id).is_some_and(|entry| !of_this_dial(entry)) {
            return self.notice(Notice::FrameIgnored("it names a call that is none of the dial's"));
        }
        let Some(dial) = self.dials.decide(now, tag) else { return };
        if self.calls.is_over(call_id) {
            let reason = Some("the call that answered has ended already".to_owned());
            let failed = DialFailed { tag: tag.clone(), reason, legs: dial.legs.clone() };
            self.emit(SessionEvent::Dialed {
                ticket: dial.ticket,
                result: Err(Error::DialFailed(Box::new(failed))),
            });
            return self.release_losers(now, dial.calls());
        }
        let node_id = node_id.unwrap_or(&leg.node_id);
        if self.calls.get(call_id).is_none() {
            self.insert_answered_leg(call_id, node_id, Role::Leg(tag.clone()));
        }
        self.calls.set_role(call_id, Role::Active);
        let Some(entry) = self.calls.get_mut(call_id) else { return };
        if !entry.state.has_reached(&CallState::Answered) {
            entry.state = CallState::Answered;
        }
        if entry.node_id.is_empty() {
            entry.node_id = leg.node_id.clone();
        }
        let (node_id, state) = (entry.node_id.clone(), entry.state.clone());
        let info = CallInfo {
            call_id: call_id.clone(),
            node_id,
            project_id: self.authentication.project().to_owned(),
            context: leg.context.clone().unwrap_or_default(),
            tag: tag.clone(),
            direction: Direction::Outbound,
            device: leg.device.clone(),
            state,
            segment_id: leg.segment_id.clone().unwrap_or_default(),
            sip_data: leg.sip_data.clone(),
        };
        self.emit(SessionEvent::Dialed { ticket: dial.ticket, result: Ok(Box::new(info)) });
        self.release_losers(now, dial.calls());
    }

    /// The service says that nobody answered a dial. Why each leg ended may be told only after that.
    fn handle_failed_dial(&mut self, now: Instant, tag: &Tag, reason: Option<String>) {
        let Some(dial) = self.dials.get_mut(tag) else { return };
        dial.has_failed = true;
        dial.reason = dial.reason.take().or(reason);
        if dial.legs.is_empty() || dial.has_no_leg_left() {
            self.conclude_failed_dial(now, tag);
        } else {
            self.dials.set_timer(tag.clone(), DialTimer::Fail, now + LEG_END_TIMEOUT);
        }
    }

    fn conclude_failed_dial(&mut self, now: Instant, tag: &Tag) {
        if let Some(dial) = self.dials.get(tag) {
            let (reason, legs) = (dial.reason.clone(), dial.legs.clone());
            let failed = DialFailed { tag: tag.clone(), reason, legs };
            self.fail_dial(now, tag, Error::DialFailed(Box::new(failed)));
        }
    }

    /// A dial that was given up was answered after all: nobody is left to talk to the callee.
    fn refuse_late_winner(&mut self, now: Instant, news: &DialEvent) {
        let leg = &news.call;
        if leg.call_id.is_empty() || self.calls.is_over(&leg.call_id) {
            return;
        }
        if self.calls.get(&leg.call_id).is_none() {
            let node_id = if leg.node_id.is_empty() { &news.node_id } else { &leg.node_id };
            self.insert_answered_leg(
                &leg.call_id,
                node_id,
                Role::Unwanted { how: CleanUp::End, attempts: 0 },
            );
            self.end_leg(now, &leg.call_id, "it was answered too late");
        }
    }

    /// Makes a leg known of which nothing was heard before it was answered.
    fn insert_answered_leg(&mut self, call_id: &CallId, node_id: &NodeId, role: Role) {
        let (state, direction) = (CallState::Answered, Direction::Outbound);
        self.calls.insert(call_id.clone(), node_id.clone(), state, direction, role);
    }

    pub(super) fn fail_dial(&mut self, now: Instant, tag: &Tag, error: Error) {
        let certainty = match error {
            Error::DialFailed(_) => Certainty::Unknown,
            _ => error.certainty(),
        };
        if let Some(ticket) = self.call_off(now, tag, certainty) {
            self.emit(SessionEvent::Dialed { ticket, result: Err(error) });
        }
    }

    /// Decides that a dial has no winner, and ends its legs. Unless it is certain that the service never began it, its
    /// tag is remembered for late ones.
    pub(super) fn call_off(&mut self, now: Instant, tag: &Tag, certainty: Certainty) -> Option<Ticket> {
        let dial = self.dials.decide(now, tag)?;
        if certainty != Certainty::Unknown && !dial.accepted {
            self.dials.forget(tag);
        }
        let ticket = dial.ticket;
        for call_id in dial.calls() {
            self.end_leg(now, &call_id, LATE);
        }
        Some(ticket)
    }

    /// Ends the legs that did not win: those that were answered at once, the others after a while.
    fn release_losers(&mut self, now: Instant, legs: impl Iterator<Item = CallId>) {
        for call_id in legs {
            let Some(entry) = self.calls.get(&call_id) else { continue };
            if entry.role == Role::Active {
                continue;
            }
            if entry.state.has_reached(&CallState::Answered) {
                self.end_leg(now, &call_id, "another leg was faster");
            } else {
                let serial = entry.serial;
                self.calls.set_timer(serial, CallTimer::RetryCleanUp, now + LOSING_LEG_TIMEOUT);
                self.calls.set_role(&call_id, Role::Unwanted { how: CleanUp::End, attempts: 0 });
            }
        }
    }

    /// A deadline of a dial has come.
    pub(super) fn handle_dial_timeout(&mut self, now: Instant, tag: &Tag, timer: DialTimer) {
        match timer {
            DialTimer::Fail => self.conclude_failed_dial(now, tag),
            DialTimer::SettleAfterGap => self.settle_after_gap(now, tag),
            DialTimer::Expire => self.expire_dial(now, tag),
        }
    }

    fn expire_dial(&mut self, now: Instant, tag: &Tag) {
        let Some(after) = self.dials.get(tag).map(|dial| dial.timeout) else { return };
        let certainty = self.recall_dial(now, tag);
        let what = format!("calling.dial (tag {tag})");
        self.fail_dial(
            now,
            tag,
            Error::TimedOut(Box::new(TimedOut { what, after, certainty: Some(certainty) })),
        );
    }

    /// The outcome of any dial may have been missed.
    pub(super) fn doubt_dials(&mut self, now: Instant) {
        for tag in self.dials.tags(|dial| dial.accepted) {
            self.dials.set_timer(tag, DialTimer::SettleAfterGap, now + OUTCOME_TIMEOUT);
        }
    }

    /// No outcome of a dial followed a gap: a leg of which it is known that it was answered wins.
    fn settle_after_gap(&mut self, now: Instant, tag: &Tag) {
        let Some(dial) = self.dials.get(tag) else { return };
        let answered = dial.legs.iter().find(|leg| leg.state == CallState::Answered);
        let winner = answered.map(|leg| DialedCall {
            call_id: leg.call_id.clone(),
            device: leg.device.clone(),
            ..DialedCall::default()
        });
        if let Some(winner) = winner {
            self.handle_answered_dial(now, tag, &winner, None);
        }
    }

    /// The service does not know a leg of a dial. If that was the last, the outcome of the dial was missed.
    pub(super) fn lose_leg(&mut self, now: Instant, tag: &Tag, call_id: &CallId) {
        let Some(dial) = self.dials.get_mut(tag) else { return };
        if let Some(leg) = dial.legs.iter_mut().find(|leg| leg.call_id == *call_id) {
            leg.state = CallState::Ended;
            leg.end_reason = Some(EndReason::NotFound);
        }
        if dial.has_no_leg_left() {
            let what = format!("the dial (tag {tag}), whose outcome was missed");
            let lost = ConnectionLost { what, certainty: Certainty::Unknown };
            self.fail_dial(now, tag, Error::ConnectionLost(Box::new(lost)));
        }
    }

    /// Takes back the request of a dial that is to fail: one that still waits for its connection must not go out any
    /// more.
    pub(super) fn recall_dial(&mut self, now: Instant, tag: &Tag) -> Certainty {
        let dial = self.dials.get(tag).map(|dial| (dial.ticket, dial.accepted));
        if dial.is_some_and(|(ticket, accepted)| !accepted && !self.recall(ticket)) {
            return Certainty::NotSent;
        }
        self.expect_late_legs(now);
        Certainty::Unknown
    }

    /// Returns `true` if the tag belongs to one of our dials.
    pub(super) fn is_dialled(&self, tag: &Tag) -> bool {
        self.dials.contains(tag) || self.dials.was_decided(tag)
    }

    /// Returns the role of a call that becomes known by a state, if that is one of a leg of a dial. The leg of a connection
    /// may have the same tag, but has a call on the other side.
    pub(super) fn role_of_leg(&mut self, news: &CallStateEvent) -> Option<Role> {
        let parent = news.parent.as_ref().map(|parent| &parent.call_id);
        let peer = news.peer.as_ref().map(|peer| &peer.call_id);
        let is_connected = parent.into_iter().chain(peer).any(|call_id| !call_id.is_empty());
        if news.tag.is_empty() || is_connected {
            None
        } else if self.dials.contains(&news.tag) {
            Some(Role::Leg(news.tag.clone()))
        } else {
            let role = Role::Unwanted { how: CleanUp::End, attempts: 0 };
            self.dials.was_decided(&news.tag).then_some(role)
        }
    }

    /// Reports the state of a leg of a dial that is under way.
    pub(super) fn note_leg(&mut self, now: Instant, tag: &Tag, news: &CallStateEvent, event: &Arc<Event>) {
        let Some(dial) = self.dials.get_mut(tag) else { return };
        // Whatever becomes of the reply: the dial is under way.
        dial.accepted = true;
        if !dial.note_leg(news) {
            return;
        }
        let (ticket, over) = (dial.ticket, dial.has_failed && dial.has_no_leg_left());
        self.emit(SessionEvent::Leg { ticket, event: event.clone() });
        if over {
            self.conclude_failed_dial(now, tag);
        }
    }
}
