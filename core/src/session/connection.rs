//! The connection's life: connect, authenticate, probe, lose, come back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use serde_json::value::RawValue;

use super::command::Target;
use super::frame::Status;
use super::output::{ConnectionState, Notice, Output, SessionEvent};
use super::pending::{Purpose, Request, Stage};
use super::table::CallSerial;
use super::timers::Timer;
use super::{Queued, Session};
use crate::calling::{CallState, Direction, EndReason};
use crate::credentials::{Credentials, Secret};
use crate::error::{AuthenticationFailed, Certainty, ConnectRefusal, ConnectionLost, Error};
use crate::json::object;

/// How long the transport may take to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the application may take to find its credentials.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the service may take to accept the credentials.
const AUTHENTICATION_TIMEOUT: Duration = Duration::from_secs(10);
/// How many earlier authorization states are struck out of what the service says.
const MAX_FORMER_STATES: usize = 4;
/// The first pause after a failure; each one after that is twice as long.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// How long a connection has to hold before earlier failures are forgiven.
const HEALTHY_INTERVAL: Duration = Duration::from_secs(10);
/// How often credentials that were never accepted may be refused.
const MAX_REJECTIONS: u32 = 3;
/// The number of times that an earlier session is offered to a service that refuses it without saying why.
const MAX_RESUME_ATTEMPTS: u32 = 3;
/// How long nothing may arrive before the service is asked whether it is there. It pings more often itself.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the service may take to close a connection that it said it would close.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long calls that were ended at the end of draining may take to end.
const END_CALLS_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, Default)]
pub(super) struct Connection {
    phase: Phase,
    /// Failures since the connection last held.
    failures: u32,
    rejections: u32,
    /// How often the earlier session was refused in a row.
    resume_refusals: u32,
    /// Whether the service has accepted the credentials before: then a refusal is its own trouble.
    accepted_before: bool,
    /// The credentials that the service is looking at.
    offered: Option<Credentials>,
    resume: Resume,
    /// Since when there has been no connection, if there was one.
    lost_at: Option<Instant>,
    last_arrival: Option<Instant>,
    /// Calls from this one on became known by the present connection.
    first_call: CallSerial,
    /// Whether the authorization state came by the present connection.
    state_is_fresh: bool,
    probe: Option<Probe>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    /// The application is asked for credentials.
    Asking,
    Opening,
    Authenticating,
    Ready {
        resumed: bool,
        /// The service has said that it will close the connection; nothing new is sent on it.
        leaving: bool,
    },
    Backoff {
        retry_in: Duration,
        reason: Arc<str>,
    },
    Closed {
        reason: Option<Arc<str>>,
    },
}

/// What lets the service recognise the session.
#[derive(Debug, Default)]
struct Resume {
    protocol: Option<String>,
    authorization_state: Option<Secret>,
    /// Those before it, which the service may still speak of.
    former_states: VecDeque<Secret>,
}

impl Resume {
    /// Puts another state, or none, in the place of the present one.
    fn replace_state(&mut self, state: Option<Secret>) {
        if let Some(former) = std::mem::replace(&mut self.authorization_state, state) {
            self.former_states.truncate(MAX_FORMER_STATES - 1);
            self.former_states.push_front(former);
        }
    }
}

/// What proves that the service is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// Anything.
    Arrival,
    /// An answer: what it sends by itself does not show that it hears us.
    Answer,
}

impl Connection {
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { leaving: false, .. })
    }

    /// Whether answers may come.
    fn is_heard(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Asking | Phase::Opening | Phase::Authenticating | Phase::Ready { .. })
    }

    pub(super) fn protocol(&self) -> Option<&str> {
        self.resume.protocol.as_deref()
    }

    pub(super) fn authorization_state(&self) -> Option<&str> {
        self.resume.authorization_state.as_ref().map(Secret::expose)
    }

    /// The present authorization state, and former ones.
    pub(super) fn authorization_states(&self) -> impl Iterator<Item = &str> {
        let Resume { authorization_state, former_states, .. } = &self.resume;
        authorization_state.iter().chain(former_states).map(Secret::expose)
    }

    pub(super) fn state(&self) -> ConnectionState {
        let attempt = self.failures + 1;
        match &self.phase {
            Phase::Idle => ConnectionState::Idle,
            Phase::Asking | Phase::Opening => ConnectionState::Connecting { attempt },
            Phase::Authenticating => ConnectionState::Authenticating { attempt },
            Phase::Ready { resumed, .. } => ConnectionState::Ready { resumed: *resumed },
            Phase::Backoff { retry_in, reason } => {
                ConnectionState::Backoff { attempt, retry_in: *retry_in, reason: reason.clone() }
            }
            Phase::Closed { reason } => ConnectionState::Closed { reason: reason.clone() },
        }
    }
}

