//! Handlers and callbacks that hold all threads there are for them: what goes on all the same, and what waits.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use signalwire_relay_blocking::{Call, Config, Credentials, Error, RelayClient, Run};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario, Step, Task};

/// More than enough for anything on loopback, also for an offer to be passed on after its 10 s.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);
/// More tasks than there are threads for handlers of messages and tasks, and one for the only call there may be.
const MORE_THAN_ALL_THREADS: usize = 70;
/// The number of threads for handlers of messages and tasks.
const EVENT_THREADS: usize = 64;

/// A function that blocks until the gate is opened, by dropping it.
fn gate() -> (Sender<()>, impl Fn() + Clone + Send + Sync + 'static) {
    let (gate, opens) = channel::<()>();
    let opens = Arc::new(Mutex::new(opens));
    // All wait for the lock but one, which waits for the gate.
    let wait = move || drop(opens.lock().map(|opens| opens.recv()));
    (gate, wait)
}

fn config(simulator: &Simulator) -> Config {
    Config::new()
        .host(simulator.host())
        .contexts(["default"])
        .max_active_calls(1)
        .max_connections(usize::MAX)
        .plaintext()
        .credentials_from(|| async {
            let (project, token) = ("demo-project".into(), "demo-token".into());
            Ok::<_, Infallible>(Credentials::Token { project, token })
        })
}

fn connect() -> (Simulator, RelayClient) {
    let simulator =
        Simulator::start(ListenOptions::new(Scenario::new()).speed(10.0)).expect("loopback has room");
    let client = RelayClient::start(config(&simulator)).expect("the settings are usable");
    client.ready().timeout(TEST_TIMEOUT).run().expect("the simulator is there");
    (simulator, client)
}

fn place(simulator: &Simulator, caller: Caller) -> String {
    simulator.with(|service, now| service.place_call(now, caller))
}

fn caller() -> Caller {
    Caller::new("+15551110000", "+15552220000").patience(Duration::from_hours(1))
}

/// Answers calls, says so, and hangs up.
fn answer_calls(client: &RelayClient) -> Receiver<String> {
    let (answered, answers) = channel();
    client.on_call(move |call: Call| {
        call.answer().run()?;
        let _ = answered.send(call.id().to_string());
        call.hangup().run()
    });
    answers
}

#[test]
fn calls_are_handled_and_the_connection_comes_back_while_handlers_of_tasks_hold_all_their_threads() {
    let (simulator, client) = connect();
    let (gate, wait) = gate();
    let (begun, begins) = channel();
    client.on_task(move |_| {
        let _ = begun.send(());
        wait();
    });
    for _ in 0..MORE_THAN_ALL_THREADS {
        simulator.with(|service, now| service.inject_task(now, Task::new(serde_json::json!({}))));
    }
    for _ in 0..EVENT_THREADS {
        begins.recv_timeout(TEST_TIMEOUT).expect("there is a thread");
    }
    let answers = answer_calls(&client);
    let call_id = place(&simulator, caller());
    assert_eq!(answers.recv_timeout(TEST_TIMEOUT), Ok(call_id));
    simulator.cut_all();
    let back = simulator
        .wait_for(TEST_TIMEOUT, |report| matches!(report, Report::ClientAuthenticated { resumed: true, .. }));
    assert!(back.is_some(), "the provider is asked");
    drop(gate);
    for _ in EVENT_THREADS..MORE_THAN_ALL_THREADS {
        begins.recv_timeout(TEST_TIMEOUT).expect("a thread gets free");
    }
}

#[test]
fn callbacks_that_hold_all_their_threads_keep_no_call_from_a_thread() {
    let (simulator, client) = connect();
    let (answered, answers) = channel();
    client.on_call(move |call: Call| -> Result<(), Error> {
        call.answer().run()?;
        let _ = answered.send(call.clone());
        call.wait_for_ended().run().map(drop)
    });
    place(&simulator, caller());
    let call = answers.recv_timeout(TEST_TIMEOUT).expect("it is handled");
    let (gate, wait) = gate();
    let (begun, begins) = channel();
    for _ in 0..MORE_THAN_ALL_THREADS {
        let (begun, wait) = (begun.clone(), wait.clone());
        call.on(move |_: signalwire_relay_blocking::CallStateEvent| {
            let _ = begun.send(());
            wait();
            async {}
        });
    }
    call.hangup().run().expect("it is up");
    begins.recv_timeout(TEST_TIMEOUT).expect("there is a thread");
    place(&simulator, caller());
    let next = answers.recv_timeout(TEST_TIMEOUT).expect("it has a thread");
    next.hangup().run().expect("it is up");
    drop(gate);
}

#[test]
fn an_offer_that_finds_no_thread_is_passed_on_and_never_handled() {
    let (simulator, client) = connect();
    let (gate, wait) = gate();
    let (begun, begins) = channel();
    client.on_call(move |call: Call| {
        let _ = begun.send(call.id().to_string());
        // For longer than its call is there.
        wait();
    });
    let first = place(&simulator, caller().patience(Duration::from_secs(1)));
    assert_eq!(begins.recv_timeout(TEST_TIMEOUT), Ok(first.clone()));
    let gone = simulator
        .wait_for(TEST_TIMEOUT, |report| matches!(report, Report::CallEnded { call, .. } if *call == first));
    assert!(gone.is_some());
    let second = place(&simulator, caller());
    let passed = simulator.wait_for(
        TEST_TIMEOUT,
        |report| matches!(report, Report::CallPassed { call, .. } if *call == second),
    );
    assert!(passed.is_some(), "another client may have room");
    simulator.with(|service, now| service.hang_up(now, &second));
    drop(gate);
    let third = place(&simulator, caller().script([Step::HangUp]));
    assert_eq!(begins.recv_timeout(TEST_TIMEOUT), Ok(third));
}
