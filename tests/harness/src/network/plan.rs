//! Faults planned for the delivery of a certain frame.

use std::fmt;
use std::time::Duration;

/// The direction in which frames travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// From the service to a client.
    ToClient,
    /// From a client to the service.
    ToService,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToClient => "to the client",
            Self::ToService => "to the service",
        })
    }
}

/// The side of a frame's delivery on which a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timing {
    /// The connection breaks first: the frame is not delivered.
    BeforeDelivery,
    /// The frame is delivered, and no later frame is.
    AfterDelivery,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeDelivery => "before",
            Self::AfterDelivery => "after",
        })
    }
}

/// The way in which a connection breaks at a planned frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Break {
    /// Both sides lose the connection.
    Cut,
    /// No frame is delivered any more in either direction, without an error on either side.
    HalfOpen,
    /// No frame is delivered in either direction for this long; then all of them are.
    Stall(Duration),
    /// The connection stands, but everybody who is on a call with the service hangs up.
    HangUp,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the connection is cut"),
            Self::HalfOpen => f.write_str("the connection is half open"),
            Self::Stall(time) => write!(f, "the connection stalls for {time:?}"),
            Self::HangUp => f.write_str("everybody hangs up"),
        }
    }
}

/// A fault at the delivery of the frame with a certain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Plan {
    /// The number of the frame, from 1, among the frames of all connections in both directions.
    pub frame: u64,
    /// The side of the delivery on which the connection breaks.
    pub timing: Timing,
    /// The way in which it breaks.
    pub what: Break,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} frame {}", self.what, self.timing, self.frame)
    }
}