impl Session {
    /// Starts: the first output will be to open a connection. From here on the session keeps itself connected.
    pub fn connect(&mut self, now: Instant) {
        if matches!(self.connection.phase, Phase::Idle) {
            self.open(now);
        }
    }

    /// The transport is open.
    pub fn handle_connected(&mut self, now: Instant) {
        if !matches!(self.connection.phase, Phase::Opening) {
            return;
        }
        self.enter(Phase::Authenticating);
        self.connection.last_arrival = Some(now);
        self.timers.set(Timer::DropConnection, now + AUTHENTICATION_TIMEOUT);
        self.connection.first_call = self.calls.next();
        let resuming = self.connection.resume.protocol.is_some();
        if !resuming {
            // The new session begins with the contexts that are asked for now.
            self.left_contexts.clear();
        }
        self.connection.offered = Some(self.identity.offered().clone());
        let params = self.connect_params().to_string();
        self.submit_on_connection(now, "signalwire.connect", &params, Purpose::Authenticate { resuming });
    }

    /// The transport could not be opened, or is gone. `reason` is for people to read.
    pub fn handle_disconnected(&mut self, now: Instant, reason: &str) {
        if self.connection.is_up() {
            // A service may give back what it was given.
            let reason = self.redact(reason);
            self.lose(now, &reason);
            self.close_if_drained(now);
        }
    }

    pub(super) fn open(&mut self, now: Instant) {
        if self.connection.is_closed() {
            return;
        }
        self.connection.state_is_fresh = false;
        if self.asks_for_credentials {
            self.enter(Phase::Asking);
            self.timers.set(Timer::DropConnection, now + CREDENTIALS_TIMEOUT);
            self.emit(SessionEvent::CredentialsWanted);
        } else {
            self.open_transport(now);
        }
    }

    /// The answer to [`SessionEvent::CredentialsWanted`]. Its error is for people to read.
    pub fn handle_credentials(&mut self, now: Instant, answer: Result<Credentials, String>) {
        if !matches!(self.connection.phase, Phase::Asking) {
            return;
        }
        match answer {
            Ok(credentials) => {
                self.identity.replace(credentials);
                self.open_transport(now);
            }
            Err(reason) => self.handle_disconnected(now, &format!("there are no credentials: {reason}")),
        }
    }

    fn open_transport(&mut self, now: Instant) {
        self.enter(Phase::Opening);
        self.timers.set(Timer::DropConnection, now + OPEN_TIMEOUT);
        self.output.push_back(Queued::Output(Output::Open(self.endpoint.clone())));
    }

    fn connect_params(&self) -> serde_json::Value {
        let mut params = json!({
            "version": {"major": 2, "minor": 0, "revision": 0},
            "agent": self.agent,
            "event_acks": true,
            "authentication": self.identity.offered(),
        });
        if !self.contexts.is_empty() {
            params["contexts"] = json!(self.contexts);
        }
        // The state means nothing without the session that it belongs to.
        if let Some(protocol) = self.connection.protocol() {
            params["protocol"] = json!(protocol);
            if let Some(state) = self.connection.authorization_state() {
                params["authorization_state"] = json!(state);
            }
        }
        params
    }

    /// Takes in the result of `signalwire.connect`. One that names no session refuses the client.
    pub(super) fn handle_connect_result(&mut self, now: Instant, result: &RawValue, resuming: bool) {
        object! {
            struct Accepted {
                protocol: Option<String>,
                session_restored: Option<bool>,
            }
        }
        let accepted: Accepted = serde_json::from_str(result.get()).unwrap_or_default();
        if let Some(protocol) = accepted.protocol.filter(|protocol| !protocol.is_empty()) {
            self.handle_accepted(now, protocol, accepted.session_restored);
        } else {
            let message = "its answer names no session".to_owned();
            self.handle_connect_refused(now, &Status { code: -1, message, details: None }, resuming);
        }
    }

