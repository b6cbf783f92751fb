//! WebSockets over TCP that does not block, with TLS by rustls.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use signalwire_relay_core::adapter::{self, ADDRESS_TIMEOUT, CLOSE_TIMEOUT, broken};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{ConnectFailure, ConnectStage, Endpoint};
use tungstenite::{Error, Message, WebSocket};

use crate::run::block_on;

/// How long the service may take for each step of setting a connection up.
const SETUP_TIMEOUT: Duration = Duration::from_secs(10);

/// An open WebSocket.
///
/// It is polled like those of asynchronous runtimes, but keeps no waker: the loop that polls it sleeps on the registry
/// that the connection is registered with.
pub(crate) struct Socket {
    socket: WebSocket<Stream>,
    /// What was written last did not all go out.
    stuck: bool,
}

enum Stream {
    Plain(Tcp),
    Tls(Box<StreamOwned<ClientConnection, Tcp>>),
}

/// A connection: blocking while it is set up and closed, not blocking in between.
enum Tcp {
    Blocking(net::TcpStream),
    Polled(mio::net::TcpStream),
    Closed,
}

impl Socket {
    /// Sets up TLS, if it is configured, and a WebSocket on a connection to this endpoint. Blocks.
    pub(crate) fn open(
        tcp: net::TcpStream,
        endpoint: &Endpoint,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, ConnectFailure> {
        let tls_failed = |error: &dyn std::fmt::Display| {
            ConnectFailure::new(ConnectStage::Tls, format!("cannot set up TLS with {endpoint}: {error}"))
        };
        let stream = match tls {
            None => Stream::Plain(Tcp::Blocking(tcp)),
            Some(tls) => {
                let name = adapter::server_name(endpoint)?;
                let session = ClientConnection::new(tls, name).map_err(|error| tls_failed(&error))?;
                let mut stream = StreamOwned::new(session, Tcp::Blocking(tcp));
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock).map_err(|error| tls_failed(&error))?;
                }
                Stream::Tls(Box::new(stream))
            }
        };
        let (socket, _) =
            tungstenite::client::client_with_config(endpoint.url(), stream, Some(adapter::limits()))
                .map_err(|error| {
                    ConnectFailure::new(
                        ConnectStage::Upgrade,
                        format!("{endpoint} did not accept a WebSocket: {error}"),
                    )
                })?;
        Ok(Self { socket, stuck: false })
    }

    /// From now on it does not block, and wakes who sleeps on this registry.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let tcp = self.tcp();
        let Tcp::Blocking(stream) = std::mem::replace(tcp, Tcp::Closed) else { return Ok(()) };
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        *tcp = Tcp::Polled(stream);
        Ok(())
    }

    /// From now on it blocks, and wakes nobody.
    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        let tcp = self.tcp();
        let Tcp::Polled(mut stream) = std::mem::replace(tcp, Tcp::Closed) else { return Ok(()) };
        registry.deregister(&mut stream)?;
        let stream = net::TcpStream::from(stream);
        stream.set_nonblocking(false)?;
        *tcp = Tcp::Blocking(stream);
        Ok(())
    }

    /// Writes what is left, and closes, within [`CLOSE_TIMEOUT`]. Blocks.
    pub(crate) fn close(mut self, rest: VecDeque<String>) {
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        for text in rest {
            if self.limit(deadline).is_none() || self.socket.write(Message::text(text)).is_err() {
                return;
            }
        }
        // A service that does not hear it any more need not.
        let _ = self.limit(deadline);
        let mut going = self.socket.close(None).and_then(|()| self.socket.flush());
        while going.is_ok() && self.limit(deadline).is_some() {
            going = self.socket.read().map(drop);
        }
    }

    /// Lets the next step take no longer than until then. `None` if that is past.
    fn limit(&mut self, deadline: Instant) -> Option<()> {
        let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let Tcp::Blocking(stream) = self.tcp() else { return None };
        stream.set_read_timeout(Some(left)).ok()?;
        stream.set_write_timeout(Some(left)).ok()
    }

    fn tcp(&mut self) -> &mut Tcp {
        match self.socket.get_mut() {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(stream) => &mut stream.sock,
        }
    }

    /// What became of an attempt to send off what was written.
    fn written(&mut self, result: Result<(), Error>, cx: &Context<'_>) -> Poll<Result<(), String>> {
        // TLS may have read as well, and nothing would tell of that any more.
        if let Stream::Tls(stream) = self.socket.get_mut()
            && stream.conn.process_new_packets().is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
        {
            cx.waker().wake_by_ref();
        }
        self.stuck = matches!(&result, Err(error) if would_block(error));
        if self.stuck { Poll::Pending } else { Poll::Ready(result.map_err(|error| broken(&error))) }
    }
}

impl adapter::Socket for Socket {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        if self.stuck { self.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    fn start_send(&mut self, text: String) -> Result<(), String> {
        match self.socket.write(Message::text(text)) {
            // It is kept, and goes out with the next flush.
            Err(error) if would_block(&error) => {
                self.stuck = true;
                Ok(())
            }
            result => result.map_err(|error| broken(&error)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let result = self.socket.flush();
        self.written(result, cx)
    }

    fn poll_frame(
        &mut self,
        _: &mut Context<'_>,
        deliver: &mut dyn FnMut(Frame<'_>),
    ) -> Poll<Result<(), String>> {
        match self.socket.read() {
            Ok(message) => Poll::Ready(adapter::frame(&message).map(deliver)),
            Err(error) if would_block(&error) => Poll::Pending,
            Err(error) => Poll::Ready(Err(broken(&error))),
        }
    }
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Connects to an endpoint, unless that is given up. Blocks.
pub(crate) fn connect(
    endpoint: &Endpoint,
    given_up: impl Fn() -> bool,
) -> Result<net::TcpStream, ConnectFailure> {
    let addresses = (endpoint.host.as_str(), endpoint.port).to_socket_addrs();
    let attempt = |address| {
        ready(if given_up() { Err(io::Error::other("it was given up")) } else { connect_to(&address) })
    };
    block_on(adapter::connect(endpoint, addresses, attempt, |_| pending()))
}

fn connect_to(address: &SocketAddr) -> io::Result<net::TcpStream> {
    let stream = net::TcpStream::connect_timeout(address, ADDRESS_TIMEOUT)?;
    stream.set_read_timeout(Some(SETUP_TIMEOUT))?;
    stream.set_write_timeout(Some(SETUP_TIMEOUT))?;
    // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

impl Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Blocking(stream) => stream.read(buffer),
            Self::Polled(stream) => stream.read(buffer),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }
}

impl Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Blocking(stream) => stream.write(bytes),
            Self::Polled(stream) => stream.write(bytes),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
