//! The life of a connection: opened, accepted, lost, opened again.
//!
//! `accept` decides on the answer of the service, `reach` limits how long it may be out of reach, `state` is what
//! applications see. Liveness, back-off, authentication and
//! resuming are machines of their own.

mod accept;
mod reach;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use serde_json::value::RawValue;

pub(super) use self::reach::Reach;
pub use self::state::ConnectionState;

use super::Session;
use super::backoff::BackoffTimer;
use super::liveness::{Liveness, LivenessTimer};
use super::output::{Io, Output, SessionEvent};
use super::requests::Purpose;
use crate::connect_failure::{ConnectFailure, ConnectStage};
use crate::credentials::Credentials;
use crate::error::{ConnectionLost, Error, Unreachable};
use crate::json::{object, read_object};

/// The time that the transport has to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that the application has to provide credentials.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that the service has to accept the credentials.
const AUTHENTICATION_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that answers under way have to arrive on a connection that the service said it would close. Then it is closed
/// from this side: a client that waits for the service to do it is deaf for as long.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Connection {
    phase: Phase,
    /// When the phase has lasted too long, and what is to be said then.
    deadline: Option<(Instant, &'static str)>,
    /// The word of the service that it will close the connection. It may come before the credentials are accepted.
    leaving: Option<Leaving>,
}

/// The word of the service that it will close the connection: nothing new is sent on it.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    /// Set if the session is not to be resumed on the next connection.
    restart: bool,
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
    },
    Backoff {
        retry_in: Duration,
        reason: Arc<str>,
    },
    Closed {
        reason: Option<Arc<str>>,
    },
}

impl Phase {
    /// The time limit of the phase, if there is one, and the reason for dropping the connection when it has passed.
    fn limit(&self) -> Option<(Duration, &'static str)> {
        Some(match self {
            Self::Asking => (CREDENTIALS_TIMEOUT, "the application gave no credentials within 10 s"),
            Self::Opening => (OPEN_TIMEOUT, "no connection could be opened within 10 s"),
            Self::Authenticating => {
                (AUTHENTICATION_TIMEOUT, "the service did not answer the credentials within 10 s")
            }
            Self::Ready { .. } | Self::Idle | Self::Backoff { .. } | Self::Closed { .. } => {
                return None;
            }
        })
    }
}

impl Connection {
    /// Returns `true` if requests may be sent.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. }) && self.leaving.is_none()
    }

    /// Returns `true` if answers may arrive.
    pub(super) fn is_heard(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    /// Returns `true` if there is a connection, or an attempt to open one.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Asking | Phase::Opening | Phase::Authenticating | Phase::Ready { .. })
    }

    fn state(&self, attempt: u32, draining: bool) -> ConnectionState {
        match &self.phase {
            Phase::Idle => ConnectionState::Idle,
            Phase::Asking | Phase::Opening => ConnectionState::Connecting { attempt },
            Phase::Authenticating => ConnectionState::Authenticating { attempt },
            Phase::Ready { resumed } if draining => ConnectionState::Draining { resumed: *resumed },
            Phase::Ready { resumed } => ConnectionState::Ready { resumed: *resumed },
            Phase::Backoff { retry_in, reason } => {
                ConnectionState::Backoff { attempt, retry_in: *retry_in, reason: reason.clone() }
            }
            Phase::Closed { reason } => ConnectionState::Closed { reason: reason.clone() },
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline.map(|(at, _)| at)
    }

    /// Enters a phase.
    fn enter(&mut self, now: Instant, phase: Phase) {
        self.deadline = phase.limit().map(|(limit, reason)| (now + limit, reason));
        if matches!(phase, Phase::Opening) {
            self.leaving = None;
        }
        self.phase = phase;
        self.expect_close(now);
    }

    /// The service will close the connection.
    fn leave(&mut self, now: Instant, restart: bool) {
        self.leaving = Some(Leaving { restart: restart || self.restarts() });
        self.expect_close(now);
    }

    /// Sets the limit of a connection that the service will close, once the credentials are accepted.
    fn expect_close(&mut self, now: Instant) {
        if self.leaving.is_some() && self.is_heard() {
            let reason = "the service said that it would close the connection";
            self.deadline.get_or_insert((now + LEAVE_TIMEOUT, reason));
        }
    }

    /// Returns `true` if the service has said that the session is not to be resumed on the next connection.
    fn restarts(&self) -> bool {
        self.leaving.is_some_and(|leaving| leaving.restart)
    }

    /// Returns the reason for dropping the connection if its phase has lasted too long.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<&'static str> {
        self.deadline.take_if(|(at, _)| *at <= now).map(|(_, reason)| reason)
    }
}

