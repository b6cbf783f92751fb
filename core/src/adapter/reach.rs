//! Waiting for the first connection.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use super::interruptions::{Interruptions, listen_if_ignored};
use crate::client::Client;
use crate::error::Error;

/// Waits until the client is ready for the first time, within the limits of
/// [`Config::connect_attempts`](crate::Config::connect_attempts) and
/// [`Config::connect_timeout`](crate::Config::connect_timeout): `connect` of every adapter. At a limit the client closes.
/// Dropping the future only stops waiting.
///
/// A request to end the process ends it, too, where the process would not end by itself: as the first of a container, or
/// after [`serve`](super::serve) has listened for such requests.
///
/// # Errors
/// [`Error::Unreachable`] at a limit; [`Error::Interrupted`] on such a request; else why the client closed.
pub async fn reach<I: Interruptions>(client: &Client) -> Result<(), Error> {
    client.limit_connecting();
    let mut interruptions = listen_if_ignored::<I>();
    let mut ready = pin!(client.ready());
    std::future::poll_fn(|cx| {
        if let Poll::Ready(outcome) = ready.as_mut().poll(cx) {
            return Poll::Ready(outcome);
        }
        if interruptions.as_mut().is_some_and(|interruptions| interruptions.poll_interruption(cx).is_ready())
        {
            client.disconnect();
            return Poll::Ready(Err(Error::Interrupted));
        }
        Poll::Pending
    })
    .await
}
