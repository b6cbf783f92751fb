//! Applications against the service: calls, actions and dials as a program sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_lite::future;
use signalwire_relay_core::session::Notice;
use signalwire_relay_core::{
    Certainty, Client, ClientStats, Collect, ConnectState, EndReason, Error, Missed, PlayEvent, PlayState,
    audio, phone, secs, silence, tts,
};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{
    CallState, CallView, Caller, Cue, Faults, Message, Phone, Refusal, Scenario, Step,
};

fn caller(script: impl IntoIterator<Item = Step>) -> Caller {
    Caller::new("+15551110000", "+15552220000").script(script)
}

fn patient() -> Caller {
    caller([Step::wait(600.0), Step::HangUp])
}

/// Checks that every table is empty, and that the service objects to nothing.
fn expect_clean(world: &mut World) {
    world.pass(secs(30));
    assert!(world.stats().iter().all(|stats| *stats == ClientStats::default()), "{:?}", world.stats());
    assert_eq!(world.running_tasks(), 0);
    let (service, _) = world.service();
    assert_eq!(service.violations(), [], "the service objects");
}

#[test]
fn a_menu_is_played_from_the_first_word_to_the_last() {
    let script = [Step::on(Cue::PromptFinished), Step::press("1"), Step::wait(60.0), Step::HangUp];
    let scenario = Scenario::new()
        .caller(caller(script))
        .phone(Phone::new("+15551001000").answers_after(secs(3.0)).script([Step::wait(5.0), Step::HangUp]));
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    world
        .block_on(async {
            let call = client.incoming_calls().next().await.expect("a call");
            assert_eq!((call.context(), call.state().as_str()), ("default", "created"));
            call.answer().await?;
            call.wait_for_answered().await?;
            let menu = call.prompt_tts("Press 1.", Collect::digits(1)).volume(-3.0).await?.wait().await?;
            assert_eq!(menu.digits(), Some("1"));
            let bridge = call.connect(phone("+15551001000").from("+15552220000")).await?;
            let connected = bridge.connected().await?;
            assert_eq!(connected.connect_state, ConnectState::Connected);
            assert!(connected.peer.is_some());
            assert_eq!(bridge.wait().await?.connect_state, ConnectState::Disconnected);
            call.hangup().await?;
            assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
            call.hangup().await?;
            assert!(call.answer().await.expect_err("it is over").is_gone());
            Ok::<(), Error>(())
        })
        .expect("the menu plays");
    expect_clean(&mut world);
}

#[test]
fn actions_are_controlled_and_followed() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    world
        .block_on(async {
            let call = client.incoming_calls().next().await.expect("a call");
            call.answer().await?;
            let paused = call.wait_for(|play: &PlayEvent| play.state == PlayState::Paused);
            let list = tts("One.").then(silence(secs(1))).then(audio("https://example.com/two.mp3"));
            let play = call.play(list).control_id("k-1").await?;
            assert_eq!(
                (play.control_id().as_str(), play.is_done(), play.result().is_none()),
                ("k-1", false, true)
            );
            play.pause().await?;
            assert_eq!(paused.await?.control_id.as_str(), "k-1");
            play.resume().await?;
            play.volume(6.0).await?;
            assert_eq!(play.volume(41.0).await.expect_err("too loud").certainty(), Certainty::NotSent);
            play.stop().await?;
            assert_eq!(play.wait().await?.state, PlayState::Finished);
            assert!(play.is_done());
            play.stop().await?; // over already, and that is fine

            let recording = call.record().beep(true).await?;
            recording.pause().behavior("silence").await?;
            recording.resume().await?;
            recording.stop().await?;
            assert!(recording.wait().await?.url().is_some());

            let collect = call.collect(Collect::digits(2).start_input_timers(false)).await?;
            collect.start_input_timers().await?;
            collect.stop().await?;
            collect.wait().await?;
            call.send_digits("1w#").await?.wait().await?;
            call.hangup().await
        })
        .expect("everything is accepted");
    expect_clean(&mut world);
}

