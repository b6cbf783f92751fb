//! Every kind of operation on a call: started, steered, followed to its end.

use serde_json::json;
use signalwire_relay_core::{
    AiRole, Call, Client, Collect, ConnectState, FaxEvent, FaxTone, HoldEvent, LiveAction, LiveDirection,
    PlayEvent, PlayState, QueueStatus, RecordDirection, RecordState, ReferState, StreamState, TapState,
    TranscribeState, audio, phone, refer_to, ringtone, rtp, secs, silence, tts, ws,
};
use signalwire_relay_simulator::{Cue, Payment, Phone, Reading, Report, Scenario, Sound, Step};

use super::{OURS, Outcome, Play, answered, builtin, caller, one_caller, patient};
use crate::service::TestService;
use crate::trial::Failure;

const COLLEAGUE: &str = "+15551001000";
const BUSY: &str = "+15551001001";
const NOT_THERE: &str = "https://files.example/not-there.mp3";

pub(super) fn plays() -> Vec<Play> {
    let keys = |digits: &str| caller([Step::on(Cue::Collecting), Step::press(digits)]);
    let colleague = || {
        Scenario::new()
            .caller(patient())
            .phone(Phone::new(COLLEAGUE).answers_after(secs(1)))
            .phone(Phone::new(BUSY).busy())
            .phone(Phone::any().answers_after(secs(1)))
    };
    let talker = caller([Step::on(Cue::RecordingStarted), Step::say("This is my message")]);
    let fax = Phone::any().answers_after(secs(1)).script([Step::on(Cue::Detecting), Step::Sound(Sound::Ced)]);
    vec![
        Play::new("actions::play", one_caller(), play),
        Play::new("actions::play_to_the_end", one_caller().unplayable(NOT_THERE), play_to_the_end),
        Play::new("actions::record", Scenario::new().caller(talker), record),
        Play::new("actions::collect_digits", Scenario::new().caller(keys("12#")), collect_digits),
        Play::new("actions::collect_speech", builtin("speech"), collect_speech),
        Play::new("actions::collect_stopped", one_caller(), collect_stopped),
        Play::new("actions::play_and_collect", prompted(), play_and_collect),
        Play::new("actions::detect", Scenario::new().caller(detected()).phone(fax), detect),
        Play::new("actions::send_digits", one_caller(), send_digits),
        Play::new("actions::fax", one_caller().unplayable(NOT_THERE), fax_both_ways),
        Play::new("actions::tap_and_stream", one_caller(), tap_and_stream),
        Play::new("actions::transcribe", one_caller(), transcribe),
        Play::new("actions::live", one_caller(), live),
        Play::new("actions::ai", one_caller(), ai),
        Play::new("actions::pay", builtin("pay_fails_twice"), pay),
        Play::new("actions::pay_declined", declined(), pay_stopped),
        Play::new("actions::queue", builtin("queue"), queue_up),
        Play::new("actions::connect", colleague(), connect),
        Play::new("actions::refer_and_transfer", colleague().caller(patient()), refer_and_transfer),
        Play::new("actions::conference_and_room", one_caller(), conference_and_room),
        Play::new("actions::line", one_caller(), line),
        Play::new("actions::hold", one_caller(), hold).only_in(Reading::Sdks),
        Play::new("actions::bindings", one_caller(), bindings),
        Play::new("actions::end_with_the_call", one_caller(), end_with_the_call),
        Play::new(
            "actions::end_with_the_call_unsaid",
            one_caller().leave_operations_open(true),
            end_with_the_call,
        ),
        Play::new("actions::events_before_replies", eager(), play_to_the_end),
        Play::new("actions::tour", builtin("tour"), tour),
    ]
}

/// Somebody who presses keys after a prompt, and in the next prompt.
fn prompted() -> Scenario {
    Scenario::new().caller(caller([
        Step::on(Cue::PromptFinished),
        Step::press("1"),
        Step::on(Cue::PromptStarted),
        Step::press("2"),
    ]))
}

