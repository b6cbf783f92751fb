//! Fault injection: faults by chance, and faults on request.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::session::Disconnect;
use super::timers::Timer;
use super::{ExpectedReply, OutgoingFrame, Output, SimulatedService};
use crate::scenario::seconds;
use crate::{ConnectionId, Report, Violation};

/// How long the service waits for the reply to `signalwire.disconnect` before it closes the connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum number of frames that a stalled connection holds back; the oldest are dropped first.
const MAX_STALLED_FRAMES: usize = 10_000;
/// The close code of a connection that is dropped without a closing handshake.
pub(crate) const ABNORMAL_CLOSURE: u16 = 1006;

/// The frames that [`Faults::garbage`] sends.
const GARBAGE: &[&str] = &[
    "",
    "garbage",
    "{\"jsonrpc\":\"2.0\",",
    "[]",
    "42",
    "null",
    "{}",
    "{\"jsonrpc\":\"2.0\",\"id\":\"nobody-asked\",\"result\":{}}",
    "{\"jsonrpc\":\"2.0\",\"id\":\"nobody-asked\",\"error\":\"as text\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"signalwire.unheard_of\",\"params\":{}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":[]}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"\"}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"calling.call.unheard_of\"}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"calling.call.state\",\"params\":{\"call_id\":null,\"call_state\":7}}}",
];

/// Faults that happen to events by chance, drawn from the seed.
///
/// ```
/// use signalwire_relay_simulator::{Faults, Scenario};
///
/// let rough = Scenario::from_toml("faults = { duplicate = 0.2, delay = 0.1, delay_by = 0.5 }")?;
/// assert_eq!(rough, Scenario::new().faults(Faults { duplicate: 0.2, delay: 0.1, ..Faults::default() }));
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// The probability, 0 to 1, that an event is delivered twice.
    pub duplicate: f64,
    /// The probability, 0 to 1, that an event is held back, so that later ones overtake it.
    pub delay: f64,
    /// Maximum delay of such an event. Default: 0.5 s.
    #[serde(with = "seconds")]
    pub delay_by: Duration,
    /// The probability, 0 to 1, that an invalid frame precedes an event.
    pub garbage: f64,
    /// Sends the events of a request before the reply.
    pub events_first: bool,
    /// Sends the first state of a message before the reply to `messaging.send`, which has the message id.
    pub message_states_first: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            duplicate: 0.0,
            delay: 0.0,
            delay_by: Duration::from_millis(500),
            garbage: 0.0,
            events_first: false,
            message_states_first: false,
        }
    }
}

impl Faults {
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, value) in [("duplicate", self.duplicate), ("delay", self.delay), ("garbage", self.garbage)]
        {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`faults.{name}` is a probability from 0 to 1"));
            }
        }
        Ok(())
    }
}

/// A lasting fault of a connection.
#[derive(Debug)]
pub(super) enum Condition {
    /// Frames to the client are held back.
    Stalled(VecDeque<OutgoingFrame>),
    /// Frames are lost in both directions while the connection stays open.
    Deaf,
}

impl SimulatedService {
    /// Sets the faults by chance; [`Faults::default`] disables them. Probabilities outside 0 to 1 are clamped.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Drops a connection without a closing handshake. Its session can be resumed.
    pub fn cut(&mut self, now: Duration, connection: ConnectionId) {
        self.advance(now);
        self.cut_connection(connection);
        self.flush();
    }

    pub(super) fn cut_connection(&mut self, connection: ConnectionId) {
        if self.connections.contains_key(&connection) {
            self.report(Report::FaultInjected { what: format!("{connection} is cut") });
            self.close(connection, ABNORMAL_CLOSURE);
        }
    }

    /// Closes a connection with a closing handshake and this WebSocket close code. Its session can be resumed.
    pub fn close_with(&mut self, now: Duration, connection: ConnectionId, code: u16) {
        self.advance(now);
        if self.connections.contains_key(&connection) {
            self.report(Report::FaultInjected { what: format!("{connection} is closed with code {code}") });
            self.close(connection, code);
        }
        self.flush();
    }

    /// Holds back all frames to a connection for a time, then delivers them at once.
    pub fn stall(&mut self, now: Duration, connection: ConnectionId, time: Duration) {
        self.advance(now);
        if self.connections.contains_key(&connection) {
            self.report(Report::FaultInjected { what: format!("{connection} stalls") });
            self.conditions.entry(connection).or_insert_with(|| Condition::Stalled(VecDeque::new()));
            self.timers.set(now.saturating_add(time), Timer::StallEnds(connection));
        }
        self.flush();
    }

    /// Loses all frames to and from a connection from now on without closing it: a half-open connection.
    pub fn deafen(&mut self, connection: ConnectionId) {
        if self.connections.contains_key(&connection) {
            self.report(Report::FaultInjected { what: format!("{connection} is half open") });
            self.conditions.insert(connection, Condition::Deaf);
        }
    }

