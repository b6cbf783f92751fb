//! More than an application or the service can take, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use signalwire_relay_core::session::Notice;
use signalwire_relay_core::{
    Client, ClientStats, MAX_RUNNING_HANDLERS, MAX_WAITING_MESSAGES, MAX_WAITING_TASKS, secs,
};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Message, Report, Scenario, Step, Task};

/// A handler that does not end before it is let go, and counts.
#[derive(Clone, Default)]
struct Gate {
    is_open: Arc<AtomicBool>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl Gate {
    async fn pass(self) {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        // The world polls it whenever it runs.
        std::future::poll_fn(|_| {
            if self.is_open.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// The handlers that run, the most that ran at once, and those that have ended.
    fn counts(&self) -> (usize, usize, usize) {
        let [running, most, ended] = [&self.running, &self.most, &self.ended];
        (running.load(Ordering::SeqCst), most.load(Ordering::SeqCst), ended.load(Ordering::SeqCst))
    }
}

fn text(world: &mut World, number: usize) -> String {
    let (service, now) = world.service();
    service.inject_message(now, Message::new("+15553330001", "+15552220000", number.to_string()))
}

fn on_messages(client: &Client) -> Gate {
    let gate = Gate::default();
    let handler = gate.clone();
    client.on_message(move |_| handler.clone().pass());
    gate
}

#[test]
fn messages_beyond_those_that_are_handled_at_once_wait_visibly_and_are_handled_in_turn() {
    const MORE: usize = 100;
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let gate = on_messages(&client);
    world.pass(secs(1));
    for number in 0..MAX_RUNNING_HANDLERS + MORE {
        text(&mut world, number);
        world.pass(secs(0.01));
    }
    assert_eq!(gate.counts(), (MAX_RUNNING_HANDLERS, MAX_RUNNING_HANDLERS, 0));
    let stats = world.stats()[0].handles;
    assert_eq!((stats.handlers, stats.messages), (MAX_RUNNING_HANDLERS, MORE));
    let busy = Notice::HandlersBusy { what: "messages", running: MAX_RUNNING_HANDLERS };
    assert_eq!(world.take_notices(), std::slice::from_ref(&busy), "it is told once");
    gate.open();
    world.pass(secs(1));
    assert_eq!(gate.counts(), (0, MAX_RUNNING_HANDLERS, MAX_RUNNING_HANDLERS + MORE));
    assert_eq!((world.stats(), world.take_notices()), (vec![ClientStats::default()], vec![]));
    assert_eq!(world.service().0.violations(), [], "every message was acknowledged");
    // Once nothing waits any more it is worth telling again.
    gate.is_open.store(false, Ordering::SeqCst);
    for number in 0..=MAX_RUNNING_HANDLERS {
        text(&mut world, number);
    }
    world.pass(secs(1));
    assert_eq!(world.take_notices(), [busy]);
}

#[test]
fn the_oldest_of_too_many_messages_is_dropped_and_named_in_the_log() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let gate = on_messages(&client);
    world.pass(secs(1));
    let mut first_to_wait = String::new();
    for number in 0..=MAX_RUNNING_HANDLERS + MAX_WAITING_MESSAGES {
        let id = text(&mut world, number);
        if number == MAX_RUNNING_HANDLERS {
            first_to_wait = id;
        }
        if number % 500 == 0 {
            world.pass(secs(0.01));
        }
    }
    world.pass(secs(1));
    assert_eq!(world.stats()[0].handles.messages, MAX_WAITING_MESSAGES);
    let dropped = Notice::MessageDropped { message_id: first_to_wait.as_str().into(), dropped: 1 };
    assert_eq!(world.take_notices()[1..], [dropped]);
    drop(gate);
    client.disconnect();
    world.pass(secs(1));
    assert_eq!(world.take_notices(), [Notice::MessagesLeft(MAX_WAITING_MESSAGES)]);
}

#[test]
fn tasks_beyond_those_that_are_handled_at_once_wait_and_the_oldest_of_too_many_is_dropped() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let gate = Gate::default();
    let handler = gate.clone();
    client.on_task(move |_| handler.clone().pass());
    world.pass(secs(1));
    for number in 0..=MAX_RUNNING_HANDLERS + MAX_WAITING_TASKS {
        let (service, now) = world.service();
        service.inject_task(now, Task::new(serde_json::json!({ "number": number })));
        if number % 500 == 0 {
            world.pass(secs(0.01));
        }
    }
    world.pass(secs(1));
    assert_eq!(gate.counts(), (MAX_RUNNING_HANDLERS, MAX_RUNNING_HANDLERS, 0));
    assert_eq!(world.stats()[0].handles.tasks, MAX_WAITING_TASKS);
    let dropped = Notice::TaskDropped { context: "default".to_owned(), dropped: 1 };
    let busy = Notice::HandlersBusy { what: "tasks", running: MAX_RUNNING_HANDLERS };
    assert_eq!(world.take_notices(), [busy, dropped]);
    gate.open();
    world.pass(secs(1));
    assert_eq!(gate.counts().2, MAX_RUNNING_HANDLERS + MAX_WAITING_TASKS);
    assert_eq!(world.stats(), [ClientStats::default()]);
}

#[test]
fn a_lone_worker_that_is_full_passes_a_call_a_bounded_number_of_times() {
    let stays = Caller::new("+15551110000", "+15552220000").script([Step::wait(300.0), Step::HangUp]);
    let waits = Caller::new("+15551110001", "+15552220000").patience(secs(60));
    let mut world = World::new(Scenario::new().passed_calls_come_again(true).caller(stays), 1);
    let client = world.client(World::config().max_active_calls(1));
    let served = world.answered_call(&client);
    let (service, now) = world.service();
    let one_too_many = service.place_call(now, waits);
    world.pass(secs(59));
    let is_pass = |report: &Report| matches!(report, Report::CallPassed { .. });
    let passes = world.take_reports().iter().filter(|report| is_pass(report)).count();
    assert!((8..=14).contains(&passes), "it was passed {passes} times");
    world.pass(secs(2));
    let (service, _) = world.service();
    let ended = service.call(&one_too_many).expect("it is remembered");
    assert_eq!(ended.end_reason.as_deref(), Some("cancel"), "its caller was patient for a minute");
    drop(served);
}
