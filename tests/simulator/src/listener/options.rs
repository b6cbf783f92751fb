//! The options of a listener.

use std::fmt;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use async_tungstenite::tungstenite::http::HeaderValue;

use crate::Scenario;

/// The certificate of a listener.
#[derive(Debug, Clone, Default)]
pub(super) struct Certificate {
    /// The only name that it is for.
    pub(super) name: Option<String>,
    pub(super) is_expired: bool,
}

/// The address, scenario and mode of a [`Simulator`](super::Simulator).
pub struct ListenOptions {
    pub(super) address: SocketAddr,
    pub(super) allow_remote: bool,
    pub(super) tls: bool,
    pub(super) certificate: Certificate,
    pub(super) connection_header: Option<HeaderValue>,
    pub(super) ca_out: Option<PathBuf>,
    pub(super) scenario: Scenario,
    pub(super) seed: u64,
    pub(super) speed: f64,
    pub(super) silent: bool,
    pub(super) frame_log: Option<Box<dyn Write + Send>>,
}

impl ListenOptions {
    /// A free port of 127.0.0.1, without TLS, seed 0, in real time.
    pub fn new(scenario: Scenario) -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            tls: false,
            certificate: Certificate::default(),
            connection_header: None,
            ca_out: None,
            scenario,
            seed: 0,
            speed: 1.0,
            silent: false,
            frame_log: None,
        }
    }

    /// The address to listen on; port 0 is any free one. An address that is not loopback needs
    /// [`allow_remote`](Self::allow_remote).
    #[must_use]
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Allows an address that other machines can reach. The simulator is not made to be exposed.
    #[must_use]
    pub fn allow_remote(mut self) -> Self {
        self.allow_remote = true;
        self
    }

    /// Listens for `wss://` with a certificate generated for this run.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Listens for `wss://` with a certificate for this name only, in place of `localhost` and the address.
    #[must_use]
    pub fn certificate_for(mut self, name: impl Into<String>) -> Self {
        self.certificate.name = Some(name.into());
        self.tls()
    }

    /// Listens for `wss://` with a certificate that has expired.
    #[must_use]
    pub fn expired_certificate(mut self) -> Self {
        self.certificate.is_expired = true;
        self.tls()
    }

    /// Sends this text as the header `Connection` of the answer to the request for a WebSocket: proxies write a list, as
    /// `keep-alive, Upgrade`. Default: `Upgrade`. A text that cannot be a header is ignored.
    #[must_use]
    pub fn connection_header(mut self, value: &str) -> Self {
        self.connection_header = HeaderValue::from_str(value).ok();
        self
    }

    /// Writes the certificate that clients have to trust to this file, as PEM.
    #[must_use]
    pub fn ca_out(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_out = Some(path.into());
        self
    }

    /// The seed of every random decision.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Simulated seconds per real second. Values that are not greater than 0 are ignored.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        if speed.is_finite() && speed > 0.0 {
            self.speed = speed;
        }
        self
    }

    /// Accepts TCP connections and sends nothing on them.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Writes every frame to `log`, one line each, with credentials replaced by `***`.
    #[must_use]
    pub fn frame_log(mut self, log: impl Write + Send + 'static) -> Self {
        self.frame_log = Some(Box::new(log));
        self
    }
}

impl fmt::Debug for ListenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenOptions")
            .field("address", &self.address)
            .field("tls", &self.tls)
            .field("seed", &self.seed)
            .field("speed", &self.speed)
            .field("silent", &self.silent)
            .finish_non_exhaustive()
    }
}
