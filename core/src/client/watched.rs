//! State that tasks wait on: one mutex, and the wakers of those who wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A value that wakes those who wait for it to become something.
///
/// The lock is held for as long as the closures run that are handed in, which are this crate's own, short, and
/// take no other lock; wakers are called after it was released.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: Mutex<Inner<S>>,
}

#[derive(Debug)]
struct Inner<S> {
    value: S,
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

impl<S> Watched<S> {
    pub(crate) fn new(value: S) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::new(Inner { value, next: 0, waiting: Vec::new() }) })
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
        place: &mut Place,
        look: impl FnOnce(&mut S) -> Option<R>,
    ) -> Poll<R> {
        let mut inner = self.lock();
        if let Some(found) = look(&mut inner.value) {
            inner.leave(place);
            return Poll::Ready(found);
        }
        inner.wait(place, cx.waker());
        Poll::Pending
    }

    pub(crate) fn leave(&self, place: &mut Place) {
        self.lock().leave(place);
    }
}

impl<S> Inner<S> {
    fn wait(&mut self, place: &mut Place, waker: &Waker) {
        let own = place.0.and_then(|number| self.waiting.iter_mut().find(|(own, _)| *own == number));
        if let Some((_, own)) = own {
            own.clone_from(waker);
        } else {
            place.0 = Some(self.next);
            self.waiting.push((self.next, waker.clone()));
            self.next += 1;
        }
    }

    fn leave(&mut self, place: &mut Place) {
        if let Some(number) = place.0.take() {
            self.waiting.retain(|(own, _)| *own != number);
        }
    }
}

/// Somebody's place among those who wait.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<u64>);

type Look<S, R> = Box<dyn FnMut(&mut S) -> Option<R> + Send>;

/// A future that is done when `look` finds something in a watched value.
pub(crate) struct Until<S, R> {
    watched: Arc<Watched<S>>,
    place: Place,
    look: Look<S, R>,
}

impl<S, R> Until<S, R> {
    pub(crate) fn new(
        watched: Arc<Watched<S>>,
        look: impl FnMut(&mut S) -> Option<R> + Send + 'static,
    ) -> Self {
        Self { watched, place: Place::default(), look: Box::new(look) }
    }
}

impl<S, R> Future for Until<S, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let Self { watched, place, look } = &mut *self;
        watched.poll(cx, place, look)
    }
}

impl<S, R> Drop for Until<S, R> {
    fn drop(&mut self) {
        self.watched.leave(&mut self.place);
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

    #[test]
    fn a_waiter_is_woken_once_for_each_change_and_leaves_nothing_behind() {
        let watched = Watched::new(0);
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut cx = Context::from_waker(&waker);
        let mut two = Until::new(watched.clone(), |value| (*value == 2).then_some(()));
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
