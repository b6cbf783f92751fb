//! A table of requests that wait to be sent, or to be answered.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::purpose::Purpose;
use crate::ids::Ticket;
use crate::session::frame;
use crate::timers::Timers;

/// The number of requests of the application that may wait for a connection. Of hang-ups and passed offers there may be
/// twice as many.
pub const MAX_QUEUED_REQUESTS: usize = 500;
/// The number of requests of the application that may be without an answer, those included that have not left yet and
/// those whose future was dropped after they had. Of hang-ups and passed offers there may be twice as many.
pub const MAX_UNANSWERED_REQUESTS: usize = 10_000;

/// Requests in the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::session) struct RequestKey(u64);

/// The progress of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Progress {
    /// It waits for a connection.
    Queued,
    /// It leaves as soon as the transport takes it.
    Staged,
    /// Its frame was handed to the transport.
    Sent,
}

pub(in crate::session) struct Request {
    pub(in crate::session) id: Uuid,
    pub(in crate::session) method: Cow<'static, str>,
    /// The parameters as the JSON text of an object; empty once the frame was written, unless it may be sent again.
    pub(in crate::session) params: String,
    pub(in crate::session) purpose: Purpose,
    /// Set if nobody wants to know the outcome.
    pub(in crate::session) abandoned: bool,
    /// The number of times that a hang-up is sent again: see [`Purpose::hangs_up`].
    pub(in crate::session) retries: u32,
    /// Set if the application has set a time limit.
    pub(in crate::session) is_limited: bool,
    pub(in crate::session) progress: Progress,
    pub(in crate::session) made: Instant,
    pub(in crate::session) timeout: Duration,
}

impl Request {
    /// The request as a phrase for messages.
    pub(in crate::session) fn describe(&self) -> String {
        match self.purpose.asked_call() {
            Some(call_id) => format!("{} on call {call_id}", self.method),
            None => self.method.to_string(),
        }
    }
}

#[derive(Default)]
pub(in crate::session) struct Requests {
    next: u64,
    requests: BTreeMap<RequestKey, Request>,
    by_id: HashMap<Uuid, RequestKey>,
    by_ticket: HashMap<Ticket, RequestKey>,
    /// The number of requests that wait for a connection.
    queued: usize,
    /// The staged requests that leave first.
    urgent: BTreeSet<RequestKey>,
    /// The other staged requests.
    ordinary: BTreeSet<RequestKey>,
    /// When a request without an answer fails.
    expiries: Timers<RequestKey>,
}

impl Requests {
    pub(in crate::session) fn iter(&self) -> impl Iterator<Item = &Request> {
        self.requests.values()
    }

    /// Adds a request. `expires` is whether it fails when its time is over.
    pub(in crate::session) fn insert(&mut self, request: Request, expires: bool) -> RequestKey {
        let key = RequestKey(self.next);
        self.next += 1;
        self.by_id.insert(request.id, key);
        if let Purpose::Application(ticket, _) = request.purpose {
            self.by_ticket.insert(ticket, key);
        }
        self.queued += usize::from(request.progress == Progress::Queued);
        if request.progress == Progress::Staged {
            self.line_up(key, &request.purpose);
        }
        // A time beyond what the clock can count is no limit.
        if let Some(at) = request.made.checked_add(request.timeout).filter(|_| expires) {
            self.expiries.set(key, at);
        }
        self.requests.insert(key, request);
        key
    }

    /// Puts a staged request in line. An urgent one about a call goes with what was asked of that call before it, so that
    /// the order on each call stays.
    fn line_up(&mut self, key: RequestKey, purpose: &Purpose) {
        if !purpose.is_urgent() {
            self.ordinary.insert(key);
            return;
        }
        if let Some(call_id) = purpose.call_id()
            && !self.ordinary.is_empty()
        {
            let of_call = |other: &RequestKey| {
                self.requests.get(other).is_some_and(|r| r.purpose.call_id() == Some(call_id))
            };
            let before: Vec<_> = self.ordinary.iter().copied().filter(of_call).collect();
            for other in before {
                self.ordinary.remove(&other);
                self.urgent.insert(other);
            }
        }
        self.urgent.insert(key);
    }

    fn leave_line(&mut self, key: RequestKey) {
        if !self.urgent.remove(&key) {
            self.ordinary.remove(&key);
        }
    }

    /// The staged request that leaves next.
    pub(in crate::session) fn next_to_leave(&self) -> Option<RequestKey> {
        self.urgent.first().or_else(|| self.ordinary.first()).copied()
    }

    /// The staged requests.
    pub(in crate::session) fn staged(&self) -> Vec<RequestKey> {
        self.urgent.iter().chain(&self.ordinary).copied().collect()
    }

    /// The limit that a further request would exceed, if it would exceed one.
    pub(in crate::session) fn exceeded_limit(&self, purpose: &Purpose, ready: bool) -> Option<usize> {
        let times = if purpose.parts_with_call() { 2 } else { 1 };
        let unanswered = (self.by_ticket.len(), times * MAX_UNANSWERED_REQUESTS);
        let offline = (if ready { 0 } else { self.queued }, times * MAX_QUEUED_REQUESTS);
        let limits = [offline, unanswered];
        limits.into_iter().find(|(number, limit)| number >= limit).map(|(_, limit)| limit)
    }