/// Somebody who presses a key when listened to.
fn detected() -> signalwire_relay_simulator::Caller {
    caller([Step::on(Cue::Detecting), Step::press("7")])
}

fn declined() -> Scenario {
    one_caller().payments([Payment::CardDeclined])
}

/// A service that tells what comes of a request before it answers it.
fn eager() -> Scenario {
    let faults = signalwire_relay_simulator::Faults { events_first: true, ..Default::default() };
    one_caller().unplayable(NOT_THERE).faults(faults)
}

/// Hangs up, and waits until that is done.
async fn over(call: &Call) -> Outcome {
    call.hangup().await?;
    call.wait_for_ended().await?;
    Ok(())
}

async fn play(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let paused = call.wait_for(|play: &PlayEvent| play.state == PlayState::Paused);
    let play = call.play_silence(secs(300)).volume(-3.0).control_id("k-1").await?;
    assert_eq!((play.control_id().as_str(), play.is_done()), ("k-1", false));
    play.pause().await?;
    assert_eq!(paused.await?.control_id.as_str(), "k-1");
    let resumed = call.wait_for(|play: &PlayEvent| play.state == PlayState::Playing);
    play.resume().await?;
    resumed.await?;
    play.volume(6.0).await?;
    play.stop().await?;
    assert_eq!(play.wait().await?.state, PlayState::Finished);
    play.stop().await?;
    over(&call).await
}

async fn play_to_the_end(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let list = tts("One.").then(silence(secs(0.5))).then(audio("https://files.example/a.mp3"));
    let play = call.play(list.then(ringtone("us").duration(secs(1)))).await?;
    assert_eq!(play.wait().await?.state, PlayState::Finished);
    let again = play.wait().await?;
    assert_eq!(again.state, PlayState::Finished, "it can be asked again");
    assert_eq!(call.play_audio(NOT_THERE).await?.wait().await?.state, PlayState::Error);
    assert_eq!(
        call.play_ringtone(ringtone("it").duration(secs(1))).await?.wait().await?.state.as_str(),
        "finished"
    );
    over(&call).await
}

async fn record(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let spoken = call.record().beep(true).end_silence_timeout(secs(2)).await?.wait().await?;
    assert_eq!(spoken.state, RecordState::Finished);
    assert!(spoken.url().is_some() && spoken.duration().is_some() && spoken.size().is_some(), "{spoken:?}");
    let long = call.record().stereo(true).direction(RecordDirection::Both).initial_timeout(secs(0)).await?;
    long.pause().behavior("silence").await?;
    long.resume().await?;
    long.stop().await?;
    assert!(long.wait().await?.url().is_some());
    let silent = call.record().initial_timeout(secs(2)).await?.wait().await?;
    assert_eq!(silent.state, RecordState::NoInput);
    over(&call).await
}

async fn collect_digits(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let keys = call.collect(Collect::digits(4).digit_timeout(secs(60)).terminators("#")).await?;
    let keys = keys.wait().await?;
    assert_eq!((keys.digits(), keys.terminator()), (Some("12"), Some("#")));
    let nothing = call.collect(Collect::digits(1).initial_timeout(secs(2))).await?.wait().await?;
    assert!(nothing.is_no_input(), "{nothing:?}");
    over(&call).await
}

async fn collect_speech(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let speech = Collect::speech().end_silence_timeout(secs(1)).speech_timeout(secs(20));
        let prompt = call.prompt_tts("What can I do for you?", speech.initial_timeout(secs(10))).await?;
        let answer = prompt.wait().await?;
        heard.extend(answer.text().map(str::to_owned));
    }
    assert_eq!(heard, ["I would like to book a table", "Tomorrow at eight, for four people"]);
    over(&call).await?;
    let call = answered(&client).await?;
    let prompt = call.prompt_tts("A long prompt that nobody wants to hear to its end.", Collect::speech());
    assert_eq!(prompt.await?.wait().await?.text(), Some("Just give me a person"));
    over(&call).await
}

