//! Threads for what applications do, and for what the connection needs.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_task::Runnable;
use signalwire_relay_core::{MAX_CREDENTIALS_REQUESTS, TaskPurpose, adapter};

/// The number of threads for handlers of messages and tasks.
const MAX_EVENT_THREADS: usize = 64;
/// The number of threads for callbacks and listeners.
const MAX_CALLBACK_THREADS: usize = 64;
/// The number of threads that close sockets: one that is lost is closed within a second, and the next attempt to connect
/// comes after half a second or more.
const MAX_CLOSING_THREADS: usize = 4;
/// The shortest time between two lines in the log about threads that are all busy.
const BUSY_INTERVAL: Duration = Duration::from_mins(1);
/// The time after which it is tried again to start a thread.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The purpose of work that needs a thread. Each has a bounded number of threads of its own, so that none waits for those of
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Handlers of calls.
    Calls,
    /// Handlers of messages and tasks.
    Events,
    /// Callbacks and listeners.
    Callbacks,
    /// The provider of credentials. It has a thread for each question that there may be at once.
    Credentials,
    /// Closing sockets.
    Closing,
}

impl Work {
    const ALL: [Self; 5] = [Self::Calls, Self::Events, Self::Callbacks, Self::Credentials, Self::Closing];

    fn thread_name(self) -> &'static str {
        match self {
            Self::Calls => "relay-call",
            Self::Events => "relay-event",
            Self::Callbacks => "relay-callback",
            Self::Credentials => "relay-creds",
            Self::Closing => "relay-close",
        }
    }

    /// The text for the log.
    fn describe(self) -> &'static str {
        match self {
            Self::Calls => "handlers of calls",
            Self::Events => "handlers of messages and tasks",
            Self::Callbacks => "callbacks",
            Self::Credentials => "the provider of credentials",
            Self::Closing => "closing sockets",
        }
    }
}

impl From<TaskPurpose> for Work {
    fn from(purpose: TaskPurpose) -> Self {
        match purpose {
            TaskPurpose::CallHandler => Self::Calls,
            TaskPurpose::EventHandler => Self::Events,
            TaskPurpose::Callback => Self::Callbacks,
            TaskPurpose::Credentials => Self::Credentials,
        }
    }
}

/// Bounded numbers of threads, started as they are needed, that run tasks.
///
/// A task holds a thread while it runs, not while it waits for something: a handler that blocks has a thread of its
/// own, a listener that waits for the next event has none. Idle threads sleep until there is work.
///
/// Where a thread cannot be started, tasks wait for those that there are, and it is tried again with each task, and when
/// [`retry`](Self::retry) is called, once in [`RETRY_INTERVAL`].
#[derive(Clone)]
pub(crate) struct Threads {
    shared: Arc<Shared>,
}

