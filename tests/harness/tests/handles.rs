//! Handles: what they keep alive, the effects of dropping them, and what they report.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use serde_json::{Value, json};
use signalwire_relay_core::{EndReason, Error, MessageState, phone, secs};
use signalwire_relay_harness::{Way, World};
use signalwire_relay_simulator::{CallState, Caller, Phone, Refusal, Scenario, Step};

fn patient() -> Caller {
    Caller::new("+15551110000", "+15552220000").script([Step::wait(600.0), Step::HangUp])
}

/// Polls a future once, and lets what follows from that wait.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    future.poll(&mut context)
}

/// Returns the number of requests of a method that the service has received.
fn asked(world: &mut World, method: &str) -> usize {
    let (service, _) = world.service();
    let text = format!("\"method\":\"{method}\"");
    service.journal().iter().filter(|entry| entry.text().contains(&text)).count()
}

fn event(event_type: &str, params: &Value) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let id = format!("injected-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let params = json!({"event_type": event_type, "params": params});
    json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.event", "params": params}).to_string()
}

#[test]
fn a_dial_dropped_with_the_last_handle_is_called_off() {
    let phone_that_rings = Phone::any().answers_after(secs(20)).script([Step::wait(60.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().phone(phone_that_rings), 1);
    let client = world.client(World::config());
    let mut dial = Box::pin(client.dial(phone("+15553330001").from("+15552220000")).into_future());
    drop(client);
    assert!(poll_once(dial.as_mut()).is_pending());
    world.pass(secs(3));
    let (service, _) = world.service();
    assert_eq!(service.calls().map(|call| call.state).collect::<Vec<_>>(), [CallState::Ringing]);
    drop(dial);
    // The client stays for legs that may still show up.
    world.pass(secs(4));
    assert_eq!(world.running_clients(), 0);
    assert_eq!(asked(&mut world, "calling.end"), 1);
    let (service, _) = world.service();
    assert!(service.calls().all(|call| call.state == CallState::Ended), "the phone rings on");
}

#[test]
fn a_dial_answered_in_the_moment_it_is_dropped_with_the_last_handle_is_hung_up() {
    let quick = Phone::any().answers_after(secs(1)).script([Step::wait(60.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().phone(quick), 1);
    let client = world.client(World::config());
    let mut dial = Box::pin(client.dial(phone("+15553330001").from("+15552220000")).into_future());
    assert!(poll_once(dial.as_mut()).is_pending());
    world.pass(secs(5));
    drop(client);
    drop(dial);
    world.pass(secs(1));
    assert_eq!(world.running_clients(), 0);
    let (service, _) = world.service();
    assert!(service.calls().all(|call| call.state == CallState::Ended), "the callee listens to silence");
}

#[test]
fn an_offer_let_go_with_the_last_handle_is_passed_on() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.block_on(async { client.incoming_calls().next().await.expect("a call") });
    drop(client);
    drop(call);
    world.pass(secs(1));
    assert_eq!(world.running_clients(), 0);
    assert_eq!(asked(&mut world, "calling.pass"), 1);
}

#[test]
fn what_was_posted_before_the_client_closes_is_sent_in_order() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    let mut play = Box::pin(call.play_tts("Goodbye.").into_future());
    let mut hangup = Box::pin(call.hangup().into_future());
    assert!(poll_once(play.as_mut()).is_pending() && poll_once(hangup.as_mut()).is_pending());
    client.disconnect();
    world.pass(secs(1));
    assert_eq!((asked(&mut world, "calling.play"), asked(&mut world, "calling.end")), (1, 1));
    let (service, _) = world.service();
    assert!(service.calls().all(|call| call.state == CallState::Ended));
}

#[test]
fn a_request_that_is_dropped_before_the_driver_reads_it_is_not_sent() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    let ends = Arc::new(Mutex::new(Vec::new()));
    let callback_ends = ends.clone();
    let mut dial = Box::pin(client.dial(phone("+15553330001").from("+15552220000")).into_future());
    let play = call.play_tts("Hello").on_completed(move |end| async move {
        callback_ends.lock().expect("unpoisoned").push(end.map(drop));
    });
    let mut play = Box::pin(play.into_future());
    assert!(poll_once(dial.as_mut()).is_pending() && poll_once(play.as_mut()).is_pending());
    drop((dial, play));
    world.pass(secs(1));
    assert_eq!((asked(&mut world, "calling.dial"), asked(&mut world, "calling.play")), (0, 0));
    let ends = std::mem::take(&mut *ends.lock().expect("unpoisoned"));
    assert!(matches!(ends[..], [Err(Error::Cancelled)]), "{ends:?}");
    assert_eq!(
        (
            world.stats()[0].session.dials,
            world.stats()[0].session.requests,
            world.stats()[0].handles.responses
        ),
        (0, 0, 0)
    );
}

#[test]
fn offers_that_wait_do_not_keep_a_client_open() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let mut calls = client.incoming_calls();
    world.pass(secs(2));
    assert_eq!(world.stats()[0].handles.offers, 1);
    drop(client);
    world.pass(secs(1));
    assert_eq!(world.running_clients(), 0);
    assert!(world.block_on(calls.next()).is_none(), "the stream ends with its client");
}

