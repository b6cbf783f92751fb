//! A client in a process of its own whose environment names a proxy, on each runtime.
#![cfg(unix)]

#[path = "../src/proxy.rs"]
mod proxy;

use std::process::{Command, Stdio};
use std::time::Duration;

use proxy::{Proxy, Rules};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario};

/// Enough for a machine that is ten times slower than usual.
const TEST_TIMEOUT: Duration = Duration::from_mins(2);
const RUNTIMES: [&str; 3] = ["tokio", "smol", "blocking"];
/// A name that only the proxy can look up.
const SPACE: &str = "relay.example";

fn serve(runtime: &str, simulator: &Simulator, name: &str) -> (Command, std::path::PathBuf) {
    let file = format!("signalwire-relay-proxies-{}-{runtime}-{name}.pem", std::process::id());
    let ca = std::env::temp_dir().join(file);
    std::fs::write(&ca, simulator.ca_pem().expect("TLS")).expect("the folder for such files is writable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_serve"));
    command
        .arg(runtime)
        .env_clear()
        .env("SIGNALWIRE_PROJECT_ID", "demo-project")
        .env("SIGNALWIRE_API_TOKEN", "demo-token")
        .env("SIGNALWIRE_SPACE", SPACE)
        .env("SIGNALWIRE_RELAY_CA_FILE", &ca)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    (command, ca)
}

#[test]
fn calls_are_served_through_the_proxy_of_the_environment() {
    for runtime in RUNTIMES {
        let caller = Caller::new("+15551110000", "+15552220000");
        let options = ListenOptions::new(Scenario::new().caller(caller)).certificate_for(SPACE);
        let simulator = Simulator::start(options.connection_header("keep-alive, Upgrade")).expect("room");
        // The name "me" and the password "secret".
        let port = simulator.address().port();
        let proxy = Proxy::start(Rules { authorization: Some("Basic bWU6c2VjcmV0"), port });
        let (mut command, ca) = serve(runtime, &simulator, "served");
        command.env("HTTPS_PROXY", format!("http://me:secret@{}", proxy.address()));
        let mut child = command.stderr(Stdio::null()).spawn().expect("the program was built");
        let ended = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::CallEnded { .. }));
        assert!(ended.is_some(), "{runtime}: the call is served");
        assert_eq!(proxy.asked().first().map(String::as_str), Some("CONNECT relay.example:443 HTTP/1.1"));
        child.kill().expect("our child");
        child.wait().expect("our child");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn an_unusable_proxy_of_the_environment_is_named_without_its_password() {
    for runtime in RUNTIMES {
        let simulator = Simulator::start(ListenOptions::new(Scenario::new()).tls()).expect("room");
        for (proxy, says) in [
            ("socks5://me:sentinel@127.0.0.1:1080", "a proxy by socks5 is not supported"),
            ("http://me:sentinel@127.0.0.1:port", "the port is not a number"),
        ] {
            let (mut command, ca) = serve(runtime, &simulator, "unusable");
            let output = command.env("ALL_PROXY", proxy).output().expect("the program was built");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{runtime}");
            assert!(said.contains("ALL_PROXY") && said.contains(says), "{runtime}: {said}");
            assert!(!said.contains("sentinel"), "{runtime}: {said}");
            let _ = std::fs::remove_file(ca);
        }
    }
}
