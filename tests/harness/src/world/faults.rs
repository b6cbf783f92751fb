//! The faults that a test injects into a world.

use std::time::Duration;

use signalwire_relay_simulator::Faults;

use super::World;
use crate::network::{Disturbance, Injected, NetworkConditions, Plan, Way};

/// Fault injection. [`disturbances`](World::disturbances) lists what was injected into the network.
impl World {
    /// Sets the latency of the network, and the probability of each fault from now on.
    pub fn set_network(&mut self, conditions: NetworkConditions) {
        self.network.set_conditions(conditions);
    }

    /// Sets the probability with which the service duplicates, delays and reorders events from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.network.service_mut().set_faults(faults);
    }

    /// Plans a fault for the delivery of a certain frame, replacing any earlier plan.
    ///
    /// ```
    /// use signalwire_relay_harness::{Break, Plan, Timing, World};
    /// use signalwire_relay_simulator::Scenario;
    ///
    /// let mut world = World::new(Scenario::new(), 1);
    /// // The first frame, which carries the credentials, never reaches the service.
    /// world.plan(Plan { frame: 1, timing: Timing::BeforeDelivery, what: Break::Cut });
    /// let client = world.client(World::config());
    /// world.block_on(client.ready()).expect("the second attempt succeeds");
    /// assert_eq!(world.disturbances().len(), 1);
    /// ```
    pub fn plan(&mut self, plan: Plan) {
        self.network.plan(plan);
    }

    /// The number of frames that reached the end of their line so far, on all connections and in both directions.
    pub fn frames(&self) -> u64 {
        self.network.frames()
    }

    /// The faults injected into the network so far.
    pub fn disturbances(&self) -> &[Disturbance] {
        self.network.disturbances()
    }

    /// Removes and returns the [`disturbances`](Self::disturbances), so that they do not fill memory in a long run.
    pub fn take_disturbances(&mut self) -> Vec<Disturbance> {
        self.network.take_disturbances()
    }

    /// The counters of faults injected into the network, by chance or as planned.
    pub fn injected(&self) -> Injected {
        self.network.injected()
    }

    /// Cuts every connection.
    pub fn cut(&mut self) {
        for index in 0..self.clients.len() {
            self.cut_client(index);
        }
    }

    /// Delays everything that travels one way on the present connections, for a while.
    pub fn stall(&mut self, way: Way, time: Duration) {
        self.network.stall(self.now, way, time);
    }

    /// Loses everything that travels one way on the present connections from now on, without an error on either side.
    pub fn black_hole(&mut self, way: Way) {
        self.network.black_hole(self.now, way);
    }

    /// Sends a text to every client that has a connection, as if it came from the service.
    pub fn inject(&mut self, text: &str) {
        self.network.inject(self.now, text);
    }

    /// Sets whether the service can be reached. Present connections stand.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.network.set_reachable(reachable);
    }

    /// Refuses every attempt to connect for a while. Present connections stand.
    pub fn unreachable_for(&mut self, time: Duration) {
        self.network.unreachable_for(self.now, time);
    }

    /// Refuses this many of the next attempts to connect.
    pub fn refuse_connects(&mut self, attempts: u32) {
        self.network.refuse_connects(attempts);
    }

    /// Kills the process of a client, counted from 0 in the order in which they were added: its connection is cut, and
    /// neither the client nor its tasks run again. Futures of its handles never resolve.
    ///
    /// # Panics
    /// If there is no such client.
    pub fn kill(&mut self, client: usize) {
        self.cut_client(client);
        self.clients[client].finished = true;
        self.tasks.retain(|(owner, _)| *owner != client);
        self.waiting.retain(|(owner, ..)| *owner != client);
        self.network.record(self.now, format!("client {client} is killed"));
    }

    /// Ends all faults of the network and of the service. Their effects so far remain.
    pub fn heal(&mut self) {
        self.network.heal();
    }

    fn cut_client(&mut self, index: usize) {
        if let Some(event) = self.network.cut(self.now, self.clients[index].line) {
            self.handle(index, event);
        }
    }
}
