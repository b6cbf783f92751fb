//! Reports: readable lines, and events for tests to wait for.

use std::fmt;
use std::time::Duration;

use crate::{ConnectionId, Cue, Sound, Violation};

/// An event of the simulation. `Display` gives one line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Report {
    /// A client opened a WebSocket.
    ClientConnected {
        /// The connection.
        connection: ConnectionId,
    },
    /// A client was authenticated, for a new session or a resumed one.
    ClientAuthenticated {
        /// The connection.
        connection: ConnectionId,
        /// `true` if the session was resumed.
        resumed: bool,
    },
    /// A client was not authenticated.
    ClientRefused {
        /// The connection.
        connection: ConnectionId,
        /// The reason in the reply.
        why: String,
    },
    /// The connection of a client has closed.
    ClientLeft {
        /// The connection.
        connection: ConnectionId,
    },
    /// A client subscribed to contexts.
    Subscribed {
        /// The connection.
        connection: ConnectionId,
        /// The contexts.
        contexts: Vec<String>,
    },
    /// A client unsubscribed from contexts.
    Unsubscribed {
        /// The connection.
        connection: ConnectionId,
        /// The contexts.
        contexts: Vec<String>,
    },
    /// A session was not resumed in time and expired.
    SessionExpired,
    /// A resumed session has lost events: more were missed than the service keeps.
    EventsLost {
        /// The connection.
        connection: ConnectionId,
        /// The number of lost events.
        count: u64,
    },
    /// An inbound call.
    CallPlaced {
        /// The id of the call.
        call: String,
        /// The number of the caller.
        from: String,
        /// The number of the callee.
        to: String,
        /// The context of the call.
        context: String,
    },
    /// A call was offered to a client.
    CallOffered {
        /// The id of the call.
        call: String,
        /// The client that may answer it.
        to: ConnectionId,
    },
    /// A client passed an offered call back.
    CallPassed {
        /// The id of the call.
        call: String,
        /// The client that passed it.
        by: ConnectionId,
    },
    /// A call was answered, by a client or by the called party.
    CallAnswered {
        /// The id of the call.
        call: String,
    },
    /// A phone is being called.
    LegPlaced {
        /// The id of the call.
        call: String,
        /// The number of the callee.
        to: String,
    },
    /// A party pressed a key.
    KeyPressed {
        /// The id of the call.
        call: String,
        /// The key.
        key: char,
    },
    /// A party says something.
    Spoke {
        /// The id of the call.
        call: String,
        /// The words; empty for a noise.
        text: String,
    },
    /// A machine made a sound.
    Sounded {
        /// The id of the call.
        call: String,
        /// The sound.
        sound: Sound,
    },
    /// A party waited for a cue until the time limit, and continues with the script.
    AwaitTimedOut {
        /// The id of the call.
        call: String,
        /// The cue.
        cue: Cue,
    },
    /// A party hung up.
    PartyHungUp {
        /// The id of the call.
        call: String,
    },
    /// Playback started.
    PlayStarted {
        /// The id of the call.
        call: String,
        /// `true` for the prompt of a play-and-collect.
        prompt: bool,
        /// A description.
        what: String,
    },
    /// Playback finished or failed.
    PlayFinished {
        /// The id of the call.
        call: String,
        /// `true` for the prompt of a play-and-collect.
        prompt: bool,
        /// `true` if the media could not be played.
        failed: bool,
    },
    /// A recording began.
    RecordingStarted {
        /// The id of the call.
        call: String,
    },
    /// A recording finished.
    RecordingFinished {
        /// The id of the call.
        call: String,
        /// The length of the recording, without gaps.
        length: Duration,
        /// `false` if nothing was said.
        heard: bool,
    },
    /// Keys or speech were collected.
    Collected {
        /// The id of the call.
        call: String,
        /// A description.
        what: String,
    },
    /// No keys and no speech came in time.
    NothingCollected {
        /// The id of the call.
        call: String,
    },
    /// A client sent keys into a call.
    DigitsSent {
        /// The id of the call.
        call: String,
        /// The keys, pauses included.
        digits: String,
    },
    /// A client started a dial.
    DialStarted {
        /// The tag of the dial.
        tag: String,
        /// The targets in the order of the request.
        targets: Vec<String>,
    },
    /// A dial was answered.
    DialAnswered {
        /// The tag of the dial.
        tag: String,
        /// The id of the call.
        call: String,
    },
    /// A dial failed.
    DialFailed {
        /// The tag of the dial.
        tag: String,
    },
    /// Two calls were bridged.
    Bridged {
        /// The id of the call.
        call: String,
        /// The id of the other call.
        with: String,
        /// The target of the other call.
        to: String,
    },
    /// Two calls were separated.
    Unbridged {
        /// The id of the call.
        call: String,
        /// The id of the other call.
        from: String,
    },
    /// A connect failed.
    ConnectFailed {
        /// The id of the call.
        call: String,
        /// The reason, as on the wire.
        reason: String,
    },
    /// Another event on a call.
    Noted {
        /// The id of the call.
        call: String,
        /// A description.
        what: String,
    },
    /// An inbound message was delivered to a client.
    MessageOffered {
        /// The id of the message.
        message: String,
        /// The client that received it.
        to: ConnectionId,
    },
    /// A task was delivered to a client.
    TaskOffered {
        /// The context of the task.
        context: String,
        /// The client that received it.
        to: ConnectionId,
    },
    /// An outbound message changed its state.
    MessageMoved {
        /// The id of the message.
        message: String,
        /// The state, as on the wire.
        state: String,
    },
    /// An outbound message changed its state, and no session reads its context.
    MessageUnheard {
        /// The id of the message.
        message: String,
        /// The state, as on the wire.
        state: String,
        /// The context that receives the states.
        context: String,
    },
    /// A call ended.
    CallEnded {
        /// The id of the call.
        call: String,
        /// The reason, as on the wire.
        reason: String,
    },
    /// A request was refused.
    RequestRefused {
        /// The method.
        method: String,
        /// The code of the refusal: three digits, or a JSON-RPC error code.
        code: String,
        /// The text of the refusal.
        message: String,
    },
    /// A client violated the protocol.
    Violated(Violation),
    /// A fault was injected.
    FaultInjected {
        /// A description.
        what: String,
    },
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientConnected { .. }
            | Self::ClientAuthenticated { .. }
            | Self::ClientRefused { .. }
            | Self::ClientLeft { .. }
            | Self::Subscribed { .. }
            | Self::Unsubscribed { .. }
            | Self::SessionExpired
            | Self::EventsLost { .. } => self.of_client(f),
            Self::PlayStarted { .. }
            | Self::PlayFinished { .. }
            | Self::RecordingStarted { .. }
            | Self::RecordingFinished { .. }
            | Self::Collected { .. }
            | Self::NothingCollected { .. }
            | Self::DigitsSent { .. } => self.of_operation(f),
            _ => self.of_call(f),
        }
    }
}

