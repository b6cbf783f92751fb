//! What the adapters share besides the [`pump`](crate::driver): TLS, WebSockets, logging.
//!
//! Only with the feature `adapter`; what is asynchronous, only with `async-adapter`. It is for crates that connect
//! clients, not for applications, and brings libraries but neither a network nor a runtime.

mod log;
#[cfg(feature = "async-adapter")]
mod socket;
mod tls;
mod websocket;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use self::log::{broken_down, connection, interrupted, notice, tasks_left};
#[cfg(feature = "async-adapter")]
pub use self::socket::Socket;
pub use self::tls::{server_name, tls_config};
pub use self::websocket::{MAX_MESSAGE_BYTES, broken, frame, limits};

/// How long one of a host's addresses may take to answer, so that the others get their turn.
pub const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);
/// How long parting with a socket may take.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long tasks may take to finish once the client is closed and everything that they wait for has ended.
pub const TASKS_TIMEOUT: Duration = Duration::from_secs(2);

/// A host's addresses in the order in which to try them: the families in turn, for one of them may be of no use.
pub fn in_turn(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut seen = [0_usize; 2];
    let mut ranked: Vec<_> = addresses
        .into_iter()
        .map(|address| {
            let rank = &mut seen[usize::from(address.is_ipv4())];
            *rank += 1;
            (*rank, address)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, address)| address).collect()
}

/// The error of an address that did not answer within [`ADDRESS_TIMEOUT`].
pub fn silent(address: SocketAddr) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("{address} does not answer"))
}

/// The error of a host without addresses.
pub fn nowhere() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the host has no address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_are_tried_in_turn() {
        let address = |text: &str| -> SocketAddr { text.parse().expect("an address") };
        let [a, b, c, d] = ["[::1]:1", "[::2]:1", "127.0.0.1:1", "127.0.0.2:1"].map(address);
        assert_eq!(in_turn([a, b, c, d]), [a, c, b, d]);
        assert_eq!(in_turn([c, d, a]), [c, a, d]);
        assert_eq!(in_turn([]), []);
    }
}
