//! A client in a process of its own, on each runtime: settings from the environment, and an end by signal.
#![cfg(unix)]

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Phone, Refusal, Report, Scenario, Step};

const TEST_TIMEOUT: Duration = Duration::from_mins(2);
const RUNTIMES: [&str; 3] = ["tokio", "smol", "blocking"];

fn serve(runtime: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_serve"));
    command.arg(runtime).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
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

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill exists");
    assert!(sent.success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status;
        }
        if began.elapsed() > TEST_TIMEOUT {
            let _ = child.kill();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Serves one patient caller, who is in the middle of a call when this returns.
fn serving(runtime: &str, name: &str, arguments: &[&str]) -> (Simulator, Child, PathBuf) {
    let ca = ca_file(&format!("{runtime}-{name}"));
    let caller = Caller::new("+15551110000", "+15552220000").script([Step::wait(600.0), Step::HangUp]);
    let simulator = Simulator::start(ListenOptions::new(Scenario::new().caller(caller)).tls().ca_out(&ca))
        .expect("loopback has room");
    let mut command = serve(runtime);
    command.args(arguments);
    with_settings(&mut command, &simulator, &ca, "demo-token");
    let child = command.spawn().expect("the program was built");
    let begun = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::PlayStarted { .. }));
    assert!(begun.is_some(), "the call is served");
    (simulator, child, ca)
}

#[test]
fn an_interrupt_lets_the_call_finish_and_ends_cleanly() {
    for (runtime, name) in RUNTIMES.into_iter().zip(["-INT", "-TERM", "-TERM"]) {
        let (simulator, mut child, ca) = serving(runtime, "gentle", &[]);
        signal(&child, name);
        let status = wait(&mut child);
        assert!(status.success(), "{runtime}: {status}");
        let ended = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::CallEnded { .. }));
        assert!(
            matches!(&ended, Some(Report::CallEnded { reason, .. }) if reason == "hangup"),
            "{runtime}: {ended:?}"
        );
        let left = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::ClientLeft { .. }));
        assert!(left.is_some(), "{runtime}");
        let _ = std::fs::remove_file(ca);
    }
}

/// Interrupts, and waits until the program says what it does about that: two signals at once are one.
fn interrupt(child: &Child, lines: &mut impl Iterator<Item = std::io::Result<String>>, answer: &str) {
    signal(child, "-INT");
    while !lines.next().expect("it says so").expect("text").contains(answer) {}
}

fn lines(child: &mut Child) -> impl Iterator<Item = std::io::Result<String>> + use<> {
    std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("piped")))
}

/// Waits until the client is gone, and returns the reasons of the calls that ended before.
fn ends_before_leaving(simulator: &Simulator) -> Vec<String> {
    let mut reasons = Vec::new();
    let left = simulator.wait_for(TEST_TIMEOUT, |report| {
        if let Report::CallEnded { reason, .. } = report {
            reasons.push(reason.clone());
        }
        matches!(report, Report::ClientLeft { .. })
    });
    assert!(left.is_some(), "the client leaves");
    reasons
}

