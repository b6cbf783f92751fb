//! Events on their way to clients.

use serde_json::{Value, json};

use super::session::{SESSION_QUEUE_BOUND, SessionKey};
use super::timers::Timer;
use super::{Staged, Switchboard, epoch};
use crate::{ConnectionId, Violation};

pub(super) const AUTHORIZATION_STATE: &str = "signalwire.authorization.state";

impl Switchboard {
    /// Sends an event to a session, or keeps it until the session is resumed.
    pub(crate) fn emit(&mut self, to: SessionKey, event_type: &str, params: Value) {
        let Some(session) = self.sessions.get_mut(&to) else { return };
        if let Some(connection) = session.connection {
            self.send_event(connection, event_type, &params);
            return;
        }
        if session.queue.len() == SESSION_QUEUE_BOUND {
            session.queue.pop_front();
            session.lost_events += 1;
        }
        session.queue.push_back((event_type.to_owned(), params));
    }

    pub(super) fn send_event(&mut self, to: ConnectionId, event_type: &str, params: &Value) {
        let id = self.next_frame_id("e");
        let frame = json!({
            "jsonrpc": "2.0",
            "id": id,
            "method": "signalwire.event",
            "params": {
                "event_type": event_type,
                "timestamp": epoch(self.now),
                "event_channel": "relay:simulator",
                "params": params,
            },
        });
        self.staged.push(Staged { to, text: frame.to_string(), event: Some(id) });
    }

    /// An event is really leaving: from now on its acknowledgement is expected.
    pub(super) fn expect_ack(&mut self, from: ConnectionId, id: String, text: String) {
        let due = self.now.saturating_add(self.scenario.ack_within);
        let Some(connection) = self.connections.get_mut(&from).filter(|connection| connection.event_acks)
        else {
            return;
        };
        // An old authorization state has no worth on a new connection.
        if self.scenario.redeliver && !text.contains(AUTHORIZATION_STATE) {
            connection.unconfirmed.push_back(Staged { to: from, text, event: Some(id.clone()) });
        }
        let timer = self.timers.set(due, Timer::AckOverdue(from, id.clone()));
        if let Some(old) = connection.unacknowledged.insert(id, timer) {
            self.timers.cancel(old);
        }
    }

    pub(super) fn ack_overdue(&mut self, from: ConnectionId, id: String) {
        if let Some(connection) = self.connections.get_mut(&from)
            && connection.unacknowledged.remove(&id).is_some()
        {
            // When it comes after all it is late, not unknown.
            connection.may_answer_again(id.clone());
            self.violated(Violation::AckOverdue { at: self.now, connection: from, event_id: id });
        }
    }
}
