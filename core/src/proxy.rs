//! Which HTTP proxy leads to an endpoint, by the settings and the environment.

use std::fmt;
use std::net::IpAddr;

use crate::config::Endpoint;
use crate::credentials::Secret;
use crate::error::ConfigError;

/// The setting that names the proxy, when none of the environment does.
const SETTER: &str = "Config::proxy";

/// Proxies of the settings and of the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProxySettings {
    /// Given by the program: for every endpoint.
    given: Option<Secret>,
    /// The program wants none.
    is_direct: bool,
    /// Named by the environment, with the variable, for endpoints with TLS.
    for_tls: Option<(&'static str, Secret)>,
    /// The same, for all endpoints that have no other.
    for_all: Option<(&'static str, Secret)>,
    exceptions: Exceptions,
}

impl ProxySettings {
    /// Reads the variables that are customary, in lower case or upper case.
    pub(crate) fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let given = |name| lookup(name).map(|value| (name, value.trim().to_owned()));
            names.into_iter().filter_map(given).find(|(_, value)| !value.is_empty())
        };
        let proxy = |names| first(names).map(|(name, value)| (name, Secret::from(value)));
        Self {
            for_tls: proxy(["https_proxy", "HTTPS_PROXY"]),
            for_all: proxy(["all_proxy", "ALL_PROXY"]),
            exceptions: first(["no_proxy", "NO_PROXY"])
                .map(|(_, list)| Exceptions::parse(&list))
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    pub(crate) fn give(&mut self, proxy: &str) {
        if !proxy.trim().is_empty() {
            self.given = Some(Secret::from(proxy.trim()));
            self.is_direct = false;
        }
    }

    pub(crate) fn direct(&mut self) {
        self.given = None;
        self.is_direct = true;
    }

    /// The proxy for an endpoint, if there is one.
    pub(crate) fn proxy_for(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, ConfigError> {
        if self.is_direct {
            return Ok(None);
        }
        if let Some(given) = &self.given {
            return Proxy::parse(SETTER, given.expose()).map(Some);
        }
        let named = if endpoint.tls { self.for_tls.as_ref() } else { None };
        match named.or(self.for_all.as_ref()) {
            Some((variable, proxy)) if !is_loopback(&endpoint.host) && !self.exceptions.contain(endpoint) => {
                Proxy::parse(variable, proxy.expose()).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// An HTTP proxy. `Display` prints host and port, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Name and password.
    pub(crate) credentials: Option<(Secret, Secret)>,
}

impl Proxy {
    fn parse(setting: &'static str, text: &str) -> Result<Self, ConfigError> {
        let place = |text: &str| text.rsplit_once('@').map_or(text, |(_, place)| place).to_owned();
        let refuse = |reason: String| ConfigError::InvalidProxy { setting, proxy: place(text), reason };
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) => {
                return Err(refuse(format!("a proxy by {scheme} is not supported, only one by http")));
            }
            None => text,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, rest),
        };
        let credentials = credentials.map(|credentials| {
            let (name, password) = credentials.split_once(':').unwrap_or((credentials, ""));
            (Secret::from(unescape(name)), Secret::from(unescape(password)))
        });
        match Endpoint::parse(place, false) {
            Ok(Endpoint { host, port, .. }) => Ok(Self { host, port, credentials }),
            Err(ConfigError::InvalidHost { reason, .. }) => Err(refuse(reason.to_string())),
            Err(error) => Err(refuse(error.to_string())),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Endpoint { host: self.host.clone(), port: self.port, tls: false }.fmt(f)
    }
}

/// Text of a URL without its escapes.
fn unescape(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The hosts of `NO_PROXY`.
#[derive(Debug, Clone, Default)]
struct Exceptions(Vec<Exception>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name, and the names below it.
    Domain(String),
    /// The addresses that begin with the same bits.
    Network(IpAddr, u8),
}

impl Exceptions {
    /// Names, with or without a leading dot; addresses; networks as `10.0.0.0/8`; each with a port if wanted; `*` for all.
    /// Separated by commas or white space.
    fn parse(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t', '\n']).filter(|entry| !entry.is_empty());
        Self(entries.map(Exception::parse).collect())
    }

    fn contain(&self, endpoint: &Endpoint) -> bool {
        self.0.iter().any(|exception| exception.contains(endpoint))
    }
}

impl Exception {
    fn parse(entry: &str) -> Self {
        if entry == "*" {
            return Self { hosts: Hosts::All, port: None };
        }
        let network = |text: &str| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse().ok()?)),
                None => (text, None),
            };
            let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
            Some(Hosts::Network(address, bits.unwrap_or(u8::MAX)))
        };
        if let Some(hosts) = network(entry) {
            return Self { hosts, port: None };
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
            _ => (entry, None),
        };
        let domain = || Hosts::Domain(host.trim_start_matches("*.").trim_matches('.').to_ascii_lowercase());
        Self { hosts: network(host).unwrap_or_else(domain), port }
    }

    fn contains(&self, endpoint: &Endpoint) -> bool {
        if self.port.is_some_and(|port| port != endpoint.port) {
            return false;
        }
        match &self.hosts {
            Hosts::All => true,
            Hosts::Domain(domain) => {
                let host = endpoint.host.trim_end_matches('.').to_ascii_lowercase();
                let above = host.strip_suffix(domain.as_str());
                !domain.is_empty() && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            Hosts::Network(network, bits) => {
                endpoint.host.parse().is_ok_and(|address| begins_alike(*network, address, *bits))
            }
        }
    }
}

/// Returns `true` if two addresses of one family have the same first bits.
fn begins_alike(a: IpAddr, b: IpAddr, bits: u8) -> bool {
    let differing = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()) << 96,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
        _ => return false,
    };
    differing.leading_zeros() >= u32::from(bits).min(if a.is_ipv4() { 32 } else { 128 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(host: &str) -> Endpoint {
        Endpoint::parse(host, true).expect("the host is usable")
    }

    fn settings(vars: &[(&str, &str)]) -> ProxySettings {
        ProxySettings::from_vars(|name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn proxy(vars: &[(&str, &str)], host: &str) -> Option<String> {
        settings(vars).proxy_for(&endpoint(host)).expect("usable").map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_variables_that_are_customary_name_the_proxy() {
        let found = |vars: &[(&str, &str)]| proxy(vars, "x.example");
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("HTTPS_PROXY", "http://p.example:3128/")]).as_deref(), Some("p.example:3128"));
        assert_eq!(found(&[("https_proxy", " p.example ")]).as_deref(), Some("p.example:80"));
        assert_eq!(found(&[("ALL_PROXY", "[::1]:3128")]).as_deref(), Some("[::1]:3128"));
        let both = [("HTTPS_PROXY", "a:1"), ("ALL_PROXY", "b:2")];
        assert_eq!(found(&both).as_deref(), Some("a:1"));
        assert_eq!(found(&[("https_proxy", ""), ("HTTPS_PROXY", "a:1")]).as_deref(), Some("a:1"));
        let plain = Endpoint { tls: false, ..endpoint("x.example") };
        let found = settings(&both).proxy_for(&plain).expect("usable");
        assert_eq!(found.map(|proxy| proxy.port), Some(2), "HTTPS_PROXY is for TLS");
    }

    #[test]
    fn exceptions_and_this_machine_need_no_proxy_of_the_environment() {
        let is_direct = |exceptions: &str, host: &str| {
            proxy(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", exceptions)], host).is_none()
        };
        for (exceptions, host) in [
            ("", "localhost:8773"),
            ("", "127.0.0.1:8773"),
            ("", "[::1]:8773"),
            ("*", "x.example"),
            ("a.example, x.example", "X.Example"),
            (".example", "x.example"),
            ("*.example", "x.example"),
            ("example", "a.x.example"),
            ("x.example:443", "x.example"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("10.1.2.3", "10.1.2.3"),
            ("[fe80::]/16", "[fe80::1]"),
            ("fe80::/16", "[fe80::1]"),
        ] {
            assert!(is_direct(exceptions, host), "{exceptions}: {host}");
        }
        for (exceptions, host) in [
            ("", "x.example"),
            ("ample", "x.example"),
            ("x.example:80", "x.example"),
            ("x.example.com", "x.example"),
            ("10.0.0.0/8", "11.1.2.3"),
            ("10.0.0.0/8", "[::ffff:a00:1]"),
            ("10.1.2.3", "10.1.2.4"),
            (".", "x.example"),
        ] {
            assert!(!is_direct(exceptions, host), "{exceptions}: {host}");
        }
    }

    #[test]
    fn a_proxy_of_the_program_is_for_every_host_and_none_is_none() {
        let mut settings = settings(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", "*")]);
        settings.give("http://given:9");
        settings.give("");
        let found = |settings: &ProxySettings| {
            settings.proxy_for(&endpoint("localhost")).expect("usable").map(|proxy| proxy.to_string())
        };
        assert_eq!(found(&settings).as_deref(), Some("given:9"));
        settings.direct();
        assert_eq!(found(&settings), None);
    }

    #[test]
    fn credentials_are_read_and_never_printed() {
        let settings = settings(&[("HTTPS_PROXY", "http://me:sen%40tinel@p:1")]);
        let proxy = settings.proxy_for(&endpoint("x")).expect("usable").expect("one");
        let (name, password) = proxy.credentials.clone().expect("both");
        assert_eq!((name.expose(), password.expose()), ("me", "sen@tinel"));
        assert!(!format!("{settings:?} {proxy:?} {proxy}").contains("tinel"));
        for bad in ["socks5://me:sentinel@p:1", "http://me:sentinel@p:http", "http://me:sentinel@p:1/x"] {
            let error = Proxy::parse("HTTPS_PROXY", bad).expect_err("refused").to_string();
            assert!(error.contains("HTTPS_PROXY") && !error.contains("sentinel"), "{error}");
        }
    }
}
