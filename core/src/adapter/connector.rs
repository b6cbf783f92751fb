//! The way to the service: addresses, proxy, TLS, headers.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::addresses::Addresses;
use super::driver::Opening;
use super::handshake::Handshake;
use super::lookup::Lookup;
use super::race::{Progress, race};
use super::tls;
use crate::config::{Config, Endpoint};
use crate::connect_failure::{ConnectFailure, ConnectStage};
use crate::credentials::Secret;
use crate::error::Error;
use crate::proxy::Proxy;

/// The time that an attempt to open a WebSocket may take, the look-up of the name included. The session gives an attempt up
/// after 10 s, without knowing how far it has got.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(9);

/// Opens WebSockets to the service, over whatever an adapter connects with.
///
/// It looks up the name on a thread of its own, tries the addresses as RFC 8305 says ("happy eyeballs"), begins with the one
/// that was good last, and says what each [`Attempt`] has to do. If a proxy leads to the service, the addresses are those of
/// the proxy, and the proxy looks up the name of the service.
#[derive(Debug)]
pub struct Connector {
    tls: Option<Arc<ClientConfig>>,
    config: Config,
    lookup: Lookup,
    addresses: Arc<Mutex<Addresses>>,
}

impl Connector {
    /// A connector with these settings. Reads the trust roots, once.
    ///
    /// # Errors
    /// [`Error::Config`] if the settings are unusable, [`Error::Transport`] if the trust roots are.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let tls = tls::tls_config(config)?;
        let lookup = Lookup::new(config.name_lookup().clone());
        Ok(Self { tls, config: config.clone(), lookup, addresses: Arc::default() })
    }

    /// Begins to open a WebSocket. `attempt` counts from 1 since a connection last held. `open` does so at one address, as
    /// the [`Attempt`] says; `delay` gives a future that is ready after a while. Dropping the future gives up.
    pub fn open<S, O, A, D>(
        &self,
        endpoint: Endpoint,
        attempt: u32,
        open: O,
        delay: impl Fn(Duration) -> D + Send + Sync + 'static,
    ) -> Opening<S>
    where
        S: Send + 'static,
        O: Fn(SocketAddr, Attempt) -> A + Send + Sync + 'static,
        A: Future<Output = Result<S, ConnectFailure>> + Send + 'static,
        D: Future<Output = ()> + Send + 'static,
    {
        let proxy = self.config.proxy_for(&endpoint);
        let headers = self.config.upgrade_headers().to_vec();
        let (tls, lookup, known) = (self.tls.clone(), self.lookup.clone(), self.addresses.clone());
        Box::pin(async move {
            let proxy = proxy.map_err(|error| ConnectFailure::new(ConnectStage::Proxy, error.to_string()))?;
            let (host, port) = match &proxy {
                Some(proxy) => (proxy.host.clone(), proxy.port),
                None => (endpoint.host.clone(), endpoint.port),
            };
            let mut end = pin!(delay(ATTEMPT_TIMEOUT));
            let found = within(lookup.addresses(&host, port), end.as_mut()).await;
            let found = found.unwrap_or_else(|| {
                Err(format!("the name server did not answer within {} s", ATTEMPT_TIMEOUT.as_secs()))
            });
            let found = found.map_err(|error| unknown_host(&endpoint, proxy.as_ref(), &error))?;
            let addresses = lock(&known).order(attempt, found);
            let target = Arc::new(Target { endpoint, proxy, tls, headers });
            let begin = |address, progress| {
                lock(&known).begin(address);
                open(address, Attempt { target: target.clone(), progress, address })
            };
            let (address, socket) = race(addresses, (ATTEMPT_TIMEOUT, end), begin, &delay).await?;
            lock(&known).opened(address);
            Ok(socket)
        })
    }
}

fn unknown_host(endpoint: &Endpoint, proxy: Option<&Proxy>, error: &str) -> ConnectFailure {
    let host = match proxy {
        Some(proxy) => format!("the proxy {}", proxy.host),
        None => format!("the host {}", endpoint.host),
    };
    ConnectFailure::new(ConnectStage::NameLookup, format!("cannot find {host}: {error}"))
}

fn lock(addresses: &Mutex<Addresses>) -> MutexGuard<'_, Addresses> {
    addresses.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The output of `work`, or `None` if `limit` is ready first.
async fn within<T>(work: impl Future<Output = T>, limit: impl Future<Output = ()>) -> Option<T> {
    let (mut work, mut limit) = (pin!(work), pin!(limit));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// What a connection is to become.
#[derive(Debug)]
struct Target {
    endpoint: Endpoint,
    proxy: Option<Proxy>,
    tls: Option<Arc<ClientConfig>>,
    headers: Vec<(String, Secret)>,
}

/// An attempt to open a WebSocket at one address. An adapter opens the TCP connection, then takes these steps in order, as far
/// as there are any: [`tunnel`](Self::tunnel), [`tls`](Self::tls), [`websocket`](Self::websocket).
#[derive(Debug)]
pub struct Attempt {
    target: Arc<Target>,
    progress: Progress,
    address: SocketAddr,
}

impl Attempt {
    /// The failure of TCP.
    pub fn tcp_failed(&self, error: &std::io::Error) -> ConnectFailure {
        let Target { endpoint, proxy, .. } = &*self.target;
        let place = match proxy {
            Some(proxy) => format!("the proxy {proxy}"),
            None => endpoint.to_string(),
        };
        let address = self.address;
        let place = if place == address.to_string() { place } else { format!("{place} at {address}") };
        ConnectFailure::new(ConnectStage::Tcp, format!("cannot connect to {place}: {error}"))
    }

    /// The request for a tunnel, if a proxy leads to the service.
    pub fn tunnel(&self) -> Option<Handshake> {
        let Target { endpoint, proxy, .. } = &*self.target;
        let proxy = proxy.as_ref()?;
        self.progress.enter(ConnectStage::Proxy);
        Some(Handshake::tunnel(proxy, endpoint))
    }

    /// The settings of TLS, if the connection is with TLS, and the name that the certificate has to be for.
    ///
    /// # Errors
    /// If no certificate can be for the host.
    pub fn tls(&self) -> Result<Option<(Arc<ClientConfig>, ServerName<'static>)>, ConnectFailure> {
        let Some(tls) = &self.target.tls else { return Ok(None) };
        self.progress.enter(ConnectStage::Tls);
        Ok(Some((tls.clone(), tls::server_name(&self.target.endpoint)?)))
    }

    /// The failure of TLS.
    pub fn tls_failed(&self, error: &std::io::Error) -> ConnectFailure {
        tls::failed(&self.target.endpoint, error)
    }

    /// The request for a WebSocket.
    pub fn websocket(&self) -> Handshake {
        self.progress.enter(ConnectStage::Upgrade);
        Handshake::websocket(&self.target.endpoint, &self.target.headers)
    }
}
