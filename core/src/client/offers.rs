//! Calls that wait to be taken, and the stream that takes them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Call;
use super::call::CallRecord;
use super::handlers::CallHandler;
use super::mailbox::Mail;
use super::shared::{Handles, Sender};
use super::watch_cell::{Waiter, WatchCell};

/// Calls on their way to whoever takes them. Whether an offer still stands is known by its call.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// Without handles, which would keep the client open.
    calls: VecDeque<Arc<CallRecord>>,
    /// Set once a handler takes them. Streams then get none.
    is_handled: bool,
    /// The tasks for a handler that were spawned and have not begun to run.
    tasks: usize,
    /// Set once there was a stream of them.
    awaited: bool,
    ended: bool,
}

impl Offers {
    pub(super) fn push(&mut self, call: Arc<CallRecord>) {
        self.calls.push_back(call);
    }

    /// The next offer for a stream, which may have ended; `Some(None)` at the end.
    #[expect(clippy::option_option, reason = "not yet, an offer, and the end are three things")]
    fn next(&mut self) -> Option<Option<Arc<CallRecord>>> {
        match self.calls.pop_front_if(|_| !self.is_handled) {
            Some(call) => Some(Some(call)),
            None => self.ended.then_some(None),
        }
    }

    /// From now on a handler gets the offers.
    pub(super) fn handle(&mut self) {
        self.is_handled = true;
    }

    /// Notes that a task is about to be spawned, unless there is one for each offer already.
    fn expect_task(&mut self) -> bool {
        let spawns = self.is_handled && self.tasks < self.calls.len();
        self.tasks += usize::from(spawns);
        spawns
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

    /// The offers that still stand.
    pub(super) fn standing(&self) -> impl Iterator<Item = Arc<CallRecord>> + use<> {
        self.with(|offers| offers.calls.clone()).into_iter().filter(|call| !call.is_ended())
    }
}

/// A call whose offer was taken. Its session is told.
fn taken(sender: Sender, call: Arc<CallRecord>) -> Call {
    sender.mailbox().post(Mail::Take(call.clone()));
    Call::new(sender, call)
}

/// A task that runs a handler. It is for no certain call: when it begins to run, it takes the offer that has waited for
/// longest. Until then the call stays an offer, so that a runtime that has no room for the task leaves it to the session to
/// pass the call on.
pub(super) struct HandlerTask {
    handles: Weak<Handles>,
    offers: Arc<WatchCell<Offers>>,
    handler: CallHandler,
    has_begun: bool,
}

impl HandlerTask {
    /// One more task, unless there is one for each offer already.
    pub(super) fn expected(
        handles: &Weak<Handles>,
        offers: &Arc<WatchCell<Offers>>,
        on_call: &CallHandler,
    ) -> Option<Self> {
        offers.with(Offers::expect_task).then(|| Self {
            handles: handles.clone(),
            offers: offers.clone(),
            handler: on_call.clone(),
            has_begun: false,
        })
    }

    pub(super) async fn run(mut self) {
        if let Some(call) = self.take_offer() {
            (self.handler)(call).await;
        }
    }

    fn take_offer(&mut self) -> Option<Call> {
        // Without handles the client is about to close, and the offer is left to the service.
        let sender = Sender::upgrade(&self.handles)?;
        loop {
            let has_begun = std::mem::replace(&mut self.has_begun, true);
            let call = self.offers.with(|offers| {
                // Under one lock with the look at the offers: an offer that comes later has a task of its own.
                offers.tasks -= usize::from(!has_begun);
                offers.calls.pop_front()
            })?;
            if call.take() {
                return Some(taken(sender, call));
            }
        }
    }
}

/// A task that the runtime drops does not count any more: another is spawned for the next offer.
impl Drop for HandlerTask {
    fn drop(&mut self) {
        if !self.has_begun {
            self.offers.with(|offers| offers.tasks -= 1);
        }
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
                Some(call) if !call.take() => {}
                Some(call) => return Poll::Ready(Some(taken(sender, call))),
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
