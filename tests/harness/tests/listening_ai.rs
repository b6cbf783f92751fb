//! AI on a call, in virtual time: the events of an agent, of a live transcription and of a sidecar.

use std::future::Future;
use std::sync::{Arc, Mutex};

use serde_json::json;
use signalwire_relay_core::{
    AiCompletionEvent, AiSpeechDetectEvent, AiState, AiStopEvent, Call, Collect, Error, Event, LiveAction,
    LiveDirection, LiveTranscribeLogEvent, LiveTranslateLogEvent, LiveTranslateSummaryEvent, SidecarEvent,
    SidecarKind, secs,
};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Cue, Reading, Scenario, Step};

const OURS: &str = "+15552220000";

fn caller(script: impl IntoIterator<Item = Step>) -> Scenario {
    Scenario::new().strict(true).caller(Caller::new("+15551110000", OURS).script(script))
}

/// Plays a flow on an answered call. The service, which is strict, must not object to anything.
#[track_caller]
fn on_a_call<F: Future<Output = Result<(), Error>>>(
    scenario: Scenario,
    flow: impl FnOnce(Call) -> F,
) -> World {
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    world.block_on(flow(call)).expect("the flow goes through");
    assert_eq!(world.service().0.violations(), [], "the service objects");
    world
}

/// The events of AI features in a few words.
fn in_words(event: &Event) -> Option<String> {
    Some(match event {
        Event::AiStart(_) => "agent starts".to_owned(),
        Event::AiUserSpeaking(_) => "caller speaks".to_owned(),
        Event::AiPartialResult(part) => format!("part: {}", part.text.as_deref().unwrap_or_default()),
        Event::AiSpeechDetect(heard) => format!("heard: {}", heard.text),
        Event::AiBeginSpeaking(_) => "agent speaks".to_owned(),
        Event::AiResponse(answer) => format!("answer: {}", answer.response),
        Event::AiResponseUtterance(piece) => format!("piece: {}", piece.utterance()),
        Event::AiCompletion(said) => format!("said {}: {}", said.kind, said.text),
        Event::AiPostPrompt(outcome) => format!("outcome: {}", outcome.members()["post_prompt_data"]["raw"]),
        Event::AiStop(_) => "agent stops".to_owned(),
        Event::Ai(ai) => format!("agent is {}", ai.state),
        Event::LiveTranscribeUtterance(said) => format!("transcribed: {}", said.utterance.content),
        Event::LiveTranscribeSummary(summary) => format!("summary: {}", summary.conversation_summary),
        Event::LiveTranscribeLog(log) => format!("log of {}", log.conversation_log.len()),
        Event::Sidecar(event) => format!("sidecar: {}", event.report.kind),
        Event::Unknown(unknown) => format!("unknown: {}", unknown.event_type),
        _ => return None,
    })
}

