//! The service on a real socket, in real time or faster.
//!
//! ```no_run
//! use signalwire_relay_simulator::Scenario;
//! use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
//!
//! let simulator = Simulator::start(ListenOptions::new(Scenario::builtin("ivr")?).tls().speed(10.0))?;
//! println!("{} is waiting for clients", simulator.url());
//! for report in simulator.reports() {
//!     println!("{report}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connection;
mod options;
mod shared;
mod tls;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;
use std::time::Duration;

use async_tungstenite::tungstenite::http::HeaderValue;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

pub use options::ListenOptions;

use self::shared::Shared;
use self::tls::Tls;
use crate::{Report, SimulatedService};

/// Maximum number of connections that a silent service keeps open; further ones are closed.
const MAX_SILENT_CONNECTIONS: usize = 1000;
/// Delay after a failed `accept`, which is usually a lack of file descriptors.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// A [`SimulatedService`] that listens on a port.
///
/// It runs in its own thread, so that tests with any async runtime, or none, can use it. Dropping it closes every
/// connection and joins the thread.
pub struct Simulator {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
    address: SocketAddr,
    ca_pem: Option<String>,
}

enum Command {
    StopListening(blocking::Sender<io::Result<()>>),
    Listen(blocking::Sender<io::Result<()>>),
    Silent(bool, blocking::Sender<io::Result<()>>),
    Shutdown,
}

impl Simulator {
    /// Starts to listen. Clients can connect as soon as this function returns.
    ///
    /// # Errors
    ///
    /// If the address is not loopback and remote access is not allowed, if the address cannot be bound, or if the
    /// certificate cannot be generated or written.
    pub fn start(options: ListenOptions) -> io::Result<Self> {
        let ListenOptions {
            address,
            allow_remote,
            tls,
            certificate,
            connection_header,
            ca_out,
            scenario,
            seed,
            speed,
            silent,
            frame_log,
        } = options;
        if !address.ip().is_loopback() && !allow_remote {
            let text = format!("{address} is not a loopback address");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let tls = if tls { Some(Tls::generate(address.ip(), &certificate)?) } else { None };
        let (acceptor, ca_pem) = tls.map(|tls| (tls.acceptor, tls.ca_pem)).unzip();
        if let (Some(path), Some(pem)) = (&ca_out, &ca_pem) {
            std::fs::write(path, pem)?;
        }
        // Binds without a runtime: the caller may be inside of one, where another must not block.
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(SimulatedService::new(scenario, seed), speed, frame_log));
        let (commands, inbox) = mpsc::unbounded_channel();
        let server = Server {
            shared: Arc::clone(&shared),
            acceptor,
            connection_header,
            address,
            silent,
            silent_connections: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("relay-simulator".into()).spawn(move || {
            let shared = Arc::clone(&server.shared);
            // Without a runtime or a listener the thread ends, and the simulator has stopped.
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(async {
                    if let Ok(listener) = TcpListener::from_std(listener) {
                        server.run(listener, inbox).await;
                    }
                });
            }
            // The runtime has been dropped, and every connection with it.
            shared.finish();
        })?;
        Ok(Self { shared, commands, thread: Some(thread), address, ca_pem })
    }

