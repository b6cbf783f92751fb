//! Ctrl-C and its like.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::task::{Context, Poll, Waker};

use signalwire_relay_core::adapter::Interruptions;

static WATCH: Once = Once::new();
static STATE: Mutex<State> = Mutex::new(State { count: 0, listeners: 0, waiting: Vec::new() });

struct State {
    count: u64,
    listeners: u64,
    waiting: Vec<(u64, Waker)>,
}

/// Interruptions of the process, from now on.
pub(crate) struct Interrupts {
    number: u64,
    seen: u64,
}

impl Interruptions for Interrupts {
    fn listen() -> Self {
        // From before the first signal that can be heard.
        let new = {
            let mut state = lock();
            state.listeners += 1;
            Self { number: state.listeners, seen: state.count }
        };
        WATCH.call_once(|| watch(interrupted));
        new
    }

    fn poll_interruption(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock();
        state.waiting.retain(|(number, _)| *number != self.number);
        if state.count > self.seen {
            self.seen += 1;
            return Poll::Ready(());
        }
        state.waiting.push((self.number, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        lock().waiting.retain(|(number, _)| *number != self.number);
    }
}

fn interrupted() {
    let mut state = lock();
    state.count += 1;
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    for (_, waker) in waiting {
        waker.wake();
    }
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls a function for each, on a thread that sleeps in between. Handlers of the application are called too.
#[cfg(unix)]
fn watch(interrupted: fn()) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
        let thread = std::thread::Builder::new().name("relay-signals".to_owned());
        // Without a thread they are not heard, which is what the caller is told to expect.
        let _ = thread.spawn(move || signals.forever().for_each(|_| interrupted()));
    }
}

#[cfg(not(unix))]
fn watch(interrupted: fn()) {
    // If the application has a handler of its own, it keeps it.
    let _ = ctrlc::try_set_handler(interrupted);
}
