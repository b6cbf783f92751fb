//! What is peculiar to threads: where one may wait, what runs where, what is joined.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use signalwire_relay_blocking::session::ConnectionState;
use signalwire_relay_blocking::{
    Call, Client, Collect, Config, EndReason, Error, Iterate, RelayClient, Run, secs,
};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Cue, Scenario, Step, Task};

/// More than enough for anything on loopback.
const TEST_TIMEOUT: Duration = Duration::from_mins(2);

fn caller() -> Caller {
    Caller::new("+15551110000", "+15552220000")
}

fn patient() -> Caller {
    caller().script([Step::wait(600.0), Step::HangUp])
}

fn simulator(callers: impl IntoIterator<Item = Caller>) -> Simulator {
    let scenario = callers.into_iter().fold(Scenario::new(), Scenario::caller);
    Simulator::start(ListenOptions::new(scenario).speed(10.0)).expect("loopback has room")
}

fn config(simulator: &Simulator) -> Config {
    Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(simulator.host())
        .contexts(["default"])
        .max_connections(usize::MAX)
        .plaintext()
}

/// Connects, or says so if that takes for ever.
fn connect(simulator: &Simulator) -> RelayClient {
    let client = RelayClient::start(config(simulator)).expect("the settings are usable");
    client.ready().timeout(TEST_TIMEOUT).run().expect("the simulator is there");
    client
}

#[test]
fn calls_are_an_iterator_that_ends_with_the_client() {
    let script = [Step::on(Cue::PromptFinished), Step::press("1"), Step::wait(600.0), Step::HangUp];
    let simulator = simulator([caller().script(script)]);
    let client = connect(&simulator);
    for call in client.incoming_calls() {
        call.answer().run().expect("it rings");
        let menu = call.prompt_tts("Press 1.", Collect::digits(1)).run().expect("it is answered");
        assert_eq!(menu.wait().run().expect("a key is pressed").digits(), Some("1"));
        call.hangup().run().expect("it is up");
        assert_eq!(call.wait_for_ended().run().expect("it ends"), EndReason::Hangup);
        client.disconnect();
    }
    assert_eq!(client.connection_states().iter().last(), Some(ConnectionState::Closed { reason: None }));
    assert!(simulator.with(|board, _| board.violations().is_empty()));
}

#[test]
fn tasks_come_to_a_function_and_as_an_iterator() {
    let simulator = simulator([]);
    let client = connect(&simulator);
    let send = |number: u64| {
        let task = Task::new(serde_json::json!({ "number": number }));
        simulator.with(|board, now| board.inject_task(now, task));
    };
    send(1);
    let first = client.incoming_tasks().next().expect("the client goes on");
    assert_eq!(first.message()["number"], 1);
    let (done, told) = channel();
    client.on_task(move |task| done.send(task.message()["number"].as_u64()));
    send(2);
    assert_eq!(told.recv_timeout(TEST_TIMEOUT), Ok(Some(2)));
}

#[test]
fn each_handler_has_a_thread_of_its_own_and_may_block_for_as_long_as_it_likes() {
    let simulator = simulator([patient(), patient(), patient()]);
    let client = connect(&simulator);
    let (started, starts) = channel();
    let release = Arc::new(Mutex::new(()));
    let held = release.lock().expect("nobody panicked");
    let gate = release.clone();
    client.on_call(move |call| {
        call.answer().run()?;
        started.send(thread::current().id()).expect("the test listens");
        drop(gate.lock());
        call.hangup().run()
    });
    let threads: Vec<ThreadId> =
        (0..3).map(|_| starts.recv_timeout(TEST_TIMEOUT).expect("a handler")).collect();
    assert!(threads[0] != threads[1] && threads[1] != threads[2] && threads[0] != threads[2]);
    client.execute("signalwire.ping", serde_json::json!({})).run().expect("the connection is not held up");
    drop(held);
    client.drain(None);
    client.closed().timeout(TEST_TIMEOUT).run().expect("every handler ends");
}

/// Makes a request when it is dropped, and tells what came of it.
struct RequestOnDrop(Client, Sender<(ThreadId, Result<(), Error>)>);

