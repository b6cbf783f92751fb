//! The faults that a network injects by chance.

use std::time::Duration;

/// The latency of a network, and the probability of each fault on it.
///
/// Every fault is drawn from the seed of the network. The default is a network without latency and without faults.
///
/// Frames in one direction keep their order, as they do over TCP. Duplicated and reordered events are faults of the
/// service: see [`Faults`](signalwire_relay_simulator::Faults).
///
/// ```
/// use signalwire_relay_core::secs;
/// use signalwire_relay_harness::{NetworkConditions, World};
/// use signalwire_relay_simulator::Scenario;
///
/// let mut world = World::new(Scenario::new(), 7);
/// world.set_network(NetworkConditions { latency: secs(0.05), cut: 0.01, ..NetworkConditions::default() });
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkConditions {
    /// The time that a frame takes in either direction, and that an attempt to connect takes.
    pub latency: Duration,
    /// The maximum random time added to the latency of a frame.
    pub jitter: Duration,
    /// The probability, 0 to 1, that the connection is lost just before or just after the delivery of a frame. All
    /// frames in flight are lost with it.
    pub cut: f64,
    /// The probability, 0 to 1, that a frame and all that follow it in its direction are delayed for a while.
    pub stall: f64,
    /// The maximum length of a stall. Default: 30 s.
    pub stall_for: Duration,
    /// The probability, 0 to 1, that a frame and all that follow it in its direction are lost, without an error on
    /// either side.
    pub black_hole: f64,
    /// The probability, 0 to 1, that the client receives a meaningless frame before a frame of the service.
    pub garbage: f64,
    /// The probability, 0 to 1, that the client receives a part of a frame before the whole frame.
    pub truncated: f64,
    /// The probability, 0 to 1, that the client receives a frame of 1 MiB before a frame of the service.
    pub oversize: f64,
    /// The probability, 0 to 1, that an attempt to connect is refused.
    pub refuse: f64,
    /// The probability, 0 to 1, that an attempt to connect is never answered.
    pub ignore: f64,
}

impl Default for NetworkConditions {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            cut: 0.0,
            stall: 0.0,
            stall_for: Duration::from_secs(30),
            black_hole: 0.0,
            garbage: 0.0,
            truncated: 0.0,
            oversize: 0.0,
            refuse: 0.0,
            ignore: 0.0,
        }
    }
}
