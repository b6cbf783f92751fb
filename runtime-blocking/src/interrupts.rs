//! Ctrl-C and its like.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use signalwire_relay_core::adapter::{self, Interruptions};

/// Set once the signals of the process are watched. Until then each listener tries.
static IS_WATCHED: Mutex<bool> = Mutex::new(false);

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
    /// Where signals cannot be heard there are none, with a line in the log.
    fn listen() -> Self {
        // From before the first signal that can be heard.
        let new = {
            let mut state = lock();
            state.listeners += 1;
            Self { number: state.listeners, seen: state.count }
        };
        let mut is_watched = IS_WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_watched {
            match watch(interrupted) {
                Ok(()) => *is_watched = true,
                Err(error) => adapter::no_signals(&error),
            }
        }
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
fn watch(interrupted: fn()) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // The thread first: without one, signals that are caught would be lost, and the process could not be ended by them.
    let (caught, signals) = std::sync::mpsc::channel::<Signals>();
    std::thread::Builder::new().name("relay-signals".to_owned()).spawn(move || {
        if let Ok(mut signals) = signals.recv() {
            signals.forever().for_each(|_| interrupted());
        }
    })?;
    // The thread waits for them.
    let _ = caught.send(Signals::new([SIGINT, SIGTERM])?);
    Ok(())
}

#[cfg(not(unix))]
fn watch(interrupted: fn()) -> io::Result<()> {
    match ctrlc::try_set_handler(interrupted) {
        Err(ctrlc::Error::System(error)) => Err(error),
        // If the application has a handler of its own, it keeps it.
        Ok(()) | Err(_) => Ok(()),
    }
}
