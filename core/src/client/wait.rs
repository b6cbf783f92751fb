//! Waiting, with a limit if wanted.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::mailbox::Mail;
use super::shared::{Sender, Shared};
use super::watch_cell::{WaitFor, WatchCell};
use crate::error::Error;
use crate::ids::Ticket;

/// A future that waits for something to happen. Dropping it only stops waiting.
#[must_use = "futures do nothing unless polled"]
pub struct Wait<T> {
    inner: Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>,
    owner: Owner,
    what: String,
    limit: Option<Duration>,
    timeout: Option<Timeout>,
}

/// The owner of a wait.
enum Owner {
    /// A handle's, which keeps the client open.
    Handle(Sender),
    /// The client's as a whole.
    Client(Arc<Shared>),
}

impl Owner {
    fn shared(&self) -> &Shared {
        match self {
            Self::Handle(sender) => sender.shared(),
            Self::Client(shared) => shared,
        }
    }
}

/// A time limit that the state of the client keeps.
struct Timeout {
    ticket: Ticket,
    expired: WaitFor<WatchCell<bool>, ()>,
}

impl<T> Wait<T> {
    /// One that keeps the client open: what it waits for would not come without.
    pub(crate) fn new(
        sender: Sender,
        what: String,
        inner: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        Self::owned(Owner::Handle(sender), what, inner)
    }

    /// One that waits for something of the client as a whole, which its end brings about, too.
    pub(super) fn on_client(
        sender: &Sender,
        what: String,
        inner: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        Self::owned(Owner::Client(sender.shared().clone()), what, inner)
    }

    fn owned(
        owner: Owner,
        what: String,
        inner: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        Self { inner: Box::pin(inner), owner, what, limit: None, timeout: None }
    }

    /// For how long to wait at most, counted from the first poll. Default: without limit.
    ///
    /// When it passes the future gives [`Error::TimedOut`]; what was waited for is not affected.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::secs;
    /// while call.wait_for_ended().timeout(secs(20)).await.is_err() {
    ///     call.play_tts("Still recording.").await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    fn set_timeout(&mut self, after: Duration) -> &mut Timeout {
        let mailbox = &self.owner.shared().mailbox;
        self.timeout.get_or_insert_with(|| {
            let ticket = mailbox.new_ticket();
            let expired: Arc<WatchCell<bool>> = WatchCell::shared(false);
            mailbox.post(Mail::SetTimeout { ticket, after, expired: expired.clone() });
            Timeout { ticket, expired: WaitFor::new(expired, |expired: &mut bool| expired.then_some(())) }
        })
    }
}

impl<T> Future for Wait<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(result) = self.inner.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        let Some(limit) = self.limit else { return Poll::Pending };
        match Pin::new(&mut self.set_timeout(limit).expired).poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(Error::waited_too_long(self.what.clone(), limit))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Unpin for Wait<T> {}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        if let Some(timeout) = &self.timeout {
            self.owner.shared().mailbox.post(Mail::CancelTimeout(timeout.ticket));
        }
    }
}

impl<T> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("what", &self.what).field("limit", &self.limit).finish_non_exhaustive()
    }
}
