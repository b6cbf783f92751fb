//! The client that applications make.

use std::ops::Deref;

use signalwire_relay_core::adapter;
use signalwire_relay_core::driver::Driver;
use signalwire_relay_core::{Client, ClientState, Config, Error};
use tokio::sync::watch;

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
    /// A service that cannot be reached, or cannot take the connection now, is tried again, with growing pauses of up
    /// to 30 s and a line in the log each time, for as long as the future lives. Put a limit on that with your
    /// runtime's timeout. Dropping the future gives up.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is missing or unusable; [`Error::Transport`] if the CA file cannot be
    /// used; [`Error::AuthenticationFailed`], with the service's own words, if it refuses the credentials, or
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
        client.ready().await?;
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
        let (client, driver) = ClientState::new(&config, fastrand::u64(..))?;
        let (stopping, stopped) = watch::channel(());
        tokio::spawn(async move {
            Driver::new(driver, runtime).await.end().await;
            drop(stopping);
        });
        Ok(Self { client, stopped })
    }

    /// Serves until Ctrl-C (or, on Unix, a `SIGTERM`), or until the client is closed otherwise.
    ///
    /// On the signal the client stops gently, as [`Client::drain`] describes: no new calls, and the configured
    /// time for those that run. A second signal closes it at once. Handlers that still run when the client is
    /// closed get a moment to clean up.
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
        let mut interruptions = Interruptions::listen();
        let mut interrupted = false;
        let outcome = loop {
            tokio::select! {
                outcome = self.client.closed() => break outcome,
                () = interruptions.next() => {
                    adapter::interrupted(interrupted);
                    if interrupted {
                        self.client.disconnect();
                    } else {
                        self.client.drain(None);
                    }
                    interrupted = true;
                }
            }
        };
        // Nothing is ever sent: this waits for the sender to be dropped.
        let _ = self.stopped.clone().changed().await;
        outcome
    }
}

/// What somebody sends who wants the process to end. Where signals cannot be listened for, nobody ever does.
struct Interruptions {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Interruptions {
    fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let interrupt = signal(SignalKind::interrupt());
            Self { signals: interrupt.and_then(|int| Ok([int, signal(SignalKind::terminate())?])).ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some([interrupt, terminate]) = &mut self.signals {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
