//! What adapters print, and whom they trust, on each runtime.

mod support;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread;

use serde_json::{Value, json};
use signalwire_relay_core::{Client, Config, ConnectionState, Error};
use signalwire_relay_simulator::Scenario;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use support::{Captured, RUNTIMES, on};

/// A service that says back everything it was told: in errors, in events, in results, in the reason of its close. It
/// serves so many connections: one that it refuses, one that it closes, one that it does not resume, and one more.
fn parrot() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has room");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for number in 0..4 {
            let (stream, _) = listener.accept().expect("somebody connects");
            let mut socket = tungstenite::accept(stream).expect("a WebSocket");
            let login = read(&mut socket).expect("it logs in");
            let told = login["params"].to_string();
            if number % 2 == 0 {
                let error = json!({"code": -32002, "message": told, "data": login["params"]});
                say(&mut socket, &json!({"jsonrpc": "2.0", "id": login["id"], "error": error}));
                while read(&mut socket).is_some() {}
                continue;
            }
            let result =
                json!({"protocol": "p", "session_restored": false, "authorization": login["params"]});
            say(&mut socket, &json!({"jsonrpc": "2.0", "id": login["id"], "result": result}));
            let everything = format!("sentinel-state {told}");
            for (kind, params) in [
                ("signalwire.authorization.state", json!({"authorization_state": "sentinel-state"})),
                ("calling.error", json!({"code": "1", "message": everything})),
                ("x.unheard_of", json!({"message": everything})),
                (
                    "calling.call.receive",
                    json!({"call_id": "c", "node_id": "n", "project_id": "sentinel-project"}),
                ),
            ] {
                let params = json!({"event_type": kind, "params": params});
                say(
                    &mut socket,
                    &json!({"jsonrpc": "2.0", "id": "e", "method": "signalwire.event", "params": params}),
                );
            }
            while let Some(frame) = read(&mut socket) {
                if frame["method"] == "x.refused" {
                    let error = json!({"code": 1, "message": everything});
                    say(&mut socket, &json!({"jsonrpc": "2.0", "id": frame["id"], "error": error}));
                } else if frame["method"] == "x.close" {
                    let who = &login["params"]["authentication"];
                    let reason = format!("sentinel-state {who}").into();
                    let _ = socket.close(Some(CloseFrame { code: CloseCode::Policy, reason }));
                } else if frame["method"].is_string() {
                    let result = json!({"code": "200", "message": everything});
                    say(&mut socket, &json!({"jsonrpc": "2.0", "id": frame["id"], "result": result}));
                }
            }
        }
    });
    address
}

fn read(socket: &mut WebSocket<std::net::TcpStream>) -> Option<Value> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

fn say(socket: &mut WebSocket<std::net::TcpStream>, frame: &Value) {
    // A client that is gone hears nothing.
    let _ = socket.send(Message::text(frame.to_string()));
}

/// Everything that can be printed in the course of it.
async fn told_back(client: Client) -> Result<String, Error> {
    let mut printed = Vec::new();
    let mut events = client.events();
    let mut states = client.connection_states();
    client.ready().await?;
    for _ in 0..2 {
        printed.push(format!("{:?}", events.next().await));
    }
    let call = client.incoming_calls().next().await.expect("a call");
    printed.push(format!("{call:?} {:?}", call.answer().await));
    let refused = client.execute("x.refused", json!({})).await.expect_err("refused");
    printed.push(format!("{refused} {refused:?}"));
    // The connection is closed instead of an answer.
    printed.push(format!("{:?}", client.execute("x.close", json!({})).await));
    while let Some(state) = states.next().await {
        printed.push(format!("{state} {state:?}"));
        if matches!(state, ConnectionState::Backoff { .. }) {
            break;
        }
    }
    printed.push(format!("{:?}", call.wait_for_ended().await));
    client.ready().await?;
    client.disconnect();
    client.closed().await?;
    printed.push(format!("{client:?}"));
    Ok(printed.join("\n"))
}

