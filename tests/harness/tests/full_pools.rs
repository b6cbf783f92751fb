//! Runtimes whose threads are all busy: tasks that begin late, or never.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use signalwire_relay_core::session::ConnectionState;
use signalwire_relay_core::{Call, Client, Credentials, MAX_CREDENTIALS_REQUESTS, TaskPurpose, secs};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Report, Scenario, Task};

/// A caller who waits for ten minutes.
fn caller() -> Caller {
    Caller::new("+15551110000", "+15552220000").patience(secs(600))
}

/// The ids of the calls that were handled.
#[derive(Clone, Default)]
struct Handled(Arc<Mutex<Vec<String>>>);

impl Handled {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panicked"))
    }
}

/// Handles calls by answering them and staying.
fn handle(client: &Client) -> Handled {
    let handled = Handled::default();
    let noted = handled.clone();
    client.on_call(move |call: Call| {
        noted.0.lock().expect("nobody panicked").push(call.id().to_string());
        async move {
            call.answer().await?;
            call.wait_for_ended().await.map(drop)
        }
    });
    handled
}

fn place(world: &mut World) -> String {
    let (service, now) = world.service();
    service.place_call(now, caller())
}

/// A world with a client whose threads for handlers are all busy.
fn full() -> (World, Client, Handled) {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("the service is there");
    let handled = handle(&client);
    world.hold_tasks(0, TaskPurpose::CallHandler);
    (world, client, handled)
}

#[test]
fn an_offer_whose_handler_gets_no_thread_goes_to_a_client_with_room_and_is_never_handled_here() {
    let (mut world, _client, handled) = full();
    let call_id = place(&mut world);
    world.pass(secs(5));
    let other = world.client(World::config());
    let others = handle(&other);
    world.pass(Duration::from_millis(4_900));
    assert_eq!(others.take(), [""; 0], "it may still find a thread");
    world.pass(secs(1));
    assert_eq!(others.take(), [call_id], "it was passed on in time");
    world.release_tasks(0, TaskPurpose::CallHandler);
    world.pass(secs(60));
    assert_eq!((handled.take(), others.take()), (Vec::new(), Vec::new()));
    assert!(world.take_reports().iter().all(|report| !matches!(report, Report::CallEnded { .. })));
}

#[test]
fn an_offer_whose_handler_gets_a_thread_late_is_handled_once() {
    let (mut world, _client, handled) = full();
    let call_id = place(&mut world);
    world.pass(secs(9));
    world.release_tasks(0, TaskPurpose::CallHandler);
    world.pass(secs(60));
    assert_eq!(handled.take(), [call_id]);
}

#[test]
fn a_thread_that_gets_free_goes_to_an_offer_that_still_stands() {
    let (mut world, _client, handled) = full();
    place(&mut world);
    world.pass(secs(6));
    let second = place(&mut world);
    world.pass(secs(6));
    world.release_tasks(0, TaskPurpose::CallHandler);
    world.pass(secs(1));
    assert_eq!(handled.take(), [second]);
}

#[test]
fn tasks_do_not_pile_up_while_no_thread_gets_free() {
    let (mut world, _client, handled) = full();
    for _ in 0..200 {
        place(&mut world);
        world.pass(secs(5));
    }
    let waiting = world.waiting_tasks();
    assert!((1..=3).contains(&waiting), "{waiting} tasks wait for the offers of the last 10 s");
    world.release_tasks(0, TaskPurpose::CallHandler);
    world.pass(secs(60));
    assert_eq!(world.waiting_tasks(), 0);
    assert!(handled.take().len() <= 3);
    place(&mut world);
    world.pass(secs(1));
    assert_eq!(handled.take().len(), 1, "each later call has a task again");
}

#[test]
fn offers_that_wait_for_a_thread_do_not_keep_a_client_open() {
    let (mut world, client, handled) = full();
    place(&mut world);
    world.pass(secs(1));
    drop(client);
    world.pass(secs(1));
    assert_eq!(world.running_clients(), 0);
    world.release_tasks(0, TaskPurpose::CallHandler);
    world.pass(secs(1));
    assert_eq!((handled.take(), world.running_tasks()), (Vec::new(), 0));
}

/// A configuration whose credentials come from a provider that counts how often it was asked.
fn asking(asked: &Arc<AtomicUsize>) -> signalwire_relay_core::Config {
    let asked = asked.clone();
    World::config().credentials_from(move || {
        asked.fetch_add(1, Ordering::SeqCst);
        async {
            let (project, token) = ("demo-project".into(), "demo-token".into());
            Ok::<_, std::convert::Infallible>(Credentials::Token { project, token })
        }
    })
}

#[test]
fn credentials_are_asked_for_while_all_that_applications_do_waits_for_threads() {
    let mut world = World::new(Scenario::new(), 1);
    let asked = Arc::new(AtomicUsize::new(0));
    let client = world.client(asking(&asked));
    world.block_on(client.ready()).expect("the service is there");
    for purpose in [TaskPurpose::CallHandler, TaskPurpose::EventHandler, TaskPurpose::Callback] {
        world.hold_tasks(0, purpose);
    }
    let _handled = handle(&client);
    client.on_task(|_| async {});
    place(&mut world);
    let (service, now) = world.service();
    service.inject_task(now, Task::new(serde_json::json!({})));
    world.pass(secs(1));
    assert_eq!(world.waiting_tasks(), 2);
    world.cut();
    world.pass(secs(5));
    world.block_on(client.ready()).expect("it comes back");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_provider_that_never_comes_back_is_asked_a_bounded_number_of_times_at_once() {
    let mut world = World::new(Scenario::new(), 1);
    let asked = Arc::new(AtomicUsize::new(0));
    let client = world.client(asking(&asked));
    world.hold_tasks(0, TaskPurpose::Credentials);
    world.pass(secs(600));
    assert_eq!((world.waiting_tasks(), asked.load(Ordering::SeqCst)), (MAX_CREDENTIALS_REQUESTS, 0));
    let state = client.connection_state();
    let says = |reason: &str| reason.contains("has not come back from 4 earlier questions");
    assert!(
        matches!(&state, ConnectionState::Backoff { reason, .. } if says(reason)),
        "an operator sees the reason: {state:?}"
    );
    world.release_tasks(0, TaskPurpose::Credentials);
    world.pass(secs(40));
    world.block_on(client.ready()).expect("it is asked again");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "nobody listens to the earlier answers any more");
}
