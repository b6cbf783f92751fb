//! The requests of HTTP on the way to a WebSocket: to a proxy for a tunnel, to the host for the WebSocket.
//!
//! A [`Handshake`] does no I/O: an adapter writes [`request`](Handshake::request), then hands in what it reads until there is
//! an outcome. The WebSocket library has a handshake of its own, which refuses answers that RFC 6455 allows: a
//! `Connection` header that is a list or comes twice, as proxies write it.

use std::fmt::{self, Display};
use std::io;

use data_encoding::BASE64;
use httparse::{EMPTY_HEADER, Status};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use crate::config::Endpoint;
use crate::connect_failure::{ConnectFailure, ConnectStage};
use crate::credentials::Secret;
use crate::proxy::Proxy;

/// The largest head of a response that is read, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most headers of a response.
const MAX_HEADERS: usize = 128;

/// A request of HTTP that asks for something else than HTTP, and the head of the response.
pub struct Handshake {
    request: String,
    received: Vec<u8>,
    asks: Asks,
}

/// Prints no header: some have credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handshake({})", self.asks.stage())
    }
}

enum Asks {
    Tunnel { proxy: Proxy, endpoint: Endpoint },
    WebSocket { endpoint: Endpoint, accept: String },
}

impl Asks {
    fn stage(&self) -> ConnectStage {
        match self {
            Self::Tunnel { .. } => ConnectStage::Proxy,
            Self::WebSocket { .. } => ConnectStage::Upgrade,
        }
    }

    /// The name of the server that is asked.
    fn server(&self) -> String {
        match self {
            Self::Tunnel { proxy, .. } => format!("the proxy {proxy}"),
            Self::WebSocket { endpoint, .. } => endpoint.to_string(),
        }
    }
}

impl Handshake {
    /// Asks a proxy for a tunnel (`CONNECT`).
    pub(super) fn tunnel(proxy: &Proxy, endpoint: &Endpoint) -> Self {
        let mut request = format!("CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\n");
        if let Some((name, password)) = &proxy.credentials {
            let pair = format!("{}:{}", name.expose(), password.expose());
            request += "Proxy-Authorization: Basic ";
            request += &BASE64.encode(pair.as_bytes());
            request += "\r\n";
        }
        request += "\r\n";
        let asks = Asks::Tunnel { proxy: proxy.clone(), endpoint: endpoint.clone() };
        Self { request, received: Vec::new(), asks }
    }

    /// Asks for a WebSocket, with headers of the user's.
    pub(super) fn websocket(endpoint: &Endpoint, headers: &[(String, Secret)]) -> Self {
        let key = generate_key();
        let host = endpoint.authority();
        let mut request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        );
        for (name, value) in headers {
            request.extend([name, ": ", value.expose(), "\r\n"]);
        }
        request += "\r\n";
        let accept = derive_accept_key(key.as_bytes());
        Self { request, received: Vec::new(), asks: Asks::WebSocket { endpoint: endpoint.clone(), accept } }
    }

    /// The bytes to write first.
    pub fn request(&self) -> &[u8] {
        self.request.as_bytes()
    }

    /// Takes in bytes that were read. Returns what follows the response once the server has granted the request.
    ///
    /// # Errors
    /// If the server does not grant the request, or answers something else than HTTP.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, ConnectFailure> {
        self.received.extend_from_slice(bytes);
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(&self.received) {
            Ok(Status::Complete(length)) => {
                self.check(&response)?;
                Ok(Some(self.received[length..].to_vec()))
            }
            Ok(Status::Partial) if self.received.len() <= MAX_HEAD_BYTES => Ok(None),
            Ok(Status::Partial) => Err(self.failed("answered with too many headers")),
            Err(_) => Err(self.failed(self.not_http())),
        }
    }

    /// The failure of a connection that broke or ended before the response was complete.
    pub fn broken(&self, error: Option<&io::Error>) -> ConnectFailure {
        match error {
            Some(error) => self.failed(format_args!("did not answer: {error}")),
            None if self.received.is_empty() => self.failed("closed the connection without an answer"),
            None => self.failed("closed the connection in the middle of its answer"),
        }
    }

    fn check(&self, response: &httparse::Response<'_, '_>) -> Result<(), ConnectFailure> {
        let code = response.code.unwrap_or_default();
        let status = format!("{code} {}", response.reason.unwrap_or_default());
        let status = status.trim_end();
        match &self.asks {
            Asks::Tunnel { proxy, endpoint } => match (code, &proxy.credentials) {
                (200..=299, _) => Ok(()),
                (407, None) => Err(self.failed(format_args!("asks for a name and a password ({status})"))),
                (407, Some(_)) => {
                    Err(self.failed(format_args!("does not accept the name and the password ({status})")))
                }
                _ => Err(self.failed(format_args!("gives no tunnel to {endpoint} ({status})"))),
            },
            Asks::WebSocket { accept, .. } => match code {
                101 => check_upgrade(response.headers, accept).map_err(|missing| self.failed(missing)),
                429 | 500..=599 => Err(ConnectFailure::busy(format!(
                    "{} answered {status}: it cannot take the connection now",
                    self.asks.server()
                ))),
                _ => Err(self.failed(format_args!("did not accept a WebSocket, but answered {status}"))),
            },
        }
    }

    /// The description of an answer that is no HTTP.
    fn not_http(&self) -> String {
        let hint = match (&self.asks, &self.received[..]) {
            // The type of a TLS alert, and the major version.
            (Asks::WebSocket { .. }, [0x15, 3, ..]) => {
                "it speaks TLS on this port: leave Config::plaintext out"
            }
            (Asks::WebSocket { .. }, _) => "is it the right port?",
            (Asks::Tunnel { .. }, [0x15, 3, ..]) => "it speaks TLS, and only proxies by http are supported",
            (Asks::Tunnel { .. }, _) => "is it an HTTP proxy?",
        };
        format!("answered something that is not HTTP; {hint}")
    }

    fn failed(&self, what: impl Display) -> ConnectFailure {
        ConnectFailure::new(self.asks.stage(), format!("{} {what}", self.asks.server()))
    }
}

