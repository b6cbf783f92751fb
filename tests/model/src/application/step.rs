//! The steps of a history of applications, and of the handlers in it.

use std::fmt;

use signalwire_relay_core::TaskPurpose;

use crate::{Delivery, Dial, EnvironmentStep};

/// A step of the applications or of their environment.
///
/// A number selects one of the running clients. If there is none, the step does nothing. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Time passes.
    Wait(u32),
    /// One more client connects to share the calls, unless there are four already.
    Join,
    /// A client begins a step of its own.
    Client(u8, ClientStep),
    /// A client drains within this time.
    Drain(u8, u32),
    /// A client disconnects.
    Disconnect(u8),
    /// The process of a client is killed.
    Kill(u8),
    /// These threads of a client are all busy from now on, and its others have room.
    Full(u8, FullPools),
    /// The environment of all clients takes a step.
    Environment(EnvironmentStep),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The threads of a client that are all busy: what needs one does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the kind of work that the threads are for")]
pub enum FullPools {
    None,
    Calls,
    Events,
    Callbacks,
    All,
}

impl FullPools {
    /// The purposes of tasks that do not begin.
    pub(super) fn purposes(self) -> &'static [TaskPurpose] {
        use TaskPurpose::{CallHandler, Callback, EventHandler};
        match self {
            Self::None => &[],
            Self::Calls => &[CallHandler],
            Self::Events => &[EventHandler],
            Self::Callbacks => &[Callback],
            Self::All => &[CallHandler, EventHandler, Callback],
        }
    }
}

/// A step of an application outside the handlers of its calls. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClientStep {
    /// Dials within this time limit, and takes these steps on the call.
    Dial(Dial, u32, Vec<CallStep>),
    /// Sends a message and waits for its outcome: within this time limit first, without a limit then.
    Message(Delivery, u32),
    /// Subscribes to a context, `a` to `d`.
    Receive(u8),
    /// Unsubscribes from a context.
    Unreceive(u8),
    /// Takes these steps on one of the kept calls.
    UseKept(u8, Vec<CallStep>),
    /// Begins to follow the events of the client, and never reads them.
    NeverRead,
    /// Reads the pending work and the stats of the client.
    Inspect,
    /// Authenticates again: with the same credentials, or with credentials that the service refuses.
    Reauthenticate(bool),
    /// Takes this step, and drops its future after this time.
    CancelAfter(u32, Box<Self>),
}

/// A step on a call. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CallStep {
    /// Answers the call.
    Answer,
    /// Passes the call.
    Pass,
    /// Hangs up.
    Hangup,
    /// Starts an operation, and waits for it in some mode.
    Start(OperationKind, WaitMode),
    /// Waits for the call to reach a milestone, within this time limit.
    WaitFor(CallMilestone, u32),
    /// Takes these steps, and drops their future after this time.
    CancelAfter(u32, Vec<Self>),
    /// Takes both lists of steps concurrently.
    Concurrently(Vec<Self>, Vec<Self>),
    /// Keeps a handle of the call until the end of the history.
    Keep,
    /// Begins to follow the events of the call, and never reads them.
    NeverRead,
    /// Returns an error.
    Fail,
    /// Panics.
    Panic,
}

/// The kind of an operation on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum OperationKind {
    Play,
    Record,
    Collect,
    PlayAndCollect,
    SendDigits,
    Detect,
    Transcribe,
    Ai,
    Pay,
    EnterQueue,
    Connect(Dial),
}

/// The way in which an application waits for an operation. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitMode {
    /// Waits for the result.
    Wait,
    /// Waits for the result within this time limit, then without a limit.
    WaitTwice(u32),
    /// Reads the events to the last.
    Follow,
    /// Stops the operation after this time, and waits for the result.
    Stop(u32),
    /// Has a callback called with the result.
    Callback,
    /// Does not wait.
    Ignore,
}

/// A state that a call reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the wait of that name")]
pub enum CallMilestone {
    Ringing,
    Answered,
    Ending,
    Ended,
}
