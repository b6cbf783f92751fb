//! Settings: where to connect, as whom, and within which limits.

use std::fmt::{self, Display};
use std::future::Future;
#[cfg(feature = "adapter")]
use std::io;
#[cfg(feature = "adapter")]
use std::net::SocketAddr;
use std::path::PathBuf;
#[cfg(feature = "adapter")]
use std::sync::Arc;
use std::time::Duration;

use crate::credentials::{Credentials, CredentialsProvider, Secret};
use crate::error::ConfigError;
use crate::leftovers::{is_invisible, leftover, trimmed, unquoted};
#[cfg(feature = "adapter")]
use crate::name_lookup::NameLookup;
use crate::proxy::{Proxy, ProxySettings};

/// The host that is used when none is given.
pub const DEFAULT_HOST: &str = "relay.signalwire.com";
/// How many calls a client holds at once when nothing else is said.
pub const DEFAULT_MAX_ACTIVE_CALLS: usize = 1_000;
/// How long a request may go unanswered when nothing else is said.
pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How many attempts in a row `connect` makes to reach the service when nothing else is said.
pub const DEFAULT_CONNECT_ATTEMPTS: u32 = 4;
/// How long calls may go on when the client is asked to stop, when nothing else is said.
///
/// Kubernetes gives a process 30 s between the request to end and its end by force. After the 22 s calls that are hung up have
/// 3 s to end, handlers 2 s to clean up, and the socket 1 s to close: 28 s together.
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(22);

/// The environment variable that names the file with additional trust roots.
const CA_FILE_VARIABLE: &str = "SIGNALWIRE_RELAY_CA_FILE";
/// The characters that have a meaning in URLs, shells and templates, and none in the name of a host.
const NOT_IN_HOSTS: [char; 20] =
    ['@', '/', '?', '#', '\\', '%', '<', '>', '{', '}', '$', '"', '\'', '`', '|', '^', ',', ';', '*', '='];

/// What becomes of a call that is offered to a client that has as many as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// It is given back to the service (`calling.pass`), which offers it to another client.
    #[default]
    Pass,
    /// The caller hears that the line is busy (`calling.end` with the reason `busy`): for a client that has no others
    /// beside it.
    Busy,
}

/// What becomes of running calls at the second signal that asks the process to end, while the client drains because of the
/// first. A third signal closes the client at once in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SecondSignal {
    /// The client closes at once. Calls go on at the service, and nobody handles them.
    #[default]
    Leave,
    /// Calls are hung up and dials called off, as when the time for draining is over. The client closes when they have
    /// ended, after 3 s at the latest.
    HangUp,
}

/// The limits of a program that waits for its first connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectLimits {
    /// Attempts in a row.
    pub(crate) attempts: u32,
    /// Time since the first of them.
    pub(crate) timeout: Duration,
}

/// Settings of a client, from a builder, from the environment, or from both.
///
/// What the builder is given wins over the environment; an empty value counts as not given. (An empty name among the
/// contexts is refused, for the client might not receive what it was meant to.)
///
/// White space around credentials, hosts, numbers and names of files and agents, such as the line break at the end of a file,
/// is taken away. What is left of quotation marks, placeholders and variables is refused, with a text that says so.
///
/// ```
/// use signalwire_relay_core::Config;
///
/// # fn main() -> Result<(), signalwire_relay_core::Error> {
/// let config = Config::new().project("p-1").token("secret").host("example.signalwire.com").contexts(["office"]);
/// config.validate()?;
/// # Ok(()) }
/// ```
#[must_use]
#[derive(Debug, Clone, Default)]
pub struct Config {
    project: Option<Secret>,
    token: Option<Secret>,
    jwt: Option<Secret>,
    host: Option<String>,
    plaintext: bool,
    ca_file: Option<PathBuf>,
    contexts: Vec<String>,
    agent: Option<String>,
    max_active_calls: Option<Result<usize, ConfigError>>,
    overflow: Overflow,
    max_connections: Option<Result<usize, ConfigError>>,
    request_timeout: Option<Duration>,
    drain_timeout: Option<Duration>,
    connect_attempts: Option<u32>,
    connect_timeout: Option<Duration>,
    second_signal: SecondSignal,
    provider: Option<CredentialsProvider>,
    proxies: ProxySettings,
    headers: Vec<(String, Secret)>,
    #[cfg(feature = "adapter")]
    name_lookup: NameLookup,
    #[cfg(feature = "adapter")]
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Config {
    /// Settings with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the process's environment; see [`Config::from_vars`] for the variables.
    ///
    /// # Errors
    /// Those of [`Config::validate`](crate::Config::validate), so that a missing variable is named before anything else happens. Use
    /// [`Config::from_vars`] to add to an environment that is not complete.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut config = Self::from_vars(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()));
        // Names of files need not be text.
        if let Some(path) = std::env::var_os(CA_FILE_VARIABLE).filter(|path| path.to_str().is_none()) {
            config = config.ca_file(path);
        }
        config.validate()?;
        Ok(config)
    }