async fn collect_stopped(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let waiting = Collect::digits(2).initial_timeout(secs(2)).start_input_timers(false);
    let collect = call.collect(waiting.clone()).await?;
    collect.start_input_timers().await?;
    assert!(collect.wait().await?.is_no_input(), "the timers run once they were started");
    let collect = call.collect(waiting).await?;
    collect.stop().await?;
    collect.wait().await?;
    let prompt = call.prompt_tts("A prompt that is stopped in the middle.", Collect::digits(1)).await?;
    prompt.volume(-3.0).await?;
    prompt.start_input_timers().await?;
    prompt.stop().await?;
    prompt.wait().await?;
    over(&call).await
}

async fn play_and_collect(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let one = Collect::digits(1).initial_timeout(secs(60));
    let first = call.prompt_tts("Press 1.", one.clone()).volume(-3.0).await?.wait().await?;
    assert_eq!(first.digits(), Some("1"));
    let list = audio("https://files.example/menu.mp3").then(tts("Or interrupt me."));
    let second = call.play_and_collect(list, one).await?.wait().await?;
    assert_eq!(second.digits(), Some("2"), "the prompt can be interrupted");
    let silent = Collect::digits(1).initial_timeout(secs(1));
    let third = call.prompt_audio("https://files.example/menu.mp3", silent).await?.wait().await?;
    assert!(third.is_no_input(), "{third:?}");
    over(&call).await
}

async fn detect(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let key = call.detect_digit("0123456789").await?;
    assert_eq!(key.wait().await?.result(), "7");
    key.stop().await?;
    let nothing = call.detect_answering_machine().initial_timeout(secs(1)).run_for(secs(60)).await?;
    nothing.stop().await?;
    nothing.wait().await?;
    over(&call).await?;
    let fax = client.dial(phone("+15553330003").from(OURS)).await?;
    assert_eq!(fax.detect_fax(FaxTone::Ced).run_for(secs(60)).await?.wait().await?.result(), "CED");
    over(&fax).await
}

async fn send_digits(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    call.send_digits("1w2W#").await?.wait().await?;
    service.reported(|report| matches!(report, Report::DigitsSent { digits, .. } if digits == "1w2W#")).await;
    over(&call).await
}

async fn fax_both_ways(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let document = "https://files.example/page.pdf";
    let fax = call.send_fax(document).identity(OURS).header_info("suite").await?;
    let mut pages = fax.events();
    let sent = fax.wait().await?;
    assert_eq!((sent.success(), sent.pages(), sent.document()), (Some(true), Some(2), Some(document)));
    let first = pages.next().await.expect("a page went through").expect("nothing was missed");
    assert!(matches!(&*first, signalwire_relay_core::Event::Fax(FaxEvent { .. })), "{first:?}");
    let received = call.receive_fax().await?.wait().await?;
    assert_eq!((received.success(), received.direction()), (Some(true), Some("receive")));
    let failed = call.send_fax(NOT_THERE).await?.wait().await?;
    assert_eq!(failed.success(), Some(false));
    let stopped = call.receive_fax().await?;
    stopped.stop().await?;
    assert_eq!(stopped.wait().await?.success(), Some(false));
    over(&call).await
}

async fn tap_and_stream(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let tap = call.tap(RecordDirection::Both, rtp("203.0.113.9", 4000)).await?;
    let copy = call.tap(RecordDirection::Speak, ws("wss://example.com/tap")).await?;
    let stream = call.stream("wss://example.com/stream").name("suite").await?;
    tap.stop().await?;
    assert_eq!(tap.wait().await?.state, TapState::Finished);
    assert!(!copy.is_done(), "one tap is not the other");
    copy.stop().await?;
    assert_eq!(copy.wait().await?.state, TapState::Finished);
    stream.stop().await?;
    assert_eq!(stream.wait().await?.state, StreamState::Finished);
    over(&call).await
}

