//! The methods of the service: one file per feature, each with its parameter table.
//!
//! To add a method, write a file with a `METHODS` table and name the table in [`ALL`]. A method that controls a running
//! operation is one row in [`controls`].

mod ai;
mod ai_sidecar;
mod answer;
mod begin;
mod bind_digit;
mod collect;
mod conference;
mod connect;
mod controls;
mod denoise;
mod detect;
mod dial;
mod disconnect;
mod echo;
mod end;
mod fax;
mod hold;
mod lasting;
mod live;
pub(crate) mod media;
pub(crate) mod messaging;
mod pass;
mod pay;
mod play;
mod play_and_collect;
mod queue;
mod receive;
mod record;
mod room;
mod send_digits;
mod stream;
mod tap;
mod transcribe;
mod transfer;
mod user_event;
pub(crate) mod validate;

use serde_json::{Map, Value};

use self::validate::Param;
use crate::service::calls::CallKey;
use crate::service::operation::Control;
use crate::service::session::SessionKey;
use crate::{ConnectionId, Reading, Scenario, SimulatedService};

/// All methods with a table. Five have none, as they are answered in another form: `provisioning.configure`,
/// `signalwire.connect`, `signalwire.execute`, `signalwire.ping` and `signalwire.reauthenticate`.
const ALL: &[&[Method]] = &[
    controls::METHODS,
    receive::METHODS,
    answer::METHODS,
    end::METHODS,
    pass::METHODS,
    play::METHODS,
    record::METHODS,
    collect::METHODS,
    play_and_collect::METHODS,
    connect::METHODS,
    disconnect::METHODS,
    send_digits::METHODS,
    dial::METHODS,
    begin::METHODS,
    detect::METHODS,
    fax::METHODS,
    tap::METHODS,
    stream::METHODS,
    transcribe::METHODS,
    ai::METHODS,
    ai_sidecar::METHODS,
    conference::METHODS,
    room::METHODS,
    queue::METHODS,
    pay::METHODS,
    transfer::METHODS,
    hold::METHODS,
    denoise::METHODS,
    echo::METHODS,
    bind_digit::METHODS,
    user_event::METHODS,
    messaging::METHODS,
];

/// Every method of the service, in alphabetical order.
pub const METHODS: &[&str] = &[
    "calling.ai",
    "calling.ai.stop",
    "calling.ai_hold",
    "calling.ai_message",
    "calling.ai_sidecar",
    "calling.ai_sidecar.ask",
    "calling.ai_sidecar.poke",
    "calling.ai_sidecar.status",
    "calling.ai_sidecar.stop",
    "calling.ai_unhold",
    "calling.amazon_bedrock",
    "calling.answer",
    "calling.begin",
    "calling.bind_digit",
    "calling.call",
    "calling.clear_digit_bindings",
    "calling.collect",
    "calling.collect.start_input_timers",
    "calling.collect.stop",
    "calling.connect",
    "calling.denoise",
    "calling.denoise.stop",
    "calling.detect",
    "calling.detect.stop",
    "calling.dial",
    "calling.disconnect",
    "calling.echo",
    "calling.end",
    "calling.hold",
    "calling.join_conference",
    "calling.join_room",
    "calling.leave_conference",
    "calling.leave_room",
    "calling.live_transcribe",
    "calling.live_translate",
    "calling.pass",
    "calling.pay",
    "calling.pay.stop",
    "calling.play",
    "calling.play.pause",
    "calling.play.resume",
    "calling.play.stop",
    "calling.play.volume",
    "calling.play_and_collect",
    "calling.play_and_collect.stop",
    "calling.play_and_collect.volume",
    "calling.queue.enter",
    "calling.queue.leave",
    "calling.receive",
    "calling.receive_fax",
    "calling.receive_fax.stop",
    "calling.record",
    "calling.record.pause",
    "calling.record.resume",
    "calling.record.stop",
    "calling.refer",
    "calling.send_digits",
    "calling.send_fax",
    "calling.send_fax.stop",
    "calling.stream",
    "calling.stream.stop",
    "calling.tap",
    "calling.tap.stop",
    "calling.transcribe",
    "calling.transcribe.stop",
    "calling.transfer",
    "calling.unhold",
    "calling.user_event",
    "messaging.send",
    "provisioning.configure",
    "signalwire.connect",
    "signalwire.execute",
    "signalwire.ping",
    "signalwire.reauthenticate",
    "signalwire.receive",
    "signalwire.unreceive",
];

/// Methods that only the older sources name.
const OLDER: &[&str] = &[
    "calling.begin",
    "calling.call",
    "calling.hold",
    "calling.receive",
    "calling.unhold",
    "signalwire.execute",
];

