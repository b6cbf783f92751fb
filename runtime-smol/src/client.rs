//! The client that applications make.

use std::convert::Infallible;
use std::ops::Deref;
use std::task::{Context, Poll};

use async_signal::{Signal, Signals};
use signalwire_relay_core::adapter::{self, Driver, Interruptions};
use signalwire_relay_core::{Client, ClientState, Config, Error};
use smol::channel::{Receiver, bounded};
use smol::stream::StreamExt;

use crate::runtime::Runtime;
use crate::spawner::Spawner;

/// A connected client.
///
/// Dereferences to [`Client`], which has everything that can be done with it: answering calls with
/// [`on_call`](Client::on_call) or [`incoming_calls`](Client::incoming_calls), placing them with
/// [`dial`](Client::dial), and more. Clones stand for the same client, and the last one dropped closes it.
#[derive(Debug, Clone)]
pub struct RelayClient {
    client: Client,
    /// Nothing is ever sent: it closes when everything has stopped.
    stopped: Receiver<Infallible>,
}

impl Deref for RelayClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl RelayClient {
    /// Connects, and authenticates (`signalwire.connect`). Spawns one task on smol's global executor, which keeps the
    /// client connected from then on, and one for each handler that runs.
    ///
    /// An attempt that fails is made again after a pause of 1 s that doubles up to 30 s, less up to a half by chance, with a
    /// line in the log each time. A service that answers, and is full or restarting, is waited for without limit. One that
    /// cannot be reached, because something is wrong on the way to it (its name, TCP, a proxy, TLS, the WebSocket), is given up
    /// after [`Config::connect_attempts`] attempts or [`Config::connect_timeout`]: by default after 4 attempts. A program that
    /// has to wait for its network uses [`start`](Self::start), which never gives up. Dropping the
    /// future gives up.
    ///
    /// Ctrl-C and `SIGTERM` end the process meanwhile, as they end any. Where they would not (the first process of a container,
    /// or one in which [`run`](Self::run) has listened for them before), this listens for them itself and fails with
    /// [`Error::Interrupted`]. [`start`](Self::start) and [`ready`](Client::ready) leave signals alone.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is missing or unusable; [`Error::Transport`] if the CA file cannot be
    /// used; [`Error::Unreachable`] if the service cannot be reached; [`Error::AuthenticationFailed`], with the service's own words, if it refuses the credentials, or
    /// the connection for no reason of its own, three times, or does not support the version of the protocol.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), signalwire_relay_smol::Error> {
    /// use signalwire_relay_smol::{Config, RelayClient};
    /// let client = RelayClient::connect(Config::new().project("…").token("…").contexts(["office"])).await?;
    /// # Ok(()) }
    /// ```
    pub async fn connect(config: Config) -> Result<Self, Error> {
        let client = Self::start(config)?;
        adapter::reach::<Interrupts>(&client).await?;
        Ok(client)
    }

    /// As [`connect`](Self::connect), with all tasks on an executor that you run. If it is dropped, the client is
    /// closed.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use signalwire_relay_smol::{Config, Error, RelayClient};
    ///
    /// let executor = Arc::new(smol::Executor::new());
    /// smol::block_on(executor.run(async {
    ///     let client = RelayClient::connect_on(&executor, Config::from_env()?).await?;
    ///     client.run().await
    /// }))?;
    /// # Ok::<(), Error>(())
    /// ```
    pub async fn connect_on(spawner: impl Into<Spawner>, config: Config) -> Result<Self, Error> {
        let client = Self::start_on(spawner, config)?;
        adapter::reach::<Interrupts>(&client).await?;
        Ok(client)
    }

    /// Begins to connect, and does not wait for it: [`ready`](Client::ready) and
    /// [`connection_states`](Client::connection_states) tell how that goes, and requests made meanwhile wait.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Transport`], as for [`connect`](Self::connect).
    pub fn start(config: Config) -> Result<Self, Error> {
        Self::start_on(Spawner::default(), config)
    }

    /// As [`start`](Self::start), with all tasks on an executor that you run.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Transport`], as for [`connect`](Self::connect).
    #[expect(clippy::needless_pass_by_value, reason = "settings are used up by the client made of them")]
    pub fn start_on(spawner: impl Into<Spawner>, config: Config) -> Result<Self, Error> {
        config.validate()?;
        let spawner = spawner.into();
        let runtime = Runtime::new(&config, spawner.clone())?;
        let (client, state) = ClientState::new(&config, fastrand::u64(..))?;
        let (stopping, stopped) = bounded(1);
        spawner.spawn(Box::pin(async move {
            Driver::new(state, runtime).await;
            drop(stopping);
        }));
        Ok(Self { client, stopped })
    }

    /// Serves until Ctrl-C (or, on Unix, a `SIGTERM`), or until the client is closed otherwise.
    ///
    /// On the signal the client stops gently, as [`Client::drain`] describes: no new calls, and the configured
    /// time for those that run. [`Config::second_signal`] says what a second signal does: by default it closes the client
    /// at once and leaves calls to the service. A third closes it at once. Handlers that still run when the client is closed
    /// get a moment to clean up.
    ///
    /// From the first time that this runs, such signals do not end the process by themselves any more. Dropping the future
    /// only stops listening for them.
    ///
    /// # Errors
    /// Why the client closed, unless that was asked for.
    pub async fn run(&self) -> Result<(), Error> {
        let outcome = adapter::serve::<Interrupts>(&self.client).await;
        let _ = self.stopped.recv().await;
        outcome
    }
}

/// Requests to end the process. Where signals cannot be listened for, there are none.
struct Interrupts(Option<Signals>);

impl Interruptions for Interrupts {
    fn listen() -> Self {
        #[cfg(unix)]
        let signals = [Signal::Int, Signal::Term];
        #[cfg(not(unix))]
        let signals = [Signal::Int];
        Self(Signals::new(signals).ok())
    }

    fn poll_interruption(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.as_mut().map(|signals| signals.poll_next(cx)) {
            Some(Poll::Ready(Some(Ok(_)))) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}
