//! Attempts to connect that failed before the service was asked to accept the credentials.

use std::fmt;

use crate::printable::printable;

/// The step at which an attempt to connect failed.
///
/// The order is that of the steps: an attempt that failed at a later one got further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectStage {
    /// The application was asked for credentials.
    Credentials,
    /// The addresses of the host, or of the proxy, were looked up.
    NameLookup,
    /// A TCP connection was opened to the host, or to the proxy.
    Tcp,
    /// The proxy was asked for a tunnel to the host.
    Proxy,
    /// TLS was set up, and the certificate of the host verified.
    Tls,
    /// The host was asked for a WebSocket.
    Upgrade,
}

impl fmt::Display for ConnectStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "credentials",
            Self::NameLookup => "name lookup",
            Self::Tcp => "TCP",
            Self::Proxy => "proxy",
            Self::Tls => "TLS",
            Self::Upgrade => "WebSocket upgrade",
        })
    }
}

/// The reason for which one attempt to connect failed. `Display` prints one line, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectFailure {
    /// The step that failed.
    pub stage: ConnectStage,
    /// What failed and where, for people to read.
    pub reason: String,
    /// `true` if the service answered and cannot take the connection now: it is full or restarting, and is waited for
    /// without limit.
    pub is_busy: bool,
}

impl ConnectFailure {
    /// A failure at a step. `reason` is for people to read.
    pub fn new(stage: ConnectStage, reason: impl Into<String>) -> Self {
        Self { stage, reason: reason.into(), is_busy: false }
    }

    /// The service answered the request for a WebSocket and cannot take the connection now.
    pub fn busy(reason: impl Into<String>) -> Self {
        Self { is_busy: true, ..Self::new(ConnectStage::Upgrade, reason) }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        printable(&self.reason).fmt(f)
    }
}

impl std::error::Error for ConnectFailure {}
