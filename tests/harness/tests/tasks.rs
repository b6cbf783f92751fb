//! Tasks of other applications: which client receives them, and what becomes of those that none receives.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use signalwire_relay_core::session::Notice;
use signalwire_relay_core::{Client, ClientStats, TaskEvent, secs};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Faults, Report, Scenario, Step, Task};

/// The numbers of the tasks that a handler was given.
#[derive(Clone, Default)]
struct Done(Arc<Mutex<Vec<u64>>>);

impl Done {
    fn note(&self, task: &TaskEvent) {
        self.0.lock().expect("unpoisoned").push(task.message()["number"].as_u64().expect("a number"));
    }

    fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().expect("unpoisoned"))
    }
}

fn work_off(client: &Client) -> Done {
    let done = Done::default();
    let noted = done.clone();
    client.on_task(move |task| {
        let noted = noted.clone();
        async move { noted.note(&task) }
    });
    done
}

fn task(number: u64) -> Task {
    Task::new(json!({ "number": number }))
}

fn send(world: &mut World, number: u64) {
    let (service, now) = world.service();
    service.inject_task(now, task(number));
}

/// Returns the number of tasks that the service has handed over.
fn handed_over(world: &mut World) -> usize {
    let offered = |report: &Report| matches!(report, Report::TaskOffered { .. });
    world.take_reports().iter().filter(|report| offered(report)).count()
}

fn expect_no_objection(world: &mut World) {
    let (service, _) = world.service();
    assert_eq!(service.violations(), [], "every task was acknowledged");
}

#[test]
fn each_task_goes_to_one_of_two_workers() {
    let mut world = World::new(Scenario::new(), 1);
    let workers = [world.client(World::config()), world.client(World::config())];
    let done = workers.each_ref().map(work_off);
    world.pass(secs(1));
    for number in 0..4 {
        send(&mut world, number);
        world.pass(secs(1));
    }
    let [first, second] = done.map(|done| done.take());
    assert_eq!((first.len(), second.len()), (2, 2), "in turn");
    let mut all = [first, second].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3], "each once");
    world.pass(secs(60));
    expect_no_objection(&mut world);
    assert_eq!(world.take_notices(), []);
}

#[test]
fn a_task_for_a_context_that_nobody_receives_waits_at_the_service() {
    let mut world = World::new(Scenario::new().task(task(1).context("office").at(secs(0))), 1);
    let client = world.client(World::config());
    let done = work_off(&client);
    world.pass(secs(60));
    assert_eq!((done.take(), handed_over(&mut world)), (vec![], 0));
    world.block_on(async { client.receive(["office"]).await }).expect("accepted");
    world.pass(secs(1));
    assert_eq!((done.take(), handed_over(&mut world)), (vec![1], 1));
}

#[test]
fn a_task_that_nobody_listens_for_waits_in_the_client_and_shows() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.pass(secs(1));
    for number in 1..=3 {
        send(&mut world, number);
    }
    world.pass(secs(1));
    assert_eq!(world.take_notices(), [Notice::TaskWaits("default".to_owned())], "said once");
    assert_eq!(world.stats()[0].handles.tasks, 3);
    // A stream takes one, a handler the rest.
    let mut tasks = client.incoming_tasks();
    let first = world.block_on(tasks.next()).expect("it waits");
    assert_eq!((first.message(), first.context.as_str()), (&json!({"number": 1}), "default"));
    drop(tasks);
    let done = work_off(&client);
    world.pass(secs(1));
    assert_eq!((done.take(), world.stats()[0]), (vec![2, 3], ClientStats::default()));
    expect_no_objection(&mut world);
}

#[test]
fn tasks_that_nobody_took_are_counted_when_the_client_closes() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.pass(secs(1));
    send(&mut world, 1);
    send(&mut world, 2);
    world.pass(secs(1));
    world.take_notices();
    client.disconnect();
    world.pass(secs(1));
    assert_eq!(world.take_notices(), [Notice::TasksLeft(2)]);
    // The service has forgotten them.
    let next = world.client(World::config());
    let done = work_off(&next);
    world.pass(secs(60));
    assert!(done.take().is_empty());
}

