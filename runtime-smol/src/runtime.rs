//! What a client is carried by: smol's timers and sockets, and an executor's tasks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use signalwire_relay_core::adapter::{self, ADDRESS_TIMEOUT, CLOSE_TIMEOUT, Socket, TASKS_TIMEOUT};
use signalwire_relay_core::driver::{self, Opening};
use signalwire_relay_core::session::{ConnectionState, Notice};
use signalwire_relay_core::{Config, Endpoint, Error, Task};
use smol::Timer;
use smol::channel::{Receiver, Sender, bounded};
use smol::future::FutureExt;
use smol::net::TcpStream;

use crate::spawner::Spawner;

pub(crate) struct Runtime {
    tls: Option<Arc<ClientConfig>>,
    spawner: Spawner,
    alarm: Option<(Instant, Timer)>,
    /// Each task holds a sender until it is done. Nothing is ever sent.
    running: Sender<Infallible>,
    all_done: Receiver<Infallible>,
}

impl Runtime {
    pub(crate) fn new(config: &Config, spawner: Spawner) -> Result<Self, Error> {
        let (running, all_done) = bounded(1);
        Ok(Self { tls: adapter::tls_config(config)?, spawner, alarm: None, running, all_done })
    }

    /// Gives the tasks a moment to finish.
    pub(crate) async fn end(self) {
        let Self { running, all_done, .. } = self;
        drop(running);
        let finished = async {
            let _ = all_done.recv().await;
        };
        finished.or(after(TASKS_TIMEOUT)).await;
        if all_done.sender_count() > 0 {
            adapter::tasks_left(all_done.sender_count());
        }
    }
}

impl driver::Runtime for Runtime {
    type Socket = Socket;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn open(&mut self, endpoint: Endpoint) -> Opening<Socket> {
        let tls = self.tls.clone();
        Box::pin(async move {
            let tcp =
                connect(&endpoint).await.map_err(|error| format!("cannot connect to {endpoint}: {error}"))?;
            Socket::open(tcp, &endpoint, tls).await
        })
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

    fn spawn(&mut self, task: Task) {
        let running = self.running.clone();
        self.spawner.spawn(Box::pin(async move {
            task.await;
            drop(running);
        }));
    }

    fn part(&mut self, socket: Socket, rest: VecDeque<String>) {
        self.spawn(Box::pin(socket.part(rest).or(after(CLOSE_TIMEOUT))));
    }

    fn notice(&mut self, notice: &Notice) {
        adapter::notice(notice);
    }

    fn connection(&mut self, state: &ConnectionState) {
        adapter::connection(state);
    }
}

async fn after(time: Duration) {
    Timer::after(time).await;
}

/// Connects to the first of the host's addresses that answers in time.
async fn connect(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let mut last = adapter::nowhere();
    let addresses = smol::net::resolve((endpoint.host.as_str(), endpoint.port)).await?;
    for address in adapter::in_turn(addresses) {
        let late = async {
            after(ADDRESS_TIMEOUT).await;
            Err(adapter::silent(address))
        };
        match TcpStream::connect(address).or(late).await {
            Ok(stream) => {
                // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
