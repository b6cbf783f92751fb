//! The way to the service: proxies, several addresses, name servers, TLS settings of the program's.

use std::future::Future;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signalwire_relay_core::tls::rustls;
use signalwire_relay_core::tls::rustls::pki_types::CertificateDer;
use signalwire_relay_core::tls::rustls::pki_types::pem::PemObject;
use signalwire_relay_core::{Client, Config, ConnectStage, ConnectionState, EndReason, Error, secs};
use signalwire_relay_simulator::Scenario;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};

use super::{Outcome, Play, answered, one_caller};
use crate::proxy::{Proxy, Rules};
use crate::service::TestService;

/// The value of the header for the name `me` and the password `secret`.
const AUTHORIZATION: &str = "Basic bWU6c2VjcmV0";

pub(super) fn plays() -> Vec<Play> {
    let unreachable = |_, _| async { unreachable!("there is no connection") };
    let fails = |name, config: fn(Config) -> Config, judge: fn(&Result<(), Error>) -> bool| {
        Play::new(name, Scenario::new(), unreachable).config(config).ends(judge)
    };
    let mut plays = vec![
        Play::new("reaching::a_proxy_that_asks_for_credentials", one_caller(), served)
            .config(|config| behind_proxy(config, "me:secret@")),
        fails(
            "reaching::a_proxy_with_a_wrong_password",
            |config| behind_proxy(config, "me:wrong@"),
            |served| {
                let says = "does not accept the name and the password (407 Proxy Authentication Required)";
                failed_at(served, ConnectStage::Proxy, says)
            },
        ),
        fails(
            "reaching::a_proxy_that_wants_a_password",
            |config| behind_proxy(config, ""),
            |served| failed_at(served, ConnectStage::Proxy, "asks for a name and a password"),
        ),
        fails(
            "reaching::a_proxy_that_is_none",
            |config| once(config).proxy(stranger().to_string()),
            |served| failed_at(served, ConnectStage::Proxy, "is it an HTTP proxy?"),
        ),
        fails(
            "reaching::a_proxy_that_is_not_there",
            |config| once(config).proxy(closed_port().to_string()),
            |served| failed_at(served, ConnectStage::Tcp, "cannot connect to the proxy 127.0.0.1:"),
        ),
        fails(
            "reaching::a_proxy_that_nobody_knows",
            |config| {
                let unknown = |_: &str, _| Err(std::io::Error::other("no such name"));
                once(config).proxy("proxy.example:3128").name_lookup_with(unknown)
            },
            |served| {
                failed_at(
                    served,
                    ConnectStage::NameLookup,
                    "cannot find the proxy proxy.example: no such name",
                )
            },
        ),
        fails(
            "reaching::a_certificate_that_has_expired",
            |_| elsewhere(expired()),
            |served| failed_at(served, ConnectStage::Tls, " has expired ("),
        ),
        fails(
            "reaching::tls_on_a_port_without_it",
            |_| elsewhere((stranger(), None)),
            |served| failed_at(served, ConnectStage::Tls, "does not speak TLS; is it the right port?"),
        ),
        Play::new("reaching::an_address_that_is_no_websocket", one_caller(), at_the_first_attempt)
            .started()
            .config(|config| with_addresses(config, || vec![stranger()])),
        Play::new("reaching::an_address_that_accepts_and_says_nothing", one_caller(), at_the_first_attempt)
            .started()
            .config(|config| with_addresses(config, || vec![mute()])),
        fails(
            "reaching::a_slow_name_server_before_a_service_that_says_nothing",
            |config| {
                let host = by_name(&config);
                once(config).host(host).name_lookup_with(|_, _| {
                    std::thread::sleep(secs(4));
                    Ok(vec![mute()])
                })
            },
            |served| {
                let says = "accepted the connection and did not answer";
                matches!(served, Err(Error::Unreachable(error)) if error.to_string().contains(says) && error.after < secs(10))
            },
        ),
        Play::new("reaching::a_name_server_that_never_answers", Scenario::new(), leaves).started().config(
            |config| {
                let never = |_: &str, _| loop {
                    std::thread::park();
                };
                let host = by_name(&config);
                config.host(host).name_lookup_with(never)
            },
        ),
        Play::new("reaching::tls_settings_of_the_program", one_caller(), served).config(own_tls),
    ];
    #[cfg(target_os = "linux")]
    plays.push(
        Play::new("reaching::four_addresses_that_do_not_answer", one_caller(), at_the_first_attempt)
            .started()
            .config(|config| with_addresses(config, || (0..4).map(|_| full()).collect())),
    );
    plays
}

