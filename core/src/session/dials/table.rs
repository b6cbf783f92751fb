//! A table of dials: those that are under way, and the tags of those that were decided lately.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::decided::DecidedDials;
use crate::calling::{CallState, CallStateEvent, DialLeg};
use crate::ids::{CallId, Tag, Ticket};
use crate::timers::Timers;

/// A deadline of a dial, named after what happens when it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::session) enum DialTimer {
    /// The service said that the dial failed, and not why each leg ended: it fails.
    Fail,
    /// No outcome followed a gap: a leg that was answered before it wins.
    SettleAfterGap,
    /// Nobody answered the dial in time: it fails.
    Expire,
}

impl DialTimer {
    const ALL: [Self; 3] = [Self::Fail, Self::SettleAfterGap, Self::Expire];

    pub(in crate::session) fn reason(self) -> &'static str {
        match self {
            Self::Fail => "a dial failed, and the ends of its legs had 1 s to be told",
            Self::SettleAfterGap => "the outcome of a dial did not follow a gap within 5 s",
            Self::Expire => "nobody answered a dial in time",
        }
    }
}

#[derive(Debug)]
pub(in crate::session) struct DialEntry {
    pub(in crate::session) ticket: Ticket,
    /// Set once the service has accepted the request.
    pub(in crate::session) accepted: bool,
    /// The legs that were told of, those that have ended included.
    pub(in crate::session) legs: Vec<DialLeg>,
    /// Set once the service has said that the dial failed.
    pub(in crate::session) has_failed: bool,
    /// The service's reason for that.
    pub(in crate::session) reason: Option<String>,
    pub(in crate::session) since: Instant,
    pub(in crate::session) timeout: Duration,
}

impl DialEntry {
    /// Takes in a state of a leg. Returns `true` if it is news.
    pub(in crate::session) fn note_leg(&mut self, news: &CallStateEvent) -> bool {
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.call_id == news.call_id) else {
            self.legs.push(DialLeg {
                call_id: news.call_id.clone(),
                device: news.device.clone(),
                state: news.call_state.clone(),
                end_reason: news.end_reason.clone(),
            });
            return true;
        };
        let forwards = news.call_state.rank() > leg.state.rank();
        if forwards {
            leg.state = news.call_state.clone();
            leg.end_reason = news.end_reason.clone().or(leg.end_reason.take());
        }
        forwards
    }

    /// Returns `true` if there were legs, and all have ended.
    pub(in crate::session) fn has_no_leg_left(&self) -> bool {
        !self.legs.is_empty() && self.legs.iter().all(|leg| leg.state == CallState::Ended)
    }

    /// The legs that were told of, by the ids of their calls.
    pub(in crate::session) fn calls(self) -> impl Iterator<Item = CallId> {
        self.legs.into_iter().map(|leg| leg.call_id)
    }
}

#[derive(Debug, Default)]
pub(in crate::session) struct Dials {
    entries: HashMap<Tag, DialEntry>,
    by_ticket: HashMap<Ticket, Tag>,
    decided: DecidedDials,
    timers: Timers<(Tag, DialTimer)>,
}

impl Dials {
    pub(in crate::session) fn insert(&mut self, tag: Tag, ticket: Ticket, since: Instant, timeout: Duration) {
        self.by_ticket.insert(ticket, tag.clone());
        // A time beyond what the clock can count is no limit.
        if let Some(at) = since.checked_add(timeout) {
            self.timers.set((tag.clone(), DialTimer::Expire), at);
        }
        let entry = DialEntry {
            ticket,
            accepted: false,
            legs: Vec::new(),
            has_failed: false,
            reason: None,
            since,
            timeout,
        };
        self.entries.insert(tag, entry);
    }

    pub(in crate::session) fn get(&self, tag: &Tag) -> Option<&DialEntry> {
        self.entries.get(tag)
    }

    pub(in crate::session) fn get_mut(&mut self, tag: &Tag) -> Option<&mut DialEntry> {
        self.entries.get_mut(tag)
    }

    pub(in crate::session) fn contains(&self, tag: &Tag) -> bool {
        self.entries.contains_key(tag)
    }

    /// Takes a dial out and remembers that it was decided.
    pub(in crate::session) fn decide(&mut self, now: Instant, tag: &Tag) -> Option<DialEntry> {
        let entry = self.entries.remove(tag)?;
        self.by_ticket.remove(&entry.ticket);
        for timer in DialTimer::ALL {
            self.timers.cancel(&(tag.clone(), timer));
        }
        self.decided.insert(now, tag.clone());
        Some(entry)
    }

    /// Forgets a dial that never began.
    pub(in crate::session) fn forget(&mut self, tag: &Tag) {
        self.decided.remove(tag);
    }

    pub(in crate::session) fn was_decided(&self, tag: &Tag) -> bool {
        self.decided.contains(tag)
    }

    pub(in crate::session) fn tag_of(&self, ticket: Ticket) -> Option<Tag> {
        self.by_ticket.get(&ticket).cloned()
    }

    /// The dials that fit, in the order in which they were made.
    pub(in crate::session) fn tags(&self, wanted: impl Fn(&DialEntry) -> bool) -> Vec<Tag> {
        let mut tags: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| wanted(entry))
            .map(|(tag, entry)| (entry.ticket, tag))
            .collect();
        tags.sort();
        tags.into_iter().map(|(_, tag)| tag.clone()).collect()
    }

    pub(in crate::session) fn iter(&self) -> impl Iterator<Item = &DialEntry> {
        self.entries.values()
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(in crate::session) fn set_timer(&mut self, tag: Tag, timer: DialTimer, at: Instant) {
        self.timers.set((tag, timer), at);
    }

    /// The earliest deadline of any dial.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(in crate::session) fn pop_due(&mut self, now: Instant) -> Option<(Tag, DialTimer)> {
        self.timers.pop_due(now)
    }
}
