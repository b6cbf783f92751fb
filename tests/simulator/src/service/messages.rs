//! Outbound messages of clients, and inbound messages.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::SimulatedService;
use super::mailbox::{Deliverable, Mailbox};
use super::schedule::{Schedule, Scheduled};
use super::session::{Session, SessionKey};
use super::timers::Timer;
use crate::scenario::When;
use crate::{Delivery, Message, Report, Scenario};

/// Maximum number of characters in a segment.
const MAX_SEGMENT_CHARACTERS: usize = 160;

/// The number of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MessageKey(u64);

/// An outbound message that has not reached its last state.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// The session that sent the message.
    session: SessionKey,
    project: String,
    /// The context that receives the states.
    context: String,
    facts: Value,
    /// The coming states, last one first, each with its delay; and the reason of the last one.
    states: Vec<(&'static str, Duration)>,
    reason: Option<String>,
}

/// An inbound message.
#[derive(Debug)]
pub(crate) struct Incoming {
    id: String,
    message: Message,
}

impl SimulatedService {
    /// Sends a message of a client. The phone with the number decides the outcome. Returns the message id.
    pub(crate) fn send_message(&mut self, session: SessionKey, params: &Map<String, Value>) -> String {
        self.next_message += 1;
        let key = MessageKey(self.next_message);
        let field = |name: &str| params.get(name).cloned();
        let to = params.get("to_number").and_then(Value::as_str).unwrap_or_default();
        let body = params.get("body").and_then(Value::as_str).unwrap_or_default();
        let to_specification = self.scenario.is_to_specification();
        let context = params.get("context").and_then(Value::as_str);
        let context = context.unwrap_or(if to_specification { "default" } else { "" }).to_owned();
        let mut facts = json!({
            "message_id": key.id(),
            "context": context,
            "direction": "outbound",
            "from_number": field("from_number"),
            "to_number": to,
            "body": body,
            "media": field("media").unwrap_or_else(|| json!([])),
            "segments": segments(body),
            "tags": field("tags").unwrap_or_else(|| json!([])),
        });
        if to_specification {
            facts["tags"] = json!([]);
            if let Some(tag) = field("tag") {
                facts["tag"] = tag;
            }
            omit_empty_media(&mut facts);
        }
        let millis = Duration::from_millis;
        let delivery = if self.take_failure("messaging.send") {
            Delivery::Failed("service_error".into())
        } else {
            self.scenario.phone_at(to).messages
        };
        let (mut states, reason) = match delivery {
            Delivery::Delivered => (vec![("delivered", millis(1500)), ("sent", millis(500))], None),
            Delivery::Undelivered(why) => {
                (vec![("undelivered", millis(1500)), ("sent", millis(500))], Some(why))
            }
            Delivery::Failed(why) => (vec![("failed", millis(500))], Some(why)),
        };
        states.extend([("initiated", millis(200)), ("queued", Duration::ZERO)]);
        let project = self.project_of(session);
        self.outgoing.insert(key, Outgoing { session, project, context, facts, states, reason });
        self.advance_message(key);
        key.id()
    }

    /// Moves an outbound message to its next state.
    pub(super) fn advance_message(&mut self, key: MessageKey) {
        let Some(message) = self.outgoing.get_mut(&key) else { return };
        let Some((state, _)) = message.states.pop() else { return };
        let mut event = message.facts.clone();
        if self.scenario.other_forms {
            event = json!({"message_id": key.id()});
        }
        event["message_state"] = state.into();
        let (sender, project, context) = (message.session, message.project.clone(), message.context.clone());
        if let Some((_, after)) = message.states.last() {
            let due = self.now.saturating_add(*after);
            self.timers.set(due, Timer::MessageAdvances(key));
        } else {
            if let Some(reason) = &message.reason {
                event["reason"] = reason.as_str().into();
            }
            self.outgoing.remove(&key);
        }
        let (message, state) = (key.id(), state.to_owned());
        if let Some(session) = self.recipient(sender, &project, &context) {
            self.emit(session, "messaging.state", event);
            self.report(Report::MessageMoved { message, state });
        } else {
            self.report(Report::MessageUnheard { message, state, context });
        }
    }

    /// Returns the session that receives the states of a message. The context is the protocol of a session, or a
    /// context that a session reads. The sender comes first, then the sessions of its project, connected ones before
    /// others.
    fn recipient(&self, sender: SessionKey, project: &str, context: &str) -> Option<SessionKey> {
        let named = |session: &Session| session.protocol == context;
        let reads = |session: &Session| session.contexts.contains(context);
        if self.sessions.get(&sender).is_some_and(|sender| named(sender) || reads(sender)) {
            return Some(sender);
        }
        let find = |fits: &dyn Fn(&Session) -> bool| {
            let mut of_project = self.sessions.iter().filter(|(_, session)| session.project == project);
            of_project.find(|(_, session)| fits(session)).map(|(key, _)| *key)
        };
        find(&named)
            .or_else(|| find(&|session| reads(session) && session.connection.is_some()))
            .or_else(|| find(&reads))
    }

    /// Receives a message from outside and delivers it as soon as its context has a subscriber. Returns the message id.
    pub(super) fn enqueue_message(&mut self, message: Message, scripted: Option<usize>) -> String {
        self.next_message += 1;
        let id = MessageKey(self.next_message).id();
        self.enqueue(Incoming { id: id.clone(), message }, scripted);
        id
    }
}

impl Scheduled for Message {
    fn when(&self) -> When {
        self.when
    }

    fn context(&self) -> &str {
        &self.context
    }

    fn items(scenario: &Scenario) -> &[Self] {
        &scenario.messages
    }

    fn schedule(service: &mut SimulatedService) -> &mut Schedule {
        &mut service.schedules.messages
    }

    fn timer(index: usize) -> Timer {
        Timer::MessageArrives(index)
    }

    fn start(self, service: &mut SimulatedService, index: usize) {
        service.enqueue_message(self, Some(index));
    }
}

impl Deliverable for Incoming {
    type Scripted = Message;

    fn context(&self) -> &str {
        &self.message.context
    }

    fn project(&self) -> Option<&str> {
        self.message.project.as_deref()
    }

    fn mailbox(service: &mut SimulatedService) -> &mut Mailbox<Self> {
        &mut service.incoming
    }

    fn deliver(self, service: &mut SimulatedService, to: SessionKey) {
        let Self { id, message } = self;
        let mut event = json!({
            "message_id": id,
            "context": message.context,
            "direction": "inbound",
            "from_number": message.from,
            "to_number": message.to,
            "body": message.body,
            "media": message.media,
            "segments": segments(&message.body),
            "message_state": "received",
            "tags": message.tags,
        });
        if service.scenario.is_to_specification() {
            event["tags"] = json!([]);
            omit_empty_media(&mut event);
        }
        service.emit(to, "messaging.receive", event);
        if let Some(to) = service.sessions.get(&to).and_then(|session| session.connection) {
            service.report(Report::MessageOffered { message: id, to });
        }
    }
}

impl MessageKey {
    fn id(self) -> String {
        format!("m-{}", self.0)
    }
}

/// Removes `media` from an event if it is empty.
fn omit_empty_media(event: &mut Value) {
    if let Some(members) = event.as_object_mut()
        && members.get("media").and_then(Value::as_array).is_some_and(Vec::is_empty)
    {
        members.remove("media");
    }
}

fn segments(body: &str) -> usize {
    body.chars().count().div_ceil(MAX_SEGMENT_CHARACTERS).max(1)
}
