//! Sending events to clients.

use serde_json::{Value, json};

use super::session::{MAX_QUEUED_EVENTS, SessionKey};
use super::timers::Timer;
use super::{EPOCH_SECONDS, ExpectedReply, OutgoingFrame, SimulatedService, epoch};
use crate::{ConnectionId, Violation};

/// The only event whose members are in the envelope itself.
pub(super) const TASK: &str = "queuing.relay.tasks";
/// The name of the one space of the service.
const SPACE: &str = "simulator-space";
pub(super) const AUTHORIZATION_STATE: &str = "signalwire.authorization.state";

impl SimulatedService {
    /// Sends an event to a session. Without a connection the event is queued until the session is resumed.
    pub(crate) fn emit(&mut self, to: SessionKey, event_type: &str, params: Value) {
        let Some(session) = self.sessions.get_mut(&to) else { return };
        if let Some(connection) = session.connection {
            self.send_event(connection, event_type, &params);
            return;
        }
        if session.queue.len() == MAX_QUEUED_EVENTS {
            session.queue.pop_front();
            session.lost_events += 1;
        }
        session.queue.push_back((event_type.to_owned(), params));
    }

    pub(super) fn send_event(&mut self, to: ConnectionId, event_type: &str, params: &Value) {
        let id = self.next_frame_id("e");
        let outer = self.envelope(to, event_type, params);
        let frame = json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.event", "params": outer});
        self.outgoing_frames.push(OutgoingFrame {
            to,
            text: frame.to_string(),
            expected: ExpectedReply::Ack(id),
        });
    }

    /// Wraps an event in its envelope. A task has none: its members are beside the event type.
    fn envelope(&self, to: ConnectionId, event_type: &str, params: &Value) -> Value {
        if event_type == TASK {
            let mut outer = params.clone();
            outer["event_type"] = event_type.into();
            outer["timestamp"] = (EPOCH_SECONDS + self.now.as_secs()).into();
            self.add_owner(to, &mut outer);
            return outer;
        }
        let mut outer = json!({"event_type": event_type, "params": params});
        let timestamp = epoch(self.now).into();
        match outer["params"].as_object_mut() {
            Some(inner) if self.scenario.other_forms => {
                inner.insert("timestamp".to_owned(), timestamp);
            }
            _ => outer["timestamp"] = timestamp,
        }
        let full = self.scenario.is_to_specification() && !self.scenario.minimal_envelope;
        let of_message = event_type.starts_with("messaging.");
        if !full || !of_message {
            outer["event_channel"] = "relay:simulator".into();
        }
        if full {
            self.add_owner(to, &mut outer);
            if (of_message || event_type == "calling.call.receive")
                && let Some(context) = params.get("context")
            {
                outer["context"] = context.clone();
            }
        }
        outer
    }

    /// Adds the project and the space of a connection to an envelope.
    fn add_owner(&self, to: ConnectionId, outer: &mut Value) {
        let session = self.connections.get(&to).and_then(|connection| connection.session);
        let project = session.map(|session| self.project_of(session)).unwrap_or_default();
        outer["project_id"] = project.into();
        outer["space_id"] = SPACE.into();
    }

    /// Keeps an event for redelivery on resume, if the scenario asks for it.
    pub(super) fn keep_until_acknowledged(&mut self, event: &OutgoingFrame) {
        // An old authorization state is useless on a new connection.
        if self.scenario.redeliver
            && !event.text.contains(AUTHORIZATION_STATE)
            && let Some(connection) = self.connections.get_mut(&event.to)
            && connection.event_acks
        {
            connection.unconfirmed.push_back(event.clone());
        }
    }

    /// Starts the time limit for the reply to a frame that was sent.
    pub(super) fn await_reply(&mut self, from: ConnectionId, expected: ExpectedReply) {
        let due = self.now.saturating_add(self.scenario.ack_within);
        let Some(connection) = self.connections.get_mut(&from) else { return };
        let old = match expected {
            ExpectedReply::Ack(id) if connection.event_acks => {
                let timer = self.timers.set(due, Timer::AckOverdue(from, id.clone()));
                connection.unacknowledged.insert(id, timer)
            }
            ExpectedReply::Pong(id) => {
                let timer = self.timers.set(due, Timer::PingOverdue(from, id.clone()));
                connection.pings.insert(id, timer)
            }
            ExpectedReply::Disconnect(id) => {
                if let Some(disconnect) =
                    connection.disconnect.as_mut().filter(|disconnect| disconnect.id == id)
                {
                    disconnect.left = Some(self.now);
                }
                None
            }
            ExpectedReply::Ack(_) | ExpectedReply::None => None,
        };
        if let Some(old) = old {
            self.timers.cancel(old);
        }
    }

    pub(super) fn ack_overdue(&mut self, from: ConnectionId, id: String) {
        if let Some(connection) = self.connections.get_mut(&from)
            && connection.unacknowledged.remove(&id).is_some()
        {
            // An acknowledgement that still arrives is late, not unknown.
            connection.allow_reply(id.clone());
            self.record_violation(Violation::AckOverdue { at: self.now, connection: from, event_id: id });
        }
    }
}