async fn transcribe(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let transcription = call.transcribe().await?;
    call.play_tts("Some words.").await?.wait().await?;
    transcription.stop().await?;
    assert_eq!(transcription.wait().await?.state, TranscribeState::Finished);
    over(&call).await
}

async fn live(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    call.live_transcribe(LiveAction::transcribe("en-US", both.clone())).await?;
    call.live_transcribe(LiveAction::summarize()).await?;
    call.live_transcribe(LiveAction::stop()).await?;
    call.live_translate(LiveAction::translate("en-US", "es-ES", both)).await?;
    call.live_translate(LiveAction::inject("Hello", &LiveDirection::LocalCaller)).await?;
    call.live_translate(LiveAction::stop()).await?;
    over(&call).await
}

async fn ai(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let agent = call.ai().prompt_text("You are brief.").hints([json!("suite")]).await?;
    call.ai_message().message_text("Hurry up.").role(AiRole::User).await?;
    call.ai_hold().hold_for(secs(5)).prompt("One moment.").await?;
    call.ai_unhold().await?;
    assert!(call.ai().prompt_text("Me too.").await.is_err(), "there is one agent on a call");
    agent.stop().await?;
    agent.wait().await?;
    call.amazon_bedrock().prompt(json!({"text": "You are brief."})).await?;
    over(&call).await
}

async fn pay(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    for success in [false, false, true] {
        let payment = call.pay("https://example.com/pay").charge_amount("12.50").currency("usd");
        let payment = payment.max_attempts(1_u32).security_code(true).postal_code("true").await?;
        assert_eq!(payment.wait().await?.is_success(), success);
    }
    over(&call).await
}

async fn pay_stopped(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let payment = call.pay("https://example.com/pay").await?;
    payment.stop().await?;
    assert!(!payment.wait().await?.is_success());
    over(&call).await
}

async fn queue_up(client: Client, service: TestService) -> Outcome {
    let (first, second) = (answered(&client).await?, answered(&client).await?);
    let third = answered(&client).await?;
    let waiting = first.queue_enter("support").await?;
    let second_waiting = second.queue_enter("support").await?;
    let impatient = third.queue_enter("support").await?;
    // The third hangs up while waiting: what waits for that queue ends with the call.
    third.wait_for_ended().await?;
    if let Err(error) = impatient.wait().await {
        assert!(error.is_gone(), "{error}");
    }
    // An agent takes the first out.
    let agent = client.dial(phone(COLLEAGUE).from(OURS)).await?;
    let bridge = agent.connect(signalwire_relay_core::queue("support", first.node_id())).await?;
    assert_eq!(bridge.connected().await?.connect_state, ConnectState::Connected);
    assert_eq!(waiting.wait().await?.status, QueueStatus::Dequeue);
    // The second is taken out by us.
    second_waiting.leave("support").await?;
    assert_eq!(second_waiting.wait().await?.status, QueueStatus::Leave);
    over(&second).await?;
    bridge.wait().await?;
    over(&agent).await?;
    over(&first).await?;
    service.all_over().await;
    Ok(())
}

async fn connect(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let bridge = call.connect(phone(COLLEAGUE).from(OURS)).ringback(ringtone("us")).tag("suite").await?;
    let connected = bridge.connected().await?;
    assert_eq!(connected.connect_state, ConnectState::Connected);
    let peer = connected.peer.expect("there is another party");
    call.disconnect().await?;
    assert_eq!(bridge.wait().await?.connect_state, ConnectState::Disconnected);
    // Both stand alone now. The other was never ours, but it was called for us.
    let peer = json!({"call_id": peer.call_id, "node_id": peer.node_id, "reason": "hangup"});
    client.execute("calling.end", peer).await?;
    let busy = call.connect(phone(BUSY).from(OURS)).await?;
    assert_eq!(busy.connected().await?.connect_state, ConnectState::Failed);
    assert_eq!(busy.wait().await?.connect_state, ConnectState::Failed);
    over(&call).await
}

