//! What the examples do, on the scenarios that they do it on.

use serde_json::json;
use signalwire_relay_core::{
    AiRole, Call, Client, Collect, ConferenceEvent, ConnectState, Devices, EndReason, Error, MessageState,
    PhoneDevice, RecordDirection, audio, phone, secs, tts,
};
use signalwire_relay_simulator::Report;

use super::{OURS, Outcome, Play, builtin, serve, tally};
use crate::log::Log;
use crate::service::TestService;
use crate::trial::Failure;

const SALES: &str = "+15551001000";
const SUPPORT: &str = "+15552002000";

pub(super) fn plays() -> Vec<Play> {
    vec![
        Play::new("examples::hello", builtin("hello"), hello),
        Play::new("examples::ivr", builtin("ivr"), ivr),
        Play::new("examples::outbound", builtin("outbound"), outbound),
        Play::new("examples::sms", builtin("sms"), sms),
        Play::new("examples::voicemail_detect", builtin("voicemail_detect"), voicemail_detect),
        Play::new("examples::conference", builtin("conference"), conference),
        Play::new("examples::ai_agent", builtin("ai_agent"), ai_agent),
    ]
}

async fn hello(client: Client, service: TestService) -> Outcome {
    let outcomes = serve(&client, |call| async move {
        call.answer().await?;
        call.play_tts("Hello! It is good to hear from you.").await?.wait().await?;
        call.play_silence(secs(1)).await?.wait().await?;
        call.hangup().await?;
        assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
        Ok("greeted")
    });
    let outcomes = outcomes.at_least(2).await;
    assert_eq!(tally(&outcomes)?, ["gone", "greeted"], "the second hangs up in the middle of the greeting");
    service.all_over().await;
    Ok(())
}

async fn ivr(client: Client, service: TestService) -> Outcome {
    let recordings = Log::new();
    let recorded = recordings.clone();
    let outcomes = serve(&client, move |call| {
        let recorded = recorded.clone();
        async move { call.scope(menu(&call, recorded)).await }
    });
    let outcomes = outcomes.at_least(6).await;
    // One hangs up on the prompt, and one on support: there the end of the bridge and that of the call come together, and
    // the handler may have finished before it is given up.
    let mut branches = tally(&outcomes)?;
    if let Some(finished) = branches.iter().position(|branch| *branch == "talked to support") {
        branches[finished] = "gone";
        branches.sort_unstable();
    }
    assert_eq!(branches, ["another key", "gone", "gone", "left a message", "nothing", "talked to sales"]);
    for office in [SALES, SUPPORT] {
        service.reported(|report| matches!(report, Report::Bridged { to, .. } if to == office)).await;
    }
    service.all_over().await;
    let recordings: Vec<bool> = recordings.at_least(6).await;
    assert!(recordings.iter().all(|has_url| *has_url), "each call was recorded to its end");
    Ok(())
}

async fn menu(call: &Call, recorded: Log<bool>) -> Result<&'static str, Failure> {
    call.answer().await?;
    let recording = call
        .record()
        .direction(RecordDirection::Both)
        .stereo(true)
        .initial_timeout(secs(0))
        .end_silence_timeout(secs(0))
        .terminators("")
        .await?;
    recording.on_completed(move |end| async move {
        recorded.push(end.is_ok_and(|end| end.url().is_some()));
    });
    let menu = call
        .play_and_collect(
            audio("https://example.com/welcome.mp3")
                .then(tts("Press 1 for sales, 2 for support, or 3 to leave a message.")),
            Collect::digits(1).digit_timeout(secs(5)).initial_timeout(secs(6)),
        )
        .await?
        .wait()
        .await?;
    let branch = match menu.digits() {
        Some("1") => bridge(call, SALES).await.map(|()| "talked to sales")?,
        Some("2") => bridge(call, SUPPORT).await.map(|()| "talked to support")?,
        Some("3") => {
            recording.stop().await?;
            take_message(call).await?;
            "left a message"
        }
        Some(_) => say(call, "There is nothing behind that key.").await.map(|()| "another key")?,
        None => say(call, "I did not hear anything.").await.map(|()| "nothing")?,
    };
    call.hangup().await?;
    Ok(branch)
}

async fn say(call: &Call, text: &str) -> Outcome {
    call.play_tts(text).await?.wait().await?;
    Ok(())
}

async fn bridge(call: &Call, number: &str) -> Outcome {
    let bridge = call.connect(phone(number).from(OURS).timeout(secs(20))).await?;
    assert_eq!(bridge.connected().await?.connect_state, ConnectState::Connected);
    assert_eq!(bridge.wait().await?.connect_state, ConnectState::Disconnected);
    Ok(())
}

async fn take_message(call: &Call) -> Outcome {
    say(call, "Please leave a message after the tone.").await?;
    let message = call.record().beep(true).initial_timeout(secs(5)).end_silence_timeout(secs(3));
    let message = message.terminators("#").max_length(secs(120)).await?.wait().await?;
    assert!(message.url().is_some() && message.duration().is_some(), "{message:?}");
    say(call, "Thank you. Goodbye.").await
}

