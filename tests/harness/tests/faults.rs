//! Faults of the service and of other workers, and their effect on applications.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, IntoFuture, pending, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use signalwire_relay_core::session::ConnectionState;
use signalwire_relay_core::{
    Call, Client, ClientStats, Config, Credentials, Devices, EndReason, Error, Event, PlayState, phone, secs,
};
use signalwire_relay_harness::{NetworkConditions, World};
use signalwire_relay_simulator::{
    CallState, Caller, Direction, Faults, Message, Phone, Refusal, Report, Scenario, Step,
};

const OURS: &str = "+15552220000";

fn patient() -> Caller {
    Caller::new("+15551110000", OURS).script([Step::wait(3600.0), Step::HangUp])
}

/// A world in which a call has just been answered.
fn with_call(scenario: Scenario) -> (World, Client, Call) {
    let mut world = World::new(scenario.caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    (world, client, call)
}

/// Checks that every table is empty, and that no call goes on.
fn expect_clean(world: &mut World) {
    world.pass(secs(60));
    assert!(world.stats().iter().all(|stats| *stats == ClientStats::default()), "{:?}", world.stats());
    let (service, _) = world.service();
    assert!(service.calls().all(|call| call.state == CallState::Ended), "a call goes on");
}

#[test]
fn a_close_by_the_service_is_told_with_its_code_and_the_call_goes_on() {
    for code in [1000, 1001, 1011] {
        let (mut world, client, call) = with_call(Scenario::new());
        let play = world.block_on(call.play_silence(secs(10)).into_future()).expect("accepted");
        let mut states = client.connection_states();
        let (service, now) = world.service();
        let connection = service.connections().next().expect("one");
        service.close_with(now, connection, code);
        let reason = world.block_on(async {
            loop {
                if let ConnectionState::Backoff { reason, .. } = states.next().await.expect("it is open") {
                    return reason;
                }
            }
        });
        assert!(reason.contains(&code.to_string()), "{reason}");
        assert_eq!(world.block_on(play.wait()).expect("it is heard of").state, PlayState::Finished);
        assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: true }, "{code}");
        world.block_on(call.hangup().into_future()).expect("accepted");
        assert_eq!(world.block_on(call.wait_for_ended()).expect("ended"), EndReason::Hangup);
    }
}

#[test]
fn a_service_that_never_answers_the_credentials_is_given_up_after_ten_seconds() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let (service, _) = world.service();
    service.refuse_next("signalwire.connect", Refusal::Silence);
    world.pass(secs(9.9));
    assert_eq!(client.connection_state(), ConnectionState::Authenticating { attempt: 1 });
    world.pass(secs(0.2));
    match client.connection_state() {
        ConnectionState::Backoff { attempt: 2, reason, .. } => {
            assert_eq!(&*reason, "the service did not answer the credentials within 10 s");
        }
        other => panic!("{other}"),
    }
    world.block_on(client.ready()).expect("the next attempt is answered");
}

#[test]
fn a_token_that_expires_is_asked_for_again_and_does_not_end_the_client() {
    let mut world = World::new(Scenario::new(), 1);
    let expired = Arc::new(AtomicBool::new(false));
    let stale = expired.clone();
    let config =
        Config::new().host("simulated.test").max_connections(usize::MAX).credentials_from(move || {
            let token = if stale.load(Ordering::SeqCst) { "yesterday's" } else { "demo-token" };
            async move {
                let (project, token) = ("demo-project".into(), token.into());
                Ok::<_, String>(Credentials::Token { project, token })
            }
        });
    let client = world.client(config);
    world.block_on(client.ready()).expect("it is good");
    expired.store(true, Ordering::SeqCst);
    // Long enough for the service to forget the session, and to refuse the token more than three times.
    world.set_reachable(false);
    world.cut();
    world.pass(secs(120));
    world.set_reachable(true);
    world.pass(secs(180));
    let refusals = world.take_reports();
    let refusals = refusals.iter().filter(|report| matches!(report, Report::ClientRefused { .. })).count();
    assert!(refusals > 3, "{refusals}");
    assert!(!matches!(client.connection_state(), ConnectionState::Closed { .. }));
    expired.store(false, Ordering::SeqCst);
    world.block_on(client.ready()).expect("it is asked for again");
}

