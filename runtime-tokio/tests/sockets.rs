//! The adapter over real sockets: what only they can do wrong.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario, Step};
use signalwire_relay_tokio::session::ConnectionState;
use signalwire_relay_tokio::{Config, ConnectionStates, EndReason, Error, RelayClient, secs};

/// More than enough for anything on loopback.
const TEST_TIMEOUT: Duration = Duration::from_mins(2);

/// A file in the temporary folder that is gone when this is dropped.
struct TempFile(PathBuf);

impl TempFile {
    fn new(contents: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("signalwire-relay-{}-{number}.pem", std::process::id()));
        std::fs::write(&path, contents).expect("the temporary folder is writable");
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn patient() -> Scenario {
    Scenario::new()
        .caller(Caller::new("+15551110000", "+15552220000").script([Step::wait(600.0), Step::HangUp]))
}

fn start(options: ListenOptions) -> Simulator {
    Simulator::start(options).expect("loopback has room")
}

fn config(simulator: &Simulator) -> Config {
    Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(simulator.host())
        .contexts(["default"])
        .max_connections(usize::MAX)
}

fn plain(simulator: &Simulator) -> Config {
    config(simulator).plaintext()
}

async fn connect(config: Config) -> Result<RelayClient, Error> {
    tokio::time::timeout(TEST_TIMEOUT, RelayClient::connect(config)).await.expect("connecting does not hang")
}

/// Connects on the side, and says why the connection waits.
async fn first_failure(config: Config) -> String {
    let client = RelayClient::start(config).expect("the settings are usable");
    let mut states: ConnectionStates = client.connection_states();
    tokio::time::timeout(TEST_TIMEOUT, async {
        while let Some(state) = states.next().await {
            if let ConnectionState::Backoff { reason, .. } = state {
                return reason.to_string();
            }
        }
        "closed".to_owned()
    })
    .await
    .expect("the failure shows")
}

async fn until_ready(states: &mut ConnectionStates) -> bool {
    tokio::time::timeout(TEST_TIMEOUT, async {
        loop {
            if let Some(ConnectionState::Ready { resumed }) = states.next().await {
                return resumed;
            }
        }
    })
    .await
    .expect("the client connects again")
}

#[tokio::test]
async fn calls_are_served_over_tls_with_the_ca_file() {
    let simulator = start(ListenOptions::new(patient()).tls());
    let ca = TempFile::new(simulator.ca_pem().expect("TLS"));
    let client = connect(config(&simulator).ca_file(&ca.0)).await.expect("trusted");
    let call = client.incoming_calls().next().await.expect("a call");
    call.answer().await.expect("accepted");
    call.hangup().await.expect("accepted");
    assert_eq!(call.wait_for_ended().timeout(TEST_TIMEOUT).await.expect("ended"), EndReason::Hangup);
    assert!(simulator.with(|board, _| board.violations().is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_served_on_many_threads() {
    let mut scenario = Scenario::new();
    for _ in 0..50 {
        scenario = scenario.caller(Caller::new("+15551110000", "+15552220000").script([Step::wait(600.0)]));
    }
    let simulator = start(ListenOptions::new(scenario).speed(10.0));
    let client = connect(plain(&simulator)).await.expect("connected");
    let (done, mut each) = tokio::sync::mpsc::unbounded_channel();
    client.on_call(move |call| {
        let done = done.clone();
        async move {
            call.answer().await?;
            call.play_tts("Hello!").await?.wait().await?;
            call.hangup().await?;
            let _ = done.send(call.wait_for_ended().await?);
            Ok::<(), Error>(())
        }
    });
    for _ in 0..50 {
        let reason = tokio::time::timeout(TEST_TIMEOUT, each.recv()).await.expect("each call is served");
        assert_eq!(reason, Some(EndReason::Hangup));
    }
    assert!(simulator.with(|board, _| board.violations().is_empty()));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_accepted() {
    let simulator = start(ListenOptions::new(Scenario::new()).tls());
    let stranger = start(ListenOptions::new(Scenario::new()).tls());
    let wrong = TempFile::new(stranger.ca_pem().expect("TLS"));
    for config in [config(&simulator), config(&simulator).ca_file(&wrong.0)] {
        let failure = first_failure(config).await;
        assert!(failure.contains("certificate"), "{failure}");
    }
}

/// On Linux, all of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_certificate_for_another_name_is_not_accepted() {
    let address = "127.0.0.2:0".parse().expect("an address");
    let simulator = start(ListenOptions::new(Scenario::new()).address(address).tls());
    // It vouches for localhost, 127.0.0.1 and ::1.
    let ca = TempFile::new(simulator.ca_pem().expect("TLS"));
    let host = simulator.address().to_string();
    let failure = first_failure(config(&simulator).host(host).ca_file(&ca.0)).await;
    assert!(failure.contains("is for another name") && failure.contains("not valid for name"), "{failure}");
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_used_is_an_error_at_once() {
    let simulator = start(ListenOptions::new(Scenario::new()).tls());
    let empty = TempFile::new("no certificate here\n");
    let missing = PathBuf::from("/nowhere/ca.pem");
    let good = simulator.ca_pem().expect("TLS");
    // Two certificates, of which the second is text that is none.
    let bad = TempFile::new(&format!("{good}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    let torn = TempFile::new(&format!("{good}-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"));
    let named = |file: &TempFile, what: &str| format!("the CA file {}: {what}", file.0.display());
    for (path, says) in [
        (&empty.0, named(&empty, "it contains no certificate")),
        (&missing, "/nowhere/ca.pem".to_owned()),
        (&bad.0, named(&bad, "certificate 2 cannot be used: ")),
        (&torn.0, named(&torn, "certificate 2 cannot be read: ")),
    ] {
        let error = connect(config(&simulator).ca_file(path)).await.expect_err("unusable");
        assert!(matches!(error, Error::Transport(_)));
        assert!(error.to_string().contains(&says), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_tried_until_it_is() {
    let simulator = start(ListenOptions::new(Scenario::new()));
    simulator.stop_listening().expect("running");
    let failure = first_failure(plain(&simulator)).await;
    assert!(failure.contains("cannot connect to 127.0.0.1"), "{failure}");
    let connecting = tokio::spawn(RelayClient::connect(plain(&simulator).connect_attempts(u32::MAX)));
    let failure = first_failure(plain(&simulator)).await;
    assert!(failure.contains("refused"), "{failure}");
    simulator.listen_again().expect("the port is free");
    let client = tokio::time::timeout(TEST_TIMEOUT, connecting).await.expect("connected").expect("no panic");
    assert!(client.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_nothing_is_given_up() {
    let simulator = start(ListenOptions::new(Scenario::new()).silent());
    let failure = first_failure(plain(&simulator)).await;
    assert!(failure.ends_with("did not answer the request for a WebSocket within 9 s"), "{failure}");
}

#[tokio::test]
async fn something_that_is_no_websocket_is_told_as_such() {
    // A TLS server, spoken to without TLS.
    let simulator = start(ListenOptions::new(Scenario::new()).tls());
    let port = simulator.address().port();
    let failure = first_failure(config(&simulator).host(format!("127.0.0.1:{port}")).plaintext()).await;
    assert!(failure.contains("it speaks TLS on this port"), "{failure}");
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_frame_is_mended_and_the_call_goes_on() {
    let simulator = start(ListenOptions::new(patient()));
    let client = connect(plain(&simulator)).await.expect("connected");
    let call = client.incoming_calls().next().await.expect("a call");
    call.answer().await.expect("accepted");
    let mut states = client.connection_states();
    assert!(!until_ready(&mut states).await);
    simulator.cut_mid_frame();
    assert!(until_ready(&mut states).await, "resumed");
    call.hangup().await.expect("accepted");
    assert_eq!(call.wait_for_ended().timeout(TEST_TIMEOUT).await.expect("ended"), EndReason::Hangup);
}

#[tokio::test]
async fn a_restart_of_the_service_loses_its_calls_and_nothing_else() {
    let simulator = start(ListenOptions::new(patient()));
    let client = connect(plain(&simulator)).await.expect("connected");
    let call = client.incoming_calls().next().await.expect("a call");
    call.answer().await.expect("accepted");
    let mut states = client.connection_states();
    until_ready(&mut states).await;
    simulator.restart().expect("the port is free");
    assert!(!until_ready(&mut states).await, "a new session");
    assert_eq!(call.wait_for_ended().timeout(TEST_TIMEOUT).await.expect("lost"), EndReason::SessionLost);
    simulator.with(|board, now| board.place_call(now, Caller::new("+15551110000", "+15552220000")));
    let next = tokio::time::timeout(TEST_TIMEOUT, async { client.incoming_calls().next().await });
    next.await.expect("calls come in again").expect("open").answer().await.expect("accepted");
}

#[tokio::test]
async fn a_frame_beyond_the_limit_costs_the_connection_and_not_the_client() {
    let simulator = start(ListenOptions::new(Scenario::new()));
    let client = connect(plain(&simulator)).await.expect("connected");
    let mut states = client.connection_states();
    until_ready(&mut states).await;
    simulator.with(|board, _| {
        let connection = board.connections().next().expect("one");
        board.push_frame(connection, " ".repeat(11 * 1024 * 1024));
    });
    assert!(until_ready(&mut states).await, "resumed");
}

#[tokio::test]
async fn a_wrong_token_is_refused_three_times() {
    let simulator = start(ListenOptions::new(Scenario::new()));
    match connect(plain(&simulator).token("wrong")).await {
        Err(Error::AuthenticationFailed(rejected)) => assert_eq!(rejected.message, "Authentication failed"),
        other => panic!("{other:?}"),
    }
    let refusals = std::iter::from_fn(|| simulator.next_report(Duration::from_millis(100)))
        .filter(|report| matches!(report, Report::ClientRefused { .. }));
    assert_eq!(refusals.count(), 3);
}

#[tokio::test]
async fn a_deadline_is_kept_by_the_clock_of_the_runtime() {
    let simulator = start(ListenOptions::new(patient()));
    let client = connect(plain(&simulator)).await.expect("connected");
    let call = client.incoming_calls().next().await.expect("a call");
    let began = std::time::Instant::now();
    tokio::time::pause();
    let waited = call.wait_for_ended().timeout(secs(25)).await;
    assert!(matches!(waited, Err(Error::TimedOut(_))), "{waited:?}");
    assert!(began.elapsed() < secs(20), "a paused clock passes at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dropping_the_client_closes_the_connection() {
    let simulator = start(ListenOptions::new(Scenario::new()));
    drop(connect(plain(&simulator)).await.expect("connected"));
    let left = simulator.wait_for(TEST_TIMEOUT, |report| matches!(report, Report::ClientLeft { .. }));
    assert!(left.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_requests_does_not_cost_the_connection() {
    const BURST: usize = 15_000;
    let simulator = start(ListenOptions::new(Scenario::new()));
    let client = connect(plain(&simulator)).await.expect("the simulator is there");
    let mut states = client.connection_states();
    assert!(matches!(states.next().await, Some(ConnectionState::Ready { .. })));
    let requests: Vec<_> = (0..BURST)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                client
                    .execute("signalwire.ping", serde_json::json!({"payload": number}))
                    .timeout(TEST_TIMEOUT)
                    .await
            })
        })
        .collect();
    let mut answered = 0;
    for request in requests {
        match request.await.expect("no task panics") {
            Ok(_) => answered += 1,
            // There is a bound to what may wait for the driver.
            Err(Error::QueueFull(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(answered > 0);
    assert!(matches!(client.connection_state(), ConnectionState::Ready { .. }));
    client.disconnect();
    assert!(matches!(states.next().await, Some(ConnectionState::Closed { .. })), "it was never lost");
}
