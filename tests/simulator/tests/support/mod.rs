//! A client without a socket and a clock that jumps to the next deadline.

#![allow(dead_code, reason = "each suite uses its part")]

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{ConnectionId, Output, Report, Scenario, SimulatedService};

pub(crate) struct Bench {
    pub(crate) service: SimulatedService,
    pub(crate) now: Duration,
    /// Everything that was sent, with the receiver.
    pub(crate) frames: Vec<(ConnectionId, Value)>,
    pub(crate) raw: Vec<String>,
    pub(crate) closed: Vec<(ConnectionId, u16)>,
    pub(crate) reports: Vec<Report>,
    pub(crate) acks: bool,
    requests: u64,
}

impl Bench {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self::seeded(scenario, 1)
    }

    pub(crate) fn seeded(scenario: Scenario, seed: u64) -> Self {
        Self {
            service: SimulatedService::new(scenario, seed),
            now: Duration::ZERO,
            frames: Vec::new(),
            raw: Vec::new(),
            closed: Vec::new(),
            reports: Vec::new(),
            acks: true,
            requests: 0,
        }
    }

    /// Opens a connection and logs in.
    pub(crate) fn client(&mut self, contexts: &[&str]) -> ConnectionId {
        let client = self.service.handle_connected(self.now);
        let reply = self.request(client, "signalwire.connect", log_in(contexts));
        assert!(reply["result"]["protocol"].is_string(), "not let in: {reply}");
        client
    }

    /// Sends a request and gives the whole answer.
    #[expect(clippy::needless_pass_by_value, reason = "callers write `json!(…)`")]
    pub(crate) fn request(&mut self, from: ConnectionId, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = format!("q{}", self.requests);
        let frame = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.service.handle_text(self.now, from, &frame.to_string());
        self.settle();
        let answer = |(to, frame): &&(ConnectionId, Value)| *to == from && frame["id"] == id.as_str();
        self.frames.iter().find(answer).map_or(Value::Null, |(_, frame)| frame.clone())
    }

    /// The code of the result of a request; a JSON-RPC error gives its code.
    pub(crate) fn code(&mut self, from: ConnectionId, method: &str, params: Value) -> String {
        let answer = self.request(from, method, params);
        match answer["result"]["code"].as_str() {
            Some(code) => code.to_owned(),
            None => answer["error"]["code"].to_string(),
        }
    }

    /// Sends a request that has to be accepted.
    pub(crate) fn ok(&mut self, from: ConnectionId, method: &str, params: Value) -> Value {
        let answer = self.request(from, method, params);
        assert_eq!(answer["result"]["code"], "200", "{method}: {answer}");
        answer["result"].clone()
    }

    /// Takes everything out, acknowledging events and pings.
    pub(crate) fn settle(&mut self) {
        while let Some(output) = self.service.poll_output() {
            match output {
                Output::Send { to, text } => {
                    let frame: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                    if frame["method"].is_string() && self.acks {
                        let ack = json!({"jsonrpc": "2.0", "id": frame["id"], "result": {}});
                        self.service.handle_text(self.now, to, &ack.to_string());
                    }
                    self.raw.push(text);
                    self.frames.push((to, frame));
                }
                Output::Close { to, code } => self.closed.push((to, code)),
                Output::Report(report) => self.reports.push(report),
                _ => {}
            }
        }
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn run(&mut self, seconds: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        self.settle();
        while let Some(next) = self.service.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.service.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
        self.service.handle_timeout(end);
        self.settle();
    }

    /// Lets time pass until an event of this type comes that has not been there before.
    pub(crate) fn wait_for_event(&mut self, event_type: &str) -> Value {
        let mut seen = self.frames.len();
        for _ in 0..10_000 {
            while seen < self.frames.len() {
                let frame = &self.frames[seen].1;
                seen += 1;
                if frame["params"]["event_type"] == event_type {
                    return frame["params"]["params"].clone();
                }
            }
            let next = self.service.poll_timeout().expect("something is still to come");
            self.now = self.now.max(next);
            self.service.handle_timeout(self.now);
            self.settle();
        }
        panic!("{event_type} never came");
    }

    /// Waits for an offer and answers it.
    pub(crate) fn answered_call(&mut self, client: ConnectionId) -> String {
        let id = self.offer();
        self.ok(client, "calling.answer", at(&id, json!({})));
        id
    }

    /// The id of the call that was offered last, or the next one.
    pub(crate) fn offer(&mut self) -> String {
        let offer = match self.events("calling.call.receive").last() {
            Some(offer) => offer.clone(),
            None => self.wait_for_event("calling.call.receive"),
        };
        offer["call_id"].as_str().expect("an id").to_owned()
    }

    /// The inner params of all events of a type so far.
    pub(crate) fn events(&self, event_type: &str) -> Vec<Value> {
        let of_type = self.frames.iter().filter(|(_, frame)| frame["params"]["event_type"] == event_type);
        of_type.map(|(_, frame)| frame["params"]["params"].clone()).collect()
    }

    /// One member of all events of a type so far, as text.
    pub(crate) fn member(&self, event_type: &str, name: &str) -> Vec<String> {
        let text = |event: Value| event[name].as_str().unwrap_or_default().to_owned();
        self.events(event_type).into_iter().map(text).collect()
    }

    /// The whole conversation in short: `method`, `event/state` or `reply`.
    pub(crate) fn story(&self) -> Vec<String> {
        let short = |frame: &Value| {
            let params = &frame["params"]["params"];
            let states = ["call_state", "state", "connect_state", "dial_state"];
            let state = states.iter().find_map(|name| params[*name].as_str());
            let state = state.or_else(|| params["result"]["type"].as_str()).unwrap_or_default();
            match frame["params"]["event_type"].as_str() {
                Some(event) => format!("{event} {state}").trim_end().to_owned(),
                None if frame["method"].is_string() => {
                    frame["method"].as_str().unwrap_or_default().to_owned()
                }
                None => "reply".to_owned(),
            }
        };
        self.frames.iter().map(|(_, frame)| short(frame)).collect()
    }

    pub(crate) fn states(&self, call: &str) -> Vec<String> {
        let events = self.events("calling.call.state");
        let of_call = events.iter().filter(|event| event["call_id"] == call);
        of_call.map(|event| event["call_state"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

pub(crate) fn log_in(contexts: &[&str]) -> Value {
    json!({
        "version": {"major": 2, "minor": 0, "revision": 0},
        "agent": "bench/1",
        "event_acks": true,
        "authentication": {"project": "demo-project", "token": "demo-token"},
        "contexts": contexts,
    })
}

pub(crate) fn quiet() -> Scenario {
    Scenario::new().ping_every(None)
}

pub(crate) fn tts(text: &str) -> Value {
    json!([{"type": "tts", "params": {"text": text}}])
}

pub(crate) fn phone(number: &str) -> Value {
    json!({"type": "phone", "params": {"to_number": number, "from_number": "+15550000"}})
}

/// Parameters with the address of a call.
pub(crate) fn at(call: &str, mut params: Value) -> Value {
    params["call_id"] = call.into();
    params["node_id"] = "node-1@simulator".into();
    params
}

/// A bench with one caller whose call was answered.
pub(crate) fn talking(
    scenario: Scenario,
    steps: impl IntoIterator<Item = signalwire_relay_simulator::Step>,
) -> (Bench, ConnectionId, String) {
    let caller = signalwire_relay_simulator::Caller::new("+15551110000", "+15552220000").script(steps);
    let mut bench = Bench::new(scenario.caller(caller));
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    (bench, client, call)
}