#[test]
fn a_service_that_says_everything_back_gets_no_secret_printed_or_logged() {
    let captured = Captured::from(tracing_subscriber::filter::LevelFilter::TRACE);
    let base = || Config::new().plaintext().contexts(["default"]).max_connections(usize::MAX);
    let plays = RUNTIMES.into_iter().flat_map(|runtime| {
        [base().project("sentinel-project").token("sentinel-token"), base().jwt("sentinel-jwt")]
            .map(|config| (runtime, config.host(parrot().to_string())))
    });
    let plays: Vec<_> = plays
        .map(|(runtime, config)| {
            thread::spawn(move || {
                let printed = on(runtime, config, |client| Box::pin(told_back(client)));
                (runtime, printed.expect("it goes its way"))
            })
        })
        .collect();
    for play in plays {
        let (runtime, printed) = play.join().expect("nothing panics");
        assert!(printed.contains("***"), "{runtime}: {printed}");
        assert!(!printed.contains("sentinel"), "{runtime}: {printed}");
    }
    let log = captured.text();
    for line in ["refused the credentials", "did not resume the session", "closed the connection", "ready"] {
        assert!(log.contains(line), "nothing of {line} in {log}");
    }
    assert!(log.contains("signalwire_relay") && log.contains("***"), "{log}");
    assert!(!log.contains("sentinel"), "{log}");
}

/// Why there is no connection.
async fn first_failure(client: Client) -> Result<String, Error> {
    let mut states = client.connection_states();
    while let Some(state) = states.next().await {
        match state {
            ConnectionState::Backoff { reason, .. } => return Ok(reason.to_string()),
            ConnectionState::Ready { .. } => break,
            _ => {}
        }
    }
    Ok("it is trusted".to_owned())
}

/// A PEM file that is gone when this is dropped.
struct CaFile(PathBuf);

impl CaFile {
    fn of(simulator: &Simulator, name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("signalwire-relay-{}-{name}.pem", std::process::id()));
        std::fs::write(&path, simulator.ca_pem().expect("TLS")).expect("the temporary folder is writable");
        Self(path)
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn trusting(host: String) -> Config {
    Config::new().project("demo-project").token("demo-token").host(host).max_connections(usize::MAX)
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_on_every_runtime() {
    let start = || Simulator::start(ListenOptions::new(Scenario::new()).tls()).expect("loopback has room");
    let (simulator, stranger) = (start(), start());
    let strangers = CaFile::of(&stranger, "stranger");
    for runtime in RUNTIMES {
        for config in [trusting(simulator.host()), trusting(simulator.host()).ca_file(&strangers.0)] {
            let failure = on(runtime, config, |client| Box::pin(first_failure(client))).expect("it starts");
            // The two authorities have one name.
            let says = ["is from an issuer that is not trusted", "is not signed by the authority"];
            let is_told = says.into_iter().any(|says| failure.contains(says));
            assert!(failure.starts_with("the certificate of localhost:") && is_told, "{runtime}: {failure}");
        }
        let attempts = simulator.with(|board, _| board.journal().len());
        assert_eq!(attempts, 0, "{runtime} said something before it trusted");
    }
}

/// Only Linux has all of 127.0.0.0/8 without being asked.
#[cfg(target_os = "linux")]
#[test]
fn a_certificate_for_another_name_is_refused_on_every_runtime() {
    let options = ListenOptions::new(Scenario::new()).tls().address(SocketAddr::from(([127, 0, 0, 2], 0)));
    let simulator = Simulator::start(options).expect("loopback has room");
    let trusted = CaFile::of(&simulator, "other-name");
    for runtime in RUNTIMES {
        let config = trusting(simulator.address().to_string()).ca_file(&trusted.0);
        let failure = on(runtime, config, |client| Box::pin(first_failure(client))).expect("it starts");
        let says = "is for another name";
        assert!(
            failure.starts_with("the certificate of 127.0.0.2:") && failure.contains(says),
            "{runtime}: {failure}"
        );
    }
    assert_eq!(simulator.with(|board, _| board.journal().len()), 0);
}