async fn refer_and_transfer(client: Client, service: TestService) -> Outcome {
    let (first, second) = (answered(&client).await?, answered(&client).await?);
    let referral = first.refer(refer_to("sip:desk@example.com").from("sip:suite@example.com")).await?;
    assert_eq!(referral.wait().await?.state, ReferState::Success);
    second.transfer("context:elsewhere").await?;
    over(&first).await?;
    // By the SDKs the call can still be hung up. By the newer specification it is somebody else's now, and gone for this
    // client.
    over(&second).await?;
    service.simulator().with(|board, now| board.hang_up(now, second.id().as_str()));
    service.all_over().await;
    Ok(())
}

async fn conference_and_room(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let joined = call.join_conference("suite").muted(true).max_participants(10_u32).await?;
    call.leave_conference(joined.conference_id.expect("it has an id")).await?;
    call.join_room("suite").await?;
    call.leave_room().await?;
    over(&call).await
}

async fn line(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    call.denoise().await?;
    call.denoise_stop().await?;
    call.echo().run_for(secs(5)).await?.wait().await?;
    call.user_event(json!({"topic": "suite", "row": 7})).await?;
    over(&call).await
}

async fn hold(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let held = call.wait_for(|_: &HoldEvent| true);
    call.hold().await?;
    held.await?;
    call.unhold().await?;
    over(&call).await
}

async fn bindings(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let play = call.play_silence(secs(600)).control_id("long").await?;
    let stop = json!({"control_id": "long"});
    call.bind_digit("*9", "calling.play.stop").bind_params(object(&stop)).max_triggers(1_u32).await?;
    service.simulator().with(|board, now| board.press(now, call.id().as_str(), "*9"));
    assert_eq!(play.wait().await?.state, PlayState::Finished);
    call.clear_digit_bindings().await?;
    over(&call).await
}

fn object(value: &serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    value.as_object().cloned().unwrap_or_default()
}

async fn end_with_the_call(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let play = call.play_silence(secs(6000)).await?;
    let record = call.record().initial_timeout(secs(0)).end_silence_timeout(secs(0)).await?;
    let collect = call.collect(Collect::digits(4).initial_timeout(secs(6000))).await?;
    let detect = call.detect_digit("0").run_for(secs(6000)).await?;
    let (done, completed) = (crate::log::Log::new(), crate::log::Log::new());
    let (told, sink) = (done.clone(), completed.clone());
    record.on_completed(move |end| async move { told.push(end.map(drop)) });
    let tap = call.tap(RecordDirection::Both, rtp("203.0.113.9", 4000));
    tap.on_completed(move |end| async move { sink.push(end.map(drop)) }).await?;
    service.simulator().with(|board, now| board.hang_up(now, call.id().as_str()));
    let ends = [
        play.wait().await.map(drop),
        record.wait().await.map(drop),
        collect.wait().await.map(drop),
        detect.wait().await.map(drop),
        done.at_least(1).await.remove(0),
        completed.at_least(1).await.remove(0),
    ];
    for end in ends {
        end.or_else(|error| if error.is_gone() { Ok(()) } else { Err(Failure::from(error)) })?;
    }
    let late = call.play_tts("Too late.").await.expect_err("it is over");
    assert!(late.is_gone(), "{late}");
    over(&call).await
}

/// A sequence in which each answer depends on what was asked before, in one call.
async fn tour(client: Client, _service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let prompt = call.prompt_tts("Two keys, please.", Collect::digits(2).initial_timeout(secs(60))).await?;
    assert_eq!(prompt.wait().await?.digits(), Some("12"));
    let collect = Collect::digits(4).terminators("#").initial_timeout(secs(60));
    assert_eq!(call.collect(collect).await?.wait().await?.digits(), Some("3"));
    assert!(call.record().end_silence_timeout(secs(2)).await?.wait().await?.url().is_some());
    assert_eq!(call.detect_digit("0123456789").await?.wait().await?.result(), "7");
    let payment = call.pay("https://example.com/pay").security_code(true).postal_code("true").await?;
    assert!(payment.wait().await?.is_success());
    over(&call).await
}
