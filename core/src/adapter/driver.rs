//! Driving a client on any runtime: one loop for all of them.
//!
//! A [`Driver`] moves frames between a [`ClientState`] and a [`Socket`], sleeps until the next deadline, and spawns
//! tasks. It is a future that never blocks and reads no clock of its own: sockets, time and tasks come from a
//! [`Runtime`], which is all that an adapter has to write. A program that does not poll futures drives the
//! [`ClientState`] itself.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::log;
use super::threads::{Marked, NeededThread};
use crate::client::{ClientOutput, ClientState, MAX_POSTED_REQUESTS, Task, TaskPurpose};
use crate::config::Endpoint;
use crate::connect_failure::ConnectFailure;
use crate::session::{Frame, Io};

/// The time limit for flushing and closing a socket. See [`Runtime::close`].
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The time that tasks have to finish once the client is closed and everything that they wait for has ended.
pub const TASKS_TIMEOUT: Duration = Duration::from_secs(2);
/// The number of acknowledgements that may wait to be written before reading pauses: a service that does not read gets no
/// more of them made for it.
pub const MAX_UNSENT_ACKNOWLEDGEMENTS: usize = 256;
/// The number of outputs of a client that are handled before sockets and deadlines get their turn.
const MAX_OUTPUTS_AT_ONCE: usize = 256;
/// The number of rounds that applications can keep busy before deadlines that are due are handled: enough for everything
/// that they can have posted, with what follows from it, by the time that the deadline came.
const MAX_BUSY_ROUNDS: usize = 2 * MAX_POSTED_REQUESTS / MAX_OUTPUTS_AT_ONCE;
/// The number of rounds before other tasks get their turn.
const MAX_ROUNDS: usize = 64;
/// The number of frames that are read before deadlines that are due. A socket whose receive buffer has grown to its usual
/// maximum of 6 MiB holds about as many events, so everything that arrived before the deadline is read; a socket that
/// never runs dry does not hold up the clock for longer than that.
pub const MAX_FRAMES_BEFORE_DEADLINES: usize = 8192;

/// An attempt to open a socket. Dropping it gives the attempt up.
pub type Opening<S> = Pin<Box<dyn Future<Output = Result<S, ConnectFailure>> + Send>>;

/// A runtime, as the driver needs it.
pub trait Runtime {
    /// Its WebSockets.
    type Socket: Socket;

    /// The time by the clock that [`poll_deadline`](Self::poll_deadline) follows.
    fn now(&self) -> Instant;

    /// Begins to open a WebSocket to this place. `attempt` counts from 1 since a connection last held.
    fn open(&mut self, endpoint: Endpoint, attempt: u32) -> Opening<Self::Socket>;

    /// Ready once this instant has come. Replaces the instant asked for before; `None` is never.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()>;

