//! Waiting on a thread.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use signalwire_relay_core::Error;
use signalwire_relay_core::adapter::may_block;

/// Finishes a request or a wait: what `.await` is to asynchronous programs.
///
/// It is there for everything that can be awaited and may fail: [`Request`](crate::Request) and
/// [`Wait`](crate::Wait).
///
/// ```no_run
/// # fn example(call: signalwire_relay_blocking::Call) -> Result<(), signalwire_relay_blocking::Error> {
/// use signalwire_relay_blocking::Run;
/// call.answer().run()?;
/// call.play_tts("Hello!").run()?.wait().run()?;
/// # Ok(()) }
/// ```
pub trait Run {
    /// What comes of it.
    type Value;

    /// Sends the request, or begins to wait, and blocks this thread until it is done.
    ///
    /// # Errors
    /// What awaiting it would give, and [`Error::WouldDeadlock`] on the thread that drives a client. Handlers and
    /// callbacks do not run there; what does is the `drop` of what they have captured, and what subscribes to the log.
    fn run(self) -> Result<Self::Value, Error>;
}

impl<F, T> Run for F
where
    F: IntoFuture<Output = Result<T, Error>>,
{
    type Value = T;

    fn run(self) -> Result<T, Error> {
        if !may_block() {
            return Err(Error::WouldDeadlock);
        }
        block_on(self.into_future())
    }
}

/// Blocks this thread until a future is done.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(parked.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        while !parked.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Parked {
    thread: Thread,
    /// Another wait on this thread may have used up the token of `unpark`.
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
