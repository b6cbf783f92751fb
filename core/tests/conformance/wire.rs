//! A client with one call, and an eye on its frames.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use serde_json::{Map, Value, json};
use signalwire_relay_core::calling::Method;
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Call, Client, ClientOutput, ClientState, Config, Error, Io, Request};

use crate::evidence;

/// A URL for webhooks.
pub(crate) const HOOK: &str = "https://example.com/hook";

pub(crate) fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// Checks the method and the parameters of a request.
#[track_caller]
pub(crate) fn check_sent(frame: &Value, method: &str, params: &Value) {
    assert_eq!((&frame["method"], &frame["params"]), (&json!(method), params));
    evidence::sent(&format!("method {method}"), params);
}

/// The instant at which the clock of a test begins: the only one that is read from the machine.
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

pub(crate) struct Wire {
    pub(crate) client: Client,
    driver: ClientState,
    now: Instant,
    sent: Vec<Value>,
    /// The number of events so far.
    events: u64,
    answer: Option<(&'static str, Value)>,
    pub(crate) call: Option<Call>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self::offered(&json!({"call_id": "c", "node_id": "n", "context": "x"}))
    }

    /// With a call that was offered in these words.
    pub(crate) fn offered(offer: &Value) -> Self {
        let config = Config::new().project("p-1").token("PT-secret").max_connections(usize::MAX);
        let (client, mut driver) = ClientState::new(&config, 1).expect("the settings are usable");
        let now = epoch();
        driver.connect(now);
        let mut wire = Self { client, driver, now, sent: Vec::new(), events: 0, answer: None, call: None };
        wire.settle();
        wire.event("calling.call.receive", offer);
        let mut calls = wire.client.incoming_calls();
        wire.call = wire.finish(async move { calls.next().await });
        wire
    }

    /// Has the next request refused.
    pub(crate) fn refuse(&mut self, code: &str, message: &str) {
        self.reply(json!({"code": code, "message": message}));
    }

    /// Has the next request answered with this result.
    pub(crate) fn reply(&mut self, result: Value) {
        self.answer = Some(("result", result));
    }

    /// Has the next request answered with this error.
    pub(crate) fn fail(&mut self, error: Value) {
        self.answer = Some(("error", error));
    }

    /// Does the driver's work, and answers everything that it asks.
    fn settle(&mut self) {
        loop {
            match self.driver.poll_output(self.now, Waker::noop()) {
                ClientOutput::Io(Io::Open(_)) => self.driver.handle_connected(self.now),
                ClientOutput::Io(Io::Send(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
                    if frame.get("method").is_some() {
                        let result = json!({"code": "200", "message": "OK", "protocol": "proto",
                            "message_id": "m", "conference_id": "f", "ask_id": "a-3"});
                        let (member, answer) = self.answer.take().unwrap_or(("result", result));
                        let mut reply = json!({"id": frame["id"]});
                        reply[member] = answer;
                        self.driver.handle_frame(self.now, Frame::Text(&reply.to_string()));
                        self.sent.push(frame);
                    }
                }
                ClientOutput::Io(Io::Wait(_)) => return,
                _ => {}
            }
        }
    }

    pub(crate) fn event(&mut self, event_type: &str, params: &Value) {
        self.events += 1;
        let frame = json!({"id": format!("e-{}", self.events), "method": "signalwire.event",
            "params": {"event_type": event_type, "timestamp": 1.5, "params": params}});
        self.driver.handle_frame(self.now, Frame::Text(&frame.to_string()));
        self.settle();
    }

    pub(crate) fn finish<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        for _ in 0..10 {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            self.settle();
        }
        panic!("it does not finish");
    }

    /// Sends a request, and checks its method and its parameters, without those that say which call is meant.
    pub(crate) fn expect<M: Method>(
        &mut self,
        request: impl FnOnce(&Call) -> Request<M>,
        method: &str,
        params: Value,
    ) -> M::Output {
        let request = request(self.call.as_ref().expect("there is a call"));
        let (frame, output) = self.send(request);
        let mut expected = params;
        expected["call_id"] = json!("c");
        expected["node_id"] = json!("n");
        check_sent(&frame, method, &expected);
        output.expect("the service accepts everything")
    }

    /// Sends a request whose outcome takes more than an answer, and does not wait for it.
    pub(crate) fn begin<M: Method>(&mut self, request: Request<M>) -> Value {
        self.sent.clear();
        let mut sending = pin!(request.into_future());
        assert!(sending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        self.settle();
        self.sent.first().cloned().unwrap_or_default()
    }

    pub(crate) fn send<M: Method>(&mut self, request: Request<M>) -> (Value, Result<M::Output, Error>) {
        self.sent.clear();
        let output = self.finish(request.into_future());
        (self.sent.first().cloned().unwrap_or_default(), output)
    }
}
