//! What becomes of a request: sent, queued, answered, expired, given up.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::command::{Command, Target};
use super::dials::DIAL_TIMEOUT;
use super::frame::{self, Address, Status};
use super::output::{Reply, SessionEvent};
use super::pending::{MAX_QUEUED_REQUESTS, Purpose, Request, RequestKey, Stage};
use super::table::{Decision, Running};
use super::timers::Timer;
use super::{Queued, Session};
use crate::calling::{Correlation, EndReason};
use crate::error::{Certainty, Error, InvalidArgument, QueueFull, TimedOut};
use crate::ids::{CallId, Ticket};
use crate::service_error::ServiceError;

/// Names a group of bindings that nobody has made. There is no method to ask whether a call is there; clearing what is
/// not there comes nearest.
const NO_BINDINGS: &str = r#"{"realm":"-"}"#;
/// How long the service may take to answer what the session asks on its own account, whatever patience the application
/// has: what goes unanswered shows a dead connection.
const OWN_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

impl Session {
    /// Takes on a request. Its outcome is reported under `ticket`, exactly once: as
    /// [`SessionEvent::Dialed`] for a dial, as [`SessionEvent::Replied`] for anything else.
    ///
    /// While there is no connection, requests wait for one, up to [`MAX_QUEUED_REQUESTS`] of them.
    pub fn command(&mut self, now: Instant, ticket: Ticket, command: Command) {
        let Command { method, params, target, timeout } = command;
        if self.connection.is_closed() {
            return self.report(ticket, &target, Err(Error::closed(Certainty::NotSent)));
        }
        match &target {
            Target::Service | Target::Message => {
                self.submit(now, ticket, method, &params, target, timeout);
            }
            Target::Call(call_id) => {
                let call_id = call_id.clone();
                if !self.take(&call_id) {
                    return self.report(ticket, &target, Err(Error::gone(call_id, Certainty::NotSent)));
                }
                if let Some(decision) = Decision::of(&method)
                    && let Some(entry) = self.calls.get_mut(&call_id)
                {
                    let times = entry.times(decision);
                    *times = times.saturating_add(1);
                }
                self.submit(now, ticket, method, &params, target, timeout);
            }
            Target::Start { call_id, control_id, rule } => {
                let (call_id, rule) = (call_id.clone(), *rule);
                let control_id = control_id.clone();
                if !self.take(&call_id) {
                    return self.report(ticket, &target, Err(Error::gone(call_id, Certainty::NotSent)));
                }
                let control_id = control_id.unwrap_or_else(|| self.new_uuid().to_string().into());
                if let Some(entry) = self.calls.get_mut(&call_id) {
                    if rule.correlation != Correlation::None && entry.is_running(&control_id) {
                        let reason = format!("{control_id} is in use by a running operation of the call");
                        let error = InvalidArgument::new("control_id", reason);
                        return self.report(ticket, &target, Err(error.into()));
                    }
                    // Known before it is sent: its events may overtake the answer.
                    entry.operations.push(Running {
                        ticket,
                        control_id: control_id.clone(),
                        rule,
                        method: method.clone(),
                        stopped: false,
                        may_be_last: None,
                        since: now,
                    });
                }
                let target = Target::Start { call_id, control_id: Some(control_id), rule };
                self.submit(now, ticket, method, &params, target, timeout);
            }
            Target::Control { call_id, control_id } => {
                if self.calls.get(call_id).is_none_or(|entry| !entry.is_running(control_id)) {
                    let done = Reply { control_id: Some(control_id.clone()), ..Reply::empty() };
                    return self.report(ticket, &target, Ok(done));
                }
                self.submit(now, ticket, method, &params, target, timeout);
            }
            Target::Dial { tag } => {
                if self.draining {
                    return self.report(ticket, &target, Err(Error::closed(Certainty::NotSent)));
                }
                let tag = tag.clone().unwrap_or_else(|| self.new_uuid().to_string().into());
                if self.is_dialled(&tag) {
                    let reason =
                        format!("{tag} is that of a dial under way, or of one that was decided lately");
                    let error = InvalidArgument::new("tag", reason);
                    return self.report(ticket, &target, Err(error.into()));
                }
                let limit = timeout.unwrap_or(DIAL_TIMEOUT);
                self.dials.insert(tag.clone(), ticket, now, limit);
                if let Some(at) = now.checked_add(limit) {
                    self.timers.set(Timer::GiveUpDial(tag.clone()), at);
                }
                let target = Target::Dial { tag: Some(tag) };
                self.submit(now, ticket, method, &params, target, Some(limit));
            }
            Target::Receive(contexts) | Target::Unreceive(contexts) => {
                if contexts.is_empty() {
                    return self.report(ticket, &target, Ok(Reply::empty()));
                }
                let wanted = matches!(target, Target::Receive(_));
                if wanted && self.draining {
                    return self.report(ticket, &target, Err(Error::closed(Certainty::NotSent)));
                }
                // What is wanted holds from now on, whatever happens to the connection meanwhile.
                for context in contexts {
                    if wanted {
                        self.contexts.insert(context.clone());
                    } else {
                        self.contexts.remove(context);
                        self.settled_contexts.remove(context);
                    }
                }
                let mut members: Map<String, Value> = serde_json::from_str(&params).unwrap_or_default();
                members.insert("contexts".to_owned(), json!(contexts));
                let params = Value::Object(members).to_string();
                self.submit(now, ticket, method, &params, target, timeout);
            }
            Target::Reauthenticate { credentials, proof } => {
                self.identity.propose(credentials.clone(), proof.clone());
                self.submit(now, ticket, method, &params, target, timeout);
            }
        }
    }