    /// Reads variables from wherever `lookup` finds them.
    ///
    /// | variable | sets |
    /// | --- | --- |
    /// | `SIGNALWIRE_PROJECT_ID` | [`project`](Self::project) |
    /// | `SIGNALWIRE_API_TOKEN` | [`token`](Self::token) |
    /// | `SIGNALWIRE_JWT_TOKEN` | [`jwt`](Self::jwt), instead of the two above |
    /// | `SIGNALWIRE_SPACE` | [`host`](Self::host) |
    /// | `SIGNALWIRE_RELAY_CA_FILE` | [`ca_file`](Self::ca_file) |
    /// | `RELAY_MAX_ACTIVE_CALLS` | [`max_active_calls`](Self::max_active_calls) |
    /// | `RELAY_MAX_CONNECTIONS` | [`max_connections`](Self::max_connections) |
    /// | `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, or the same in lower case | [`proxy`](Self::proxy), with exceptions |
    ///
    /// A limit that is not a whole number of at least 1 is an error of [`validate`](Self::validate), unless the limit is set
    /// afterwards.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| lookup(name).and_then(given);
        let limit = |variable: &'static str| {
            let value = text(variable)?;
            let limit = value.parse().ok().filter(|&limit| limit >= 1);
            Some(limit.ok_or(ConfigError::InvalidLimit { variable, value }))
        };
        Self {
            project: text("SIGNALWIRE_PROJECT_ID").map(Secret::from),
            token: text("SIGNALWIRE_API_TOKEN").map(Secret::from),
            jwt: text("SIGNALWIRE_JWT_TOKEN").map(Secret::from),
            host: text("SIGNALWIRE_SPACE"),
            ca_file: text(CA_FILE_VARIABLE).map(PathBuf::from),
            max_active_calls: limit("RELAY_MAX_ACTIVE_CALLS"),
            max_connections: limit("RELAY_MAX_CONNECTIONS"),
            proxies: ProxySettings::from_vars(&lookup),
            ..Self::default()
        }
    }

    /// The project id. Goes with a [`token`](Self::token).
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = given(project).map(Secret::from).or(self.project);
        self
    }

    /// The API token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = given(token).map(Secret::from).or(self.token);
        self
    }

    /// A JWT; makes project and token unnecessary.
    pub fn jwt(mut self, jwt: impl Into<String>) -> Self {
        self.jwt = given(jwt).map(Secret::from).or(self.jwt);
        self
    }

    /// Has a function asked for the credentials before each connection, in place of fixed ones: for tokens that
    /// expire. It runs in a task of its own, which does not wait for handlers or callbacks; an attempt that has none within
    /// 10 s has failed, and is made again after the usual pause. The answer is not waited for any more then. A function that
    /// blocks its thread for longer is asked again all the same, up to
    /// [`MAX_CREDENTIALS_REQUESTS`](crate::MAX_CREDENTIALS_REQUESTS) times at once; further attempts fail at once, and say so.
    ///
    /// ```
    /// # async fn fetch_jwt() -> Result<String, std::io::Error> { Ok(String::new()) }
    /// use signalwire_relay_core::{Config, Credentials};
    /// let config = Config::new().credentials_from(|| async { Ok::<_, std::io::Error>(Credentials::Jwt(fetch_jwt().await?.into())) });
    /// # assert!(config.validate().is_ok());
    /// ```
    pub fn credentials_from<F, R, E>(mut self, provider: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Display,
    {
        self.provider = Some(CredentialsProvider::new(provider));
        self
    }

    /// The host to connect to, as `name` or `name:port`. Default [`DEFAULT_HOST`], port 443 (80 in plaintext).
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = given(host).or(self.host);
        self
    }

    /// Connects by `ws://`, without TLS: credentials and calls are readable on the way. For a simulator on the
    /// same machine. Default: `wss://`.
    pub fn plaintext(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// A PEM file whose certificates are trusted in addition to the platform's. Default: none.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into()).filter(|path| !path.as_os_str().is_empty()).or(self.ca_file);
        self
    }

    /// Sets the HTTP proxy that leads to the service, as `host:port`, `http://host:port` or
    /// `http://name:password@host:port`, with what is special in name and password escaped as in URLs. It is asked for a
    /// tunnel (`CONNECT`), TLS is set up with the service through it, and it looks up the name of the service. Default: the
    /// one of the environment, if the settings were read from there; else none.
    ///
    /// Of the environment `HTTPS_PROXY` counts for connections with TLS, then `ALL_PROXY` for all, neither for hosts of this
    /// machine (`localhost` and loopback addresses) nor for those of `NO_PROXY`: names (which stand for the names below them,
    /// too), addresses, networks as `10.0.0.0/8`, each with a port if wanted, or `*`, with commas in between. One that is set here
    /// is used for every host. A proxy by another protocol is refused by [`validate`](Self::validate). The name and the
    /// password appear in no log and no error.
    ///
    /// ```
    /// use signalwire_relay_core::Config;
    /// let config = Config::new().proxy("http://me:secret@proxy.example:3128");
    /// # drop(config);
    /// ```
    pub fn proxy(mut self, proxy: impl AsRef<str>) -> Self {
        self.proxies.give(proxy.as_ref());
        self
    }

    /// Connects without a proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxies.direct();
        self
    }

    /// Adds a header to the request for the WebSocket, for what stands between the client and the service. Its value appears
    /// in no log. Headers that belong to the protocol (`Host`, `Connection`, `Upgrade`, `Sec-WebSocket-…` and the like) are
    /// refused by [`validate`](Self::validate), as are values that are not one line of visible ASCII. Default: none.
    ///
    /// ```
    /// use signalwire_relay_core::Config;
    /// let config = Config::new().header("X-Route", "blue");
    /// # drop(config);
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Secret::from(value.into())));
        self
    }

    /// Sets the function that looks up the addresses of a host, in place of the operating system's: for addresses from
    /// elsewhere than DNS, and for tests. It is called before each attempt to connect, with the host (or that of the proxy) and
    /// the port, on a thread of its own, where it may block. Addresses in the host are not looked up.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use signalwire_relay_core::Config;
    ///
    /// let config = Config::new().name_lookup_with(|_host, port| Ok(vec![SocketAddr::from(([192, 0, 2, 1], port))]));
    /// # drop(config);
    /// ```
    #[cfg(feature = "adapter")]
    pub fn name_lookup_with(
        mut self,
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.name_lookup = NameLookup::new(look_up);
        self
    }

    /// The contexts to receive calls and messages for, in place of those given before. Default: none.
    pub fn contexts<C: Into<String>>(mut self, contexts: impl IntoIterator<Item = C>) -> Self {
        self.contexts = contexts.into_iter().map(Into::into).collect();
        self
    }

    /// How the client names itself to the service, as `name/version`. Default: this library's name.
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.agent = given(agent).or(self.agent);
        self
    }

    /// How many calls the client holds at once, at least 1. Offers above the limit are passed back to the
    /// service. Default [`DEFAULT_MAX_ACTIVE_CALLS`].
    pub fn max_active_calls(mut self, limit: usize) -> Self {
        self.max_active_calls = Some(Ok(limit.max(1)));
        self
    }

    /// What becomes of offers above [`max_active_calls`](Self::max_active_calls). Default: [`Overflow::Pass`].
    ///
    /// ```
    /// use signalwire_relay_core::{Config, Overflow};
    /// let config = Config::new().max_active_calls(10).overflow(Overflow::Busy);
    /// # drop(config);
    /// ```
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// How many clients this process may have connected at once, at least 1. Default 1.
    ///
    /// A client counts until it is closed, told to [`disconnect`](crate::Client::disconnect), or its last handle is dropped.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = Some(Ok(limit.max(1)));
        self
    }

    /// How long a request may go unanswered before it fails, the time spent waiting for a connection
    /// included. Default [`DEFAULT_REQUEST_TIMEOUT`].
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = Some(limit);
        self
    }

    /// How long running calls may go on when the client is asked to stop. Default
    /// [`DEFAULT_DRAIN_TIMEOUT`]. What follows takes up to 6 s more: whoever ends processes by force has to give both together.
    pub fn drain_timeout(mut self, limit: Duration) -> Self {
        self.drain_timeout = Some(limit);
        self
    }

    /// Sets how many attempts in a row may fail to reach the service before `connect` of an adapter gives up with
    /// [`Error::Unreachable`](crate::Error::Unreachable): at least 1, `u32::MAX` for no limit. Default
    /// [`DEFAULT_CONNECT_ATTEMPTS`].
    ///
    /// An attempt counts if it failed on the way: no credentials from the provider, no such host, no answer to TCP, a proxy
    /// that refuses, a certificate that is not trusted, a server that is no WebSocket. A service that answers is waited for
    /// without limit while it is full or restarting. Four attempts take 3.5 to 7 s where each fails at once, and up to 43 s where
    /// nothing answers. `start` of an adapter never gives up, nor does a client that was connected once.
    ///
    /// ```
    /// use signalwire_relay_core::Config;
    /// let config = Config::new().connect_attempts(1);
    /// # drop(config);
    /// ```
    pub fn connect_attempts(mut self, attempts: u32) -> Self {
        self.connect_attempts = Some(attempts.max(1));
        self
    }

    /// Sets how long the service may be out of reach before `connect` of an adapter gives up with
    /// [`Error::Unreachable`](crate::Error::Unreachable), beside [`connect_attempts`](Self::connect_attempts). The time begins
    /// anew whenever the service answers. Default: no limit.
    ///
    /// ```
    /// use signalwire_relay_core::{Config, secs};
    /// let config = Config::new().connect_attempts(u32::MAX).connect_timeout(secs(60));
    /// # drop(config);
    /// ```
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// Sets what becomes of running calls at the second Ctrl-C or `SIGTERM` while `run` of an adapter serves. Default:
    /// [`SecondSignal::Leave`].
    ///
    /// ```
    /// use signalwire_relay_core::{Config, SecondSignal};
    /// let config = Config::new().second_signal(SecondSignal::HangUp);
    /// # drop(config);
    /// ```
    pub fn second_signal(mut self, second_signal: SecondSignal) -> Self {
        self.second_signal = second_signal;
        self
    }

    /// Checks that the settings are complete and usable.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is missing or wrong.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.provider.is_none() {
            self.credentials()?;
        }
        self.proxy_for(&self.endpoint()?)?;
        self.headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
        for context in &self.contexts {
            if let Some(reason) = context_flaw(context) {
                return Err(ConfigError::InvalidContext { context: context.clone(), reason });
            }
        }
        for limit in [&self.max_active_calls, &self.max_connections].into_iter().flatten() {
            limit.as_ref().map_err(Clone::clone)?;
        }
        Ok(())
    }

    /// Who to authenticate as.
    ///
    /// # Errors
    /// The missing part, if there is neither a JWT nor both a project and a token; or the part that cannot be what was
    /// meant.
    pub fn credentials(&self) -> Result<Credentials, ConfigError> {
        let credentials = if let Some(jwt) = &self.jwt {
            Credentials::Jwt(jwt.clone())
        } else {
            let project = self.project.clone().ok_or(ConfigError::MissingProject)?;
            let token = self.token.clone().ok_or(ConfigError::MissingToken)?;
            Credentials::Token { project, token }
        };
        credentials.check()?;
        Ok(credentials)
    }

    pub(crate) fn provider(&self) -> Option<CredentialsProvider> {
        self.provider.clone()
    }

    /// Where to connect to.
    ///
    /// # Errors
    /// [`ConfigError::InvalidHost`] if the host is a URL, or could smuggle something into one.
    pub fn endpoint(&self) -> Result<Endpoint, ConfigError> {
        Endpoint::parse(self.host.as_deref().unwrap_or(DEFAULT_HOST), !self.plaintext)
    }

    /// The proxy that leads to an endpoint.
    pub(crate) fn proxy_for(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, ConfigError> {
        self.proxies.proxy_for(endpoint)
    }

    #[cfg(feature = "adapter")]
    pub(crate) fn upgrade_headers(&self) -> &[(String, Secret)] {
        &self.headers
    }

    #[cfg(feature = "adapter")]
    pub(crate) fn name_lookup(&self) -> &NameLookup {
        &self.name_lookup
    }

    #[cfg(feature = "adapter")]
    pub(crate) fn given_tls(&self) -> Option<Arc<rustls::ClientConfig>> {
        self.tls.clone()
    }

    #[cfg(feature = "adapter")]
    pub(crate) fn set_tls(&mut self, settings: Arc<rustls::ClientConfig>) {
        self.tls = Some(settings);
    }

    /// The file with additional trust roots, if one was given.
    pub fn extra_roots(&self) -> Option<&std::path::Path> {
        self.ca_file.as_deref()
    }

    /// The contexts to receive calls and messages for.
    pub fn desired_contexts(&self) -> &[String] {
        &self.contexts
    }

    pub(crate) fn agent_text(&self) -> &str {
        self.agent.as_deref().unwrap_or(concat!("signalwire-relay-rust/", env!("CARGO_PKG_VERSION")))
    }

    pub(crate) fn overflow_policy(&self) -> Overflow {
        self.overflow
    }

    /// How many calls there may be at once, as configured or by default.
    pub fn active_call_limit(&self) -> usize {
        self.max_active_calls.clone().and_then(Result::ok).unwrap_or(DEFAULT_MAX_ACTIVE_CALLS)
    }

    pub(crate) fn connection_limit(&self) -> usize {
        self.max_connections.clone().and_then(Result::ok).unwrap_or(1)
    }

    pub(crate) fn request_limit(&self) -> Duration {
        self.request_timeout.unwrap_or(DEFAULT_REQUEST_TIMEOUT)
    }

    pub(crate) fn connect_limits(&self) -> ConnectLimits {
        ConnectLimits {
            attempts: self.connect_attempts.unwrap_or(DEFAULT_CONNECT_ATTEMPTS),
            timeout: self.connect_timeout.unwrap_or(Duration::MAX),
        }
    }

    pub(crate) fn second_signal_policy(&self) -> SecondSignal {
        self.second_signal
    }

    pub(crate) fn drain_limit(&self) -> Duration {
        self.drain_timeout.unwrap_or(DEFAULT_DRAIN_TIMEOUT)
    }
}

