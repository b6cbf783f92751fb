//! The commands that an application gives the session.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::calling::{
    AfterGap, Connect, Method, Play, Record, SendDigits, StandaloneCollect,
};
use signalwire_relay_core::session::{Command, MessageContext, Target};
use signalwire_relay_core::{CallId, Tag, Ticket};

use super::oracle::Kind;
use super::{CallRequest, SessionPlayer};
use crate::environment::{ANSWERS, OURS, context, pick};
use crate::{Delivery, Dial, MARK};

impl SessionPlayer {
    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    pub(super) fn pick_call(&self, number: u8) -> Option<CallId> {
        pick(&self.oracle.live_calls().cloned().collect::<Vec<_>>(), number).cloned()
    }

    pub(super) fn request(&mut self, request: CallRequest, number: u8) {
        let Some(call_id) = self.pick_call(number) else { return };
        let plain = || (Target::Call(call_id.clone()), Kind::Request);
        let control_id = format!("k{}", self.tickets + 1);
        let start = |rule: Option<&'static _>| {
            let rule = rule.expect("the method starts an operation");
            let control_id = Some(control_id.as_str().into());
            let kind = match request {
                CallRequest::Record => Kind::Record(call_id.clone()),
                CallRequest::Connect | CallRequest::TaggedConnect => Kind::Connect(call_id.clone()),
                _ => Kind::Start(call_id.clone()),
            };
            (Target::Start { call_id: call_id.clone(), control_id, rule }, kind)
        };
        let (method, (target, kind), params) = match request {
            CallRequest::Answer => ("calling.answer", plain(), json!({})),
            CallRequest::Pass => ("calling.pass", plain(), json!({})),
            CallRequest::Hangup => {
                ("calling.end", (Target::Call(call_id.clone()), Kind::HangUp), json!({"reason": "hangup"}))
            }
            CallRequest::Transfer => {
                let kind = Kind::Transfer(call_id.clone());
                ("calling.transfer", (Target::Call(call_id.clone()), kind), json!({"dest": "context:a"}))
            }
            CallRequest::Connect | CallRequest::TaggedConnect => {
                let devices =
                    json!([[{"type": "phone", "params": {"from_number": OURS, "to_number": ANSWERS}}]]);
                let mut params = json!({"devices": devices});
                if let (CallRequest::TaggedConnect, Some(tag)) = (request, self.oracle.latest_dial()) {
                    params["tag"] = json!(format!("t{}", tag.0));
                }
                ("calling.connect", start(Connect::completion_rule()), params)
            }
            CallRequest::Play => {
                let play = json!([{"type": "tts", "params": {"text": "Hello, and welcome."}}]);
                ("calling.play", start(Play::completion_rule()), json!({"play": play}))
            }
            CallRequest::Record => {
                ("calling.record", start(Record::completion_rule()), json!({"record": {"audio": {}}}))
            }
            CallRequest::Collect => {
                let collect = json!({"digits": {"max": 1}, "initial_timeout": 5.0});
                ("calling.collect", start(StandaloneCollect::completion_rule()), collect)
            }
            CallRequest::SendDigits => {
                ("calling.send_digits", start(SendDigits::completion_rule()), json!({"digits": "1"}))
            }
            CallRequest::Stop => {
                let running = self.network.service().call(call_id.as_str());
                let Some(latest) = running.as_ref().and_then(|call| call.operations.last()) else { return };
                let method = match latest.method.as_str() {
                    "calling.play" => "calling.play.stop",
                    "calling.record" => "calling.record.stop",
                    "calling.collect" => "calling.collect.stop",
                    _ => return,
                };
                let control_id = latest.control_id.as_str().into();
                (method, (Target::Control { call_id: call_id.clone(), control_id }, Kind::Control), json!({}))
            }
        };
        self.command(method, target, kind, params);
    }

    pub(super) fn dial(&mut self, parties: Dial, limit: Duration) {
        let device = |number: &str| json!({"type": "phone", "params": {"from_number": OURS, "to_number": number, "timeout": 30}});
        let devices = |numbers: &&[&str]| numbers.iter().map(|number| device(number)).collect();
        let devices: Vec<Vec<_>> = parties.numbers().iter().map(devices).collect();
        let ticket = self.ticket();
        let target = Target::Dial { tag: Some(Tag::from(format!("t{}", ticket.0))) };
        let params = json!({"devices": devices, MARK: ticket.0});
        self.submit(ticket, "calling.dial", target, Kind::Dial, &params, Some(limit));
    }

    pub(super) fn message(&mut self, delivery: Delivery) {
        let params = json!({"to_number": delivery.number(), "from_number": OURS, "body": "Hi"});
        self.command("messaging.send", Target::Message(MessageContext::OfSession), Kind::Message, params);
    }

    pub(super) fn receive(&mut self, number: u8) {
        let target = Target::Receive(vec![context(number)]);
        self.command("signalwire.receive", target, Kind::Subscribe(context(number), true), json!({}));
    }

    pub(super) fn unreceive(&mut self, number: u8) {
        let target = Target::Unreceive(vec![context(number)]);
        self.command("signalwire.unreceive", target, Kind::Subscribe(context(number), false), json!({}));
    }

    pub(super) fn flood(&mut self, count: u16) {
        for _ in 0..count {
            let ticket = self.ticket();
            let params = json!({MARK: ticket.0}).to_string();
            let command = Command::raw("signalwire.ping", Target::Service, params);
            self.oracle.record_request(ticket, Kind::Ping);
            self.session.command(self.instant(), ticket, command.expect("the parameters are an object"));
        }
    }

    fn command(&mut self, method: &'static str, target: Target, kind: Kind, mut params: Value) {
        let ticket = self.ticket();
        params[MARK] = ticket.0.into();
        self.submit(ticket, method, target, kind, &params, None);
    }

    fn submit(
        &mut self,
        ticket: Ticket,
        method: &'static str,
        target: Target,
        kind: Kind,
        params: &Value,
        limit: Option<Duration>,
    ) {
        let command = Command::raw(method, target, params.to_string()).expect("the parameters are an object");
        let command = match method {
            "calling.play" => command.after_gap(restate("calling.play.volume", r#"{"volume":0}"#)),
            "calling.collect" => command.after_gap(restate("calling.collect.start_input_timers", "{}")),
            "calling.record" => command.after_gap(restate("calling.record.resume", "{}")),
            "calling.connect" => command.after_gap(AfterGap::AskPeer),
            "calling.send_digits" => command.after_gap(AfterGap::Within(Duration::from_mins(1))),
            _ => command,
        };
        let command = limit.map_or_else(|| command.clone(), |limit| command.clone().timeout(limit));
        self.oracle.record_request(ticket, kind);
        self.session.command(self.instant(), ticket, command);
        self.drain();
    }
}

/// The control that a typed request restates after a gap.
fn restate(method: &'static str, params: &str) -> AfterGap {
    AfterGap::Restate { method: method.into(), params: params.to_owned() }
}
