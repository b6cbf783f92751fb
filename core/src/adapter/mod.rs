//! Everything that adapters share, so that they have nothing to decide.
//!
//! An adapter is constructors, sockets, a clock and tasks. Here are the [`Driver`], which is the loop of every runtime;
//! [`reach`], which waits for the first connection; [`serve`], which runs a client until the process is asked to end; [`connect`], which goes through the addresses of a
//! host; and logging. With the feature `adapter` there are TLS and the messages of the WebSocket library, with
//! `async-adapter` a WebSocket over any asynchronous byte stream. It is for crates that connect clients, not for
//! applications.

mod addresses;
mod driver;
mod log;
mod reach;
mod serve;
#[cfg(feature = "async-adapter")]
mod socket;
#[cfg(feature = "adapter")]
mod tls;
#[cfg(feature = "adapter")]
mod websocket;

pub use self::addresses::{ADDRESS_TIMEOUT, connect};
pub use self::driver::{
    CLOSE_TIMEOUT, Driver, MAX_FRAMES_BEFORE_DEADLINES, MAX_UNSENT_FRAMES, MAX_UNSENT_WHILE_READING, Opening,
    Runtime, Socket, TASKS_TIMEOUT,
};
pub use self::log::{broken_down, tasks_left};
pub use self::reach::reach;
pub use self::serve::serve;
#[cfg(feature = "async-adapter")]
pub use self::socket::WebSocket;
#[cfg(feature = "adapter")]
pub use self::tls::{server_name, tls_config};
#[cfg(feature = "adapter")]
pub use self::websocket::{MAX_MESSAGE_BYTES, broken, frame, limits};
