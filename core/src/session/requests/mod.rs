//! The life of a request: resolved, queued, sent, answered, expired, withdrawn.

mod answer;
mod hang_up;
mod outcome;
mod purpose;
mod table;

use std::borrow::Cow;
use std::time::{Duration, Instant};

pub(super) use self::purpose::{Purpose, Resolved};
pub use self::table::{MAX_QUEUED_REQUESTS, MAX_UNANSWERED_REQUESTS};
pub(super) use self::table::{Progress, Request, RequestKey, Requests};

use self::purpose::Context;
use super::Session;
use super::calls::{Decision, Running};
use super::command::{Command, Effect, MessageContext, Target};
use super::dials::DIAL_TIMEOUT;
use super::frame::CallAddress;
use super::output::SessionEvent;
use crate::calling::{AfterGap, Correlation};
use crate::error::{Certainty, Error, InvalidArgument, QueueFull, TimedOut};
use crate::ids::{CallId, ControlId, Tag, Ticket};
use crate::session::Reply;

/// How long the service may take to answer what the session asks on its own account, whatever the application has set
/// for its own requests: what goes unanswered shows a dead connection.
const OWN_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The parts of a command that an operation which it starts keeps.
struct StartFacts {
    method: Cow<'static, str>,
    subject: Option<Box<str>>,
    after_gap: AfterGap,
}

/// The time limit of a request.
#[derive(Debug, Clone, Copy)]
struct Limit {
    after: Duration,
    /// Set if the application has set it for this request.
    is_set: bool,
}

impl Limit {
    /// That of the session's own requests.
    const OWN: Self = Self { after: OWN_REQUEST_TIMEOUT, is_set: false };
}

/// A request that ends before it is sent: its outcome.
type Settled = Result<Reply, Error>;

impl Session {
    /// Takes on a request. Its outcome is reported under `ticket`, exactly once: as
    /// [`SessionEvent::Dialed`] for a dial, as [`SessionEvent::Replied`] for anything else.
    ///
    /// While there is no connection, requests wait for one, up to [`MAX_QUEUED_REQUESTS`] of them. At any time up to
    /// [`MAX_UNANSWERED_REQUESTS`] may be without an answer. Hang-ups and passed offers may be twice as many. What is beyond
    /// that is not sent: [`Error::QueueFull`].
    pub fn command(&mut self, now: Instant, ticket: Ticket, command: Command) {
        let Command { method, params, target, effect, subject, after_gap, timeout } = command;
        let is_dial = matches!(target, Target::Dial { .. });
        let limit = timeout.unwrap_or(if is_dial { DIAL_TIMEOUT } else { self.request_timeout });
        let resolved = if self.connection.is_closed() || self.shutdown.is_stopping() {
            Err(Err(Error::closed(Certainty::NotSent)))
        } else {
            let start = StartFacts { method: method.clone(), subject, after_gap };
            self.resolve(now, ticket, start, &params, target, effect, limit)
        };
        match resolved {
            Ok(resolved) => {
                let purpose = Purpose::Application(ticket, resolved);
                self.submit(now, method, params, purpose, Limit { after: limit, is_set: timeout.is_some() });
            }
            Err(Err(error)) if is_dial => self.emit(SessionEvent::Dialed { ticket, result: Err(error) }),
            Err(result) => self.emit(SessionEvent::Replied { ticket, result }),
        }
    }

