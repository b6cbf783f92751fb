//! A table of messages that are on their way, and of news that came before their message was known.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::events::Event;
use crate::ids::{MessageId, Ticket};

/// How many messages are followed. The oldest are let go of first: not every carrier tells of the delivery.
pub const FOLLOWED_MESSAGES: usize = 10_000;
/// How much early news is kept: a state may overtake the reply that names the message.
const EARLY_NEWS: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Messages {
    tickets: HashMap<MessageId, Ticket>,
    order: VecDeque<MessageId>,
    early: VecDeque<(MessageId, Arc<Event>)>,
}

impl Messages {
    /// Follows a message. Gives the news that came before, and the message that had to make room, if one had to.
    pub(super) fn follow(&mut self, id: MessageId, ticket: Ticket) -> (Vec<Arc<Event>>, Option<Ticket>) {
        let mut early = Vec::new();
        self.early.retain(|(early_id, event)| {
            let its = *early_id == id;
            if its {
                early.push(event.clone());
            }
            !its
        });
        self.tickets.insert(id.clone(), ticket);
        self.order.push_back(id);
        let mut dropped = None;
        if self.tickets.len() > FOLLOWED_MESSAGES {
            while let (None, Some(oldest)) = (dropped, self.order.pop_front()) {
                dropped = self.tickets.remove(&oldest);
            }
        }
        (early, dropped)
    }

    pub(super) fn ticket_of(&self, id: &MessageId) -> Option<Ticket> {
        self.tickets.get(id).copied()
    }

    pub(super) fn forget(&mut self, id: &MessageId) {
        self.tickets.remove(id);
        // Those that are not followed any more pile up in the order only as long as followed ones precede them.
        while self.order.front().is_some_and(|front| !self.tickets.contains_key(front)) {
            self.order.pop_front();
        }
    }

    pub(super) fn keep_early(&mut self, id: MessageId, event: Arc<Event>) {
        if self.early.len() == EARLY_NEWS {
            self.early.pop_front();
        }
        self.early.push_back((id, event));
    }

    /// Lets go of all messages, in the order in which they were sent.
    pub(super) fn take_all(&mut self) -> Vec<Ticket> {
        self.early.clear();
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|id| self.tickets.remove(&id)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.tickets.len()
    }
}
