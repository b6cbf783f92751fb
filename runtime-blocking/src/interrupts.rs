//! Ctrl-C and its like.

use std::sync::{Mutex, Once, PoisonError};
use std::task::{Context, Poll, Waker};

static WATCH: Once = Once::new();
static INTERRUPTS: Mutex<Interrupts> = Mutex::new(Interrupts { count: 0, waiting: Vec::new() });

struct Interrupts {
    count: u64,
    waiting: Vec<Waker>,
}

/// Interruptions of the process, from now on.
pub(crate) struct Interruptions {
    seen: u64,
}

impl Interruptions {
    /// Begins to listen. Where that cannot be done, because the application has a handler of its own, there are none.
    pub(crate) fn listen() -> Self {
        WATCH.call_once(|| {
            let _ = ctrlc::set_handler(|| {
                let mut interrupts = lock();
                interrupts.count += 1;
                let waiting = std::mem::take(&mut interrupts.waiting);
                drop(interrupts);
                waiting.into_iter().for_each(Waker::wake);
            });
        });
        Self { seen: lock().count }
    }

    /// Ready once for each.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut interrupts = lock();
        if interrupts.count > self.seen {
            self.seen += 1;
            return Poll::Ready(());
        }
        if !interrupts.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            interrupts.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

fn lock() -> std::sync::MutexGuard<'static, Interrupts> {
    INTERRUPTS.lock().unwrap_or_else(PoisonError::into_inner)
}
