//! Messages: the states of those that were sent, and those that came in.

mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::table::MAX_FOLLOWED_MESSAGES;
pub(super) use self::table::{MessageSerial, Messages};

use super::Reply;
use super::{Notice, OperationUpdate, Session, SessionEvent};
use crate::error::{Certainty, ConnectionLost, Error, NotFollowed};
use crate::events::Event;
use crate::ids::{MessageId, Ticket};
use crate::json::{object, read_object};
use crate::service::{MessageReceiveEvent, MessageStateEvent};

/// The time that the next event of a message has to arrive after the connection was down.
const MESSAGE_STATE_TIMEOUT: Duration = Duration::from_mins(5);

impl Session {
    /// The service has accepted a message, and named it.
    pub(super) fn follow_message(&mut self, now: Instant, ticket: Ticket, reply: &Reply) {
        object! {
            struct Accepted {
                message_id: MessageId,
            }
        }
        let accepted: Accepted = read_object(reply.raw());
        if accepted.message_id.is_empty() {
            // Nothing that is heard can be told to be about it.
            let error = Error::NotFollowed(Box::new(NotFollowed { method: "messaging.send".to_owned() }));
            return self.emit(SessionEvent::OperationFailed { ticket, error });
        }
        let (early, dropped) = self.messages.follow(accepted.message_id, ticket, now);
        if let Some(dropped) = dropped {
            self.lose_message(dropped);
        }
        for event in early {
            if let Event::MessageState(news) = &*event {
                let news = news.clone();
                self.handle_message_state(&news, event);
            }
        }
    }

    /// The last event of any message may have been missed: without further events they are given up after a while.
    pub(super) fn doubt_messages(&mut self, now: Instant) {
        self.messages.give_up_at(now + MESSAGE_STATE_TIMEOUT);
    }

    pub(super) fn give_up_messages(&mut self, before: MessageSerial) {
        for ticket in self.messages.take_before(before) {
            self.lose_message(ticket);
        }
    }

    /// A message came in. A repeated one is not reported: nobody is to answer it twice.
    pub(super) fn handle_message(&mut self, message: &MessageReceiveEvent, event: Arc<Event>) {
        let id = &message.message_id;
        if self.messages.was_received(id) {
            return self.notice(Notice::MessageRepeated(id.clone()));
        }
        // One without a name cannot be recognised.
        if !id.is_empty() {
            self.messages.remember_received(id.clone());
        }
        self.emit(SessionEvent::Other(event));
    }

    pub(super) fn handle_message_state(&mut self, news: &MessageStateEvent, event: Arc<Event>) {
        let Some(ticket) = self.messages.ticket_of(&news.message_id) else {
            if !news.message_id.is_empty() {
                self.messages.keep_early(news.message_id.clone(), event.clone());
            }
            return self.emit(SessionEvent::Other(event));
        };
        let ended = news.message_state.is_final();
        if ended {
            self.messages.forget(&news.message_id);
        } else {
            self.messages.renew(&news.message_id);
        }
        let update = OperationUpdate { ticket, answered: ended, ended };
        self.emit(SessionEvent::Message { event, update });
    }

    /// The session that would have reported the messages is gone.
    pub(super) fn lose_messages(&mut self) {
        for ticket in self.messages.take_all() {
            self.lose_message(ticket);
        }
    }

    fn lose_message(&mut self, ticket: Ticket) {
        let lost =
            ConnectionLost { what: "the delivery of a message".to_owned(), certainty: Certainty::Unknown };
        self.emit(SessionEvent::OperationFailed { ticket, error: Error::ConnectionLost(Box::new(lost)) });
    }
}
