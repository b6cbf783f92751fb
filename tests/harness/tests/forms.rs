//! The forms of the same message that the service may choose between: an application sees no difference.

use std::fmt::Debug;

use signalwire_relay_core::session::Notice;
use signalwire_relay_core::{Client, ClientStats, Collect, Confidence, DetectEvent, Error, phone, secs, tts};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Cue, Delivery, Payment, Phone, Reading, Scenario, Sound, Step};

const OURS: &str = "+15552220000";

/// The observations of an application, in order.
#[derive(Default)]
struct Diary(Vec<String>);

impl Diary {
    fn note(&mut self, what: &str, seen: impl Debug) {
        self.0.push(format!("{what}: {seen:?}"));
    }
}

fn scenario() -> Scenario {
    let card = [
        Step::on(Cue::CardNumberAsked),
        Step::press("4242424242424242#"),
        Step::on(Cue::ExpirationAsked),
        Step::press("1230"),
        Step::on(Cue::SecurityCodeAsked),
        Step::press("123"),
        Step::on(Cue::PostalCodeAsked),
        Step::press("10115#"),
        Step::on(Cue::PaymentOver),
    ];
    let script = [
        Step::on(Cue::PromptFinished),
        Step::press("12"),
        Step::on(Cue::Collecting),
        Step::say("I need some help"),
        // Nothing at all, then a noise.
        Step::on(Cue::Collecting),
        Step::wait(10.0),
        Step::on(Cue::Collecting),
        Step::say(""),
        Step::on(Cue::RecordingStarted),
        Step::say("This is my message"),
        Step::on(Cue::Detecting),
        Step::press("7"),
        Step::on(Cue::Detecting),
        Step::Sound(Sound::Ced),
    ];
    let script = script.into_iter().chain(card.clone()).chain(card).chain([Step::wait(900.0), Step::HangUp]);
    Scenario::new()
        .caller(Caller::new("+15551110000", OURS).script(script))
        .payments([Payment::Approved, Payment::CardDeclined])
        .phone(Phone::new("+15551000001").answers_after(secs(1)).script([Step::wait(3.0), Step::HangUp]))
        .phone(Phone::new("+15551000002").busy())
        .phone(Phone::new("+15551000003").no_answer())
        .phone(Phone::new("+15551000004").declines_after(secs(1)).messages(Delivery::Failed("spam".into())))
}

async fn inbound(client: &Client, diary: &mut Diary) -> Result<(), Error> {
    let call = client.incoming_calls().next().await.expect("a call");
    call.answer().await?;
    call.wait_for_answered().await?;
    let play = call.play_tts("Welcome.").await?;
    diary.note("played", play.wait().await?.state);
    let menu = call.prompt_tts("Two keys.", Collect::digits(2)).await?.wait().await?;
    diary.note("keys", (menu.digits(), menu.terminator()));
    let speech = Collect::speech().partial_results(true).send_start_of_input(true);
    let said = call.collect(speech).await?.wait().await?;
    diary.note("said", (said.text(), said.confidence().and_then(Confidence::fraction)));
    let silent = call.collect(Collect::digits(1).initial_timeout(secs(2))).await?.wait().await?;
    diary.note("no input", (silent.is_no_input(), silent.digits()));
    let noise = call.collect(Collect::speech().initial_timeout(secs(30))).await?.wait().await?;
    diary.note("a noise", (noise.is_no_input(), noise.text()));
    let stopped = call.collect(Collect::digits(1).initial_timeout(secs(30))).await?;
    stopped.stop().await?;
    diary.note("stopped", stopped.wait().await?.digits());

    let recording = call.record().end_silence_timeout(secs(1)).await?.wait().await?;
    diary.note(
        "recorded",
        (recording.state.as_str(), recording.url(), recording.duration(), recording.size()),
    );
    let key = call.detect_digit("0123456789").await?;
    diary.note("key", key.wait().await?.result());
    let end = call.wait_for(|_: &DetectEvent| true);
    let fax = call.detect_fax(None).await?;
    diary.note("tone", fax.wait().await?.result());
    end.await?;
    let nothing = call.detect_digit("1").await?;
    nothing.stop().await?;
    nothing.wait().await?;

    for _ in 0..2 {
        let payment = call.pay("https://example.com/pay").await?.wait().await?;
        diary.note("paid", payment.is_success());
    }
    let payment = call.pay("https://example.com/pay").await?;
    payment.stop().await?;
    diary.note("paid after all", payment.wait().await?.is_success());
    let fax = call.send_fax("https://example.com/page.pdf").await?.wait().await?;
    diary.note("faxed", (fax.document(), fax.pages(), fax.success(), fax.result()));
    let agent = call.ai().prompt_text("You give tours.").await?;
    diary.note("too late", call.denoise_stop().await.expect_err("there is none").code());
    agent.stop().await?;
    diary.note("the agent", agent.wait().await?.state);

    let bridge = call.connect(phone("+15551000001").from(OURS)).await?;
    diary.note("bridged", bridge.connected().await?.connect_state);
    diary.note("separated", bridge.wait().await?.connect_state);
    let failed = call.connect(phone("+15551000002").from(OURS)).await?;
    diary.note("not bridged", failed.wait().await?.connect_state);
    diary.note("the list", call.play(tts("Bye.")).await?.wait().await?.state);
    call.hangup().await?;
    diary.note("ended", call.wait_for_ended().await?);
    Ok(())
}

async fn outbound(client: &Client, diary: &mut Diary) -> Result<(), Error> {
    let call = client.dial(phone("+15551000001").from(OURS)).await?;
    diary.note("dialled", (call.state(), call.direction()));
    diary.note("they hung up", call.wait_for_ended().await?);
    for number in ["+15551000002", "+15551000003", "+15551000004"] {
        let error = client.dial(phone(number).from(OURS).timeout(secs(5))).await.expect_err("nobody answers");
        diary.note(number, matches!(error, Error::DialFailed(_)));
    }
    for number in ["+15551000001", "+15551000004"] {
        let message = client.send_message(number, OURS).body("Hello").await?;
        let end = message.wait().await?;
        diary
            .note("message", (end.message_state, message.state(), message.reason(), message.to().to_owned()));
        diary.note("its text", (message.body().to_owned(), message.tags().len()));
    }
    Ok(())
}

/// Returns the diary of an application that meets a service in one of its readings, with or without the other forms.
fn seen(reading: Reading, other_forms: bool) -> Vec<String> {
    let mut world = World::new(scenario().reading(reading).other_forms(other_forms), 1);
    let client = world.client(World::config());
    let mut diary = Diary::default();
    world
        .block_on(async {
            inbound(&client, &mut diary).await?;
            outbound(&client, &mut diary).await
        })
        .unwrap_or_else(|error| panic!("{reading:?}, other forms {other_forms}: {error}; {:#?}", diary.0));
    world.pass(secs(60));
    assert!(world.stats().iter().all(|stats| *stats == ClientStats::default()), "{:?}", world.stats());
    let (service, _) = world.service();
    assert_eq!(service.violations(), [], "the service objects");
    let notices = world.take_notices();
    assert!(!notices.iter().any(|notice| matches!(notice, Notice::FrameIgnored(_))), "{notices:?}");
    diary.0
}

#[test]
fn an_application_sees_the_same_in_each_reading_and_form() {
    let usual = seen(Reading::Specification, false);
    assert!(usual.len() > 20);
    for (reading, other_forms) in
        [(Reading::Specification, true), (Reading::Sdks, false), (Reading::Sdks, true)]
    {
        assert_eq!(usual, seen(reading, other_forms), "{reading:?}, other forms {other_forms}");
    }
}