/// Methods that only the newer specification names.
const NEWER: &[&str] = &[
    "calling.ai_sidecar",
    "calling.ai_sidecar.ask",
    "calling.ai_sidecar.poke",
    "calling.ai_sidecar.status",
    "calling.ai_sidecar.stop",
    "provisioning.configure",
];

/// Methods that the newer specification removed because the service does not implement them.
const TAKEN_OUT: &[&str] = &["calling.hold", "calling.unhold"];

/// Returns `true` if the service may have a method with this name in the reading of a scenario.
pub(crate) fn is_offered(name: &str, scenario: &Scenario) -> bool {
    match scenario.reading {
        Reading::Sdks => !(scenario.strict && NEWER.contains(&name)),
        Reading::Specification if TAKEN_OUT.contains(&name) => scenario.refuse_hold,
        Reading::Specification => !(scenario.strict && OLDER.contains(&name)),
    }
}

/// Returns the method with this name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    ALL.iter().flat_map(|table| table.iter()).find(|method| method.name == name)
}

/// One method of the service.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) on: On,
    pub(crate) params: &'static [Param],
    /// The members of the result.
    pub(crate) shape: Shape,
    /// The text of the result when the request is accepted.
    pub(crate) message: Texts,
    pub(crate) run: Run,
}

/// The handling of a validated request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    /// Calls a function.
    Function(fn(&mut SimulatedService, &Request) -> Outcome),
    /// Passes a control to the running operation that one of these methods started.
    Control { operations: &'static [&'static str], control: fn(&Request) -> Control },
}

impl Method {
    /// Handles a validated request.
    pub(crate) fn handle(&self, service: &mut SimulatedService, request: &Request) -> Outcome {
        match self.run {
            Run::Function(run) => run(service, request),
            Run::Control { operations, control } => service.control(request, operations, &control(request)),
        }
    }

    /// Returns `true` if the method has this parameter.
    pub(crate) fn knows(&self, parameter: &str) -> bool {
        self.params.iter().any(|row| row.name() == parameter)
    }
}

/// The text of a result in either reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Texts {
    specification: &'static str,
    sdks: &'static str,
}

impl Texts {
    pub(crate) fn of(self, reading: Reading) -> &'static str {
        match reading {
            Reading::Specification => self.specification,
            Reading::Sdks => self.sdks,
        }
    }
}

/// The same text in both readings.
pub(crate) const fn text(both: &'static str) -> Texts {
    texts(both, both)
}

/// The text in the newer specification, and the one for the SDKs.
pub(crate) const fn texts(specification: &'static str, sdks: &'static str) -> Texts {
    Texts { specification, sdks }
}

/// The target of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// The session.
    Session,
    /// A call that was offered or created and has not ended.
    LiveCall,
    /// A call that is answered.
    AnsweredCall,
}

/// The members of a result beside `code` and `message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `call_id` and `control_id`.
    Operation,
    /// `call_id`.
    Call,
    /// None.
    Plain,
}

/// A validated request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) connection: ConnectionId,
    pub(crate) session: SessionKey,
    /// The call that it is addressed to, if any.
    call: Option<CallKey>,
    pub(crate) params: Map<String, Value>,
}

impl Request {
    pub(crate) fn new(
        method: &'static str,
        connection: ConnectionId,
        session: SessionKey,
        call: Option<CallKey>,
        params: Map<String, Value>,
    ) -> Self {
        Self { method, connection, session, call, params }
    }

    pub(crate) fn call(&self) -> Result<CallKey, ServiceError> {
        self.call.ok_or_else(ServiceError::no_call)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name)?.as_str()
    }

    pub(crate) fn control_id(&self) -> &str {
        self.text("control_id").unwrap_or_default()
    }

    pub(crate) fn value(&self, name: &str) -> &Value {
        self.params.get(name).unwrap_or(&Value::Null)
    }
}

/// The outcome of a request: additional members of the result, or an error.
pub(crate) type Outcome = Result<Map<String, Value>, ServiceError>;

/// Accepts a request without additional members of the result.
#[expect(clippy::unnecessary_wraps, reason = "it is the last expression of every method")]
pub(crate) fn accepted() -> Outcome {
    Ok(Map::new())
}

/// An error in a result: the three-digit code, the text, and machine-readable details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceError {
    pub(crate) code: u16,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl ServiceError {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn with_data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, message)
    }

    pub(crate) fn no_call() -> Self {
        Self::new(404, "Call does not exist")
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, METHODS};

    #[test]
    fn the_list_names_every_method() {
        let without_table = [
            "provisioning.configure",
            "signalwire.connect",
            "signalwire.execute",
            "signalwire.ping",
            "signalwire.reauthenticate",
        ];
        let with_table = ALL.iter().flat_map(|table| table.iter()).map(|method| method.name);
        let mut names: Vec<_> = with_table.chain(without_table).collect();
        names.sort_unstable();
        assert_eq!(names, METHODS);
    }
}
