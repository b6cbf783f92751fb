//! Typical applications with the connection lost at each frame in turn: every application ends, no call is left at the
//! service, every table is empty, nothing happens twice.

use signalwire_relay_core::{Call, Client, Collect, ConnectState, Error, phone, secs};
use signalwire_relay_harness::{Break, EveryCut, Findings, Tally, every_cut};
use signalwire_relay_simulator::{Caller, Cue, Delivery, Message, Phone, Scenario, Sound, Step};

const OURS: &str = "+15552220000";
const SALES: &str = "+15551001000";
const FRIEND: &str = "+15553330001";
const MACHINE: &str = "+15553330002";

/// Plays a flow without latency, and with latency and every kind of break.
fn expect_none(scenario: Scenario, application: impl AsyncFn(Client, Tally)) {
    let check = |findings: Findings| {
        println!("{} runs, {} steps", findings.runs, findings.steps);
        findings.expect_none();
    };
    let play = |client, tally| application(client, tally);
    check(every_cut(&scenario, play));
    let delayed = EveryCut::new(scenario).seed(2).latency(secs(0.05));
    check(delayed.breaking([Break::Cut, Break::HalfOpen, Break::Stall(secs(35))]).run(play));
}

fn menu() -> Scenario {
    let script = [Step::on(Cue::PromptFinished), Step::press("1"), Step::wait(90.0), Step::HangUp];
    Scenario::new()
        .caller(Caller::new("+15551110000", OURS).script(script))
        .phone(Phone::new(SALES).answers_after(secs(3.0)).script([Step::wait(20.0), Step::HangUp]))
}

async fn serve(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let menu =
        call.prompt_tts("Press 1.", Collect::digits(1).initial_timeout(secs(10))).await?.wait().await?;
    if menu.digits() == Some("1") {
        let bridge = call.connect(phone(SALES).from(OURS)).await?;
        if bridge.connected().await?.connect_state == ConnectState::Connected {
            bridge.wait().await?;
        }
    }
    call.play_tts("Goodbye.").await?.wait().await?;
    call.hangup().await
}

#[test]
fn a_phone_menu_survives_every_cut() {
    expect_none(menu(), async |client, tally| {
        client.on_call(move |call| {
            tally.count(call.id());
            serve(call)
        });
    });
}

#[test]
fn a_phone_menu_that_takes_calls_one_by_one_survives_every_cut() {
    expect_none(menu(), async |client, tally| {
        // The caller hangs up after thirty seconds, so there may be no call to serve.
        let next = async { client.incoming_calls().next().await.ok_or(()) };
        let no_call = async {
            let _ = client.closed().timeout(secs(120)).await;
            Err(())
        };
        if let Ok(call) = futures_lite::future::or(next, no_call).await {
            tally.count(call.id());
            let outcome = call.scope(serve(call.clone())).await;
            if outcome.is_err() {
                // It may be that this is not heard either; a second word is one's own to say.
                while call.hangup().await.is_err() {}
            }
            call.wait_for_ended().await.expect("it ends");
        }
    });
}

#[test]
fn an_outbound_call_survives_every_cut() {
    let scenario = Scenario::new()
        .phone(Phone::new(FRIEND).answers_after(secs(2.0)).script([
            Step::wait(1.0),
            Step::say("Hello?"),
            Step::wait(40.0),
            Step::HangUp,
        ]))
        .phone(Phone::new(MACHINE).answers_after(secs(4.0)).script([
            Step::wait(1.0),
            Step::say("You have reached Robin, who cannot come to the phone right now."),
            Step::Sound(Sound::Beep),
            Step::wait(40.0),
            Step::HangUp,
        ]));
    expect_none(scenario, async |client, tally| {
        for number in [FRIEND, MACHINE] {
            let Ok(call) = client.dial(phone(number).from(OURS)).timeout(secs(30)).await else { continue };
            tally.count(call.id());
            let outcome: Result<(), Error> = async {
                let detect = call.detect_answering_machine().run_for(secs(20)).await?;
                if detect.wait().await?.is_machine() {
                    detect.ready().timeout(secs(20)).await?;
                }
                call.play_tts("Your order is ready.").await?.wait().await?;
                Ok(())
            }
            .await;
            tally.count(format!("outcome of {}: {}", call.id(), outcome.is_ok()));
            while call.hangup().await.is_err() {}
            call.wait_for_ended().await.expect("it ends");
        }
    });
}

#[test]
fn a_race_of_phones_survives_every_cut() {
    let scenario = Scenario::new()
        .phone(Phone::new(FRIEND).answers_after(secs(2.0)).script([Step::wait(40.0), Step::HangUp]))
        .phone(Phone::new(MACHINE).answers_after(secs(2.0)).script([Step::wait(40.0), Step::HangUp]));
    expect_none(scenario, async |client, tally| {
        let both = [FRIEND, MACHINE].map(|number| phone(number).from(OURS));
        let devices = signalwire_relay_core::Devices::parallel(both);
        if let Ok(call) = client.dial(devices).timeout(secs(30)).await {
            tally.count(call.id());
            while call.hangup().await.is_err() {}
        }
    });
}

#[test]
fn messages_survive_every_cut() {
    let scenario = Scenario::new()
        .message(Message::new("+15551110000", OURS, "When do you open?"))
        .phone(Phone::new(FRIEND))
        .phone(Phone::new(MACHINE).messages(Delivery::Undelivered("carrier_blocked".into())));
    expect_none(scenario, async |client, tally| {
        let replies = client.clone();
        client.on_message(move |message| {
            tally.count(&message.message_id);
            let replies = replies.clone();
            async move {
                let reply =
                    replies.send_message(message.from_number, message.to_number).body("At nine.").await?;
                reply.wait().await?;
                Ok::<(), Error>(())
            }
        });
        for number in [FRIEND, MACHINE] {
            if let Ok(message) = client.send_message(number, OURS).body("Your table is ready.").await {
                let _ = message.wait().await;
            }
        }
        // The handler holds the client.
        client.on_message(|_| async {});
    });
}

#[test]
fn a_conference_survives_every_cut() {
    let caller = |number: &str, stays: f64| {
        Caller::new(number, OURS).script([Step::on(Cue::Answered), Step::wait(stays), Step::HangUp])
    };
    let scenario = Scenario::new().caller(caller("+15551110001", 40.0)).caller(caller("+15551110002", 50.0));
    expect_none(scenario, async |client, tally| {
        client.on_call(move |call| {
            tally.count(call.id());
            async move {
                call.answer().await?;
                call.play_tts("You are joining the meeting.").await?.wait().await?;
                call.join_conference("standup").start_on_enter(true).await?;
                call.wait_for_ended().await
            }
        });
    });
}

#[test]
fn what_a_cut_leaves_behind_is_found() {
    // An application that neither answers nor gives back leaves its caller waiting for the end of the world.
    let caller = Caller::new("+15551110000", OURS).patience(secs(3600)).script([Step::wait(7200.0)]);
    let findings = std::panic::catch_unwind(|| {
        every_cut(&Scenario::new().caller(caller), async |client, _| {
            let call = client.incoming_calls().next().await.expect("a call");
            call.answer().await.expect("accepted");
            call.wait_for_ended().await
        })
    });
    let panic = findings.expect_err("undisturbed already");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(text.contains("Hang") && text.contains("Unended"), "{text}");
}
