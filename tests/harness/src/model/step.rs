//! What can happen in a history.

use std::fmt;

use signalwire_relay_simulator::Faults;

use crate::network::{Break, Moment, Network, Way};

/// One thing that an application, the service, somebody on the phone, or the network does.
///
/// Where one of several is meant (a call, a request, an alarm), a number picks it among those that there are at that
/// time; if there is none, nothing happens. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Time passes.
    Pass(u32),
    /// The application asks for something on a call.
    Ask(Ask, u8),
    /// The application dials: somebody who answers, several at once, one after the other, or nobody.
    Dial(Dial, u32),
    /// The application sends a message.
    Message(Delivery),
    /// The application wants calls of one more context, `a` to `d`.
    Receive(u8),
    /// The application wants no calls of a context any more.
    Unreceive(u8),
    /// The application makes as many requests at once.
    Flood(u16),
    /// The application takes an offered call, to answer it later.
    Take(u8),
    /// The application lets go of a call.
    Release(u8),
    /// The application was given a call and will not use it.
    Discard(u8),
    /// The application takes a request back.
    Abandon(u8),
    /// The application wants to be woken.
    Alarm(u32),
    /// The application does not want to be woken after all.
    CancelAlarm(u8),
    /// Somebody calls in, on context `a` to `d`, and lets it ring for so long.
    Caller(u8, u32),
    /// Somebody on a call hangs up.
    HangUp(u8),
    /// Somebody on a call presses a key.
    Press(u8),
    /// The service tells old news of a call once more: a state that it is past.
    OldNews(u8),
    /// The service offers a call once more that the client has.
    OfferAgain(u8),
    /// The service crashes and comes back.
    Restart,
    /// The service says that it will close the connection; whether it keeps the session, if it says so.
    Leave(Option<bool>),
    /// The service answers the next request of a kind in another way.
    Refuse(Refused, How),
    /// The service disturbs events from now on, or no longer.
    Disturb(Disturb),
    /// From now on frames take so long each way, and so much longer at most.
    Latency(u32, u32),
    /// Every connection is lost.
    Cut,
    /// Something happens to the connection at one of the next frames.
    At(u8, Moment, Break),
    /// Everything stalls one way for a while.
    Stall(Way, u32),
    /// Nothing arrives one way any more.
    BlackHole(Way),
    /// The next attempts to connect are refused.
    RefuseConnects(u8),
    /// No connection can be opened for a while.
    Unreachable(u32),
    /// A text comes from the service that means nothing.
    Nonsense(String),
    /// The application stops gently, within so long.
    Drain(u32),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What an application asks for on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum Ask {
    Answer,
    Pass,
    Hangup,
    Play,
    Record,
    Collect,
    SendDigits,
    /// Stops the latest operation of the call.
    Stop,
}

/// Whom an application dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dial {
    /// Somebody who answers after two seconds.
    Answers,
    /// Somebody who is busy.
    Busy,
    /// Somebody who never answers.
    Silent,
    /// Three who answer, all at once.
    Race,
    /// One who is busy, then one who answers.
    InTurn,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "said by their names")]
pub enum Delivery {
    Arrives,
    Bounces,
}

/// Which requests the service answers in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum Refused {
    Connect,
    Answer,
    Play,
    Dial,
    Message,
    Receive,
    Pass,
    End,
}

impl Refused {
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Connect => "signalwire.connect",
            Self::Answer => "calling.answer",
            Self::Play => "calling.play",
            Self::Dial => "calling.dial",
            Self::Message => "messaging.send",
            Self::Receive => "signalwire.receive",
            Self::Pass => "calling.pass",
            Self::End => "calling.end",
        }
    }
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// With a status, and a text in which the credentials stand.
    Status,
    /// With a JSON-RPC error, and a text in which the credentials stand.
    RpcError,
    /// Not at all.
    Silence,
}

/// What the service does to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disturb {
    /// Nothing.
    Calm,
    /// It sends each twice.
    Duplicate,
    /// It delays some, so that others overtake them.
    Reorder,
    /// It sends those that a request causes before the reply.
    EventsFirst,
    /// All of that, with frames in between that make no sense.
    Storm,
}

impl Disturb {
    pub(super) fn faults(self) -> Faults {
        let calm = Faults::default();
        match self {
            Self::Calm => calm,
            Self::Duplicate => Faults { duplicate: 1.0, ..calm },
            Self::Reorder => Faults { delay: 0.5, ..calm },
            Self::EventsFirst => Faults { events_first: true, ..calm },
            Self::Storm => Faults { duplicate: 0.5, delay: 0.5, garbage: 0.5, events_first: true, ..calm },
        }
    }
}

/// The network that a step asks for.
pub(super) fn network(latency: u32, jitter: u32) -> Network {
    let time = |millis: u32| std::time::Duration::from_millis(millis.into());
    Network { latency: time(latency), jitter: time(jitter), ..Network::default() }
}
