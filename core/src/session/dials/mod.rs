//! The outcome of a dial, and what becomes of its legs.

mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use self::table::Dials;

use super::Session;
use super::calls::{CallTimer, CleanUp, Entry, Role};
use super::{CallInfo, Notice, SessionEvent};
use crate::calling::{CallState, DialEvent, DialState, Direction};
use crate::error::{Certainty, DialFailed, Error, TimedOut};
use crate::events::Event;
use crate::ids::{CallId, Tag, Ticket};

/// The default time limit of a dial.
pub(super) const DIAL_TIMEOUT: Duration = Duration::from_mins(2);
/// The time that a losing leg may ring on: the service calls it off itself, as a rule.
const LOSING_LEG_TIMEOUT: Duration = Duration::from_secs(2);
/// Why a leg is ended that shows up after its dial was decided.
pub(super) const LATE: &str = "its dial is over";

impl Session {
    pub(super) fn handle_dial_event(&mut self, now: Instant, news: &DialEvent, event: &Arc<Event>) {
        let tag = &news.tag;
        match news.dial_state {
            DialState::Answered if self.dials.contains(tag) => self.handle_answered_dial(now, news),
            DialState::Failed if self.dials.contains(tag) => {
                let failed = DialFailed { tag: tag.clone(), reason: news.reason.clone() };
                self.fail_dial(now, tag, Error::DialFailed(Box::new(failed)));
            }
            DialState::Answered if self.dials.was_decided(tag) => self.refuse_late_winner(now, news),
            _ => self.emit(SessionEvent::Other(event.clone())),
        }
    }

    fn handle_answered_dial(&mut self, now: Instant, news: &DialEvent) {
        let (tag, leg) = (&news.tag, &news.call);
        let call_id = &leg.call_id;
        if call_id.is_empty() {
            return self.notice(Notice::FrameIgnored("it names no call that answered a dial"));
        }
        let of_this_dial = |entry: &Entry| matches!(&entry.role, Role::Leg(leg) if leg == tag);
        if self.calls.get(call_id).is_some_and(|entry| !of_this_dial(entry)) {
            return self.notice(Notice::FrameIgnored("it names a call that is none of the dial's"));
        }
        let Some(dial) = self.dials.decide(tag) else { return };
        if self.calls.is_over(call_id) {
            let reason = Some("the call that answered has ended already".to_owned());
            let failed = DialFailed { tag: tag.clone(), reason };
            self.emit(SessionEvent::Dialed {
                ticket: dial.ticket,
                result: Err(Error::DialFailed(Box::new(failed))),
            });
            return self.release_losers(now, dial.legs);
        }
        if self.calls.get(call_id).is_none() {
            self.insert_answered_leg(news, Role::Leg(tag.clone()));
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
        self.release_losers(now, dial.legs);
    }

    /// A dial that was given up was answered after all: nobody is left to talk to the callee.
    fn refuse_late_winner(&mut self, now: Instant, news: &DialEvent) {
        let call_id = &news.call.call_id;
        if call_id.is_empty() || self.calls.is_over(call_id) {
            return;
        }
        if self.calls.get(call_id).is_none() {
            self.insert_answered_leg(news, Role::Unwanted { how: CleanUp::End, attempts: 0 });
            self.end_leg(now, call_id, "it was answered too late");
        }
    }

    /// Makes a leg known of which nothing was heard before it was answered.
    fn insert_answered_leg(&mut self, news: &DialEvent, role: Role) {
        let leg = &news.call;
        let node_id = if leg.node_id.is_empty() { &news.node_id } else { &leg.node_id };
        let (state, direction) = (CallState::Answered, Direction::Outbound);
        self.calls.insert(leg.call_id.clone(), node_id.clone(), state, direction, role);
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
        let dial = self.dials.decide(tag)?;
        if certainty != Certainty::Unknown && !dial.accepted {
            self.dials.forget(tag);
        }
        for call_id in dial.legs {
            self.end_leg(now, &call_id, LATE);
        }
        Some(dial.ticket)
    }

    /// Ends the legs that did not win: those that were answered at once, the others after a while.
    fn release_losers(&mut self, now: Instant, legs: Vec<CallId>) {
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

    pub(super) fn expire_dial(&mut self, now: Instant, tag: &Tag) {
        let Some(after) = self.dials.get_mut(tag).map(|dial| dial.timeout) else { return };
        let certainty = self.recall_dial(now, tag);
        let what = format!("calling.dial (tag {tag})");
        self.fail_dial(
            now,
            tag,
            Error::TimedOut(Box::new(TimedOut { what, after, certainty: Some(certainty) })),
        );
    }

    /// Takes back the request of a dial that is to fail: one that still waits for its connection must not go out any
    /// more.
    pub(super) fn recall_dial(&mut self, now: Instant, tag: &Tag) -> Certainty {
        let dial = self.dials.get_mut(tag).map(|dial| (dial.ticket, dial.accepted));
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

    /// Makes a new call known to the dial that its tag names, if it is one of ours, and says what it is then.
    pub(super) fn role_of_leg(&mut self, tag: &Tag, call_id: &CallId) -> Option<Role> {
        if tag.is_empty() {
            None
        } else if let Some(dial) = self.dials.get_mut(tag) {
            dial.legs.push(call_id.clone());
            // Whatever becomes of the reply: the dial is under way.
            dial.accepted = true;
            Some(Role::Leg(tag.clone()))
        } else {
            self.dials.was_decided(tag).then_some(Role::Unwanted { how: CleanUp::End, attempts: 0 })
        }
    }
}