impl Report {
    fn of_client(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientConnected { connection } => write!(f, "{connection} connected"),
            Self::ClientAuthenticated { connection, resumed: false } => {
                write!(f, "{connection} authenticated")
            }
            Self::ClientAuthenticated { connection, resumed: true } => {
                write!(f, "{connection} authenticated, session resumed")
            }
            Self::ClientRefused { connection, why } => write!(f, "{connection} refused: {why}"),
            Self::ClientLeft { connection } => write!(f, "{connection} gone"),
            Self::Subscribed { connection, contexts } => {
                write!(f, "{connection} subscribed to {}", contexts.join(", "))
            }
            Self::Unsubscribed { connection, contexts } => {
                write!(f, "{connection} unsubscribed from {}", contexts.join(", "))
            }
            Self::SessionExpired => f.write_str("a session expired"),
            Self::EventsLost { connection, count } => {
                write!(f, "{connection} missed {count} events for good")
            }
            _ => Ok(()),
        }
    }

    fn of_operation(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let playing = |prompt: &bool| if *prompt { "prompt" } else { "play" };
        match self {
            Self::PlayStarted { call, prompt, what } => {
                write!(f, "call {call}: {} started: {what}", playing(prompt))
            }
            Self::PlayFinished { call, prompt, failed: false } => {
                write!(f, "call {call}: {} finished", playing(prompt))
            }
            Self::PlayFinished { call, prompt, .. } => write!(f, "call {call}: {} failed", playing(prompt)),
            Self::RecordingStarted { call } => write!(f, "call {call}: recording started"),
            Self::RecordingFinished { call, length, heard: true } => {
                write!(f, "call {call}: recording finished, {:.1} s", length.as_secs_f64())
            }
            Self::RecordingFinished { call, .. } => {
                write!(f, "call {call}: recording finished, nothing was said")
            }
            Self::Collected { call, what } => write!(f, "call {call}: collected {what}"),
            Self::NothingCollected { call } => write!(f, "call {call}: collected nothing"),
            Self::DigitsSent { call, digits } => write!(f, "call {call}: digits {digits} sent"),
            _ => Ok(()),
        }
    }

    fn of_call(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallPlaced { call, from, to, context } => {
                write!(f, "call {call} from {from} to {to} placed in context {context}")
            }
            Self::CallOffered { call, to } => write!(f, "call {call} offered to {to}"),
            Self::CallPassed { call, by } => write!(f, "call {call} passed by {by}"),
            Self::CallAnswered { call } => write!(f, "call {call} answered"),
            Self::LegPlaced { call, to } => write!(f, "call {call} to {to} placed"),
            Self::KeyPressed { call, key } => write!(f, "call {call}: the person pressed {key}"),
            Self::Spoke { call, text } if text.is_empty() => {
                write!(f, "call {call}: the person made a noise")
            }
            Self::Spoke { call, text } => write!(f, "call {call}: the person says \"{text}\""),
            Self::Sounded { call, sound } => write!(f, "call {call}: {sound}"),
            Self::Noted { call, what } => write!(f, "call {call}: {what}"),
            Self::MessageOffered { message, to } => write!(f, "message {message} handed to {to}"),
            Self::TaskOffered { context, to } => write!(f, "task of context {context} handed to {to}"),
            Self::MessageMoved { message, state } => write!(f, "message {message} is {state}"),
            Self::MessageUnheard { message, state, context } => {
                write!(f, "message {message} is {state}, and nobody reads context {context}")
            }
            Self::AwaitTimedOut { call, cue } => {
                write!(f, "call {call}: the person waited in vain for {cue}")
            }
            Self::PartyHungUp { call } => write!(f, "call {call}: the person hung up"),
            Self::DialStarted { tag, targets } => write!(f, "dial {tag} of {} started", targets.join(", ")),
            Self::DialAnswered { tag, call } => write!(f, "dial {tag} answered by call {call}"),
            Self::DialFailed { tag } => write!(f, "dial {tag} failed"),
            Self::Bridged { call, with, to } => write!(f, "call {call} bridged to {to} (call {with})"),
            Self::Unbridged { call, from } => write!(f, "call {call} separated from call {from}"),
            Self::ConnectFailed { call, reason } => write!(f, "call {call} not bridged ({reason})"),
            Self::CallEnded { call, reason } => write!(f, "call {call} ended ({reason})"),
            Self::RequestRefused { method, code, message } => {
                write!(f, "{method} refused with {code}: {message}")
            }
            Self::Violated(violation) => write!(f, "violation: {violation}"),
            Self::FaultInjected { what } => write!(f, "fault: {what}"),
            _ => Ok(()),
        }
    }
}
