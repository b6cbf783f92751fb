//! State that tasks wait on: one mutex, and the wakers of those who wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A value that wakes those who wait for it to become something.
///
/// The lock is held for as long as the closures run that are handed in, which are this crate's own, short, and
/// take no other lock. Wakers are called, cloned and dropped while it is not held: they are an executor's, and with the
/// last waker of a task the task may go, and whatever handles it has.
#[derive(Debug)]
pub(crate) struct WatchCell<S> {
    inner: Mutex<Inner<S>>,
}

#[derive(Debug)]
struct Inner<S> {
    value: S,
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

impl<S: Default> Default for WatchCell<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> WatchCell<S> {
    pub(crate) fn new(value: S) -> Self {
        Self { inner: Mutex::new(Inner { value, next: 0, waiting: Vec::new() }) }
    }

    /// A cell that several hold.
    pub(crate) fn shared(value: S) -> Arc<Self> {
        Arc::new(Self::new(value))
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        // The closures do not panic; if one did, the value is still a value.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the value, or changes it in a way that nobody waits for.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut S) -> R) -> R {
        look(&mut self.lock().value)
    }

    /// Changes the value and wakes everybody who waits.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let mut inner = self.lock();
        let result = change(&mut inner.value);
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        for (_, waker) in waiting {
            waker.wake();
        }
        result
    }

    /// Looks for something in the value, and leaves a waker if it is not there yet. Looking and leaving happen
    /// under one lock, so that no change is missed between them.
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Waiter,
        look: impl FnOnce(&mut S) -> Option<R>,
    ) -> Poll<R> {
        let waker = cx.waker().clone();
        let mut inner = self.lock();
        let (polled, unused) = match look(&mut inner.value) {
            Some(found) => (Poll::Ready(found), [inner.leave(waiter), Some(waker)]),
            None => (Poll::Pending, [inner.wait(waiter, waker), None]),
        };
        drop(inner);
        drop(unused);
        polled
    }

    pub(crate) fn leave(&self, waiter: &mut Waiter) {
        let waker = self.lock().leave(waiter);
        drop(waker);
    }
}

impl<S> Inner<S> {
    /// Leaves a waker; gives the one that was there before.
    fn wait(&mut self, waiter: &mut Waiter, waker: Waker) -> Option<Waker> {
        let own = waiter.0.and_then(|number| self.waiting.iter_mut().find(|(own, _)| *own == number));
        if let Some((_, own)) = own {
            return Some(std::mem::replace(own, waker));
        }
        waiter.0 = Some(self.next);
        self.waiting.push((self.next, waker));
        self.next += 1;
        None
    }

    /// Removes the waker of a waiter and returns it.
    fn leave(&mut self, waiter: &mut Waiter) -> Option<Waker> {
        let number = waiter.0.take()?;
        let position = self.waiting.iter().position(|(own, _)| *own == number)?;
        Some(self.waiting.remove(position).1)
    }
}

/// Somebody's place among those who wait.
#[derive(Debug, Default)]
pub(crate) struct Waiter(Option<u64>);

/// A shared value with a watch cell.
pub(crate) trait Watch: Send + Sync + 'static {
    type Value;

    fn cell(&self) -> &WatchCell<Self::Value>;
}

impl<S: Send + 'static> Watch for WatchCell<S> {
    type Value = S;

    fn cell(&self) -> &WatchCell<S> {
        self
    }
}

type Condition<S, R> = Box<dyn FnMut(&mut S) -> Option<R> + Send>;

/// A future that is ready when a condition finds something in the value of a watch cell.
pub(crate) struct WaitFor<W: Watch, R> {
    watched: Arc<W>,
    waiter: Waiter,
    condition: Condition<W::Value, R>,
}

impl<W: Watch, R> WaitFor<W, R> {
    pub(crate) fn new(
        watched: Arc<W>,
        condition: impl FnMut(&mut W::Value) -> Option<R> + Send + 'static,
    ) -> Self {
        Self { watched, waiter: Waiter::default(), condition: Box::new(condition) }
    }
}

impl<W: Watch, R> Future for WaitFor<W, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let Self { watched, waiter, condition } = &mut *self;
        watched.cell().poll(cx, waiter, condition)
    }
}

impl<W: Watch, R> Drop for WaitFor<W, R> {
    fn drop(&mut self) {
        self.watched.cell().leave(&mut self.waiter);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// What an executor may do when the last waker of a task is dropped: drop the task, and with it whatever handles
    /// it has.
    struct Reenters(Arc<WatchCell<u32>>);
    impl Wake for Reenters {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Reenters {
        fn drop(&mut self) {
            self.0.update(|value| *value += 1);
        }
    }

    #[test]
    fn wakers_are_dropped_outside_of_the_lock() {
        let (done, finished) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let watched = WatchCell::shared(0);
            let reenters = || Waker::from(Arc::new(Reenters(watched.clone())));
            let mut waiter = Waiter::default();
            let mut poll = |waker: Waker, found: Option<()>| {
                watched.poll(&mut Context::from_waker(&waker), &mut waiter, |_| found)
            };
            assert!(poll(reenters(), None).is_pending());
            assert!(poll(reenters(), None).is_pending(), "the second takes the place of the first");
            assert!(poll(Waker::noop().clone(), Some(())).is_ready(), "the place is left");
            let mut until = WaitFor::new(watched.clone(), |_| None::<()>);
            assert!(Pin::new(&mut until).poll(&mut Context::from_waker(&reenters())).is_pending());
            drop(until);
            let _ = done.send(watched.with(|value| *value));
        });
        assert_eq!(finished.recv_timeout(std::time::Duration::from_mins(2)), Ok(3), "it deadlocks");
    }

    #[test]
    fn a_waiter_is_woken_once_for_each_change_and_leaves_nothing_behind() {
        let watched = WatchCell::shared(0);
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut cx = Context::from_waker(&waker);
        let mut two = WaitFor::new(watched.clone(), |value| (*value == 2).then_some(()));
        for _ in 0..3 {
            assert!(Pin::new(&mut two).poll(&mut cx).is_pending());
        }
        watched.update(|value| *value = 1);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(Pin::new(&mut two).poll(&mut cx).is_pending());
        drop(two);
        watched.update(|value| *value = 2);
        assert_eq!(count.0.load(Ordering::SeqCst), 1, "a dropped waiter is not woken");
        assert!(watched.lock().waiting.is_empty());
    }
}
