//! Streams as iterators.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use signalwire_relay_core::adapter::may_block;

use crate::run::block_on;

/// Reads a stream of the client on a thread.
///
/// ```no_run
/// # fn example(client: signalwire_relay_blocking::RelayClient) {
/// use signalwire_relay_blocking::Iterate;
/// for state in client.connection_states().iter() {
///     println!("{state}");
/// }
/// # }
/// ```
pub trait Iterate: Stream + Unpin + Sized {
    /// An iterator that blocks until there is a next item, and ends with the stream.
    fn iter(self) -> Iter<Self> {
        Iter(self)
    }
}

impl<S: Stream + Unpin> Iterate for S {}

/// An iterator over a stream. Dropping it drops the stream.
///
/// Where blocking [would deadlock](crate::Run::run) it gives nothing.
#[must_use = "iterators do nothing unless read"]
#[derive(Debug)]
pub struct Iter<S>(S);

impl<S: Stream + Unpin> Iterator for Iter<S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        if !may_block() {
            return None;
        }
        block_on(poll_fn(|cx| Pin::new(&mut self.0).poll_next(cx)))
    }
}
