//! The line of one client: its connection, and the frames in flight on it.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use signalwire_relay_simulator::ConnectionId;

use super::plan::Way;

/// The line of one client: see [`SimulatedNetwork::add_line`](super::SimulatedNetwork::add_line).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineId(pub(super) u64);

/// Something that happened on the line of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineEvent {
    /// The client's attempt to connect succeeded.
    Connected,
    /// A frame of the service was delivered to the client.
    Frame(String),
    /// The client's attempt to connect failed, or its connection was lost.
    Disconnected(DisconnectReason),
    /// Something that the client cannot see: a frame reached the service or was lost, or an attempt to connect will
    /// never be answered.
    Unseen,
}

/// The reason why a client has no connection any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The attempt to connect was refused.
    Refused,
    /// The service closed the connection with this code.
    Closed(u16),
    /// The network lost the connection.
    Cut,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Closed(code) => write!(f, "closed with code {code}"),
            Self::Cut => f.write_str("connection cut"),
        }
    }
}

/// The content of one transmission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parcel {
    Text(String),
    /// The service closes the connection with this code.
    Close(u16),
}

/// The line of a client.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) state: LineState,
    /// The effects of a break that follow the delivery of the latest frame.
    pub(super) aftermath: Aftermath,
}

#[derive(Debug, Default)]
pub(super) enum LineState {
    #[default]
    Down,
    /// An attempt to connect, with the time of its outcome unless it is never answered.
    Opening(Option<Duration>),
    Up(Connection),
}

impl Line {
    pub(super) fn up(&mut self) -> Option<&mut Connection> {
        match &mut self.state {
            LineState::Up(connection) => Some(connection),
            _ => None,
        }
    }

    /// Returns the time of the next event on this line.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        match &self.state {
            LineState::Down => None,
            LineState::Opening(due) => *due,
            LineState::Up(connection) => connection.next_delivery(),
        }
    }
}

/// The effects of a break that follow the delivery of a frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Aftermath {
    pub(super) hang_up: bool,
    pub(super) cut: bool,
}

/// A connection, and the frames in flight on it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    to_client: Pipe,
    to_service: Pipe,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// The parcels in flight with the delivery time of each, in order.
    parcels: VecDeque<(Duration, Parcel)>,
    stalled_until: Duration,
    dead: bool,
    /// The number of frames that were taken since it is dead.
    swallowed: usize,
    /// Set while the receiver does not read.
    unread: bool,
}

/// The number of frames that lie in the sockets of a connection whose service does not read, before it takes no more.
pub const MAX_UNREAD_FRAMES: usize = 16;

impl Connection {
    pub(super) fn new(id: ConnectionId) -> Self {
        Self { id, to_client: Pipe::default(), to_service: Pipe::default() }
    }

    pub(super) fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::ToClient => &mut self.to_client,
            Way::ToService => &mut self.to_service,
        }
    }

    /// Returns `true` if it takes a frame of the client now.
    pub(super) fn has_room(&self, now: Duration) -> bool {
        self.to_service.has_room(now)
    }

    /// Returns the time of the next delivery.
    fn next_delivery(&self) -> Option<Duration> {
        [self.to_client.next_delivery(), self.to_service.next_delivery()].into_iter().flatten().min()
    }

    /// Returns the direction of the next delivery that is due.
    pub(super) fn due(&self, now: Duration) -> Option<Way> {
        let due = |pipe: &Pipe| pipe.next_delivery().filter(|due| *due <= now);
        match (due(&self.to_service), due(&self.to_client)) {
            (Some(first), Some(second)) if second < first => Some(Way::ToClient),
            (Some(_), _) => Some(Way::ToService),
            (None, Some(_)) => Some(Way::ToClient),
            (None, None) => None,
        }
    }

    /// Returns what the service still receives when the client closes: all frames in flight, unless the direction is
    /// stalled or dead.
    pub(super) fn close(self, now: Duration) -> impl Iterator<Item = String> {
        let Pipe { parcels, stalled_until, dead, .. } = self.to_service;
        let blocked = dead || stalled_until > now;
        parcels.into_iter().filter_map(move |(_, parcel)| match parcel {
            Parcel::Text(text) if !blocked => Some(text),
            _ => None,
        })
    }
}

impl Pipe {
    fn next_delivery(&self) -> Option<Duration> {
        self.parcels.front().filter(|_| !self.unread).map(|(due, _)| (*due).max(self.stalled_until))
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    /// Takes a frame that is lost, for the direction is dead.
    pub(super) fn swallow(&mut self) {
        self.swallowed += 1;
    }

    /// Returns `true` if it takes a frame now.
    pub(super) fn has_room(&self, now: Duration) -> bool {
        let waiting = if self.dead {
            self.swallowed
        } else if self.stalled_until > now {
            self.parcels.len()
        } else {
            0
        };
        waiting < MAX_UNREAD_FRAMES
    }

    /// Sets whether the receiver reads.
    pub(super) fn set_read(&mut self, reads: bool) {
        self.unread = !reads;
    }

    /// Appends a parcel, which is delivered no earlier than the one before it.
    pub(super) fn push(&mut self, due: Duration, parcel: Parcel) {
        let due = self.parcels.back().map_or(due, |(last, _)| due.max(*last));
        self.parcels.push_back((due, parcel));
    }

    pub(super) fn pop(&mut self) -> Option<Parcel> {
        self.parcels.pop_front().map(|(_, parcel)| parcel)
    }

    /// Puts a parcel back to the front.
    pub(super) fn put_back(&mut self, due: Duration, parcel: Parcel) {
        self.parcels.push_front((due, parcel));
    }

    /// Delivers nothing before this time.
    pub(super) fn stall(&mut self, until: Duration) {
        self.stalled_until = self.stalled_until.max(until);
    }

    /// Loses the parcels in flight and all later ones.
    pub(super) fn kill(&mut self) {
        self.dead = true;
        self.parcels.clear();
    }
}
