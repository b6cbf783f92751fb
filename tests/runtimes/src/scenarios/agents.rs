//! AI on a call, over sockets: a menu that leads to an agent, with a live transcription and a sidecar that listen.

use std::sync::{Arc, Mutex};

use signalwire_relay_core::{
    AiCompletionEvent, AiSpeechDetectEvent, AiState, Client, Collect, Event, LiveAction, LiveDirection,
    LiveTranscribeLogEvent, SidecarKind, secs,
};
use signalwire_relay_simulator::{Cue, Reading, Scenario, Step};

use super::{Outcome, Play, answered, caller};
use crate::service::TestService;

pub(super) fn plays() -> Vec<Play> {
    let guest = caller([
        Step::on(Cue::PromptFinished),
        Step::press("1"),
        Step::on(Cue::AiStarted),
        Step::wait(8.0),
        Step::say("A table for two"),
        Step::StaySilent,
    ]);
    let script = Scenario::new().strict(true).caller(guest);
    vec![Play::new("agents::menu", script, menu).only_in(Reading::Specification)]
}

/// What an AI feature tells, in a few words.
fn in_words(event: &Event) -> Option<String> {
    Some(match event {
        Event::AiStart(_) => "agent starts".to_owned(),
        Event::AiSpeechDetect(heard) => format!("heard: {}", heard.text),
        Event::AiCompletion(said) => format!("said: {}", said.text),
        Event::AiStop(_) => "agent stops".to_owned(),
        Event::LiveTranscribeUtterance(said) => format!("transcribed: {}", said.utterance.content),
        Event::LiveTranscribeLog(log) => format!("log of {}", log.conversation_log.len()),
        Event::Sidecar(event) => format!("sidecar: {}", event.report.kind),
        _ => return None,
    })
}

async fn menu(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    call.on(move |event: Event| {
        telling.lock().expect("nobody panics").extend(in_words(&event));
        async {}
    });
    let choice = call.prompt_tts("Press 1 for a table.", Collect::digits(1)).await?.wait().await?;
    assert_eq!(choice.digits(), Some("1"));

    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    call.live_transcribe(LiveAction::transcribe("en-US", both).live_events(true)).await?;
    let sidecar = call.ai_sidecar("en-US").prompt("Watch.").final_summary(true).await?;
    let heard = call.wait_for(|_: &AiSpeechDetectEvent| true);
    let agent = call.ai().prompt_text("You book tables.").await?;
    assert_eq!(heard.await?.text, "A table for two");
    call.wait_for(|said: &AiCompletionEvent| said.text.starts_with("You said")).await?;

    let asked = sidecar.ask("Is the caller upset?").await?;
    let answer = asked.answer().timeout(secs(5)).await?.expect("the sidecar runs");
    assert_eq!(answer.report.raw.as_deref(), Some("You asked: Is the caller upset?"));
    sidecar.poke("The table is free.").await?;
    assert_eq!(sidecar.status().await?.running, Some(true));
    sidecar.stop().await?;
    assert_eq!(sidecar.wait().await?.report.kind, SidecarKind::Final);

    let log = call.wait_for(|_: &LiveTranscribeLogEvent| true);
    call.live_transcribe(LiveAction::stop()).await?;
    assert_eq!(log.await?.metrics.total_utterances, Some(1));
    agent.stop().await?;
    assert_eq!(agent.wait().await?.state, AiState::Finished);
    call.hangup().await?;
    call.wait_for_ended().await?;

    let told = told.lock().expect("nobody panics").clone();
    let order = ["agent starts", "heard: A table for two", "said: You said: A table for two", "agent stops"];
    let heard: Vec<_> = told.iter().filter(|line| order.contains(&line.as_str())).collect();
    assert_eq!(heard, order, "{told:?}");
    for line in [
        "transcribed: A table for two",
        "sidecar: start",
        "sidecar: ask_answer",
        "sidecar: final",
        "log of 1",
    ] {
        assert!(told.iter().any(|known| known == line), "{line}: {told:?}");
    }
    Ok(())
}