    /// Takes back a request whose outcome nobody wants any more. What has not left is not sent; a dial is
    /// called off; anything else is let go on.
    pub fn abandon(&mut self, now: Instant, ticket: Ticket) {
        if let Some(tag) = self.dials.tag_of(ticket) {
            let certainty = self.recall_dial(now, &tag);
            self.call_off(now, &tag, certainty);
        }
        let key = self.pending.key_of_ticket(ticket);
        if let Some(key) = key {
            self.pending.abandon(key);
        }
        if let Some(key) = key
            && let Some(request) = self.pending.get(key)
            && !matches!(request.stage, Stage::Sent)
            && let Some(Request { purpose: Purpose::Application(_, target), method, .. }) = self.withdraw(key)
        {
            // One whose call has ended was told of already.
            let ends = self.drop_operation(ticket, &target) || matches!(target, Target::Message);
            self.take_back(now, ticket, &method, &target, false);
            if ends {
                self.emit(SessionEvent::OperationFailed { ticket, error: Error::Cancelled });
            }
        }
        self.close_if_drained(now);
    }

    /// Takes back a request that has not left. True if it has left, or is not there any more.
    pub(super) fn recall(&mut self, ticket: Ticket) -> bool {
        let Some(key) = self.pending.key_of_ticket(ticket) else { return true };
        if self.pending.get(key).is_some_and(|request| matches!(request.stage, Stage::Sent)) {
            return true;
        }
        self.withdraw(key);
        false
    }

    /// Asks the service, on the session's own account, for something about a call.
    pub(super) fn request_clean_up(
        &mut self,
        now: Instant,
        method: &'static str,
        params: &str,
        call_id: &CallId,
    ) {
        self.ask(now, method, params, call_id, Purpose::CleanUp(Some(call_id.clone())));
    }

    /// Asks the service for something that changes nothing, to see whether it still knows a call. Without a connection
    /// nothing is asked: the next one asks of all calls.
    pub(super) fn confirm(&mut self, now: Instant, call_id: &CallId) {
        let ready = self.connection.is_ready();
        let Some(entry) = self.calls.get_mut(call_id).filter(|_| ready) else { return };
        if !std::mem::replace(&mut entry.in_question, true) {
            let purpose = Purpose::Confirm(call_id.clone());
            self.ask(now, "calling.clear_digit_bindings", NO_BINDINGS, call_id, purpose);
        }
    }

