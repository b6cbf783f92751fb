//! Pages of their own: how to carry a client on another runtime, what it costs.

#[doc = include_str!("../docs/own_runtime.md")]
pub mod own_runtime {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}