/// A setting without the white space around it, unless it is empty.
fn given(text: impl Into<String>) -> Option<String> {
    let text = text.into();
    let bare = trimmed(&text);
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// The reason that this cannot be the name of a context.
pub(crate) fn context_flaw(context: &str) -> Option<&'static str> {
    if context.is_empty() {
        Some("a context must not be empty; give none to receive nothing")
    } else if trimmed(context).len() < context.len() {
        Some("there is white space or an invisible character around it")
    } else if context.contains(char::is_control) {
        Some("there is a control character in it")
    } else {
        None
    }
}

/// A time in seconds, for use where [`Duration`] is asked for: `secs(5)`, `secs(0.5)`. What is no time (negative, not a
/// number) is zero. What is beyond all bounds is [`Duration::MAX`], which is no limit where a limit is asked for.
pub fn secs(seconds: impl Into<f64>) -> Duration {
    let seconds = seconds.into();
    let beyond = if seconds > 0.0 { Duration::MAX } else { Duration::ZERO };
    Duration::try_from_secs_f64(seconds).unwrap_or(beyond)
}

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether the connection is `wss://`.
    pub tls: bool,
}

impl Endpoint {
    pub(crate) fn parse(text: &str, tls: bool) -> Result<Self, ConfigError> {
        let refuse = |reason| {
            Err(ConfigError::InvalidHost {
                host: without_secrets(text),
                reason,
                suggestion: meant(text, tls),
            })
        };
        if let Some(reason) = leftover(text) {
            return refuse(reason);
        }
        if text.contains(is_invisible) {
            return refuse("it contains white space or control characters");
        }
        if text.contains("://") {
            return refuse("it begins with a scheme, as URLs do");
        }
        if text.contains(NOT_IN_HOSTS) {
            return refuse("it contains a character that no name of a host has");
        }
        let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((address, ""))) => (address, None),
            Some(Some((address, rest))) => match rest.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None => return refuse("something other than a port follows the bracket"),
            },
            Some(None) => return refuse("a bracket is not closed"),
            None => match text.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                Some(_) => return refuse("an IPv6 address needs brackets"),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return refuse("the name is empty");
        }
        let port = match port {
            None if tls => 443,
            None => 80,
            Some(digits) => match digits.parse() {
                Ok(port) if port > 0 => port,
                _ => return refuse("the port is not a number from 1 to 65535"),
            },
        };
        Ok(Self { host: host.to_owned(), port, tls })
    }

    /// The URL of the WebSocket.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "wss" } else { "ws" };
        format!("{scheme}://{self}")
    }

    /// The name for the header `Host`: without the port if that is the usual one.
    #[cfg(feature = "adapter")]
    pub(crate) fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        let text = self.to_string();
        match text.rsplit_once(':') {
            Some((host, _)) if self.port == usual => host.to_owned(),
            _ => text,
        }
    }
}