/// Starts a thread of this name.
type StartThread = dyn Fn(&str, Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> + Send + Sync;

struct Shared {
    state: Mutex<State>,
    done: Condvar,
    start: Box<StartThread>,
    /// Woken when [`Threads::retry`] has to be called.
    driver: Waker,
}

struct State {
    pools: [Pool; Work::ALL.len()],
    /// Tasks that are not finished.
    tasks: usize,
    /// Called when no task is left.
    finished: Option<Waker>,
    closed: bool,
}

/// The threads for one kind of work.
struct Pool {
    limit: usize,
    ready: VecDeque<Runnable>,
    work: Arc<Condvar>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    /// Set while a thread is missing that could not be started: when to try again.
    retry_at: Option<Instant>,
    /// Set once it was reported that all threads are busy: when to report it again.
    busy_again_at: Option<Instant>,
}

impl Pool {
    fn at_most(limit: usize) -> Self {
        let (ready, work, threads) = (VecDeque::new(), Arc::default(), Vec::new());
        Self { limit, ready, work, idle: 0, threads, retry_at: None, busy_again_at: None }
    }

    /// Returns `true` if work waits for one of the threads, and that has to be reported.
    fn reports_busy(&mut self, now: Instant) -> bool {
        let is_busy = self.threads.len() >= self.limit && self.idle < self.ready.len();
        let reports = is_busy && self.busy_again_at.is_none_or(|at| at <= now);
        if reports {
            self.busy_again_at = Some(now + BUSY_INTERVAL);
        }
        reports
    }

    /// Returns `true` if there is work for one more thread.
    fn lacks_thread(&self) -> bool {
        self.idle < self.ready.len() && self.threads.len() < self.limit
    }
}

/// Something for the log.
#[must_use = "it has to be logged"]
enum Report {
    /// A thread could not be started.
    Failed(Work, io::Error),
    /// One could, after earlier attempts had failed.
    Again(Work),
    /// All threads, this number of them, are busy.
    Busy(Work, usize),
}

impl Report {
    fn log(self) {
        match self {
            Self::Again(work) => adapter::threads_again(work.describe()),
            Self::Failed(work, error) => adapter::no_thread(work.describe(), &error),
            Self::Busy(work, threads) => adapter::threads_busy(work.describe(), threads),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread for the latest task, and those that could not be started before, unless it is too early to try again.
    fn start_missing(self: &Arc<Self>, state: &mut State, work: Work) -> Option<Report> {
        let pool = &mut state.pools[work as usize];
        if pool.retry_at.is_some_and(|at| at > Instant::now()) && pool.lacks_thread() {
            return None;
        }
        let has_failed = pool.retry_at.take().is_some();
        // The threads for earlier tasks are about to take them.
        let missing = if has_failed { pool.ready.len() } else { 1 };
        for _ in 0..missing {
            if !pool.lacks_thread() {
                break;
            }
            let shared = self.clone();
            match (self.start)(work.thread_name(), Box::new(move || shared.run_tasks(work))) {
                Ok(thread) => pool.threads.push(thread),
                Err(error) => {
                    pool.retry_at = Some(Instant::now() + RETRY_INTERVAL);
                    // Once until it succeeds: it may fail for as long as the process lives.
                    return (!has_failed).then_some(Report::Failed(work, error));
                }
            }
        }
        has_failed.then_some(Report::Again(work))
    }

    fn run_tasks(&self, work: Work) {
        let mut state = self.lock();
        let condvar = state.pools[work as usize].work.clone();
        loop {
            if let Some(runnable) = state.pools[work as usize].ready.pop_front() {
                drop(state);
                runnable.run();
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state.pools[work as usize].idle += 1;
                state = condvar.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.pools[work as usize].idle -= 1;
            }
        }
    }
}

impl Threads {
    /// Threads for a client that may have this number of calls. `driver` is woken when [`retry`](Self::retry) has to be called.
    pub(crate) fn new(calls: usize, driver: Waker) -> Self {
        let limits =
            [calls, MAX_EVENT_THREADS, MAX_CALLBACK_THREADS, MAX_CREDENTIALS_REQUESTS, MAX_CLOSING_THREADS];
        Self::with(limits, driver, |name, run| thread::Builder::new().name(name.to_owned()).spawn(run))
    }

    fn with(
        limits: [usize; Work::ALL.len()],
        driver: Waker,
        start: impl Fn(&str, Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> + Send + Sync + 'static,
    ) -> Self {
        let pools = limits.map(Pool::at_most);
        let state = State { pools, tasks: 0, finished: None, closed: false };
        let (state, start) = (Mutex::new(state), Box::new(start));
        Self { shared: Arc::new(Shared { state, done: Condvar::new(), start, driver }) }
    }

    /// Runs a task. At the limit it waits until a thread for such work is free.
    pub(crate) fn spawn(&self, work: Work, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.lock().tasks += 1;
        let unfinished = Unfinished(self.shared.clone());
        let task = async move {
            // It holds itself: one that nobody can wake would otherwise be dropped, or not, as the race goes.
            let own = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            task.await;
            drop((own, unfinished));
        };
        let threads = self.clone();
        let (runnable, task) = async_task::spawn(task, move |runnable| threads.schedule(work, runnable));
        task.detach();
        runnable.schedule();
    }

    fn schedule(&self, work: Work, runnable: Runnable) {
        let mut state = self.shared.lock();
        if state.closed {
            // Dropped after the lock is released: what it holds may want to be scheduled.
            drop(state);
            return;
        }
        let pool = &mut state.pools[work as usize];
        pool.ready.push_back(runnable);
        if pool.idle >= pool.ready.len() {
            pool.work.notify_one();
            return;
        }
        let mut report = self.shared.start_missing(&mut state, work);
        let pool = &mut state.pools[work as usize];
        if report.is_none() && pool.reports_busy(Instant::now()) {
            report = Some(Report::Busy(work, pool.limit));
        }
        drop(state);
        if let Some(report) = report {
            if matches!(report, Report::Failed(..)) {
                self.shared.driver.wake_by_ref();
            }
            report.log();
        }
    }

    /// Tries again to start the threads that are missing. Returns the instant of the next attempt, if one is needed.
    pub(crate) fn retry(&self) -> Option<Instant> {
        let mut state = self.shared.lock();
        let mut reports = Vec::new();
        for work in Work::ALL {
            if state.pools[work as usize].retry_at.is_some() {
                reports.extend(self.shared.start_missing(&mut state, work));
            }
        }
        let next = state.pools.iter().filter_map(|pool| pool.retry_at).min();
        drop(state);
        reports.into_iter().for_each(Report::log);
        next
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
        let mut threads = Vec::new();
        let mut ready = VecDeque::new();
        for pool in &mut state.pools {
            pool.work.notify_all();
            ready.append(&mut pool.ready);
            threads.append(&mut pool.threads);
        }
        drop(state);
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

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, channel};
    use std::task::Wake;

    use super::*;

    const TEST_TIMEOUT: Duration = Duration::from_mins(2);

    /// This number of threads for each kind of work.
    fn at_most(limit: usize) -> Threads {
        Threads::with([limit; Work::ALL.len()], Waker::noop().clone(), |name, run| {
            thread::Builder::new().name(name.to_owned()).spawn(run)
        })
    }

    /// Spawns a task that says that it has begun.
    fn spawn_saying(threads: &Threads, work: Work) -> Receiver<()> {
        let (begun, begins) = channel();
        threads.spawn(work, async move {
            let _ = begun.send(());
        });
        begins
    }

    #[test]
    fn work_of_one_kind_does_not_wait_for_the_threads_of_another() {
        for full in Work::ALL {
            let threads = at_most(1);
            let (release, until) = channel::<()>();
            let (begun, begins) = channel();
            threads.spawn(full, async move {
                let _ = begun.send(());
                let _ = until.recv();
            });
            begins.recv_timeout(TEST_TIMEOUT).expect("there is a thread");
            let waiting = spawn_saying(&threads, full);
            for other in Work::ALL.into_iter().filter(|other| *other != full) {
                let begins = spawn_saying(&threads, other);
                assert_eq!(begins.recv_timeout(TEST_TIMEOUT), Ok(()), "{other:?} while {full:?} is full");
            }
            assert!(waiting.try_recv().is_err(), "it has no thread");
            drop(release);
            assert_eq!(threads.end(TEST_TIMEOUT), 0);
        }
    }

    #[test]
    fn that_all_threads_are_busy_is_reported_once_a_minute() {
        let (runnable, task) = async_task::spawn(async {}, |_| {});
        let mut pool = Pool::at_most(0);
        let now = Instant::now();
        assert!(!pool.reports_busy(now), "nothing waits");
        pool.ready.push_back(runnable);
        let reports = [0, 1, 59, 60, 61].map(|second| pool.reports_busy(now + Duration::from_secs(second)));
        assert_eq!(reports, [true, false, false, true, false]);
        pool.limit = 1;
        assert!(!pool.reports_busy(now + Duration::from_mins(5)), "another thread can be started");
        drop(task);
    }

    /// Counts how often it was woken.
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_thread_that_cannot_be_started_is_tried_again_until_it_can() {
        let began = Instant::now();
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let is_full = Arc::new(AtomicBool::new(true));
        let (full, attempts) = (is_full.clone(), Arc::new(AtomicU64::new(0)));
        let tried = attempts.clone();
        let threads = Threads::with([2; Work::ALL.len()], Waker::from(woken.clone()), move |name, run| {
            tried.fetch_add(1, Ordering::SeqCst);
            if full.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            thread::Builder::new().name(name.to_owned()).spawn(run)
        });
        // Each needs a thread of its own.
        let (both, ended) = (Arc::new(Barrier::new(2)), channel());
        for _ in 0..2 {
            let (both, end) = (both.clone(), ended.0.clone());
            threads.spawn(Work::Calls, async move {
                both.wait();
                let _ = end.send(());
            });
        }
        assert_eq!(woken.0.load(Ordering::SeqCst), 1, "the driver is to try again");
        let next = threads.retry().expect("it is to be tried again");
        // Nothing wakes a test at an instant.
        thread::sleep(next.saturating_duration_since(Instant::now()));
        assert!(threads.retry() > Some(next), "it fails again");
        let (attempts, seconds) = (attempts.load(Ordering::SeqCst), began.elapsed().as_secs());
        assert!((2..=2 + seconds).contains(&attempts), "{attempts} attempts in {seconds} s");
        is_full.store(false, Ordering::SeqCst);
        while let Some(next) = threads.retry() {
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        let ended = [ended.1.recv_timeout(TEST_TIMEOUT), ended.1.recv_timeout(TEST_TIMEOUT)];
        assert_eq!(ended, [Ok(()), Ok(())]);
        assert_eq!(threads.end(TEST_TIMEOUT), 0);
    }

    #[test]
    fn tasks_that_block_run_side_by_side_up_to_the_limit() {
        let threads = at_most(2);
        let (started, starts) = channel();
        let mut releases = Vec::new();
        for number in 0..3 {
            let (release, until) = channel::<()>();
            releases.push(release);
            let started = started.clone();
            threads.spawn(Work::Calls, async move {
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
        let threads = at_most(1);
        let (sender, receiver) = futures_channel::oneshot::channel::<()>();
        let (done, dones) = channel();
        let late = done.clone();
        threads.spawn(Work::Calls, async move {
            let _ = receiver.await;
            let _ = late.send("late");
        });
        threads.spawn(Work::Calls, async move {
            let _ = done.send("early");
            let _ = sender.send(());
        });
        assert_eq!(dones.recv_timeout(TEST_TIMEOUT).ok(), Some("early"));
        assert_eq!(dones.recv_timeout(TEST_TIMEOUT).ok(), Some("late"));
        assert_eq!(threads.end(TEST_TIMEOUT), 0);
    }

    #[test]
    fn a_task_that_nobody_can_wake_any_more_is_not_dropped() {
        let threads = at_most(1);
        let (sender, wakers) = channel();
        threads.spawn(
            Work::Calls,
            poll_fn(move |cx| {
                let _ = sender.send(cx.waker().clone());
                Poll::Pending
            }),
        );
        let (sender, nexts) = channel();
        threads.spawn(Work::Calls, async move {
            let _ = sender.send(());
        });
        assert!(nexts.recv_timeout(TEST_TIMEOUT).is_ok(), "the only thread is through with the first");
        drop(wakers.recv_timeout(TEST_TIMEOUT));
        assert_eq!(threads.end(Duration::from_millis(200)), 1);
    }

    #[test]
    fn a_task_that_never_ends_is_left_behind() {
        let threads = at_most(1);
        threads.spawn(Work::Calls, std::future::pending());
        assert_eq!(threads.end(Duration::from_millis(10)), 1);
    }
}
