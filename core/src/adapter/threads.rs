//! Threads on which blocking would be waiting for oneself, or keep others from running.
//!
//! Waiting on a thread (`Run` of the blocking adapter) is refused where the wait could keep its own end from coming:
//!
//! - within a [`MustNotBlock`], which an adapter holds while a thread does work that must not block;
//! - on the thread that polled a [`Driver`](super::Driver) last, if that thread is needed to drive it
//!   ([`Runtime::needs_thread`](super::Runtime::needs_thread)), until another thread polls it or it is dropped;
//! - where a detector says so, which an adapter has registered because its runtime knows: see [`add_detector`].

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

thread_local! {
    /// The number of marks that are held on this thread.
    static MARKS: Cell<usize> = const { Cell::new(0) };
    /// The number of drivers that this thread polled last, and that need it.
    static DRIVERS: Arc<AtomicUsize> = Arc::default();
}

static DETECTORS: RwLock<Vec<fn() -> bool>> = RwLock::new(Vec::new());

/// Returns `false` where waiting on this thread is refused.
pub fn may_block() -> bool {
    // A thread that is ending runs nothing of any client any more.
    let marked = MARKS.try_with(Cell::get).unwrap_or_default() > 0;
    let drives = DRIVERS.try_with(|drivers| drivers.load(Ordering::Relaxed)).unwrap_or_default() > 0;
    // Copied: what a detector calls may be anything.
    let detectors = || DETECTORS.read().unwrap_or_else(PoisonError::into_inner).clone();
    !marked && !drives && !detectors().into_iter().any(|detects| detects())
}

/// Registers a function that returns `true` where waiting on the present thread has to be refused. It is asked before each
/// wait, for as long as the process lives: register it once.
pub fn add_detector(detects: fn() -> bool) {
    DETECTORS.write().unwrap_or_else(PoisonError::into_inner).push(detects);
}

/// Marks the present thread as one that must not block, until it is dropped.
#[must_use = "the mark ends when this is dropped"]
#[derive(Debug)]
pub struct MustNotBlock {
    /// It has to be dropped on its thread.
    on_this_thread: PhantomData<*const ()>,
}

impl MustNotBlock {
    /// Marks the present thread.
    pub fn here() -> Self {
        MARKS.with(|marks| marks.set(marks.get() + 1));
        Self { on_this_thread: PhantomData }
    }
}

impl Drop for MustNotBlock {
    fn drop(&mut self) {
        // On a thread that is ending there is nothing to mark.
        let _ = MARKS.try_with(|marks| marks.set(marks.get() - 1));
    }
}

/// A future that marks the thread on which it is polled for the length of the poll, and the one on which it is dropped.
pub(super) struct Marked<F>(Option<F>);

impl<F> Marked<F> {
    pub(super) fn new(work: F) -> Self {
        Self(Some(work))
    }
}

impl<F: Future<Output = ()> + Unpin> Future for Marked<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _mark = MustNotBlock::here();
        self.0.as_mut().map_or(Poll::Ready(()), |work| Pin::new(work).poll(cx))
    }
}

impl<F> Drop for Marked<F> {
    fn drop(&mut self) {
        let _mark = MustNotBlock::here();
        self.0 = None;
    }
}

/// The thread that something was polled on last, as one that is needed to poll it again.
#[derive(Debug, Default)]
pub struct NeededThread(Option<Arc<AtomicUsize>>);

impl NeededThread {
    /// It is the present thread, and no other.
    pub fn set_here(&mut self) {
        let Ok(here) = DRIVERS.try_with(Arc::clone) else { return self.clear() };
        if self.0.as_ref().is_some_and(|thread| Arc::ptr_eq(thread, &here)) {
            return;
        }
        here.fetch_add(1, Ordering::Relaxed);
        self.clear();
        self.0 = Some(here);
    }

    /// It is none.
    pub fn clear(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for NeededThread {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_must_not_block_while_a_mark_is_held_on_it() {
        let outer = MustNotBlock::here();
        drop(MustNotBlock::here());
        assert!(!may_block());
        assert!(thread::spawn(may_block).join().expect("it does not panic"), "another thread may");
        drop(outer);
        assert!(may_block());
    }

    #[test]
    fn a_thread_is_needed_until_another_is_or_what_needs_it_is_dropped() {
        let mut needed = NeededThread::default();
        needed.set_here();
        needed.set_here();
        assert!(!may_block());
        let needed = thread::spawn(move || {
            let mut needed = needed;
            needed.set_here();
            assert!(!may_block());
            needed
        });
        let mut needed = needed.join().expect("it does not panic");
        assert!(may_block());
        needed.set_here();
        assert!(!may_block());
        drop(needed);
        assert!(may_block());
    }

    /// Says on which side of a mark it was dropped.
    struct SaysOnDrop(std::sync::mpsc::Sender<bool>);
    impl Drop for SaysOnDrop {
        fn drop(&mut self) {
            let _ = self.0.send(may_block());
        }
    }

    #[test]
    fn a_marked_future_must_not_block_while_it_is_polled_nor_while_it_is_dropped() {
        let (said, says) = std::sync::mpsc::channel();
        let held = SaysOnDrop(said.clone());
        let work = Box::pin(async move {
            let _held = held;
            let _ = said.send(may_block());
            std::future::pending::<()>().await;
        });
        let mut work = Marked::new(work);
        assert!(Pin::new(&mut work).poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        assert!(may_block());
        drop(work);
        assert_eq!(says.iter().collect::<Vec<_>>(), [false, false]);
    }
}
