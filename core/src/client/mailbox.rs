//! The way from handles to the client state: a bounded queue, and the waker of the driver.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::action::Progress;
use super::call::CallRecord;
use super::handlers::{CallHandler, Handled, MessageHandler, TaskHandler};
use super::request::Response;
use super::state::ClientStats;
use super::subscribers::Queue;
use super::watch_cell::WatchCell;
use crate::calling::EndReason;
use crate::credentials::Credentials;
use crate::error::{Certainty, Error, QueueFull};
use crate::ids::Ticket;
use crate::session::{Command, Notice, PendingWork};

/// The number of requests that may wait for the client state, which takes them in one go whenever the driver runs. Of
/// hang-ups and passed offers there may be twice as many.
pub const MAX_POSTED_REQUESTS: usize = 10_000;

/// Work of the application that the adapter runs: a future that is spawned and not waited for.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The purpose of a task. A runtime whose tasks hold a thread each keeps purposes apart, so that none waits for threads that
/// another holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskPurpose {
    /// A handler of calls. The call stays an offer until the task begins to run, and is passed on if that takes too long.
    CallHandler,
    /// A handler of messages, or of tasks of other applications.
    EventHandler,
    /// A listener of events, or a callback of an operation.
    Callback,
    /// A question to the provider of credentials, without whose answer there is no connection. There are at most
    /// [`MAX_CREDENTIALS_REQUESTS`](crate::MAX_CREDENTIALS_REQUESTS) of these at once.
    Credentials,
}

/// A message of a handle to the state of its client. A call is named by its record: a later offer may have the same id.
pub(crate) enum Mail {
    Command {
        ticket: Ticket,
        command: Command,
        response: Arc<WatchCell<Response>>,
        progress: Option<Arc<WatchCell<Progress>>>,
        legs: Option<Arc<WatchCell<Queue>>>,
    },
    Abandon(Ticket),
    SetTimeout {
        ticket: Ticket,
        after: Duration,
        expired: Arc<WatchCell<bool>>,
    },
    CancelTimeout(Ticket),
    Take(Arc<CallRecord>),
    Release(Arc<CallRecord>),
    Discard(Arc<CallRecord>),
    HandlerFailed {
        call: Arc<CallRecord>,
        reason: EndReason,
        notice: Option<Notice>,
    },
    HandleCalls(CallHandler),
    HandleMessages(MessageHandler),
    HandleTasks(TaskHandler),
    /// The handler of a message or a task has ended.
    Handled(Handled),
    /// The application has made a stream of what comes by contexts, with this method.
    Listen(&'static str),
    Spawn(TaskPurpose, Task),
    Notice(Notice),
    Credentials {
        asked: Arc<WatchCell<bool>>,
        answer: Result<Credentials, String>,
    },
    Inspect(Arc<WatchCell<Inspection>>),
    /// The application waits for its first connection.
    LimitConnecting,
    Drain(Option<Duration>),
    Disconnect,
}

/// The stats and the pending work of a client, once they are known.
pub(crate) type Inspection = Option<Result<(ClientStats, Vec<PendingWork>), Error>>;

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail")
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    /// Guards the queue and the driver's waker. Held for a push or a swap; no waker is called, cloned or dropped
    /// meanwhile.
    state: Mutex<State>,
    next_ticket: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Mail>,
    driver: Option<Waker>,
    closed: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn new_ticket(&self) -> Ticket {
        Ticket(self.next_ticket.fetch_add(1, Ordering::Relaxed))
    }

    /// Posts a request, if there is room and somebody to read it.
    pub(crate) fn post_request(&self, mail: Mail, method: &str) -> Result<(), Error> {
        let parts = matches!(&mail, Mail::Command { command, .. } if command.parts_with_call());
        let limit = if parts { 2 * MAX_POSTED_REQUESTS } else { MAX_POSTED_REQUESTS };
        let state = self.lock();
        if state.closed {
            return Err(Error::closed(Certainty::NotSent));
        }
        if state.queue.len() >= limit {
            let full = QueueFull { method: method.to_owned(), limit };
            return Err(Error::QueueFull(Box::new(full)));
        }
        Self::push(state, mail);
        Ok(())
    }

    /// Posts something that must not get lost. There is at most one such message for each request, handle or
    /// registration, so their number is bounded by those.
    pub(crate) fn post(&self, mail: Mail) {
        let state = self.lock();
        if !state.closed {
            Self::push(state, mail);
        }
    }

    fn push(mut state: MutexGuard<'_, State>, mail: Mail) {
        state.queue.push_back(mail);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Takes everything that was posted; if that is nothing, leaves the driver's waker.
    pub(crate) fn take(&self, driver: &Waker) -> VecDeque<Mail> {
        let driver = driver.clone();
        let mut state = self.lock();
        let replaced = if state.queue.is_empty() { state.driver.replace(driver) } else { None };
        let messages = std::mem::take(&mut state.queue);
        drop(state);
        drop(replaced);
        messages
    }

    /// From now on nothing can be posted. What was posted and not read is given back.
    pub(crate) fn close(&self) -> VecDeque<Mail> {
        let mut state = self.lock();
        state.closed = true;
        let driver = state.driver.take();
        let messages = std::mem::take(&mut state.queue);
        drop(state);
        drop(driver);
        messages
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    /// What an executor may do when the driver's last waker is dropped: drop a task, and with it its handles.
    struct Posts(Arc<Mailbox>);
    impl Wake for Posts {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Posts {
        fn drop(&mut self) {
            self.0.post(Mail::Disconnect);
        }
    }

    #[test]
    fn wakers_are_dropped_outside_of_the_lock() {
        let (done, finished) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mailbox = Arc::new(Mailbox::default());
            let posts = || Waker::from(Arc::new(Posts(mailbox.clone())));
            assert!(mailbox.take(&posts()).is_empty());
            assert!(mailbox.take(&posts()).is_empty(), "the second takes the place of the first");
            // It has posted, which has woken the second, and so on.
            assert!(!mailbox.take(Waker::noop()).is_empty());
            assert!(mailbox.take(&posts()).is_empty());
            drop(mailbox.close());
            let _ = done.send(());
        });
        assert_eq!(finished.recv_timeout(Duration::from_mins(2)), Ok(()), "it deadlocks");
    }
}
