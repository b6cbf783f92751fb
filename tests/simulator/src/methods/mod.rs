//! What clients may ask for: one file per feature, each with its parameter table.
//!
//! A method is added by writing a file with a `METHODS` table and naming it in [`ALL`].

mod answer;
mod collect;
mod connect;
mod dial;
mod disconnect;
mod end;
pub(crate) mod media;
mod pass;
mod play;
mod play_and_collect;
mod receive;
mod record;
pub(crate) mod rules;
mod send_digits;

use serde_json::{Map, Value};

use self::rules::Param;
use crate::switchboard::calls::CallKey;
use crate::switchboard::session::SessionKey;
use crate::{ConnectionId, Switchboard};

/// All methods with a table. `signalwire.connect` and `signalwire.ping` have none: they are about
/// the connection, and answered in another form.
const ALL: &[&[Method]] = &[
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
];

/// The method of this name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    ALL.iter().flat_map(|table| table.iter()).find(|method| method.name == name)
}

/// One method of the service.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) on: On,
    pub(crate) params: &'static [Param],
    /// Which members the result has.
    pub(crate) shape: Shape,
    /// The text of the result when the request is accepted.
    pub(crate) message: &'static str,
    /// Does it. Extra members of the result, or the refusal.
    pub(crate) run: fn(&mut Switchboard, &Request) -> Outcome,
}

/// What a method is addressed to.
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

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) connection: ConnectionId,
    pub(crate) session: SessionKey,
    /// The call it is addressed to, if it is.
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

    pub(crate) fn call(&self) -> Result<CallKey, Refused> {
        self.call.ok_or_else(Refused::no_call)
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

/// What became of a request.
pub(crate) type Outcome = Result<Map<String, Value>, Refused>;

/// An accepted request whose result has no extra members.
#[expect(clippy::unnecessary_wraps, reason = "it is the last expression of every method")]
pub(crate) fn accepted() -> Outcome {
    Ok(Map::new())
}

/// A refusal inside a result: the three-digit code and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: u16,
    pub(crate) message: String,
}

impl Refused {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
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
