//! The steps of a history of a session.

use std::fmt;

use crate::{Delivery, Dial, EnvironmentStep};

/// A step of an application that drives the session, or of the session's environment.
///
/// A number selects one of the calls or requests that there are at that time. If there is none, the step does
/// nothing. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Time passes.
    Wait(u32),
    /// The application sends a request about a call.
    Request(CallRequest, u8),
    /// The application dials, with this time limit.
    Dial(Dial, u32),
    /// The application sends a message.
    Message(Delivery),
    /// The application subscribes to a context, `a` to `d`.
    Receive(u8),
    /// The application unsubscribes from a context.
    Unreceive(u8),
    /// The application sends this many requests at once.
    Flood(u16),
    /// The application sends this many requests at once, and then hangs up.
    FloodAndHangUp(u16, u8),
    /// The application takes an offered call, to answer it later.
    Take(u8),
    /// The application releases a call.
    Release(u8),
    /// The application discards a call that it was given.
    Discard(u8),
    /// The application abandons a request.
    Abandon(u8),
    /// The handler of a call fails.
    FailHandler(u8),
    /// The application drains the session within this time.
    Drain(u32),
    /// The environment takes a step.
    Environment(EnvironmentStep),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A request about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum CallRequest {
    Answer,
    Pass,
    Hangup,
    Play,
    Record,
    Collect,
    SendDigits,
    Connect,
    /// Connects the call with somebody, under the tag of a dial.
    TaggedConnect,
    /// Transfers the call to the context that the session has from the beginning.
    Transfer,
    /// Stops the latest operation of the call.
    Stop,
}