    /// Ready once a socket that is pending has really nothing to read. Polled when a deadline has come and the socket is
    /// pending; the socket is polled again before the deadline is handled.
    ///
    /// A runtime whose sockets ask the operating system at each poll is ready at once. One that remembers which sockets
    /// are readable is ready after its reactor has asked the operating system: a thread that was blocked, or a process
    /// that was stopped, handles the deadline of a request otherwise although the answer has arrived. The next call
    /// after it was ready begins anew.
    fn poll_reactor(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Runs a task of the application on the side. It does not panic.
    ///
    /// A runtime that has no room for a task may begin it later, or drop it: a call whose handler does not begin in time is
    /// passed on. Tasks of one purpose must not wait for room that those of another have.
    fn spawn(&mut self, purpose: TaskPurpose, task: Task);

    /// Returns `true` if tasks share the threads that drive clients, so that one that blocks its thread may wait for itself.
    /// Blocking is then [refused](super::may_block) in them.
    const TASKS_MUST_NOT_BLOCK: bool;

    /// Returns `true` if the thread that polls the driver has to poll it again, because there is no other, or may be none.
    /// Blocking is then [refused](super::may_block) on the thread that has polled it last.
    fn needs_thread(&self) -> bool;

    /// Flushes and closes a socket in the background, within [`CLOSE_TIMEOUT`]. `rest` is what is still to be written.
    fn close(&mut self, socket: Self::Socket, rest: VecDeque<String>);

    /// Ready once no task runs any more.
    fn poll_tasks(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Lets the tasks that still run go on without the client. Returns their number.
    fn leave_tasks(&mut self) -> usize;
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

/// A client on a runtime: a future that is ready when the client is closed and its tasks have finished. Tasks that take
/// longer than [`TASKS_TIMEOUT`] after the end of the client are left behind, with a line in the log.
///
/// Dropping it closes the client at once, as dropping a [`ClientState`] does.
#[must_use = "futures do nothing unless polled"]
pub struct Driver<R: Runtime> {
    state: ClientState,
    runtime: R,
    link: Link<R::Socket>,
    /// The last frames of a client that closes. Before that, frames wait in the session until the socket takes them.
    last: VecDeque<String>,
    unflushed: bool,
    /// Set while a deadline is due and what has arrived is still being read.
    due: Option<Due>,
    phase: Phase,
    thread: NeededThread,
}

/// A deadline that is due. Everything that has arrived is handled before it.
struct Due {
    /// The runtime has looked at its sockets since.
    is_read_through: bool,
    /// The number of frames that may still be read.
    frames_left: usize,
    /// The number of rounds that had nothing to read and more outputs than one round handles.
    busy_rounds: usize,
}

impl Default for Due {
    fn default() -> Self {
        Self { is_read_through: false, frames_left: MAX_FRAMES_BEFORE_DEADLINES, busy_rounds: 0 }
    }
}

/// The phases of a driver.
enum Phase {
    Running,
    /// The client is closed; tasks may finish until this instant.
    Finishing(Instant),
    Done,
}

enum Link<S> {
    Down,
    Opening(Opening<S>),
    Up(Box<S>),
}

/// The outcome of one round.
enum Round {
    Moved,
    Stuck,
    Finished,
}

impl<R: Runtime> Driver<R> {
    /// Starts to connect a client.
    pub fn new(mut state: ClientState, runtime: R) -> Self {
        state.hold_frames();
        state.connect(runtime.now());
        Self {
            state,
            runtime,
            link: Link::Down,
            last: VecDeque::new(),
            unflushed: false,
            due: None,
            phase: Phase::Running,
            thread: NeededThread::default(),
        }
    }

    /// Handles outputs, writes, then takes in one thing. Deadlines that are due come after everything that has arrived.
    fn round(&mut self, cx: &mut Context<'_>) -> Round {
        let mut drained = false;
        for _ in 0..MAX_OUTPUTS_AT_ONCE {
            match self.state.poll_output(self.runtime.now(), cx.waker()) {
                ClientOutput::Io(Io::Open(endpoint)) => {
                    self.link = Link::Opening(self.runtime.open(endpoint, self.state.attempt()));
                }
                ClientOutput::Io(Io::Send(text)) => self.last.push_back(text),
                ClientOutput::Io(Io::Close) => self.close(),
                ClientOutput::Io(Io::Wait(_)) => {
                    drained = true;
                    break;
                }
                ClientOutput::Spawn(purpose, task) => {
                    let task = if R::TASKS_MUST_NOT_BLOCK { Box::pin(Marked::new(task)) } else { task };
                    self.runtime.spawn(purpose, task);
                }
                ClientOutput::Log(notice) => log::notice(&notice),
                ClientOutput::Connection(state) => log::connection(&state),
                ClientOutput::Finished => return Round::Finished,
            }
        }
        // Asked of the state, not of its last output: busy applications, which always have more for the driver, must not
        // hold up the clock.
        let deadline = self.state.deadline();
        if deadline.is_some_and(|at| at <= self.runtime.now()) {
            self.due.get_or_insert_default();
        }
        if self.due.as_ref().is_some_and(|due| due.frames_left == 0) {
            self.handle_deadlines();
        }
        match self.write(cx).and_then(|()| self.take_in(cx)) {
            Ok(Round::Stuck) => {}
            Ok(moved) => {
                if let Some(due) = &mut self.due {
                    due.frames_left -= 1;
                }
                return moved;
            }
            Err(reason) => return self.lost(&reason),
        }
        if let Err(reason) = self.flush(cx) {
            return self.lost(&reason);
        }
        let outcome = if let Some(due) = &mut self.due {
            if !drained && due.busy_rounds < MAX_BUSY_ROUNDS {
                due.busy_rounds += 1;
                return Round::Moved;
            }
            self.poll_due(cx)
        } else if self.runtime.poll_deadline(cx, deadline).is_ready() {
            self.due = Some(Due::default());
            Round::Moved
        } else {
            Round::Stuck
        };
        if drained { outcome } else { Round::Moved }
    }

    /// Nothing is left to read, as far as the runtime knows: handles the deadlines that are due once it is sure.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Round {
        if let Some(due) = &mut self.due
            && !due.is_read_through
            && !matches!(self.link, Link::Down)
        {
            if self.runtime.poll_reactor(cx).is_pending() {
                return Round::Stuck;
            }
            due.is_read_through = true;
            return Round::Moved;
        }
        self.handle_deadlines();
        Round::Moved
    }

    fn handle_deadlines(&mut self) {
        self.due = None;
        self.state.handle_timeout(self.runtime.now());
    }

    /// Writes what the socket takes now.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), String> {
        let Link::Up(socket) = &mut self.link else { return Ok(()) };
        while !self.last.is_empty() || self.state.session().has_frames() {
            let Poll::Ready(ready) = socket.poll_ready(cx) else { break };
            ready?;
            if let Some(text) = self.last.pop_front().or_else(|| self.state.poll_frame()) {
                socket.start_send(text)?;
                self.unflushed = true;
            }
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

    fn take_in(&mut self, cx: &mut Context<'_>) -> Result<Round, String> {
        match &mut self.link {
            Link::Down => Ok(Round::Stuck),
            Link::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => Ok(Round::Stuck),
                Poll::Ready(Ok(socket)) => {
                    self.link = Link::Up(Box::new(socket));
                    self.state.handle_connected(self.runtime.now());
                    Ok(Round::Moved)
                }
                Poll::Ready(Err(failure)) => {
                    self.link = Link::Down;
                    self.state.handle_connect_failed(self.runtime.now(), &failure);
                    Ok(Round::Moved)
                }
            },
            Link::Up(_) if self.state.session().unsent_acknowledgements() > MAX_UNSENT_ACKNOWLEDGEMENTS => {
                Ok(Round::Stuck)
            }
            Link::Up(socket) => {
                let (state, runtime) = (&mut self.state, &self.runtime);
                match socket.poll_frame(cx, &mut |frame| state.handle_frame(runtime.now(), frame)) {
                    Poll::Pending => Ok(Round::Stuck),
                    Poll::Ready(delivered) => delivered.map(|()| Round::Moved),
                }
            }
        }
    }

    fn lost(&mut self, reason: &str) -> Round {
        self.close();
        self.state.handle_disconnected(self.runtime.now(), reason);
        Round::Moved
    }

    fn close(&mut self) {
        let rest = std::mem::take(&mut self.last);
        self.unflushed = false;
        if let Link::Up(socket) = std::mem::replace(&mut self.link, Link::Down) {
            self.runtime.close(*socket, rest);
        }
    }
}

impl<R: Runtime> Driver<R> {
    /// Gives tasks a moment to finish.
    fn poll_finish(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.runtime.poll_tasks(cx).is_pending() {
            if self.runtime.poll_deadline(cx, Some(until)).is_pending() {
                return Poll::Pending;
            }
            log::tasks_left(self.runtime.leave_tasks());
        }
        self.phase = Phase::Done;
        Poll::Ready(())
    }
}

impl<R: Runtime> Unpin for Driver<R> {}

impl<R: Runtime> Future for Driver<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.runtime.needs_thread() {
            this.thread.set_here();
        } else {
            this.thread.clear();
        }
        match this.phase {
            Phase::Running => {}
            Phase::Finishing(until) => return this.poll_finish(until, cx),
            // Polled again after it was ready, which a future need not survive; this one stays ready.
            Phase::Done => return Poll::Ready(()),
        }
        for _ in 0..MAX_ROUNDS {
            match this.round(cx) {
                Round::Moved => {}
                Round::Stuck => return Poll::Pending,
                Round::Finished => {
                    let until = this.runtime.now() + TASKS_TIMEOUT;
                    this.phase = Phase::Finishing(until);
                    return this.poll_finish(until, cx);
                }
            }
        }
        // If it breaks here, the next round sees it.
        let _ = this.flush(cx);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
