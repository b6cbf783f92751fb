//! The stream of the states of the connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::shared::Link;
use super::watch_cell::{Waiter, WatchCell};
use crate::session::ConnectionState;

/// The states of the connection. See [`Client::connection_states`](crate::Client::connection_states).
#[must_use = "streams do nothing unless read"]
#[derive(Debug)]
pub struct ConnectionStates {
    link: Arc<WatchCell<Link>>,
    waiter: Waiter,
    last: Option<ConnectionState>,
}

impl ConnectionStates {
    pub(super) fn new(link: Arc<WatchCell<Link>>) -> Self {
        Self { link, waiter: Waiter::default(), last: None }
    }

    /// The next state, or `None` when the client is closed. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<ConnectionState> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<ConnectionState>> {
        let last = &mut self.last;
        self.link.poll(cx, &mut self.waiter, |link| {
            if last.as_ref() != Some(&link.state) {
                *last = Some(link.state.clone());
                return Some(last.clone());
            }
            link.end.is_some().then_some(None)
        })
    }
}

impl Stream for ConnectionStates {
    type Item = ConnectionState;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionState>> {
        self.poll(cx)
    }
}

impl Drop for ConnectionStates {
    fn drop(&mut self) {
        self.link.leave(&mut self.waiter);
    }
}
