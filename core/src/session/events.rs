//! Dispatches an event to the part of the session that it is for.

use std::sync::Arc;
use std::time::Instant;

use serde_json::value::RawValue;

use super::Session;
use super::calls::Question;
use super::frame::EventParams;
use super::output::SessionEvent;
use crate::events::Event;

impl Session {
    /// Takes in an event. `id` is that of its frame.
    pub(super) fn handle_event(&mut self, now: Instant, id: Option<&RawValue>, params: &EventParams<'_>) {
        if params.event_type == "signalwire.authorization.state" {
            return self.handle_authorization_state(params.params);
        }
        let mut event = Event::parse(&params.event_type, params.timestamp, params.params);
        self.redact_event(&mut event);
        if Question::caused(&event) {
            return;
        }
        let event = Arc::new(event);
        match &*event {
            Event::Receive(offer) => self.handle_offer(now, id, offer),
            Event::State(state) => self.handle_state(now, state, &event),
            Event::Dial(dial) => self.handle_dial_event(now, dial, &event),
            Event::MessageReceive(message) => self.handle_message(message, event.clone()),
            Event::MessageState(news) => self.handle_message_state(news, event.clone()),
            Event::Task(task) => self.handle_task(id, task, event.clone()),
            other => match other.call_id() {
                Some(call_id) if self.late.contains(call_id) && self.report_late_event(call_id, &event) => {}
                Some(call_id) if self.knows(call_id) => {
                    self.report_call_event(now, call_id.clone(), id, event);
                }
                Some(call_id) if self.late.contains(call_id) => self.emit_late(call_id, &event, None),
                _ => self.emit(SessionEvent::Other(event)),
            },
        }
    }
}
