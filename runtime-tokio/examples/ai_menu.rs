//! A menu that hands callers to an AI agent. A live transcription writes down what is said, a sidecar listens and is asked
//! how it goes, and what each of them tells is printed.
//!
//! Without credentials in the environment it plays on a simulator. With them it serves the context `default` of
//! `SIGNALWIRE_SPACE` until Ctrl-C. The transcription and the sidecar are of the newer specification: a service that does
//! not have them refuses them, and the agent talks alone.

use std::error::Error as StdError;

use signalwire_relay_simulator::Demo;
use signalwire_relay_tokio::{
    AiCompletionEvent, AiSpeechDetectEvent, AiStopEvent, Call, Collect, Config, Error, Event, LiveAction,
    LiveDirection, RelayClient, secs,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("ai_menu")?;
    let config = Config::from_vars(|name| demo.var(name)).contexts(["default"]);
    let client = RelayClient::connect(config).await?;
    client.on_call(menu);
    let closing = client.clone();
    demo.print_reports(move || closing.drain(None));
    client.run().await?;
    Ok(demo.check()?)
}

async fn menu(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let question = "To book a table, press one. For anything else, press two.";
    let choice = call.prompt_tts(question, Collect::digits(1)).await?.wait().await?;
    if choice.digits() == Some("1") {
        call.on(print_event);
        make_appointment(&call).await?;
    }
    call.play_tts("Thank you for calling. Goodbye.").await?.wait().await?;
    call.hangup().await
}

/// Prints what the agent, the transcription and the sidecar tell.
async fn print_event(event: Event) {
    match event {
        Event::AiSpeechDetect(AiSpeechDetectEvent { text, .. }) => println!("  the agent heard: {text}"),
        Event::AiCompletion(AiCompletionEvent { text, kind, .. }) => {
            println!("  the agent said, {kind}: {text}");
        }
        Event::AiStop(AiStopEvent { start_time, end_time, .. }) => {
            let lasted = end_time.zip(start_time).and_then(|(end, start)| end.duration_since(start).ok());
            println!("  the agent is done after {:.0?}", lasted.unwrap_or_default());
        }
        Event::LiveTranscribeUtterance(said) => {
            println!("  written down, {}: {}", said.utterance.role, said.utterance.content);
        }
        Event::LiveTranscribeLog(log) => {
            println!(
                "  {} entries, {:?} utterances",
                log.conversation_log.len(),
                log.metrics.total_utterances
            );
        }
        Event::Sidecar(event) => println!("  the sidecar: {}", event.report.kind),
        _ => {}
    }
}

async fn make_appointment(call: &Call) -> Result<(), Error> {
    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    let transcription = LiveAction::transcribe("en-US", both).live_events(true);
    let listens = call.live_transcribe(transcription).await;
    // It needs a transcription.
    let sidecar = match &listens {
        Ok(()) => {
            call.ai_sidecar("en-US").prompt("Watch for callers who get angry.").final_summary(true).await.ok()
        }
        Err(_) => None,
    };
    let heard = call.wait_for(|_: &AiSpeechDetectEvent| true).timeout(secs(60));
    let agent = call.ai().prompt_text("You book tables. Ask for the time and the number of people.").await?;
    if let Err(error) = heard.await {
        println!("nothing was said: {error}");
    }
    if let Some(sidecar) = &sidecar {
        let answer = sidecar.ask("Is the caller content?").await?.answer().timeout(secs(10)).await?;
        println!("  the sidecar's answer: {:?}", answer.and_then(|event| event.report.raw));
        println!("  the sidecar's figures: {:?}", sidecar.status().await?);
        sidecar.stop().await?;
        println!("  the sidecar's summary: {:?}", sidecar.wait().timeout(secs(10)).await?.report.summary);
    }
    if listens.is_ok() {
        call.live_transcribe(LiveAction::stop()).await?;
    }
    agent.stop().await?;
    agent.wait().timeout(secs(10)).await?;
    Ok(())
}
