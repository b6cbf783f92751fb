//! Everything that adapters share, so that they have nothing to decide.
//!
//! An adapter is constructors, sockets, a clock and tasks. Here are the [`Driver`], which is the loop of every runtime;
//! [`reach`], which waits for the first connection; [`serve`], which runs a client until the process is asked to end; the
//! threads that [may block](may_block); and logging. With the feature `adapter` there is the [`Connector`], which decides which
//! address is tried when, by which proxy, and with which TLS; with `async-adapter` a [`WebSocket`] over any asynchronous byte
//! stream. The module is for crates that connect clients, not for applications.

#[cfg(feature = "adapter")]
mod addresses;
#[cfg(feature = "adapter")]
mod connector;
mod driver;
#[cfg(feature = "adapter")]
mod handshake;
mod interruptions;
mod log;
#[cfg(feature = "adapter")]
mod lookup;
#[cfg(feature = "adapter")]
mod race;
mod reach;
mod serve;
#[cfg(feature = "async-adapter")]
mod socket;
mod threads;
#[cfg(feature = "adapter")]
mod tls;
#[cfg(feature = "adapter")]
mod websocket;

#[cfg(feature = "adapter")]
pub use self::connector::{Attempt, Connector};
pub use self::driver::{
    CLOSE_TIMEOUT, Driver, MAX_FRAMES_BEFORE_DEADLINES, MAX_UNSENT_ACKNOWLEDGEMENTS, Opening, Runtime,
    Socket, TASKS_TIMEOUT,
};
#[cfg(feature = "adapter")]
pub use self::handshake::{Handshake, MAX_HEAD_BYTES};
pub use self::interruptions::Interruptions;
pub use self::log::{broken_down, no_signals, no_thread, tasks_left, threads_again, threads_busy};
#[cfg(feature = "adapter")]
pub use self::race::{ATTEMPT_DELAY, SETUP_DELAY};
pub use self::reach::reach;
pub use self::serve::serve;
#[cfg(feature = "async-adapter")]
pub use self::socket::WebSocket;
pub use self::threads::{MustNotBlock, NeededThread, add_detector, may_block};
#[cfg(feature = "adapter")]
pub(crate) use self::tls::builder as tls_builder;
#[cfg(feature = "adapter")]
pub use self::websocket::{MAX_MESSAGE_BYTES, broken, frame, limits};
