//! Answer, place and control phone calls on smol, through SignalWire RELAY.
//!
//! ```no_run
//! use signalwire_relay_smol::{Collect, Config, Error, RelayClient, phone, secs};
//!
//! fn main() -> Result<(), Error> {
//!     smol::block_on(async {
//!         println!("Connecting.");
//!         let client = RelayClient::connect(Config::from_env()?.contexts(["default"])).await?;
//!         client.on_call(|call| async move {
//!             call.answer().await?;
//!             let menu = call
//!                 .prompt_tts("Press 1 for sales, 2 for support.", Collect::digits(1).digit_timeout(secs(5)))
//!                 .await?;
//!             let number = match menu.wait().await?.digits() {
//!                 Some("1") => Some("+15551001000"),
//!                 Some("2") => Some("+15552002000"),
//!                 _ => None,
//!             };
//!             match number {
//!                 Some(number) => drop(call.connect(phone(number).from("+15550000000")).await?.wait().await?),
//!                 None => drop(call.play_tts("Goodbye.").await?.wait().await?),
//!             }
//!             call.hangup().await
//!         });
//!         println!("Waiting for calls.");
//!         client.run().await // reconnects until Ctrl-C, then lets running calls finish
//!     })
//! }
//! ```
//!
//! [`RelayClient`] connects and keeps itself connected; through it, everything that [`Client`] can do. The
//! protocol, its types and its documentation are those of [`signalwire_relay_core`], whose items are all
//! exported here. This crate adds sockets, TLS by rustls, timers and tasks.
//!
//! Tasks run on smol's global executor, or on one of yours: see [`RelayClient::connect_on`].
//!
//! Logs go to the `tracing` crate, under the target `signalwire_relay`, without payloads or credentials, but with the texts of
//! errors and panics of handlers. The WebSocket
//! library below logs whole frames, credentials included, at trace level through the `log` crate, which this crate cannot
//! prevent: a library must not set the level of a program. Where trace level is on for everything, add `tungstenite=info` to
//! the filter, or build the program with the feature `release_max_level_debug` of `log`.

mod client;
mod runtime;
mod spawner;

pub use client::RelayClient;
pub use signalwire_relay_core::*;
pub use spawner::Spawner;
