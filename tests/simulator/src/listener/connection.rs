//! One accepted connection, from the handshake to its end.

use std::sync::Arc;
use std::time::Duration;

use async_tungstenite::tokio::{TokioAdapter, accept_hdr_async_with_config};
use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::handshake::server::{Request, Response};
use async_tungstenite::tungstenite::http::HeaderValue;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::protocol::frame::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::shared::{ConnectionCommand, Shared};
use crate::ConnectionId;
use crate::service::ABNORMAL_CLOSURE;

/// Maximum size of a WebSocket message.
const MAX_MESSAGE_BYTES: usize = 10 * 1024 * 1024;
/// Time limit of the TLS handshake, and again of the WebSocket handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of a closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The header of a text frame of 1000 bytes and the first bytes of its payload.
const TORN_FRAME: &[u8] = b"\x81\x7e\x03\xe8{\"jsonrpc\":\"2.0\",\"id\":\"torn";

/// Serves one TCP connection to its end. `header` is the header `Connection` of the answer to the upgrade, if it is not the
/// usual one.
pub(super) async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    header: Option<HeaderValue>,
    shared: Arc<Shared>,
) {
    // Frames are small: send each at once.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve_websocket(stream, header, shared).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                serve_websocket(stream, header, shared).await;
            }
        }
    }
}

async fn serve_websocket<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    header: Option<HeaderValue>,
    shared: Arc<Shared>,
) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    #[expect(clippy::result_large_err, reason = "the type is that of the WebSocket library")]
    let set_header = move |_: &Request, mut response: Response| {
        if let Some(header) = header {
            response.headers_mut().insert("Connection", header);
        }
        Ok(response)
    };
    let handshake = accept_hdr_async_with_config(stream, set_header, Some(config));
    let Ok(Ok(socket)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await else { return };
    let (commands, mut inbox) = mpsc::unbounded_channel();
    let id = shared.connected(commands);
    let (mut sink, mut source) = socket.split();
    let ending = tokio::select! {
        () = read(&mut source, id, &shared) => Ending::ClientLeft,
        ending = write(&mut sink, &mut inbox) => ending,
    };
    shared.disconnected(id);
    match ending {
        Ending::ClientLeft => {
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, sink.close(None)).await;
        }
        Ending::Close(code) => {
            let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
            let closing = async {
                if sink.send(Message::Close(Some(frame))).await.is_ok() {
                    while let Some(Ok(_)) = source.next().await {}
                }
            };
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
        }
        Ending::Drop => {}
        Ending::Tear => {
            if let Ok(mut socket) = WebSocketStream::reunite(sink, source) {
                let raw = socket.get_mut().get_mut();
                let _ = raw.write_all(TORN_FRAME).await;
                let _ = raw.flush().await;
            }
        }
    }
}

/// The end of a connection.
enum Ending {
    ClientLeft,
    Close(u16),
    Drop,
    Tear,
}

async fn read<S>(source: &mut WebSocketReceiver<TokioAdapter<S>>, id: ConnectionId, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = source.next().await {
        match message {
            Message::Text(text) => shared.with(|service, now| service.handle_text(now, id, &text)),
            Message::Binary(_) => shared.with(|service, now| service.handle_binary(now, id)),
            _ => {}
        }
    }
}

async fn write<S>(
    sink: &mut WebSocketSender<TokioAdapter<S>>,
    inbox: &mut mpsc::UnboundedReceiver<ConnectionCommand>,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // All pending frames leave with one flush.
    while let Some(first) = inbox.recv().await {
        let mut next = Some(first);
        let mut ending = None;
        while let Some(command) = next {
            match command {
                ConnectionCommand::Send(text) => {
                    if sink.feed(Message::text(text)).await.is_err() {
                        return Ending::ClientLeft;
                    }
                }
                ConnectionCommand::Close(ABNORMAL_CLOSURE) => ending = Some(Ending::Drop),
                ConnectionCommand::Close(code) => ending = Some(Ending::Close(code)),
                ConnectionCommand::Tear => ending = Some(Ending::Tear),
            }
            next = if ending.is_none() { inbox.try_recv().ok() } else { None };
        }
        if sink.flush().await.is_err() {
            return Ending::ClientLeft;
        }
        if let Some(ending) = ending {
            return ending;
        }
    }
    Ending::Drop
}
