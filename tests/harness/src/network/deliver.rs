//! Opening and closing connections, and carrying frames.

use std::time::Duration;

use signalwire_relay_simulator::{CallState, Output};

use super::garbage::{NONSENSE, oversize_frame};
use super::line::{Aftermath, Connection, LineState, Parcel};
use super::{
    Break, DisconnectReason, LineEvent, LineId, NetworkConditions, Plan, SimulatedNetwork, Timing, Way,
};

/// The outputs of clients.
impl SimulatedNetwork {
    /// Begins an attempt to connect. [`poll_attempt`](Self::poll_attempt) returns its outcome.
    pub fn open(&mut self, now: Duration, line: LineId) {
        let due = now + self.travel_time();
        self.set_state(line, LineState::Opening(Some(due)));
    }

    /// Sends a frame of the client to the service. Returns `false` if the line has no connection.
    pub fn send(&mut self, now: Duration, line: LineId, text: String) -> bool {
        let is_up = self.connection(line).is_some();
        self.transmit(now, line, Way::ToService, Parcel::Text(text));
        is_up
    }

    /// Closes the connection of a line, or ends its attempt to connect. The service still receives the frames in
    /// flight, unless a fault is in their way.
    pub fn close(&mut self, now: Duration, line: LineId) {
        if let Some(LineState::Up(connection)) = self.set_state(line, LineState::Down) {
            let id = connection.id;
            for text in connection.close(now) {
                self.service.handle_text(now, id, &text);
            }
            self.service.handle_disconnected(now, id);
        }
    }

    fn set_state(&mut self, line: LineId, state: LineState) -> Option<LineState> {
        self.lines.get_mut(&line).map(|line| std::mem::replace(&mut line.state, state))
    }
}

