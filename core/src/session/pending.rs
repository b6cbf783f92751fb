//! A table of requests that are waiting: to be sent, or to be answered.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::command::Target;
use crate::ids::{CallId, Ticket};

/// How many requests may wait for a connection.
pub const MAX_QUEUED_REQUESTS: usize = 500;

/// Requests in the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RequestKey(u64);

/// Whom an answer is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// The session: may it go on as this client?
    Authenticate {
        /// Whether an earlier session was asked for.
        resuming: bool,
    },
    /// The session: is anybody there?
    Probe,
    /// The session: is the call still there?
    Confirm(CallId),
    /// The session, tidying up after a call or a subscription; nobody waits.
    CleanUp(Option<CallId>),
    /// The application.
    Application(Ticket, Target),
}

/// How far a request has got.
pub(super) enum Stage {
    /// It waits for a connection; this is its frame.
    Queued(String),
    /// Its frame waits to be drained.
    Staged,
    /// Its frame was handed to the transport.
    Sent,
}

pub(super) struct Request {
    pub(super) id: Uuid,
    pub(super) method: Cow<'static, str>,
    pub(super) purpose: Purpose,
    /// The context that the session gives a message which was made without one; empty until it leaves, since only
    /// then is it certain which session it leaves on.
    pub(super) context: Option<Arc<str>>,
    /// Whether nobody wants to know what becomes of it.
    pub(super) abandoned: bool,
    pub(super) stage: Stage,
    pub(super) made: Instant,
    pub(super) timeout: Duration,
}

impl Request {
    /// The request as a phrase for messages.
    pub(super) fn describe(&self) -> String {
        match &self.purpose {
            Purpose::Application(_, target) => match target.call_id() {
                Some(call_id) => format!("{} on call {call_id}", self.method),
                None => self.method.to_string(),
            },
            _ => self.method.to_string(),
        }
    }
}

#[derive(Default)]
pub(super) struct Pending {
    next: u64,
    requests: BTreeMap<RequestKey, Request>,
    by_id: HashMap<Uuid, RequestKey>,
    by_ticket: HashMap<Ticket, RequestKey>,
    queue: VecDeque<RequestKey>,
}

impl Pending {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Request> {
        self.requests.values()
    }

    pub(super) fn insert(&mut self, request: Request) -> RequestKey {
        let key = RequestKey(self.next);
        self.next += 1;
        self.by_id.insert(request.id, key);
        if let Purpose::Application(ticket, _) = request.purpose {
            self.by_ticket.insert(ticket, key);
        }
        if matches!(request.stage, Stage::Queued(_)) {
            self.queue.push_back(key);
        }
        self.requests.insert(key, request);
        key
    }

    pub(super) fn has_room_offline(&self) -> bool {
        self.queue.len() < MAX_QUEUED_REQUESTS
    }

    pub(super) fn remove(&mut self, key: RequestKey) -> Option<Request> {
        let request = self.requests.remove(&key)?;
        self.by_id.remove(&request.id);
        if let Purpose::Application(ticket, _) = request.purpose {
            self.by_ticket.remove(&ticket);
        }
        if matches!(request.stage, Stage::Queued(_)) {
            self.queue.retain(|queued| *queued != key);
        }
        Some(request)
    }

    pub(super) fn key_of_id(&self, id: Uuid) -> Option<RequestKey> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn key_of_ticket(&self, ticket: Ticket) -> Option<RequestKey> {
        self.by_ticket.get(&ticket).copied()
    }

    pub(super) fn get(&self, key: RequestKey) -> Option<&Request> {
        self.requests.get(&key)
    }

    /// The frame of the next queued request, which counts as staged from now on.
    pub(super) fn stage_next(&mut self) -> Option<(RequestKey, String)> {
        let key = self.queue.pop_front()?;
        let request = self.requests.get_mut(&key)?;
        match std::mem::replace(&mut request.stage, Stage::Staged) {
            Stage::Queued(frame) => Some((key, frame)),
            // Only queued requests are in the queue.
            _ => None,
        }
    }

    /// The context of a message is the name of the session that it leaves on.
    pub(super) fn leave_context_open(&mut self, ticket: Ticket) {
        if let Some(request) = self.key_of_ticket(ticket).and_then(|key| self.requests.get_mut(&key)) {
            request.context = Some("".into());
        }
    }

    /// Nobody wants to know what becomes of a request that has left.
    pub(super) fn abandon(&mut self, key: RequestKey) {
        if let Some(request) = self.requests.get_mut(&key) {
            request.abandoned = true;
        }
    }

    /// The frame of a request leaves, on a session of this name.
    pub(super) fn mark_sent(&mut self, key: RequestKey, frame: &mut String, protocol: Option<&str>) {
        if let Some(request) = self.requests.get_mut(&key) {
            request.stage = Stage::Sent;
            if let Some(context) = &mut request.context {
                *context = protocol.unwrap_or("default").into();
                super::frame::add_context(frame, context);
            }
        }
    }

    /// Puts back what was staged but never drained; it goes out first on the next connection.
    pub(super) fn unstage(&mut self, frames: Vec<(RequestKey, String)>) {
        for (key, frame) in frames.into_iter().rev() {
            if let Some(request) = self.requests.get_mut(&key) {
                request.stage = Stage::Queued(frame);
                self.queue.push_front(key);
            }
        }
    }

    /// What waits for a connection, in order.
    pub(super) fn queued(&self, wanted: impl Fn(&Request) -> bool) -> Vec<RequestKey> {
        let fits = |key: &&RequestKey| self.requests.get(key).is_some_and(&wanted);
        self.queue.iter().filter(fits).copied().collect()
    }

    /// What was sent, in order.
    pub(super) fn sent(&self) -> Vec<RequestKey> {
        self.keys(|request| matches!(request.stage, Stage::Sent))
    }

    pub(super) fn keys(&self, wanted: impl Fn(&Request) -> bool) -> Vec<RequestKey> {
        self.requests.iter().filter(|(_, request)| wanted(request)).map(|(key, _)| *key).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }
}
