//! An asynchronous WebSocket, on a byte stream of any runtime.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_tungstenite::tungstenite::Message;
use async_tungstenite::{WebSocketStream, client_async_with_config};
use futures_rustls::TlsConnector;
use futures_util::{AsyncRead, AsyncWrite, Sink, Stream, StreamExt};
use rustls::ClientConfig;

use super::{Socket, broken, frame, limits, server_name};
use crate::config::Endpoint;
use crate::connect_failure::{ConnectFailure, ConnectStage};
use crate::session::Frame;

/// A byte stream.
trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

/// An open WebSocket, with TLS or without.
pub struct WebSocket(WebSocketStream<Box<dyn Bytes>>);

impl WebSocket {
    /// Sets up TLS, if it is configured, and a WebSocket on a connection to this endpoint.
    ///
    /// # Errors
    /// A sentence that says what the endpoint did not do.
    pub async fn open(
        tcp: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        endpoint: &Endpoint,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, ConnectFailure> {
        let stream: Box<dyn Bytes> = match tls {
            None => Box::new(tcp),
            Some(tls) => Box::new(
                TlsConnector::from(tls).connect(server_name(endpoint)?, tcp).await.map_err(|error| {
                    ConnectFailure::new(
                        ConnectStage::Tls,
                        format!("cannot set up TLS with {endpoint}: {error}"),
                    )
                })?,
            ),
        };
        let (socket, _) =
            client_async_with_config(endpoint.url(), stream, Some(limits())).await.map_err(|error| {
                ConnectFailure::new(
                    ConnectStage::Upgrade,
                    format!("{endpoint} did not accept a WebSocket: {error}"),
                )
            })?;
        Ok(Self(socket))
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