    /// Sends `signalwire.disconnect` to every client. Closes each connection when its client has replied, or after 5 s.
    /// With `restart` true, sessions and their calls are lost.
    pub fn send_disconnect(&mut self, now: Duration, restart: Option<bool>) {
        self.advance(now);
        let clients: Vec<_> = self.connections.keys().copied().collect();
        for to in clients {
            let id = self.next_frame_id("d");
            let timer = self.timers.set(now.saturating_add(DISCONNECT_TIMEOUT), Timer::CloseAnyway(to));
            let forget = restart.unwrap_or(false);
            let forgotten_protocols = self.protocol_of(to).filter(|_| forget);
            let disconnect = Disconnect { id: id.clone(), timer, forget, forgotten_protocols, left: None };
            if let Some(connection) = self.connections.get_mut(&to)
                && let Some(old) = connection.disconnect.replace(disconnect)
            {
                self.timers.cancel(old.timer);
            }
            let params = restart.map_or_else(|| json!({}), |restart| json!({"restart": restart}));
            let frame =
                json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.disconnect", "params": params});
            self.outgoing_frames.push(OutgoingFrame {
                to,
                text: frame.to_string(),
                expected: ExpectedReply::Disconnect(id),
            });
        }
        self.flush();
    }

    /// Closes a connection whose client has not replied to `signalwire.disconnect` in time.
    pub(super) fn disconnect_is_overdue(&mut self, to: ConnectionId) {
        let disconnect = self.connections.get(&to).and_then(|connection| connection.disconnect.as_ref());
        let ignored = disconnect
            .and_then(|disconnect| disconnect.left)
            .is_some_and(|left| self.now.saturating_sub(left) >= DISCONNECT_TIMEOUT);
        if ignored && !self.is_deaf(to) {
            self.record_violation(Violation::FarewellOverdue { at: self.now, connection: to });
        }
        self.close(to, 1000);
    }

    /// Simulates a crash and a restart: every connection is cut, sessions and calls are lost without an event. Scripted
    /// callers who have not dialled yet still dial.
    pub fn restart(&mut self, now: Duration) {
        self.advance(now);
        self.report(Report::FaultInjected { what: "the service restarts".into() });
        let clients: Vec<_> = self.connections.keys().copied().collect();
        for connection in clients {
            self.close(connection, ABNORMAL_CLOSURE);
        }
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.forget_session(session);
        }
        let calls: Vec<_> = self.calls.keys().copied().collect();
        for call in calls {
            self.end_call(call, "error");
        }
        self.flush();
    }

    /// Makes the next `times` operations of a method fail; see [`Scenario::failing`](crate::Scenario::failing).
    pub fn fail_next(&mut self, method: &str, times: u32) {
        let open = self.failing.entry(method.to_owned()).or_default();
        *open = open.saturating_add(times);
    }

    /// Consumes one pending failure of a method. Returns `true` if there was one.
    pub(super) fn take_failure(&mut self, method: &str) -> bool {
        match self.failing.get_mut(method) {
            Some(open @ 1..) => {
                *open -= 1;
                self.report(Report::FaultInjected { what: format!("{method} fails on demand") });
                true
            }
            _ => false,
        }
    }

    pub(super) fn is_deaf(&self, connection: ConnectionId) -> bool {
        matches!(self.conditions.get(&connection), Some(Condition::Deaf))
    }

    pub(super) fn forget_conditions(&mut self, connection: ConnectionId) {
        self.conditions.remove(&connection);
    }

    pub(super) fn end_stall(&mut self, connection: ConnectionId) {
        if let Some(Condition::Stalled(_)) = self.conditions.get(&connection)
            && let Some(Condition::Stalled(frames)) = self.conditions.remove(&connection)
        {
            for frame in frames {
                self.deliver(frame);
            }
        }
    }

    /// Sends the queued frames, with faults by chance.
    pub(super) fn flush(&mut self) {
        for frame in std::mem::take(&mut self.outgoing_frames) {
            let ExpectedReply::Ack(id) = &frame.expected else {
                self.deliver(frame);
                continue;
            };
            let (to, id) = (frame.to, id.clone());
            let Faults { duplicate, delay, delay_by, garbage, .. } = self.faults;
            if self.chance(garbage)
                && let Some(nonsense) = self.rng.choice(GARBAGE)
            {
                self.fault_stats.garbage += 1;
                let text = (*nonsense).to_owned();
                self.deliver(OutgoingFrame { to, text, expected: ExpectedReply::None });
            }
            if self.chance(duplicate) {
                self.fault_stats.duplicated += 1;
                if let Some(connection) = self.connections.get_mut(&to) {
                    connection.allow_reply(id);
                }
                self.deliver(frame.clone());
            }
            self.keep_until_acknowledged(&frame);
            if self.chance(delay) {
                self.fault_stats.delayed += 1;
                let time = delay_by.mul_f64(self.rng.f64());
                self.timers.set(self.now.saturating_add(time), Timer::Release(frame));
            } else {
                self.deliver(frame);
            }
        }
    }

    fn chance(&mut self, probability: f64) -> bool {
        // Without faults no number is drawn: other random decisions stay the same.
        probability > 0.0 && self.rng.f64() < probability
    }

    /// Sends a frame, unless its connection has closed, holds frames back or loses them.
    pub(super) fn deliver(&mut self, frame: OutgoingFrame) {
        let to = frame.to;
        if !self.connections.contains_key(&to) {
            return;
        }
        match self.conditions.get_mut(&to) {
            Some(Condition::Deaf) => {}
            Some(Condition::Stalled(frames)) => {
                if frames.len() == MAX_STALLED_FRAMES {
                    frames.pop_front();
                }
                frames.push_back(frame);
            }
            None => {
                self.await_reply(to, frame.expected);
                self.journal.sent(self.now, to, &frame.text);
                self.outbox.push_back(Output::Send { to, text: frame.text });
            }
        }
    }
}
