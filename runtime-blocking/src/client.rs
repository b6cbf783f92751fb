//! The client that applications make.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};

use signalwire_relay_core::adapter::{self, may_block};
use signalwire_relay_core::{
    Call, Client, ClientState, Config, Error, HandlerOutcome, IncomingCalls, IncomingTasks,
    MessageReceiveEvent, TaskEvent,
};

use crate::interrupts::Interrupts;
use crate::iter::{Iter, Iterate};
use crate::run::{Run, block_on};
use crate::runtime::Loop;

/// A connected client.
///
/// Dereferences to [`Client`], which has everything that can be done with it: placing calls with
/// [`dial`](Client::dial), sending messages, and more; finish requests and waits with [`Run::run`]. A clone of it is a
/// [`Client`], to be taken along to handlers and other threads.
///
/// Dropping it closes the client, whoever else has a clone, and joins what was started: the thread that drives it, and
/// those of handlers, which get 2 s to clean up and are left behind then, with a line in the log.
#[derive(Debug)]
pub struct RelayClient {
    client: Client,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The thread that drives the client.
    driver: ThreadId,
}

impl Deref for RelayClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl RelayClient {
    /// Connects, and authenticates (`signalwire.connect`). Starts one thread, which keeps the client connected from
    /// then on.
    ///
    /// An attempt that fails is made again after a pause of 1 s that doubles up to 30 s, less up to a half by chance, with a
    /// line in the log each time. A service that answers, and is full or restarting, is waited for without limit. One that
    /// cannot be reached, because something is wrong on the way to it (its name, TCP, a proxy, TLS, the WebSocket), is given up
    /// after [`Config::connect_attempts`] attempts or [`Config::connect_timeout`]: by default after 4 attempts. A program that
    /// has to wait for its network uses [`start`](Self::start), which never gives up.
    ///
    /// Ctrl-C and `SIGTERM` end the process meanwhile, as they end any. Where they would not (the first process of a container,
    /// or one in which [`run`](Self::run) has listened for them before), this listens for them itself and fails with
    /// [`Error::Interrupted`]. [`start`](Self::start) and [`ready`](Client::ready) leave signals alone.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is missing or unusable; [`Error::Transport`] if the CA file cannot be
    /// used or no thread be started; [`Error::Unreachable`] if the service cannot be reached; [`Error::AuthenticationFailed`], with the service's own words, if it refuses the credentials, or
    /// the connection for no reason of its own, three times, or does not support the version of the protocol.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), signalwire_relay_blocking::Error> {
    /// use signalwire_relay_blocking::{Config, RelayClient};
    /// let client = RelayClient::connect(Config::new().project("…").token("…").contexts(["office"]))?;
    /// # Ok(()) }
    /// ```
    pub fn connect(config: Config) -> Result<Self, Error> {
        let client = Self::start(config)?;
        adapter::reach::<Interrupts>(&client).run()?;
        Ok(client)
    }

    /// Begins to connect, and does not wait for it: [`ready`](Client::ready) and
    /// [`connection_states`](Client::connection_states) tell how that goes, and requests made meanwhile wait.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Transport`], as for [`connect`](Self::connect).
    #[expect(clippy::needless_pass_by_value, reason = "settings are used up by the client made of them")]
    pub fn start(config: Config) -> Result<Self, Error> {
        config.validate()?;
        let work = Loop::new(&config)?;
        let (client, state) = ClientState::new(&config, fastrand::u64(..))?;
        let thread = thread::Builder::new()
            .name("relay-client".to_owned())
            .spawn(move || {
                if let Err(error) = work.run(state) {
                    adapter::broken_down(&error);
                }
            })
            .map_err(|error| Error::Transport(Arc::new(error)))?;
        Ok(Self { client, driver: thread.thread().id(), thread: Mutex::new(Some(thread)) })
    }

