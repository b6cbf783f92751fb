//! The frames of the session itself: what is sent at the start, and what is read of what the service sends by itself.

use std::time::Instant;

use serde_json::{Value, json};
use signalwire_relay_core::Config;
use signalwire_relay_core::session::{ConnectionState, Frame, Io, Output, Session, SessionEvent};

use crate::evidence;
use crate::wire::{check_sent, epoch};

/// A session, its clock, and what came out of it.
struct Bench {
    session: Session,
    now: Instant,
    sent: Vec<Value>,
    states: Vec<ConnectionState>,
    told: Vec<String>,
    next: Option<Instant>,
}

fn config() -> Config {
    Config::new().project("p-1").token("PT-secret").agent("field-client/0.4").contexts(["office"])
}

impl Bench {
    fn new(config: &Config) -> Self {
        let session = Session::new(config, 1).expect("the settings are usable");
        let (sent, states, told) = (Vec::new(), Vec::new(), Vec::new());
        let mut bench = Self { session, now: epoch(), sent, states, told, next: None };
        bench.session.connect(bench.now);
        bench.drain();
        bench
    }

    fn ready() -> Self {
        let mut bench = Self::new(&config());
        bench.authenticate(&json!({"protocol": "session-1"}));
        bench
    }

    fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Io(Io::Send(text)) => {
                    self.sent.push(serde_json::from_str(&text).expect("frames are JSON"));
                }
                Output::Event(SessionEvent::Connection(state)) => self.states.push(state),
                Output::Event(SessionEvent::Other(event)) => {
                    self.told.push(format!(
                        "{} {:?} {}",
                        event.event_type(),
                        event.meta().timestamp(),
                        event.meta().raw()
                    ));
                }
                Output::Io(Io::Wait(until)) => {
                    self.next = until;
                    return;
                }
                _ => {}
            }
        }
    }

    /// Opens the transport, and gives the parameters of `signalwire.connect`.
    fn connected(&mut self) -> Value {
        self.sent.clear();
        self.session.handle_connected(self.now);
        self.drain();
        self.sent.first().cloned().expect("the credentials are sent")
    }

    fn authenticate(&mut self, result: &Value) -> Value {
        let request = self.connected();
        self.receive(&json!({"id": request["id"], "result": result}));
        request
    }

    fn receive(&mut self, frame: &Value) {
        self.session.handle_frame(self.now, Frame::Text(&frame.to_string()));
        self.drain();
    }

    fn event(&mut self, event_type: &str, params: &Value) {
        self.receive(&json!({"id": "e", "method": "signalwire.event",
            "params": {"event_type": event_type, "params": params}}));
    }

    /// Loses the connection, and lets time pass until it is opened again.
    fn lose(&mut self) {
        self.session.handle_disconnected(self.now, "cut");
        self.drain();
        self.wait();
    }

    fn wait(&mut self) {
        while !matches!(self.states.last(), Some(ConnectionState::Connecting { .. })) {
            self.now = self.next.expect("the session tries again");
            self.session.handle_timeout(self.now);
            self.drain();
        }
    }
}

#[test]
pub(crate) fn credentials_go_first_and_a_resume_with_what_the_service_gave() {
    let mut bench = Bench::ready();
    bench.event("signalwire.authorization.state", &json!({"authorization_state": "AA:BB"}));
    bench.lose();
    check_sent(
        &bench.connected(),
        "signalwire.connect",
        &json!({"version": {"major": 2, "minor": 0, "revision": 0}, "agent": "field-client/0.4", "event_acks": true,
            "authentication": {"project": "p-1", "token": "PT-secret"}, "contexts": ["office"], "protocol": "session-1",
            "authorization_state": "AA:BB"}),
    );
    let mut bench = Bench::new(&Config::new().jwt("j").agent("a"));
    check_sent(
        &bench.connected(),
        "signalwire.connect",
        &json!({"version": {"major": 2, "minor": 0, "revision": 0}, "agent": "a", "event_acks": true,
            "authentication": {"jwt_token": "j"}}),
    );
}

/// The state of a connection that is resumed with this result, and the name of the session.
fn resumed(result: &Value) -> (Option<ConnectionState>, Option<String>) {
    let mut bench = Bench::ready();
    bench.lose();
    bench.authenticate(result);
    (bench.states.last().cloned(), bench.session.protocol().map(str::to_owned))
}

