//! Calls that wait to be taken, and the stream that takes them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

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
    /// Set once there was a stream of them.
    awaited: bool,
    ended: bool,
}

impl Offers {
    pub(super) fn push(&mut self, call: Arc<CallRecord>) {
        self.calls.push_back(call);
    }

    /// The next offer, which may have ended; `Some(None)` at the end.
    #[expect(clippy::option_option, reason = "not yet, an offer, and the end are three things")]
    fn next(&mut self) -> Option<Option<Arc<CallRecord>>> {
        match self.calls.pop_front() {
            Some(call) => Some(Some(call)),
            None => self.ended.then_some(None),
        }
    }

    /// Removes all offers, some of which may have ended.
    pub(super) fn take(&mut self) -> VecDeque<Arc<CallRecord>> {
        std::mem::take(&mut self.calls)
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        self.calls.clear();
    }
}

/// What asks for the state of calls, which have locks of their own.
impl WatchCell<Offers> {
    /// Forgets the oldest offers if they have ended. Offers end roughly in the order in which they came.
    pub(super) fn forget_ended(&self) {
        while let Some(oldest) = self.with(|offers| offers.calls.front().cloned())
            && oldest.is_ended()
        {
            self.with(|offers| offers.calls.pop_front_if(|front| Arc::ptr_eq(front, &oldest)));
        }
    }

    /// The number of offers that still stand.
    pub(super) fn standing(&self) -> usize {
        let calls = self.with(|offers| offers.calls.clone());
        calls.iter().filter(|call| !call.is_ended()).count()
    }
}

/// The calls that come in. See [`Client::incoming_calls`](crate::Client::incoming_calls).
///
/// Dropping it leaves the calls that wait to other streams or to a handler. The client passes on those that nobody
/// takes.
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
        // Once for all streams: a program may make one for each call.
        if !offers.with(|offers| std::mem::replace(&mut offers.awaited, true)) {
            sender.mailbox().post(Mail::Listen("Client::incoming_calls"));
        }
        Self { handles: sender.downgrade(), offers, waiter: Waiter::default() }
    }

    /// The next call, or `None` when the client is closed or its last handle is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Call> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Call>> {
        // Without handles the client is about to close.
        let Some(sender) = Sender::upgrade(&self.handles) else { return Poll::Ready(None) };
        loop {
            match ready!(self.offers.poll(cx, &mut self.waiter, Offers::next)) {
                None => return Poll::Ready(None),
                // It was passed on, or its caller left.
                Some(call) if call.is_ended() => {}
                Some(call) => {
                    let call = Call::new(sender, call);
                    call.sender().mailbox().post(Mail::Take(call.id().clone()));
                    return Poll::Ready(Some(call));
                }
            }
        }
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
