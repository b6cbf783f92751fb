//! Tests of RELAY applications against the simulated service, in memory and in virtual time.
//!
//! A [`World`] holds a [`SimulatedService`](signalwire_relay_simulator::SimulatedService) and any number of clients, on one
//! clock that jumps to the next deadline. A minute on the phone takes microseconds, and the same seed gives the same
//! history. Handles, handlers and tasks are those of real clients; only the socket and the clock are simulated.
//!
//! ```
//! use signalwire_relay_core::Config;
//! use signalwire_relay_harness::World;
//! use signalwire_relay_simulator::{Caller, Scenario, Step};
//!
//! let caller = Caller::new("+15551110000", "+15552220000").script([Step::wait(60.0), Step::HangUp]);
//! let mut world = World::new(Scenario::new().caller(caller), 1);
//! let client = world.client(World::config());
//! let reason = world.block_on(async {
//!     let call = client.incoming_calls().next().await.expect("a call is offered");
//!     call.answer().await?;
//!     call.wait_for_ended().await
//! });
//! assert_eq!(reason.expect("the call ended").as_str(), "hangup");
//! assert!(world.now().as_secs() >= 60);
//! ```
//!
//! The [`SimulatedNetwork`] between clients and service has latency and injects faults: by chance, as set in
//! [`NetworkConditions`], or at a certain frame, as set in a [`Plan`]. [`every_cut`] repeats a flow with the connection
//! lost at each frame in turn.

mod every_cut;
mod network;
mod world;

pub use every_cut::{Defect, EveryCut, Findings, Problem, Tally, every_cut};
pub use network::{
    Break, DisconnectReason, Disturbance, Injected, LineEvent, LineId, MAX_UNREAD_FRAMES, NetworkConditions,
    Plan, SimulatedNetwork, Timing, Way,
};
pub use world::{HANG_TIMEOUT, Hang, World};
