//! Connections and sessions: authenticating, resuming, disconnecting, expiring.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::credentials::{CREDENTIALS, MIXED, mixes_forms};
use super::events::AUTHORIZATION_STATE;
use super::timers::{Timer, TimerId};
use super::{CONNECT, ExpectedReply, NODE, OutgoingFrame, SimulatedService, epoch};
use crate::methods::validate::{Kind, Param, count, newer, older, optional, required};
use crate::service::inbound::Reply;
use crate::{CallState, ConnectionId, Reading, Report, Violation};

/// Maximum number of remembered protocols of lost sessions.
const MAX_FORGOTTEN_PROTOCOLS: usize = 1000;

/// Maximum number of events that wait for a session to be resumed; the oldest are dropped first.
pub(super) const MAX_QUEUED_EVENTS: usize = 1000;

const CONNECT_PARAMS: &[Param] = &[
    required("version", Kind::Differs(&Kind::Object(VERSION), &Kind::Open)),
    optional("agent", Kind::Text),
    optional("event_acks", Kind::Flag),
    required("authentication", Kind::Object(CREDENTIALS)),
    optional("contexts", Kind::Texts),
    optional("protocol", Kind::AnyText),
    optional("authorization_state", Kind::AnyText),
    newer("dpop_token", Kind::AnyText),
    older("project", Kind::AnyText),
    older("token", Kind::AnyText),
    older("host", Kind::AnyText),
    older("identity", Kind::AnyText),
    older("params", Kind::Any),
    older("protocols", Kind::Any),
];

const VERSION: &[Param] = &[
    required("major", Kind::Whole(0, i64::MAX)),
    required("minor", Kind::Whole(0, i64::MAX)),
    optional("revision", Kind::Whole(0, i64::MAX)),
];
/// The newest major version of the protocol.
const MAX_MAJOR: u64 = 4;

pub(super) const PING: &str = "signalwire.ping";
const PING_PARAMS: &[Param] = &[optional("timestamp", Kind::Any), optional("payload", Kind::Any)];

/// The number of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionKey(u64);

#[derive(Debug)]
pub(crate) struct Session {
    pub(super) protocol: String,
    authorization_state: String,
    pub(super) project: String,
    pub(crate) contexts: BTreeSet<String>,
    pub(super) connection: Option<ConnectionId>,
    /// Events that wait for the session to be resumed.
    pub(super) queue: VecDeque<(String, Value)>,
    pub(super) lost_events: u64,
    /// Events that were sent and not acknowledged before the connection was lost.
    redelivery: VecDeque<OutgoingFrame>,
    expiry: Option<TimerId>,
}

impl Session {
    /// Returns the part of the protocol that is the signature of the authorization.
    pub(super) fn signature(&self) -> &str {
        self.protocol.split('_').nth(1).unwrap_or_default()
    }
}

/// The ICE servers for a browser client.
pub(super) fn ice_servers(signature: &str) -> Value {
    json!([{
        "urls": ["turn:turn.example:443?transport=tcp"],
        "username": format!("simulator-{signature}"),
        "credential": format!("turn-{signature}"),
        "credentialType": "password",
    }])
}

/// One WebSocket.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) session: Option<SessionKey>,
    /// The major protocol version of the client.
    pub(super) major: u64,
    pub(super) event_acks: bool,
    /// Events that were delivered and not acknowledged.
    pub(super) unacknowledged: BTreeMap<String, TimerId>,
    /// Events for redelivery on resume; empty unless the scenario asks for it.
    pub(super) unconfirmed: VecDeque<OutgoingFrame>,
    /// Ids of frames that were delivered twice or are overdue: a further reply is no violation.
    pub(super) doubled: BTreeSet<String>,
    /// The ids of the newest requests.
    asked: VecDeque<String>,
    pub(super) pings: BTreeMap<String, TimerId>,
    pub(super) ping_timer: Option<TimerId>,
    pub(super) disconnect: Option<Disconnect>,
}

/// A `signalwire.disconnect` without a reply.
#[derive(Debug)]
pub(super) struct Disconnect {
    pub(super) id: String,
    /// The timer that closes the connection without a reply.
    pub(super) timer: TimerId,
    /// `true` if the session is lost with the connection.
    pub(super) forget: bool,
    /// The protocol of the lost session. A client that authenticated after the disconnect has none here.
    pub(super) forgotten_protocols: Option<String>,
    /// The time at which the frame was sent.
    pub(super) left: Option<Duration>,
}

/// Maximum number of request ids that a connection remembers.
const MAX_REQUEST_IDS: usize = 256;
/// Maximum number of frames that may be answered again.
const MAX_REPEATABLE_REPLIES: usize = 10_000;

