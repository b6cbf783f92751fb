//! The example `hello` as a process of its own: settings from the environment, and an end by signal.
#![cfg(unix)]

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario, Step};

const LIMIT: Duration = Duration::from_secs(20);

/// Examples are built along with the tests, next to the folder that this test was built into.
fn hello() -> Command {
    let own = std::env::current_exe().expect("a test has a path");
    let folder: PathBuf = own.ancestors().nth(2).expect("target/debug/deps").join("examples");
    let mut command = Command::new(folder.join("hello"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn with_settings(command: &mut Command, simulator: &Simulator, ca: &std::path::Path, token: &str) {
    command
        .env("SIGNALWIRE_PROJECT_ID", "demo-project")
        .env("SIGNALWIRE_API_TOKEN", token)
        .env("SIGNALWIRE_SPACE", simulator.host())
        .env("SIGNALWIRE_RELAY_CA_FILE", ca);
}

fn ca_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("signalwire-relay-signals-{}-{name}.pem", std::process::id()))
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill exists");
    assert!(sent.success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status;
        }
        if began.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("hello does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn hello_serves_calls_over_tls_and_ends_cleanly_on_an_interrupt() {
    let ca = ca_file("good");
    let caller = Caller::new("+15551110000", "+15552220000").script([Step::wait(60.0), Step::HangUp]);
    let options = ListenOptions::new(Scenario::new().caller(caller)).tls().ca_out(&ca).speed(10.0);
    let simulator = Simulator::start(options).expect("loopback has room");
    let mut command = hello();
    with_settings(&mut command, &simulator, &ca, "demo-token");
    let mut child = command.spawn().expect("the example was built");
    let ended = simulator.wait_for(LIMIT, |report| matches!(report, Report::CallEnded { .. }));
    assert!(ended.is_some(), "the call was served");
    interrupt(&child);
    let status = wait(&mut child);
    assert!(status.success(), "{status}");
    assert!(simulator.wait_for(LIMIT, |report| matches!(report, Report::Unsubscribed { .. })).is_some());
    let _ = std::fs::remove_file(ca);
}

#[test]
fn a_wrong_token_ends_hello_with_the_words_of_the_service() {
    let ca = ca_file("wrong");
    let options = ListenOptions::new(Scenario::new()).tls().ca_out(&ca);
    let simulator = Simulator::start(options).expect("loopback has room");
    let mut command = hello();
    with_settings(&mut command, &simulator, &ca, "sentinel-token");
    let output = command.output().expect("the example was built");
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(printed.contains("Authentication failed"), "{printed}");
    assert!(!printed.contains("sentinel"), "{printed}");
    let _ = std::fs::remove_file(ca);
}

#[test]
fn a_missing_variable_is_named() {
    let output = hello().env("SIGNALWIRE_PROJECT_ID", "p").output().expect("the example was built");
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        printed.contains("SIGNALWIRE_API_TOKEN") && !printed.contains("SIGNALWIRE_PROJECT_ID"),
        "{printed}"
    );
}

#[test]
fn a_host_that_is_not_there_is_tried_again_and_said_so() {
    let ca = ca_file("away");
    let simulator = Simulator::start(ListenOptions::new(Scenario::new()).tls().ca_out(&ca)).expect("room");
    simulator.stop_listening().expect("running");
    let mut command = hello();
    with_settings(&mut command, &simulator, &ca, "demo-token");
    let mut child = command.spawn().expect("the example was built");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("piped")));
    for attempt in 2..=3 {
        let line = lines.next().expect("it says so").expect("text");
        assert!(line.contains("cannot connect to") && line.contains(&format!("attempt {attempt}")), "{line}");
    }
    assert!(child.try_wait().expect("our child").is_none(), "it keeps trying");
    child.kill().expect("our child");
    child.wait().expect("our child");
    let _ = std::fs::remove_file(ca);
}
