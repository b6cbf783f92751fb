//! Serving until the process is asked to end.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::interruptions::{self, Interruptions};
use super::log;
use crate::client::Client;
use crate::config::SecondSignal;
use crate::error::Error;

/// The answer to a request to end the process.
#[derive(Debug, Clone, Copy)]
pub(super) enum Interruption {
    Drain,
    HangUp,
    Close,
}

/// Serves until the client is closed. At the first interruption the client drains, as [`Client::drain`] describes, with
/// the configured time for calls that run; at the second it does what [`Config::second_signal`](crate::Config::second_signal)
/// says; at the third it closes at once. Dropping the future only stops listening.
///
/// # Errors
/// Why the client closed, unless that was asked for.
pub async fn serve<I: Interruptions>(client: &Client) -> Result<(), Error> {
    let mut source = interruptions::listen::<I>();
    let mut closed = pin!(client.closed());
    let mut interruptions = 0_u32;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(outcome) = closed.as_mut().poll(cx) {
            return Poll::Ready(outcome);
        }
        while source.poll_interruption(cx).is_ready() {
            let action = match (interruptions, client.second_signal()) {
                (0, _) => Interruption::Drain,
                (1, SecondSignal::HangUp) => Interruption::HangUp,
                _ => Interruption::Close,
            };
            interruptions = interruptions.saturating_add(1);
            log::interrupted(action);
            match action {
                Interruption::Drain => client.drain(None),
                Interruption::HangUp => client.drain(Some(Duration::ZERO)),
                Interruption::Close => client.disconnect(),
            }
        }
        Poll::Pending
    })
    .await
}