#[test]
fn streams_of_tasks_share_them_out_and_give_what_waits_after_the_end() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let (mut one, mut other) = (client.incoming_tasks(), client.incoming_tasks());
    world.pass(secs(1));
    for number in 1..=3 {
        send(&mut world, number);
    }
    let numbers = |task: Option<TaskEvent>| task.map(|task| task.message()["number"].clone());
    assert_eq!(numbers(world.block_on(one.next())), Some(json!(1)));
    assert_eq!(numbers(world.block_on(other.next())), Some(json!(2)));
    client.disconnect();
    world.pass(secs(1));
    assert_eq!(numbers(world.block_on(one.next())), Some(json!(3)));
    assert_eq!((numbers(world.block_on(one.next())), numbers(world.block_on(other.next()))), (None, None));
    assert_eq!(world.take_notices(), []);
}

#[test]
fn whoever_follows_the_events_of_a_client_hears_of_tasks_and_nothing_waits() {
    let mut world = World::new(Scenario::new().task(task(7)), 1);
    let client = world.client(World::config());
    let mut events = client.events();
    let event = world.block_on(events.next()).expect("one").expect("nothing is missed");
    assert_eq!(event.event_type(), "queuing.relay.tasks");
    let raw: Value = serde_json::from_str(event.meta().raw()).expect("JSON");
    assert_eq!(raw["message"], json!({"number": 7}));
    world.pass(secs(60));
    assert_eq!((world.take_notices(), world.stats()[0].handles.tasks), (vec![], 0));
    expect_no_objection(&mut world);
}

#[test]
fn a_task_in_the_middle_of_a_drain_is_handled_if_it_was_on_its_way_and_goes_elsewhere_after_that() {
    let patient = Caller::new("+15551110000", "+15552220000").script([Step::wait(20.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().caller(patient), 1);
    let leaving = world.client(World::config());
    let call = world.block_on(async {
        let call = leaving.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    let of_leaving = work_off(&leaving);
    leaving.drain(Some(secs(60)));
    // The service hears only later that the client leaves its contexts.
    send(&mut world, 1);
    world.pass(secs(1));
    assert!(!call.is_ended(), "it drains");
    assert_eq!((of_leaving.take(), handed_over(&mut world)), (vec![1], 1));
    send(&mut world, 2);
    world.pass(secs(1));
    assert_eq!((of_leaving.take(), handed_over(&mut world)), (vec![], 0), "it waits at the service");
    let staying = world.client(World::config());
    let of_staying = work_off(&staying);
    world.pass(secs(1));
    assert_eq!((of_leaving.take(), of_staying.take()), (vec![], vec![2]));
    world.pass(secs(60));
    assert_eq!((call.is_ended(), world.running_clients()), (true, 1));
    expect_no_objection(&mut world);
}

#[test]
fn a_task_of_a_worker_that_is_killed_is_not_sent_again() {
    let mut world = World::new(Scenario::new(), 1);
    let killed = world.client(World::config());
    killed.on_task(|_| std::future::pending::<()>());
    world.pass(secs(1));
    send(&mut world, 1);
    world.pass(secs(1));
    world.kill(0);
    let next = world.client(World::config());
    let done = work_off(&next);
    world.pass(secs(300));
    assert_eq!((done.take(), handed_over(&mut world)), (vec![], 1), "it was acknowledged");
}

#[test]
fn a_handler_of_tasks_that_fails_or_panics_is_told_and_harms_nobody() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    client.on_task(|task| async move {
        assert!(task.message()["number"] != 2, "wanted");
        if task.message()["number"] == 1 { Err("no such customer") } else { Ok(()) }
    });
    world.pass(secs(1));
    for number in 1..=3 {
        send(&mut world, number);
        world.pass(secs(1));
    }
    assert_eq!(
        world.take_notices(),
        [
            Notice::TaskHandlerFailed("no such customer".to_owned()),
            Notice::HandlerPanicked("wanted".to_owned())
        ]
    );
    assert_eq!(world.running_tasks(), 0);
}

#[test]
fn a_task_that_is_delivered_twice_is_handled_once() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let done = work_off(&client);
    world.pass(secs(1));
    world.set_faults(Faults { duplicate: 1.0, ..Faults::default() });
    send(&mut world, 1);
    world.pass(secs(10));
    assert_eq!(done.take(), [1]);
    assert!(world.take_notices().contains(&Notice::TaskRepeated("default".to_owned())));
}