#[test]
fn what_waits_ends_with_its_call() {
    for leave_operations_open in [false, true] {
        let mut scenario = Scenario::new().caller(caller([Step::wait(3.0), Step::HangUp]));
        if leave_operations_open {
            scenario = scenario.leave_operations_open(true);
        }
        let mut world = World::new(scenario, 1);
        let client = world.client(World::config());
        let completed = Arc::new(AtomicUsize::new(0));
        let counted = completed.clone();
        world
            .block_on(async {
                let call = client.incoming_calls().next().await.expect("a call");
                call.answer().await?;
                let recording = call
                    .record()
                    .initial_timeout(secs(0))
                    .on_completed(move |_| async move {
                        counted.fetch_add(1, Ordering::SeqCst);
                    })
                    .await?;
                let never = call.wait_for(|_: &signalwire_relay_core::SendDigitsEvent| true);
                let end = recording.wait().await;
                if leave_operations_open {
                    assert!(end.expect_err("the call ended first").is_gone());
                }
                assert!(never.await.expect_err("the call ended first").is_gone());
                assert!(recording.is_done());
                call.wait_for_ended().await
            })
            .expect("the call ends");
        world.pass(secs(1));
        assert_eq!(completed.load(Ordering::SeqCst), 1);
        expect_clean(&mut world);
    }
}

#[test]
fn a_wait_that_timed_out_can_be_waited_for_again() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    world
        .block_on(async {
            let call = client.incoming_calls().next().await.expect("a call");
            call.answer().await?;
            let play = call.play_silence(secs(10)).await?;
            for _ in 0..3 {
                let error = play.wait().timeout(secs(2)).await.expect_err("it takes longer");
                assert!(matches!(&error, Error::TimedOut(out) if out.after == secs(2)), "{error}");
            }
            assert_eq!(play.wait().timeout(secs(60)).await?.state, PlayState::Finished);
            assert!(call.wait_for_ended().timeout(secs(1)).await.is_err());
            call.hangup().await?;
            call.wait_for_ended().timeout(secs(60)).await
        })
        .expect("the call ends");
    expect_clean(&mut world);
}

#[test]
fn duplicated_and_delayed_events_change_nothing() {
    for seed in 0..50 {
        let faults = Faults {
            duplicate: 0.5,
            delay: 0.5,
            delay_by: secs(2),
            events_first: seed % 2 == 0,
            ..Faults::default()
        };
        let scenario = Scenario::new()
            .faults(faults)
            .caller(caller([Step::on(Cue::PromptFinished), Step::press("7"), Step::wait(90.0), Step::HangUp]))
            .phone(Phone::any().answers_after(secs(1.0)).script([Step::wait(120.0), Step::HangUp]));
        let mut world = World::new(scenario, seed);
        let client = world.client(World::config());
        let handled = Arc::new(AtomicUsize::new(0));
        let counted = handled.clone();
        client.on_call(move |call| {
            let counted = counted.clone();
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                call.answer().await?;
                let menu = call.prompt_tts("Press 7.", Collect::digits(1)).await?.wait().await?;
                assert_eq!(menu.digits(), Some("7"));
                call.play_tts("Thank you.").await?.wait().await?;
                call.hangup().await
            }
        });
        world
            .block_on(async {
                let call = client.dial(phone("+15553330000").from("+15552220000")).await?;
                call.play_tts("Hello!").await?.wait().await?;
                call.hangup().await?;
                call.wait_for_ended().await
            })
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        world.pass(secs(200));
        assert_eq!(handled.load(Ordering::SeqCst), 1, "seed {seed}");
        assert!(
            world
                .take_notices()
                .iter()
                .all(|notice| !matches!(notice, Notice::HandlerFailed { .. } | Notice::HandlerPanicked(_))),
            "seed {seed}"
        );
    }
}

#[test]
fn an_offer_above_the_limit_goes_to_somebody_with_room() {
    let scenario = Scenario::new().caller(patient()).caller(patient());
    let mut world = World::new(scenario, 1);
    let full = world.client(World::config().max_active_calls(1));
    let roomy = world.client(World::config());
    let count = |client: &signalwire_relay_core::Client| {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        client.on_call(move |call| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                call.answer().await?;
                call.wait_for_ended().await
            }
        });
        taken
    };
    let (first, second) = (count(&full), count(&roomy));
    world.pass(secs(60));
    assert_eq!(first.load(Ordering::SeqCst) + second.load(Ordering::SeqCst), 2, "both callers are served");
    assert!(first.load(Ordering::SeqCst) <= 1);
}

#[test]
fn a_consumer_that_never_comes_does_not_swallow_calls() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let wedged = world.client(World::config());
    let idle = wedged.incoming_calls();
    world.pass(secs(5));
    let other = world.client(World::config());
    let call = world.block_on(async { other.incoming_calls().next().await.expect("it was passed on") });
    assert!(world.now() >= secs(10));
    world.block_on(async { call.answer().await }).expect("it is ours");
    drop(idle);
}

