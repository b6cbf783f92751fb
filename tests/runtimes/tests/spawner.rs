//! A client on smol whose spawner is given tasks and does not run them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use signalwire_relay_core::{Call, Config, Error, Task, secs};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario};
use signalwire_relay_smol::{RelayClient, Spawner};

/// More than enough for anything on loopback, also for an offer to be passed on after its 10 s.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

/// What becomes of the tasks of a client, except for the client itself.
#[derive(Clone, Default)]
struct Fate {
    is_lost: Arc<AtomicBool>,
    /// `None` drops tasks.
    kept: Option<Arc<Mutex<Vec<Task>>>>,
}

impl Fate {
    fn spawner(&self) -> Spawner {
        let (fate, is_client) = (self.clone(), AtomicBool::new(true));
        Spawner::new(move |task| {
            if is_client.swap(false, Ordering::SeqCst) || !fate.is_lost.load(Ordering::SeqCst) {
                smol::spawn(task).detach();
            } else if let Some(kept) = &fate.kept {
                kept.lock().expect("nobody panicked").push(task);
            }
        })
    }
}

fn expect_passed_on(fate: &Fate) {
    let simulator =
        Simulator::start(ListenOptions::new(Scenario::new()).speed(10.0)).expect("loopback has room");
    let config = Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(simulator.host())
        .contexts(["default"])
        .plaintext()
        .max_connections(usize::MAX);
    fate.is_lost.store(true, Ordering::SeqCst);
    let client = smol::block_on(async {
        let client = RelayClient::start_on(fate.spawner(), config)?;
        client.ready().timeout(secs(60)).await?;
        Ok::<_, Error>(client)
    });
    let client = client.expect("the simulator is there");
    let handled = Arc::new(AtomicUsize::new(0));
    let count = handled.clone();
    client.on_call(move |call: Call| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { call.answer().await }
    });
    let caller = || Caller::new("+15551110000", "+15552220000").patience(Duration::from_hours(1));
    let call_id = simulator.with(|service, now| service.place_call(now, caller()));
    let passed = simulator.wait_for(
        TEST_TIMEOUT,
        |report| matches!(report, Report::CallPassed { call, .. } if *call == call_id),
    );
    assert!(passed.is_some(), "another client may have room");
    // The service offers it again, for there is no other client.
    simulator.with(|service, now| service.hang_up(now, &call_id));
    fate.is_lost.store(false, Ordering::SeqCst);
    for task in fate.kept.iter().flat_map(|kept| std::mem::take(&mut *kept.lock().expect("nobody panicked")))
    {
        smol::spawn(task).detach();
    }
    let call_id = simulator.with(|service, now| service.place_call(now, caller()));
    let answered = simulator
        .wait_for(TEST_TIMEOUT, |report| matches!(report, Report::CallAnswered { call } if *call == call_id));
    assert!(answered.is_some(), "it has a task again");
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[test]
fn calls_whose_tasks_the_spawner_drops_are_passed_on() {
    expect_passed_on(&Fate::default());
}

#[test]
fn calls_whose_tasks_the_spawner_keeps_are_passed_on_and_not_handled_when_it_runs_them() {
    expect_passed_on(&Fate { kept: Some(Arc::default()), ..Fate::default() });
}
