//! An asynchronous WebSocket, on a byte stream of any runtime.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::protocol::Role;
use futures_rustls::TlsConnector;
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Sink, Stream, StreamExt};

use super::handshake::Handshake;
use super::{Attempt, Socket, broken, frame, limits};
use crate::connect_failure::ConnectFailure;
use crate::session::Frame;

/// A byte stream.
trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

/// An open WebSocket, with TLS or without.
pub struct WebSocket(WebSocketStream<Box<dyn Bytes>>);

impl WebSocket {
    /// Sets up a tunnel, TLS and a WebSocket on a TCP connection, as far as the attempt has them.
    ///
    /// # Errors
    /// What the proxy or the service did not do.
    pub async fn open(
        mut tcp: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        attempt: Attempt,
    ) -> Result<Self, ConnectFailure> {
        if let Some(tunnel) = attempt.tunnel() {
            // A service speaks only when it is spoken to, so nothing follows the answer of the proxy.
            shake_hands(&mut tcp, tunnel).await?;
        }
        let mut stream: Box<dyn Bytes> = match attempt.tls()? {
            None => Box::new(tcp),
            Some((tls, name)) => {
                let connected = TlsConnector::from(tls).connect(name, tcp).await;
                Box::new(connected.map_err(|error| attempt.tls_failed(&error))?)
            }
        };
        let rest = shake_hands(&mut stream, attempt.websocket()).await?;
        Ok(Self(WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(limits())).await))
    }

    /// Writes what is left, and closes. Put a limit on it: a service that does not answer any more holds it up.
    pub async fn close(mut self, rest: VecDeque<String>) {
        for text in rest {
            if self.0.send(Message::text(text)).await.is_err() {
                return;
            }
        }
        if self.0.close(None).await.is_ok() {
            // The system would take back what was just written if data that has arrived were left unread.
            while let Some(Ok(_)) = self.0.next().await {}
        }
    }
}

/// Sends a request and reads the answer. Returns what follows the answer.
async fn shake_hands(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    mut handshake: Handshake,
) -> Result<Vec<u8>, ConnectFailure> {
    let written = stream.write_all(handshake.request()).await;
    written.map_err(|error| handshake.broken(Some(&error)))?;
    stream.flush().await.map_err(|error| handshake.broken(Some(&error)))?;
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return Err(handshake.broken(None)),
            Ok(length) => {
                if let Some(rest) = handshake.receive(&buffer[..length])? {
                    return Ok(rest);
                }
            }
            Err(error) => return Err(handshake.broken(Some(&error))),
        }
    }
}

impl Socket for WebSocket {
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
            Some(Ok(message)) => frame(&message).map(deliver),
            Some(Err(error)) => Err(broken(&error)),
            None => Err("the connection ended".to_owned()),
        })
    }
}
