//! The oracle of a session: the outputs that its inputs permit.
//!
//! The oracle records every input of the session in the simplest way, observes every output, and reports the first
//! output that contradicts the inputs. It does not know how the session works.

mod checks;
mod observe;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use serde_json::Value;
use signalwire_relay_core::session::MAX_OFFER_HOLD;
use signalwire_relay_core::{CallId, EndReason, Ticket};

/// The kind of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request that is over with its reply.
    Request,
    /// One of many requests about nothing.
    Ping,
    /// A hang-up. It may be sent more than once, and is not taken back.
    HangUp,
    /// A transfer of a call to a context of the session.
    Transfer(CallId),
    /// A request that starts an operation on a call.
    Start(CallId),
    /// A request that starts a recording on a call, whose result may follow the end of the call.
    Record(CallId),
    /// A request that connects a call with somebody. The service has no name for the operation.
    Connect(CallId),
    /// A request that controls an operation. It need not be sent if the operation is over.
    Control,
    Dial,
    Message,
    /// A request about a context, with whether the application wants its calls.
    Subscribe(String, bool),
}

impl Kind {
    /// The call that the request starts an operation on.
    fn started_on(&self) -> Option<&CallId> {
        match self {
            Self::Start(call_id) | Self::Record(call_id) | Self::Connect(call_id) => Some(call_id),
            _ => None,
        }
    }
}

/// A request, and what the session has said about it.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
#[derive(Debug)]
struct RequestRecord {
    kind: Kind,
    /// Set if there was no connection when it was made.
    made_offline: bool,
    sent: bool,
    /// Set once the session has said the outcome.
    over: bool,
    abandoned: bool,
    operation: Operation,
}

impl RequestRecord {
    fn is_all_over(&self) -> bool {
        (self.over || self.abandoned) && self.operation != Operation::Running
    }
}

/// The state of the operation that a request starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    None,
    Running,
    Ended,
}

/// A call that the session has given to the application.
#[derive(Debug)]
struct CallRecord {
    /// The rank of its state, which only grows.
    rank: usize,
    ended: Option<EndReason>,
    ended_at: Duration,
    /// Set once the application has transferred it to a context of the session.
    transferred: bool,
}

/// The number of pings that are not over.
#[derive(Debug, Default)]
struct Pings {
    open: usize,
    /// Those that were made without a connection, and have not left.
    offline: usize,
}

/// The oracle of one session.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct SessionOracle {
    max_calls: usize,
    requests: BTreeMap<Ticket, RequestRecord>,
    /// The requests that are not all over, without pings. Only they need to be checked after each output.
    open: BTreeSet<Ticket>,
    /// The pings that are not over: there may be thousands, so they are counted and not looked through.
    pings: Pings,
    calls: BTreeMap<CallId, CallRecord>,
    /// The virtual time.
    pub(super) now: Duration,
    /// The calls whose end the service has told.
    ends_told: HashSet<String>,
    /// The legs of connections.
    bridged: HashSet<String>,
    /// The frames of offers.
    offers: HashSet<String>,
    /// The operations that the session has given up since it was idle.
    given_up: Vec<Ticket>,
    /// The call whose offer the session is handling, and has not reported, passed or hung up.
    offered: Option<CallId>,
    /// The calls that were passed.
    passed: HashSet<String>,
    /// The offers that are held before they are passed, with the time at which they are at the latest.
    held: BTreeMap<CallId, Duration>,
    /// The hang-ups that were made on the present connection, and have not left.
    hang_ups: BTreeSet<Ticket>,
    /// Set while the connection takes frames.
    pub(super) has_room: bool,
    /// Set while nothing may be sent on the connection, for the service is about to close it.
    leaving: bool,
    /// The calls whose handler failed.
    failed_handlers: BTreeSet<CallId>,
    /// The contexts that the application wants.
    contexts: BTreeSet<String>,
    /// The contexts that do not depend on the outcome of a request.
    confirmed_contexts: BTreeSet<String>,
    /// The ids of the frames that the session has sent.
    request_ids: HashSet<String>,
    secrets: Vec<String>,
    /// The ids of the frames that the session has not replied to, in order.
    owed: VecDeque<Value>,
    /// Set once there is a session that can be resumed.
    had_session: bool,
    ready: bool,
    /// The value of `ready` before the latest input.
    was_ready: bool,
    /// The calls for which the session has to report a gap before it is idle.
    awaiting_reconnected: BTreeSet<CallId>,
    /// The calls that the session has to end before it is idle.
    awaiting_end: BTreeSet<CallId>,
    /// Set while the session has a reason to drop its connection.
    pub(super) connection_impaired: bool,
    pub(super) draining: bool,
    /// Set once the service had a reason to reject a login, after which the session may be given up.
    pub(super) login_may_be_rejected: bool,
    pub(super) closed: bool,
    transcript: DefaultHasher,
    /// The first contradiction.
    finding: Option<String>,
}

