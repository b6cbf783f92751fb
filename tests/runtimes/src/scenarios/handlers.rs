//! Functions of the application that break, that are slow, and that never return.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signalwire_relay_core::adapter::TASKS_TIMEOUT;
use signalwire_relay_core::{Call, CallStateEvent, Client, EndReason, Error, Event, PlayEvent, secs};
use signalwire_relay_simulator::{CallState, Caller, Cue, Message, Scenario, Step};

use super::{OURS, Outcome, Play, THEIRS, patient, reason_at_service};
use crate::log::Log;
use crate::service::TestService;
use crate::trial::WANTED;

/// The number of those who hang up soon.
const QUICK: &str = "+15551110009";

pub(super) fn plays() -> Vec<Play> {
    let quick = Caller::new(QUICK, OURS).patience(secs(600));
    let quick = quick.script([Step::on(Cue::Answered), Step::wait(2.0), Step::HangUp]);
    vec![
        Play::new("handlers::panic", Scenario::new(), panics),
        Play::new("handlers::fail", Scenario::new(), fails),
        Play::new("handlers::listeners_panic", Scenario::new().caller(patient()), listeners_panic),
        Play::new(
            "handlers::never_return",
            Scenario::new().caller(patient()).caller(quick.clone()).caller(quick),
            never_return,
        )
        // They get a moment to clean up, and no more than that.
        .closes_in(TASKS_TIMEOUT / 2..TASKS_TIMEOUT + secs(20)),
        Play::new("handlers::use_everything", Scenario::new().caller(patient()), use_everything),
    ]
}

/// Counts calls from 1, across clones.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Counter {
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

async fn placed(client: &Client, service: &TestService) -> String {
    // The handler is there before the call.
    client.ready().await.expect("it is connected");
    service.simulator().with(|board, now| board.place_call(now, patient()))
}

async fn panics(client: Client, service: TestService) -> Outcome {
    let (served, counter) = (Log::new(), Counter::default());
    let told = served.clone();
    client.on_call(move |call: Call| {
        let (told, number) = (told.clone(), counter.next());
        async move {
            assert!(number != 1, "{WANTED}: before anything");
            call.answer().await?;
            assert!(number != 2, "{WANTED}: in the middle");
            call.play_tts("Hello!").await?.wait().await?;
            call.hangup().await?;
            told.push(call.wait_for_ended().await?);
            Ok::<(), Error>(())
        }
    });
    for expected in ["error", "error", "hangup"] {
        let call = placed(&client, &service).await;
        assert_eq!(service.ended(&call).await, expected);
    }
    assert_eq!(served.at_least(1).await, [EndReason::Hangup]);
    Ok(())
}

async fn fails(client: Client, service: TestService) -> Outcome {
    client.on_call(|call: Call| async move {
        call.answer().await?;
        Err::<(), Box<dyn std::error::Error + Send + Sync>>("out of paper".into())
    });
    let call = placed(&client, &service).await;
    assert_eq!(service.ended(&call).await, "error");
    // The last function given holds.
    client.on_call(|call: Call| async move { call.hangup().reason(EndReason::Decline).await });
    let call = placed(&client, &service).await;
    assert_eq!(service.ended(&call).await, "decline");
    Ok(())
}

async fn listeners_panic(client: Client, service: TestService) -> Outcome {
    let states = Log::new();
    let sink = states.clone();
    let call = super::answered(&client).await?;
    call.on(|_: PlayEvent| async { panic!("{WANTED}: in a listener") });
    call.on(move |play: PlayEvent| {
        let sink = sink.clone();
        async move { sink.push(play.state.to_string()) }
    });
    client.on_message(
        |message| async move { assert!(message.body.is_empty(), "{WANTED}: in a message handler") },
    );
    service.simulator().with(|board, now| board.inject_message(now, Message::new(THEIRS, OURS, "Hi")));
    for _ in 0..2 {
        let play = call.play_tts("Hi").on_completed(|_| async { panic!("{WANTED}: at the end") });
        play.await?.wait().await?;
    }
    assert_eq!(states.at_least(4).await, ["playing", "finished", "playing", "finished"]);
    call.hangup().await?;
    call.wait_for_ended().await?;
    Ok(())
}

async fn never_return(client: Client, service: TestService) -> Outcome {
    let (served, stuck) = (Log::new(), Log::new());
    let told = served.clone();
    let wedged = stuck.clone();
    client.on_call(move |call: Call| {
        let (told, wedged) = (told.clone(), wedged.clone());
        async move {
            call.answer().await?;
            if call.device().caller() != Some(QUICK) {
                call.on(|_: Event| pending::<()>());
                wedged.push(call.clone());
                pending::<()>().await;
            }
            told.push(call.wait_for_ended().await?);
            Ok::<(), Error>(())
        }
    });
    client.on_message(|_| pending::<()>());
    service.simulator().with(|board, now| board.inject_message(now, Message::new(THEIRS, OURS, "Hi")));
    let call = stuck.at_least(1).await.remove(0);
    assert_eq!(served.at_least(2).await.len(), 2, "the others are served");
    // The call of the one that is stuck can be used by others.
    call.play_tts("Please hold the line.").await?.wait().await?;
    client.drain(Some(secs(0.2)));
    client.closed().await?;
    assert_eq!(reason_at_service(&service, &call).await, "hangup");
    assert!(call.is_ended());
    Ok(())
}

/// Whatever is called back may use the client for anything.
async fn use_everything(client: Client, service: TestService) -> Outcome {
    let steps = Log::new();
    let (listener, completed, ended) = (steps.clone(), steps.clone(), steps.clone());
    client.on_call(move |call: Call| {
        let (listener, completed, ended) = (listener.clone(), completed.clone(), ended.clone());
        async move {
            let own = call.clone();
            call.on(move |state: CallStateEvent| {
                let (call, listener, ended) = (own.clone(), listener.clone(), ended.clone());
                async move {
                    match state.call_state.as_str() {
                        "answered" => {
                            let play = call.play_tts("From a listener.").await.expect("accepted");
                            play.wait().await.expect("played");
                            listener.push("listener");
                        }
                        "ended" => ended.push("ended"),
                        _ => {}
                    }
                }
            });
            let own = call.clone();
            let prompt = call.play_silence(secs(2)).on_completed(move |_| async move {
                own.play_tts("From a callback.").await.expect("accepted").wait().await.expect("played");
                completed.push("completed");
            });
            call.answer().await?;
            prompt.await?.wait().await?;
            Ok::<(), Error>(())
        }
    });
    steps.at_least(2).await;
    let id =
        service.wait_for(|board| board.calls().find(|call| call.state == CallState::Answered)).await.call_id;
    service.simulator().with(|board, now| board.hang_up(now, &id));
    let mut steps = steps.at_least(3).await;
    steps.sort_unstable();
    assert_eq!(steps, ["completed", "ended", "listener"]);
    Ok(())
}
