//! What a client is carried by: tokio's clock, sockets and tasks.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_tungstenite::tokio::TokioAdapter;
use rustls::ClientConfig;
use signalwire_relay_core::adapter::{self, ADDRESS_TIMEOUT, CLOSE_TIMEOUT, Socket, TASKS_TIMEOUT};
use signalwire_relay_core::driver::{self, Opening};
use signalwire_relay_core::session::{ConnectionState, Notice};
use signalwire_relay_core::{Config, Endpoint, Error, Task};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// Has to be used within a tokio runtime.
pub(crate) struct Runtime {
    tls: Option<Arc<ClientConfig>>,
    alarm: Option<Pin<Box<Sleep>>>,
    tasks: JoinSet<()>,
}

impl Runtime {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self { tls: adapter::tls_config(config)?, alarm: None, tasks: JoinSet::new() })
    }

    /// Gives the tasks a moment to finish.
    pub(crate) async fn end(mut self) {
        let tasks = &mut self.tasks;
        let _ = timeout(TASKS_TIMEOUT, async { while tasks.join_next().await.is_some() {} }).await;
        if !tasks.is_empty() {
            adapter::tasks_left(tasks.len());
            tasks.detach_all();
        }
    }
}

impl driver::Runtime for Runtime {
    type Socket = Socket;

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn open(&mut self, endpoint: Endpoint) -> Opening<Socket> {
        let tls = self.tls.clone();
        Box::pin(async move {
            let tcp =
                connect(&endpoint).await.map_err(|error| format!("cannot connect to {endpoint}: {error}"))?;
            Socket::open(TokioAdapter::new(tcp), &endpoint, tls).await
        })
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

    fn spawn(&mut self, task: Task) {
        // Finished tasks are let go of; they have reported what there was to report.
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task);
    }

    fn part(&mut self, socket: Socket, rest: VecDeque<String>) {
        self.tasks.spawn(async move { drop(timeout(CLOSE_TIMEOUT, socket.part(rest)).await) });
    }

    fn notice(&mut self, notice: &Notice) {
        adapter::notice(notice);
    }

    fn connection(&mut self, state: &ConnectionState) {
        adapter::connection(state);
    }
}

/// Connects to the first of the host's addresses that answers in time.
async fn connect(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let mut last = adapter::nowhere();
    let addresses = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)).await?;
    for address in adapter::in_turn(addresses) {
        match timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = adapter::silent(address),
        }
    }
    Err(last)
}
