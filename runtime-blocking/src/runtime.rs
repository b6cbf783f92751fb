//! What a client is carried by: one thread that sleeps until a frame, a command or a deadline comes.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use mio::{Events, Poll as Sleep, Registry, Token};
use signalwire_relay_core::adapter::{self, Driver, MustNotBlock, Opening, TASKS_TIMEOUT};
use signalwire_relay_core::{ClientState, Config, Endpoint, Error, Task, TaskPurpose};

use crate::connect::Opener;
use crate::socket::Socket;
use crate::threads::{Threads, Work};

const WAKER: Token = Token(0);
const SOCKET: Token = Token(1);

/// What drives a client, before it does.
pub(crate) struct Loop {
    sleep: Sleep,
    waker: Arc<Wakeup>,
    opener: Opener,
    threads: Threads,
}

impl Loop {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let opener = Opener::new(config)?;
        let unusable = |error: io::Error| Error::Transport(Arc::new(error));
        let sleep = Sleep::new().map_err(unusable)?;
        let waker = Arc::new(Wakeup(mio::Waker::new(sleep.registry(), WAKER).map_err(unusable)?));
        let threads = Threads::new(config.active_call_limit(), Waker::from(waker.clone()));
        Ok(Self { sleep, waker, opener, threads })
    }

    /// Drives a client until it is closed and its tasks have finished.
    pub(crate) fn run(self, state: ClientState) -> io::Result<()> {
        let Self { mut sleep, waker, opener, threads } = self;
        // Also while what is left is dropped.
        let _mark = MustNotBlock::here();
        let mut threads = EndThreads { threads, within: TASKS_TIMEOUT };
        let deadline = Rc::new(Cell::new(None));
        let alarms = opener.alarms();
        let runtime = Runtime {
            registry: sleep.registry().try_clone()?,
            deadline: deadline.clone(),
            threads: threads.threads.clone(),
            opener,
        };
        let waker = Waker::from(waker);
        let mut cx = Context::from_waker(&waker);
        let mut events = Events::with_capacity(8);
        // Dropped before the threads are ended: nothing is left then that tasks could wait for.
        let mut driver = pin!(Driver::new(state, runtime));
        while driver.as_mut().poll(&mut cx).is_pending() {
            let instants = [deadline.get(), alarms.next(), threads.threads.retry()];
            let next = instants.into_iter().flatten().min();
            let left = next.map(|at: Instant| at.saturating_duration_since(Instant::now()));
            match sleep.poll(&mut events, left) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                // What woke it does not matter: the driver looks at everything.
                _ => {}
            }
        }
        // The driver has waited for them.
        threads.within = Duration::ZERO;
        Ok(())
    }
}

/// Ends the threads, however a client comes to its end. Tasks get this long to finish.
struct EndThreads {
    threads: Threads,
    within: Duration,
}

impl Drop for EndThreads {
    fn drop(&mut self) {
        let left = self.threads.end(self.within);
        if left > 0 && !self.within.is_zero() {
            adapter::tasks_left(left);
        }
    }
}

/// Ends the sleep of the thread that drives a client.
struct Wakeup(mio::Waker);

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // It fails only if there is nobody to wake.
        let _ = self.0.wake();
    }
}

struct Runtime {
    registry: Registry,
    /// Until when to sleep.
    deadline: Rc<Cell<Option<Instant>>>,
    threads: Threads,
    opener: Opener,
}

impl adapter::Runtime for Runtime {
    type Socket = Socket;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn open(&mut self, endpoint: Endpoint, attempt: u32) -> Opening<Socket> {
        self.opener.open(endpoint, attempt, self.registry.try_clone(), SOCKET)
    }

    fn poll_deadline(&mut self, _: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        self.deadline.set(deadline);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_reactor(&mut self, _: &mut Context<'_>) -> Poll<()> {
        // Each poll of a socket asks the operating system.
        Poll::Ready(())
    }

    const TASKS_MUST_NOT_BLOCK: bool = false;

    fn needs_thread(&self) -> bool {
        true
    }

    fn spawn(&mut self, purpose: TaskPurpose, task: Task) {
        self.threads.spawn(purpose.into(), task);
    }

    fn close(&mut self, mut socket: Socket, rest: VecDeque<String>) {
        if socket.deregister(&self.registry).is_ok() {
            self.threads.spawn(Work::Closing, async move { socket.close(rest) });
        }
    }

    fn poll_tasks(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.threads.poll_finished(cx)
    }

    fn leave_tasks(&mut self) -> usize {
        self.threads.running()
    }
}
