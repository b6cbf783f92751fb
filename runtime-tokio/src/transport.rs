//! WebSockets over tokio's TCP, with TLS by rustls.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::{TokioAdapter, client_async_with_config};
use async_tungstenite::tungstenite::Message;
use futures_util::{Sink, Stream};
use signalwire_relay_core::adapter::{self, ADDRESS_LIMIT, broken};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Config, Endpoint, Error, pump};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A byte stream, with TLS or without.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

/// An open WebSocket.
pub(crate) struct Socket(pub(crate) WebSocketStream<TokioAdapter<Box<dyn Bytes>>>);

/// Opens WebSockets.
#[derive(Clone)]
pub(crate) struct Transport {
    tls: Option<TlsConnector>,
}

impl Transport {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self { tls: adapter::tls_config(config)?.map(TlsConnector::from) })
    }

    pub(crate) async fn open(self, endpoint: Endpoint) -> Result<Socket, String> {
        let tcp =
            connect(&endpoint).await.map_err(|error| format!("cannot connect to {endpoint}: {error}"))?;
        // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
        let _ = tcp.set_nodelay(true);
        let stream: Box<dyn Bytes> = match self.tls {
            None => Box::new(tcp),
            Some(tls) => Box::new(
                tls.connect(adapter::server_name(&endpoint)?, tcp)
                    .await
                    .map_err(|error| format!("cannot set up TLS with {endpoint}: {error}"))?,
            ),
        };
        let (socket, _) = client_async_with_config(endpoint.url(), stream, Some(adapter::limits()))
            .await
            .map_err(|error| format!("{endpoint} did not accept a WebSocket: {error}"))?;
        Ok(Socket(socket))
    }
}

/// Connects to the first of the host's addresses that answers in time.
async fn connect(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)).await? {
        match timeout(ADDRESS_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, format!("{address} does not answer")),
        }
    }
    Err(last)
}

impl pump::Socket for Socket {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        Pin::new(&mut self.0).poll_ready(cx).map_err(|error| broken(&error))
    }

    fn start_send(&mut self, text: String) -> Result<(), String> {
        Pin::new(&mut self.0).start_send(Message::text(text)).map_err(|error| broken(&error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        Sink::poll_flush(Pin::new(&mut self.0), cx).map_err(|error| broken(&error))
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        deliver: &mut dyn FnMut(Frame<'_>),
    ) -> Poll<Result<(), String>> {
        Pin::new(&mut self.0).poll_next(cx).map(|message| match message {
            Some(Ok(message)) => adapter::frame(&message).map(deliver),
            Some(Err(error)) => Err(broken(&error)),
            None => Err("the connection ended".to_owned()),
        })
    }
}