    /// Has a function called for each call that comes in, on a thread of its own. The last function given holds;
    /// it also gets the calls that came in before there was one.
    ///
    /// A function that ends with an error or a panic has its call hung up, and a line in the log. One that ends because
    /// its own call is gone has no line in the log; should the call still be there, it is hung up, too. One that ends because
    /// another call is gone has failed. One that ends well leaves its call as it is.
    ///
    /// (On a [`Client`], which a clone of this one is, the method of this name takes an asynchronous function.)
    ///
    /// There are as many threads for handlers of calls as [`Config::max_active_calls`] allows calls. When all are busy, because
    /// functions go on after their calls have ended, a call stays an offer. It is handled if a thread gets free within 10 s;
    /// if not, it is passed on to another client, with a line in the log, and not handled here any more. Whatever messages,
    /// tasks and callbacks do has [threads of its own](crate#threads).
    ///
    /// ```no_run
    /// # fn example(client: signalwire_relay_blocking::RelayClient) {
    /// use signalwire_relay_blocking::Run;
    /// client.on_call(|call| {
    ///     call.answer().run()?;
    ///     call.play_tts("Hello!").run()?.wait().run()?;
    ///     call.hangup().run()
    /// });
    /// # }
    /// ```
    pub fn on_call<F, R>(&self, handler: F)
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: HandlerOutcome + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.client.on_call(move |call| {
            let handler = handler.clone();
            async move { handler(call) }
        });
    }

    /// Has a function called for each text message that comes in, on a thread of its own. The
    /// last function given holds. Without one, messages are only seen by [`events`](Client::events).
    ///
    /// There are 64 threads for handlers of messages and tasks. When all are busy, whatever comes next waits for one.
    pub fn on_message<F, R>(&self, handler: F)
    where
        F: Fn(MessageReceiveEvent) -> R + Send + Sync + 'static,
        R: HandlerOutcome + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.client.on_message(move |message| {
            let handler = handler.clone();
            async move { handler(message) }
        });
    }

    /// Registers the handler for tasks, replacing any earlier one. It runs on a thread as for [`on_message`](Self::on_message), and
    /// also gets the tasks that came in before and that nobody took. [`Client::on_task`] says when a task counts as
    /// delivered, and what becomes of one that nobody takes.
    ///
    /// ```no_run
    /// # fn example(client: signalwire_relay_blocking::RelayClient) {
    /// client.on_task(|task| println!("a task for {}", task.context));
    /// # }
    /// ```
    pub fn on_task<F, R>(&self, handler: F)
    where
        F: Fn(TaskEvent) -> R + Send + Sync + 'static,
        R: HandlerOutcome + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.client.on_task(move |task| {
            let handler = handler.clone();
            async move { handler(task) }
        });
    }

    /// The tasks that come in, one by one, for as long as no handler is set with [`on_task`](Self::on_task): an iterator
    /// that blocks until there is one, and ends when the client is closed. Several iterators share the tasks out among
    /// them.
    pub fn incoming_tasks(&self) -> Iter<IncomingTasks> {
        self.client.incoming_tasks().iter()
    }

    /// The calls that come in, one by one, for as long as no function is set with [`on_call`](Self::on_call): an
    /// iterator that blocks until there is one, and ends when the client is closed. Several iterators share the calls
    /// out among them.
    ///
    /// A call that is not taken within 10 s is passed on to another client.
    pub fn incoming_calls(&self) -> Iter<IncomingCalls> {
        self.client.incoming_calls().iter()
    }

    /// Serves until Ctrl-C (or, on Unix, a `SIGTERM`), or until the client is closed otherwise.
    ///
    /// On the signal the client stops gently, as [`Client::drain`] describes: no new calls, and the configured
    /// time for those that run. [`Config::second_signal`] says what a second signal does: by default it closes the client
    /// at once and leaves calls to the service. A third closes it at once. Handlers that still run when the client is closed
    /// get a moment to clean up.
    ///
    /// From the first time that this runs, such signals do not end the process by themselves any more.
    ///
    /// # Errors
    /// Why the client closed, unless that was asked for; [`Error::WouldDeadlock`] on a thread that must not block (see [`Run::run`]).
    pub fn run(&self) -> Result<(), Error> {
        if !may_block() {
            return Err(Error::WouldDeadlock);
        }
        let outcome = block_on(adapter::serve::<Interrupts>(&self.client));
        self.join();
        outcome
    }

    fn join(&self) {
        // The thread that drives the client may drop it, with what a handler has captured.
        if thread::current().id() == self.driver {
            return;
        }
        // Held until it has ended: whoever else comes waits as well.
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // It does not panic; if it did, there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl Drop for RelayClient {
    fn drop(&mut self) {
        self.client.disconnect();
        self.join();
    }
}