/// Recording inputs.
impl SessionOracle {
    pub(super) fn new(max_calls: usize, contexts: &[&str], secret: &str) -> Self {
        Self {
            max_calls,
            requests: BTreeMap::new(),
            open: BTreeSet::new(),
            pings: Pings::default(),
            calls: BTreeMap::new(),
            now: Duration::ZERO,
            ends_told: HashSet::new(),
            bridged: HashSet::new(),
            offers: HashSet::new(),
            given_up: Vec::new(),
            offered: None,
            passed: HashSet::new(),
            held: BTreeMap::new(),
            hang_ups: BTreeSet::new(),
            has_room: true,
            leaving: false,
            failed_handlers: BTreeSet::new(),
            contexts: contexts.iter().map(|context| (*context).to_owned()).collect(),
            confirmed_contexts: contexts.iter().map(|context| (*context).to_owned()).collect(),
            request_ids: HashSet::new(),
            secrets: vec![secret.to_owned()],
            owed: VecDeque::new(),
            had_session: false,
            ready: false,
            was_ready: false,
            awaiting_reconnected: BTreeSet::new(),
            awaiting_end: BTreeSet::new(),
            connection_impaired: false,
            draining: false,
            login_may_be_rejected: false,
            closed: false,
            transcript: DefaultHasher::new(),
            finding: None,
        }
    }

    /// Records a request that the application hands to the session.
    pub(super) fn record_request(&mut self, ticket: Ticket, kind: Kind) {
        if let Kind::Subscribe(context, wanted) = &kind
            && !self.closed
            && !(self.draining && *wanted)
        {
            if *wanted {
                self.contexts.insert(context.clone());
            } else {
                self.contexts.remove(context);
                self.confirmed_contexts.remove(context);
            }
        }
        let operation = match kind {
            Kind::Start(_) | Kind::Record(_) | Kind::Connect(_) => Operation::Running,
            _ => Operation::None,
        };
        if kind == Kind::HangUp && self.ready && !self.leaving {
            self.hang_ups.insert(ticket);
        }
        let made_offline = !self.ready;
        if kind == Kind::Ping {
            self.pings.open += 1;
            self.pings.offline += usize::from(made_offline);
        } else {
            self.open.insert(ticket);
        }
        let request =
            RequestRecord { kind, made_offline, sent: false, over: false, abandoned: false, operation };
        self.requests.insert(ticket, request);
    }

    /// Records that the application abandons a request.
    pub(super) fn record_abandoned(&mut self, ticket: Ticket) {
        if let Some(request) = self.requests.get_mut(&ticket) {
            request.abandoned = true;
            if let (Kind::Subscribe(context, true), false) = (request.kind.clone(), request.sent) {
                self.withdraw_subscription(&context);
            }
        }
    }

    /// Gives a context up whose request failed or was abandoned, unless another request wants it.
    fn withdraw_subscription(&mut self, context: &str) {
        let is_open = |request: &RequestRecord| {
            // The service carries out a request that was sent, even if it was abandoned.
            matches!(&request.kind, Kind::Subscribe(other, true) if other == context)
                && !request.over
                && (request.sent || !request.abandoned)
        };
        if !self.confirmed_contexts.contains(context) && !self.requests.values().any(is_open) {
            self.contexts.remove(context);
        }
    }

    /// Records that the handler of a call failed: nobody talks to the caller any more.
    pub(super) fn record_failed_handler(&mut self, call_id: &CallId) {
        self.failed_handlers.insert(call_id.clone());
    }

    /// Records that the application drains the session.
    pub(super) fn record_drain(&mut self) {
        if !self.closed {
            self.draining = true;
            self.contexts.clear();
        }
    }

    /// Records a frame of the service that the session is about to handle. `holds` is whether the session has a call.
    pub(super) fn record_frame(&mut self, text: &str, holds: impl Fn(&CallId) -> bool) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        let params = &frame["params"];
        if params["event_type"] == "signalwire.authorization.state"
            && let Some(state) = params["params"]["authorization_state"].as_str()
        {
            self.secrets.push(state.to_owned());
        }
        self.record_call_event(text, params, holds);
        self.leaving |= frame["method"] == "signalwire.disconnect";
        let wants_reply = matches!(
            frame["method"].as_str(),
            Some("signalwire.event" | "signalwire.ping" | "signalwire.disconnect")
        );
        if let (true, Some(id)) = (wants_reply, frame.get("id").filter(|id| !id.is_null())) {
            self.owed.push_back(id.clone());
        }
    }
}

