//! Threads for what applications do: handlers, callbacks.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_task::Runnable;

/// A bounded number of threads, started as they are needed, that run tasks.
///
/// A task holds a thread while it runs, not while it waits for something: a handler that blocks has a thread of its
/// own, a listener that waits for the next event has none. Idle threads sleep until there is work.
#[derive(Clone)]
pub(crate) struct Threads {
    shared: Arc<Shared>,
    limit: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    done: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Runnable>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    /// Tasks that are not finished.
    tasks: usize,
    /// Called when no task is left.
    finished: Option<Waker>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads {
    pub(crate) fn at_most(limit: usize) -> Self {
        Self { shared: Arc::default(), limit }
    }

    /// Runs a task. At the limit it waits until a thread is free.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.lock().tasks += 1;
        let unfinished = Unfinished(self.shared.clone());
        let task = async move {
            // It holds itself: one that nobody can wake would otherwise be dropped, or not, as the race goes.
            let own = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            task.await;
            drop((own, unfinished));
        };
        let threads = self.clone();
        let (runnable, task) = async_task::spawn(task, move |runnable| threads.schedule(runnable));
        task.detach();
        runnable.schedule();
    }

    fn schedule(&self, runnable: Runnable) {
        let mut state = self.shared.lock();
        if state.closed {
            // Dropped after the lock is released: what it holds may want to be scheduled.
            drop(state);
            return;
        }
        state.ready.push_back(runnable);
        if state.idle >= state.ready.len() {
            self.shared.work.notify_one();
        } else if state.threads.len() < self.limit {
            let shared = self.shared.clone();
            let started =
                thread::Builder::new().name("relay-handler".to_owned()).spawn(move || run_tasks(&shared));
            // Without, those that there are do the work in their turn; without any, the next attempt does.
            if let Ok(thread) = started {
                state.threads.push(thread);
            }
        }
    }

    /// Ready once no task is left; wakes who polls it last.
    pub(crate) fn poll_finished(&self, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.shared.lock();
        if state.tasks == 0 {
            return Poll::Ready(());
        }
        let replaced = state.finished.replace(waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// The number of tasks that are not finished.
    pub(crate) fn running(&self) -> usize {
        self.shared.lock().tasks
    }

    /// Gives the tasks this long to finish, then ends the threads that are free. Gives the number of tasks that go on.
    pub(crate) fn end(&self, within: Duration) -> usize {
        let deadline = Instant::now() + within;
        let mut state = self.shared.lock();
        while state.tasks > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { break };
            state = self.shared.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.closed = true;
        let left = state.tasks;
        let ready = std::mem::take(&mut state.ready);
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        self.shared.work.notify_all();
        drop(ready);
        if left == 0 {
            for thread in threads {
                // A task does not panic; if one did there is nothing to be learnt from it here.
                let _ = thread.join();
            }
        }
        left
    }
}

/// Counts a task as finished when it is dropped, in whichever way it ended.
struct Unfinished(Arc<Shared>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.tasks -= 1;
        if state.tasks == 0 {
            let finished = state.finished.take();
            drop(state);
            self.0.done.notify_all();
            if let Some(finished) = finished {
                finished.wake();
            }
        }
    }
}

fn run_tasks(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if let Some(runnable) = state.ready.pop_front() {
            drop(state);
            runnable.run();
            state = shared.lock();
        } else if state.closed {
            return;
        } else {
            state.idle += 1;
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const TEST_TIMEOUT: Duration = Duration::from_mins(2);

    #[test]
    fn tasks_that_block_run_side_by_side_up_to_the_limit() {
        let threads = Threads::at_most(2);
        let (started, starts) = channel();
        let mut releases = Vec::new();
        for number in 0..3 {
            let (release, until) = channel::<()>();
            releases.push(release);
            let started = started.clone();
            threads.spawn(async move {
                let _ = started.send(number);
                let _ = until.recv();
            });
        }
        let mut first =
            [starts.recv_timeout(TEST_TIMEOUT), starts.recv_timeout(TEST_TIMEOUT)].map(Result::unwrap);
        first.sort_unstable();
        assert_eq!(first, [0, 1]);
        assert_eq!(starts.try_recv().ok(), None, "the third waits for a thread");
        releases.remove(0);
        assert_eq!(starts.recv_timeout(TEST_TIMEOUT).ok(), Some(2));
        drop(releases);
        assert_eq!(threads.end(TEST_TIMEOUT), 0);
    }

    #[test]
    fn tasks_that_wait_hold_no_thread() {
        let threads = Threads::at_most(1);
        let (sender, receiver) = futures_channel::oneshot::channel::<()>();
        let (done, dones) = channel();
        let late = done.clone();
        threads.spawn(async move {
            let _ = receiver.await;
            let _ = late.send("late");
        });
        threads.spawn(async move {
            let _ = done.send("early");
            let _ = sender.send(());
        });
        assert_eq!(dones.recv_timeout(TEST_TIMEOUT).ok(), Some("early"));
        assert_eq!(dones.recv_timeout(TEST_TIMEOUT).ok(), Some("late"));
        assert_eq!(threads.end(TEST_TIMEOUT), 0);
    }

    #[test]
    fn a_task_that_nobody_can_wake_any_more_is_not_dropped() {
        let threads = Threads::at_most(1);
        let (sender, wakers) = channel();
        threads.spawn(poll_fn(move |cx| {
            let _ = sender.send(cx.waker().clone());
            Poll::Pending
        }));
        let (sender, nexts) = channel();
        threads.spawn(async move {
            let _ = sender.send(());
        });
        assert!(nexts.recv_timeout(TEST_TIMEOUT).is_ok(), "the only thread is through with the first");
        drop(wakers.recv_timeout(TEST_TIMEOUT));
        assert_eq!(threads.end(Duration::from_millis(200)), 1);
    }

    #[test]
    fn a_task_that_never_ends_is_left_behind() {
        let threads = Threads::at_most(1);
        threads.spawn(std::future::pending());
        assert_eq!(threads.end(Duration::from_millis(10)), 1);
    }
}
