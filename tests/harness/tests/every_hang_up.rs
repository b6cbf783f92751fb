//! Applications whose callers and callees hang up at each frame in turn: every wait ends with an error that says that
//! the call is gone.

use std::sync::{Arc, Mutex};

use signalwire_relay_core::{Call, Client, Collect, Devices, DigitDetector, Error, phone, secs, ws};
use signalwire_relay_harness::{Break, EveryCut, Tally};
use signalwire_relay_simulator::{Caller, Cue, Phone, Scenario, Step};

const OURS: &str = "+15552220000";
const SALES: &str = "+15551001000";

/// The outcomes of the waits of an application.
#[derive(Clone, Default)]
struct Outcomes(Arc<Mutex<Ends>>);

#[derive(Default)]
struct Ends {
    well: usize,
    gone: usize,
    surprises: Vec<String>,
}

impl Outcomes {
    fn note(&self, outcome: Result<(), Error>, expected: impl Fn(&Error) -> bool) {
        let mut ends = self.0.lock().expect("unpoisoned");
        match outcome {
            Ok(()) => ends.well += 1,
            Err(error) if error.is_gone() || expected(&error) => ends.gone += 1,
            Err(error) => ends.surprises.push(error.to_string()),
        }
    }
}

/// Plays a flow with a service that sends the end of each operation when a call ends, with one that does not, and with
/// latency, so that requests and hang-ups cross on the way.
fn play(scenario: &Scenario, application: impl AsyncFn(Client, Tally, Outcomes)) {
    for (leave_open, latency) in [(false, 0.0), (true, 0.0), (true, 0.05)] {
        let outcomes = Outcomes::default();
        let scenario = scenario.clone().leave_operations_open(leave_open);
        let every = EveryCut::new(scenario).latency(secs(latency)).breaking([Break::HangUp]);
        let findings = every.run(|client, tally| application(client, tally, outcomes.clone()));
        println!("{} runs, {} steps", findings.runs, findings.steps);
        findings.expect_none();
        let ends = outcomes.0.lock().expect("unpoisoned");
        assert!(ends.surprises.is_empty(), "{:#?}", ends.surprises);
        // Undisturbed, everything goes well; and some hang-ups come too early for that.
        assert!(ends.well > 0 && ends.gone > 10, "{} went well, {} did not", ends.well, ends.gone);
    }
}

/// Awaits one thing of each kind after the other.
async fn everything(call: Call) -> Result<(), Error> {
    call.answer().await?;
    call.wait_for_answered().await?;
    call.play_tts("Hello.").await?.wait().await?;
    let prompt = call.prompt_tts("Press 1.", Collect::digits(1).initial_timeout(secs(10))).await?;
    prompt.wait().await?;
    let recording = call.record().initial_timeout(secs(0)).await?;
    let music = call.play_silence(secs(30)).await?;
    music.pause().await?;
    music.resume().await?;
    music.volume(-3.0).await?;
    music.stop().await?;
    music.wait().await?;
    recording.stop().await?;
    recording.wait().await?;
    call.collect(Collect::digits(1).initial_timeout(secs(2))).await?.wait().await?;
    call.send_digits("12#").await?.wait().await?;
    call.detect(DigitDetector::default()).run_for(secs(3)).await?.wait().await?;
    let tap = call.tap("both", ws("wss://example.com/tap")).await?;
    tap.stop().await?;
    tap.wait().await?;
    let stream = call.stream("wss://example.com/stream").await?;
    stream.stop().await?;
    stream.wait().await?;
    let transcription = call.transcribe().await?;
    transcription.stop().await?;
    transcription.wait().await?;
    call.echo().run_for(secs(5)).await?.wait().await?;
    let conference = call.join_conference("standup").start_on_enter(true).await?;
    call.leave_conference(conference.conference_id.expect("it is named")).await?;
    let bridge = call.connect(phone(SALES).from(OURS)).await?;
    bridge.connected().await?;
    bridge.wait().await?;
    call.play_tts("Goodbye.").on_completed(|_| async {}).await?.wait().await?;
    call.hangup().await?;
    call.wait_for_ended().await?;
    Ok(())
}

#[test]
fn whatever_is_awaited_on_a_call_ends_when_the_caller_hangs_up() {
    let script = [Step::on(Cue::PromptFinished), Step::press("1"), Step::wait(600.0), Step::HangUp];
    let scenario = Scenario::new()
        .caller(Caller::new("+15551110000", OURS).script(script))
        .phone(Phone::new(SALES).answers_after(secs(3.0)).script([Step::wait(5.0), Step::HangUp]));
    play(&scenario, async |client, tally, outcomes| {
        client.on_call(move |call| {
            tally.count(call.id());
            let outcomes = outcomes.clone();
            async move { outcomes.note(everything(call).await, |_| false) }
        });
    });
}

#[test]
fn whatever_is_awaited_at_once_ends_when_the_caller_hangs_up() {
    let caller = Caller::new("+15551110000", OURS).script([Step::wait(90.0), Step::HangUp]);
    play(&Scenario::new().caller(caller), async |client, tally, outcomes| {
        client.on_call(move |call| {
            tally.count(call.id());
            let outcomes = outcomes.clone();
            async move {
                let answered = call.answer().await;
                outcomes.note(answered, |_| false);
                // All of them wait for something that only the end of the call brings about.
                let (record, music) =
                    (call.record().initial_timeout(secs(0)).await, call.play_silence(secs(600)).await);
                let ended = call.wait_for_ended().await;
                outcomes.note(ended.map(drop), |_| false);
                for outcome in [
                    async { record?.wait().await.map(drop) }.await,
                    async { music?.wait().await.map(drop) }.await,
                    call.wait_for(|_: &signalwire_relay_core::SendDigitsEvent| true).await.map(drop),
                    call.wait_for_answered().await,
                    call.wait_for_ending().await,
                    call.hangup().await,
                ] {
                    outcomes.note(outcome, |_| false);
                }
            }
        });
    });
}

#[test]
fn whatever_is_awaited_of_a_dial_ends_when_those_who_are_called_hang_up() {
    let scenario = Scenario::new().phone(Phone::any().answers_after(secs(2.0)).script([
        Step::wait(1.0),
        Step::say("Hello?"),
        Step::wait(60.0),
        Step::HangUp,
    ]));
    play(&scenario, async |client, tally, outcomes| {
        for number in ["+15553330001", "+15553330003"] {
            let both = [number, "+15553330002"].map(|number| phone(number).from(OURS));
            let outcome = async {
                let call = client.dial(Devices::parallel(both)).timeout(secs(30)).await?;
                tally.count(call.id());
                call.play_tts("Your order is ready.").await?.wait().await?;
                call.hangup().await?;
                call.wait_for_ended().await.map(drop)
            };
            outcomes.note(outcome.await, |error| matches!(error, Error::DialFailed(_)));
        }
    });
}
