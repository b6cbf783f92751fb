//! The service on real sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::{TokioAdapter, client_async};
use async_tungstenite::tungstenite::Message;
use futures_util::StreamExt;
use serde_json::{Value, json};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

const TIMEOUT: Duration = Duration::from_mins(1);

type Socket<S> = WebSocketStream<TokioAdapter<S>>;

fn log_in() -> Value {
    json!({"jsonrpc": "2.0", "id": "1", "method": "signalwire.connect", "params": {
        "version": {"major": 2, "minor": 0, "revision": 0}, "agent": "smoke/1", "event_acks": true,
        "authentication": {"project": "demo-project", "token": "demo-token"}, "contexts": ["default"],
    }})
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>) -> Option<Value> {
    loop {
        match tokio::time::timeout(TIMEOUT, socket.next()).await.expect("in time")?.ok()? {
            Message::Text(text) => return serde_json::from_str(&text).ok(),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(stream: S, host: &str) -> Socket<S> {
    let (mut socket, _) = client_async(format!("ws://{host}/any/path"), stream).await.expect("a handshake");
    socket.send(Message::text(log_in().to_string())).await.expect("sent");
    let reply = next(&mut socket).await.expect("a reply");
    assert!(reply["result"]["protocol"].is_string(), "{reply}");
    let state = next(&mut socket).await.expect("an event");
    assert_eq!(state["params"]["event_type"], "signalwire.authorization.state");
    socket
}

async fn plain(simulator: &Simulator) -> Socket<tokio::net::TcpStream> {
    let stream = tokio::net::TcpStream::connect(simulator.address()).await.expect("connected");
    converse(stream, &simulator.host()).await
}

fn quiet() -> ListenOptions {
    ListenOptions::new(Scenario::new().ping_every(None))
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

#[test]
fn a_client_talks_over_ws() {
    let simulator = Simulator::start(quiet()).expect("started");
    assert_eq!(simulator.url(), format!("ws://127.0.0.1:{}", simulator.address().port()));
    assert_eq!(simulator.ca_pem(), None);
    run(async {
        let mut socket = plain(&simulator).await;
        let call = simulator.with(|service, now| service.place_call(now, Caller::new("+1", "+2")));
        let offer = next(&mut socket).await.expect("an offer");
        assert_eq!(offer["params"]["params"]["call_id"], call.as_str());
    });
    let ended = simulator.wait_for(TIMEOUT, |report| matches!(report, Report::ClientLeft { .. }));
    assert!(ended.is_some());
    let mut reports = simulator.reports();
    simulator.stop();
    assert_eq!(reports.next(), None);
}

#[test]
fn a_client_talks_over_wss() {
    let path = std::env::temp_dir().join(format!("relay-simulator-{}.pem", std::process::id()));
    let simulator = Simulator::start(quiet().tls().ca_out(&path)).expect("started");
    let pem = std::fs::read(&path).expect("written");
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(simulator.ca_pem().map(str::as_bytes), Some(&pem[..]));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    run(async {
        for name in ["localhost", "127.0.0.1"] {
            let stream = tokio::net::TcpStream::connect(simulator.address()).await.expect("connected");
            let name = ServerName::try_from(name).expect("a name");
            let stream = connector.connect(name, stream).await.expect("trusted");
            converse(stream, &simulator.host()).await;
        }
    });
}

#[test]
fn connections_are_cut_cleanly_and_in_mid_frame() {
    let simulator = Simulator::start(quiet()).expect("started");
    run(async {
        let mut socket = plain(&simulator).await;
        simulator.cut_all();
        assert_eq!(next(&mut socket).await, None);
        let mut socket = plain(&simulator).await;
        simulator.cut_mid_frame();
        assert_eq!(next(&mut socket).await, None);
        let mut socket = plain(&simulator).await;
        simulator.with(|service, now| service.send_disconnect(now, Some(true)));
        let farewell = next(&mut socket).await.expect("a farewell");
        let ack = json!({"jsonrpc": "2.0", "id": farewell["id"], "result": {}});
        socket.send(Message::text(ack.to_string())).await.expect("sent");
        assert_eq!(next(&mut socket).await, None);
    });
}

#[test]
fn it_restarts_on_the_same_port() {
    let simulator = Simulator::start(quiet()).expect("started");
    let address = simulator.address();
    run(async {
        let mut socket = plain(&simulator).await;
        simulator.stop_listening().expect("running");
        assert_eq!(TcpStream::connect(address).expect_err("refused").kind(), ErrorKind::ConnectionRefused);
        socket
            .send(Message::text(r#"{"jsonrpc":"2.0","id":"p","method":"signalwire.ping"}"#))
            .await
            .expect("sent");
        assert_eq!(next(&mut socket).await.expect("still there")["id"], "p");
        simulator.restart().expect("bound again");
        assert_eq!(next(&mut socket).await, None);
        plain(&simulator).await;
    });
    assert_eq!(simulator.address(), address);
}

#[test]
fn a_silent_service_accepts_and_says_nothing() {
    let simulator = Simulator::start(quiet().silent()).expect("started");
    let mut stream = TcpStream::connect(simulator.address()).expect("accepted");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent");
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("set");
    let error = stream.read(&mut [0; 1]).expect_err("nothing");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    simulator.set_silent(false);
    run(async { plain(&simulator).await });
}

#[test]
fn only_loopback_is_listened_on_unless_allowed() {
    let anywhere: SocketAddr = "0.0.0.0:0".parse().expect("an address");
    assert_eq!(
        Simulator::start(quiet().address(anywhere)).expect_err("refused").kind(),
        ErrorKind::InvalidInput
    );
}

#[test]
fn time_runs_as_fast_as_told() {
    let scenario = Scenario::new().caller(Caller::new("+1", "+2").at(Duration::from_secs(100)));
    let simulator = Simulator::start(ListenOptions::new(scenario).speed(1000.0)).expect("started");
    assert!(matches!(simulator.next_report(TIMEOUT), Some(Report::CallPlaced { .. })));
    assert!(simulator.now() >= Duration::from_secs(100));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_frame_log_shows_frames_without_credentials() {
    let log = Log::default();
    let simulator = Simulator::start(quiet().frame_log(log.clone())).expect("started");
    run(plain(&simulator));
    simulator.stop();
    let text = String::from_utf8(log.0.lock().expect("not poisoned").clone()).expect("text");
    assert!(text.contains("signalwire.connect") && text.contains("signalwire.authorization.state"), "{text}");
    assert!(!text.contains("demo-token") && !text.contains("demo-project"), "{text}");
}

#[test]
fn half_a_handshake_disturbs_nobody() {
    let simulator = Simulator::start(quiet()).expect("started");
    let mut stream = TcpStream::connect(simulator.address()).expect("accepted");
    stream.write_all(b"GET / HT").expect("sent");
    stream.shutdown(Shutdown::Both).expect("shut");
    run(async { plain(&simulator).await });
}