/// Recording what the service tells of calls.
impl SessionOracle {
    fn record_call_event(&mut self, text: &str, params: &Value, holds: impl Fn(&CallId) -> bool) {
        let event = &params["params"];
        let Some(call_id) = event["call_id"].as_str().filter(|call_id| !call_id.is_empty()) else { return };
        match params["event_type"].as_str() {
            Some("calling.call.state") => {
                if event["call_state"] == "ended" {
                    self.ends_told.insert(call_id.to_owned());
                    self.held.remove(&CallId::from(call_id));
                }
                if ["parent", "peer"].iter().any(|side| event[side]["call_id"].is_string()) {
                    self.bridged.insert(call_id.to_owned());
                }
            }
            Some("calling.call.receive") => {
                let repeated = !self.offers.insert(text.to_owned());
                let left = |call: &CallRecord| match &call.ended {
                    None => call.transferred && event["context"] != "",
                    Some(reason) => matches!(
                        reason,
                        EndReason::Passed
                            | EndReason::Transferred
                            | EndReason::SessionLost
                            | EndReason::NotFound
                    ),
                };
                let call_id = CallId::from(call_id);
                let is_due = self.ready
                    && !self.leaving
                    && !repeated
                    && !self.ends_told.contains(call_id.as_str())
                    && self.calls.get(&call_id).is_none_or(left)
                    // One that the session is about to be rid of is accounted for.
                    && (self.live_calls().any(|live| *live == call_id) || !holds(&call_id));
                self.offered = is_due.then_some(call_id);
            }
            _ => {}
        }
    }

    /// The session has not reported, passed or hung up a call whose offer it has acknowledged.
    pub(super) fn check_offer_handled(&mut self) {
        let Some(call_id) = self.offered.take() else { return };
        // One that comes again is held for a while, and nothing leaves while the service does not read.
        if self.passed.contains(call_id.as_str()) || !self.has_room {
            self.held.entry(call_id).or_insert(self.now + MAX_OFFER_HOLD);
        } else if !self.closed {
            self.report(|| format!("an offer of call {call_id} is acknowledged and forgotten"));
        }
    }
}

/// Queries.
impl SessionOracle {
    /// Returns `true` if a call was handed over to whoever takes it.
    pub(super) fn was_transferred(&self, call_id: &str) -> bool {
        self.calls.get(call_id).is_some_and(|call| call.ended == Some(EndReason::Transferred))
    }

    /// Returns `true` if a call is the leg of a connection.
    pub(super) fn is_bridged(&self, call_id: &str) -> bool {
        self.bridged.contains(call_id) && !self.calls.contains_key(call_id)
    }

    /// The latest dial.
    pub(super) fn latest_dial(&self) -> Option<Ticket> {
        self.requests.iter().rev().find(|(_, request)| request.kind == Kind::Dial).map(|(ticket, _)| *ticket)
    }

    /// The operations that run and that the service knows by name, with the calls that they run on.
    pub(super) fn running(&self) -> impl Iterator<Item = (Ticket, &CallId)> {
        let running = |request: &RequestRecord| request.operation == Operation::Running && request.over;
        let requests = self.requests.iter().filter(move |(_, request)| running(request));
        let requests = requests.filter(|(_, request)| !matches!(request.kind, Kind::Connect(_)));
        requests.filter_map(|(ticket, request)| Some((*ticket, request.kind.started_on()?)))
    }

    /// The calls that the application has, in a fixed order.
    pub(super) fn live_calls(&self) -> impl Iterator<Item = &CallId> {
        self.calls.iter().filter(|(_, call)| call.ended.is_none()).map(|(call_id, _)| call_id)
    }

    /// Returns `true` if a call has ended or was passed on.
    pub(super) fn has_ended(&self, call_id: &CallId) -> bool {
        self.calls.get(call_id).is_some_and(|call| call.ended.is_some())
    }

    /// The requests without an outcome, in a fixed order.
    pub(super) fn open_requests(&self) -> Vec<Ticket> {
        let open = self.still_open().filter(|(_, request)| !request.over && !request.abandoned);
        open.map(|(ticket, _)| ticket).collect()
    }

    /// A call whose handler failed, and that the application still has.
    pub(super) fn abandoned_call(&self) -> Option<&CallId> {
        self.live_calls().find(|call_id| self.failed_handlers.contains(*call_id))
    }

    /// The contexts that the application wants.
    pub(super) fn contexts(&self) -> &BTreeSet<String> {
        &self.contexts
    }

    /// Returns `true` while the session has a connection that is authenticated.
    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// A digest of all outputs of the session.
    pub(super) fn transcript(&self) -> u64 {
        self.transcript.finish()
    }

    /// The first contradiction, if there is one.
    pub(super) fn finding(&self) -> Option<&str> {
        self.finding.as_deref()
    }

    /// Reports a contradiction. Only the first one is kept: the others may follow from it.
    pub(super) fn report(&mut self, what: impl FnOnce() -> String) {
        if self.finding.is_none() {
            self.finding = Some(what());
        }
    }

    fn still_open(&self) -> impl Iterator<Item = (Ticket, &RequestRecord)> {
        self.open.iter().filter_map(|ticket| Some((*ticket, self.requests.get(ticket)?)))
    }
}