    /// The service has answered a question about a call, and was not in trouble.
    fn end_trouble(&mut self, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.troubled = 0;
        }
    }

    /// A question about a call was answered, or never will be.
    pub(super) fn end_question(&mut self, call_id: &CallId) {
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.in_question = false;
        }
    }

    fn ask(&mut self, now: Instant, method: &'static str, params: &str, call_id: &CallId, purpose: Purpose) {
        let Some(node_id) = self.calls.get(call_id).map(|entry| entry.node_id.clone()) else { return };
        let address = Address { call: Some((&node_id, call_id)), ..Address::default() };
        let id = self.new_uuid();
        let frame = frame::request(id, method, address, params);
        self.enqueue(now, id, method.into(), frame, purpose, OWN_REQUEST_TIMEOUT);
    }

    fn submit(
        &mut self,
        now: Instant,
        ticket: Ticket,
        method: Cow<'static, str>,
        params: &str,
        target: Target,
        timeout: Option<std::time::Duration>,
    ) {
        let node_id = target.call_id().and_then(|id| self.calls.get(id)).map(|entry| entry.node_id.clone());
        let mut address = Address { call: node_id.as_ref().zip(target.call_id()), ..Address::default() };
        match &target {
            Target::Start { control_id: Some(control_id), rule, .. }
                if rule.correlation != Correlation::None =>
            {
                address.control_id = Some(control_id);
            }
            Target::Control { call_id, control_id } => {
                let running = self.calls.get(call_id).and_then(|entry| entry.running(control_id));
                let named = running.is_none_or(|running| running.rule.correlation != Correlation::None);
                address.control_id = Some(control_id).filter(|_| named);
            }
            Target::Dial { tag: Some(tag) } => address.tag = Some(tag),
            _ => {}
        }
        let id = self.new_uuid();
        let frame = frame::request(id, &method, address, params);
        let timeout = timeout.unwrap_or(self.request_timeout);
        // What has its context in its parameters keeps it.
        let open = matches!(target, Target::Message) && !names_context(params);
        self.enqueue(now, id, method, frame, Purpose::Application(ticket, target), timeout);
        if open {
            self.pending.leave_context_open(ticket);
        }
    }

    fn enqueue(
        &mut self,
        now: Instant,
        id: uuid::Uuid,
        method: Cow<'static, str>,
        frame: String,
        purpose: Purpose,
        timeout: std::time::Duration,
    ) {
        let ready = self.connection.is_ready();
        if !ready && !self.pending.has_room_offline() && matches!(purpose, Purpose::Application(..)) {
            let error = Error::QueueFull(Box::new(QueueFull {
                method: method.to_string(),
                limit: MAX_QUEUED_REQUESTS,
            }));
            return self.settle(now, &method, &purpose, Err(error));
        }
        let (stage, staged) = if ready { (Stage::Staged, Some(frame)) } else { (Stage::Queued(frame), None) };
        let key = self.pending.insert(Request {
            id,
            method,
            purpose,
            context: None,
            abandoned: false,
            stage,
            made: now,
            timeout,
        });
        if let Some(at) = now.checked_add(timeout) {
            self.timers.set(Timer::ExpireRequest(key), at);
        }
        if let Some(frame) = staged {
            self.output.push_back(Queued::Frame(Some(key), frame));
        }
    }

    pub(super) fn handle_response(
        &mut self,
        now: Instant,
        id: &RawValue,
        outcome: Result<&RawValue, &RawValue>,
    ) {
        // Even an answer that comes too late shows that the service hears us.
        self.note_answer();
        let Some(key) = frame::request_id(id).and_then(|id| self.pending.key_of_id(id)) else { return };
        let Some(request) = self.withdraw(key) else { return };
        let refusal = match outcome {
            Ok(result) => Status::refusal_in(result),
            Err(error) => Some(Status::of_error(error)),
        };
        match (&request.purpose, refusal) {
            (Purpose::Authenticate { resuming }, Some(status)) => {
                self.handle_connect_refused(now, &status, *resuming);
            }
            (Purpose::Authenticate { resuming }, None) => {
                if let Ok(result) = outcome {
                    self.handle_connect_result(now, result, *resuming);
                }
            }
            (Purpose::Probe, _) => {}
            (Purpose::Confirm(call_id), refusal) => {
                self.end_question(call_id);
                match refusal {
                    Some(status) if status.is_gone() => self.expect_end(now, call_id),
                    Some(status) if status.is_transient() => self.ask_later(now, call_id),
                    _ => self.end_trouble(call_id),
                }
            }
            (Purpose::CleanUp(call_id), refusal) => {
                if let Some(call_id) = call_id {
                    self.handle_cleaned_up(now, call_id, &request.method, refusal.as_ref());
                }
            }
            (Purpose::Application(_, target), None) => {
                let control_id = match target {
                    Target::Start { control_id, .. } => control_id.clone(),
                    _ => None,
                };
                if let Target::Control { call_id, control_id } = target {
                    self.note_controlled(now, call_id, control_id, &request.method);
                }
                let raw = outcome.map_or("{}", RawValue::get).into();
                let passed = target.call_id().filter(|_| request.method == "calling.pass").cloned();
                let reply = Reply { raw, control_id, context: request.context.clone() };
                self.settle(now, &request.method, &request.purpose, Ok(reply));
                if let Some(call_id) = passed {
                    self.calls.remember_passed(call_id.clone());
                    self.end_locally(now, &call_id, EndReason::Passed);
                }
            }
            (Purpose::Application(_, target), Some(status)) => {
                let result = match target {
                    // An operation that is over needs no steering.
                    Target::Control { call_id, control_id } if status.is_gone() => {
                        self.expect_operation_end(now, call_id, control_id);
                        Ok(Reply { control_id: Some(control_id.clone()), ..Reply::empty() })
                    }
                    Target::Call(call_id) | Target::Start { call_id, .. } if status.is_gone() => {
                        // Whether it is the call that is gone, and not something on it, is asked before it is given up.
                        self.confirm(now, call_id);
                        Err(Error::gone(call_id.clone(), Certainty::Refused))
                    }
                    target => Err(Error::ServiceError(Box::new(ServiceError {
                        method: request.method.to_string(),
                        call_id: target.call_id().cloned(),
                        code: status.code,
                        message: self.redact(&status.message),
                        details: status.details.map(|details| Arc::new(self.redact_details(details))),
                    }))),
                };
                self.settle(now, &request.method, &request.purpose, result);
            }
        }
    }

    /// A request got no answer in time. It fails alone; only if the service does not answer anything else
    /// either is the connection dropped.
    pub(super) fn expire(&mut self, now: Instant, key: RequestKey) {
        let Some(request) = self.pending.get(key) else { return };
        let sent = matches!(request.stage, Stage::Sent);
        let asked_by_us = matches!(request.purpose, Purpose::Probe | Purpose::Authenticate { .. });
        let after = now.saturating_duration_since(request.made).max(request.timeout);
        let doubted = match &request.purpose {
            Purpose::Confirm(call_id) => Some(call_id.clone()),
            _ => None,
        };
        self.fail_request(now, key, &|request, certainty| {
            Error::TimedOut(Box::new(TimedOut {
                what: request.describe(),
                after,
                certainty: Some(certainty),
            }))
        });
        if sent && !asked_by_us {
            self.probe_hearing(now);
        }
        // WaitFor there is an answer, on this connection or another: the end of the call may never be told otherwise.
        if let Some(call_id) = doubted {
            self.end_question(&call_id);
            self.confirm(now, &call_id);
        }
    }

    /// Fails a request, with what is certain about it.
    pub(super) fn fail_request(
        &mut self,
        now: Instant,
        key: RequestKey,
        error: &dyn Fn(&Request, Certainty) -> Error,
    ) {
        let Some(request) = self.withdraw(key) else { return };
        let certainty = match request.stage {
            Stage::Queued(_) | Stage::Staged => Certainty::NotSent,
            Stage::Sent => Certainty::Unknown,
        };
        let error = error(&request, certainty);
        self.settle(now, &request.method, &request.purpose, Err(error));
    }

    /// Takes a request off the books, and its frame out of the output if it is still there.
    fn withdraw(&mut self, key: RequestKey) -> Option<Request> {
        let request = self.pending.remove(key)?;
        self.timers.cancel(&Timer::ExpireRequest(key));
        if matches!(request.stage, Stage::Staged) {
            self.output.retain(|queued| !matches!(queued, Queued::Frame(Some(staged), _) if *staged == key));
        }
        Some(request)
    }

    /// Draws the consequences of an outcome and reports it.
    fn settle(&mut self, now: Instant, method: &str, purpose: &Purpose, result: Result<Reply, Error>) {
        let Purpose::Application(ticket, target) = purpose else { return };
        if let Err(error) = &result
            && error.certainty() != Certainty::Unknown
        {
            self.take_back(now, *ticket, method, target, error.is_gone());
        }
        match (target, result) {
            (Target::Dial { tag: Some(tag) }, Ok(_)) => {
                if let Some(dial) = self.dials.get_mut(tag) {
                    dial.accepted = true;
                }
            }
            (Target::Dial { tag: Some(tag) }, Err(error)) => {
                if error.certainty() == Certainty::Unknown {
                    self.expect_stragglers(now);
                }
                self.fail_dial(now, tag, error);
            }
            (Target::Message, Ok(reply)) => {
                self.report(*ticket, &Target::Message, Ok(reply.clone()));
                self.follow_message(now, *ticket, &reply);
            }
            (target, Ok(reply)) => {
                if let Target::Reauthenticate { credentials, .. } = target {
                    self.identity.accept(credentials);
                }
                if let Target::Start { call_id, rule, .. } = target {
                    self.expect_earlier_ends(now, call_id, *ticket, rule);
                }
                if let Target::Receive(contexts) = target {
                    let wanted = contexts.iter().filter(|context| self.contexts.contains(*context));
                    self.settled_contexts.extend(wanted.cloned());
                }
                // A call on which something was carried out was answered.
                if let Some(entry) = target.call_id().and_then(|call_id| self.calls.get_mut(call_id))
                    && (Decision::of(method).is_some() || entry.unsure == Some(Decision::Answer))
                {
                    entry.unsure = None;
                }
                self.report(*ticket, target, Ok(reply));
            }
            (target, Err(error)) => {
                self.drop_operation(*ticket, target);
                let certainty = error.certainty();
                if let (Target::Reauthenticate { credentials, .. }, Certainty::Refused) = (target, certainty)
                {
                    self.identity.refuse(credentials);
                }
                self.report(*ticket, target, Err(error));
                if let Target::Call(call_id) = target
                    && let Some(decision) = Decision::of(method)
                    && certainty == Certainty::Unknown
                {
                    self.handle_unknown_decision(now, call_id, decision);
                }
            }
        }
    }

    /// Takes back what was noted when a request was made that the service did not carry out.
    fn take_back(&mut self, now: Instant, ticket: Ticket, method: &str, target: &Target, gone: bool) {
        match target {
            Target::Receive(contexts) => {
                for context in contexts {
                    if !self.settled_contexts.contains(context) && !self.is_asked_for(context) {
                        self.contexts.remove(context);
                    }
                }
            }
            Target::Call(call_id) => {
                if let Some(decision) = Decision::of(method)
                    && let Some(entry) = self.calls.get_mut(call_id)
                {
                    let times = entry.times(decision);
                    *times = times.saturating_sub(1);
                }
                // Nothing was decided after all, and nobody is left to decide.
                if !gone && self.calls.get(call_id).is_some_and(|entry| entry.released) {
                    self.release(now, call_id);
                }
            }
            target => {
                self.drop_operation(ticket, target);
            }
        }
    }

    /// Whether a request under way asks for a context.
    fn is_asked_for(&self, context: &String) -> bool {
        let asks = |request: &Request| match &request.purpose {
            Purpose::Application(_, Target::Receive(contexts)) => contexts.contains(context),
            _ => false,
        };
        !self.pending.keys(asks).is_empty()
    }

    /// Fails what waits to be sent to a call, since it cannot be reached any more.
    pub(super) fn fail_queued_for(&mut self, now: Instant, call_id: &CallId) {
        let of_call = |request: &Request| match &request.purpose {
            Purpose::Application(_, target) => target.call_id() == Some(call_id),
            _ => false,
        };
        for key in self.pending.queued(of_call) {
            self.fail_request(now, key, &|_, certainty| Error::gone(call_id.clone(), certainty));
        }
    }

    /// The service has answered what was asked of it about a call that nobody wants.
    fn handle_cleaned_up(&mut self, now: Instant, call_id: &CallId, method: &str, refusal: Option<&Status>) {
        let Some(entry) = self.calls.get(call_id) else { return };
        let given_back = !entry.is_visible() && method == "calling.pass";
        match refusal {
            Some(status) if status.is_gone() => self.end_locally(now, call_id, EndReason::NotFound),
            Some(status) if status.is_transient() => self.excuse_clean_up(now, call_id),
            // What cannot be given back any more, for it was answered here, is hung up.
            Some(_) if given_back && entry.may_be_answered() => {
                self.end_leg(now, call_id, "it was answered before it was given back");
            }
            // Forgotten, not over: if it is offered again when there is room, it is welcome.
            None if given_back => self.forget_call(call_id),
            _ => {}
        }
    }

    /// Forgets an operation. False if it was over already.
    fn drop_operation(&mut self, ticket: Ticket, target: &Target) -> bool {
        if let Target::Start { call_id, .. } = target
            && let Some(entry) = self.calls.get_mut(call_id)
        {
            let before = entry.operations.len();
            entry.operations.retain(|running| running.ticket != ticket);
            let dropped = entry.operations.len() < before;
            self.timers.cancel(&Timer::ConfirmOver(entry.serial, ticket));
            return dropped;
        }
        false
    }

    fn report(&mut self, ticket: Ticket, target: &Target, result: Result<Reply, Error>) {
        match (target, result) {
            (Target::Dial { .. }, Err(error)) => {
                self.emit(SessionEvent::Dialed { ticket, result: Err(error) });
            }
            (_, result) => self.emit(SessionEvent::Replied { ticket, result }),
        }
    }
}

/// Whether the parameters of a message say which context its states go to.
fn names_context(params: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Members {
        context: Option<IgnoredAny>,
    }
    serde_json::from_str(params).is_ok_and(|Members { context }| context.is_some())
}
