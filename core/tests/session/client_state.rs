//! The driver, when frames and handles cross.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use serde_json::{Value, json};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Call, Client, ClientOutput, ClientState, Io, Task, TaskPurpose, phone, secs};

use crate::fixture::{config, epoch, offer};

struct Cab {
    driver: ClientState,
    now: Instant,
    /// The tasks that were spawned and not run yet.
    tasks: Vec<(TaskPurpose, Task)>,
}

impl Cab {
    /// A client that is connected, and its driver.
    fn ready() -> (Client, Self) {
        let config = config().max_connections(usize::MAX);
        let (client, mut driver) = ClientState::new(&config, 7).expect("the settings are usable");
        let now = epoch();
        driver.connect(now);
        let mut cab = Self { driver, now, tasks: Vec::new() };
        cab.drain();
        cab.driver.handle_connected(now);
        let credentials = cab.drain().remove(0);
        cab.receive(&json!({"id": credentials["id"], "result": {"protocol": "p"}}));
        cab.drain();
        (client, cab)
    }

    fn receive(&mut self, frame: &Value) {
        self.driver.handle_frame(self.now, Frame::Text(&frame.to_string()));
    }

    fn event(&mut self, event_type: &str, params: &Value) {
        let params = json!({"event_type": event_type, "params": params});
        self.receive(&json!({"id": "e", "method": "signalwire.event", "params": params}));
    }

    /// Runs the tasks until each waits, as other threads may do at any time.
    fn run_tasks(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        self.tasks.retain_mut(|(_, task)| task.as_mut().poll(&mut cx).is_pending());
    }

    /// Lets time pass. The outputs are left to be drained.
    fn pass(&mut self, seconds: u32) {
        self.now += secs(seconds);
        self.driver.handle_timeout(self.now);
    }