impl Connection {
    /// Remembers the id of a request. Returns `false` if the id was used recently.
    pub(super) fn asks(&mut self, id: &str) -> bool {
        let new = !self.asked.iter().any(|asked| asked == id);
        if self.asked.len() == MAX_REQUEST_IDS {
            self.asked.pop_front();
        }
        self.asked.push_back(id.to_owned());
        new
    }

    /// Allows one more reply to a frame.
    pub(super) fn allow_reply(&mut self, id: String) {
        if self.doubled.len() == MAX_REPEATABLE_REPLIES {
            self.doubled.pop_first();
        }
        self.doubled.insert(id);
    }
}

/// The way in which a client was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Login {
    /// To a new session.
    New,
    /// To its session, by the authorization state.
    ResumedByState,
    /// To a session of its project, by credentials.
    ResumedByCredentials,
}

impl SimulatedService {
    /// Answers `signalwire.connect`.
    pub(super) fn log_in(&mut self, from: ConnectionId, params: &Map<String, Value>) -> Reply {
        if self.connections.get(&from).is_some_and(|connection| connection.session.is_some()) {
            return self.invalid(from, CONNECT, -32600, "Already connected", None);
        }
        let unusable = json!({"signalwire_error_code": "AUTH_REQUIRED"});
        if let Err(message) = self.check_for_error(from, CONNECT, params, CONNECT_PARAMS) {
            self.report(Report::ClientRefused { connection: from, why: message.clone() });
            let data = message.contains("authentication").then_some(unusable);
            return self.invalid(from, CONNECT, -32602, &message, data);
        }
        let version = |part: &str| count(&params["version"][part]).unwrap_or_default();
        let (major, minor) = (version("major"), version("minor"));
        if self.scenario.reading == Reading::Specification && (major > MAX_MAJOR || minor != 0) {
            let why = format!("Protocol version {major}.{minor} is not supported");
            self.report(Report::ClientRefused { connection: from, why: why.clone() });
            return self.invalid(from, CONNECT, -32001, &why, None);
        }
        if mixes_forms(params, &["project", "token"]) {
            self.report(Report::ClientRefused { connection: from, why: MIXED.to_owned() });
            return self.invalid(from, CONNECT, -32602, MIXED, None);
        }
        let text = |name: &str| params.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if self.scenario.reading == Reading::Specification
            && text("authorization_state").is_some()
            && text("protocol").is_none()
        {
            let why = "Parameter 'authorization_state' needs 'protocol'";
            self.report(Report::ClientRefused { connection: from, why: why.to_owned() });
            return self.invalid(from, CONNECT, -32602, why, None);
        }
        let known = text("protocol")
            .and_then(|protocol| self.sessions.iter().find(|(_, session)| session.protocol == protocol))
            .map(|(key, _)| *key);
        let state = text("authorization_state");
        let vouched = known
            .and_then(|key| self.sessions.get(&key))
            .filter(|session| state == Some(&session.authorization_state))
            .map(|session| session.project.clone());
        // A damaged or outdated state is ignored: the credentials decide.
        let is_vouched = vouched.is_some();
        let project = match vouched.ok_or(()).or_else(|()| self.check_credentials(params)) {
            Ok(project) => project,
            Err((code, why, data)) => {
                self.report(Report::ClientRefused { connection: from, why: why.to_owned() });
                return Reply::Error { code, message: why.to_owned(), data };
            }
        };
        if text("protocol")
            .is_some_and(|protocol| self.forgotten_protocols.iter().any(|known| known == protocol))
        {
            self.bad_connect(from, "the protocol of a session that was to be forgotten");
        }
        let acks = params.get("event_acks").and_then(Value::as_bool);
        if acks == Some(false) {
            self.bad_connect(from, "event_acks is false");
        }
        let resumed = known.filter(|key| self.sessions.get(key).is_some_and(|s| s.project == project));
        let key = resumed.unwrap_or_else(|| self.open_session(project));
        if !self.scenario.resume_keeps_contexts
            && let Some(session) = self.sessions.get_mut(&key)
        {
            session.contexts.clear();
        }
        let contexts = params.get("contexts").and_then(Value::as_array).into_iter().flatten();
        let unpaid = |context: &&str| self.scenario.unpaid_contexts.iter().any(|unpaid| unpaid == context);
        let contexts = contexts.filter_map(Value::as_str).filter(|context| !unpaid(context));
        let contexts: Vec<_> = contexts.map(str::to_owned).collect();
        self.attach(key, from, acks.unwrap_or(false));
        if let Some(connection) = self.connections.get_mut(&from) {
            connection.major = major;
        }
        let login = match resumed {
            None => Login::New,
            Some(_) if is_vouched => Login::ResumedByState,
            Some(_) => Login::ResumedByCredentials,
        };
        self.complete_login(key, from, login, &contexts)
    }

