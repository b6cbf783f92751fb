//! What a client is carried by: tokio's clock, sockets and tasks.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Once;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_tungstenite::tokio::TokioAdapter;
use signalwire_relay_core::adapter::{self, Attempt, CLOSE_TIMEOUT, Connector, Opening, WebSocket};
use signalwire_relay_core::{Config, Endpoint, Error, Task, TaskPurpose};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinSet;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};

/// The timer that shows that tokio has looked at its sockets. In each turn tokio dispatches what the operating system
/// reports of sockets, then timers, so a timer that was set now fires only after such a turn. `yield_now` is no such proof:
/// on a runtime with several threads it also returns while another thread is about to dispatch, and a turn that a signal
/// interrupts (the one that continues a stopped process, for instance) fires timers without having looked at sockets.
const REACTOR_TURN: Duration = Duration::from_millis(1);

/// More than the units of work that tokio lets a task do before the task has to yield.
const MORE_THAN_THE_BUDGET: usize = 1024;

/// Returns `true` on a thread that polls a task, or the future of `block_on`, just now. Such a thread has to come back to its
/// runtime, unlike one of `spawn_blocking`, or one within `block_in_place`.
///
/// Tokio has no question for that. But it counts what is done in one poll, only there, and has a task yield once that is too
/// much. The budget is used up where the answer is `true`; the task, which is doing what it must not, then yields a little
/// earlier. A future that is `unconstrained` has no budget, and is not noticed.
fn runs_tasks() -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    (0..MORE_THAN_THE_BUDGET).any(|_| pin!(consume_budget()).poll(&mut cx).is_pending())
}

/// Has to be used within a tokio runtime.
pub(crate) struct Runtime {
    connector: Connector,
    alarm: Option<Pin<Box<Sleep>>>,
    /// Runs while the reactor is waited for.
    turn: Option<Pin<Box<Sleep>>>,
    tasks: JoinSet<()>,
    is_current_thread: bool,
}

impl Runtime {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        static DETECTOR: Once = Once::new();
        DETECTOR.call_once(|| adapter::add_detector(runs_tasks));
        let flavor = Handle::current().runtime_flavor();
        Ok(Self {
            connector: Connector::new(config)?,
            alarm: None,
            turn: None,
            tasks: JoinSet::new(),
            is_current_thread: flavor == RuntimeFlavor::CurrentThread,
        })
    }
}

impl adapter::Runtime for Runtime {
    type Socket = WebSocket;

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn open(&mut self, endpoint: Endpoint, attempt: u32) -> Opening<WebSocket> {
        let open = async |address, attempt: Attempt| {
            let tcp = TcpStream::connect(address).await.map_err(|error| attempt.tcp_failed(&error))?;
            // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
            let _ = tcp.set_nodelay(true);
            WebSocket::open(TokioAdapter::new(tcp), attempt).await
        };
        self.connector.open(endpoint, attempt, open, sleep)
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Option<std::time::Instant>) -> Poll<()> {
        let Some(deadline) = deadline.map(Instant::from_std) else {
            self.alarm = None;
            return Poll::Pending;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx)
    }

    fn poll_reactor(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let turn = self.turn.get_or_insert_with(|| Box::pin(sleep(REACTOR_TURN)));
        ready!(turn.as_mut().poll(cx));
        self.turn = None;
        Poll::Ready(())
    }

    /// The runtime knows by itself where a thread may block: also within tasks, in `block_in_place`.
    const TASKS_MUST_NOT_BLOCK: bool = false;

    fn needs_thread(&self) -> bool {
        // The workers of the other flavors run nothing but tasks, of which the detector knows.
        self.is_current_thread
    }

    fn spawn(&mut self, _: TaskPurpose, task: Task) {
        // Finished tasks are forgotten; they have reported what there was to report.
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task);
    }

    fn close(&mut self, socket: WebSocket, rest: VecDeque<String>) {
        self.tasks.spawn(async move { drop(timeout(CLOSE_TIMEOUT, socket.close(rest)).await) });
    }

    fn poll_tasks(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while ready!(self.tasks.poll_join_next(cx)).is_some() {}
        Poll::Ready(())
    }

    fn leave_tasks(&mut self) -> usize {
        let left = self.tasks.len();
        self.tasks.detach_all();
        left
    }
}
