//! A table of messages that are on their way, and of news that came before their message was known.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::recent::Recent;
use crate::events::Event;
use crate::ids::{MessageId, Ticket};

/// How many messages are followed. The oldest are let go of first: not every carrier tells of the delivery.
pub const FOLLOWED_MESSAGES: usize = 10_000;
/// How much early news is kept: a state may overtake the reply that names the message.
const EARLY_NEWS: usize = 256;
/// How many messages that came in are remembered, so that one that comes again is recognised.
const REMEMBERED_MESSAGES: usize = 4_096;

/// Followed messages in the order of the latest news of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct MessageSerial(u64);

#[derive(Debug)]
struct Followed {
    ticket: Ticket,
    since: Instant,
    serial: MessageSerial,
}

#[derive(Debug)]
pub(super) struct Messages {
    next: MessageSerial,
    followed: HashMap<MessageId, Followed>,
    order: VecDeque<MessageId>,
    early: VecDeque<(MessageId, Arc<Event>)>,
    received: Recent<MessageId>,
}

impl Messages {
    pub(super) fn new() -> Self {
        Self {
            next: MessageSerial::default(),
            followed: HashMap::new(),
            order: VecDeque::new(),
            early: VecDeque::new(),
            received: Recent::new(REMEMBERED_MESSAGES),
        }
    }

    /// Follows a message. Gives the news that came before, and the message that had to make room, if one had to.
    pub(super) fn follow(
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
        let serial = self.new_serial();
        self.followed.insert(id.clone(), Followed { ticket, since, serial });
        self.order.push_back(id);
        let mut dropped = None;
        if self.followed.len() > FOLLOWED_MESSAGES {
            while let (None, Some(oldest)) = (dropped, self.order.pop_front()) {
                dropped = self.followed.remove(&oldest).map(|message| message.ticket);
            }
        }
        (early, dropped)
    }

    /// Since when each is followed.
    pub(super) fn followed_since(&self) -> impl Iterator<Item = Instant> {
        self.followed.values().map(|message| message.since)
    }

    pub(super) fn ticket_of(&self, id: &MessageId) -> Option<Ticket> {
        self.followed.get(id).map(|message| message.ticket)
    }

    pub(super) fn forget(&mut self, id: &MessageId) {
        self.followed.remove(id);
        // Those that are not followed any more pile up in the order only as long as followed ones precede them.
        while self.order.front().is_some_and(|front| !self.followed.contains_key(front)) {
            self.order.pop_front();
        }
    }

    /// There are news of a message.
    pub(super) fn renew(&mut self, id: &MessageId) {
        let serial = self.new_serial();
        if let Some(message) = self.followed.get_mut(id) {
            message.serial = serial;
        }
    }

    /// The serial that comes next: all messages are before it.
    pub(super) fn next(&self) -> MessageSerial {
        self.next
    }

    fn new_serial(&mut self) -> MessageSerial {
        let serial = self.next;
        self.next = MessageSerial(serial.0 + 1);
        serial
    }

    /// Lets go of the messages of which there were no news since, in the order in which they were sent.
    pub(super) fn take_before(&mut self, before: MessageSerial) -> Vec<Ticket> {
        let mut taken = Vec::new();
        self.order.retain(|id| {
            if self.followed.get(id).is_none_or(|message| message.serial >= before) {
                return true;
            }
            taken.extend(self.followed.remove(id).map(|message| message.ticket));
            false
        });
        taken
    }

    pub(super) fn keep_early(&mut self, id: MessageId, event: Arc<Event>) {
        if self.early.len() == EARLY_NEWS {
            self.early.pop_front();
        }
        self.early.push_back((id, event));
    }

    /// Whether a message has come in before.
    pub(super) fn was_received(&self, id: &MessageId) -> bool {
        self.received.contains(id)
    }

    /// Remembers a message that came in.
    pub(super) fn remember_received(&mut self, id: MessageId) {
        self.received.insert(id);
    }

    /// Lets go of all messages, in the order in which they were sent.
    pub(super) fn take_all(&mut self) -> Vec<Ticket> {
        self.early.clear();
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|id| self.followed.remove(&id)).map(|message| message.ticket).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.followed.len()
    }
}