    /// Resolves the target of a request, and notes what has to be known before the answer.
    ///
    /// # Errors
    /// The outcome, if nothing is to be sent.
    #[expect(clippy::too_many_arguments, reason = "they are the members of a command")]
    fn resolve(
        &mut self,
        now: Instant,
        ticket: Ticket,
        facts: StartFacts,
        params: &str,
        target: Target,
        effect: Effect,
        limit: Duration,
    ) -> Result<Resolved, Settled> {
        match target {
            Target::Service => Ok(Resolved::Service),
            Target::Message(MessageContext::InParams) => Ok(Resolved::Message(Context::InParams)),
            Target::Message(MessageContext::OfSession) => Ok(Resolved::Message(Context::Open)),
            Target::Call(call_id) => {
                let call = self.take_to_command(call_id)?;
                let decision = Decision::of(effect);
                if let Some(decision) = decision
                    && let Some(entry) = self.calls.get_mut(&call.call_id)
                {
                    let times = entry.times(decision);
                    *times = times.saturating_add(1);
                }
                Ok(Resolved::Call { call, decision })
            }
            Target::Start { call_id, control_id, rule } => {
                let call = self.take_to_command(call_id)?;
                let is_named_by_application = control_id.is_some();
                let control_id = control_id.unwrap_or_else(|| self.new_id());
                if let Some(entry) = self.calls.get_mut(&call.call_id) {
                    if rule.correlation != Correlation::None && entry.is_running(&control_id) {
                        return Err(Err(in_use("control_id", &control_id)));
                    }
                    // Known before it is sent: its events may overtake the answer.
                    entry.operations.push(Running {
                        ticket,
                        control_id: control_id.clone(),
                        is_named_by_application,
                        subject: facts.subject,
                        rule,
                        after_gap: facts.after_gap,
                        silence: None,
                        denied: false,
                        peer: None,
                        method: facts.method,
                        stopped: false,
                        may_be_last: None,
                        since: now,
                    });
                }
                Ok(Resolved::Start { call, control_id, rule })
            }
            Target::Control { call_id, control_id } => {
                let entry = self.calls.get(&call_id);
                let running = entry.and_then(|entry| Some((entry, entry.running(&control_id)?)));
                let Some((entry, running)) = running else {
                    return Err(Ok(Reply { control_id: Some(control_id), ..Reply::empty() }));
                };
                let is_named = running.rule.correlation != Correlation::None;
                let call = CallAddress { call_id, node_id: entry.node_id.clone() };
                let restates = running
                    .after_gap
                    .is_set_by(&facts.method)
                    .then(|| AfterGap::Restate { method: facts.method.clone(), params: params.to_owned() });
                Ok(Resolved::Control { call, control_id, is_named, stops: effect == Effect::Stop, restates })
            }
            Target::Dial { .. } if self.shutdown.is_draining() => Err(Err(Error::draining("calling.dial"))),
            Target::Dial { tag } => {
                let tag: Tag = tag.unwrap_or_else(|| self.new_id());
                if self.is_dialled(&tag) {
                    return Err(Err(InvalidArgument::new(
                        "tag",
                        format!("{tag} is that of a dial under way, or of one that was decided lately"),
                    )
                    .into()));
                }
                self.dials.insert(tag.clone(), ticket, now, limit);
                Ok(Resolved::Dial { tag })
            }
            Target::Receive(contexts) | Target::Unreceive(contexts) if contexts.is_empty() => {
                Err(Ok(Reply::empty()))
            }
            Target::Receive(_) if self.shutdown.is_draining() => {
                Err(Err(Error::draining("signalwire.receive")))
            }
            Target::Receive(contexts) => {
                self.contexts.request(&contexts);
                Ok(Resolved::Receive(contexts))
            }
            Target::Unreceive(contexts) => {
                self.contexts.leave(&contexts);
                Ok(Resolved::Unreceive(contexts))
            }
            Target::Reauthenticate { credentials, proof } => {
                self.authentication.propose(credentials.clone(), proof);
                Ok(Resolved::Reauthenticate(credentials))
            }
        }
    }

    /// Takes a call because something is asked of it. Its address is what commands name it by.
    fn take_to_command(&mut self, call_id: CallId) -> Result<CallAddress, Settled> {
        let taken = self.take(&call_id);
        match self.calls.get(&call_id).filter(|_| taken) {
            Some(entry) => Ok(CallAddress { node_id: entry.node_id.clone(), call_id }),
            None => Err(Err(Error::gone(call_id, Certainty::NotSent))),
        }
    }

    /// Takes back a request whose outcome nobody wants any more. What has not left is not sent, but for a hang-up; a dial is
    /// called off; anything else goes on.
    pub fn abandon(&mut self, now: Instant, ticket: Ticket) {
        if let Some(tag) = self.dials.tag_of(ticket) {
            let certainty = self.recall_dial(now, &tag);
            self.call_off(now, &tag, certainty);
        }
        let key = self.requests.key_of_ticket(ticket);
        if let Some(key) = key {
            self.requests.abandon(key);
        }
        if let Some(key) = key
            && let Some(request) = self.requests.get(key)
            && request.progress != Progress::Sent
            && !request.purpose.hangs_up()
            && let Some(Request { purpose: Purpose::Application(_, resolved), .. }) =
                self.requests.remove(key)
        {
            // One whose call has ended was reported already.
            let ends = self.drop_operation(ticket, &resolved) || matches!(resolved, Resolved::Message(_));
            self.take_back(now, ticket, &resolved, false);
            if ends {
                self.emit(SessionEvent::OperationFailed { ticket, error: Error::Cancelled });
            }
        }
        self.close_if_drained(now);
    }

    /// Takes back a request that has not left. Returns `true` if it has left, or is not there any more.
    pub(super) fn recall(&mut self, ticket: Ticket) -> bool {
        let Some(key) = self.requests.key_of_ticket(ticket) else { return true };
        if self.requests.get(key).is_some_and(|request| request.progress == Progress::Sent) {
            return true;
        }
        self.requests.remove(key);
        false
    }

