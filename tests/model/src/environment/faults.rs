//! The faults of the service.

use signalwire_relay_simulator::{Faults, Refusal};

use super::SECRET;

/// The method whose next request the service answers with a [`FaultyReply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum AffectedMethod {
    Connect,
    Answer,
    Play,
    Dial,
    Message,
    Receive,
    Pass,
    End,
    /// The first question whether the service knows a call.
    ClearDigitBindings,
    Transfer,
}

impl AffectedMethod {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connect => "signalwire.connect",
            Self::Answer => "calling.answer",
            Self::Play => "calling.play",
            Self::Dial => "calling.dial",
            Self::Message => "messaging.send",
            Self::Receive => "signalwire.receive",
            Self::Pass => "calling.pass",
            Self::End => "calling.end",
            Self::ClearDigitBindings => "calling.clear_digit_bindings",
            Self::Transfer => "calling.transfer",
        }
    }
}

/// The service's reply to a request that it does not simply carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultyReply {
    /// A status, with a text that contains the credentials.
    Status,
    /// A JSON-RPC error, with a text that contains the credentials.
    RpcError,
    /// The status of something that the service does not know.
    NotFound,
    /// One of several codes for a fault of the service. The request is not carried out.
    ServiceError(u8),
    /// A code for a fault of the service, although the request is carried out. A login is never carried out.
    CarriedOut(u8),
    /// No reply.
    Silence,
}

impl FaultyReply {
    /// Returns the reply to a request of a method.
    pub(super) fn refusal(self, method: AffectedMethod) -> Refusal {
        let text = format!("not with {SECRET}");
        match self {
            Self::Silence => Refusal::Silence,
            // That a call which is to be ended is not there is no error.
            Self::NotFound if !matches!(method, AffectedMethod::Connect | AffectedMethod::End) => {
                Refusal::Code(404, text)
            }
            Self::Status | Self::NotFound if method != AffectedMethod::Connect => Refusal::Code(403, text),
            Self::Status | Self::NotFound | Self::RpcError => Refusal::RpcError(-32002, text),
            Self::CarriedOut(code) if method != AffectedMethod::Connect => {
                Refusal::RpcError(if code % 2 == 0 { -32000 } else { -32603 }, text).carried_out()
            }
            Self::ServiceError(code) | Self::CarriedOut(code) => match code % 6 {
                0 => Refusal::RpcError(-32000, "Request timed out".into()),
                1 => Refusal::RpcError(-32004, text),
                2 => Refusal::RpcError(-32005, text),
                3 => Refusal::RpcError(-32603, text),
                4 => Refusal::Code(500, text),
                _ => Refusal::Code(503, text),
            },
        }
    }

    /// Returns `true` if this reply to a login refuses the credentials, so that the session may be given up.
    pub(super) fn rejects_login(self) -> bool {
        matches!(self, Self::Status | Self::NotFound | Self::RpcError)
    }
}

/// The fault of the service's events from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventFault {
    /// No fault.
    None,
    /// Every event is sent twice.
    Duplicate,
    /// Some events are delayed, and others overtake them.
    Reorder,
    /// The events that a request causes are sent before its reply.
    EventsFirst,
    /// All of these faults, and garbage between the frames.
    Storm,
}

impl EventFault {
    pub(super) fn faults(self) -> Faults {
        let none = Faults::default();
        match self {
            Self::None => none,
            Self::Duplicate => Faults { duplicate: 1.0, ..none },
            Self::Reorder => Faults { delay: 0.5, ..none },
            Self::EventsFirst => Faults { events_first: true, ..none },
            Self::Storm => Faults { duplicate: 0.5, delay: 0.5, garbage: 0.5, events_first: true, ..none },
        }
    }
}
