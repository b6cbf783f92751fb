//! What has happened so far, and waiting for more of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A list that only grows, and wakes those who wait for something to be in it. Clones are the same list.
pub(crate) struct Log<T>(Arc<Mutex<Inner<T>>>);

struct Inner<T> {
    items: Vec<T>,
    waiting: Vec<Waker>,
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner { items: Vec::new(), waiting: Vec::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, item: T) {
        let mut inner = self.lock();
        inner.items.push(item);
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Waits until `look` finds what it looks for. It is asked again whenever something was added.
    pub(crate) async fn when<R>(&self, mut condition: impl FnMut(&[T]) -> Option<R>) -> R {
        std::future::poll_fn(|cx| {
            let mut inner = self.lock();
            if let Some(found) = condition(&inner.items) {
                return Poll::Ready(found);
            }
            if !inner.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                inner.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until something was added after the first `seen`; says how much there is then.
    async fn grown(&self, seen: usize) -> usize {
        self.when(|items| (items.len() > seen).then_some(items.len())).await
    }

    /// Asks for something elsewhere, at once and whenever something was added, until it is there.
    pub(crate) async fn wait_for<R>(&self, mut condition: impl FnMut() -> Option<R>) -> R {
        loop {
            let seen = self.len();
            if let Some(found) = condition() {
                return found;
            }
            self.grown(seen).await;
        }
    }
}

impl<T: Clone> Log<T> {
    /// Waits until there are so many, and gives all that there are then.
    pub(crate) async fn at_least(&self, count: usize) -> Vec<T> {
        self.when(|items| (items.len() >= count).then(|| items.to_vec())).await
    }

    pub(crate) fn items(&self) -> Vec<T> {
        self.lock().items.clone()
    }
}
