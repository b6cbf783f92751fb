//! What a client is carried by: smol's timers and sockets, and an executor's tasks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use signalwire_relay_core::adapter::{self, Attempt, CLOSE_TIMEOUT, Connector, Opening, WebSocket};
use signalwire_relay_core::{Config, Endpoint, Error, Task, TaskPurpose};
use smol::Timer;
use smol::channel::{Receiver, Sender, bounded};
use smol::future::FutureExt;
use smol::net::TcpStream;
use smol::stream::Stream;

use crate::spawner::Spawner;

pub(crate) struct Runtime {
    connector: Connector,
    spawner: Spawner,
    alarm: Option<(Instant, Timer)>,
    /// Each task holds a sender until it is done. Nothing is ever sent. Dropped when there will be no more tasks.
    running: Option<Sender<Infallible>>,
    all_done: Pin<Box<Receiver<Infallible>>>,
}

impl Runtime {
    pub(crate) fn new(config: &Config, spawner: Spawner) -> Result<Self, Error> {
        let (running, all_done) = bounded(1);
        let connector = Connector::new(config)?;
        Ok(Self { connector, spawner, alarm: None, running: Some(running), all_done: Box::pin(all_done) })
    }
}

impl Runtime {
    fn run_beside(&self, task: Task) {
        let running = self.running.clone();
        self.spawner.spawn(Box::pin(async move {
            task.await;
            drop(running);
        }));
    }
}

impl adapter::Runtime for Runtime {
    type Socket = WebSocket;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn open(&mut self, endpoint: Endpoint, attempt: u32) -> Opening<WebSocket> {
        let open = async |address, attempt: Attempt| {
            let tcp = TcpStream::connect(address).await.map_err(|error| attempt.tcp_failed(&error))?;
            // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
            let _ = tcp.set_nodelay(true);
            WebSocket::open(tcp, attempt).await
        };
        self.connector.open(endpoint, attempt, open, after)
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else {
            self.alarm = None;
            return Poll::Pending;
        };
        let (at, timer) = self.alarm.get_or_insert_with(|| (deadline, Timer::at(deadline)));
        if *at != deadline {
            *at = deadline;
            timer.set_at(deadline);
        }
        let fired = Pin::new(timer).poll(cx).map(drop);
        if fired.is_ready() {
            self.alarm = None;
        }
        fired
    }

    fn poll_reactor(&mut self, _: &mut Context<'_>) -> Poll<()> {
        // Its sockets read first, and wait for the reactor only if there was nothing.
        Poll::Ready(())
    }

    const TASKS_MUST_NOT_BLOCK: bool = true;

    fn needs_thread(&self) -> bool {
        // Whoever runs the executor decides on how many threads.
        true
    }

    fn spawn(&mut self, _: TaskPurpose, task: Task) {
        self.run_beside(task);
    }
    fn close(&mut self, socket: WebSocket, rest: VecDeque<String>) {
        self.run_beside(Box::pin(socket.close(rest).or(after(CLOSE_TIMEOUT))));
    }

    fn poll_tasks(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.running = None;
        self.all_done.as_mut().poll_next(cx).map(drop)
    }

    fn leave_tasks(&mut self) -> usize {
        self.all_done.sender_count()
    }
}

async fn after(time: Duration) {
    Timer::after(time).await;
}