#[test]
fn a_second_interrupt_ends_at_once_and_leaves_calls_to_the_service() {
    for runtime in RUNTIMES {
        let (simulator, mut child, ca) = serving(runtime, "hard", &["stay"]);
        let mut lines = lines(&mut child);
        interrupt(&child, &mut lines, "letting running calls finish");
        interrupt(&child, &mut lines, "closing now");
        // It would drain for an hour.
        let status = wait(&mut child);
        assert!(status.success(), "{runtime}: {status}");
        assert_eq!(ends_before_leaving(&simulator), [""; 0], "{runtime}");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn a_second_interrupt_hangs_calls_up_where_that_is_configured() {
    for runtime in RUNTIMES {
        let (simulator, mut child, ca) = serving(runtime, "hang-up", &["stay", "hang-up"]);
        let mut lines = lines(&mut child);
        interrupt(&child, &mut lines, "letting running calls finish");
        interrupt(&child, &mut lines, "hanging running calls up");
        let status = wait(&mut child);
        assert!(status.success(), "{runtime}: {status}");
        assert_eq!(ends_before_leaving(&simulator).len(), 1, "{runtime}");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn a_third_interrupt_ends_at_once_in_any_case() {
    for runtime in RUNTIMES {
        let (simulator, mut child, ca) = serving(runtime, "third", &["stay", "hang-up"]);
        let mut lines = lines(&mut child);
        // The call is not hung up, however often that is asked.
        simulator.with(|service, _| {
            (0..10).for_each(|_| service.refuse_next("calling.end", Refusal::Silence));
        });
        interrupt(&child, &mut lines, "letting running calls finish");
        interrupt(&child, &mut lines, "hanging running calls up");
        interrupt(&child, &mut lines, "closing now");
        let status = wait(&mut child);
        assert!(status.success(), "{runtime}: {status}");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn a_handler_that_blocks_its_runtime_is_refused_and_the_process_ends_on_a_signal() {
    for runtime in ["tokio", "smol"] {
        let ca = ca_file(&format!("{runtime}-block"));
        let caller = Caller::new("+15551110000", "+15552220000").patience(Duration::from_mins(10));
        let simulator =
            Simulator::start(ListenOptions::new(Scenario::new().caller(caller)).tls().ca_out(&ca))
                .expect("loopback has room");
        let mut command = serve(runtime);
        command.arg("block");
        with_settings(&mut command, &simulator, &ca, "demo-token");
        let mut child = command.spawn().expect("the program was built");
        let ended = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::CallEnded { .. }));
        signal(&child, "-TERM");
        let status = wait(&mut child);
        assert!(
            matches!(&ended, Some(Report::CallEnded { reason, .. }) if reason == "error"),
            "{runtime}: the handler has failed: {ended:?}"
        );
        assert!(status.success(), "{runtime}: {status}");
        let mut printed = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().expect("piped"), &mut printed).expect("text");
        assert!(printed.contains("would wait for itself"), "{runtime}: {printed}");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn a_dial_that_is_answered_while_the_process_is_stopped_is_answered() {
    std::thread::scope(|scope| {
        for runtime in RUNTIMES {
            scope.spawn(move || dials_while_stopped(runtime));
        }
    });
}

fn dials_while_stopped(runtime: &str) {
    let ca = ca_file(&format!("{runtime}-stopped"));
    let phone = Phone::any().answers_after(Duration::from_secs(4)).script([Step::wait(600.0)]);
    let options = ListenOptions::new(Scenario::new().phone(phone)).tls().ca_out(&ca);
    let simulator = Simulator::start(options).expect("loopback has room");
    let mut command = serve(runtime);
    command.arg("dial");
    with_settings(&mut command, &simulator, &ca, "demo-token");
    let mut child = command.spawn().expect("the program was built");
    let rings = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::LegPlaced { .. }));
    assert!(rings.is_some(), "{runtime}");
    signal(&child, "-STOP");
    let answered = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::DialAnswered { .. }));
    assert!(answered.is_some(), "{runtime}");
    // The dial has 8 s. Nothing tells that they have passed for a process that is stopped.
    std::thread::sleep(Duration::from_secs(8));
    signal(&child, "-CONT");
    let status = wait(&mut child);
    let mut printed = String::new();
    let mut stdout = child.stdout.take().expect("piped");
    std::io::Read::read_to_string(&mut stdout, &mut printed).expect("text");
    assert!(status.success(), "{runtime}: {status}");
    assert_eq!(printed.trim(), "answered", "{runtime}");
    let _ = std::fs::remove_file(ca);
}

/// A service that accepts connections, says nothing, and tells of each.
fn silent() -> (std::net::SocketAddr, std::sync::mpsc::Receiver<std::net::TcpStream>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has room");
    let address = listener.local_addr().expect("it is bound");
    let (accepted, connections) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            if accepted.send(stream).is_err() {
                return;
            }
        }
    });
    (address, connections)
}

fn with_silent_service(command: &mut Command, service: std::net::SocketAddr) {
    command
        .env("SIGNALWIRE_PROJECT_ID", "demo-project")
        .env("SIGNALWIRE_API_TOKEN", "demo-token")
        .env("SIGNALWIRE_SPACE", service.to_string());
}

#[test]
fn a_signal_while_it_connects_ends_it_as_it_ends_any_program() {
    use std::os::unix::process::ExitStatusExt;
    for (runtime, (name, number)) in RUNTIMES.into_iter().zip([("-TERM", 15), ("-INT", 2), ("-TERM", 15)]) {
        let (service, connections) = silent();
        let mut command = serve(runtime);
        with_silent_service(&mut command, service);
        let mut child = command.spawn().expect("the program was built");
        let held = connections.recv_timeout(TEST_TIMEOUT).expect("it connects");
        signal(&child, name);
        let status = wait(&mut child);
        assert_eq!(status.signal(), Some(number), "{runtime}: {status}");
        drop(held);
    }
}

/// The kernel ignores signals that the first process of a container does not listen for.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_while_it_connects_ends_the_first_process_of_a_container() {
    let ways: [&[&str]; 2] = [&["--pid", "--fork"], &["--user", "--map-root-user", "--pid", "--fork"]];
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        eprintln!("NOT TRIED: this machine lets nobody be the first process of anything");
        return;
    };
    for (runtime, name) in RUNTIMES.into_iter().zip(["-TERM", "-INT", "-TERM"]) {
        let (service, connections) = silent();
        let mut command = Command::new("unshare");
        command.args(*way).arg("--kill-child").arg(env!("CARGO_BIN_EXE_serve")).arg(runtime);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        with_silent_service(&mut command, service);
        let mut child = command.spawn().expect("it was found");
        let held = connections.recv_timeout(TEST_TIMEOUT).expect("it connects");
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let first = std::fs::read_to_string(children).expect("this is Linux");
        let sent = Command::new("kill").args([name, first.trim()]).status().expect("kill exists");
        assert!(sent.success(), "{runtime}");
        let status = wait(&mut child);
        let said = lines(&mut child).map_while(Result::ok).collect::<Vec<_>>().join("\n");
        assert_eq!(status.code(), Some(1), "{runtime}: {status}");
        assert!(said.contains("the process was asked to end while it was connecting"), "{runtime}: {said}");
        drop(held);
    }
}

