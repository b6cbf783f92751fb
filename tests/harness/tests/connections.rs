//! Applications across the life of the connection.

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use signalwire_relay_core::session::ConnectionState;
use signalwire_relay_core::{
    Certainty, ClientStats, Credentials, EndReason, Error, Missed, PlayState, phone, secs,
};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{CallState, Caller, Refusal, Report, Scenario, Step};

fn patient() -> Caller {
    Caller::new("+15551110000", "+15552220000").script([Step::wait(600.0), Step::HangUp])
}

#[test]
fn a_call_survives_a_cut_and_is_told_of_the_gap() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let (call, play, mut events) = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        let play = call.play_silence(secs(10)).await.expect("accepted");
        let events = call.events();
        (call, play, events)
    });
    world.cut();
    // Asked for while there is no connection: it waits for the next.
    let hangup = async {
        assert_eq!(play.wait().await.expect("played").state, PlayState::Finished);
        call.hangup().await.expect("accepted");
        call.wait_for_ended().await.expect("ended")
    };
    assert_eq!(world.block_on(hangup), EndReason::Hangup);
    let gap = world.block_on(async {
        while let Some(update) = events.next().await {
            if let Err(Missed::Reconnected(lasted)) = update {
                return Some(lasted);
            }
        }
        None
    });
    assert!(gap.expect("the gap was reported") <= secs(1));
}

#[test]
fn a_service_that_restarts_ends_what_waits_and_calls_go_on_after_it() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let (call, play) = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        let play = call.play_silence(secs(60)).await.expect("accepted");
        (call, play)
    });
    let (service, now) = world.service();
    service.restart(now);
    let end = world.block_on(play.wait());
    assert!(end.expect_err("it cannot be heard of any more").is_gone());
    assert_eq!(call.end_reason(), Some(EndReason::SessionLost));
    drop((call, play));
    let (service, now) = world.service();
    service.place_call(now, patient());
    world.block_on(async {
        let call = client.incoming_calls().next().await.expect("another call");
        call.answer().await.expect("accepted");
        call.hangup().await.expect("accepted");
        call.wait_for_ended().await.expect("ended");
    });
    assert_eq!(world.stats(), [ClientStats::default()]);
}

#[test]
fn the_service_may_ask_to_leave() {
    for restart in [None, Some(false), Some(true)] {
        let mut world = World::new(Scenario::new().caller(patient()), 1);
        let client = world.client(World::config());
        let call = world.block_on(async {
            let call = client.incoming_calls().next().await.expect("a call");
            call.answer().await.expect("accepted");
            call
        });
        let (service, now) = world.service();
        service.send_disconnect(now, restart);
        world.pass(secs(10));
        let expected = if restart == Some(true) { EndReason::SessionLost } else { EndReason::Hangup };
        world.block_on(call.hangup().into_future()).expect("hung up, or lost");
        assert_eq!(world.block_on(call.wait_for_ended()).expect("ended"), expected, "{restart:?}");
        assert!(matches!(client.connection_state(), ConnectionState::Ready { .. }));
    }
}

#[test]
fn the_connection_can_be_watched() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let mut states = client.connection_states();
    world.set_reachable(false);
    world.pass(secs(10));
    let state = world.block_on(states.next()).expect("a state");
    let ConnectionState::Backoff { attempt, reason, .. } = state else { panic!("{state}") };
    assert!(attempt > 2);
    assert_eq!(&*reason, "connection refused");
    world.set_reachable(true);
    world.block_on(client.ready()).expect("connected");
    assert_eq!(world.block_on(states.next()), Some(ConnectionState::Ready { resumed: false }));
    client.disconnect();
    world.block_on(client.closed()).expect("as asked");
    assert_eq!(world.block_on(states.next()), Some(ConnectionState::Closed { reason: None }));
    assert_eq!(world.block_on(states.next()), None);
}

