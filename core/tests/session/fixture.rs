//! A session on a workbench: what goes in is written here, what comes out is kept for looking at.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signalwire_relay_core::session::{
    CallInfo, Command, ConnectionState, Frame, Io, MessageContext, Notice, Output, Reply, Session,
    SessionEvent, Target,
};
use signalwire_relay_core::{CallId, Config, EndReason, Error, Event, Ticket};

pub(crate) struct Fixture {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    /// Frames that were sent and not looked at yet.
    pub(crate) sent: VecDeque<Value>,
    /// Events that were reported and not looked at yet, without changes of the connection, notices, and legs of dials.
    pub(crate) events: VecDeque<SessionEvent>,
    /// The states of legs of dials, by the ids of their calls.
    pub(crate) legs: Vec<(String, String)>,
    pub(crate) states: Vec<ConnectionState>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) opens: usize,
    pub(crate) closes: usize,
    pub(crate) next: Option<Instant>,
    tickets: u64,
    event_ids: u64,
}

/// What a message is sent to, where the session names its context.
pub(crate) const MESSAGE: Target = Target::Message(MessageContext::OfSession);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn config() -> Config {
    Config::new().project("p-1").token("PT-secret").host("example.test").contexts(["office"])
}

/// The instant at which the clock of a test begins: the only one that is read from the machine.
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

impl Fixture {
    pub(crate) fn new(config: &Config) -> Self {
        Self::seeded(config, 7)
    }

    pub(crate) fn seeded(config: &Config, seed: u64) -> Self {
        let mut fixture = Self {
            session: Session::new(config, seed).expect("the settings are usable"),
            now: epoch(),
            sent: VecDeque::new(),
            events: VecDeque::new(),
            legs: Vec::new(),
            states: Vec::new(),
            notices: Vec::new(),
            opens: 0,
            closes: 0,
            next: None,
            tickets: 0,
            event_ids: 0,
        };
        fixture.session.connect(fixture.now);
        fixture.drain();
        fixture
    }

    /// Connected and authenticated, with nothing left to look at.
    pub(crate) fn ready() -> Self {
        let mut fixture = Self::new(&config());
        fixture.authenticate("proto-1", false);
        fixture.sent.clear();
        fixture
    }