    /// Takes a request out. One that has not left is not written any more.
    pub(in crate::session) fn remove(&mut self, key: RequestKey) -> Option<Request> {
        let request = self.requests.remove(&key)?;
        self.by_id.remove(&request.id);
        if let Purpose::Application(ticket, _) = request.purpose {
            self.by_ticket.remove(&ticket);
        }
        self.queued -= usize::from(request.progress == Progress::Queued);
        if request.progress == Progress::Staged {
            self.leave_line(key);
        }
        self.expiries.cancel(&key);
        Some(request)
    }

    pub(in crate::session) fn key_of_id(&self, id: Uuid) -> Option<RequestKey> {
        self.by_id.get(&id).copied()
    }

    pub(in crate::session) fn key_of_ticket(&self, ticket: Ticket) -> Option<RequestKey> {
        self.by_ticket.get(&ticket).copied()
    }

    pub(in crate::session) fn get(&self, key: RequestKey) -> Option<&Request> {
        self.requests.get(&key)
    }

    /// Stages everything that waits for a connection. What the application has asked stays in order.
    pub(in crate::session) fn stage_all(&mut self) {
        if self.queued == 0 {
            return;
        }
        self.queued = 0;
        let queued = self.requests.iter_mut().filter(|(_, request)| request.progress == Progress::Queued);
        for (key, request) in queued {
            request.progress = Progress::Staged;
            let line = if request.purpose.is_of_session() { &mut self.urgent } else { &mut self.ordinary };
            line.insert(*key);
        }
    }

    /// Lets a request that was sent, or waits, be sent again: under another id, for an answer to the first would say
    /// nothing of the second.
    pub(in crate::session) fn requeue(&mut self, key: RequestKey, id: Uuid) {
        if let Some(request) = self.requests.get_mut(&key) {
            self.by_id.remove(&request.id);
            self.by_id.insert(id, key);
            request.id = id;
            request.retries += 1;
            self.queued += usize::from(request.progress != Progress::Queued);
            let before = std::mem::replace(&mut request.progress, Progress::Queued);
            if before == Progress::Staged {
                self.leave_line(key);
            }
        }
    }

    /// Stages one request that waits.
    pub(in crate::session) fn stage(&mut self, key: RequestKey) {
        if let Some(request) = self.requests.get_mut(&key)
            && request.progress == Progress::Queued
        {
            request.progress = Progress::Staged;
            let purpose = request.purpose.clone();
            self.queued -= 1;
            self.line_up(key, &purpose);
        }
    }

    /// Sets when a request expires.
    pub(in crate::session) fn expire_at(&mut self, key: RequestKey, at: Instant) {
        self.expiries.set(key, at);
    }

    /// Puts back the staged requests that fit. They keep their place in the order.
    pub(in crate::session) fn unstage_all(&mut self, fits: impl Fn(&Request) -> bool) {
        for key in self.staged() {
            if let Some(request) = self.requests.get_mut(&key)
                && fits(request)
            {
                request.progress = Progress::Queued;
                self.queued += 1;
                self.leave_line(key);
            }
        }
    }

    /// Nobody wants to know the outcome of a request any more.
    pub(in crate::session) fn abandon(&mut self, key: RequestKey) {
        if let Some(request) = self.requests.get_mut(&key) {
            request.abandoned = true;
        }
    }

    /// Writes the frame of a staged request, which leaves on the session of this name. `None` if the request was
    /// withdrawn.
    pub(in crate::session) fn write(&mut self, key: RequestKey, session: Option<&str>) -> Option<String> {
        let request = self.requests.get_mut(&key).filter(|request| request.progress == Progress::Staged)?;
        request.progress = Progress::Sent;
        request.purpose.name_context(session);
        let params = if request.purpose.hangs_up() {
            request.params.clone()
        } else {
            std::mem::take(&mut request.params)
        };
        let text = frame::request(request.id, &request.method, request.purpose.members(), &params);
        self.leave_line(key);
        Some(text)
    }

    /// The requests that have not left and fit, in order.
    pub(in crate::session) fn unsent(&self, wanted: impl Fn(&Request) -> bool) -> Vec<RequestKey> {
        if self.queued == 0 && self.next_to_leave().is_none() {
            return Vec::new();
        }
        self.keys(|request| request.progress != Progress::Sent && wanted(request))
    }

    /// The requests that were sent, in order.
    pub(in crate::session) fn sent(&self) -> Vec<RequestKey> {
        self.keys(|request| request.progress == Progress::Sent)
    }

    pub(in crate::session) fn keys(&self, wanted: impl Fn(&Request) -> bool) -> Vec<RequestKey> {
        self.requests.iter().filter(|(_, request)| wanted(request)).map(|(key, _)| *key).collect()
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.requests.len()
    }

    /// The earliest time at which a request expires.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.expiries.next()
    }

    /// No request expires any more.
    pub(in crate::session) fn expire_nothing(&mut self) {
        self.expiries.clear();
    }

    /// Takes out the next request that expires. It is up to the caller to fail it.
    pub(in crate::session) fn pop_expired(&mut self, now: Instant) -> Option<RequestKey> {
        self.expiries.pop_due(now)
    }
}
