//! PendingWork, with a limit if wanted.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::mailbox::Message;
use super::watch_cell::{WaitFor, WatchCell};
use super::{Sender, Shared};
use crate::error::Error;
use crate::ids::Ticket;

/// A future that waits for something to happen. Dropping it only stops waiting.
#[must_use = "futures do nothing unless polled"]
pub struct Wait<T> {
    inner: Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>,
    shared: Arc<Shared>,
    /// Keeps the client open, if it is there.
    sender: Option<Sender>,
    what: String,
    limit: Option<Duration>,
    alarm: Option<Alarm>,
}

/// An alarm that the session keeps.
struct Alarm {
    ticket: Ticket,
    fired: WaitFor<bool, ()>,
}

impl<T> Wait<T> {
    /// One that keeps the client open: what it waits for would not come without.
    pub(crate) fn new(
        sender: Sender,
        what: String,
        inner: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let mut wait = Self::on_client(&sender, what, inner);
        wait.sender = Some(sender);
        wait
    }

    /// One that waits for something of the client as a whole, which its end brings about, too.
    pub(super) fn on_client(
        sender: &Sender,
        what: String,
        inner: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let shared = sender.shared().clone();
        Self { inner: Box::pin(inner), shared, sender: None, what, limit: None, alarm: None }
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

    fn set_alarm(&mut self, after: Duration) -> &mut Alarm {
        let mailbox = &self.shared.mailbox;
        self.alarm.get_or_insert_with(|| {
            let ticket = mailbox.new_ticket();
            let fired: Arc<WatchCell<bool>> = WatchCell::new(false);
            mailbox.post(Message::Alarm { ticket, after, fired: fired.clone() });
            Alarm { ticket, fired: WaitFor::new(fired, |fired: &mut bool| fired.then_some(())) }
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
        match Pin::new(&mut self.set_alarm(limit).fired).poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(Error::waited_too_long(self.what.clone(), limit))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Unpin for Wait<T> {}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        if let Some(alarm) = &self.alarm {
            self.shared.mailbox.post(Message::CancelAlarm(alarm.ticket));
        }
    }
}

impl<T> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("what", &self.what).field("limit", &self.limit).finish_non_exhaustive()
    }
}
