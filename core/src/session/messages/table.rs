//! A table of messages that are on their way, and of news that came before their message was known.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::events::Event;
use crate::ids::{MessageId, Ticket};
use crate::session::recent::Recent;
use crate::timers::Timers;

/// The number of messages that are followed. The oldest are given up first: not every carrier reports the delivery.
pub const MAX_FOLLOWED_MESSAGES: usize = 10_000;
/// The number of early events that are kept: a state may overtake the reply that names the message.
const MAX_EARLY_EVENTS: usize = 256;
/// The number of received messages that are remembered, so that a repeated one is recognised.
const MAX_REMEMBERED_MESSAGES: usize = 4_096;

/// Counts messages that are sent, and events of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(in crate::session) struct MessageSerial(u64);

#[derive(Debug)]
struct Followed {
    ticket: Ticket,
    since: Instant,
    /// When it was sent.
    sent: MessageSerial,
    /// The serial of its latest event.
    latest: MessageSerial,
}

#[derive(Debug)]
pub(in crate::session) struct Messages {
    next: MessageSerial,
    followed: HashMap<MessageId, Followed>,
    /// In the order in which they were sent.
    order: BTreeMap<MessageSerial, MessageId>,
    early: VecDeque<(MessageId, Arc<Event>)>,
    received: Recent<MessageId>,
    /// When messages are given up of which nothing was heard since the one of this serial.
    give_ups: Timers<MessageSerial>,
}

impl Messages {
    pub(in crate::session) fn new() -> Self {
        Self {
            next: MessageSerial::default(),
            followed: HashMap::new(),
            order: BTreeMap::new(),
            early: VecDeque::new(),
            received: Recent::new(MAX_REMEMBERED_MESSAGES),
            give_ups: Timers::default(),
        }
    }

    /// Follows a message. Gives the news that came before, and the message that had to make room, if one had to: the
    /// oldest, or one of the same name.
    pub(in crate::session) fn follow(
        &mut self,
        id: MessageId,
        ticket: Ticket,
        since: Instant,
    ) -> (Vec<Arc<Event>>, Option<Ticket>) {
        let mut early = Vec::new();
        self.early.retain(|(early_id, event)| {
            let its = *early_id == id;
            if its {
                early.push(event.clone());
            }
            !its
        });
        let namesake = self.take(&id);
        let serial = self.new_serial();
        self.followed.insert(id.clone(), Followed { ticket, since, sent: serial, latest: serial });
        self.order.insert(serial, id);
        let over = self.followed.len() > MAX_FOLLOWED_MESSAGES;
        let oldest = self.order.first_key_value().filter(|_| over).map(|(_, oldest)| oldest.clone());
        let dropped = oldest.and_then(|oldest| self.take(&oldest));
        (early, namesake.or(dropped))
    }

    fn take(&mut self, id: &MessageId) -> Option<Ticket> {
        let message = self.followed.remove(id)?;
        self.order.remove(&message.sent);
        Some(message.ticket)
    }

    /// Since when each is followed.
    pub(in crate::session) fn followed_since(&self) -> impl Iterator<Item = Instant> {
        self.followed.values().map(|message| message.since)
    }

    pub(in crate::session) fn ticket_of(&self, id: &MessageId) -> Option<Ticket> {
        self.followed.get(id).map(|message| message.ticket)
    }

    pub(in crate::session) fn forget(&mut self, id: &MessageId) {
        self.take(id);
    }

    /// Records an event of a message.
    pub(in crate::session) fn renew(&mut self, id: &MessageId) {
        let serial = self.new_serial();
        if let Some(message) = self.followed.get_mut(id) {
            message.latest = serial;
        }
    }

    /// Gives up the messages of which nothing more is heard by then.
    pub(in crate::session) fn give_up_at(&mut self, at: Instant) {
        // One gap after the other must not put it off.
        if !self.followed.is_empty() {
            self.give_ups.set_if_unset(self.next, at);
        }
    }

    /// The earliest time at which messages are given up.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.give_ups.next()
    }

    /// Returns the serial before which messages are to be given up now.
    pub(in crate::session) fn pop_due(&mut self, now: Instant) -> Option<MessageSerial> {
        self.give_ups.pop_due(now)
    }

    fn new_serial(&mut self) -> MessageSerial {
        let serial = self.next;
        self.next = MessageSerial(serial.0 + 1);
        serial
    }

    /// Removes the messages without an event since, in the order in which they were sent.
    pub(in crate::session) fn take_before(&mut self, before: MessageSerial) -> Vec<Ticket> {
        let silent = |id: &&MessageId| self.followed.get(*id).is_some_and(|message| message.latest < before);
        let silent: Vec<_> = self.order.values().filter(silent).cloned().collect();
        silent.iter().filter_map(|id| self.take(id)).collect()
    }

    pub(in crate::session) fn keep_early(&mut self, id: MessageId, event: Arc<Event>) {
        if self.early.len() == MAX_EARLY_EVENTS {
            self.early.pop_front();
        }
        self.early.push_back((id, event));
    }

    /// Returns `true` if a message came in before.
    pub(in crate::session) fn was_received(&self, id: &MessageId) -> bool {
        self.received.contains(id)
    }

    /// Remembers a message that came in.
    pub(in crate::session) fn remember_received(&mut self, id: MessageId) {
        self.received.insert(id);
    }

    /// Removes all messages, in the order in which they were sent.
    pub(in crate::session) fn take_all(&mut self) -> Vec<Ticket> {
        self.early.clear();
        self.give_ups.clear();
        let order = std::mem::take(&mut self.order);
        order.into_values().filter_map(|id| self.followed.remove(&id)).map(|message| message.ticket).collect()
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.followed.len()
    }
}