/// The passing of time, and what happens in it.
impl SimulatedNetwork {
    /// Returns the time of the next event of the service or of a line.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let lines = self.lines.values().filter_map(super::Line::next_deadline);
        lines.chain(self.service.poll_timeout()).min()
    }

    /// Runs the timers of the service that are due.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.service.poll_timeout().is_some_and(|due| due <= now) {
            self.steps += 1;
            self.service.handle_timeout(now);
        }
    }

    /// Puts the frames of the service on their way. Returns `false` if the service had no output.
    pub fn drain_service(&mut self, now: Duration) -> bool {
        let mut moved = false;
        while let Some(output) = self.service.poll_output() {
            moved = true;
            let (to, parcel) = match output {
                Output::Send { to, text } => (to, Parcel::Text(text)),
                Output::Close { to, code } => (to, Parcel::Close(code)),
                Output::Report(report) => {
                    self.reports.push(report);
                    continue;
                }
                _ => continue,
            };
            let line = self.lines.keys().copied().find(|line| self.connection(*line) == Some(to));
            if let Some(line) = line {
                self.transmit(now, line, Way::ToClient, parcel);
            }
        }
        moved
    }

    /// Returns the outcome of a line's attempt to connect, if it is due.
    pub fn poll_attempt(&mut self, now: Duration, line: LineId) -> Option<LineEvent> {
        let state = &self.lines.get(&line)?.state;
        if !matches!(state, LineState::Opening(Some(due)) if *due <= now) {
            return None;
        }
        self.steps += 1;
        let (state, event) = match self.attempt(now) {
            Attempt::Accepted => {
                let connection = Connection::new(self.service.handle_connected(now));
                (LineState::Up(connection), LineEvent::Connected)
            }
            Attempt::Refused => (LineState::Down, LineEvent::Disconnected(DisconnectReason::Refused)),
            Attempt::Ignored => (LineState::Opening(None), LineEvent::Unseen),
        };
        self.set_state(line, state);
        Some(event)
    }

    fn attempt(&mut self, now: Duration) -> Attempt {
        if !self.reachable || self.unreachable_until > now {
            self.injected.refused += 1;
            return Attempt::Refused;
        }
        if self.refuse_next > 0 || self.chance(self.conditions.refuse) {
            self.refuse_next = self.refuse_next.saturating_sub(1);
            self.injected.refused += 1;
            self.record(now, "an attempt to connect is refused");
            return Attempt::Refused;
        }
        if self.chance(self.conditions.ignore) {
            self.injected.ignored += 1;
            self.record(now, "an attempt to connect is ignored");
            return Attempt::Ignored;
        }
        Attempt::Accepted
    }

    /// Delivers the next frame of a line in either direction, if one is due, and returns what the client sees of it.
    ///
    /// A planned break may have to follow. Once the client has handled the event and its outputs have been passed on,
    /// call [`poll_break`](Self::poll_break).
    pub fn poll_delivery(&mut self, now: Duration, line: LineId) -> Option<LineEvent> {
        let Delivery { way, parcel, hang_up_first, aftermath } = self.next_delivery(now, line)?;
        self.lines.get_mut(&line)?.aftermath = aftermath;
        self.steps += 1;
        if hang_up_first {
            self.hang_up_everybody(now);
        }
        let id = self.connection(line)?;
        Some(match (way, parcel) {
            (Way::ToService, Some(Parcel::Text(text))) => {
                self.service.handle_text(now, id, &text);
                LineEvent::Unseen
            }
            (Way::ToClient, Some(Parcel::Text(text))) => LineEvent::Frame(text),
            (_, Some(Parcel::Close(code))) => {
                self.set_state(line, LineState::Down);
                self.service.handle_disconnected(now, id);
                LineEvent::Disconnected(DisconnectReason::Closed(code))
            }
            (_, None) => LineEvent::Unseen,
        })
    }

    /// Puts the frames of the service on their way, then carries out the break that follows the latest delivery, if
    /// any. Returns what the client sees of the break.
    pub fn poll_break(&mut self, now: Duration, line: LineId) -> Option<LineEvent> {
        self.drain_service(now);
        let Aftermath { hang_up, cut } = std::mem::take(&mut self.lines.get_mut(&line)?.aftermath);
        if hang_up {
            self.hang_up_everybody(now);
        }
        if cut { self.cut(now, line) } else { None }
    }

    /// Hangs up every call on the side of the person on the phone.
    fn hang_up_everybody(&mut self, now: Duration) {
        let live = self.service.calls().filter(|call| call.state != CallState::Ended);
        let live: Vec<_> = live.map(|call| call.call_id).collect();
        for call_id in live {
            self.service.hang_up(now, &call_id);
        }
    }
}

/// The outcome of an attempt to connect.
enum Attempt {
    Accepted,
    Refused,
    Ignored,
}

/// A parcel at the end of its line, and the break at its delivery.
struct Delivery {
    way: Way,
    /// `None` if the parcel is lost.
    parcel: Option<Parcel>,
    hang_up_first: bool,
    aftermath: Aftermath,
}

/// The way of a frame.
impl SimulatedNetwork {
    /// Puts a parcel on its way, with the faults that chance decides on.
    pub(super) fn transmit(&mut self, now: Duration, line: LineId, way: Way, parcel: Parcel) {
        let NetworkConditions { stall, stall_for, black_hole, garbage, truncated, oversize, .. } =
            self.conditions;
        let Some(connection) = self.up(line) else { return };
        let id = connection.id;
        if connection.pipe(way).is_dead() {
            connection.pipe(way).swallow();
            return;
        }
        if self.chance(black_hole) {
            self.injected.black_holes += 1;
            self.record(now, format!("{id}: frames {way} are lost from now on"));
            if let Some(connection) = self.up(line) {
                connection.pipe(way).kill();
            }
            return;
        }
        if self.chance(stall) {
            self.injected.stalls += 1;
            let time = stall_for.mul_f64(self.random.f64());
            self.record(now, format!("{id}: frames {way} stall for {time:.1?}"));
            if let Some(connection) = self.up(line) {
                connection.pipe(way).stall(now + time);
            }
        }
        if let (Way::ToClient, Parcel::Text(text)) = (way, &parcel) {
            if self.chance(garbage)
                && let Some(nonsense) = self.random.choice(NONSENSE)
            {
                self.injected.garbage += 1;
                self.push(now, line, way, Parcel::Text((*nonsense).to_owned()));
            }
            if self.chance(truncated) {
                self.injected.truncated += 1;
                let end = text.floor_char_boundary(self.random.usize(..=text.len().saturating_sub(1)));
                self.push(now, line, way, Parcel::Text(text[..end].to_owned()));
            }
            if self.chance(oversize) {
                self.injected.oversize += 1;
                self.push(now, line, way, Parcel::Text(oversize_frame()));
            }
        }
        self.push(now, line, way, parcel);
    }