#[test]
fn a_slow_reader_is_told_what_it_missed_and_holds_up_nobody() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let (call, mut slow) = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        let slow = call.events();
        for _ in 0..200 {
            call.play_silence(secs(1)).await.expect("accepted").wait().await.expect("played");
        }
        (call, slow)
    });
    let first = world.block_on(slow.next()).expect("there is something");
    match first {
        Err(Missed::Lagged(count)) => assert!(count > 100, "{count}"),
        other => panic!("{other:?}"),
    }
    drop((call, slow));
}

#[test]
fn a_handler_that_never_returns_holds_up_nobody() {
    let quick = caller([Step::on(Cue::Answered), Step::wait(2.0), Step::HangUp]);
    let scenario = Scenario::new().caller(patient()).caller(quick.clone()).caller(quick);
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    let ended = Arc::new(AtomicUsize::new(0));
    let counted = ended.clone();
    let calls = AtomicUsize::new(0);
    client.on_call(move |call| {
        let stuck = calls.fetch_add(1, Ordering::SeqCst) == 0;
        let counted = counted.clone();
        async move {
            if stuck {
                std::future::pending::<()>().await;
            }
            call.answer().await?;
            call.wait_for_ended().await?;
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<(), Error>(())
        }
    });
    world.pass(secs(60));
    assert_eq!(ended.load(Ordering::SeqCst), 2);
}

#[test]
fn a_handler_that_breaks_off_has_its_call_hung_up() {
    for panics in [true, false] {
        let mut world = World::new(Scenario::new().caller(patient()).caller(patient()), 1);
        let client = world.client(World::config());
        client.on_call(move |call| async move {
            call.answer().await?;
            assert!(!panics, "as the test wants it");
            Err::<(), Box<dyn std::error::Error + Send + Sync>>("out of paper".into())
        });
        world.pass(secs(30));
        let (service, _) = world.service();
        assert!(service.calls().all(|call| call.state == CallState::Ended), "both were hung up");
        let notices = world.take_notices();
        assert_eq!(notices.len(), 2, "{notices:?}");
        let text = if panics { "as the test wants it" } else { "out of paper" };
        assert!(notices.iter().all(|notice| notice.to_string().contains(text)), "{notices:?}");
        expect_clean(&mut world);
    }
}

#[test]
fn a_hang_up_after_a_handler_that_broke_off_is_repeated_if_it_was_not_heard() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let (service, _) = world.service();
    service.refuse_next("calling.end", Refusal::Silence);
    client.on_call(|call| async move {
        call.answer().await?;
        Err::<(), Box<dyn std::error::Error + Send + Sync>>("out of paper".into())
    });
    world.pass(secs(30));
    let (service, _) = world.service();
    assert!(service.calls().all(|call| call.state == CallState::Ended), "nobody listens to silence");
    expect_clean(&mut world);
}

#[test]
fn a_handler_that_ends_because_the_caller_left_ends_quietly() {
    let mut world = World::new(Scenario::new().caller(caller([Step::wait(2.0), Step::HangUp])), 1);
    let client = world.client(World::config());
    client.on_call(|call| async move {
        call.answer().await?;
        call.record().initial_timeout(secs(0)).await?;
        call.play_silence(secs(60)).await?.wait().await?;
        call.play_tts("Are you still there?").await?.wait().await?;
        call.hangup().await
    });
    world.pass(secs(120));
    assert_eq!(world.take_notices(), []);
    expect_clean(&mut world);
}

#[test]
fn work_in_a_scope_is_given_up_when_the_call_ends_and_what_follows_still_runs() {
    struct DropCounter(Arc<AtomicUsize>);
    impl Drop for DropCounter {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let mut world = World::new(Scenario::new().caller(caller([Step::wait(5.0), Step::HangUp])), 1);
    let client = world.client(World::config());
    let dropped = Arc::new(AtomicUsize::new(0));
    let guard = DropCounter(dropped.clone());
    let outcome = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        let quick = call.scope(async { Ok::<_, Error>(7) }).await;
        assert_eq!(quick.expect("done before the end"), 7);
        let outcome = call
            .scope(async {
                let _guard = guard;
                future::pending::<()>().await;
                Ok::<(), Error>(())
            })
            .await;
        assert_eq!(dropped.load(Ordering::SeqCst), 1, "the work was dropped before what follows");
        call.hangup().await.expect("cleaning up is possible");
        outcome
    });
    assert!(outcome.expect_err("the call ended").is_gone());
}

