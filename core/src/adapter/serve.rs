//! Serving until the process is asked to end.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use super::log;
use crate::client::Client;
use crate::error::Error;

/// Serves until the client is closed. At the first interruption the client drains, as [`Client::drain`] describes, with
/// the configured time for calls that run; at the second it closes at once.
///
/// `poll_interruption` is ready once for each request to end the process: Ctrl-C, and `SIGTERM` where there is such a
/// thing. Dropping the future only stops listening for them.
///
/// # Errors
/// Why the client closed, unless that was asked for.
pub async fn serve(
    client: &Client,
    mut poll_interruption: impl FnMut(&mut Context<'_>) -> Poll<()>,
) -> Result<(), Error> {
    let mut closed = pin!(client.closed());
    let mut interrupted = false;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(outcome) = closed.as_mut().poll(cx) {
            return Poll::Ready(outcome);
        }
        while poll_interruption(cx).is_ready() {
            log::interrupted(interrupted);
            if interrupted {
                client.disconnect();
            } else {
                client.drain(None);
            }
            interrupted = true;
        }
        Poll::Pending
    })
    .await
}
