//! A simulated SignalWire RELAY service.
//!
//! Applications are built and tested against it on one machine, without an account and without waiting. The service
//! answers requests and sends events. Scripted parties call, pick up, press keys and hang up. The service checks every
//! request against the protocol and injects faults on demand.
//!
//! There are three ways to use it:
//!
//! - in memory and in virtual time: [`SimulatedService`] is a state machine without I/O;
//! - in tests of any kind: [`listener::Simulator`] listens on a loopback port, in its own thread;
//! - as a program: `cargo run -p signalwire-relay-simulator -- --help`.
//!
//! The last two are the features `listener` and `program`. Both are enabled by default.
//!
//! A [`Scenario`] describes the simulation, in Rust or in TOML.
//!
//! Two descriptions of the protocol are public, and they contradict each other in places. [`Reading`] selects the one
//! that the service follows; a client should be tested against both.

#[cfg(feature = "listener")]
mod demo;
#[cfg(feature = "listener")]
pub mod listener;
mod methods;
mod report;
mod scenario;
mod service;

#[cfg(feature = "listener")]
pub use demo::Demo;
pub use methods::METHODS;
pub use report::Report;
pub use scenario::{
    BUILTINS, Caller, Credential, Cue, DEFAULT_AWAIT_TIMEOUT, DEFAULT_KEY_INTERVAL, Delivery, Message,
    Payment, Phone, Pickup, Reading, Scenario, ScenarioError, ScriptedRefusal, Sound, Step, Task, When,
};
pub use service::{
    CallState, CallView, ConnectionId, Direction, FaultStats, Faults, JournalEntry, MAX_ENDED_CALLS,
    MAX_JOURNAL_ENTRIES, MAX_VIOLATIONS, OperationView, Output, Refusal, ServiceStats, SimulatedService,
    Violation,
};