#[test]
fn credentials_that_are_refused_three_times_end_the_client() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config().token("wrong"));
    match world.block_on(client.ready()) {
        Err(Error::AuthenticationFailed(rejected)) => {
            assert_eq!((rejected.attempts, rejected.code), (3, -32002));
            assert_eq!(rejected.message, "Authentication failed");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(world.block_on(client.closed()), Err(Error::AuthenticationFailed(_))));
    let error = world.block_on(client.receive(["x"]).into_future()).expect_err("closed");
    assert_eq!(error.certainty(), Certainty::NotSent);
}

#[test]
fn a_request_that_the_service_swallows_fails_alone() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let (service, _) = world.service();
    service.refuse_next("calling.play", Refusal::Silence);
    world
        .block_on(async {
            let call = client.incoming_calls().next().await.expect("a call");
            call.answer().await?;
            let lost = call.play_tts("Hello?").timeout(secs(3)).await.expect_err("swallowed");
            assert!(matches!(lost, Error::TimedOut(_)), "{lost}");
            assert_eq!(lost.certainty(), Certainty::Unknown);
            call.play_tts("Hello!").await?.wait().await?;
            call.hangup().await
        })
        .expect("the rest works");
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false }, "the same connection");
}

#[test]
fn a_service_that_no_longer_hears_is_noticed() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    let (service, now) = world.service();
    let connection = service.connections().next().expect("one");
    service.stall(now, connection, secs(600));
    world.pass(secs(60));
    world.block_on(client.ready()).expect("connected anew");
    world.block_on(client.receive(["more"]).into_future()).expect("accepted");
    assert!(world.now() < secs(120));
}

#[test]
fn contexts_are_kept_by_the_client_where_the_service_forgets_them() {
    let mut world = World::new(Scenario::new().resume_keeps_contexts(false), 1);
    let client = world.client(World::config().contexts(["a", "b"]));
    world.block_on(async {
        client.receive(["late"]).await.expect("accepted");
        client.unreceive(["a"]).await.expect("accepted");
    });
    world.cut();
    world.block_on(async { client.execute("signalwire.ping", serde_json::json!({})).await }).expect("back");
    let resumed = |report: &Report| matches!(report, Report::ClientAuthenticated { resumed: true, .. });
    assert!(world.take_reports().iter().any(resumed));
    let (service, _) = world.service();
    let connection = service.connections().next().expect("connected");
    assert_eq!(service.contexts(connection), ["b", "late"]);
}

#[test]
fn contexts_are_received_until_they_are_not() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config().contexts(["a"]));
    world.block_on(async {
        client.receive(["b", "c"]).await.expect("accepted");
        client.unreceive(["a"]).await.expect("accepted");
        client.receive(Vec::<String>::new()).await.expect("nothing to do");
        assert!(matches!(client.receive([""]).await, Err(Error::InvalidArgument(_))));
    });
    let (service, now) = world.service();
    service.restart(now);
    world.pass(secs(10));
    let (service, _) = world.service();
    let connection = service.connections().next().expect("connected again");
    assert_eq!(service.contexts(connection), ["b", "c"]);
}

#[test]
fn draining_waits_for_calls_and_then_ends_them() {
    let short = Caller::new("+15551110000", "+15552220000").script([Step::wait(5.0), Step::HangUp]);
    for (caller, limit) in [(short, 30.0), (patient(), 10.0)] {
        let mut world = World::new(Scenario::new().caller(caller), 1);
        let client = world.client(World::config());
        client.on_call(|call| async move {
            call.answer().await?;
            call.wait_for_ended().await
        });
        world.pass(secs(3));
        let began = world.now();
        client.drain(Some(secs(limit)));
        world.block_on(client.closed()).expect("as asked");
        assert!(world.now() <= began + secs(limit + 3.0));
        let (service, _) = world.service();
        assert!(service.calls().all(|call| call.state == CallState::Ended));
        world.pass(secs(1));
        assert_eq!((world.running_tasks(), world.stats()), (0, vec![ClientStats::default()]));
    }
}