#[test]
fn a_signal_ends_a_program_that_connects_once_more_after_it_has_served() {
    for runtime in RUNTIMES {
        let (simulator, mut child, ca) = serving(runtime, "again", &["again"]);
        let mut lines = lines(&mut child);
        simulator.stop_listening().expect("it listens");
        interrupt(&child, &mut lines, "letting running calls finish");
        while !lines.next().expect("it tries").expect("text").contains("cannot connect to") {}
        signal(&child, "-TERM");
        let status = wait(&mut child);
        let said = lines.map_while(Result::ok).collect::<Vec<_>>().join("\n");
        assert_eq!(status.code(), Some(1), "{runtime}: {status}");
        assert!(said.contains("the process was asked to end while it was connecting"), "{runtime}: {said}");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn a_wrong_token_ends_it_with_the_words_of_the_service() {
    for runtime in RUNTIMES {
        let ca = ca_file(&format!("{runtime}-wrong"));
        let options = ListenOptions::new(Scenario::new()).tls().ca_out(&ca);
        let simulator = Simulator::start(options).expect("loopback has room");
        let mut command = serve(runtime);
        with_settings(&mut command, &simulator, &ca, "sentinel-token");
        let output = command.output().expect("the program was built");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{runtime}");
        assert!(printed.contains("Authentication failed"), "{runtime}: {printed}");
        assert!(!printed.contains("sentinel"), "{runtime}: {printed}");
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn a_missing_variable_is_named() {
    let output = serve("tokio").env("SIGNALWIRE_PROJECT_ID", "p").output().expect("the program was built");
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        printed.contains("SIGNALWIRE_API_TOKEN") && !printed.contains("SIGNALWIRE_PROJECT_ID"),
        "{printed}"
    );
}

#[test]
fn a_host_that_is_not_there_is_tried_four_times_and_each_is_said_in_the_log() {
    for runtime in RUNTIMES {
        let ca = ca_file(&format!("{runtime}-away"));
        let simulator =
            Simulator::start(ListenOptions::new(Scenario::new()).tls().ca_out(&ca)).expect("room");
        simulator.stop_listening().expect("running");
        let mut command = serve(runtime);
        with_settings(&mut command, &simulator, &ca, "demo-token");
        let mut child = command.spawn().expect("the program was built");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("piped")));
        for attempt in 2..=4 {
            let line = lines.next().expect("it says so").expect("text");
            assert!(
                line.contains("cannot connect to") && line.contains(&format!("attempt {attempt}")),
                "{runtime}: {line}"
            );
        }
        assert!(!wait(&mut child).success(), "{runtime}");
        let said = lines.map_while(Result::ok).collect::<Vec<_>>().join("\n");
        assert!(
            said.contains("Error: cannot reach localhost") && said.contains("gave up after 4 attempts"),
            "{runtime}: {said}"
        );
        let _ = std::fs::remove_file(ca);
    }
}

#[test]
fn the_calls_after_a_killed_worker_are_served_by_the_other() {
    for runtime in RUNTIMES {
        let (simulator, mut killed, ca) = serving(runtime, "killed", &[]);
        let mut command = serve(runtime);
        with_settings(&mut command, &simulator, &ca, "demo-token");
        let mut other = command.spawn().expect("the program was built");
        let subscribed =
            simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::Subscribed { .. }));
        assert!(subscribed.is_some(), "{runtime}");
        killed.kill().expect("our child");
        killed.wait().expect("our child");
        let left = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::ClientLeft { .. }));
        assert!(left.is_some(), "{runtime}");
        for _ in 0..3 {
            let caller = Caller::new("+15551110000", "+15552220000");
            let caller = caller.script([Step::wait(600.0), Step::HangUp]);
            let placed = simulator.with(|board, now| board.place_call(now, caller));
            let served = simulator.wait_for(TEST_TIMEOUT, |report| {
                matches!(report, Report::CallEnded { call, reason, .. } if *call == placed && reason == "hangup")
            });
            assert!(served.is_some(), "{runtime}");
        }
        signal(&other, "-TERM");
        assert!(wait(&mut other).success(), "{runtime}");
        let _ = std::fs::remove_file(ca);
    }
}
