//! Opening sockets: a thread for each attempt, for connecting blocks, and timers on the thread that drives the client.

use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use mio::{Registry, Token};
use signalwire_relay_core::adapter::{self, Connector, Opening};
use signalwire_relay_core::{Config, ConnectFailure, ConnectStage, Endpoint, Error};

use crate::socket::Socket;

/// The time limit for each step of setting a connection up. The connector gives an attempt up before.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens sockets that wake the thread which drives the client.
pub(crate) struct Opener {
    connector: Connector,
    alarms: Alarms,
}

impl Opener {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self { connector: Connector::new(config)?, alarms: Alarms::default() })
    }

    /// The times at which an attempt is to be polled again.
    pub(crate) fn alarms(&self) -> Alarms {
        self.alarms.clone()
    }

    pub(crate) fn open(
        &self,
        endpoint: Endpoint,
        attempt: u32,
        registry: io::Result<Registry>,
        token: Token,
    ) -> Opening<Socket> {
        let registry = match registry {
            Ok(registry) => registry,
            Err(error) => {
                let reason = format!("the socket cannot be waited for: {error}");
                return Box::pin(std::future::ready(Err(ConnectFailure::new(ConnectStage::Tcp, reason))));
            }
        };
        let alarms = self.alarms.clone();
        let open = move |address, attempt| Attempt::begin(address, attempt, (registry.try_clone(), token));
        self.connector.open(endpoint, attempt, open, move |time| alarms.after(time))
    }
}

/// An attempt to open a socket at one address, on a thread of its own. Dropping it ends what goes on on the connection,
/// if there is one already; the thread then ends as soon as it notices. Nobody waits for it.
struct Attempt {
    opened: oneshot::Receiver<Result<Socket, ConnectFailure>>,
    /// The reason for which there is no thread.
    no_thread: Option<io::Error>,
    progress: Arc<Mutex<Progress>>,
}

enum Progress {
    Connecting,
    Connected(TcpStream),
    Done,
    GivenUp,
}

impl Attempt {
    fn begin(
        address: SocketAddr,
        attempt: adapter::Attempt,
        (registry, token): (io::Result<Registry>, Token),
    ) -> Self {
        let (sender, opened) = oneshot::channel();
        let progress = Arc::new(Mutex::new(Progress::Connecting));
        let shared = progress.clone();
        let open = move || {
            let tcp = connect(&address).map_err(|error| attempt.tcp_failed(&error))?;
            match (&mut *lock(&shared), tcp.try_clone()) {
                (Progress::GivenUp, _) => {
                    return Err(attempt.tcp_failed(&io::Error::other("the attempt was given up")));
                }
                (progress, Ok(tcp)) => *progress = Progress::Connected(tcp),
                // It then ends by its own limits.
                (_, Err(_)) => {}
            }
            let mut socket = Socket::open(tcp, &attempt)?;
            let registered = registry.and_then(|registry| socket.register(&registry, token));
            registered.map_err(|error| attempt.tcp_failed(&error))?;
            Ok(socket)
        };
        let work = move |sender: oneshot::Sender<_>| drop(sender.send(open()));
        let thread = thread::Builder::new().name("relay-connect".to_owned());
        // Without a thread the sender is dropped, and the attempt has failed.
        let no_thread = thread.spawn(move || work(sender)).err();
        Self { opened, no_thread, progress }
    }
}

impl Future for Attempt {
    type Output = Result<Socket, ConnectFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let opened = Pin::new(&mut self.opened).poll(cx);
        opened.map(|opened| {
            *lock(&self.progress) = Progress::Done;
            opened.unwrap_or_else(|_| {
                let reason = match &self.no_thread {
                    Some(error) => format!("no thread can be started to connect on: {error}"),
                    None => "the thread that connects has panicked".to_owned(),
                };
                Err(ConnectFailure::new(ConnectStage::Tcp, reason))
            })
        })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Progress::Connected(tcp) = std::mem::replace(&mut *lock(&self.progress), Progress::GivenUp) {
            // It may be gone already.
            let _ = tcp.shutdown(Shutdown::Both);
        }
    }
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(address: &SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(address, STEP_TIMEOUT)?;
    stream.set_read_timeout(Some(STEP_TIMEOUT))?;
    stream.set_write_timeout(Some(STEP_TIMEOUT))?;
    // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Times at which the thread that drives a client wakes up, beside the deadline of the client.
#[derive(Clone, Default)]
pub(crate) struct Alarms(Arc<Mutex<Vec<Instant>>>);

impl Alarms {
    /// The earliest.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.lock().iter().min().copied()
    }

    /// Ready after a while, when the thread that drives the client polls it.
    fn after(&self, time: Duration) -> Alarm {
        let at = Instant::now() + time;
        self.lock().push(at);
        Alarm { at, alarms: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Alarm {
    at: Instant,
    alarms: Alarms,
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.at <= Instant::now() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut alarms = self.alarms.lock();
        if let Some(position) = alarms.iter().position(|at| *at == self.at) {
            alarms.swap_remove(position);
        }
    }
}
