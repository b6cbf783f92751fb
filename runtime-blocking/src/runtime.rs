//! What a client is carried by: one thread that sleeps until a frame, a command or a deadline comes.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use mio::{Events, Poll as Sleep, Registry, Token};
use rustls::ClientConfig;
use signalwire_relay_core::adapter::{self, Driver, Opening, TASKS_TIMEOUT};
use signalwire_relay_core::{ClientState, Config, ConnectFailure, ConnectStage, Endpoint, Error, Task};

use crate::run;
use crate::socket::{Socket, connect};
use crate::threads::Threads;

/// Threads for callbacks and messages, beside one for each call that there may be.
const SPARE_THREADS: usize = 64;

const WAKER: Token = Token(0);
const SOCKET: Token = Token(1);

/// What drives a client, before it does.
pub(crate) struct Loop {
    sleep: Sleep,
    waker: Arc<Wakeup>,
    tls: Option<Arc<ClientConfig>>,
    threads: Threads,
}

impl Loop {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let tls = adapter::tls_config(config)?;
        let unusable = |error: io::Error| Error::Transport(Arc::new(error));
        let sleep = Sleep::new().map_err(unusable)?;
        let waker = Arc::new(Wakeup(mio::Waker::new(sleep.registry(), WAKER).map_err(unusable)?));
        let threads = Threads::at_most(config.active_call_limit().saturating_add(SPARE_THREADS));
        Ok(Self { sleep, waker, tls, threads })
    }

    /// Drives a client until it is closed and its tasks have finished.
    pub(crate) fn run(self, state: ClientState) -> io::Result<()> {
        let Self { mut sleep, waker, tls, threads } = self;
        run::drives_from_now_on();
        let mut threads = EndThreads { threads, within: TASKS_TIMEOUT };
        let deadline = Rc::new(Cell::new(None));
        let runtime = Runtime {
            registry: sleep.registry().try_clone()?,
            deadline: deadline.clone(),
            threads: threads.threads.clone(),
            tls,
        };
        let waker = Waker::from(waker);
        let mut cx = Context::from_waker(&waker);
        let mut events = Events::with_capacity(8);
        // Dropped before the threads are ended: nothing is left then that tasks could wait for.
        let mut driver = pin!(Driver::new(state, runtime));
        while driver.as_mut().poll(&mut cx).is_pending() {
            let left = deadline.get().map(|at: Instant| at.saturating_duration_since(Instant::now()));
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
    tls: Option<Arc<ClientConfig>>,
}

impl adapter::Runtime for Runtime {
    type Socket = Socket;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn open(&mut self, endpoint: Endpoint) -> Opening<Socket> {
        Box::pin(Attempt::begin(endpoint, self.tls.clone(), self.registry.try_clone()))
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

    fn spawn(&mut self, task: Task) {
        self.threads.spawn(task);
    }

    fn close(&mut self, mut socket: Socket, rest: VecDeque<String>) {
        if socket.deregister(&self.registry).is_ok() {
            self.threads.spawn(async move { socket.close(rest) });
        }
    }

    fn poll_tasks(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.threads.poll_finished(cx)
    }

    fn leave_tasks(&mut self) -> usize {
        self.threads.running()
    }
}

/// An attempt to open a socket, on a thread of its own, because looking up a name blocks. Dropping it ends what goes
/// on on the connection, if there is one already; the thread then ends as soon as it notices, which the look-up of a name may
/// put off. Nobody waits for it.
struct Attempt {
    opened: oneshot::Receiver<Result<Socket, ConnectFailure>>,
    progress: Arc<Mutex<Progress>>,
}

enum Progress {
    Connecting,
    Connected(TcpStream),
    Done,
    GivenUp,
}

impl Attempt {
    fn begin(endpoint: Endpoint, tls: Option<Arc<ClientConfig>>, registry: io::Result<Registry>) -> Self {
        let (sender, opened) = oneshot::channel();
        let progress = Arc::new(Mutex::new(Progress::Connecting));
        let shared = progress.clone();
        let open = move || {
            let registry = registry.map_err(|error| tcp_failed(&error))?;
            let tcp = connect(&endpoint, || matches!(*lock(&shared), Progress::GivenUp))?;
            match (&mut *lock(&shared), tcp.try_clone()) {
                (Progress::GivenUp, _) => return Err(tcp_failed(&"it was given up")),
                (progress, Ok(tcp)) => *progress = Progress::Connected(tcp),
                // It then ends by its own limits.
                (_, Err(_)) => {}
            }
            let mut socket = Socket::open(tcp, &endpoint, tls)?;
            socket.register(&registry, SOCKET).map_err(|error| tcp_failed(&error))?;
            Ok(socket)
        };
        let thread = thread::Builder::new().name("relay-connect".to_owned());
        // Without a thread the sender is dropped, and the attempt has failed.
        let _ = thread.spawn(move || drop(sender.send(open())));
        Self { opened, progress }
    }
}

impl Future for Attempt {
    type Output = Result<Socket, ConnectFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let opened = Pin::new(&mut self.opened).poll(cx);
        opened.map(|opened| {
            *lock(&self.progress) = Progress::Done;
            opened.unwrap_or_else(|_| Err(tcp_failed(&"no thread could be started to connect on")))
        })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Progress::Connected(tcp) = std::mem::replace(&mut *lock(&self.progress), Progress::GivenUp) {
            // It may be gone already.
            let _ = tcp.shutdown(Shutdown::Both);
        }
    }
}

fn tcp_failed(error: &dyn std::fmt::Display) -> ConnectFailure {
    ConnectFailure::new(ConnectStage::Tcp, error.to_string())
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
