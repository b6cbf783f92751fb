//! WebSockets over TCP that does not block, with TLS by rustls.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::task::{Context, Poll};
use std::time::Instant;

use mio::{Interest, Registry, Token};
use rustls::{ClientConnection, StreamOwned};
use signalwire_relay_core::ConnectFailure;
use signalwire_relay_core::adapter::{self, Attempt, CLOSE_TIMEOUT, Handshake, broken};
use signalwire_relay_core::session::Frame;
use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

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
    /// Sets up a tunnel, TLS and a WebSocket on a TCP connection, as far as the attempt has them. Blocks.
    pub(crate) fn open(tcp: net::TcpStream, attempt: &Attempt) -> Result<Self, ConnectFailure> {
        let mut tcp = Tcp::Blocking(tcp);
        if let Some(tunnel) = attempt.tunnel() {
            // A service speaks only when it is spoken to, so nothing follows the answer of the proxy.
            shake_hands(&mut tcp, tunnel)?;
        }
        let mut stream = match attempt.tls()? {
            None => Stream::Plain(tcp),
            Some((tls, name)) => {
                let refused = |error| attempt.tls_failed(&io::Error::other(error));
                let session = ClientConnection::new(tls, name).map_err(refused)?;
                let mut stream = StreamOwned::new(session, tcp);
                while stream.conn.is_handshaking() {
                    let step = stream.conn.complete_io(&mut stream.sock);
                    step.map_err(|error| attempt.tls_failed(&error))?;
                }
                Stream::Tls(Box::new(stream))
            }
        };
        let rest = shake_hands(&mut stream, attempt.websocket())?;
        let socket = WebSocket::from_partially_read(stream, rest, Role::Client, Some(adapter::limits()));
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

/// Sends a request and reads the answer. Returns what follows the answer.
fn shake_hands(
    stream: &mut (impl Read + Write),
    mut handshake: Handshake,
) -> Result<Vec<u8>, ConnectFailure> {
    let written = stream.write_all(handshake.request()).and_then(|()| stream.flush());
    written.map_err(|error| handshake.broken(Some(&error)))?;
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(handshake.broken(None)),
            Ok(length) => {
                if let Some(rest) = handshake.receive(&buffer[..length])? {
                    return Ok(rest);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(handshake.broken(Some(&error))),
        }
    }
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