#[test]
pub(crate) fn little_is_read_of_what_connect_gives() {
    let full = json!({"protocol": "session-1", "session_restored": false});
    let (state, protocol) = resumed(&full);
    assert_eq!(state, Some(ConnectionState::Ready { resumed: false }));
    assert_eq!(protocol.as_deref(), Some("session-1"));
    evidence::read("result signalwire.connect", &full, resumed);
    // A refusal may come as a result.
    evidence::read("result signalwire.connect", &json!({"code": "503", "message": "full"}), resumed);
    let mut rest = json!({"identity": "p-1/7f2b", "sessionid": "s", "nodeid": "n", "master_nodeid": "n", "host": "h",
        "authorization": {"project": "p"}, "authorizations": [{}], "accesses": [{}], "protocols": [{}],
        "subscriptions": [{}], "protocols_uncertified": ["x"], "result": 1, "jwt_token": "j",
        "ice_servers": [{"urls": ["turn:x"], "username": "u", "credential": "c", "credentialType": "password",
            "iceTransportPolicy": "relay"}]});
    rest["protocol"] = json!("session-1");
    evidence::ignored("result signalwire.connect", &rest, resumed);
}

#[test]
pub(crate) fn the_state_of_the_authorization_is_kept() {
    let kept = |params: &Value| {
        let mut bench = Bench::ready();
        bench.event("signalwire.authorization.state", params);
        bench.lose();
        bench.connected()["params"]["authorization_state"].clone()
    };
    let full = json!({"authorization_state": "AA:BB"});
    assert_eq!(kept(&full), "AA:BB");
    evidence::read("event signalwire.authorization.state", &full, kept);
}

#[test]
pub(crate) fn pings_are_sent_back() {
    let pong = |params: &Value| {
        let mut bench = Bench::ready();
        bench.sent.clear();
        bench.receive(&json!({"id": "p-1", "method": "signalwire.ping", "params": params}));
        bench.sent.pop().expect("it is answered")["result"].clone()
    };
    let full = json!({"payload": "x", "timestamp": 1_735_689_600.5});
    assert_eq!(pong(&full), full);
    evidence::read("method signalwire.ping", &full, pong);
    evidence::sent("result signalwire.ping", &pong(&full));
}

#[test]
pub(crate) fn a_notice_to_leave_says_how_to_come_back() {
    let comes_back_with = |params: &Value| {
        let mut bench = Bench::ready();
        bench.receive(&json!({"id": "d", "method": "signalwire.disconnect", "params": params}));
        assert_eq!(bench.sent.last().expect("it is answered")["result"], json!({}));
        bench.session.handle_disconnected(bench.now, "as it said");
        bench.drain();
        bench.wait();
        bench.connected()["params"]["protocol"].clone()
    };
    let full = json!({"restart": true});
    assert_eq!((comes_back_with(&full), comes_back_with(&json!({}))), (Value::Null, json!("session-1")));
    evidence::read("method signalwire.disconnect", &full, comes_back_with);
}

/// What an application is told of an envelope.
fn told(envelope: &Value) -> Vec<String> {
    let mut bench = Bench::ready();
    bench.receive(&json!({"id": "e", "method": "signalwire.event", "params": envelope}));
    bench.told
}

#[test]
pub(crate) fn envelopes_are_read_with_whatever_else_is_in_them() {
    let full = json!({"event_type": "x.y", "timestamp": 1_735_689_600.5, "params": {"a": 1}});
    let [event] = &told(&full)[..] else { panic!("{:?}", told(&full)) };
    assert!(event.starts_with("x.y Some(") && event.ends_with(r#"{"a":1}"#), "{event}");
    evidence::read("method signalwire.event", &full, told);
    // Some services tell the time inside.
    evidence::read(
        "method signalwire.event",
        &json!({"event_type": "x.y", "params": {"timestamp": 1_735_689_600.5}}),
        |it| told(it).iter().map(|event| event.contains("Some(")).collect::<Vec<_>>(),
    );
    let mut rest = full;
    for name in ["event_channel", "project_id", "space_id", "context", "node_id", "is_author"] {
        rest[name] = json!("x");
    }
    evidence::ignored("method signalwire.event", &rest, told);
}