    /// The methods of the requests that are sent, in order.
    fn drain_methods(&mut self) -> Vec<String> {
        self.drain().iter().map(|frame| frame["method"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The requests that are sent before the driver waits, or has finished.
    fn drain(&mut self) -> Vec<Value> {
        let mut sent = Vec::new();
        loop {
            match self.driver.poll_output(self.now, Waker::noop()) {
                ClientOutput::Io(Io::Send(text)) => sent.push(serde_json::from_str(&text).expect("JSON")),
                ClientOutput::Spawn(purpose, task) => self.tasks.push((purpose, task)),
                ClientOutput::Io(Io::Wait(_)) | ClientOutput::Finished => break,
                _ => {}
            }
        }
        sent.retain(|frame: &Value| frame.get("method").is_some());
        sent
    }
}

/// A dial that was dropped while it rang, and the winner of it, in the order in which the driver is told.
fn answered_while_dropped(close_first: bool) -> Vec<Value> {
    let (client, mut cab) = Cab::ready();
    let mut dial = Box::pin(client.dial(phone("+15553330001")).tag("t").into_future());
    assert!(pin!(&mut dial).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let request = cab.drain().remove(0);
    cab.receive(&json!({"id": request["id"], "result": {"code": "200"}}));
    cab.drain();
    if close_first {
        client.disconnect();
    }
    drop((client, dial));
    let winner = json!({"call_id": "c-1", "node_id": "n-1"});
    cab.event("calling.call.dial", &json!({"tag": "t", "dial_state": "answered", "call": winner}));
    cab.drain()
}

#[test]
fn a_callee_who_answers_while_the_last_handle_is_dropped_is_hung_up() {
    for close_first in [false, true] {
        let sent = answered_while_dropped(close_first);
        let ended = |frame: &Value| frame["method"] == "calling.end" && frame["params"]["call_id"] == "c-1";
        assert!(sent.iter().any(ended), "{close_first}: {sent:?}");
    }
}

/// A client whose handler of calls counts them and stays, with an offer for which the task was spawned and has not begun.
fn offered() -> (Client, Cab, Arc<AtomicUsize>) {
    let (client, mut cab) = Cab::ready();
    let handled = Arc::new(AtomicUsize::new(0));
    let count = handled.clone();
    client.on_call(move |call: Call| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { call.wait_for_ended().await.map(drop) }
    });
    cab.event("calling.call.receive", &offer("c-1"));
    assert_eq!(cab.drain_methods(), [""; 0]);
    let purposes: Vec<_> = cab.tasks.iter().map(|(purpose, _)| *purpose).collect();
    assert_eq!(purposes, [TaskPurpose::CallHandler]);
    (client, cab, handled)
}

/// The ways in which a client passes offers on that nobody has taken.
const PASSES: [fn(&Client, &mut Cab); 3] =
    [|_, cab| cab.pass(10), |client, _| client.drain(None), |client, _| client.disconnect()];

#[test]
fn an_offer_that_was_taken_before_it_would_be_passed_on_is_not_passed_on() {
    for passes in PASSES {
        let (client, mut cab, handled) = offered();
        cab.run_tasks();
        assert_eq!(handled.load(Ordering::SeqCst), 1);
        // The state has not read yet that the offer was taken.
        passes(&client, &mut cab);
        let sent = cab.drain_methods();
        assert!(!sent.contains(&"calling.pass".to_owned()), "{sent:?}");
    }
}

#[test]
fn an_offer_that_was_taken_while_the_client_was_about_to_stop_is_not_passed_on() {
    for passes in &PASSES[1..] {
        let (client, mut cab, handled) = offered();
        // The state reads this before it reads that the offer was taken.
        passes(&client, &mut cab);
        cab.run_tasks();
        assert_eq!(handled.load(Ordering::SeqCst), 1);
        let sent = cab.drain_methods();
        assert!(!sent.contains(&"calling.pass".to_owned()), "{sent:?}");
    }
}

#[test]
fn an_offer_that_is_passed_on_is_not_handled_by_a_task_that_begins_meanwhile() {
    let (_client, mut cab, handled) = offered();
    cab.pass(10);
    // No output is drained yet: nobody was told of the end of the offer.
    cab.run_tasks();
    assert_eq!(handled.load(Ordering::SeqCst), 0);
    assert_eq!(cab.drain_methods(), ["calling.pass"]);
    assert!(cab.tasks.is_empty(), "the task has nothing to do");
}

#[test]
fn a_stream_and_the_limit_of_an_offer_decide_in_the_same_place() {
    for taken_first in [false, true] {
        let (client, mut cab) = Cab::ready();
        let mut calls = client.incoming_calls();
        cab.event("calling.call.receive", &offer("c-1"));
        cab.drain();
        if !taken_first {
            cab.pass(10);
        }
        let next = pin!(calls.next()).poll(&mut Context::from_waker(Waker::noop()));
        if taken_first {
            cab.pass(10);
        }
        assert_eq!(matches!(next, Poll::Ready(Some(_))), taken_first);
        let passed = cab.drain_methods().contains(&"calling.pass".to_owned());
        assert_eq!(passed, !taken_first);
    }
}

#[test]
fn a_task_that_the_runtime_drops_leaves_its_call_an_offer_and_the_next_call_has_a_task() {
    let (_client, mut cab, handled) = offered();
    cab.tasks.clear();
    cab.pass(9);
    assert_eq!(cab.drain_methods(), [""; 0]);
    cab.pass(1);
    assert_eq!(cab.drain_methods(), ["calling.pass"]);
    cab.event("calling.call.receive", &offer("c-2"));
    cab.drain();
    cab.run_tasks();
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[test]
fn a_handler_that_ends_with_its_call_leaves_a_later_call_of_the_same_id_alone() {
    let (client, mut cab) = Cab::ready();
    client.on_call(|call: Call| async move { call.wait_for_answered().await });
    cab.event("calling.call.receive", &offer("c-1"));
    cab.drain();
    cab.run_tasks();
    cab.drain();
    // Somebody else has transferred it to another context of this client.
    let mut moved = offer("c-1");
    moved["context"] = json!("sales");
    cab.event("calling.call.receive", &moved);
    cab.drain();
    cab.run_tasks();
    assert_eq!(cab.drain_methods(), [""; 0], "the call that is offered now is not hung up, nor passed on");
}