#[test]
fn a_menu_hands_a_caller_to_an_agent_and_every_word_is_told_in_order() {
    let script = [
        Step::on(Cue::PromptFinished),
        Step::press("1"),
        Step::on(Cue::AiStarted),
        Step::wait(8.0),
        Step::say("A table for two"),
        Step::wait(20.0),
        Step::StaySilent,
    ];
    let events = Arc::new(Mutex::new(Vec::new()));
    let recorder = events.clone();
    on_a_call(caller(script), |call| async move {
        call.on(move |event: Event| {
            recorder.lock().expect("nobody panics").extend(in_words(&event));
            async {}
        });
        let menu = call.prompt_tts("Press 1 for a table.", Collect::digits(1)).await?.wait().await?;
        assert_eq!(menu.digits(), Some("1"));

        let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
        call.live_transcribe(LiveAction::transcribe("en-US", both).live_events(true)).await?;
        let sidecar = call.ai_sidecar("en-US").prompt("Watch for angry callers.").final_summary(true).await?;
        let heard = call.wait_for(|_: &AiSpeechDetectEvent| true);
        let stopped = call.wait_for(|_: &AiStopEvent| true);
        let agent =
            call.ai().prompt_text("You book tables.").post_prompt_url("https://example.com/outcome").await?;
        assert_eq!(heard.await?.text, "A table for two");
        let spoken = call.wait_for(|said: &AiCompletionEvent| said.text.starts_with("You said"));
        assert!(spoken.await?.segment_id.is_some());

        let asked = sidecar.ask("Is the caller upset?").await?;
        let answer = asked.answer().await?.expect("the sidecar runs");
        assert_eq!((answer.report.ask_id.as_ref(), asked.id().is_some()), (asked.id(), true));
        assert_eq!(answer.report.raw.as_deref(), Some("You asked: Is the caller upset?"));
        sidecar.poke("The table is free.").await?;
        let status = sidecar.status().await?;
        assert_eq!((status.running, status.ticks, status.errors), (Some(true), Some(3), Some(0)));
        assert_eq!((status.insights, status.skips, status.tools), (Some(1), Some(1), Some(0)));

        call.live_transcribe(LiveAction::summarize()).await?;
        let log = call.wait_for(|_: &LiveTranscribeLogEvent| true);
        call.live_transcribe(LiveAction::stop()).await?;
        let log = log.await?;
        assert_eq!((log.metrics.total_utterances, log.metrics.remote_caller_words), (Some(1), Some(4)));

        agent.stop().await?;
        assert_eq!(agent.wait().await?.state, AiState::Finished);
        let stopped = stopped.await?;
        let lasted =
            stopped.end_time.zip(stopped.start_time).and_then(|(end, start)| end.duration_since(start).ok());
        assert!(lasted.is_some_and(|lasted| (secs(8)..secs(60)).contains(&lasted)), "{lasted:?}");
        sidecar.stop().await?;
        let last = sidecar.wait().await?;
        assert_eq!(last.report.kind, SidecarKind::Final);
        assert!(last.report.summary.is_some());
        // It is over: that is no error for a stop, and one for a question.
        sidecar.stop().await?;
        assert_eq!(sidecar.ask("Still there?").await.expect_err("it is over").code(), Some(409));
        call.hangup().await
    });
    let events = events.lock().expect("nobody panics");
    let expected = [
        "sidecar: start",
        "agent starts",
        "agent speaks",
        "answer: Hello, how can I help you?",
        "piece: Hello, how can I help you?",
        "said normal: Hello, how can I help you?",
        "caller speaks",
        "part: A table",
        "transcribed: A table for two",
        "sidecar: turn",
        "sidecar: insight",
        "heard: A table for two",
        "agent speaks",
        "answer: You said: A table for two",
        "piece: You said: A table for two",
        "said normal: You said: A table for two",
        "sidecar: ask_request",
        "sidecar: ask_answer",
        "sidecar: turn",
        "sidecar: thought",
        "sidecar: skip",
        "summary: The caller said 1 sentences.",
        "log of 1",
        "outcome: \"The caller was helped.\"",
        "agent stops",
        "agent is finished",
        "sidecar: stop",
        "sidecar: final",
    ];
    assert_eq!(*events, expected);
}

#[test]
fn a_live_translation_is_told_in_both_languages() {
    let script = [Step::wait(3.0), Step::say("Good morning"), Step::StaySilent];
    on_a_call(caller(script), |call| async move {
        let ended = call.wait_for(|_: &LiveTranslateLogEvent| true);
        let summarised = call.wait_for(|_: &LiveTranslateSummaryEvent| true);
        call.live_translate(LiveAction::translate("en-US", "es-ES", [LiveDirection::RemoteCaller])).await?;
        let _ = call.wait_for_ended().timeout(secs(10)).await;
        call.live_translate(LiveAction::summarize()).await?;
        let summary = summarised.await?;
        assert!(
            summary.primary_conversation_summary.is_some()
                && summary.secondary_conversation_summary.is_some()
        );
        call.live_translate(LiveAction::stop()).await?;
        let log = ended.await?;
        assert_eq!(log.primary_conversation_log[0].content, "Good morning");
        assert_eq!(log.secondary_conversation_log[0].content, "[es-ES] Good morning");
        assert_eq!(log.translate_data["remote-caller"].to_language, "es-ES");
        Ok(())
    });
}

