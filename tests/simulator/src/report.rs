//! What happened, for people to read and for tests to wait for.

use std::fmt;
use std::time::Duration;

use crate::{ConnectionId, Cue, Sound, Violation};

/// One thing that happened. `Display` gives one line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Report {
    /// A client opened a WebSocket.
    ClientConnected {
        /// Whose connection.
        connection: ConnectionId,
    },
    /// A client logged in, into a new session or its old one.
    ClientAuthenticated {
        /// Whose connection.
        connection: ConnectionId,
        /// Whether the session is an old one.
        resumed: bool,
    },
    /// A client was not let in.
    ClientRefused {
        /// Whose connection.
        connection: ConnectionId,
        /// The reason it was given.
        why: String,
    },
    /// A client's connection is gone, whoever ended it.
    ClientLeft {
        /// Whose connection.
        connection: ConnectionId,
    },
    /// A client wants the calls of these contexts.
    Subscribed {
        /// Whose connection.
        connection: ConnectionId,
        /// Which contexts.
        contexts: Vec<String>,
    },
    /// A client does not want the calls of these contexts any more.
    Unsubscribed {
        /// Whose connection.
        connection: ConnectionId,
        /// Which contexts.
        contexts: Vec<String>,
    },
    /// A session was not resumed in time.
    SessionExpired,
    /// A resumed session missed so much that not all of it could be kept.
    EventsLost {
        /// Whose connection.
        connection: ConnectionId,
        /// How many events are lost.
        count: u64,
    },
    /// Somebody calls in.
    CallPlaced {
        /// The id of the call.
        call: String,
        /// Who calls.
        from: String,
        /// Who is called.
        to: String,
        /// The context it came in on.
        context: String,
    },
    /// A call was offered to a client.
    CallOffered {
        /// The id of the call.
        call: String,
        /// Who may answer it.
        to: ConnectionId,
    },
    /// A client gave an offered call back.
    CallPassed {
        /// The id of the call.
        call: String,
        /// Who gave it back.
        by: ConnectionId,
    },
    /// A call was answered, by a client or by the person called.
    CallAnswered {
        /// The id of the call.
        call: String,
    },
    /// A phone is being called.
    LegPlaced {
        /// The id of the call.
        call: String,
        /// Who is called.
        to: String,
    },
    /// A person pressed a key.
    KeyPressed {
        /// The id of the call.
        call: String,
        /// Which key.
        key: char,
    },
    /// A person says something; empty is a noise.
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
        /// Which sound.
        sound: Sound,
    },
    /// A person waited in vain for something and goes on with the script.
    AwaitTimedOut {
        /// The id of the call.
        call: String,
        /// What the person waited for.
        cue: Cue,
    },
    /// A person put the receiver down.
    PartyHungUp {
        /// The id of the call.
        call: String,
    },
    /// Something is played, as a prompt or otherwise.
    PlayStarted {
        /// The id of the call.
        call: String,
        /// Whether it belongs to a play-and-collect.
        prompt: bool,
        /// What exactly, in words.
        what: String,
    },
    /// The playing is over; `failed` if it could not be played.
    PlayFinished {
        /// The id of the call.
        call: String,
        /// Whether it belongs to a play-and-collect.
        prompt: bool,
        /// Whether it could not be played.
        failed: bool,
    },
    /// A recording began.
    RecordingStarted {
        /// The id of the call.
        call: String,
    },
    /// A recording is over; `heard` is false if nothing was said.
    RecordingFinished {
        /// The id of the call.
        call: String,
        /// How much is on tape, gaps left out.
        length: Duration,
        /// False if nothing was said.
        heard: bool,
    },
    /// Keys or speech were collected.
    Collected {
        /// The id of the call.
        call: String,
        /// What exactly, in words.
        what: String,
    },
    /// Nothing was pressed or said in time.
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
    /// A client calls somebody.
    DialStarted {
        /// The dial's tag.
        tag: String,
        /// The numbers, in the order of the request.
        targets: Vec<String>,
    },
    /// Somebody answered a dial.
    DialAnswered {
        /// The dial's tag.
        tag: String,
        /// The id of the call.
        call: String,
    },
    /// Nobody answered a dial.
    DialFailed {
        /// The dial's tag.
        tag: String,
    },
    /// Two calls were bridged.
    Bridged {
        /// The id of the call.
        call: String,
        /// The id of the other call.
        with: String,
        /// Who is at the other end.
        to: String,
    },
    /// Two calls were separated.
    Unbridged {
        /// The id of the call.
        call: String,
        /// The id of the other call.
        from: String,
    },
    /// A bridge did not come about.
    ConnectFailed {
        /// The id of the call.
        call: String,
        /// The reason, as the wire spells it.
        reason: String,
    },
    /// Something else happened on a call.
    Noted {
        /// The id of the call.
        call: String,
        /// What exactly, in words.
        what: String,
    },
    /// A message came in and went to a client.
    MessageOffered {
        /// The id of the message.
        message: String,
        /// The client that got it.
        to: ConnectionId,
    },
    /// A task went to a client.
    TaskOffered {
        /// The context that it was sent to.
        context: String,
        /// The client that got it.
        to: ConnectionId,
    },
    /// A message that a client sent has come further.
    MessageMoved {
        /// The id of the message.
        message: String,
        /// How far, as the wire spells it.
        state: String,
    },
    /// A message has come further, and nobody is there whom its context means.
    MessageUnheard {
        /// The id of the message.
        message: String,
        /// How far, as the wire spells it.
        state: String,
        /// Where its states go.
        context: String,
    },
    /// A call is over.
    CallEnded {
        /// The id of the call.
        call: String,
        /// The reason, as the wire spells it.
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
    /// A client did something wrong.
    Violated(Violation),
    /// Something was disturbed on purpose.
    Disturbed {
        /// What exactly, in words.
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
            Self::Disturbed { what } => write!(f, "fault: {what}"),
            _ => Ok(()),
        }
    }
}