#[test]
fn listeners_get_the_events_of_their_type_in_order_and_survive_their_own_panics() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let states = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = states.clone();
    world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.on(move |play: PlayEvent| {
            let seen = seen.clone();
            async move {
                seen.lock().expect("unpoisoned").push(play.state.to_string());
            }
        });
        call.on(|_: PlayEvent| async { panic!("as the test wants it") });
        call.answer().await.expect("accepted");
        for _ in 0..2 {
            call.play_tts("Hi").await.expect("accepted").wait().await.expect("played");
        }
        call.hangup().await.expect("accepted");
        call.wait_for_ended().await.expect("ended");
    });
    world.pass(secs(1));
    assert_eq!(*states.lock().expect("unpoisoned"), ["playing", "finished", "playing", "finished"]);
    let panics = world.take_notices();
    assert_eq!(panics.len(), 4, "{panics:?}");
    expect_clean(&mut world);
}

#[test]
fn callbacks_get_the_last_event_once_and_survive_their_own_panics() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let ends = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (early, late) = (ends.clone(), ends.clone());
    world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        let request = call.play_tts("Hi").on_completed(move |end| async move {
            early.lock().expect("unpoisoned").push(end.map(|play| play.state));
        });
        let play = request.await.expect("accepted");
        play.on_completed(|_| async { panic!("as the test wants it") });
        play.wait().await.expect("played");
        play.on_completed(move |end| async move {
            late.lock().expect("unpoisoned").push(end.map(|play| play.state));
        });
        call.hangup().await.expect("accepted");
        call.wait_for_ended().await.expect("ended");
    });
    world.pass(secs(1));
    let ends: Vec<_> = ends.lock().expect("unpoisoned").drain(..).map(|end| end.expect("played")).collect();
    assert_eq!(ends, [PlayState::Finished, PlayState::Finished]);
    assert_eq!(world.take_notices().len(), 1, "the panic");
    expect_clean(&mut world);
}

#[test]
fn messages_are_answered_and_followed_to_their_end() {
    let scenario = Scenario::new().message(Message::new("+15551110000", "+15552220000", "Anybody there?"));
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (states, ends, sender) = (seen.clone(), seen.clone(), client.clone());
    client.on_message(|_| async { Err::<(), _>("the last one holds") });
    client.on_message(move |incoming| {
        let (states, ends, sender) = (states.clone(), ends.clone(), sender.clone());
        async move {
            let answer =
                sender.send_message(&*incoming.from_number, &*incoming.to_number).body("Yes.").await?;
            answer.on(move |news| {
                let states = states.clone();
                async move { states.lock().expect("unpoisoned").push(news.message_state.to_string()) }
            });
            answer.on_completed(move |end| async move {
                let end = end.expect("the service reports the end");
                ends.lock().expect("unpoisoned").push(format!("in the end {}", end.message_state));
            });
            answer.wait().timeout(secs(60)).await.map(drop)
        }
    });
    world.pass(secs(60));
    let mut seen: Vec<_> = std::mem::take(&mut *seen.lock().expect("unpoisoned"));
    seen.sort_by_key(|word| word.starts_with("in the end"));
    // That it is queued comes with the acceptance, mostly before anybody could listen.
    seen.retain(|word| word != "queued");
    assert_eq!(seen, ["initiated", "sent", "delivered", "in the end delivered"]);
    assert_eq!(world.take_notices(), []);
    drop(client);
    world.pass(secs(1));
}

#[test]
fn letting_go_of_an_offered_call_passes_it_on() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let careless = world.client(World::config());
    careless.on_call(|call| async move { drop(call) });
    world.pass(secs(3));
    let careful = world.client(World::config());
    let reports: Vec<_> = world.take_reports().iter().map(ToString::to_string).collect();
    assert!(reports.iter().any(|report| report.contains("gave") || report.contains("passed")), "{reports:?}");
    drop(careful);
}

