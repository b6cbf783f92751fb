//! Driving a client on any runtime: what every adapter does alike.
//!
//! A [`Driver`] moves frames between a [`ClientState`] and a [`Socket`], sleeps until the driver's deadline, and spawns its
//! tasks. It is a future that never blocks and reads no clock of its own: sockets, time and tasks come from a
//! [`Runtime`], which is all that an adapter has to write. A program that does not poll futures drives the
//! [`ClientState`] itself.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::client::{ClientOutput, ClientState, MAX_POSTED_REQUESTS, Task};
use crate::config::Endpoint;
use crate::session::{ConnectionState, Frame, Notice};

/// How many frames may wait to be written before reading pauses: a service that does not read gets no more
/// acknowledgements made for it.
pub const MAX_UNSENT_WHILE_READING: usize = 256;
/// How many frames may wait to be written, and not get away, before the connection counts as broken: more than
/// applications can post at once.
pub const MAX_UNSENT_FRAMES: usize = 2 * MAX_POSTED_REQUESTS;
/// How much of the driver's work is done before sockets and deadlines get their turn.
const MAX_OUTPUTS_AT_ONCE: usize = 256;
/// How many rounds are made before other tasks get their turn.
const ROUNDS: usize = 64;

/// An attempt to open a socket. Its error is for people to read. Dropping it gives the attempt up.
pub type Opening<S> = Pin<Box<dyn Future<Output = Result<S, String>> + Send>>;

/// What a pump needs of a runtime.
pub trait Runtime {
    /// Its WebSockets.
    type Socket: Socket;

    /// The time by the clock that [`poll_deadline`](Self::poll_deadline) follows.
    fn now(&self) -> Instant;

    /// Begins to open a WebSocket to this place.
    fn open(&mut self, endpoint: Endpoint) -> Opening<Self::Socket>;

    /// Ready once this instant has come. Replaces the instant asked for before; `None` is never.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()>;

    /// Runs a task of the application on the side. It does not panic.
    fn spawn(&mut self, task: Task);

    /// Parts with a socket on the side: what is left is still written, then it is closed, as well as that can be done
    /// in a moment.
    fn part(&mut self, socket: Self::Socket, rest: VecDeque<String>);

    /// Logs something that happened.
    fn notice(&mut self, notice: &Notice);

    /// Logs a change of the connection.
    fn connection(&mut self, state: &ConnectionState);
}

/// A WebSocket. Its errors are for people to read, and end the connection.
pub trait Socket {
    /// Ready when a frame can be handed over.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>>;

    /// Hands over a text frame. Called after [`poll_ready`](Self::poll_ready) was ready.
    ///
    /// # Errors
    /// If the connection is broken.
    fn start_send(&mut self, text: String) -> Result<(), String>;

    /// Sends off what was handed over.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>>;

    /// Delivers the next frame, if one has arrived. The end of the connection is an error.
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        deliver: &mut dyn FnMut(Frame<'_>),
    ) -> Poll<Result<(), String>>;
}

/// A client's driver on a runtime: a future that is done when the client is closed, and then gives the runtime back.
///
/// Dropping it closes the client at once, as dropping a [`ClientState`] does.
#[must_use = "futures do nothing unless polled"]
pub struct Driver<R: Runtime> {
    driver: ClientState,
    /// Taken when it is done.
    runtime: Option<R>,
    link: Link<R::Socket>,
    outgoing: VecDeque<String>,
    unflushed: bool,
}

enum Link<S> {
    Down,
    Opening(Opening<S>),
    Up(Box<S>),
}

/// What became of one round.
enum Round {
    Moved,
    Stuck,
    Finished,
}

impl<R: Runtime> Driver<R> {
    /// Starts to connect a driver.
    pub fn new(mut driver: ClientState, runtime: R) -> Self {
        driver.connect(runtime.now());
        Self { driver, runtime: Some(runtime), link: Link::Down, outgoing: VecDeque::new(), unflushed: false }
    }