/// A call is answered and hung up.
async fn served(client: Client, _: TestService) -> Outcome {
    let call = answered(&client).await?;
    call.hangup().await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
    Ok(())
}

/// The same, on a connection that the first attempt has made.
fn at_the_first_attempt(client: Client, service: TestService) -> impl Future<Output = Outcome> {
    let mut states = client.connection_states();
    async move {
        while let Some(state) = states.next().await {
            match state {
                ConnectionState::Ready { .. } => break,
                ConnectionState::Backoff { reason, .. } => panic!("{reason}"),
                _ => {}
            }
        }
        served(client, service).await
    }
}

/// The program ends while the name is being looked up. That nobody waits for the look-up shows in the time that closing
/// takes.
async fn leaves(client: Client, _: TestService) -> Outcome {
    let connecting = ConnectionState::Connecting { attempt: 1 };
    let mut states = client.connection_states();
    while states.next().await != Some(connecting.clone()) {}
    Ok(())
}

fn failed_at(served: &Result<(), Error>, stage: ConnectStage, says: &str) -> bool {
    let Err(error @ Error::Unreachable(unreachable)) = served else { return false };
    let text = error.to_string();
    unreachable.failure.stage == stage && text.contains(says) && !text.contains("wrong")
}

fn once(config: Config) -> Config {
    config.connect_attempts(1)
}

fn port(config: &Config) -> u16 {
    config.endpoint().expect("the host of the service").port
}

/// The host of the service by a name, which has to be looked up.
fn by_name(config: &Config) -> String {
    format!("localhost:{}", port(config))
}

/// The service by way of a proxy that asks for credentials. Nobody but the proxy can look up its name.
fn behind_proxy(config: Config, credentials: &str) -> Config {
    let proxy = Proxy::start(Rules { authorization: Some(AUTHORIZATION), port: port(&config) });
    let host = by_name(&config);
    once(config).host(host).proxy(format!("http://{credentials}{}", proxy.address()))
}

/// The service at its own address, after others.
fn with_addresses(config: Config, others: fn() -> Vec<SocketAddr>) -> Config {
    let host = by_name(&config);
    config.host(host).name_lookup_with(move |_, port| {
        let mut addresses = others();
        addresses.push(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Ok(addresses)
    })
}

/// Trust in the CA of the service by settings of the program's, and not by the file, which is none.
fn own_tls(config: Config) -> Config {
    let Some(ca) = config.extra_roots() else { return config };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("the CA of the service")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.ca_file("no-such-file.pem").tls(settings)
}

/// Settings for TLS with another server of this machine, whose CA is in a file.
fn elsewhere((address, ca): (SocketAddr, Option<PathBuf>)) -> Config {
    let config = Config::new().project("demo-project").token("demo-token").max_connections(usize::MAX);
    once(config).host(format!("localhost:{}", address.port())).ca_file(ca.unwrap_or_default())
}

/// A service whose certificate has expired, and the file with its CA. It goes on until the process ends.
fn expired() -> (SocketAddr, Option<PathBuf>) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("signalwire-relay-expired-{}-{number}.pem", std::process::id());
    let ca = std::env::temp_dir().join(name);
    let options = ListenOptions::new(Scenario::new()).expired_certificate().ca_out(&ca);
    let simulator = Simulator::start(options).expect("loopback has room");
    let address = simulator.address();
    std::mem::forget(simulator);
    (address, Some(ca))
}

/// A server of another kind, which greets and closes.
fn stranger() -> SocketAddr {
    listen(|listener| {
        for mut stream in listener.incoming().flatten() {
            // Whether anybody reads it does not matter.
            let _ = stream.write_all(b"220 mail.example ready\r\n\r\n");
        }
    })
}

/// A server that accepts connections and says nothing.
fn mute() -> SocketAddr {
    listen(|listener| {
        let streams: Vec<_> = listener.incoming().collect();
        drop(streams);
    })
}

/// Where nobody listens.
fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has room");
    listener.local_addr().expect("it is bound")
}

fn listen(serve: fn(&TcpListener)) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has room");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || serve(&listener));
    address
}

/// A server whose queue of connections to accept is full: whoever connects hears nothing, not even that it is refused.
#[cfg(target_os = "linux")]
fn full() -> SocketAddr {
    use socket2::{Domain, Socket, Type};

    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("loopback has room");
    // A queue for none has room for one.
    socket.listen(0).expect("it is bound");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("it is bound");
    let first = std::net::TcpStream::connect(address).expect("the queue has room for one");
    // Open until the process ends.
    std::mem::forget((socket, first));
    address
}
