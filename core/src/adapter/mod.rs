//! What the adapters share besides the [`pump`](crate::pump): TLS, WebSocket messages, logging.
//!
//! Only with the feature `adapter`. It is for crates that connect clients, not for applications, and brings
//! libraries but neither sockets nor a runtime.

mod log;
mod tls;
mod websocket;

pub use self::log::{connection, interrupted, notice, tasks_left};
pub use self::tls::{server_name, tls_config};
pub use self::websocket::{MESSAGE_LIMIT, broken, frame, limits};

use std::time::Duration;

/// How long one of a host's addresses may take to answer, so that the others get their turn.
pub const ADDRESS_LIMIT: Duration = Duration::from_secs(3);
/// How long parting with a socket may take.
pub const FAREWELL: Duration = Duration::from_secs(1);
/// How long tasks may take to finish once the client is closed and everything that they wait for has ended.
pub const LAST_TASKS: Duration = Duration::from_secs(2);
