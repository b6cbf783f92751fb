//! The faults of a network that its user injects.

use std::time::Duration;

use signalwire_relay_simulator::Faults;

use super::line::{LineState, Parcel};
use super::{DisconnectReason, LineEvent, LineId, NetworkConditions, Plan, SimulatedNetwork, Way};

/// Fault injection.
impl SimulatedNetwork {
    /// Sets the latency, and the probability of each fault from now on.
    pub fn set_conditions(&mut self, conditions: NetworkConditions) {
        self.conditions = conditions;
    }

    /// Plans a fault for the delivery of a certain frame, replacing any earlier plan.
    pub fn plan(&mut self, plan: Plan) {
        self.plan = Some(plan);
    }

    /// Cuts the connection of a line. The service is informed; the client has to be given the event that is returned.
    ///
    /// Returns `None` if there is no connection. An attempt to connect is never answered then.
    #[must_use = "the client has to be given the event"]
    pub fn cut(&mut self, now: Duration, line: LineId) -> Option<LineEvent> {
        let state = &mut self.lines.get_mut(&line)?.state;
        let LineState::Up(connection) = std::mem::take(state) else { return None };
        self.steps += 2;
        self.service.handle_disconnected(now, connection.id);
        Some(LineEvent::Disconnected(DisconnectReason::Cut))
    }

    /// Delays everything that travels one way on the present connections, for a while.
    pub fn stall(&mut self, now: Duration, way: Way, time: Duration) {
        self.connections_mut().for_each(|connection| connection.pipe(way).stall(now + time));
        self.record(now, format!("frames {way} stall for {time:?}"));
    }

    /// Loses everything that travels one way on the present connections from now on, without an error on either side.
    pub fn black_hole(&mut self, now: Duration, way: Way) {
        self.connections_mut().for_each(|connection| connection.pipe(way).kill());
        self.record(now, format!("frames {way} are lost from now on"));
    }

    /// Sends a text to every client that has a connection, as if it came from the service.
    pub fn inject(&mut self, now: Duration, text: &str) {
        let lines: Vec<_> = self.lines.keys().copied().collect();
        for line in lines {
            self.transmit(now, line, Way::ToClient, Parcel::Text(text.to_owned()));
        }
    }

    /// Sets whether the service can be reached. While it cannot, every attempt to connect is refused; present
    /// connections stand.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
        if reachable {
            self.unreachable_until = Duration::ZERO;
        }
    }

    /// Refuses every attempt to connect for a while. Present connections stand.
    pub fn unreachable_for(&mut self, now: Duration, time: Duration) {
        self.unreachable_until = self.unreachable_until.max(now + time);
        self.record(now, format!("the service cannot be reached for {time:?}"));
    }

    /// Refuses this many of the next attempts to connect.
    pub fn refuse_connects(&mut self, attempts: u32) {
        self.refuse_next = attempts;
    }

    /// Ends all faults of the network and of the service. Their effects so far remain.
    pub fn heal(&mut self) {
        self.set_conditions(NetworkConditions::default());
        self.set_reachable(true);
        self.plan = None;
        self.refuse_next = 0;
        self.service.set_faults(Faults::default());
        self.service.forget_refusals();
    }
}