#[test]
fn bad_arguments_are_refused_before_they_are_sent() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        let field = |error: Error| match error {
            Error::InvalidArgument(invalid) => invalid.field,
            other => panic!("{other}"),
        };
        assert_eq!(field(call.play_tts("").await.expect_err("empty")), "text");
        assert_eq!(field(call.play_tts("x").volume(50).await.expect_err("loud")), "volume");
        assert_eq!(field(call.send_digits("12x").await.expect_err("no key")), "digits");
        assert_eq!(field(call.connect(phone("")).await.expect_err("no number")), "to_number");
        assert_eq!(field(client.dial(phone("")).await.expect_err("no number")), "to_number");
        assert_eq!(
            field(call.record().input_sensitivity(101).await.expect_err("range")),
            "input_sensitivity"
        );
        assert_eq!(field(call.collect(Collect::default()).await.expect_err("nothing")), "collect");
        assert_eq!(field(call.execute("x", serde_json::json!([])).await.expect_err("no object")), "params");
        call.hangup().await.expect("accepted");
    });
    let (service, _) = world.service();
    assert_eq!(service.violations(), []);
}

#[test]
fn raw_methods_and_parameters_reach_the_service() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        let answered = call.execute("calling.answer", serde_json::json!({})).await.expect("accepted");
        assert_eq!(answered["code"], "200");
        let strange = call.play_tts("x").param("shape", "round").await;
        strange.expect("unknown parameters are let through").wait().await.expect("played");
        let error =
            client.execute("calling.teleport", serde_json::json!({})).await.expect_err("unknown method");
        assert_eq!(error.code(), Some(-32601));
    });
    let (service, _) = world.service();
    assert!(service.violations().iter().any(|violation| violation.to_string().contains("shape")));
}

#[test]
fn dials_win_fail_and_are_called_off() {
    let scenario = Scenario::new()
        .phone(Phone::new("+15553330001").answers_after(secs(2.0)).script([Step::wait(60.0), Step::HangUp]))
        .phone(Phone::new("+15553330002").busy())
        .phone(Phone::any().answers_after(secs(20.0)).script([Step::wait(60.0), Step::HangUp]));
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    let from = |number: &str| phone(number).from("+15552220000");
    world.block_on(async {
        let call = client.dial(from("+15553330001")).tag("mine").await.expect("answered");
        assert_eq!((call.tag().as_str(), call.state().as_str()), ("mine", "answered"));
        call.hangup().await.expect("accepted");
        assert!(matches!(client.dial(from("+15553330002")).await, Err(Error::DialFailed(_))));
        let late = client.dial(from("+15553330009")).timeout(secs(5)).await;
        assert!(matches!(late, Err(Error::TimedOut(_))), "{late:?}");
        // The dial is dropped while the phone rings.
        let dial = std::pin::pin!(std::future::IntoFuture::into_future(client.dial(from("+15553330009"))));
        let limit = client.dial(from("+15553330008")).timeout(secs(3));
        future::or(async { dial.await.map(drop) }, async { limit.await.map(drop) })
            .await
            .expect_err("too late");
    });
    world.pass(secs(120));
    let (service, _) = world.service();
    assert!(
        service.calls().all(|call| call.state == CallState::Ended),
        "nobody is left listening to silence"
    );
    expect_clean(&mut world);
}

#[test]
fn a_handler_that_declines_ends_the_call_as_it_said() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    client.on_call(|call| async move { call.hangup().reason(EndReason::Busy).await });
    world.pass(secs(30));
    let (service, _) = world.service();
    let reasons: Vec<_> = service.calls().map(|call| call.end_reason).collect();
    assert_eq!(reasons, [Some("busy".to_owned())]);
    assert_eq!(world.take_notices(), []);
    expect_clean(&mut world);
}

/// Whispers to an agent, who hangs up meanwhile.
async fn whisper(client: &Client) -> Result<(), Error> {
    let agent = client.dial(phone("+15551000001").from("+15552220000")).await?;
    let error = match agent.play_silence(secs(60)).await?.wait().await {
        Ok(_) => agent.play_tts("Are you there?").await.map(drop).expect_err("the agent has left"),
        Err(error) => error,
    };
    assert!(error.is_gone_for(&agent) && error.is_gone());
    Err(error)
}