    fn handle_accepted(&mut self, now: Instant, protocol: String, session_restored: Option<bool>) {
        let earlier = self.connection.resume.protocol.take();
        let had_session = self.connection.accepted_before;
        // A service that does not say whether it resumed shows it by keeping the session's name.
        let same = earlier.as_ref() == Some(&protocol);
        let resumed = earlier.is_some() && session_restored.unwrap_or(same);
        self.connection.resume.protocol = Some(protocol);
        self.connection.accepted_before = true;
        if let Some(offered) = self.connection.offered.take() {
            let proposes = |request: &Request| {
                matches!(request.purpose, Purpose::Application(_, Target::Reauthenticate { .. }))
            };
            let waits = self.pending.iter().any(proposes);
            self.identity.let_in_with(&offered, waits);
        }
        self.connection.rejections = 0;
        self.connection.resume_refusals = 0;
        self.timers.cancel(&Timer::DropConnection);
        self.timers.set(Timer::ForgiveFailures, now + HEALTHY_INTERVAL);
        self.timers.set(Timer::ProbeSilence, now + PROBE_INTERVAL);
        self.enter(Phase::Ready { resumed, leaving: false });
        let down_since = self.connection.lost_at.take();
        if resumed {
            let lasted = down_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
            for call_id in self.calls.ids(super::table::Entry::is_visible) {
                self.emit(SessionEvent::Reconnected { call_id, lasted });
            }
        } else {
            if !self.connection.state_is_fresh {
                // It belongs to the session that is gone.
                self.connection.resume.replace_state(None);
            }
            if had_session {
                self.lose_session(now);
            }
        }
        while let Some((key, frame)) = self.pending.stage_next() {
            self.output.push_back(Queued::Frame(Some(key), frame));
        }
        self.resume_clean_ups(now);
        self.leave_contexts(now);
        if resumed {
            self.doubt_calls(now);
            self.doubt_messages(now);
        }
    }

    pub(super) fn handle_connect_refused(&mut self, now: Instant, status: &Status, resuming: bool) {
        let refusal = status.at_connect(self.connection.accepted_before);
        let rejected = AuthenticationFailed {
            attempts: self.connection.rejections + 1,
            code: status.code,
            message: self.redact(&status.message),
            refusal,
        };
        match refusal {
            // The session, its calls and the credentials are as good as before: only time has to pass.
            ConnectRefusal::Transient => {}
            ConnectRefusal::Version => {
                return self.close(now, Err(Error::AuthenticationFailed(Box::new(rejected))));
            }
            // The refusal may be of the earlier session, not of the credentials: the next attempt is without it.
            _ if resuming => {
                self.connection.resume_refusals += 1;
                if status.is_stale_session(refusal) || self.connection.resume_refusals >= MAX_RESUME_ATTEMPTS
                {
                    self.forget_session();
                    self.notice(Notice::ResumeRefused(rejected.message.clone()));
                }
            }
            _ => {
                if let Some(offered) = self.connection.offered.take() {
                    self.identity.turned_away_with(&offered);
                }
                self.connection.rejections += 1;
                if !self.connection.accepted_before && self.connection.rejections >= MAX_REJECTIONS {
                    return self.close(now, Err(Error::AuthenticationFailed(Box::new(rejected))));
                }
            }
        }
        self.drop_connection(now, &rejected.attempt());
    }

    /// The service says that it is about to close the connection.
    pub(super) fn handle_disconnect_notice(&mut self, now: Instant, params: Option<&RawValue>) {
        object! {
            struct Notice {
                restart: Option<bool>,
            }
        }
        let notice: Notice =
            params.and_then(|params| serde_json::from_str(params.get()).ok()).unwrap_or_default();
        if notice.restart == Some(true) {
            self.forget_session();
        }
        if let Phase::Ready { leaving, .. } = &mut self.connection.phase {
            *leaving = true;
            self.timers.set(Timer::DropConnection, now + LEAVE_TIMEOUT);
        }
    }

    pub(super) fn handle_authorization_state(&mut self, params: &RawValue) {
        object! {
            struct State {
                authorization_state: String,
            }
        }
        let state: State = serde_json::from_str(params.get()).unwrap_or_default();
        if !state.authorization_state.is_empty() {
            self.connection.resume.replace_state(Some(state.authorization_state.into()));
            self.connection.state_is_fresh = true;
        }
    }

    /// Gives the connection up from this side.
    pub(super) fn drop_connection(&mut self, now: Instant, reason: &str) {
        if self.connection.is_up() {
            self.lose(now, reason);
            self.output.push_back(Queued::Output(Output::Close));
        }
    }

    fn lose(&mut self, now: Instant, reason: &str) {
        if matches!(self.connection.phase, Phase::Ready { .. }) {
            self.connection.lost_at = Some(now);
        }
        self.stop_connection_timers();
        self.unstage_frames();
        let retry_in = self.pause();
        self.connection.failures = self.connection.failures.saturating_add(1);
        self.timers.set(Timer::Reconnect, now + retry_in);
        // Before anything fails: what follows from that must not go out on the connection that is gone.
        self.enter(Phase::Backoff { retry_in, reason: reason.into() });
        for key in self.pending.sent() {
            self.fail_request(now, key, &|request, certainty| {
                Error::ConnectionLost(Box::new(ConnectionLost { what: request.describe(), certainty }))
            });
        }
    }