#[test]
fn a_connection_that_flaps_every_200_ms_costs_no_call_and_repeats_nothing() {
    let mut world = World::new(Scenario::new().caller(patient()).session_lifetime(secs(600)), 1);
    let client = world.client(World::config());
    let (handled, played) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (calls, plays) = (handled.clone(), played.clone());
    let calm = Arc::new(AtomicBool::new(false));
    let over = calm.clone();
    client.on_call(move |call| {
        let (plays, over) = (plays.clone(), over.clone());
        calls.fetch_add(1, Ordering::SeqCst);
        async move {
            call.answer().await?;
            while !over.load(Ordering::SeqCst) {
                match call.play_silence(secs(1)).await {
                    Ok(play) => {
                        assert_eq!(play.wait().await?.state, PlayState::Finished);
                        plays.fetch_add(1, Ordering::SeqCst);
                    }
                    // The outcome is unknown, or the request was not sent in time. It is not sent again.
                    Err(error) => {
                        assert!(matches!(error, Error::ConnectionLost(_) | Error::TimedOut(_)), "{error}");
                    }
                }
            }
            call.hangup().await
        }
    });
    world.pass(secs(1));
    for _ in 0..5 * 300 {
        world.cut();
        world.pass(secs(0.2));
    }
    let logins = world.take_reports();
    let logins = logins.iter().filter(|report| matches!(report, Report::ClientAuthenticated { .. })).count();
    assert!((10..30).contains(&logins), "{logins} in five minutes");
    calm.store(true, Ordering::SeqCst);
    expect_clean(&mut world);
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    assert!(played.load(Ordering::SeqCst) > 5);
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: true });
    assert_eq!(world.running_tasks(), 0);
    let (service, _) = world.service();
    let mut ids = BTreeMap::<String, usize>::new();
    for entry in service.journal().iter().filter(|entry| entry.direction == Direction::FromClient) {
        let frame: serde_json::Value = serde_json::from_str(entry.text()).expect("JSON");
        if frame["method"].is_string() {
            *ids.entry(frame["id"].to_string()).or_default() += 1;
        }
    }
    assert!(ids.values().all(|times| *times == 1), "no request was sent twice");
}

/// Waits for all of them.
async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        let mut waiting = false;
        for (future, output) in futures.iter_mut().filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(cx) {
                Poll::Ready(ready) => *output = Some(ready),
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}

#[test]
fn fifty_races_at_once_have_a_winner_each_and_leave_no_loser_on_the_line() {
    for seed in 0..10 {
        let faults = Faults {
            duplicate: 0.3,
            delay: 0.3,
            delay_by: secs(3),
            events_first: seed % 2 == 0,
            ..Faults::default()
        };
        let phones = Phone::any().answers_after(secs(2)).script([Step::wait(600.0), Step::HangUp]);
        let mut world = World::new(Scenario::new().phone(phones).faults(faults), seed);
        world.set_network(NetworkConditions {
            latency: secs(0.05),
            jitter: secs(0.2),
            ..NetworkConditions::default()
        });
        let client = world.client(World::config());
        let number = |race: usize, leg: usize| format!("+1555{race:03}000{leg}");
        let race = |race| {
            let legs = [0, 1, 2].map(|leg| phone(number(race, leg)).from(OURS));
            client.dial(Devices::parallel(legs)).tag(format!("race {race}")).into_future()
        };
        let calls = world.block_on(all((0..50).map(race)));
        let calls: Vec<_> = calls.into_iter().map(|call| call.expect("a party answers")).collect();
        for (race, call) in calls.iter().enumerate() {
            assert_eq!(call.tag().as_str(), format!("race {race}"), "seed {seed}");
            let own: Vec<_> = [0, 1, 2].map(|leg| number(race, leg)).to_vec();
            let callee = call.device().callee().expect("a phone").to_owned();
            assert!(own.contains(&callee), "seed {seed}: race {race} got {callee}");
        }
        world.pass(secs(30));
        let ids: BTreeSet<_> = calls.iter().map(|call| call.id().as_str().to_owned()).collect();
        let (service, _) = world.service();
        let standing = service.calls().filter(|call| call.state != CallState::Ended);
        let standing: BTreeSet<_> = standing.map(|call| call.call_id).collect();
        assert_eq!(standing, ids, "seed {seed}: only the winners");
        assert_eq!(ids.len(), 50);
        for outcome in world.block_on(all(calls.iter().map(|call| call.hangup().into_future()))) {
            outcome.expect("accepted");
        }
        expect_clean(&mut world);
    }
}

