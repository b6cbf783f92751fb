//! WebSockets over TCP that does not block, with TLS by rustls.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, Shutdown, ToSocketAddrs};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use signalwire_relay_core::adapter::{self, ADDRESS_LIMIT, FAREWELL, broken};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Endpoint, pump};
use tungstenite::{Error, Message, WebSocket};

/// How long the service may take for each step of setting a connection up.
const SETUP_LIMIT: Duration = Duration::from_secs(10);

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
    /// Connects, and sets up TLS and the WebSocket. Blocks. `opened` is shown the connection as soon as there is one.
    pub(crate) fn open(
        endpoint: &Endpoint,
        tls: Option<Arc<ClientConfig>>,
        opened: impl FnOnce(&net::TcpStream),
    ) -> Result<Self, String> {
        let tcp = connect(endpoint).map_err(|error| format!("cannot connect to {endpoint}: {error}"))?;
        opened(&tcp);
        let tls_failed =
            |error: &dyn std::fmt::Display| format!("cannot set up TLS with {endpoint}: {error}");
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
                .map_err(|error| format!("{endpoint} did not accept a WebSocket: {error}"))?;
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
        stream.set_read_timeout(Some(FAREWELL))?;
        stream.set_write_timeout(Some(FAREWELL))?;
        *tcp = Tcp::Blocking(stream);
        Ok(())
    }

    /// Writes what is left, and closes, within a moment. Blocks.
    pub(crate) fn part(mut self, rest: VecDeque<String>) {
        let deadline = Instant::now() + FAREWELL;
        for text in rest {
            if self.socket.write(Message::text(text)).is_err() {
                return;
            }
        }
        // A service that does not hear it any more need not.
        let mut going = self.socket.close(None).and_then(|()| self.socket.flush());
        while going.is_ok() && Instant::now() < deadline {
            going = self.socket.read().map(drop);
        }
    }

    fn tcp(&mut self) -> &mut Tcp {
        match self.socket.get_mut() {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(stream) => &mut stream.sock,
        }
    }

    /// What became of an attempt to write.
    fn written(&mut self, result: Result<(), Error>) -> Poll<Result<(), String>> {
        self.stuck = matches!(&result, Err(error) if would_block(error));
        if self.stuck { Poll::Pending } else { Poll::Ready(result.map_err(|error| broken(&error))) }
    }
}

impl pump::Socket for Socket {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        if self.stuck { self.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    fn start_send(&mut self, text: String) -> Result<(), String> {
        let result = self.socket.write(Message::text(text));
        match self.written(result) {
            Poll::Ready(result) => result,
            // It is kept, and goes out with the next flush.
            Poll::Pending => Ok(()),
        }
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        let result = self.socket.flush();
        self.written(result)
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

/// Connects to the first of the host's addresses that answers in time.
fn connect(endpoint: &Endpoint) -> io::Result<net::TcpStream> {
    let mut last = adapter::nowhere();
    for address in (endpoint.host.as_str(), endpoint.port).to_socket_addrs()? {
        match net::TcpStream::connect_timeout(&address, ADDRESS_LIMIT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(SETUP_LIMIT))?;
                stream.set_write_timeout(Some(SETUP_LIMIT))?;
                // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => last = adapter::silent(address),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Ends whatever is under way on a connection, on any thread.
pub(crate) fn shut(tcp: &net::TcpStream) {
    // It may be gone already.
    let _ = tcp.shutdown(Shutdown::Both);
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