    fn bad_connect(&mut self, connection: ConnectionId, what: &str) {
        self.record_violation(Violation::BadConnect { at: self.now, connection, what: what.to_owned() });
    }

    /// Returns the protocol of the session of a connection.
    pub(super) fn protocol_of(&self, connection: ConnectionId) -> Option<String> {
        let session = self.connections.get(&connection)?.session?;
        self.sessions.get(&session).map(|session| session.protocol.clone())
    }

    /// Records that a client knows that its session is lost. It must not name the protocol again.
    pub(super) fn forget_protocol(&mut self, protocol: String) {
        if self.forgotten_protocols.len() == MAX_FORGOTTEN_PROTOCOLS {
            self.forgotten_protocols.pop_front();
        }
        self.forgotten_protocols.push_back(protocol);
    }

    fn open_session(&mut self, project: String) -> SessionKey {
        self.next_session += 1;
        let key = SessionKey(self.next_session);
        let protocol = format!("signalwire_{:08x}_{:08x}_sim", self.rng.u32(..), self.rng.u32(..));
        let session = Session {
            protocol,
            authorization_state: String::new(),
            project,
            contexts: BTreeSet::new(),
            connection: None,
            queue: VecDeque::new(),
            lost_events: 0,
            redelivery: VecDeque::new(),
            expiry: None,
        };
        self.sessions.insert(key, session);
        key
    }

    /// Attaches a connection to a session. An earlier connection is half open and is closed.
    fn attach(&mut self, key: SessionKey, to: ConnectionId, acks: bool) {
        let Some(session) = self.sessions.get(&key) else { return };
        // The unconfirmed events are kept while the connection still belongs to the session.
        if let Some(old) = session.connection {
            self.close(old, 1000);
        }
        if let Some(expiry) = self.sessions.get_mut(&key).and_then(|session| session.expiry.take()) {
            self.timers.cancel(expiry);
        }
        if let Some(session) = self.sessions.get_mut(&key) {
            session.connection = Some(to);
        }
        if let Some(connection) = self.connections.get_mut(&to) {
            connection.session = Some(key);
            connection.event_acks = acks;
        }
        if !self.scenario.ping_every.is_zero() {
            self.arm_ping(to);
        }
    }

    /// Returns the result of `signalwire.connect`, and sends what follows it: the new authorization state, missed
    /// events, pending calls.
    fn complete_login(
        &mut self,
        key: SessionKey,
        from: ConnectionId,
        login: Login,
        contexts: &[String],
    ) -> Reply {
        let reading = self.scenario.reading;
        let resumed = login != Login::New;
        // In the newer specification an accepted state remains valid.
        let keeps = login == Login::ResumedByState && reading == Reading::Specification;
        let state = (!keeps).then(|| self.new_authorization_state());
        let Some(session) = self.sessions.get_mut(&key) else { return Reply::Silence };
        if let Some(state) = &state {
            session.authorization_state.clone_from(state);
        }
        let mut result = json!({
            "protocol": session.protocol,
            "identity": format!("{}@simulator", session.protocol),
            "authorization": {"project": session.project, "signature": session.signature()},
        });
        match reading {
            Reading::Specification => result["ice_servers"] = ice_servers(session.signature()),
            Reading::Sdks => {
                result["session_restored"] = resumed.into();
                result["nodeid"] = NODE.into();
                result["master_nodeid"] = NODE.into();
                if !self.scenario.other_forms {
                    result["sessionid"] = format!("session-{}", key.0).into();
                }
            }
        }
        let again = std::mem::take(&mut session.redelivery);
        let missed = std::mem::take(&mut session.queue);
        let lost = std::mem::take(&mut session.lost_events);
        self.report(Report::ClientAuthenticated { connection: from, resumed });
        if !resumed && !self.scenario.cut_after.is_zero() {
            let due = self.now.saturating_add(self.scenario.cut_after);
            self.timers.set(due, Timer::Cut(from));
        }
        if let Some(state) = state {
            self.emit(key, AUTHORIZATION_STATE, json!({"authorization_state": state}));
        }
        if lost > 0 {
            self.report(Report::EventsLost { connection: from, count: lost });
        }
        self.outgoing_frames.extend(again.into_iter().map(|event| OutgoingFrame { to: from, ..event }));
        for (event_type, params) in missed {
            self.send_event(from, &event_type, &params);
        }
        if contexts.is_empty() {
            self.offer_pending();
        } else {
            self.subscribe(key, contexts);
        }
        Reply::Result(result)
    }

