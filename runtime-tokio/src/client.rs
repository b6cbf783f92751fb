//! The client that applications make.

use std::ops::Deref;
use std::task::{Context, Poll};

use signalwire_relay_core::adapter::{self, Driver, Interruptions};
use signalwire_relay_core::{Client, ClientState, Config, Error};
use tokio::sync::watch;
use tokio::task::unconstrained;

use crate::runtime::Runtime;

/// A connected client.
///
/// Dereferences to [`Client`], which has everything that can be done with it: answering calls with
/// [`on_call`](Client::on_call) or [`incoming_calls`](Client::incoming_calls), placing them with
/// [`dial`](Client::dial), and more. Clones stand for the same client, and the last one dropped closes it.
#[derive(Debug, Clone)]
pub struct RelayClient {
    client: Client,
    stopped: watch::Receiver<()>,
}

impl Deref for RelayClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl RelayClient {
    /// Connects, and authenticates (`signalwire.connect`). Spawns one task, which keeps the client connected
    /// from then on.
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
    /// # Panics
    /// Outside of a tokio runtime. On one without I/O or time enabled it fails with [`Error::Closed`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), signalwire_relay_tokio::Error> {
    /// use signalwire_relay_tokio::{Config, RelayClient};
    /// let client = RelayClient::connect(Config::new().project("…").token("…").contexts(["office"])).await?;
    /// # Ok(()) }
    /// ```
    pub async fn connect(config: Config) -> Result<Self, Error> {
        let client = Self::start(config)?;
        adapter::reach::<Interrupts>(&client).await?;
        Ok(client)
    }

    /// Begins to connect, and does not wait for it: [`ready`](Client::ready) and
    /// [`connection_states`](Client::connection_states) tell how that goes, and requests made meanwhile wait.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Transport`], as for [`connect`](Self::connect).
    ///
    /// # Panics
    /// Outside of a tokio runtime. On one without I/O or time enabled it fails with [`Error::Closed`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), signalwire_relay_tokio::Error> {
    /// use signalwire_relay_tokio::{Config, RelayClient, secs};
    /// let client = RelayClient::start(Config::from_env()?)?;
    /// client.ready().timeout(secs(30)).await?;
    /// # Ok(()) }
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "settings are used up by the client made of them")]
    pub fn start(config: Config) -> Result<Self, Error> {
        config.validate()?;
        let runtime = Runtime::new(&config)?;
        let (client, state) = ClientState::new(&config, fastrand::u64(..))?;
        let (stopping, stopped) = watch::channel(());
        // The driver limits itself. With tokio's budget used up, a socket would pretend to have nothing to read.
        tokio::spawn(unconstrained(async move {
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
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), signalwire_relay_tokio::Error> {
    /// use signalwire_relay_tokio::{Config, RelayClient};
    /// let client = RelayClient::connect(Config::from_env()?.contexts(["office"])).await?;
    /// client.on_call(|call| async move { call.answer().await });
    /// client.run().await
    /// # }
    /// ```
    pub async fn run(&self) -> Result<(), Error> {
        let outcome = adapter::serve::<Interrupts>(&self.client).await;
        // Nothing is ever sent: this waits for the sender to be dropped.
        let _ = self.stopped.clone().changed().await;
        outcome
    }
}

/// Requests to end the process. Where signals cannot be listened for, there are none.
struct Interrupts {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
    #[cfg(not(unix))]
    ctrl_c: Option<tokio::signal::windows::CtrlC>,
}

impl Interruptions for Interrupts {
    fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
            Self { signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
        }
        #[cfg(not(unix))]
        Self { ctrl_c: tokio::signal::windows::ctrl_c().ok() }
    }

    fn poll_interruption(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        #[cfg(unix)]
        let mut sources = self.signals.iter_mut();
        #[cfg(not(unix))]
        let mut sources = self.ctrl_c.iter_mut();
        // A source that has ended gives `None`, and nothing more.
        if sources.any(|source| matches!(source.poll_recv(cx), Poll::Ready(Some(())))) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