/// An error that has another as its source.
#[derive(Debug, thiserror::Error)]
#[error("the whisper failed: {0}")]
struct WhisperFailed(#[source] Error);

#[test]
fn a_handler_that_ends_because_another_call_is_gone_has_failed() {
    for boxed in [false, true] {
        let agent = Phone::any().answers_after(secs(1)).script([Step::wait(2.0), Step::HangUp]);
        let mut world = World::new(Scenario::new().caller(patient()).phone(agent), 1);
        let client = world.client(World::config());
        let dialler = client.clone();
        client.on_call(move |call| {
            let dialler = dialler.clone();
            async move {
                call.answer().await?;
                let whispered = whisper(&dialler).await;
                assert!(whispered.as_ref().is_err_and(|error| !error.is_gone_for(&call)));
                match whispered {
                    Err(error) if boxed => Err(WhisperFailed(error))?,
                    whispered => whispered?,
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            }
        });
        world.pass(secs(60));
        let (service, _) = world.service();
        assert!(service.calls().all(|call| call.state == CallState::Ended), "the caller was hung up");
        let failed = |call: &CallView| call.end_reason.as_deref() == Some("error");
        let caller = service.calls().find(failed).expect("the handler of the caller has failed");
        let notices = world.take_notices();
        let failure = notices.iter().find_map(|notice| match notice {
            Notice::HandlerFailed { call_id, error } => Some((call_id, error)),
            _ => None,
        });
        let (call_id, error) = failure.expect("it is told");
        assert_eq!(call_id.as_str(), caller.call_id);
        assert!(error.contains("is gone") && !error.contains(&caller.call_id), "{error}");
        assert_eq!(error.contains("the whisper failed"), boxed);
    }
}

#[test]
fn a_handler_whose_own_call_is_gone_ends_quietly_however_deep_the_error_says_so() {
    let leaves = Caller::new("+15551110000", "+15552220000").script([Step::wait(5.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().caller(leaves), 1);
    let client = world.client(World::config());
    client.on_call(|call| async move {
        call.answer().await?;
        call.play_silence(secs(60)).await?.wait().await.map_err(WhisperFailed)?;
        call.play_tts("Are you there?").await.map_err(WhisperFailed)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
    world.pass(secs(60));
    assert_eq!(world.take_notices(), []);
}

#[test]
fn a_handler_that_no_call_can_come_to_is_reported() {
    let config = || World::config().contexts(Vec::<String>::new());
    let reported = |world: &mut World| {
        let notices = world.take_notices().into_iter();
        notices
            .filter_map(|notice| match notice {
                Notice::NoContext { method } => Some(method),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(config());
    client.on_call(|_| async {});
    client.on_message(|_| async {});
    let _streams = (client.incoming_calls(), client.incoming_calls());
    world.pass(secs(4));
    assert_eq!(reported(&mut world), [""; 0], "there is time to subscribe");
    world.pass(secs(2));
    assert_eq!(reported(&mut world), ["Client::on_call", "Client::on_message", "Client::incoming_calls"]);
    client.on_task(|_| async {});
    let _stream = client.incoming_tasks();
    client.on_call(|_| async {});
    world.pass(secs(60));
    assert_eq!(reported(&mut world), ["Client::on_task", "Client::incoming_tasks"], "each once");

    // Subscribing a moment later is as good.
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(config());
    client.on_call(|_| async {});
    world.pass(secs(3));
    world.block_on(client.receive(["default"]).into_future()).expect("accepted");
    world.pass(secs(60));
    assert_eq!(reported(&mut world), [""; 0]);

    // The time counts from the connection.
    let mut world = World::new(Scenario::new(), 1);
    world.set_reachable(false);
    let client = world.client(config());
    client.on_call(|_| async {});
    world.pass(secs(60));
    assert_eq!(reported(&mut world), [""; 0]);
    world.set_reachable(true);
    world.block_on(client.ready()).expect("connected");
    world.pass(secs(4));
    assert_eq!(reported(&mut world), [""; 0]);
    world.pass(secs(2));
    assert_eq!(reported(&mut world), ["Client::on_call"]);
}

#[test]
fn a_dropped_request_that_was_not_sent_leaves_nothing_behind() {
    let mut world = World::new(Scenario::new().caller(patient()), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call
    });
    world.set_reachable(false);
    world.cut();
    let completed = Arc::new(AtomicUsize::new(0));
    let counted = completed.clone();
    let request = call.play_tts("Hello").on_completed(move |end| async move {
        assert!(matches!(end, Err(Error::Cancelled)), "{end:?}");
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let limit = call.wait_for_ended().timeout(secs(1));
    world.block_on(future::or(async { drop(request.await) }, async { drop(limit.await) }));
    world.pass(secs(1));
    assert_eq!((completed.load(Ordering::SeqCst), world.running_tasks()), (1, 0));
}

#[test]
fn what_is_asked_of_a_client_that_was_just_closed_was_not_sent() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    client.disconnect();
    let error = world.block_on(async { client.receive(["x"]).await }).expect_err("closed");
    assert_eq!(error.certainty(), Certainty::NotSent);
}
