//! Frames from clients: parsing them, validating requests, replying.

use serde_json::{Map, Value, json};

use super::calls::CallKey;
use super::provisioning::CONFIGURE;
use super::session::PING;
use super::{CONNECT, ExpectedReply, NODE, Refusal, SimulatedService};
use crate::methods::messaging::SEND;
use crate::methods::validate::{Kind, Param, Remarks, check, optional, required};
use crate::methods::{self, Method, On, Outcome, Request, ServiceError, Shape};
use crate::{CallState, ConnectionId, Reading, Report, Violation};

const ADDRESS: &[Param] = &[required("node_id", Kind::Text), required("call_id", Kind::Text)];
const NO_PARAMS: &[Param] = &[];

/// Requests that change the contexts of a session.
const SUBSCRIBING: &[&str] = &["signalwire.receive", "signalwire.unreceive"];

const EXECUTE: &str = "signalwire.execute";
/// The parameters of the older envelope around a request.
const EXECUTE_PARAMS: &[Param] = &[
    required("method", Kind::Text),
    required("protocol", Kind::AnyText),
    optional("params", Kind::Open),
    optional("attempted", Kind::Texts),
    optional("requester_identity", Kind::AnyText),
    optional("requester_nodeid", Kind::AnyText),
    optional("responder_identity", Kind::AnyText),
    optional("responder_nodeid", Kind::AnyText),
];

/// The reply to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    Result(Value),
    Error { code: i64, message: String, data: Option<Value> },
    Silence,
}

impl SimulatedService {
    pub(super) fn take_frame(&mut self, from: ConnectionId, text: &str) {
        let frame = match serde_json::from_str(text) {
            Ok(Value::Object(frame)) => frame,
            Ok(_) => return self.malformed(from, "not a JSON object"),
            Err(_) => return self.malformed(from, "not JSON"),
        };
        let id = frame.get("id").filter(|id| id.is_string() || id.is_number());
        match (frame.get("method"), id) {
            (Some(Value::String(method)), Some(id)) => {
                let empty = Map::new();
                let params = match frame.get("params") {
                    Some(Value::Object(params)) => params,
                    None => &empty,
                    Some(_) => return self.malformed(from, "params is not an object"),
                };
                self.check_version(from, &frame);
                self.check_id(from, id);
                self.take_request(from, id, method, params);
            }
            (Some(_), _) => self.malformed(from, "a request without a usable method or id"),
            (None, Some(id)) if frame.contains_key("result") => {
                self.check_version(from, &frame);
                if !frame.get("result").is_some_and(Value::is_object) {
                    self.malformed(from, "an answer whose result is not an object");
                }
                self.take_answer(from, id);
            }
            (None, Some(_)) if frame.contains_key("error") => {
                self.malformed(from, "a request of the service was answered with an error");
            }
            (None, _) => self.malformed(from, "neither a request nor an answer"),
        }
    }