#[test]
fn a_draining_client_shows_it_and_is_not_ready() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    let mut states = client.connection_states();
    assert_eq!(world.block_on(states.next()), Some(ConnectionState::Ready { resumed: false }));
    client.drain(Some(secs(60)));
    assert_eq!(world.block_on(states.next()), Some(ConnectionState::Draining { resumed: false }));
    let refused = |world: &mut World| {
        let ready = world.block_on(client.ready()).expect_err("it drains");
        let dial = client.dial(phone("+15551000001").from("+15552220000"));
        let dial = world.block_on(dial.into_future()).map(drop).expect_err("it drains");
        let receive =
            world.block_on(client.receive(["sales"]).into_future()).map(drop).expect_err("it drains");
        for error in [ready, dial, receive] {
            assert!(matches!(error, Error::Draining(_)), "{error}");
        }
    };
    refused(&mut world);
    world.set_reachable(false);
    world.cut();
    refused(&mut world);
    assert!(matches!(client.connection_state(), ConnectionState::Backoff { .. }));
    world.set_reachable(true);
    while client.connection_state() != (ConnectionState::Draining { resumed: true }) {
        world.pass(secs(1));
    }
    world.block_on(call.hangup().into_future()).expect("running calls go on");
    world.block_on(client.closed()).expect("as asked");
}

#[test]
fn dropping_the_last_handle_closes_the_client() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    drop(client);
    world.block_on(call.play_tts("Still here.").into_future()).expect("a call keeps its client");
    drop(call);
    world.pass(secs(1));
    let (service, _) = world.service();
    assert_eq!(service.connections().count(), 0);
}

#[test]
fn no_secret_is_printed() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config().token("sentinel-token"));
    let (service, _) = world.service();
    for _ in 0..3 {
        service.refuse_next("signalwire.connect", Refusal::RpcError(-32002, "no sentinel-token here".into()));
    }
    let error = world.block_on(client.ready()).expect_err("refused");
    let printed =
        format!("{error} {error:?} {client:?} {} {:?}", client.connection_state(), world.take_notices());
    assert!(!printed.contains("sentinel"), "{printed}");
}

#[test]
fn a_client_tells_what_it_waits_for() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let (call, play) = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        let play = call.play_silence(secs(30)).await.expect("accepted");
        (call, play)
    });
    world.pass(secs(5));
    let waiting = world.block_on(client.pending_work()).expect("it is open");
    let [playing] = &waiting[..] else { panic!("{waiting:?}") };
    assert_eq!((&*playing.what, playing.ends_with), ("calling.play", "calling.call.play"));
    assert_eq!((playing.call_id.as_ref(), playing.left), (Some(call.id()), None));
    assert!(playing.lasted >= secs(5) && playing.lasted < secs(6), "{playing}");
    let stats = world.block_on(client.stats()).expect("it is open");
    assert_eq!((stats.session.calls, stats.session.operations), (1, 1));

    world.cut();
    world.set_reachable(false);
    let mut request = std::pin::pin!(call.denoise().timeout(secs(20)).into_future());
    let _ = world.block_on(std::future::poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx).is_pending())));
    let waiting = world.block_on(client.pending_work()).expect("it is open");
    let held = waiting.iter().find(|waiting| waiting.what == "calling.denoise").expect("it is listed");
    assert_eq!((held.ends_with, held.left), ("a connection, then an answer", Some(secs(20))));
    world.set_reachable(true);
    world.block_on(play.wait()).expect("played");
    world.block_on(request).expect("accepted");
    assert_eq!(world.block_on(client.pending_work()).expect("it is open"), []);

    client.disconnect();
    world.block_on(client.closed()).expect("as asked");
    assert!(matches!(world.block_on(client.pending_work()), Err(Error::Closed(_))));
}

#[test]
fn credentials_are_asked_for_before_each_connection() {
    let mut world = World::new(Scenario::new(), 1);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let config = World::config().credentials_from(move || {
        let count = count.clone();
        async move {
            let token = match count.fetch_add(1, Ordering::SeqCst) {
                0 => panic!("not yet"),
                1 => return Err("try again"),
                _ => "demo-token",
            };
            Ok(Credentials::Token { project: "demo-project".into(), token: token.into() })
        }
    });
    let client = world.client(config);
    world.block_on(client.ready()).expect("the third attempt succeeds");
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    world.cut();
    world.pass(secs(2));
    world.block_on(client.ready()).expect("it comes back");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}