impl Session {
    /// The state of the connection.
    pub fn connection_state(&self) -> ConnectionState {
        self.connection.state(self.backoff.attempt(), self.shutdown.is_draining())
    }

    /// The number of the attempt to connect that is under way, from 1 since a connection last held.
    pub(crate) fn attempt(&self) -> u32 {
        self.backoff.attempt()
    }

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
        self.reach.reached();
        self.enter(now, Phase::Authenticating);
        let resuming = self.resume.connected(self.calls.next());
        if !resuming {
            self.contexts.forget_left();
        }
        let params = self.connect_params().to_string();
        self.submit_on_connection(now, "signalwire.connect", params, Purpose::Authenticate { resuming });
    }

    /// The transport could not be opened.
    pub fn handle_connect_failed(&mut self, now: Instant, failure: &ConnectFailure) {
        if matches!(self.connection.phase, Phase::Opening) {
            let reason = self.redact(&failure.reason);
            self.lose_attempt(now, ConnectFailure { reason, ..failure.clone() });
            self.close_if_drained(now);
        }
    }

    /// The transport is gone. `reason` is for people to read. Before the transport was open this counts as a failure at
    /// [`ConnectStage::Tcp`]; [`handle_connect_failed`](Self::handle_connect_failed) says more.
    pub fn handle_disconnected(&mut self, now: Instant, reason: &str) {
        if self.connection.is_up() {
            // A service may give back what it was given.
            let reason = self.redact(reason);
            self.lose(now, &reason);
            self.close_if_drained(now);
        }
    }

    /// From now on the session closes with [`Error::Unreachable`] if the service is out of reach for as often, or as long,
    /// as [`Config::connect_attempts`](crate::Config::connect_attempts) and
    /// [`Config::connect_timeout`](crate::Config::connect_timeout) say; until the connection is ready for the first time.
    pub fn limit_connecting(&mut self, now: Instant) {
        if !self.authentication.accepted_before() {
            self.reach.limit();
            self.close_if_unreachable(now);
        }
    }

    fn lose_attempt(&mut self, now: Instant, failure: ConnectFailure) {
        let reason = failure.reason.clone();
        if failure.is_busy {
            self.reach.reached();
        } else {
            self.reach.fail(failure);
        }
        if !self.close_if_unreachable(now) {
            self.back_off(now, &reason);
        }
    }

    /// Closes if the application waits for its first connection, and has waited for long enough. Returns `true` if so.
    pub(super) fn close_if_unreachable(&mut self, now: Instant) -> bool {
        let Some(given_up) = self.reach.give_up(now) else { return false };
        let unreachable = Unreachable {
            endpoint: self.endpoint.to_string(),
            attempts: given_up.attempts,
            after: given_up.after,
            failure: given_up.failure,
        };
        self.close(now, Err(Error::Unreachable(Box::new(unreachable))));
        true
    }

    fn open(&mut self, now: Instant) {
        if self.connection.is_closed() {
            return;
        }
        self.reach.begin(now);
        self.resume.begin();
        if self.authentication.asks_for_credentials() {
            self.enter(now, Phase::Asking);
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
        let usable = answer.map(Credentials::trimmed).and_then(|credentials| {
            credentials.check().map_err(|error| error.to_string())?;
            Ok(credentials)
        });
        match usable {
            Ok(credentials) => {
                self.authentication.replace(credentials);
                self.open_transport(now);
            }
            Err(reason) => self.handle_disconnected(now, &format!("there are no credentials: {reason}")),
        }
    }

    fn open_transport(&mut self, now: Instant) {
        self.enter(now, Phase::Opening);
        self.output.push_back(Output::Io(Io::Open(self.endpoint.clone())));
    }

    fn connect_params(&mut self) -> serde_json::Value {
        let mut params = json!({
            "version": {"major": 2, "minor": 0, "revision": 0},
            "agent": self.agent,
            "event_acks": true,
            "authentication": self.authentication.offer(),
        });
        let contexts = self.contexts.wanted();
        if !contexts.is_empty() {
            params["contexts"] = json!(contexts);
        }
        // The state means nothing without the session that it belongs to.
        if let Some(protocol) = self.resume.protocol() {
            params["protocol"] = json!(protocol);
            if let Some(state) = self.resume.authorization_state() {
                params["authorization_state"] = json!(state);
            }
        }
        params
    }

    /// The service says that it is about to close the connection.
    pub(super) fn handle_disconnect_notice(&mut self, now: Instant, params: Option<&RawValue>) {
        object! {
            struct Notice {
                restart: Option<bool>,
            }
        }
        let notice: Notice = params.map(|params| read_object(params.get())).unwrap_or_default();
        self.connection.leave(now, notice.restart == Some(true));
        // What has not left yet is not sent on this connection any more.
        self.requests.unstage_all(|request| !request.purpose.is_of_connection());
    }

    pub(super) fn handle_authorization_state(&mut self, params: &RawValue) {
        object! {
            struct State {
                authorization_state: String,
            }
        }
        let state: State = read_object(params.get());
        if !state.authorization_state.is_empty() {
            self.resume.update_state(state.authorization_state.into());
        }
    }

    /// Something arrived: the service is there. Returns `false` if there is no connection that it could have come by.
    pub(super) fn note_arrival(&mut self, now: Instant) -> bool {
        if self.connection.is_up() {
            self.liveness.note_arrival(now);
        }
        self.connection.is_up()
    }

    pub(super) fn send_probe(&mut self, now: Instant) {
        self.submit_on_connection(now, "signalwire.ping", "{}", Purpose::Probe);
    }

    /// A deadline of the liveness has come.
    pub(super) fn handle_liveness_timeout(&mut self, now: Instant, timer: LivenessTimer) {
        match timer {
            LivenessTimer::Check => {}
            LivenessTimer::Probe => self.send_probe(now),
            LivenessTimer::Drop => self.drop_connection(now, timer.reason()),
        }
    }

    /// A deadline of the back-off has come.
    pub(super) fn handle_backoff_timeout(&mut self, now: Instant, timer: BackoffTimer) {
        match timer {
            BackoffTimer::Reconnect => self.open(now),
            BackoffTimer::Reset => {}
        }
    }

    /// Gives the connection up from this side.
    pub(super) fn drop_connection(&mut self, now: Instant, reason: &str) {
        if self.connection.is_up() {
            self.lose(now, reason);
            // A session that has closed has said so itself.
            if !self.connection.is_closed() {
                self.output.push_back(Output::Io(Io::Close));
            }
        }
    }

    fn lose(&mut self, now: Instant, reason: &str) {
        match self.connection.phase {
            Phase::Asking => self.lose_attempt(now, ConnectFailure::new(ConnectStage::Credentials, reason)),
            Phase::Opening => self.lose_attempt(now, ConnectFailure::new(ConnectStage::Tcp, reason)),
            _ => self.back_off(now, reason),
        }
    }

    /// Begins the pause before the next attempt.
    fn back_off(&mut self, now: Instant, reason: &str) {
        if self.connection.is_heard() {
            self.resume.lose(now);
        }
        if self.connection.restarts() {
            self.resume.forget();
        }
        self.liveness = Liveness::default();
        self.unstage_requests();
        let retry_in = self.backoff.fail(now, &mut self.random);
        // Before anything fails: what follows from that must not go out on the connection that is gone.
        self.enter(now, Phase::Backoff { retry_in, reason: reason.into() });
        for key in self.requests.sent() {
            if self.keep_hang_up(key) {
                continue;
            }
            self.fail_request(now, key, &|request, certainty| {
                Error::ConnectionLost(Box::new(ConnectionLost { what: request.describe(), certainty }))
            });
        }
    }

    /// The session is over, and all machines of the connection stop.
    pub(super) fn enter_closed(&mut self, now: Instant, reason: Option<Arc<str>>) {
        self.liveness = Liveness::default();
        self.backoff.stop();
        self.reach.stop();
        self.enter(now, Phase::Closed { reason });
    }

    fn enter(&mut self, now: Instant, phase: Phase) {
        self.connection.enter(now, phase);
        self.emit(SessionEvent::Connection(self.connection_state()));
    }
}