/// Checks a header of the request for the WebSocket.
fn check_header(name: &str, value: &Secret) -> Result<(), ConfigError> {
    let refuse = |reason| Err(ConfigError::InvalidHeader { name: name.to_owned(), reason });
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return refuse("the name is not that of a header");
    }
    let lower = name.to_ascii_lowercase();
    let own = ["host", "connection", "upgrade", "content-length", "transfer-encoding"];
    if own.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
        return refuse("it belongs to the protocol");
    }
    if !value.expose().bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return refuse("the value is not one line of visible ASCII");
    }
    Ok(())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The host that was probably meant by one with quotation marks, a scheme or a path.
fn meant(text: &str, tls: bool) -> Option<String> {
    let bare = unquoted(text).unwrap_or(text);
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let bare = bare.split_once('/').map_or(bare, |(host, _)| host);
    (bare.len() < text.len() && !bare.contains('@') && Endpoint::parse(bare, tls).is_ok())
        .then(|| bare.to_owned())
}

/// What can be printed of something that was to be a host: not what stands where URLs have passwords and tokens.
fn without_secrets(text: &str) -> String {
    let text = match text.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => text.to_owned(),
    };
    match text.find(['?', '#']) {
        Some(place) => format!("{}***", &text[..=place]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_missing_variable_is_named() {
        let vars = |pairs: &'static [(&str, &str)]| {
            Config::from_vars(move |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
            .validate()
        };
        assert_eq!(vars(&[]), Err(ConfigError::MissingProject));
        assert_eq!(vars(&[("SIGNALWIRE_API_TOKEN", "t")]), Err(ConfigError::MissingProject));
        assert_eq!(vars(&[("SIGNALWIRE_PROJECT_ID", "p")]), Err(ConfigError::MissingToken));
        assert_eq!(
            vars(&[("SIGNALWIRE_PROJECT_ID", "p"), ("SIGNALWIRE_API_TOKEN", "")]),
            Err(ConfigError::MissingToken)
        );
        assert_eq!(vars(&[("SIGNALWIRE_JWT_TOKEN", "j")]), Ok(()));
    }

    #[test]
    fn hosts_that_are_not_hosts_are_refused() {
        let endpoint = |host: &str| Config::new().host(host).endpoint();
        for bad in [
            "https://x",
            "a@b",
            "a/b",
            "a?b",
            "a b",
            "a,b",
            "a=b",
            "a\r\nb",
            "a#b",
            ":443",
            "a:0",
            "a:http",
            "::1",
            "[::1",
            "[::1]443",
        ] {
            assert!(matches!(endpoint(bad), Err(ConfigError::InvalidHost { .. })), "{bad}");
        }
        for bad in ["wss://p:sentinel@x", "x?token=sentinel", "x#sentinel", "p@sentinel@x?sentinel\r\n"] {
            let error = endpoint(bad).expect_err("refused").to_string();
            assert!(!error.contains("sentinel") && error.contains('x'), "{error}");
        }
        assert_eq!(endpoint("x.example").map(|e| e.url()), Ok("wss://x.example:443".to_owned()));
        assert_eq!(endpoint("x.example:8773").map(|e| e.port), Ok(8773));
        assert_eq!(endpoint("[::1]:8773").map(|e| e.url()), Ok("wss://[::1]:8773".to_owned()));
        assert_eq!(Config::new().plaintext().endpoint().map(|e| e.port), Ok(80));
    }

    #[test]
    fn no_environment_switches_tls_off() {
        for value in ["0", "1", "false", "true", "ws", "plaintext", "x.example:80"] {
            let config = Config::from_vars(|_| Some(value.to_owned()));
            assert!(config.endpoint().is_ok_and(|endpoint| endpoint.tls), "{value}");
        }
        let config = Config::from_vars(|name| (name == "SIGNALWIRE_SPACE").then(|| "ws://x.example".into()));
        assert!(matches!(config.endpoint(), Err(ConfigError::InvalidHost { .. })));
    }

    #[test]
    fn settings_print_without_their_secrets() {
        let config = Config::new().project("sentinel-0").token("sentinel-1").jwt("sentinel-2");
        assert!(!format!("{config:?} {:?}", config.credentials()).contains("sentinel"));
    }

    #[test]
    fn a_given_value_wins_and_an_empty_one_does_not_count() {
        let config = Config::from_vars(|name| (name == "SIGNALWIRE_SPACE").then(|| "env.example".into()));
        assert_eq!(config.clone().host("").endpoint().map(|e| e.host), Ok("env.example".into()));
        assert_eq!(config.host("given.example").endpoint().map(|e| e.host), Ok("given.example".into()));
    }

    #[test]
    fn an_empty_file_or_agent_does_not_count_and_an_empty_context_is_refused() {
        let config = || Config::new().jwt("j");
        assert_eq!(config().ca_file("").extra_roots(), None);
        assert_eq!(config().ca_file("a.pem").ca_file("").extra_roots(), Some("a.pem".as_ref()));
        assert_eq!(config().agent("").agent_text(), config().agent_text());
        assert_eq!(config().agent("a/1").agent("").agent_text(), "a/1");
        let refused = config().contexts(["a", ""]).validate().expect_err("nothing would be received");
        assert!(refused.to_string().contains("must not be empty"), "{refused}");
        assert!(crate::ClientState::new(&config().contexts([""]), 1).is_err());
    }

    #[test]
    fn headers_that_would_change_the_request_are_refused() {
        let check = |name: &str, value: &str| Config::new().jwt("j").header(name, value).validate();
        assert_eq!(check("X-Route", "blue; q=1"), Ok(()));
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:", "x"),
            ("a\r\nb", "x"),
            ("Host", "x"),
            ("connection", "x"),
            ("Sec-WebSocket-Key", "x"),
            ("X", "sentinel\r\nY: z"),
            ("X", "sentinel\u{e9}"),
        ] {
            let error = check(name, value).expect_err("refused").to_string();
            assert!(error.starts_with("invalid header") && !error.contains("sentinel"), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn times_saturate() {
        assert_eq!((secs(5), secs(0.5)), (Duration::from_secs(5), Duration::from_millis(500)));
        for none in [-1.0, f64::NEG_INFINITY, f64::NAN, -0.0] {
            assert_eq!(secs(none), Duration::ZERO, "{none}");
        }
        for endless in [f64::INFINITY, f64::MAX, 1e30] {
            assert_eq!(secs(endless), Duration::MAX, "{endless}");
        }
    }

    #[test]
    fn a_limit_that_is_no_number_is_an_error_that_names_the_variable_and_the_value() {
        for variable in ["RELAY_MAX_ACTIVE_CALLS", "RELAY_MAX_CONNECTIONS"] {
            let config = |value: &'static str| {
                Config::from_vars(move |name| (name == variable).then(|| value.into())).jwt("j")
            };
            for bad in ["0", "-1", "many", "1.5", "'12'", "99999999999999999999999"] {
                let error = config(bad).validate().expect_err("no number").to_string();
                assert!(error.contains(variable) && error.contains(&format!("{bad:?}")), "{error}");
            }
            for (good, limit) in [(" 12 ", 12), ("12\n", 12), ("1", 1)] {
                let config = config(good);
                assert_eq!(config.validate(), Ok(()));
                let limits = [config.active_call_limit(), config.connection_limit()];
                assert!(limits.contains(&limit), "{limits:?}");
            }
            assert_eq!(
                config("many").max_active_calls(3).max_connections(3).validate(),
                Ok(()),
                "set afterwards"
            );
            assert_eq!(config("").validate(), Ok(()), "as if it was not there");
        }
    }

    #[test]
    fn a_host_says_what_is_wrong_with_it_and_what_was_meant() {
        for (host, reason, remedy) in [
            ("\"x.example:1\"", "quotation marks", "write x.example:1"),
            ("'x.example'", "quotation marks", "write x.example"),
            ("'https://x.example'", "quotation marks", "write x.example"),
            ("https://x.example", "scheme", "write x.example"),
            ("wss://x.example:8773/api/relay/ws", "scheme", "write x.example:8773"),
            ("wss://p:t@x.example", "scheme", "give a host name"),
            ("x.example/", "character", "write x.example"),
            ("<your-space>.example", "character", "give a host name"),
            ("<your-space>", "placeholder", "give a host name"),
            ("${SIGNALWIRE_SPACE}", "variable", "give a host name"),
        ] {
            let error = Config::new().jwt("j").host(host).validate().expect_err("no host").to_string();
            assert!(error.contains(reason) && error.contains(remedy), "{error}");
        }
        let error = Config::new().host("x.com\ny").endpoint().expect_err("no host").to_string();
        assert!(error.starts_with(r#"invalid host "x.com\ny": "#), "escaped once: {error}");
    }

    #[test]
    fn white_space_around_a_setting_does_not_count() {
        let config = Config::from_vars(|name| {
            Some(match name {
                "RELAY_MAX_ACTIVE_CALLS" | "RELAY_MAX_CONNECTIONS" => " 12\r\n".to_owned(),
                "SIGNALWIRE_SPACE" => "\u{feff}x.example \n".to_owned(),
                "SIGNALWIRE_JWT_TOKEN" => "  ".to_owned(),
                name => format!(" {name}\n"),
            })
        });
        assert_eq!(config.validate(), Ok(()));
        let credentials = Credentials::Token {
            project: "SIGNALWIRE_PROJECT_ID".into(),
            token: "SIGNALWIRE_API_TOKEN".into(),
        };
        assert_eq!(config.credentials(), Ok(credentials));
        assert_eq!(config.endpoint().map(|endpoint| endpoint.host), Ok("x.example".into()));
        assert_eq!(config.extra_roots(), Some("SIGNALWIRE_RELAY_CA_FILE".as_ref()));
        assert_eq!((config.active_call_limit(), config.connection_limit()), (12, 12));
    }

    #[test]
    fn credentials_say_what_is_wrong_with_them_and_are_not_printed() {
        for (token, reason) in [
            ("sen\ntinel", "line break"),
            ("sen tinel", "white space"),
            ("sen\u{feff}tinel", "invisible"),
            ("\"sentinel\"", "quotation marks"),
            ("<sentinel>", "placeholder"),
            ("${sentinel}", "variable"),
        ] {
            for (config, variable) in [
                (Config::new().project("p").token(token), "SIGNALWIRE_API_TOKEN"),
                (Config::new().project(token).token("t"), "SIGNALWIRE_PROJECT_ID"),
                (Config::new().jwt(token), "SIGNALWIRE_JWT_TOKEN"),
            ] {
                let error = config.validate().expect_err("it cannot be meant").to_string();
                assert!(error.contains(reason) && error.contains(variable), "{error}");
                assert!(!error.contains("tinel"), "{error}");
            }
        }
    }

    #[test]
    fn a_context_with_something_around_it_is_refused() {
        for (bad, printed) in
            [("office ", "\"office \""), ("\noffice", r#""\noffice""#), ("a\0b", r#""a\0b""#)]
        {
            let error = Config::new().jwt("j").contexts([bad]).validate().expect_err("it cannot be meant");
            assert!(error.to_string().starts_with(&format!("invalid context {printed}")), "{error}");
        }
        assert_eq!(Config::new().jwt("j").contexts(["front office"]).validate(), Ok(()));
    }
}