    fn check_version(&mut self, from: ConnectionId, frame: &Map<String, Value>) {
        if frame.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            self.malformed(from, "jsonrpc is not \"2.0\"");
        }
    }

    /// Checks that no earlier request on the connection has the same id: replies are matched by id alone.
    fn check_id(&mut self, from: ConnectionId, id: &Value) {
        let id = id.to_string();
        if self.connections.get_mut(&from).is_some_and(|connection| !connection.asks(&id)) {
            self.record_violation(Violation::ReusedId { at: self.now, connection: from, id });
        }
    }

    pub(super) fn malformed(&mut self, connection: ConnectionId, what: &str) {
        self.record_violation(Violation::Malformed { at: self.now, connection, what: what.to_owned() });
    }

    /// Handles the reply of a client to an event, a ping or a disconnect.
    fn take_answer(&mut self, from: ConnectionId, id: &Value) {
        let Some(connection) = self.connections.get_mut(&from) else { return };
        let id = id.as_str().unwrap_or_default();
        connection
            .unconfirmed
            .retain(|event| !matches!(&event.expected, ExpectedReply::Ack(kept) if kept == id));
        if let Some(timer) = connection.unacknowledged.remove(id).or_else(|| connection.pings.remove(id)) {
            self.timers.cancel(timer);
        } else if let Some(disconnect) =
            connection.disconnect.as_mut().filter(|disconnect| disconnect.id == id)
        {
            if let Some(protocol) = disconnect.forgotten_protocols.take() {
                self.forget_protocol(protocol);
            }
            self.close(from, 1000);
        } else if connection.event_acks && !connection.doubled.remove(id) {
            let id = id.to_owned();
            self.record_violation(Violation::UnknownAck { at: self.now, connection: from, id });
        }
    }

    /// Answers a request. The reply precedes the events of the request, unless [`Faults`](crate::Faults) reverse the
    /// order.
    fn take_request(&mut self, from: ConnectionId, id: &Value, method: &str, params: &Map<String, Value>) {
        let mark = self.outgoing_frames.len();
        let frame = match self.answer(from, method, params) {
            Reply::Silence => return,
            Reply::Result(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Reply::Error { code, message, data } => {
                let mut error = json!({"code": code, "message": message});
                if self.scenario.other_forms {
                    error["code"] = code.to_string().into();
                }
                if let Some(data) = data {
                    error["data"] = data;
                }
                json!({"jsonrpc": "2.0", "id": id, "error": error})
            }
        };
        self.queue_frame(from, frame.to_string());
        let overtaken = self.faults.events_first || (self.faults.message_states_first && method == SEND);
        if (!overtaken || method == CONNECT)
            && let Some(turn) = self.outgoing_frames.get_mut(mark..)
        {
            turn.rotate_right(1);
        }
    }

    fn answer(&mut self, from: ConnectionId, name: &str, params: &Map<String, Value>) -> Reply {
        let Some(refusal) = self.take_refusal(name) else {
            return self.answer_by_protocol(from, name, params);
        };
        self.fault_stats.refused += 1;
        let fate = if refusal.is_carried_out() { "is carried out and refused" } else { "is refused" };
        self.report(Report::FaultInjected { what: format!("{name} {fate} on demand") });
        self.refuse(from, name, params, refusal)
    }

    /// Refuses a request on demand.
    fn refuse(
        &mut self,
        from: ConnectionId,
        name: &str,
        params: &Map<String, Value>,
        refusal: Refusal,
    ) -> Reply {
        match refusal {
            Refusal::Code(code, message) => {
                Reply::Result(json!({"code": self.code_value(code), "message": message}))
            }
            Refusal::Details { code, message, data, message_data } => {
                let mut result = json!({"code": self.code_value(code), "message": message});
                for (name, value) in [("data", data), ("message_data", message_data)] {
                    if let Some(value) = value {
                        result[name] = value;
                    }
                }
                Reply::Result(result)
            }
            Refusal::RpcError(code, message) => Reply::Error { code, message, data: None },
            Refusal::WithoutProtocol => {
                Reply::Result(json!({"identity": "nobody@simulator", "authorization": {}, "ice_servers": []}))
            }
            Refusal::Silence => Reply::Silence,
            Refusal::CarriedOut(refusal) => {
                self.answer_by_protocol(from, name, params);
                self.refuse(from, name, params, *refusal)
            }
        }
    }

    /// Answers a request according to the protocol.
    fn answer_by_protocol(&mut self, from: ConnectionId, name: &str, params: &Map<String, Value>) -> Reply {
        if !methods::is_offered(name, &self.scenario) {
            return self.no_such_method(from, name);
        }
        match name {
            CONNECT => return self.log_in(from, params),
            PING => return self.answer_ping(from, params),
            "signalwire.reauthenticate" => return self.reauthenticate(from, params),
            EXECUTE => return self.execute(from, params),
            CONFIGURE => return self.configure(from, params),
            _ => {}
        }
        let Some(method) = methods::find(name) else {
            return self.no_such_method(from, name);
        };
        let Some(session) = self.connections.get(&from).and_then(|connection| connection.session) else {
            return self.unauthenticated(from, name);
        };
        if SUBSCRIBING.contains(&name) && !self.subscribes(from) {
            let message = format!("{name} is not supported from protocol version 4.0 on");
            return self.invalid(from, name, -32001, &message, None);
        }
        match self.carry_out(method, from, session, params) {
            Ok(extra) if self.scenario.other_forms => {
                let code = ("code".to_owned(), self.code_value(200));
                Reply::Result(std::iter::once(code).chain(extra).collect::<Map<_, _>>().into())
            }
            Ok(extra) => Reply::Result(success(method, self.scenario.reading, params, extra)),
            Err(error) => {
                let ServiceError { code, message, data } = error;
                if code == 400 {
                    self.record_violation(Violation::BadRequest {
                        at: self.now,
                        connection: from,
                        method: name.to_owned(),
                        code: code.to_string(),
                        message: message.clone(),
                    });
                }
                self.report(Report::RequestRefused {
                    method: name.to_owned(),
                    code: code.to_string(),
                    message: message.clone(),
                });
                let mut result = json!({"code": self.code_value(code), "message": message});
                if let Some(data) = data {
                    result["data"] = data;
                }
                Reply::Result(result)
            }
        }
    }

    /// Refuses a request before authentication.
    pub(super) fn unauthenticated(&mut self, from: ConnectionId, name: &str) -> Reply {
        let data = json!({"signalwire_error_code": "AUTH_REQUIRED"});
        self.invalid(from, name, -32002, "Authentication required", Some(data))
    }

    fn no_such_method(&mut self, from: ConnectionId, name: &str) -> Reply {
        self.invalid(from, name, -32601, &format!("Method '{name}' not found"), None)
    }

    /// Checks the parameters of a request whose refusal is a JSON-RPC error, and notes unknown ones. The error is the
    /// text of the refusal.
    pub(super) fn check_for_error(
        &mut self,
        from: ConnectionId,
        name: &str,
        params: &Map<String, Value>,
        table: &[Param],
    ) -> Result<(), String> {
        let mut remarks = Remarks::new(self.scenario.reading);
        check(params, &[table], &mut remarks)?;
        if self.scenario.strict
            && let Some(message) = remarks.objection()
        {
            return Err(message);
        }
        for parameter in remarks.unknown {
            self.unknown_parameter(from, name, parameter);
        }
        Ok(())
    }

    /// Returns `true` if the protocol version of a connection allows requests that change contexts.
    fn subscribes(&self, connection: ConnectionId) -> bool {
        self.scenario.reading == Reading::Sdks
            || self.connections.get(&connection).is_none_or(|connection| connection.major < 4)
    }

    /// The code of a result, as number or text.
    fn code_value(&self, code: u16) -> Value {
        if self.scenario.other_forms { code.into() } else { code.to_string().into() }
    }

    /// Answers the request inside a `signalwire.execute` envelope.
    fn execute(&mut self, from: ConnectionId, params: &Map<String, Value>) -> Reply {
        if let Err(message) = self.check_for_error(from, EXECUTE, params, EXECUTE_PARAMS) {
            return self.invalid(from, EXECUTE, -32602, &message, None);
        }
        let method = params.get("method").and_then(Value::as_str).unwrap_or_default();
        if method == CONNECT || method == EXECUTE {
            return self.invalid(from, EXECUTE, -32602, &format!("'{method}' cannot be wrapped"), None);
        }
        let empty = Map::new();
        let inner = params.get("params").and_then(Value::as_object).unwrap_or(&empty);
        match self.answer(from, method, inner) {
            Reply::Result(result) => Reply::Result(json!({
                "requester_nodeid": params.get("requester_nodeid").cloned().unwrap_or_else(|| "".into()),
                "responder_nodeid": NODE,
                "result": result,
            })),
            other => other,
        }
    }

    /// Validates a request against the table of its method, then runs it.
    pub(super) fn carry_out(
        &mut self,
        method: &'static Method,
        from: ConnectionId,
        session: super::session::SessionKey,
        params: &Map<String, Value>,
    ) -> Outcome {
        let address = if method.on == On::Session { NO_PARAMS } else { ADDRESS };
        let mut remarks = Remarks::new(self.scenario.reading);
        check(params, &[address, method.params], &mut remarks).map_err(ServiceError::bad)?;
        if self.scenario.strict
            && let Some(message) = remarks.objection()
        {
            return Err(ServiceError::bad(message));
        }
        for parameter in remarks.unknown {
            self.unknown_parameter(from, method.name, parameter);
        }
        let call = match method.on {
            On::Session => None,
            On::LiveCall | On::AnsweredCall => Some(self.addressed_call(method, session, params)?),
        };
        let request = Request::new(method.name, from, session, call, params.clone());
        method.handle(self, &request)
    }

    /// Returns the call of a request if the session controls it and its state allows the method.
    fn addressed_call(
        &self,
        method: &Method,
        session: super::session::SessionKey,
        params: &Map<String, Value>,
    ) -> Result<CallKey, ServiceError> {
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        let key = CallKey::parse(text("call_id"))
            .filter(|key| key.id() == text("call_id"))
            .ok_or_else(ServiceError::no_call)?;
        let Some(call) = self.calls.get(&key) else {
            return Err(if self.existed(key) {
                ServiceError::new(410, "Call has ended")
            } else {
                ServiceError::no_call()
            });
        };
        let node = text("node_id");
        if node != NODE {
            return Err(ServiceError::new(404, format!("Call does not exist on node '{node}'")));
        }
        match call.owner {
            None => return Err(ServiceError::no_call()),
            Some(owner) if owner != session => {
                return Err(ServiceError::conflict("Call is controlled by another client"));
            }
            Some(_) => {}
        }
        if method.on == On::AnsweredCall && call.state != CallState::Answered {
            return Err(ServiceError::conflict(format!("Call is {}, not answered", call.state)));
        }
        Ok(key)
    }

    /// Refuses an invalid request with a JSON-RPC error and records the violation.
    pub(super) fn invalid(
        &mut self,
        connection: ConnectionId,
        method: &str,
        code: i64,
        message: &str,
        data: Option<Value>,
    ) -> Reply {
        let (method, message) = (method.to_owned(), message.to_owned());
        self.record_violation(Violation::BadRequest {
            at: self.now,
            connection,
            method: method.clone(),
            code: code.to_string(),
            message: message.clone(),
        });
        self.report(Report::RequestRefused { method, code: code.to_string(), message: message.clone() });
        Reply::Error { code, message, data }
    }

    pub(super) fn unknown_parameter(&mut self, connection: ConnectionId, method: &str, parameter: String) {
        let method = method.to_owned();
        self.record_violation(Violation::UnknownParameter { at: self.now, connection, method, parameter });
    }
}

/// The result of an accepted request.
fn success(
    method: &Method,
    reading: Reading,
    params: &Map<String, Value>,
    extra: Map<String, Value>,
) -> Value {
    let mut result = Map::new();
    result.insert("code".into(), "200".into());
    result.insert("message".into(), method.message.of(reading).into());
    let echoed: &[&str] = match method.shape {
        Shape::Operation => &["call_id", "control_id"],
        Shape::Call => &["call_id"],
        Shape::Plain => &[],
    };
    for name in echoed {
        if let Some(value) = params.get(*name) {
            result.insert((*name).into(), value.clone());
        }
    }
    result.extend(extra);
    Value::Object(result)
}