impl Drop for RequestOnDrop {
    fn drop(&mut self) {
        let outcome = self.0.execute("signalwire.ping", serde_json::json!({})).run().map(drop);
        let _ = self.1.send((thread::current().id(), outcome));
    }
}

#[test]
fn waiting_on_the_thread_that_drives_the_client_is_an_error() {
    let simulator = simulator([]);
    let client = connect(&simulator);
    let (told, outcomes) = channel();
    let captured = RequestOnDrop(client.clone(), told);
    client.on_call(move |_| {
        let _captured = &captured;
    });
    client.on_call(|_| {}); // the client lets go of the first
    let (thread, outcome) = outcomes.recv_timeout(TEST_TIMEOUT).expect("it does not hang");
    assert_ne!(thread, thread::current().id());
    let error = outcome.expect_err("it would wait for itself");
    assert!(matches!(error, Error::WouldDeadlock), "{error}");
    client.execute("signalwire.ping", serde_json::json!({})).run().expect("elsewhere it works");
}

#[test]
fn callbacks_may_wait_too() {
    let simulator = simulator([patient()]);
    let client = connect(&simulator);
    let call = client.incoming_calls().next().expect("somebody calls");
    call.answer().run().expect("it rings");
    let (told, outcomes) = channel();
    let other = call.clone();
    let play = call.play_silence(secs(1)).on_completed(move |end| async move {
        let then = end.and_then(|_| other.play_silence(secs(1)).run()?.wait().run());
        let _ = told.send(then.map(drop));
    });
    play.run().expect("it is up");
    outcomes.recv_timeout(TEST_TIMEOUT).expect("it is called").expect("both were played");
}

#[test]
fn dropping_the_client_joins_what_was_started() {
    let simulator = simulator([patient(), patient()]);
    let running = Arc::new(AtomicUsize::new(0));
    let (started, starts) = channel();
    {
        let client = connect(&simulator);
        let count = running.clone();
        client.on_call(move |call: Call| {
            count.fetch_add(1, Ordering::SeqCst);
            started.send(()).expect("the test listens");
            let _ = call.wait_for_ended().run(); // ends with the client
            count.fetch_sub(1, Ordering::SeqCst);
        });
        for _ in 0..2 {
            starts.recv_timeout(TEST_TIMEOUT).expect("a handler");
        }
        assert_eq!(running.load(Ordering::SeqCst), 2);
    }
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

#[test]
fn dropping_a_client_whose_service_never_answers_does_not_hang() {
    // It accepts, and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has room");
    let host = listener.local_addr().expect("it is bound").to_string();
    let config = Config::new().project("p").token("t").host(host).max_connections(usize::MAX).plaintext();
    let client = RelayClient::start(config).expect("the settings are usable");
    let (held, _) = listener.accept().expect("the client connects");
    let began = Instant::now();
    drop(client);
    // The attempt has 10 s.
    assert!(began.elapsed() < secs(8), "{:?}", began.elapsed());
    drop(held);
}

/// On Linux, all of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
#[test]
fn a_certificate_that_is_not_trusted_or_for_another_name_is_not_accepted() {
    use signalwire_relay_blocking::session::ConnectionState::Backoff;
    let address = "127.0.0.2:0".parse().expect("an address");
    let simulator = Simulator::start(ListenOptions::new(Scenario::new()).address(address).tls());
    let simulator = simulator.expect("loopback has room");
    // It vouches for localhost, 127.0.0.1 and ::1.
    let ca = std::env::temp_dir().join(format!("signalwire-relay-name-{}.pem", std::process::id()));
    std::fs::write(&ca, simulator.ca_pem().expect("TLS")).expect("the temporary folder is writable");
    let stranger = Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(simulator.address().to_string())
        .max_connections(usize::MAX);
    let trusted = stranger.clone().ca_file(&ca);
    for (config, says) in [(stranger, "from an issuer that is not trusted"), (trusted, "is for another name")]
    {
        let client = RelayClient::start(config).expect("the settings are usable");
        let reason = client.connection_states().iter().find_map(|state| match state {
            Backoff { reason, .. } => Some(reason),
            _ => None,
        });
        let reason = reason.expect("the failure shows");
        assert!(reason.contains(says), "{reason}");
    }
    let _ = std::fs::remove_file(ca);
}
