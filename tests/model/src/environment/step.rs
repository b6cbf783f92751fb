//! The steps of the environment.

use signalwire_relay_harness::{Break, Timing, Way};

use super::{AffectedMethod, EventFault, FaultyReply};

/// A step of the environment: something that a party on the phone, the service, or the network does.
///
/// A number selects one of the calls that there are at that time. If there is none, the step does nothing. Times are in
/// milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EnvironmentStep {
    /// A caller calls in on a context, `a` to `d`, and hangs up if nobody answers within this time.
    Caller(u8, u32),
    /// The party of a call hangs up.
    HangUp(u8),
    /// The party of a call presses a key.
    Press(u8),
    /// The service sends a state of a call that the call has passed.
    StaleState(u8),
    /// The service offers a call again that a client has.
    RepeatOffer(u8),
    /// The service offers a call once more, that nobody has answered, to the client that it was offered to.
    OfferAgain(u8),
    /// The service crashes and restarts.
    Restart,
    /// The service asks the clients to disconnect, with this value of `restart`.
    Disconnect(Option<bool>),
    /// The service answers the next request of a method with a faulty reply.
    Refuse(AffectedMethod, FaultyReply),
    /// The service's events have a fault from now on.
    DisturbEvents(EventFault),
    /// Frames have a latency and a maximum jitter from now on.
    Latency(u32, u32),
    /// The network cuts every connection.
    Cut,
    /// A connection breaks at one of the next frames.
    BreakAt(u8, Timing, Break),
    /// Every connection stalls in one direction for a while.
    Stall(Way, u32),
    /// Every connection loses all frames in one direction from now on.
    BlackHole(Way),
    /// The network refuses this many of the next attempts to connect.
    RefuseConnects(u8),
    /// The network refuses every attempt to connect for a while.
    Unreachable(u32),
    /// The service sends every client this many events that are about no call.
    Chatter(u16),
    /// Every client receives a meaningless text.
    Garbage(String),
}

impl EnvironmentStep {
    /// Returns `true` if the service may reject a login from now on.
    pub(crate) fn rejects_login(&self) -> bool {
        matches!(self, Self::Refuse(AffectedMethod::Connect, reply) if reply.rejects_login())
    }
}