    /// The URL that clients connect to: `wss://localhost:8773` or `ws://127.0.0.1:8773`.
    pub fn url(&self) -> String {
        let scheme = if self.ca_pem.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}", self.host())
    }

    /// Host and port: a name with TLS, an address without it.
    pub fn host(&self) -> String {
        if self.ca_pem.is_some() && self.address.ip().is_loopback() {
            format!("localhost:{}", self.address.port())
        } else {
            self.address.to_string()
        }
    }

    /// The address that the simulator listens on, with the actual port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that clients have to trust, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Simulated time since the start.
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// Runs `act` with exclusive access to the service, then sends the resulting frames. Nothing else happens
    /// meanwhile, so `act` should be short. It must not call the simulator.
    pub fn with<T>(&self, act: impl FnOnce(&mut SimulatedService, Duration) -> T) -> T {
        self.shared.with(act)
    }

    /// Waits for the next report for up to `timeout` of real time. Returns `None` when the timeout is over or the simulator
    /// has stopped. The newest 10 000 unread reports are kept.
    pub fn next_report(&self, timeout: Duration) -> Option<Report> {
        self.shared.next_report(Some(timeout))
    }

    /// An iterator over all reports, which ends when the simulator stops. Each report goes to one reader only.
    pub fn reports(&self) -> impl Iterator<Item = Report> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        std::iter::from_fn(move || shared.next_report(None))
    }

    /// Waits for a report that `wanted` accepts, for up to `timeout` of real time. Discards the reports before it.
    pub fn wait_for(&self, timeout: Duration, mut wanted: impl FnMut(&Report) -> bool) -> Option<Report> {
        let deadline = std::time::Instant::now().checked_add(timeout);
        loop {
            let left = deadline.map_or(timeout, |d| d.saturating_duration_since(std::time::Instant::now()));
            let report = self.next_report(left)?;
            if wanted(&report) {
                return Some(report);
            }
        }
    }

    /// Drops every connection without a closing handshake. Sessions can be resumed.
    pub fn cut_all(&self) {
        self.with(|service, now| {
            let connections: Vec<_> = service.connections().collect();
            for connection in connections {
                service.cut(now, connection);
            }
        });
    }

    /// Drops every connection in the middle of a frame.
    pub fn cut_mid_frame(&self) {
        self.shared.tear_all();
    }

    /// Switches silence on or off. A silent simulator accepts TCP connections and sends nothing on them. Established
    /// connections stay open. Switching silence off drops the silent connections.
    pub fn set_silent(&self, silent: bool) {
        // A stopped simulator accepts nothing either way.
        let _ = self.ask(|reply| Command::Silent(silent, reply));
    }

    /// Stops accepting connections: new ones are refused, established ones stay open.
    ///
    /// # Errors
    ///
    /// If the simulator has stopped.
    pub fn stop_listening(&self) -> io::Result<()> {
        self.ask(Command::StopListening)
    }

    /// Accepts connections again, on the same port.
    ///
    /// # Errors
    ///
    /// If the port cannot be bound any more.
    pub fn listen_again(&self) -> io::Result<()> {
        self.ask(Command::Listen)
    }

    /// Simulates a crash and a restart on the same port: connections are cut, sessions and calls are lost.
    ///
    /// # Errors
    ///
    /// If the port cannot be bound any more.
    pub fn restart(&self) -> io::Result<()> {
        self.stop_listening()?;
        self.with(SimulatedService::restart);
        self.listen_again()
    }

    /// Closes every connection and joins the thread. Dropping does the same.
    pub fn stop(self) {
        drop(self);
    }

    fn ask(&self, command: impl FnOnce(blocking::Sender<io::Result<()>>) -> Command) -> io::Result<()> {
        let stopped = || io::Error::other("the simulator has stopped");
        let (reply, answer) = blocking::channel();
        self.commands.send(command(reply)).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // An error means that the thread has already ended.
        let _ = self.commands.send(Command::Shutdown);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// The main task of the thread.
struct Server {
    shared: Arc<Shared>,
    acceptor: Option<TlsAcceptor>,
    connection_header: Option<HeaderValue>,
    address: SocketAddr,
    silent: bool,
    /// Connections accepted while silent.
    silent_connections: Vec<TcpStream>,
}

impl Server {
    async fn run(mut self, listener: TcpListener, mut inbox: mpsc::UnboundedReceiver<Command>) {
        let mut listener = Some(listener);
        loop {
            let deadline = self.shared.deadline().map(tokio::time::Instant::from_std);
            tokio::select! {
                accepted = accept(listener.as_ref()) => match accepted {
                    Ok(stream) => self.take(stream),
                    Err(_) => tokio::time::sleep(ACCEPT_RETRY_INTERVAL).await,
                },
                () = sleep_until(deadline) => self.shared.with(SimulatedService::handle_timeout),
                () = self.shared.rearm.notified() => {}
                command = inbox.recv() => match command {
                    None | Some(Command::Shutdown) => return,
                    Some(Command::Silent(silent, reply)) => {
                        self.silent = silent;
                        self.silent_connections.clear();
                        let _ = reply.send(Ok(()));
                    }
                    Some(Command::StopListening(reply)) => {
                        listener = None;
                        let _ = reply.send(Ok(()));
                    }
                    Some(Command::Listen(reply)) => {
                        let bound = match listener.take() {
                            Some(standing) => Ok(standing),
                            None => TcpListener::bind(self.address).await,
                        };
                        let _ = reply.send(bound.map(|bound| listener = Some(bound)));
                    }
                },
            }
        }
    }

    fn take(&mut self, stream: TcpStream) {
        if !self.silent {
            let header = self.connection_header.clone();
            tokio::spawn(connection::serve(stream, self.acceptor.clone(), header, Arc::clone(&self.shared)));
        } else if self.silent_connections.len() < MAX_SILENT_CONNECTIONS {
            self.silent_connections.push(stream);
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
