//! SignalWire RELAY without I/O.
#![warn(missing_docs)]

pub mod calling;
mod client;
mod config;
mod error;
pub mod events;
mod ids;
mod json;
mod messaging;
mod open_enum;
pub mod session;

pub use calling::*;
pub use client::*;
pub use config::*;
pub use error::*;
pub use events::*;
pub use ids::*;
pub use messaging::*;