async fn outbound(client: Client, _service: TestService) -> Outcome {
    const ANSWERS: &str = "+15553330001";
    let numbers = [ANSWERS, "+15553330002", "+15553330003", "+15553330004"];
    let device = |number: &&str| -> PhoneDevice { phone(*number).from(OURS).timeout(secs(20)) };
    let plans: [Devices; 3] = [
        device(&ANSWERS).into(),
        // The last in the list is tried first; each is tried when the one before did not answer.
        Devices::serial(numbers.iter().rev().map(device)),
        Devices::parallel(numbers.iter().map(device)),
    ];
    for devices in plans {
        let call = client.dial(devices).await?;
        assert_eq!(call.device().callee(), Some(ANSWERS));
        call.scope(async { call.play_tts("The office is closed on Monday.").await?.wait().await }).await?;
        call.hangup().await?;
        assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
    }
    let busy = client.dial(device(&numbers[1])).await;
    assert!(matches!(busy, Err(Error::DialFailed(_))), "{busy:?}");
    Ok(())
}

async fn sms(client: Client, _service: TestService) -> Outcome {
    let replies = Log::new();
    let (told, sender) = (replies.clone(), client.clone());
    client.on_message(move |message| {
        let (told, sender) = (told.clone(), sender.clone());
        async move {
            let attachments = message.media.len();
            let reply = sender.send_message(message.from_number, message.to_number).body("At nine.").await?;
            told.push((message.body, attachments, reply.wait().await?.message_state));
            Ok::<(), Error>(())
        }
    });
    for (number, fate, reason) in [
        ("+15553330001", MessageState::Delivered, None),
        ("+15553330002", MessageState::Undelivered, Some("carrier_blocked")),
        ("+15553330003", MessageState::Failed, Some("spam")),
    ] {
        let message = client.send_message(number, OURS).body("Your table is ready.").tag("t");
        let last = message.await?.wait().await?;
        assert_eq!((&last.message_state, last.reason.as_deref()), (&fate, reason), "to {number}");
    }
    let replies = replies.at_least(2).await;
    let question = ("When do you open tomorrow?".to_owned(), 0, MessageState::Delivered);
    let picture = ("This is how I look".to_owned(), 1, MessageState::Delivered);
    assert_eq!(replies, [question, picture]);
    // The handler holds the client, and goes with it.
    client.on_message(|_| async {});
    Ok(())
}

async fn voicemail_detect(client: Client, _service: TestService) -> Outcome {
    for (number, expected) in
        [("+15553330001", "a person"), ("+15553330002", "a machine"), ("+15553330003", "a fax")]
    {
        let call = client.dial(phone(number).from(OURS).timeout(secs(30))).await?;
        let fax = call.detect_fax(None).run_for(secs(10)).await?;
        let detect = call.detect_answering_machine().run_for(secs(30)).await?;
        let first = detect.wait().await?;
        let who = if first.is_human() {
            "a person"
        } else if first.is_machine() {
            assert!(detect.ready().await?.is_ready(), "the machine beeps");
            "a machine"
        } else {
            assert_eq!(fax.wait().await?.result(), "CED");
            "a fax"
        };
        assert_eq!(who, expected);
        call.play_tts("Your order is ready.").await?.wait().await?;
        call.hangup().await?;
        call.wait_for_ended().await?;
    }
    Ok(())
}

async fn conference(client: Client, service: TestService) -> Outcome {
    let heard = Log::new();
    let sink = heard.clone();
    let outcomes = serve(&client, move |call| {
        let sink = sink.clone();
        async move {
            call.answer().await?;
            call.on(move |event: ConferenceEvent| {
                let sink = sink.clone();
                async move { sink.push(event.name) }
            });
            call.play_tts("You are joining the stand-up.").await?.wait().await?;
            let joined = call.join_conference("standup").start_on_enter(true).await?;
            assert!(joined.conference_id.is_some());
            Ok(call.wait_for_ended().await?)
        }
    });
    for outcome in outcomes.at_least(3).await {
        assert_eq!(outcome?, EndReason::Hangup);
    }
    service.all_over().await;
    let heard = heard.items();
    assert!(heard.len() >= 3 && heard.iter().all(|name| name == "standup"), "{heard:?}");
    Ok(())
}

async fn ai_agent(client: Client, service: TestService) -> Outcome {
    let outcomes = serve(&client, |call| async move {
        call.answer().await?;
        let agent = call
            .ai()
            .prompt_text("You tell callers that the shop is open from nine to five.")
            .languages([json!({"name": "English", "code": "en-US", "voice": "rime.spore"})])
            .await?;
        call.ai_message().role(AiRole::System).message_text("Be brief.").await?;
        // The first hangs up when all is said; the second would stay for long.
        if call.device().caller() == Some("+15551110001") {
            call.wait_for_ended().await?;
            return Ok("content");
        }
        let limit = secs(0.3);
        assert!(matches!(call.wait_for_ended().timeout(limit).await, Err(Error::TimedOut(_))));
        agent.stop().await?;
        agent.wait().await?;
        call.play_tts("Thank you for calling. Goodbye.").await?.wait().await?;
        call.hangup().await?;
        Ok("taken away")
    });
    assert_eq!(tally(&outcomes.at_least(2).await)?, ["content", "taken away"]);
    service.all_over().await;
    service.reported_times(3, |report| matches!(report, Report::Spoke { .. })).await;
    Ok(())
}
