//! What a client is carried by: tokio's clock, sockets and tasks.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_tungstenite::tungstenite::Message;
use signalwire_relay_core::adapter::{self, FAREWELL, LAST_TASKS};
use signalwire_relay_core::pump::{self, Opening};
use signalwire_relay_core::session::{ConnectionState, Notice};
use signalwire_relay_core::{Endpoint, Task};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::transport::{Socket, Transport};

/// Has to be used within a tokio runtime.
pub(crate) struct Runtime {
    transport: Transport,
    alarm: Option<Pin<Box<Sleep>>>,
    tasks: JoinSet<()>,
}

impl Runtime {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, alarm: None, tasks: JoinSet::new() }
    }

    /// Gives the tasks a moment to finish.
    pub(crate) async fn end(mut self) {
        let tasks = &mut self.tasks;
        let _ = timeout(LAST_TASKS, async { while tasks.join_next().await.is_some() {} }).await;
        if !tasks.is_empty() {
            adapter::tasks_left(tasks.len());
            tasks.detach_all();
        }
    }
}

impl pump::Runtime for Runtime {
    type Socket = Socket;

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn open(&mut self, endpoint: Endpoint) -> Opening<Socket> {
        Box::pin(self.transport.clone().open(endpoint))
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

    fn part(&mut self, mut socket: Socket, rest: VecDeque<String>) {
        self.tasks.spawn(async move {
            let farewell = async {
                for text in rest {
                    socket.0.send(Message::text(text)).await?;
                }
                socket.0.close(None).await
            };
            // A service that does not hear it any more need not.
            let _ = timeout(FAREWELL, farewell).await;
        });
    }

    fn notice(&mut self, notice: &Notice) {
        adapter::notice(notice);
    }

    fn connection(&mut self, state: &ConnectionState) {
        adapter::connection(state);
    }
}
