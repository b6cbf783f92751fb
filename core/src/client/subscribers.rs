//! Following events: streams with a bound, each reader at its own pace.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::watch_cell::{WaitFor, Waiter, WatchCell};
use crate::events::{Event, Missed, Update};

/// How many events wait for a reader. Beyond that its oldest are dropped, and counted.
pub const MAX_WAITING_EVENTS: usize = 256;

/// The readers of one source of events.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    queues: Vec<Arc<WatchCell<Queue>>>,
    ended: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    updates: VecDeque<Update>,
    dropped: u64,
    ended: bool,
}

impl Subscribers {
    pub(crate) fn add(&mut self) -> Arc<WatchCell<Queue>> {
        let queue = WatchCell::shared(Queue { ended: self.ended, ..Queue::default() });
        if !self.ended {
            if self.queues.len() == self.queues.capacity() {
                // A source may be silent for as long as it likes while readers come and go.
                self.forget_gone();
                // So that it is not done again before as many have come as there are.
                self.queues.reserve(self.queues.len().max(4));
            }
            self.queues.push(queue.clone());
        }
        queue
    }

    fn forget_gone(&mut self) {
        self.queues.retain(|queue| Arc::strong_count(queue) > 1);
    }

    /// Those who are to be told; empty, and free, if nobody follows. Readers that are gone are left out.
    pub(crate) fn current(&mut self) -> Vec<Arc<WatchCell<Queue>>> {
        self.forget_gone();
        self.queues.clone()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn end(&mut self) -> Vec<Arc<WatchCell<Queue>>> {
        self.ended = true;
        std::mem::take(&mut self.queues)
    }
}

pub(crate) fn publish(queues: &[Arc<WatchCell<Queue>>], update: &Update) {
    for queue in queues {
        queue.update(|queue| {
            if queue.updates.len() == MAX_WAITING_EVENTS {
                queue.updates.pop_front();
                queue.dropped += 1;
            }
            queue.updates.push_back(update.clone());
        });
    }
}

pub(crate) fn end(queues: Vec<Arc<WatchCell<Queue>>>) {
    for queue in queues {
        queue.update(|queue| queue.ended = true);
    }
}

impl Queue {
    /// The next update; `Some(None)` at the end.
    #[expect(clippy::option_option, reason = "not yet, an update, and the end are three things")]
    fn next(&mut self) -> Option<Option<Update>> {
        if self.dropped > 0 {
            return Some(Some(Err(Missed::Lagged(std::mem::take(&mut self.dropped)))));
        }
        match self.updates.pop_front() {
            Some(update) => Some(Some(update)),
            None => self.ended.then_some(None),
        }
    }
}

/// A stream of events, and of [`Missed`] where some are missing. It ends when its source does.
///
/// Up to [`MAX_WAITING_EVENTS`] events wait to be read; a slower reader loses its oldest and is told how many.
/// Dropping it stops following.
#[must_use = "streams do nothing unless read"]
pub struct Events {
    queue: Arc<WatchCell<Queue>>,
    waiter: Waiter,
}

impl Events {
    pub(crate) fn new(queue: Arc<WatchCell<Queue>>) -> Self {
        Self { queue, waiter: Waiter::default() }
    }

    /// The next update, or `None` at the end. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Update> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The first update that fits, or `None` if there is none until the end. The update stays to be found again; those
    /// before it are dropped.
    pub(crate) fn first<T: Send + 'static>(
        &self,
        fits: impl Fn(&Event) -> Option<T> + Send + 'static,
    ) -> WaitFor<WatchCell<Queue>, Option<T>> {
        WaitFor::new(self.queue.clone(), move |queue: &mut Queue| {
            while let Some(update) = queue.updates.front() {
                if let Some(found) = update.as_ref().ok().and_then(|event| fits(event)) {
                    return Some(Some(found));
                }
                queue.updates.pop_front();
            }
            queue.ended.then_some(None)
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.queue.poll(cx, &mut self.waiter, Queue::next)
    }
}

impl Stream for Events {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.poll(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.queue.leave(&mut self.waiter);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use super::*;

    fn next(events: &mut Events) -> Poll<Option<Update>> {
        events.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
        let mut subscribers = Subscribers::default();
        let mut events = Events::new(subscribers.add());
        for number in 0..=MAX_WAITING_EVENTS as u64 {
            publish(&subscribers.current(), &Err(Missed::Reconnected(Duration::from_secs(number))));
        }
        end(subscribers.end());
        let mut read = Vec::new();
        while let Poll::Ready(Some(update)) = next(&mut events) {
            read.push(update.expect_err("only gaps were told"));
        }
        assert_eq!(read[..2], [Missed::Lagged(1), Missed::Reconnected(Duration::from_secs(1))]);
        assert_eq!(read.len(), MAX_WAITING_EVENTS + 1);
        assert!(matches!(next(&mut events), Poll::Ready(None)));
    }

    #[test]
    fn readers_that_come_and_go_are_forgotten_though_nothing_happens() {
        let mut subscribers = Subscribers::default();
        let staying: Vec<_> = (0..10).map(|_| Events::new(subscribers.add())).collect();
        for _ in 0..10_000 {
            drop(Events::new(subscribers.add()));
            assert!(subscribers.queues.len() <= 4 * staying.len(), "{} are kept", subscribers.queues.len());
        }
        assert_eq!(subscribers.current().len(), staying.len());
    }

    #[test]
    fn readers_that_are_gone_are_forgotten() {
        let mut subscribers = Subscribers::default();
        drop(Events::new(subscribers.add()));
        assert!(subscribers.current().is_empty());
        end(subscribers.end());
        assert!(
            matches!(next(&mut Events::new(subscribers.add())), Poll::Ready(None)),
            "followed after the end"
        );
    }
}
