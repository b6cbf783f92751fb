//! The pump: moves frames between a driver and a socket, sleeps until its deadline, spawns its tasks.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_tungstenite::tungstenite::{Error as SocketError, Message};
use futures_util::{Sink, Stream};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Driver, Work};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::log;
use crate::transport::{Opening, Socket, Transport};

/// How many frames may wait to be written before reading pauses: a service that does not read gets no more
/// acknowledgements made for it.
const READ_PAUSE: usize = 256;
/// How many frames may wait to be written before the connection counts as broken.
const WRITE_LIMIT: usize = 10_000;
/// How many rounds are made before other tasks get their turn.
const ROUNDS: usize = 64;
/// How long a farewell to the service may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long handlers may take to finish once the client is closed and everything that they wait for has ended.
const LAST_TASKS: Duration = Duration::from_secs(2);

/// A client's driver on a tokio runtime. Done when the client is closed.
pub(crate) struct Pump {
    driver: Driver,
    transport: Transport,
    link: Link,
    outgoing: VecDeque<Message>,
    unflushed: bool,
    alarm: Option<Pin<Box<Sleep>>>,
    tasks: JoinSet<()>,
}

enum Link {
    Down,
    Opening(Opening),
    Up(Box<Socket>),
}

/// What became of one round.
enum Round {
    Moved,
    Stuck,
    Finished,
}

impl Pump {
    pub(crate) fn new(mut driver: Driver, transport: Transport) -> Self {
        driver.connect(Instant::now().into_std());
        Self {
            driver,
            transport,
            link: Link::Down,
            outgoing: VecDeque::new(),
            unflushed: false,
            alarm: None,
            tasks: JoinSet::new(),
        }
    }

    /// Runs until the client is closed, then gives its tasks a moment to finish.
    pub(crate) async fn run(mut self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
        let mut tasks = std::mem::take(&mut self.tasks);
        drop(self);
        let _ = timeout(LAST_TASKS, async { while tasks.join_next().await.is_some() {} }).await;
        if !tasks.is_empty() {
            tracing::warn!("{} tasks go on although the client is closed", tasks.len());
            tasks.detach_all();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..ROUNDS {
            match self.round(cx) {
                Round::Moved => {}
                Round::Stuck => return Poll::Pending,
                Round::Finished => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Drains the driver, writes, then takes in one thing.
    fn round(&mut self, cx: &mut Context<'_>) -> Round {
        let deadline = loop {
            match self.driver.poll_work(Instant::now().into_std(), cx.waker()) {
                Work::Open(endpoint) => self.link = Link::Opening(self.transport.open(endpoint)),
                Work::Send(text) => self.outgoing.push_back(Message::text(text)),
                Work::Close => self.close(),
                Work::Spawn(task) => drop(self.tasks.spawn(task)),
                Work::Log(notice) => log::notice(&notice),
                Work::Connection(state) => log::connection(&state),
                Work::Wait(deadline) => break deadline,
                Work::Finished => return Round::Finished,
            }
        };
        // Finished tasks are let go of; they have reported what there was to report.
        while self.tasks.try_join_next().is_some() {}
        let lost = match &mut self.link {
            Link::Up(socket) => write(socket, &mut self.outgoing, &mut self.unflushed, cx).err(),
            _ => None,
        };
        if let Some(reason) = lost {
            return self.lost(&reason);
        }
        if self.outgoing.len() > WRITE_LIMIT {
            return self.lost("the service does not read what it is sent");
        }
        match self.take_in(cx) {
            Round::Stuck => self.sleep(cx, deadline.map(Instant::from_std)),
            moved => moved,
        }
    }

    fn take_in(&mut self, cx: &mut Context<'_>) -> Round {
        match &mut self.link {
            Link::Down => Round::Stuck,
            Link::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => Round::Stuck,
                Poll::Ready(Ok(socket)) => {
                    self.link = Link::Up(Box::new(socket));
                    self.driver.handle_connected(Instant::now().into_std());
                    Round::Moved
                }
                Poll::Ready(Err(reason)) => self.lost(&reason),
            },
            Link::Up(_) if self.outgoing.len() > READ_PAUSE => Round::Stuck,
            Link::Up(socket) => match Pin::new(socket).poll_next(cx) {
                Poll::Pending => Round::Stuck,
                Poll::Ready(Some(Ok(message))) => {
                    let frame = match &message {
                        Message::Text(text) => Frame::Text(text),
                        Message::Binary(bytes) => Frame::Binary(bytes),
                        Message::Ping(_) => Frame::Ping,
                        Message::Pong(_) | Message::Frame(_) => Frame::Pong,
                        Message::Close(close) => {
                            let reason = close.as_ref().map_or_else(
                                || "the service closed the connection".to_owned(),
                                |close| format!("the service closed the connection: {close}"),
                            );
                            return self.lost(&reason);
                        }
                    };
                    self.driver.handle_frame(Instant::now().into_std(), frame);
                    Round::Moved
                }
                Poll::Ready(Some(Err(error))) => self.lost(&format!("the connection broke: {error}")),
                Poll::Ready(None) => self.lost("the connection ended"),
            },
        }
    }

    fn sleep(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Round {
        let Some(deadline) = deadline else {
            self.alarm = None;
            return Round::Stuck;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        match alarm.as_mut().poll(cx) {
            Poll::Pending => Round::Stuck,
            Poll::Ready(()) => {
                self.alarm = None;
                self.driver.handle_timeout(Instant::now().into_std());
                Round::Moved
            }
        }
    }

    fn lost(&mut self, reason: &str) -> Round {
        self.close();
        self.driver.handle_disconnected(Instant::now().into_std(), reason);
        Round::Moved
    }

    /// Lets go of the link. A socket is closed on the side, as well as it can be in a moment.
    fn close(&mut self) {
        self.outgoing.clear();
        self.unflushed = false;
        if let Link::Up(mut socket) = std::mem::replace(&mut self.link, Link::Down) {
            self.tasks.spawn(async move {
                let _ = timeout(FAREWELL, socket.close(None)).await;
            });
        }
    }
}

/// Writes what the socket takes now.
fn write(
    socket: &mut Socket,
    outgoing: &mut VecDeque<Message>,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Result<(), String> {
    let mut socket = Pin::new(socket);
    let explain = |error: SocketError| format!("the connection broke: {error}");
    while !outgoing.is_empty() {
        match socket.as_mut().poll_ready(cx).map_err(explain)? {
            Poll::Pending => return Ok(()),
            Poll::Ready(()) => {
                if let Some(message) = outgoing.pop_front() {
                    socket.as_mut().start_send(message).map_err(explain)?;
                    *unflushed = true;
                }
            }
        }
    }
    // One flush for all that was written.
    if *unflushed && socket.poll_flush(cx).map_err(explain)?.is_ready() {
        *unflushed = false;
    }
    Ok(())
}