#[test]
fn questions_to_a_sidecar_are_told_apart_and_answers_can_be_waited_for_again() {
    on_a_call(caller([Step::StaySilent]), |call| async move {
        let sidecar = call.ai_sidecar("en-US").await?;
        let (first, second) = (sidecar.ask("One?").await?, sidecar.ask("Two?").await?);
        for _ in 0..2 {
            for (asked, words) in [(&second, "You asked: Two?"), (&first, "You asked: One?")] {
                let answer = asked.answer().timeout(secs(5)).await?.expect("there is an answer");
                assert_eq!(answer.report.raw.as_deref(), Some(words));
            }
        }
        call.hangup().await?;
        // Its events come before the end of the call.
        assert_eq!(sidecar.wait().await?.report.kind, SidecarKind::Final);
        Ok(())
    });
}

#[test]
fn a_sidecar_calls_its_function_and_says_what_it_makes_of_what_was_said() {
    let script = [Step::wait(3.0), Step::say("Cancel my order"), Step::StaySilent];
    on_a_call(caller(script), |call| async move {
        let report = |kind: SidecarKind| call.wait_for(move |event: &SidecarEvent| event.report.kind == kind);
        let (called, done, insight) =
            (report(SidecarKind::ToolCall), report(SidecarKind::ToolResult), report(SidecarKind::Insight));
        let functions = json!({"functions": [{"function": "look_up", "description": "Looks an order up"}]});
        let sidecar = call.ai_sidecar("en-US").swaig(functions).await?;
        let called = called.await?;
        assert_eq!(called.report.name.as_deref(), Some("look_up"));
        assert_eq!(called.report.arguments(), json!({"said": "Cancel my order"}));
        assert_eq!(done.await?.report.response(), json!({"done": true}));
        let insight = insight.await?;
        assert_eq!(insight.report.raw.as_deref(), Some("The caller said: Cancel my order"));
        assert_eq!((insight.report.iter, insight.report.total_iters), (Some(1), Some(1)));
        let status = sidecar.status().await?;
        assert_eq!((status.insights, status.tools, status.skips), (Some(1), Some(1), Some(0)));
        Ok(())
    });
}

#[test]
fn an_older_service_knows_no_sidecar() {
    let scenario = caller([Step::StaySilent]).reading(Reading::Sdks);
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    let refused = world.block_on(async {
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await?;
        call.ai_sidecar("en-US").await
    });
    assert_eq!(refused.expect_err("it does not know the method").code(), Some(-32601));
}

#[test]
fn a_sidecar_that_is_cut_off_with_its_call_ends_every_wait() {
    let scenario = caller([Step::StaySilent]).leave_operations_open(true);
    on_a_call(scenario, |call| async move {
        let sidecar = call.ai_sidecar("en-US").await?;
        let asked = sidecar.ask("One?").await?;
        let skipped = call.wait_for(|event: &SidecarEvent| event.report.kind == SidecarKind::Skip);
        call.hangup().await?;
        call.wait_for_ended().await?;
        assert!(skipped.await.expect_err("there is none").is_gone());
        assert!(asked.answer().await?.is_some(), "it came before");
        assert!(sidecar.poke("Still there?").await.expect_err("it is over").is_gone());
        let end = sidecar.wait().timeout(secs(60)).await;
        assert!(!matches!(end, Err(Error::TimedOut(_))), "{end:?}");
        Ok(())
    });
}