    /// Takes back the frames that were not drained: they belong to a connection that is gone. Requests among
    /// them never left and go out on the next one; acknowledgements mean nothing there.
    fn unstage_frames(&mut self) {
        let mut frames = Vec::new();
        let queue = std::mem::take(&mut self.output);
        for queued in queue {
            match queued {
                Queued::Frame(Some(key), frame) => frames.push((key, frame)),
                Queued::Frame(None, _) => {}
                output @ Queued::Output(_) => self.output.push_back(output),
            }
        }
        // Frames of the session's own connection business are not for the next connection either.
        frames.retain(|(key, _)| {
            let own = self.pending.get(*key).is_none_or(|request| {
                matches!(request.purpose, Purpose::Authenticate { .. } | Purpose::Probe | Purpose::Confirm(_))
            });
            if own {
                self.pending.remove(*key);
                self.timers.cancel(&Timer::ExpireRequest(*key));
            }
            !own
        });
        self.pending.unstage(frames);
    }

    /// A pause of half to the whole of what the number of failures calls for.
    fn pause(&mut self) -> Duration {
        let factor = 1_u32 << self.connection.failures.min(5);
        let whole = (FIRST_BACKOFF * factor).min(MAX_BACKOFF);
        whole.mul_f64(0.5 + 0.5 * self.random.f64())
    }

    fn stop_connection_timers(&mut self) {
        self.connection.probe = None;
        for timer in [Timer::DropConnection, Timer::ForgiveFailures, Timer::ProbeSilence, Timer::DropSilent] {
            self.timers.cancel(&timer);
        }
    }

    pub(super) fn forgive_failures(&mut self) {
        self.connection.failures = 0;
    }

    fn forget_session(&mut self) {
        // The name goes, and with it what the calls of the session hang on; whether they are lost shows when
        // the service has accepted a new one.
        self.connection.resume.protocol = None;
        self.connection.resume.replace_state(None);
    }

    /// The service begins anew and will tell nothing more of the calls that there were.
    fn lose_session(&mut self, now: Instant) {
        for tag in self.dials.tags(|dial| dial.accepted) {
            let what = format!("the dial (tag {tag})");
            self.fail_dial(
                now,
                &tag,
                Error::ConnectionLost(Box::new(ConnectionLost { what, certainty: Certainty::Unknown })),
            );
        }
        self.lose_messages();
        // Those that were offered on this connection, before the service said that it begins anew, are of the new one.
        let first = self.connection.first_call;
        let lost = self.calls.ids(|entry| entry.is_visible() && entry.serial < first);
        if !lost.is_empty() {
            self.notice(Notice::CallsLost(lost.len()));
        }
        for call_id in lost {
            let unanswered = self.calls.get(&call_id).is_some_and(|entry| {
                entry.direction == Direction::Inbound && !entry.state.has_reached(&CallState::Answered)
            });
            self.end_locally(now, &call_id, EndReason::SessionLost);
            if unanswered {
                // It may be offered again, to the new session.
                self.calls.unremember(&call_id);
            }
        }
    }

    // Liveness.

    /// Something arrived: the service is there. False if there is no connection that it could have come by.
    pub(super) fn note_arrival(&mut self, now: Instant) -> bool {
        if !self.connection.is_up() {
            return false;
        }
        self.connection.last_arrival = Some(now);
        if self.connection.probe == Some(Probe::Arrival) {
            self.end_probe();
        }
        true
    }

    /// An answer arrived: the service hears us.
    pub(super) fn note_answer(&mut self) {
        if self.connection.probe.is_some() {
            self.end_probe();
        }
    }

    fn end_probe(&mut self) {
        self.connection.probe = None;
        self.timers.cancel(&Timer::DropSilent);
    }

    pub(super) fn probe_silence(&mut self, now: Instant) {
        let quiet_until = self.connection.last_arrival.map_or(now, |arrival| arrival + PROBE_INTERVAL);
        if quiet_until > now {
            self.timers.set(Timer::ProbeSilence, quiet_until);
        } else {
            self.timers.set(Timer::ProbeSilence, now + PROBE_INTERVAL);
            self.probe(now, Probe::Arrival);
        }
    }

    /// A request went unanswered: is it only that one?
    pub(super) fn probe_hearing(&mut self, now: Instant) {
        self.probe(now, Probe::Answer);
    }