    fn new_authorization_state(&mut self) -> String {
        const ALPHABET: &[char] =
            &['A', 'b', 'C', 'd', 'E', 'f', 'G', 'h', '0', '1', '2', '3', '4', '5', '+', '/'];
        let mut text =
            |length: usize| -> String { (0..length).filter_map(|_| self.rng.choice(ALPHABET)).collect() };
        let cipher = text(32);
        format!("{cipher}:{}==", text(22))
    }

    /// Returns the project of a session. Projects do not share conferences and queues.
    pub(super) fn project_of(&self, session: SessionKey) -> String {
        self.sessions.get(&session).map(|session| session.project.clone()).unwrap_or_default()
    }

    /// Answers `signalwire.ping` of a client with the same members.
    pub(super) fn answer_ping(&mut self, from: ConnectionId, params: &Map<String, Value>) -> Reply {
        if self.scenario.strict
            && let Err(message) = self.check_for_error(from, PING, params, PING_PARAMS)
        {
            return self.invalid(from, PING, -32602, &message, None);
        }
        let mut result = Map::new();
        for name in ["timestamp", "payload"] {
            if let Some(value) = params.get(name) {
                result.insert(name.to_owned(), value.clone());
            }
        }
        Reply::Result(Value::Object(result))
    }

    fn arm_ping(&mut self, to: ConnectionId) {
        let due = self.now.saturating_add(self.scenario.ping_every);
        let timer = self.timers.set(due, Timer::Ping(to));
        if let Some(connection) = self.connections.get_mut(&to) {
            connection.ping_timer = Some(timer);
        }
    }

    pub(super) fn ping(&mut self, to: ConnectionId) {
        if !self.connections.contains_key(&to) {
            return;
        }
        let id = self.next_frame_id("p");
        let params = json!({"timestamp": epoch(self.now)});
        let frame = json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.ping", "params": params});
        self.outgoing_frames.push(OutgoingFrame {
            to,
            text: frame.to_string(),
            expected: ExpectedReply::Pong(id),
        });
        self.arm_ping(to);
    }

    pub(super) fn ping_overdue(&mut self, from: ConnectionId, id: &str) {
        if let Some(connection) = self.connections.get_mut(&from) {
            connection.pings.remove(id);
            connection.allow_reply(id.to_owned());
            self.record_violation(Violation::PingOverdue { at: self.now, connection: from });
        }
    }

    /// Removes a connection. Its session remains for a time.
    pub(super) fn remove_connection(&mut self, gone: ConnectionId) {
        let Some(connection) = self.connections.remove(&gone) else { return };
        let timers = connection.unacknowledged.into_values().chain(connection.pings.into_values());
        let disconnect = connection.disconnect.as_ref();
        for id in timers.chain(connection.ping_timer).chain(disconnect.map(|disconnect| disconnect.timer)) {
            self.timers.cancel(id);
        }
        self.forget_conditions(gone);
        self.report(Report::ClientLeft { connection: gone });
        let Some(key) = connection.session else { return };
        if disconnect.is_some_and(|disconnect| disconnect.forget) {
            self.forget_session(key);
            return;
        }
        let due = self.now.saturating_add(self.scenario.session_lifetime);
        if let Some(session) = self.sessions.get_mut(&key)
            && session.connection == Some(gone)
        {
            session.connection = None;
            session.redelivery.extend(connection.unconfirmed);
            let excess = session.redelivery.len().saturating_sub(MAX_QUEUED_EVENTS);
            session.redelivery.drain(..excess);
            session.lost_events += excess as u64;
            session.expiry = Some(self.timers.set(due, Timer::SessionExpires(key)));
        }
    }

    /// Ends a session that was not resumed. Calls that were only offered go to another subscriber, the others end.
    pub(super) fn expire_session(&mut self, key: SessionKey) {
        self.report(Report::SessionExpired);
        self.forget_session(key);
    }

    pub(super) fn forget_session(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.remove(&key) else { return };
        if let Some(expiry) = session.expiry {
            self.timers.cancel(expiry);
        }
        let calls: Vec<_> =
            self.calls.iter().filter(|(_, call)| call.owner == Some(key)).map(|(k, _)| *k).collect();
        for call_key in calls {
            let Some(call) = self.calls.get_mut(&call_key) else { continue };
            if call.is_inbound() && call.state < CallState::Answered {
                call.owner = None;
                self.pending_calls.push(call_key);
            } else {
                self.end_call(call_key, "error");
            }
        }
        self.attempts.retain(|_, attempt| attempt.session != key);
        self.offer_pending();
    }
}
