//! Connecting to a host: its addresses, one after the other.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::config::Endpoint;
use crate::connect_failure::{ConnectFailure, ConnectStage};

/// The time that one of a host's addresses has to answer, so that the others get their turn.
pub const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

/// Connects to the first address of an endpoint that answers within [`ADDRESS_TIMEOUT`]. The address families take turns,
/// for one of them may be of no use.
///
/// `addresses` is the result of looking up the name. `delay` gives a future that is ready after a while; where `connect`
/// has a time limit of its own, and fails with [`io::ErrorKind::TimedOut`], it may wait for ever. Dropping the future
/// gives up.
///
/// # Errors
/// A sentence that says why none of the addresses could be connected to.
///
/// ```
/// use std::future::{pending, ready};
/// use signalwire_relay_core::{Config, adapter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = Config::new().host("127.0.0.1:9").endpoint()?;
/// let addresses = "127.0.0.1:9".parse().map(|address| [address]).map_err(std::io::Error::other);
/// let refused = |_| ready(Err::<(), _>(std::io::ErrorKind::ConnectionRefused.into()));
/// let _connection = adapter::connect(&endpoint, addresses, refused, |_| pending());
/// # Ok(()) }
/// ```
pub async fn connect<S, C, D>(
    endpoint: &Endpoint,
    addresses: io::Result<impl IntoIterator<Item = SocketAddr>>,
    connect: impl Fn(SocketAddr) -> C,
    delay: impl Fn(Duration) -> D,
) -> Result<S, ConnectFailure>
where
    C: Future<Output = io::Result<S>>,
    D: Future<Output = ()>,
{
    let explain = |stage, error: &dyn std::fmt::Display| {
        ConnectFailure::new(stage, format!("cannot connect to {endpoint}: {error}"))
    };
    let mut failure = "the host has no address".to_owned();
    for address in in_turn(addresses.map_err(|error| explain(ConnectStage::NameLookup, &error))?) {
        match within(connect(address), delay(ADDRESS_TIMEOUT)).await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) if error.kind() != io::ErrorKind::TimedOut => failure = error.to_string(),
            Some(Err(_)) | None => failure = format!("{address} does not answer"),
        }
    }
    Err(explain(ConnectStage::Tcp, &failure))
}

/// The output of `work`, or `None` if `limit` is ready first.
async fn within<T>(work: impl Future<Output = T>, limit: impl Future<Output = ()>) -> Option<T> {
    let (mut work, mut limit) = (pin!(work), pin!(limit));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A host's addresses in the order in which to try them: the families in turn.
fn in_turn(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn endpoint() -> Endpoint {
        crate::Config::new().host("example.test:7").endpoint().expect("the host is usable")
    }

    /// The output of a future that never waits.
    fn finished<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn addresses_of_both_families_are_tried_in_turn() {
        let [a, b, c, d] = ["[::1]:1", "[::2]:1", "127.0.0.1:1", "127.0.0.2:1"].map(address);
        assert_eq!(in_turn([a, b, c, d]), [a, c, b, d]);
        assert_eq!(in_turn([c, d, a]), [c, a, d]);
        assert_eq!(in_turn([]), []);
    }

    #[test]
    fn an_address_that_does_not_answer_gives_way_to_the_next() {
        let tried = RefCell::new(Vec::new());
        let [silent, good, unused] = ["127.0.0.1:7", "127.0.0.2:7", "127.0.0.3:7"].map(address);
        let attempt = |address| {
            tried.borrow_mut().push(address);
            async move { if address == silent { pending().await } else { Ok(address) } }
        };
        let endpoint = endpoint();
        let connected = connect(&endpoint, Ok([silent, good, unused]), attempt, |_| ready(()));
        assert_eq!(finished(connected), Ok(good));
        assert_eq!(*tried.borrow(), [silent, good]);
    }

    #[test]
    fn the_last_failure_is_told() {
        let [one, two] = ["127.0.0.1:7", "127.0.0.2:7"].map(address);
        let attempt = |address| {
            let kind = if address == one { io::ErrorKind::Other } else { io::ErrorKind::TimedOut };
            ready(Err::<(), _>(io::Error::new(kind, "no route")))
        };
        let failed = |addresses: io::Result<Vec<SocketAddr>>| {
            finished(connect(&endpoint(), addresses, attempt, |_| pending()))
                .expect_err("none answers")
                .reason
        };
        let place = endpoint().to_string();
        assert_eq!(failed(Ok(vec![one])), format!("cannot connect to {place}: no route"));
        assert_eq!(failed(Ok(vec![one, two])), format!("cannot connect to {place}: {two} does not answer"));
        assert_eq!(failed(Ok(vec![])), format!("cannot connect to {place}: the host has no address"));
        let unknown = io::Error::other("unknown name");
        assert_eq!(failed(Err(unknown)), format!("cannot connect to {place}: unknown name"));
    }
}