    fn probe(&mut self, now: Instant, probe: Probe) {
        if self.connection.probe.is_none() && matches!(self.connection.phase, Phase::Ready { .. }) {
            self.connection.probe = Some(probe);
            self.timers.set(Timer::DropSilent, now + PROBE_TIMEOUT);
            self.submit_on_connection(now, "signalwire.ping", "{}", Purpose::Probe);
        }
    }

    // Closing.

    pub(super) fn end_calls(&mut self, now: Instant) {
        self.timers.set(Timer::FinishDrain, now + END_CALLS_TIMEOUT);
        for tag in self.dials.tags(|_| true) {
            let certainty = self.recall_dial(now, &tag);
            self.fail_dial(now, &tag, Error::closed(certainty));
        }
        for call_id in self.calls.ids(super::table::Entry::is_visible) {
            self.request_clean_up(now, "calling.end", r#"{"reason":"hangup"}"#, &call_id);
        }
    }

    /// Closes if the session is draining and nothing is left to wait for.
    pub(super) fn close_if_drained(&mut self, now: Instant) {
        if !self.draining || self.connection.is_closed() {
            return;
        }
        if self.calls.len() > 0 || self.dials.len() > 0 {
            return;
        }
        // What was asked is only worth waiting for while it can be heard of.
        let asks = |request: &Request| match request.purpose {
            Purpose::CleanUp(_) => true,
            Purpose::Application(..) => !request.abandoned && !matches!(request.stage, Stage::Queued(_)),
            _ => false,
        };
        let asking = self.pending.iter().any(asks);
        let lingering = self.timers.is_set(&Timer::Linger);
        if !((asking || lingering) && self.connection.is_heard()) {
            self.disconnect(now);
        }
    }

    /// Wants no calls and messages any more.
    pub(super) fn unsubscribe(&mut self, now: Instant) {
        let receives = |request: &Request| {
            matches!(request.purpose, Purpose::Application(_, Target::Receive(_)))
                && !matches!(request.stage, Stage::Sent)
        };
        for key in self.pending.keys(receives) {
            self.fail_request(now, key, &|_, certainty| Error::closed(certainty));
        }
        self.left_contexts = std::mem::take(&mut self.contexts);
        if self.connection.is_ready() {
            self.leave_contexts(now);
        }
    }

    /// Tells the service of the contexts that are not wanted any more, if it may not know that yet.
    fn leave_contexts(&mut self, now: Instant) {
        let contexts = std::mem::take(&mut self.left_contexts);
        if !contexts.is_empty() {
            let params = json!({ "contexts": contexts }).to_string();
            self.submit_on_connection(now, "signalwire.unreceive", &params, Purpose::CleanUp(None));
        }
    }

    pub(super) fn close(&mut self, now: Instant, result: Result<(), Error>) {
        if self.connection.is_closed() {
            return;
        }
        let was_up = self.connection.is_up();
        let reason = result.as_ref().err().map(|error| Arc::from(error.to_string()));
        if self.connection.is_ready() {
            // Whoever is being called would talk to nobody.
            for tag in self.dials.tags(|_| true) {
                let certainty = self.recall_dial(now, &tag);
                self.fail_dial(now, &tag, Error::closed(certainty));
            }
            self.pass_offers(now);
        }
        self.enter(Phase::Closed { reason });
        self.fail_everything(now);
        self.timers.clear();
        if was_up {
            self.output.push_back(Queued::Output(Output::Close));
        }
        self.emit(SessionEvent::Closed(result));
    }

    fn enter(&mut self, phase: Phase) {
        self.connection.phase = phase;
        let state = self.connection.state();
        self.emit(SessionEvent::Connection(state));
    }

    /// Sends a request of the session's own, which never waits for another connection.
    fn submit_on_connection(&mut self, now: Instant, method: &'static str, params: &str, purpose: Purpose) {
        let id = self.new_uuid();
        let frame = super::frame::request(id, method, super::frame::Address::default(), params);
        let request = super::pending::Request {
            id,
            method: method.into(),
            purpose,
            context: None,
            abandoned: false,
            stage: Stage::Staged,
            made: now,
            timeout: PROBE_TIMEOUT,
        };
        // How long authentication may take is a matter of the connection, not of the request.
        let expires = !matches!(request.purpose, Purpose::Authenticate { .. });
        let key = self.pending.insert(request);
        if expires {
            self.timers.set(Timer::ExpireRequest(key), now + PROBE_TIMEOUT);
        }
        self.output.push_back(Queued::Frame(Some(key), frame));
    }
}
