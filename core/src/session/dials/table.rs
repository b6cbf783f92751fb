//! A table of dials: those that are under way, and the tags of those that were decided lately.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::ids::{CallId, Tag, Ticket};
use crate::session::recent::Recent;
use crate::timers::Timers;

/// The number of decided dials that are remembered, so that late legs of them are recognised.
const MAX_REMEMBERED_DIALS: usize = 1_024;

#[derive(Debug)]
pub(in crate::session) struct DialEntry {
    pub(in crate::session) ticket: Ticket,
    /// Set once the service has accepted the request.
    pub(in crate::session) accepted: bool,
    pub(in crate::session) legs: Vec<CallId>,
    pub(in crate::session) since: Instant,
    pub(in crate::session) timeout: Duration,
}

#[derive(Debug)]
pub(in crate::session) struct Dials {
    entries: HashMap<Tag, DialEntry>,
    by_ticket: HashMap<Ticket, Tag>,
    decided: Recent<Tag>,
    /// When a dial that nobody has answered fails.
    expiries: Timers<Tag>,
}

impl Dials {
    pub(in crate::session) fn new() -> Self {
        Self {
            entries: HashMap::new(),
            by_ticket: HashMap::new(),
            decided: Recent::new(MAX_REMEMBERED_DIALS),
            expiries: Timers::default(),
        }
    }

    pub(in crate::session) fn insert(&mut self, tag: Tag, ticket: Ticket, since: Instant, timeout: Duration) {
        self.by_ticket.insert(ticket, tag.clone());
        // A time beyond what the clock can count is no limit.
        if let Some(at) = since.checked_add(timeout) {
            self.expiries.set(tag.clone(), at);
        }
        self.entries.insert(tag, DialEntry { ticket, accepted: false, legs: Vec::new(), since, timeout });
    }

    pub(in crate::session) fn get_mut(&mut self, tag: &Tag) -> Option<&mut DialEntry> {
        self.entries.get_mut(tag)
    }

    pub(in crate::session) fn contains(&self, tag: &Tag) -> bool {
        self.entries.contains_key(tag)
    }

    /// Takes a dial out and remembers that it was decided.
    pub(in crate::session) fn decide(&mut self, tag: &Tag) -> Option<DialEntry> {
        let entry = self.entries.remove(tag)?;
        self.by_ticket.remove(&entry.ticket);
        self.expiries.cancel(tag);
        self.decided.insert(tag.clone());
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

    /// The earliest time at which a dial expires.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.expiries.next()
    }

    /// Returns the dial that expires next. The caller has to fail it.
    pub(in crate::session) fn pop_expired(&mut self, now: Instant) -> Option<Tag> {
        self.expiries.pop_due(now)
    }
}
