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
        // If it breaks here, the next round sees it.
        let _ = self.flush(cx);
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
        let deadline = deadline.map(Instant::from_std);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            // Before anything is read: a busy socket must not hold up the clock.
            self.driver.handle_timeout(Instant::now().into_std());
            return Round::Moved;
        }
        if self.outgoing.len() > WRITE_LIMIT {
            return self.lost("the service does not read what it is sent");
        }
        if let Link::Up(socket) = &mut self.link
            && let Err(reason) = write(socket, &mut self.outgoing, &mut self.unflushed, cx)
        {
            return self.lost(&reason);
        }
        match self.take_in(cx) {
            Round::Stuck => {
                if let Err(reason) = self.flush(cx) {
                    return self.lost(&reason);
                }
                self.sleep(cx, deadline)
            }
            moved => moved,
        }
    }

    /// Sends off what was written: once for all that was written since.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), String> {
        if let Link::Up(socket) = &mut self.link
            && self.unflushed
            && Sink::poll_flush(Pin::new(&mut **socket), cx).map_err(|error| broken(&error))?.is_ready()
        {
            self.unflushed = false;
        }
        Ok(())
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
                Poll::Ready(Some(Err(error))) => self.lost(&broken(&error)),
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
        let outgoing = std::mem::take(&mut self.outgoing);
        self.unflushed = false;
        if let Link::Up(mut socket) = std::mem::replace(&mut self.link, Link::Down) {
            self.tasks.spawn(async move {
                let farewell = async {
                    // What was handed over before the end still goes out.
                    for message in outgoing {
                        socket.send(message).await?;
                    }
                    socket.close(None).await
                };
                // A service that does not hear it any more need not.
                let _ = timeout(FAREWELL, farewell).await;
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
    while !outgoing.is_empty() {
        if socket.as_mut().poll_ready(cx).map_err(|error| broken(&error))?.is_pending() {
            return Ok(());
        }
        if let Some(message) = outgoing.pop_front() {
            socket.as_mut().start_send(message).map_err(|error| broken(&error))?;
            *unflushed = true;
        }
    }
    Ok(())
}

fn broken(error: &SocketError) -> String {
    format!("the connection broke: {error}")
}