#[test]
fn a_killed_worker_costs_its_own_calls_and_the_others_take_the_rest() {
    for seed in 0..10 {
        // One caller a second, each of whom has to be talked to for five.
        let callers = (0..30_u32).map(|second| {
            Caller::new("+15551110000", OURS)
                .after_subscriber(secs(second))
                .patience(secs(120))
                .script([Step::wait(600.0), Step::HangUp])
        });
        let scenario = callers.fold(Scenario::new().session_lifetime(secs(30)), Scenario::caller);
        let mut world = World::new(scenario, seed);
        world.set_network(NetworkConditions { latency: secs(0.05), ..NetworkConditions::default() });
        let served: Arc<Mutex<BTreeMap<String, Vec<usize>>>> = Arc::default();
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let client = world.client(World::config());
                let served = served.clone();
                client.on_call(move |call| {
                    let mut served = served.lock().expect("unpoisoned");
                    served.entry(call.id().as_str().to_owned()).or_default().push(worker);
                    async move {
                        call.answer().await?;
                        call.play_silence(secs(5)).await?.wait().await?;
                        call.hangup().await
                    }
                });
                client
            })
            .collect();
        // In the middle of calls, and of offers.
        world.pass(secs(10.0 + f64::from(u32::try_from(seed).expect("small")) / 20.0));
        world.kill(0);
        world.pass(secs(200));
        let served = served.lock().expect("unpoisoned").clone();
        assert_eq!(served.len(), 30, "seed {seed}: every call was taken");
        let own = |worker: usize| served.values().filter(|workers| workers.contains(&worker)).count();
        assert!(own(0) >= 2 && own(1) >= 10 && own(2) >= 10, "seed {seed}: {served:?}");
        for (call, workers) in &served {
            let survivors = workers.iter().filter(|worker| **worker != 0).count();
            assert!(survivors <= 1, "seed {seed}: {call} was served by {workers:?}");
        }
        let (service, _) = world.service();
        let lost = service.calls().filter(|call| call.end_reason.as_deref() != Some("hangup")).count();
        assert!((1..=3).contains(&lost), "seed {seed}: {lost} calls were lost with the worker");
        assert!(service.calls().all(|call| call.state == CallState::Ended), "seed {seed}");
        for client in &workers[1..] {
            assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false });
        }
        assert_eq!(&world.stats()[1..], [ClientStats::default(), ClientStats::default()], "seed {seed}");
    }
}

#[test]
fn functions_that_never_return_hold_up_nobody_and_keep_no_client_from_closing() {
    let quick = || Caller::new("+15551110009", OURS).script([Step::wait(20.0), Step::HangUp]);
    let scenario = Scenario::new().caller(patient()).caller(quick()).caller(quick());
    let mut world = World::new(scenario.message(Message::new("+15551110000", OURS, "Hi")), 1);
    let client = world.client(World::config());
    let (stuck, served) = (Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
    let (held, count) = (stuck.clone(), served.clone());
    client.on_call(move |call: Call| {
        let (held, count) = (held.clone(), count.clone());
        async move {
            call.answer().await?;
            if call.device().caller() == Some("+15551110000") {
                call.on(|_: Event| pending::<()>());
                call.play_silence(secs(1)).on_completed(|_| pending::<()>()).await?;
                *held.lock().expect("unpoisoned") = Some(call.clone());
                pending::<()>().await;
            }
            call.wait_for_ended().await?;
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<(), Error>(())
        }
    });
    client.on_message(|_| pending::<()>());
    world.pass(secs(30));
    assert_eq!(served.load(Ordering::SeqCst), 2, "the others are served");
    let call = stuck.lock().expect("unpoisoned").take().expect("it is stuck");
    world
        .block_on(async { call.play_tts("Please hold.").await?.wait().await })
        .expect("others may use its call");
    client.drain(Some(secs(5)));
    world.block_on(client.closed()).expect("as asked");
    assert_eq!(call.end_reason(), Some(EndReason::Hangup));
    expect_clean(&mut world);
}
