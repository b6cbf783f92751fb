//! Ctrl-C and its like.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use signalwire_relay_core::adapter;

/// Set once the signals of the process are watched. Until then each listener tries.
static IS_WATCHED: Mutex<bool> = Mutex::new(false);
static INTERRUPTS: Mutex<Interrupts> = Mutex::new(Interrupts { count: 0, listeners: 0, waiting: Vec::new() });

struct Interrupts {
    count: u64,
    listeners: u64,
    waiting: Vec<(u64, Waker)>,
}

/// Interruptions of the process, from now on.
pub(crate) struct Interruptions {
    number: u64,
    seen: u64,
}

impl Interruptions {
    /// Begins to listen. Where that cannot be done there are none, with a line in the log.
    pub(crate) fn listen() -> Self {
        let mut is_watched = IS_WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_watched {
            match watch(interrupted) {
                Ok(()) => *is_watched = true,
                Err(error) => adapter::no_signals(&error),
            }
        }
        drop(is_watched);
        let mut interrupts = lock();
        interrupts.listeners += 1;
        Self { number: interrupts.listeners, seen: interrupts.count }
    }

    /// Ready once for each.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut interrupts = lock();
        interrupts.waiting.retain(|(number, _)| *number != self.number);
        if interrupts.count > self.seen {
            self.seen += 1;
            return Poll::Ready(());
        }
        interrupts.waiting.push((self.number, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Interruptions {
    fn drop(&mut self) {
        lock().waiting.retain(|(number, _)| *number != self.number);
    }
}

fn interrupted() {
    let mut interrupts = lock();
    interrupts.count += 1;
    let waiting = std::mem::take(&mut interrupts.waiting);
    drop(interrupts);
    for (_, waker) in waiting {
        waker.wake();
    }
}

fn lock() -> MutexGuard<'static, Interrupts> {
    INTERRUPTS.lock().unwrap_or_else(PoisonError::into_inner)
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
