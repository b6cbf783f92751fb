//! Requests to end the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Set once a client has listened in this process: a signal does not end the process by itself any more.
static LISTENED: AtomicBool = AtomicBool::new(false);

/// A source of requests to end the process: Ctrl-C, and `SIGTERM` where there is such a thing.
pub trait Interruptions {
    /// Begins to listen. Where that cannot be done, no request ever comes.
    fn listen() -> Self;

    /// Ready once for each request since listening began.
    fn poll_interruption(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Begins to listen, for as long as the process serves.
pub(super) fn listen<I: Interruptions>() -> I {
    LISTENED.store(true, Ordering::Relaxed);
    I::listen()
}

/// Begins to listen if a signal would not end the process by itself: because a client has listened before, or because it
/// is the first process of its container, for which the kernel ignores signals that nobody listens for. Elsewhere the
/// signals stay what they are.
pub(super) fn listen_if_ignored<I: Interruptions>() -> Option<I> {
    let is_first = cfg!(unix) && std::process::id() == 1;
    (is_first || LISTENED.load(Ordering::Relaxed)).then(I::listen)
}