#[test]
fn offers_that_wait_go_to_the_first_function_that_is_set_and_keep_their_news() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    world.pass(secs(2));
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = states.clone();
    client.on_call(move |call| {
        let seen = seen.clone();
        async move {
            seen.lock().expect("unpoisoned").push(call.state().to_string());
            call.answer().await?;
            call.hangup().await
        }
    });
    world.pass(secs(2));
    assert_eq!(states.lock().expect("unpoisoned").len(), 1);
    let (service, _) = world.service();
    assert!(service.calls().all(|call| call.state == CallState::Ended));
    assert_eq!(asked(&mut world, "calling.pass"), 0);
}

#[test]
fn waiting_for_the_end_of_a_client_does_not_keep_it_open() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    let (end, ready) = (client.closed(), client.ready());
    let stats = client.stats();
    drop(client);
    world.run_within(secs(1), end).expect("it ends by itself").expect("as asked");
    assert!(matches!(world.block_on(ready), Err(Error::Closed(_))));
    drop(stats);
    assert_eq!(world.running_clients(), 0);
}

#[test]
fn callbacks_do_not_keep_a_client_open_and_are_told_of_its_end() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let ends = Arc::new(Mutex::new(Vec::new()));
    let (of_message, of_play, of_record) = (ends.clone(), ends.clone(), ends.clone());
    world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call.on(|_: signalwire_relay_core::PlayEvent| async {});
        let record = call.record().on_completed(move |end| async move {
            of_record.lock().expect("unpoisoned").push(end.map(drop));
        });
        record.await.expect("accepted");
        let play = call.play_silence(secs(60)).await.expect("accepted");
        play.on_completed(move |end| async move { of_play.lock().expect("unpoisoned").push(end.map(drop)) });
        let message = client.send_message("+15551110000", "+15552220000").body("Hello!").await;
        let message = message.expect("accepted");
        message.on(|_| async {});
        message.on_completed(move |end| async move {
            of_message.lock().expect("unpoisoned").push(end.map(drop));
        });
    });
    // There are no more events, and every request is refused.
    world.black_hole(Way::ToClient);
    drop(client);
    world.pass(secs(1));
    assert_eq!((world.running_clients(), world.running_tasks()), (0, 0));
    let ends = std::mem::take(&mut *ends.lock().expect("unpoisoned"));
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert!(ends.iter().all(Result::is_err), "{ends:?}");
}

