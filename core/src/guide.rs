//! Pages of their own: what happens when things go wrong, what is printed when something is not set up as it should be, how
//! a program behaves in a container, how to carry a client on another runtime, where to find what the reference client has,
//! what it costs, and each key of the wire.

#[cfg(doc)]
use crate::EventData; // for links to its constants

#[doc = include_str!("../docs/containers.md")]
pub mod containers {}

#[doc = include_str!("../docs/faults.md")]
pub mod faults {}

#[doc = include_str!("../docs/first_mistakes.md")]
pub mod first_mistakes {}

#[doc = include_str!("../docs/own_runtime.md")]
pub mod own_runtime {}

#[doc = include_str!("../docs/parity.md")]
pub mod parity {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/wire.md")]
pub mod wire {}