    /// Does the driver's work, writes, then takes in one thing.
    fn round(&mut self, runtime: &mut R, cx: &mut Context<'_>) -> Round {
        let mut waits_until = None;
        for _ in 0..MAX_OUTPUTS_AT_ONCE {
            match self.driver.poll_output(runtime.now(), cx.waker()) {
                ClientOutput::Open(endpoint) => self.link = Link::Opening(runtime.open(endpoint)),
                ClientOutput::Send(text) => self.outgoing.push_back(text),
                ClientOutput::Close => self.close(runtime),
                ClientOutput::Spawn(task) => runtime.spawn(task),
                ClientOutput::Log(notice) => runtime.notice(&notice),
                ClientOutput::Connection(state) => runtime.connection(&state),
                ClientOutput::Finished => return Round::Finished,
                ClientOutput::Wait(deadline) => {
                    waits_until = Some(deadline);
                    break;
                }
            }
        }
        // Before anything is read: a busy socket must not hold up the clock. Neither must busy applications: while
        // they have more for the driver, its deadline is not known, and it does not mind being asked too early.
        let due = waits_until.is_none_or(|deadline| deadline.is_some_and(|at| at <= runtime.now()));
        if due {
            self.driver.handle_timeout(runtime.now());
        }
        match self.write(cx).and_then(|()| self.take_in(runtime, cx)) {
            Ok(Round::Stuck) if !due => {}
            Ok(Round::Stuck) => return Round::Moved,
            Ok(moved) => return moved,
            Err(reason) => return self.lost(runtime, &reason),
        }
        if let Err(reason) = self.flush(cx) {
            return self.lost(runtime, &reason);
        }
        if runtime.poll_deadline(cx, waits_until.flatten()).is_ready() {
            self.driver.handle_timeout(runtime.now());
            return Round::Moved;
        }
        Round::Stuck
    }

    /// Writes what the socket takes now.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), String> {
        let Link::Up(socket) = &mut self.link else { return Ok(()) };
        while !self.outgoing.is_empty() {
            let Poll::Ready(ready) = socket.poll_ready(cx) else { break };
            ready?;
            if let Some(text) = self.outgoing.pop_front() {
                socket.start_send(text)?;
                self.unflushed = true;
            }
        }
        if self.outgoing.len() > MAX_UNSENT_FRAMES {
            return Err("the service does not read what it is sent".to_owned());
        }
        Ok(())
    }

    /// Sends off what was written: once for all that was written since.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), String> {
        if let Link::Up(socket) = &mut self.link
            && self.unflushed
            && let Poll::Ready(flushed) = socket.poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }

    fn take_in(&mut self, runtime: &mut R, cx: &mut Context<'_>) -> Result<Round, String> {
        match &mut self.link {
            Link::Down => Ok(Round::Stuck),
            Link::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => Ok(Round::Stuck),
                Poll::Ready(socket) => {
                    self.link = Link::Up(Box::new(socket?));
                    self.driver.handle_connected(runtime.now());
                    Ok(Round::Moved)
                }
            },
            Link::Up(_) if self.outgoing.len() > MAX_UNSENT_WHILE_READING => Ok(Round::Stuck),
            Link::Up(socket) => {
                let driver = &mut self.driver;
                match socket.poll_frame(cx, &mut |frame| driver.handle_frame(runtime.now(), frame)) {
                    Poll::Pending => Ok(Round::Stuck),
                    Poll::Ready(delivered) => delivered.map(|()| Round::Moved),
                }
            }
        }
    }

    fn lost(&mut self, runtime: &mut R, reason: &str) -> Round {
        self.close(runtime);
        self.driver.handle_disconnected(runtime.now(), reason);
        Round::Moved
    }

    fn close(&mut self, runtime: &mut R) {
        let rest = std::mem::take(&mut self.outgoing);
        self.unflushed = false;
        if let Link::Up(socket) = std::mem::replace(&mut self.link, Link::Down) {
            runtime.part(*socket, rest);
        }
    }
}

impl<R: Runtime> Unpin for Driver<R> {}

impl<R: Runtime> Future for Driver<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = &mut *self;
        let Some(mut runtime) = this.runtime.take() else {
            // Polled again after it was done, which a future need not survive; this one never ends then.
            return Poll::Pending;
        };
        for _ in 0..ROUNDS {
            match this.round(&mut runtime, cx) {
                Round::Moved => {}
                Round::Stuck => {
                    this.runtime = Some(runtime);
                    return Poll::Pending;
                }
                Round::Finished => return Poll::Ready(runtime),
            }
        }
        // If it breaks here, the next round sees it.
        let _ = this.flush(cx);
        this.runtime = Some(runtime);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