#[test]
fn what_waits_for_a_call_keeps_its_client_open() {
    let short = Caller::new("+15551110000", "+15552220000").script([Step::wait(5.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().caller(short), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    let end = call.wait_for_ended();
    drop((client, call));
    assert_eq!(world.block_on(end).expect("it ended"), EndReason::Hangup);
    world.pass(secs(1));
    assert_eq!(world.running_clients(), 0);
}

#[test]
fn news_of_a_message_that_come_late_do_not_make_it_go_back() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let message = world
        .block_on(client.send_message("+15551110000", "+15552220000").body("Hello!").into_future())
        .expect("accepted");
    let news =
        |state: &str| event("messaging.state", &json!({"message_id": message.id(), "message_state": state}));
    for state in ["sent", "initiated", "queued"] {
        world.inject(&news(state));
        world.pass(secs(0.1));
        assert_eq!(message.state(), MessageState::Sent, "after {state}");
    }
    // An unknown state is delivered, and does not hide the latest known state.
    world.inject(&news("parked"));
    world.inject(&news("queued"));
    world.pass(secs(0.1));
    assert_eq!(message.state(), MessageState::from("parked"));
    world.inject(&news("delivered"));
    world.inject(&news("queued"));
    world.pass(secs(0.1));
    assert_eq!(message.state(), MessageState::Delivered);
}

#[test]
fn a_dialled_call_was_answered_even_if_it_is_ending_when_it_comes() {
    let mut world = World::new(Scenario::new().phone(Phone::any().answers_after(secs(60))), 1);
    let client = world.client(World::config());
    let mut dial =
        Box::pin(client.dial(phone("+15553330001").from("+15552220000")).tag("mine").into_future());
    assert!(poll_once(dial.as_mut()).is_pending());
    world.pass(secs(2));
    for state in ["created", "answered", "ending"] {
        let state = json!({"call_id": "c-1", "node_id": "n-1", "tag": "mine", "direction": "outbound",
            "call_state": state});
        world.inject(&event("calling.call.state", &state));
    }
    let winner = json!({"call_id": "c-1", "node_id": "n-1", "dial_winner": true});
    let answered = json!({"tag": "mine", "node_id": "n-1", "dial_state": "answered", "call": winner});
    world.inject(&event("calling.call.dial", &answered));
    let call = world.block_on(dial).expect("a party answered");
    assert_eq!(call.state().as_str(), "ending");
    world.run_within(secs(1), call.wait_for_answered()).expect("known").expect("it was answered");
    world.run_within(secs(1), call.wait_for_ringing()).expect("known").expect("it was past ringing");
}

#[test]
fn times_without_bound_are_no_limits() {
    let forever = secs(f64::INFINITY);
    let mut world = World::new(Scenario::new().caller(patient()).phone(Phone::any().busy()), 1);
    let client = world.client(World::config().request_timeout(forever).drain_timeout(forever));
    world.block_on(async {
        client.ready().timeout(forever).await.expect("connected");
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().timeout(forever).await.expect("accepted");
        let play = call.play_silence(forever).await.expect("accepted");
        drop(play.wait().timeout(secs(1)).await);
        client.pending_work().timeout(forever).await.expect("open");
        let dial = client.dial(phone("+15553330001").from("+15552220000")).timeout(forever).await;
        drop(dial);
        client.drain(Some(forever));
        client.drain(None);
        assert_eq!(call.wait_for_ended().timeout(forever).await.expect("ended"), EndReason::Hangup);
    });
    world.block_on(client.closed()).expect("as asked");
}

#[test]
fn a_caller_is_not_left_alone_because_the_service_did_not_know_something_on_the_call() {
    let unknown = || Refusal::Code(404, "no such thing".to_owned());
    for refused in [&["calling.play"][..], &["calling.play", "calling.end"]] {
        let mut world = World::new(Scenario::new().caller(patient()), 1);
        let client = world.client(World::config());
        let (service, _) = world.service();
        for method in refused {
            service.refuse_next(method, unknown());
        }
        client.on_call(|call| async move {
            call.answer().await?;
            call.play_tts("Hello!").await?.wait().await?;
            call.wait_for_ended().await.map(drop)
        });
        world.pass(secs(30));
        let (service, _) = world.service();
        assert!(service.calls().all(|call| call.state == CallState::Ended), "the caller listens to silence");
        let notices = world.take_notices();
        assert_eq!(notices.is_empty(), refused.len() == 1, "{notices:?}");
        world.pass(secs(30));
        assert_eq!(world.running_tasks(), 0);
        assert_eq!(world.stats()[0].session.calls, 0);
    }
}

#[test]
fn a_caller_whose_end_is_told_after_the_service_has_forgotten_the_call_is_no_trouble() {
    let script = [Step::wait(3.0), Step::HangUp];
    let caller = Caller::new("+15551110000", "+15552220000").script(script);
    let mut world = World::new(Scenario::new().caller(caller), 1);
    let client = world.client(World::config());
    let (service, _) = world.service();
    for method in ["calling.play", "calling.end"] {
        service.refuse_next(method, Refusal::Code(404, "no such call".to_owned()));
    }
    client.on_call(|call| async move {
        call.answer().await?;
        call.play_tts("Hello!").await?.wait().await.map(drop)
    });
    world.pass(secs(60));
    assert_eq!(world.take_notices(), []);
    assert_eq!((asked(&mut world, "calling.end"), world.running_tasks()), (1, 0));
}
