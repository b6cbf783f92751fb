//! Calls that wait to be taken, and the stream that takes them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;

use super::Call;
use super::call::CallRecord;
use super::mailbox::Mail;
use super::shared::{Handles, Sender};
use super::watch_cell::{Waiter, WatchCell};

/// Calls on their way to whoever takes them. Whether an offer still stands is known by its call.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// Without handles, which would keep the client open.
    calls: VecDeque<Arc<CallRecord>>,
    ended: bool,
}

impl Offers {
    pub(super) fn push(&mut self, call: Arc<CallRecord>) {
        self.calls.push_back(call);
    }

    /// The next offer that still stands; `Some(None)` at the end.
    #[expect(clippy::option_option, reason = "not yet, an offer, and the end are three things")]
    fn next(&mut self) -> Option<Option<Arc<CallRecord>>> {
        self.forget_ended();
        match self.calls.pop_front() {
            Some(call) => Some(Some(call)),
            None => self.ended.then_some(None),
        }
    }

    /// Gives all offers that still stand to a handler.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Arc<CallRecord>> + use<> {
        std::mem::take(&mut self.calls).into_iter().filter(|call| !call.is_ended())
    }

    /// Forgets the oldest offers that do not stand any more. Offers end roughly in the order in which they came.
    pub(super) fn forget_ended(&mut self) {
        while self.calls.front().is_some_and(|call| call.is_ended()) {
            self.calls.pop_front();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.iter().filter(|call| !call.is_ended()).count()
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        self.calls.clear();
    }
}

/// The calls that come in. See [`Client::incoming_calls`](crate::Client::incoming_calls). Dropping it leaves waiting calls to other streams, to
/// a handler, or to be passed on.
#[must_use = "streams do nothing unless read"]
#[derive(Debug)]
pub struct IncomingCalls {
    handles: Weak<Handles>,
    offers: Arc<WatchCell<Offers>>,
    waiter: Waiter,
}

impl IncomingCalls {
    pub(super) fn new(sender: &Sender) -> Self {
        let offers = sender.shared().offers.clone();
        Self { handles: sender.downgrade(), offers, waiter: Waiter::default() }
    }

    /// The next call, or `None` when the client is closed or its last handle is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Call> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Call>> {
        // Without handles the client is about to close.
        let Some(sender) = Sender::upgrade(&self.handles) else { return Poll::Ready(None) };
        let next = self.offers.poll(cx, &mut self.waiter, Offers::next);
        next.map(|call| {
            let call = Call::new(sender, call?);
            call.sender().mailbox().post(Mail::Take(call.id().clone()));
            Some(call)
        })
    }
}

impl Stream for IncomingCalls {
    type Item = Call;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Call>> {
        self.poll(cx)
    }
}

impl Drop for IncomingCalls {
    fn drop(&mut self) {
        self.offers.leave(&mut self.waiter);
    }
}
