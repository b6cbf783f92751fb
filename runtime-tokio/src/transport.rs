//! Opening a WebSocket: TCP, TLS, handshake.

use std::fs::File;
use std::future::Future;
use std::io::{self, BufReader};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::{TokioAdapter, client_async_with_config};
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use signalwire_relay_core::{Config, Endpoint, Error};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The largest message that is accepted, in bytes.
const MESSAGE_LIMIT: usize = 10 * 1024 * 1024;

/// How long one of a host's addresses may take to answer, so that the others get their turn.
const ADDRESS_LIMIT: Duration = Duration::from_secs(3);

/// A byte stream, with TLS or without.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Bytes for S {}

/// An open WebSocket.
pub(crate) type Socket = WebSocketStream<TokioAdapter<Box<dyn Bytes>>>;

/// An attempt to open one.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Socket, String>> + Send>>;

/// Opens WebSockets.
pub(crate) struct Transport {
    tls: Option<TlsConnector>,
}

impl Transport {
    /// Reads the trust roots once. Verification cannot be switched off.
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let tls = if config.endpoint()?.tls { Some(connector(config.extra_roots())?) } else { None };
        Ok(Self { tls })
    }

    pub(crate) fn open(&self, endpoint: Endpoint) -> Opening {
        let tls = self.tls.clone();
        Box::pin(async move {
            let tcp =
                connect(&endpoint).await.map_err(|error| format!("cannot connect to {endpoint}: {error}"))?;
            // Frames are small and each is wanted at once. Where it cannot be set it is only slower.
            let _ = tcp.set_nodelay(true);
            let stream: Box<dyn Bytes> = match tls {
                None => Box::new(tcp),
                Some(tls) => {
                    let name = ServerName::try_from(endpoint.host.clone()).map_err(|_| {
                        format!("{} is not a name that a certificate can be for", endpoint.host)
                    })?;
                    let stream = tls
                        .connect(name, tcp)
                        .await
                        .map_err(|error| format!("cannot set up TLS with {endpoint}: {error}"))?;
                    Box::new(stream)
                }
            };
            let limits = WebSocketConfig::default()
                .max_message_size(Some(MESSAGE_LIMIT))
                .max_frame_size(Some(MESSAGE_LIMIT));
            let (socket, _) = client_async_with_config(endpoint.url(), stream, Some(limits))
                .await
                .map_err(|error| format!("{endpoint} did not accept a WebSocket: {error}"))?;
            Ok(socket)
        })
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

fn connector(extra_roots: Option<&Path>) -> Result<TlsConnector, Error> {
    let unusable = |error: Box<dyn std::error::Error + Send + Sync>| Error::Transport(Arc::from(error));
    let roots = match extra_roots {
        Some(path) => read_roots(path).map_err(|error| unusable(Box::new(error)))?,
        None => Vec::new(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone())
        .map_err(|error| unusable(format!("no usable trust roots: {error}").into()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(Box::new(error)))?
        .dangerous() // What is dangerous is a verifier that does not verify; this is the platform's.
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read_roots(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let explain = |error: String| io::Error::other(format!("the CA file {}: {error}", path.display()));
    let file = File::open(path).map_err(|error| explain(error.to_string()))?;
    let roots = CertificateDer::pem_reader_iter(BufReader::new(file))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| explain(error.to_string()))?;
    if roots.is_empty() {
        return Err(explain("it contains no certificate".to_owned()));
    }
    Ok(roots)
}