    fn up(&mut self, line: LineId) -> Option<&mut Connection> {
        self.lines.get_mut(&line)?.up()
    }

    fn push(&mut self, now: Duration, line: LineId, way: Way, parcel: Parcel) {
        let due = now + self.travel_time();
        if let Some(connection) = self.up(line) {
            connection.pipe(way).push(due, parcel);
        }
    }

    fn travel_time(&mut self) -> Duration {
        let NetworkConditions { latency, jitter, .. } = self.conditions;
        if jitter.is_zero() { latency } else { latency + jitter.mul_f64(self.random.f64()) }
    }

    /// Takes the next parcel of a line that is due, and decides on the break at its delivery.
    fn next_delivery(&mut self, now: Duration, line: LineId) -> Option<Delivery> {
        let connection = self.up(line)?;
        let way = connection.due(now)?;
        let id = connection.id;
        let parcel = connection.pipe(way).pop()?;
        self.frames += 1;
        let Some((what, timing)) = self.next_break() else {
            let aftermath = Aftermath::default();
            return Some(Delivery { way, parcel: Some(parcel), hang_up_first: false, aftermath });
        };
        self.count(what);
        self.record(now, format!("{id}: {what} {timing} frame {} {way}", self.frames));
        let mut aftermath = Aftermath { hang_up: false, cut: what == Break::Cut };
        let (mut delivered, mut hang_up_first) = (timing == Timing::AfterDelivery, false);
        let connection = self.up(line)?;
        match what {
            Break::Cut => {}
            Break::HangUp => {
                delivered = true;
                hang_up_first = timing == Timing::BeforeDelivery;
                aftermath.hang_up = !hang_up_first;
            }
            Break::HalfOpen => {
                connection.pipe(Way::ToClient).kill();
                connection.pipe(Way::ToService).kill();
            }
            Break::Stall(time) => {
                connection.pipe(Way::ToClient).stall(now + time);
                connection.pipe(Way::ToService).stall(now + time);
                if timing == Timing::BeforeDelivery {
                    connection.pipe(way).put_back(now, parcel);
                    self.frames -= 1;
                    return self.next_delivery(now, line);
                }
            }
        }
        Some(Delivery { way, parcel: delivered.then_some(parcel), hang_up_first, aftermath })
    }

    /// Decides whether the connection breaks at this frame.
    fn next_break(&mut self) -> Option<(Break, Timing)> {
        let frames = self.frames;
        if let Some(Plan { what, timing, .. }) = self.plan.take_if(|plan| plan.frame <= frames) {
            return Some((what, timing));
        }
        self.chance(self.conditions.cut).then(|| {
            let after = !self.random.bool();
            (Break::Cut, if after { Timing::AfterDelivery } else { Timing::BeforeDelivery })
        })
    }

    fn count(&mut self, what: Break) {
        match what {
            Break::Cut => self.injected.cuts += 1,
            Break::HalfOpen => self.injected.black_holes += 2,
            Break::Stall(_) => self.injected.stalls += 2,
            // A hang-up is no fault of the network.
            Break::HangUp => {}
        }
    }
}