    pub(crate) fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Io(Io::Open(_)) => self.opens += 1,
                Output::Io(Io::Send(text)) => {
                    self.sent.push_back(serde_json::from_str(&text).expect("frames are JSON"));
                }
                Output::Io(Io::Close) => self.closes += 1,
                Output::Event(SessionEvent::Connection(state)) => self.states.push(state),
                Output::Event(SessionEvent::Notice(notice)) => self.notices.push(notice),
                Output::Event(SessionEvent::Leg { event, .. }) => {
                    let Event::State(state) = &*event else { panic!("{event:?}") };
                    self.legs.push((state.call_id.to_string(), state.call_state.to_string()));
                }
                Output::Event(event) => self.events.push_back(event),
                Output::Io(Io::Wait(until)) => {
                    self.next = until;
                    return;
                }
            }
        }
    }

    /// Lets time pass, firing each deadline when it is due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.next.filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.session.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn connected(&mut self) {
        self.session.handle_connected(self.now);
        self.drain();
    }

    pub(crate) fn disconnected(&mut self) {
        self.session.handle_disconnected(self.now, "cut");
        self.drain();
    }

    pub(crate) fn receive(&mut self, text: &str) {
        self.session.handle_frame(self.now, Frame::Text(text));
        self.drain();
    }

    pub(crate) fn receive_json(&mut self, frame: &Value) {
        self.receive(&frame.to_string());
    }

    /// Opens the connection and accepts the credentials. Returns the parameters that the session sent.
    pub(crate) fn authenticate(&mut self, protocol: &str, restored: bool) -> Value {
        self.connected();
        let request = self.expect_sent("signalwire.connect");
        self.reply(
            &request,
            json!({"protocol": protocol, "session_restored": restored, "identity": "p-1/x"}),
        );
        request["params"].clone()
    }

    /// Waits out the pause before the next attempt, and authenticates.
    pub(crate) fn reconnect(&mut self, protocol: &str, restored: bool) -> Value {
        self.until_open();
        self.authenticate(protocol, restored)
    }

    /// Lets time pass until the session opens a connection.
    pub(crate) fn until_open(&mut self) {
        let opens = self.opens;
        while self.opens == opens {
            let next = self.next.expect("the session tries again");
            self.pass(next.saturating_duration_since(self.now));
        }
    }

    pub(crate) fn reply(&mut self, request: &Value, result: Value) {
        self.receive_json(&json!({"jsonrpc": "2.0", "id": request["id"], "result": result}));
    }

    pub(crate) fn ok(&mut self, request: &Value) {
        self.reply(request, json!({"code": "200", "message": "OK"}));
    }

    pub(crate) fn refuse(&mut self, request: &Value, code: &str) {
        self.reply(request, json!({"code": code, "message": "no"}));
    }

    pub(crate) fn fail(&mut self, request: &Value, error: Value) {
        self.receive_json(&json!({"jsonrpc": "2.0", "id": request["id"], "error": error}));
    }

    /// Delivers an event and checks that it was acknowledged before anything else was sent.
    pub(crate) fn event(&mut self, event_type: &str, params: Value) {
        self.event_ids += 1;
        let id = format!("ev-{}", self.event_ids);
        let at = self.sent.len();
        self.receive_json(&json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.event",
            "params": {"event_type": event_type, "timestamp": 1.5, "params": params}}));
        let acknowledgement = self.sent.remove(at).expect("the event was answered");
        assert_eq!(acknowledgement, json!({"jsonrpc": "2.0", "id": id, "result": {}}));
    }

    pub(crate) fn expect_sent(&mut self, method: &str) -> Value {
        let frame = self.sent.pop_front().unwrap_or_else(|| panic!("{method} was not sent"));
        assert_eq!(frame["method"], method, "{frame}");
        frame
    }

    /// The same, past frames of other methods and acknowledgements.
    pub(crate) fn expect_sent_among_others(&mut self, method: &str) -> Value {
        self.sent.retain(|frame| frame["method"] == method);
        self.expect_sent(method)
    }

    pub(crate) fn expect_nothing_sent(&self) {
        assert!(self.sent.is_empty(), "{:?}", self.sent);
    }

    /// The next attempt and the reason of the pause that the session is in.
    pub(crate) fn expect_backoff(&self) -> (u32, Arc<str>) {
        match self.states.last() {
            Some(ConnectionState::Backoff { attempt, reason, .. }) => (*attempt, reason.clone()),
            state => panic!("{state:?}"),
        }
    }

    pub(crate) fn expect_quiet(&self) {
        assert!(self.events.is_empty(), "{:?}", self.events);
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    pub(crate) fn command(&mut self, command: Command) -> Ticket {
        let ticket = self.ticket();
        self.session.command(self.now, ticket, command);
        self.drain();
        ticket
    }

    /// A command on a call, with no parameters of its own.
    pub(crate) fn call_command(&mut self, method: &'static str, call_id: &str) -> Ticket {
        self.command(raw(method, Target::Call(call_id.into())))
    }

    pub(crate) fn expect_reply(&mut self, ticket: Ticket) -> Result<Reply, Error> {
        match self.events.pop_front() {
            Some(SessionEvent::Replied { ticket: own, result }) if own == ticket => result,
            other => panic!("no reply to {ticket:?} but {other:?}"),
        }
    }

    pub(crate) fn expect_dialed(&mut self, ticket: Ticket) -> Result<Box<CallInfo>, Error> {
        match self.events.pop_front() {
            Some(SessionEvent::Dialed { ticket: own, result }) if own == ticket => result,
            other => panic!("no outcome of {ticket:?} but {other:?}"),
        }
    }

    pub(crate) fn expect_ended(&mut self, call_id: &str) -> EndReason {
        match self.events.pop_front() {
            Some(SessionEvent::CallEnded { call_id: own, reason, .. }) if own.as_str() == call_id => reason,
            other => panic!("{call_id} did not end but {other:?}"),
        }
    }

    /// The type of the next event on a call.
    pub(crate) fn expect_call_event(&mut self, call_id: &str) -> String {
        match self.events.pop_front() {
            Some(SessionEvent::Call { call_id: own, event, .. }) if own.as_str() == call_id => {
                event.event_type().to_owned()
            }
            other => panic!("no event on {call_id} but {other:?}"),
        }
    }

    /// Has a call offered, and takes it.
    pub(crate) fn offer(&mut self, call_id: &str) -> Box<CallInfo> {
        self.event("calling.call.receive", offer(call_id));
        match self.events.pop_front() {
            Some(SessionEvent::Offered(info)) => {
                assert!(self.session.take(&CallId::from(call_id)));
                info
            }
            other => panic!("{call_id} was not offered but {other:?}"),
        }
    }

    /// Answers the questions whether the service knows a call: it does not.
    pub(crate) fn deny_call(&mut self, code: &str) {
        let first = self.expect_sent_among_others("calling.clear_digit_bindings");
        self.refuse(&first, code);
        let second = self.expect_sent_among_others("calling.send_digits");
        assert_eq!(second["params"]["digits"], "w", "it sends no digits");
        self.refuse(&second, code);
    }

    pub(crate) fn state(&mut self, call_id: &str, state: &str) {
        self.event("calling.call.state", call_state(call_id, state));
    }
}

pub(crate) fn raw(method: &'static str, target: Target) -> Command {
    Command::raw(method, target, "{}".to_owned()).expect("an object")
}

pub(crate) fn offer(call_id: &str) -> Value {
    json!({"call_id": call_id, "node_id": "n-1", "context": "office", "call_state": "created",
        "direction": "inbound", "segment_id": "g-1", "tag": "",
        "device": {"type": "phone", "params": {"from_number": "+15551110000", "to_number": "+15552220000"}}})
}

pub(crate) fn call_state(call_id: &str, state: &str) -> Value {
    json!({"call_id": call_id, "node_id": "n-1", "call_state": state})
}

pub(crate) fn closed(fixture: &mut Fixture) -> Result<(), Error> {
    match fixture.events.pop_back() {
        Some(SessionEvent::Closed(result)) => result,
        other => panic!("not closed but {other:?}"),
    }
}
