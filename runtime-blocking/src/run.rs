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
    /// What awaiting it would give, and [`Error::WouldDeadlock`] where the wait might keep its own end from coming. Then
    /// nothing is sent. That is:
    ///
    /// - on the thread that drives a client of this crate. Handlers and callbacks do not run there; what does is the `drop`
    ///   of what they have captured, and what subscribes to the log;
    /// - in a task of tokio, and in what its `block_on` runs, once the process has made a client of `signalwire-relay-tokio`. In
    ///   `spawn_blocking` and `block_in_place` it is permitted;
    /// - on the thread of a current-thread runtime of tokio with a client, also while nothing runs it, until the
    ///   runtime is dropped;
    /// - in the handlers and callbacks of a client of `signalwire-relay-smol`, and on the thread on which the executor
    ///   has polled that client last, until another thread does or the client is closed. In `smol::unblock` it is permitted;
    /// - on a thread that has a `World` of `signalwire-relay-harness`.
    ///
    /// Some misuse is not noticed. A future of tokio that is `unconstrained` may hang. In a process without a client of
    /// `signalwire-relay-tokio`, one of this crate holds up the tasks of tokio that share the thread, as any blocking does. And a
    /// program can still block all threads of a runtime by other means: nothing drives the client then.
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
