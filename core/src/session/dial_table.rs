//! A table of dials: those that are under way, and the tags of those that were decided lately.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::recent::Recent;
use crate::ids::{CallId, Tag, Ticket};

/// How many decided dials are remembered, so that late legs of them are recognised.
const MAX_REMEMBERED_DIALS: usize = 1_024;

#[derive(Debug)]
pub(super) struct DialEntry {
    pub(super) ticket: Ticket,
    /// Whether the service has accepted the request.
    pub(super) accepted: bool,
    pub(super) legs: Vec<CallId>,
    pub(super) since: Instant,
    pub(super) timeout: Duration,
}

#[derive(Debug)]
pub(super) struct Dials {
    entries: HashMap<Tag, DialEntry>,
    by_ticket: HashMap<Ticket, Tag>,
    decided: Recent<Tag>,
}

impl Dials {
    pub(super) fn new() -> Self {
        Self {
            entries: HashMap::new(),
            by_ticket: HashMap::new(),
            decided: Recent::new(MAX_REMEMBERED_DIALS),
        }
    }

    pub(super) fn insert(&mut self, tag: Tag, ticket: Ticket, since: Instant, timeout: Duration) {
        self.by_ticket.insert(ticket, tag.clone());
        self.entries.insert(tag, DialEntry { ticket, accepted: false, legs: Vec::new(), since, timeout });
    }

    pub(super) fn get_mut(&mut self, tag: &Tag) -> Option<&mut DialEntry> {
        self.entries.get_mut(tag)
    }

    pub(super) fn contains(&self, tag: &Tag) -> bool {
        self.entries.contains_key(tag)
    }

    /// Takes a dial out and remembers that it was decided.
    pub(super) fn decide(&mut self, tag: &Tag) -> Option<DialEntry> {
        let entry = self.entries.remove(tag)?;
        self.by_ticket.remove(&entry.ticket);
        self.decided.insert(tag.clone());
        Some(entry)
    }

    /// Forgets a dial that never began.
    pub(super) fn forget(&mut self, tag: &Tag) {
        self.decided.remove(tag);
    }

    pub(super) fn was_decided(&self, tag: &Tag) -> bool {
        self.decided.contains(tag)
    }

    pub(super) fn tag_of(&self, ticket: Ticket) -> Option<Tag> {
        self.by_ticket.get(&ticket).cloned()
    }

    /// The dials that fit, in the order in which they were made.
    pub(super) fn tags(&self, wanted: impl Fn(&DialEntry) -> bool) -> Vec<Tag> {
        let mut tags: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| wanted(entry))
            .map(|(tag, entry)| (entry.ticket, tag))
            .collect();
        tags.sort();
        tags.into_iter().map(|(_, tag)| tag.clone()).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &DialEntry> {
        self.entries.values()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