/// Checks what RFC 6455 asks of the answer of a server that becomes a WebSocket.
fn check_upgrade(headers: &[httparse::Header<'_>], accept: &str) -> Result<(), &'static str> {
    if !lists(headers, "Upgrade", "websocket") {
        return Err("did not accept a WebSocket: its answer has no header Upgrade: websocket");
    }
    if !lists(headers, "Connection", "upgrade") {
        return Err("did not accept a WebSocket: its answer has no header Connection: Upgrade");
    }
    let accepts = |value: &[u8]| value.trim_ascii() == accept.as_bytes();
    if !values(headers, "Sec-WebSocket-Accept").all(accepts)
        || values(headers, "Sec-WebSocket-Accept").next().is_none()
    {
        return Err("did not accept this WebSocket: its answer is to another request");
    }
    if ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"]
        .into_iter()
        .any(|name| values(headers, name).any(|value| !value.trim_ascii().is_empty()))
    {
        return Err("accepted a WebSocket with an extension or a protocol that it was not asked for");
    }
    Ok(())
}

/// Returns `true` if one of the headers of this name lists this word.
fn lists(headers: &[httparse::Header<'_>], name: &str, word: &str) -> bool {
    values(headers, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|listed| listed.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

fn values<'a>(headers: &'a [httparse::Header<'_>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        crate::Config::new().host("x.example:7").endpoint().expect("usable")
    }

    fn proxy(credentials: Option<(&str, &str)>) -> Proxy {
        let credentials = credentials.map(|(name, password)| (name.into(), password.into()));
        Proxy { host: "p.example".to_owned(), port: 3128, credentials }
    }

    fn accept_of(handshake: &Handshake) -> String {
        let Asks::WebSocket { accept, .. } = &handshake.asks else { panic!("{handshake:?}") };
        accept.clone()
    }

    /// The outcome of an answer to the request for a WebSocket; `$` stands for the right key.
    fn answered(answer: &str) -> Result<Option<Vec<u8>>, String> {
        let mut handshake = Handshake::websocket(&endpoint(), &[]);
        let answer = answer.replace('$', &accept_of(&handshake)).replace('\n', "\r\n");
        handshake.receive(answer.as_bytes()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn answers_that_rfc_6455_allows_are_accepted() {
        for connection in [
            "Connection: Upgrade",
            "connection: keep-alive, Upgrade",
            "Connection: upgrade , keep-alive",
            "Connection: keep-alive\nConnection: UPGRADE",
            "Connection: Upgrade\nConnection: Upgrade\nServer: x",
        ] {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\nUpgrade: WebSocket\n{connection}\nSec-WebSocket-Accept: $\n\nrest"
            );
            assert_eq!(answered(&answer), Ok(Some(b"rest".to_vec())), "{connection}");
        }
    }

    #[test]
    fn answers_that_are_no_upgrade_are_refused_with_the_reason() {
        let upgrade = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n";
        for (answer, reason) in [
            ("HTTP/1.1 404 Not Found\n\n".to_owned(), "answered 404 Not Found"),
            ("HTTP/1.1 301 Moved\nLocation: /x\n\n".to_owned(), "answered 301 Moved"),
            (format!("{upgrade}\n"), "is to another request"),
            (format!("{upgrade}Sec-WebSocket-Accept: x\n\n"), "is to another request"),
            (
                format!("{upgrade}Sec-WebSocket-Accept: $\nSec-WebSocket-Accept: x\n\n"),
                "is to another request",
            ),
            (format!("{upgrade}Sec-WebSocket-Accept: $\nSec-WebSocket-Protocol: x\n\n"), "not asked for"),
            (
                "HTTP/1.1 101 x\nConnection: Upgrade\nSec-WebSocket-Accept: $\n\n".to_owned(),
                "Upgrade: websocket",
            ),
            (
                "HTTP/1.1 101 x\nUpgrade: websocket\nConnection: keep-alive\nSec-WebSocket-Accept: $\n\n"
                    .to_owned(),
                "Connection: Upgrade",
            ),
            ("SSH-2.0-OpenSSH\n".to_owned(), "is it the right port?"),
            ("\u{15}\u{3}\u{3}\u{0}".to_owned(), "speaks TLS on this port"),
        ] {
            let failure = answered(&answer).expect_err("refused");
            assert!(failure.starts_with("x.example:7 ") && failure.contains(reason), "{failure}");
        }
    }

    #[test]
    fn a_server_that_is_busy_has_answered() {
        for code in ["429 Too Many Requests", "500 Oops", "503 Service Unavailable"] {
            let mut handshake = Handshake::websocket(&endpoint(), &[]);
            let failure =
                handshake.receive(format!("HTTP/1.1 {code}\r\n\r\n").as_bytes()).expect_err("refused");
            assert!(failure.is_busy && failure.reason.contains(code), "{failure}");
        }
    }

    #[test]
    fn an_answer_may_come_byte_by_byte_and_has_a_limit() {
        let mut handshake = Handshake::tunnel(&proxy(None), &endpoint());
        let answer = b"HTTP/1.0 200 Connection established\r\nVia: p\r\n\r\n";
        for (number, byte) in answer.iter().enumerate() {
            let outcome = handshake.receive(&[*byte]).expect("a good answer");
            assert_eq!(outcome.is_some(), number + 1 == answer.len());
        }
        let mut handshake = Handshake::tunnel(&proxy(None), &endpoint());
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(MAX_HEAD_BYTES));
        assert!(handshake.receive(endless.as_bytes()).is_err());
        let many = "X: y\r\n".repeat(MAX_HEADERS + 1);
        let mut handshake = Handshake::tunnel(&proxy(None), &endpoint());
        assert!(handshake.receive(format!("HTTP/1.1 200 OK\r\n{many}\r\n").as_bytes()).is_err());
    }

    #[test]
    fn a_proxy_is_asked_for_a_tunnel_with_the_credentials() {
        let handshake = Handshake::tunnel(&proxy(Some(("me", "sentinel"))), &endpoint());
        let request = std::str::from_utf8(handshake.request()).expect("text");
        assert_eq!(
            request,
            "CONNECT x.example:7 HTTP/1.1\r\nHost: x.example:7\r\nProxy-Authorization: Basic bWU6c2VudGluZWw=\r\n\r\n"
        );
        assert!(!format!("{handshake:?}").contains("bWU6"));
    }

    #[test]
    fn a_proxy_that_gives_no_tunnel_is_told_as_such() {
        for (credentials, answer, reason) in [
            (None, "HTTP/1.1 407 Who are you", "asks for a name and a password (407 Who are you)"),
            (
                Some(("me", "sentinel")),
                "HTTP/1.1 407 No",
                "does not accept the name and the password (407 No)",
            ),
            (None, "HTTP/1.1 403 Forbidden", "gives no tunnel to x.example:7 (403 Forbidden)"),
            (None, "HTTP/1.1 502", "gives no tunnel to x.example:7 (502)"),
            (None, "220 mail", "is it an HTTP proxy?"),
        ] {
            let mut handshake = Handshake::tunnel(&proxy(credentials), &endpoint());
            let failure = handshake.receive(format!("{answer}\r\n\r\n").as_bytes()).expect_err("refused");
            assert_eq!(failure.stage, ConnectStage::Proxy);
            assert!(!failure.is_busy && failure.to_string().starts_with("the proxy p.example:3128 "));
            assert!(failure.to_string().ends_with(reason), "{failure}");
        }
    }

    #[test]
    fn headers_of_the_user_are_sent_with_the_upgrade() {
        let headers = [("X-Route".to_owned(), "blue".into())];
        let handshake = Handshake::websocket(&endpoint(), &headers);
        let request = std::str::from_utf8(handshake.request()).expect("text");
        assert!(request.starts_with("GET / HTTP/1.1\r\nHost: x.example:7\r\n"), "{request}");
        assert!(request.ends_with("\r\nX-Route: blue\r\n\r\n"), "{request}");
    }
}