    /// Asks something about a call on the session's own account.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        method: &'static str,
        params: impl Into<String>,
        call_id: &CallId,
        purpose: impl FnOnce(CallAddress) -> Purpose,
    ) {
        let Some(entry) = self.calls.get(call_id) else { return };
        let call = CallAddress { call_id: call_id.clone(), node_id: entry.node_id.clone() };
        self.submit_own(now, method.into(), params.into(), purpose(call));
    }

    /// Sends a request on the session's own account.
    pub(super) fn submit_own(
        &mut self,
        now: Instant,
        method: Cow<'static, str>,
        params: String,
        purpose: Purpose,
    ) {
        self.submit(now, method, params, purpose, Limit::OWN);
    }

    /// Sends a request of the session's own, which never waits for another connection.
    pub(super) fn submit_on_connection(
        &mut self,
        now: Instant,
        method: &'static str,
        params: impl Into<String>,
        purpose: Purpose,
    ) {
        let progress = Progress::Staged;
        self.enqueue(now, method.into(), params.into(), purpose, Limit::OWN, progress);
    }

    fn submit(
        &mut self,
        now: Instant,
        method: Cow<'static, str>,
        params: String,
        purpose: Purpose,
        limit: Limit,
    ) {
        let ready = self.connection.is_ready();
        if let Some(limit) = self.requests.exceeded_limit(&purpose, ready)
            && let Purpose::Application(ticket, resolved) = purpose
        {
            let full = QueueFull { method: method.to_string(), limit };
            return self.settle(now, ticket, resolved, Err(Error::QueueFull(Box::new(full))));
        }
        let progress = if ready { Progress::Staged } else { Progress::Queued };
        self.enqueue(now, method, params, purpose, limit, progress);
    }

    fn enqueue(
        &mut self,
        now: Instant,
        method: Cow<'static, str>,
        params: String,
        purpose: Purpose,
        limit: Limit,
        progress: Progress,
    ) {
        // The time limit of the authentication belongs to the connection, not to the request.
        let expires = !matches!(purpose, Purpose::Authenticate { .. });
        let request = Request {
            id: self.new_uuid(),
            method,
            params,
            purpose,
            abandoned: false,
            retries: 0,
            is_limited: limit.is_set,
            progress,
            made: now,
            timeout: limit.after,
        };
        self.requests.insert(request, expires);
    }

    /// Stages what waits for a connection.
    pub(super) fn stage_requests(&mut self) {
        self.requests.stage_all();
    }

    /// Takes back what has not left: it was meant for a connection that is gone. Requests go out on the next one, but for
    /// those about the connection itself; acknowledgements mean nothing there.
    pub(super) fn unstage_requests(&mut self) {
        self.acknowledgements.clear();
        self.requests.unstage_all(|request| !request.purpose.is_of_connection());
        for key in self.requests.staged() {
            self.requests.remove(key);
        }
    }

    /// A request got no answer in time. It fails alone; only if the service does not answer anything else
    /// either is the connection dropped.
    pub(super) fn expire(&mut self, now: Instant, key: RequestKey) {
        let Some(request) = self.requests.get(key) else { return };
        let sent = request.progress == Progress::Sent;
        if self.repeat_hang_up(now, key) {
            if sent && self.liveness.doubt(now) {
                self.send_probe(now);
            }
            return;
        }
        let Some(request) = self.requests.get(key) else { return };
        let is_probe = matches!(request.purpose, Purpose::Probe);
        let after = now.saturating_duration_since(request.made).max(request.timeout);
        let purpose = request.purpose.clone();
        self.fail_request(now, key, &|request, certainty| {
            let what = request.describe();
            Error::TimedOut(Box::new(TimedOut { what, after, certainty: Some(certainty) }))
        });
        if sent && !is_probe && self.liveness.doubt(now) {
            self.send_probe(now);
        }
        match purpose {
            Purpose::Confirm(call, _) => self.confirm_again(now, &call.call_id),
            Purpose::Inquire(inquiry) => self.inquire_later(now, &inquiry),
            _ => {}
        }
    }

    /// Fails a request, with what is certain about it.
    pub(super) fn fail_request(
        &mut self,
        now: Instant,
        key: RequestKey,
        error: &dyn Fn(&Request, Certainty) -> Error,
    ) {
        let Some(request) = self.requests.remove(key) else { return };
        let certainty = match request.progress {
            Progress::Queued | Progress::Staged if request.retries == 0 => Certainty::NotSent,
            _ => Certainty::Unknown,
        };
        let error = error(&request, certainty);
        match request.purpose {
            Purpose::Application(ticket, resolved) => self.settle(now, ticket, resolved, Err(error)),
            Purpose::HangUp(call) => self.discard(now, &call.call_id),
            _ => {}
        }
    }

    /// Fails what has not left for a call, since it cannot be reached any more.
    pub(super) fn fail_queued_for(&mut self, now: Instant, call_id: &CallId) {
        for key in self.requests.unsent(|request| request.purpose.asked_call() == Some(call_id)) {
            self.fail_request(now, key, &|_, certainty| Error::gone(call_id.clone(), certainty));
        }
    }
}

fn in_use(field: &'static str, control_id: &ControlId) -> Error {
    InvalidArgument::new(field, format!("{control_id} is in use by a running operation of the call")).into()
}
