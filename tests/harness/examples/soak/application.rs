//! The application of a worker: the same program in virtual and in real time.

use signalwire_relay_core::{
    Call, Client, Collect, ConnectState, Devices, Error, MessageReceiveEvent, phone, secs,
};

use crate::parties::{ANSWERS, ANSWERS_TOO, BUSY, DECLINES, DIAL, MACHINE, OURS, SILENT};
use crate::tally::Tally;

/// Registers the handlers of calls and messages.
pub(crate) fn serve(client: &Client, tally: &Tally) {
    let (replies, counts) = (client.clone(), tally.clone());
    client.on_call(move |call| {
        let (client, tally) = (replies.clone(), counts.clone());
        async move {
            let _running = tally.begin();
            let outcome = call.scope(answer(&client, &call)).await;
            tally.call_over(&outcome);
            outcome
        }
    });
    let (replies, counts) = (client.clone(), tally.clone());
    client.on_message(move |message| {
        let (client, tally) = (replies.clone(), counts.clone());
        async move {
            let _running = tally.begin();
            let outcome = read(&client, &tally, &message).await;
            tally.message_over(&outcome);
            outcome
        }
    });
}

/// Handles a call as the number selects that was called.
async fn answer(client: &Client, call: &Call) -> Result<(), Error> {
    match call.device().callee().and_then(|number| number.chars().last()) {
        Some('1' | '2') => menu(call).await,
        Some('3') => ask_for_number(client, call).await,
        Some('4') => take_message(call).await,
        Some('5') => hold_forth(call).await,
        // A call for another worker.
        Some('6') => call.pass().await.map(drop),
        Some('7') => listen(call).await,
        Some('8') => {
            call.answer().await?;
            // Louder than allowed: the handler fails, and its call is hung up.
            call.play_tts("Hello!").volume(100.0).await.map(drop)
        }
        // The call is answered, and goes on until the caller hangs up.
        Some('9') => call.answer().await.map(drop),
        _ => hello(call).await,
    }
}

async fn hello(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    call.play_tts("Hello, and goodbye.").await?.wait().await?;
    call.hangup().await
}

async fn menu(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    let _recording = call.record().initial_timeout(secs(0)).end_silence_timeout(secs(0)).await?;
    let prompt = call
        .prompt_tts("Press 1 for sales, 2 for support.", Collect::digits(1).initial_timeout(secs(6)))
        .await?;
    match prompt.wait().await?.digits() {
        Some("1") => bridge(call, ANSWERS).await?,
        Some("2") => bridge(call, BUSY).await?,
        Some("3") => return take_message(call).await,
        _ => {
            call.play_tts("There is nothing behind that key.").await?.wait().await?;
        }
    }
    call.hangup().await
}

async fn bridge(call: &Call, number: &str) -> Result<(), Error> {
    let bridge = call.connect(phone(number).from(format!("{OURS}0")).timeout(secs(20))).await?;
    if bridge.connected().await?.connect_state == ConnectState::Connected {
        bridge.wait().await?;
    }
    Ok(())
}

async fn ask_for_number(client: &Client, call: &Call) -> Result<(), Error> {
    call.answer().await?;
    let collect = call.collect(Collect::digits(4).terminators("#").initial_timeout(secs(8))).await?;
    let heard = collect.wait().await?.digits().map(str::to_owned);
    if let (Some(digits), Some(caller)) = (heard, call.device().caller()) {
        let message =
            client.send_message(caller, format!("{OURS}0")).body(format!("You entered {digits}.")).await?;
        message.wait().timeout(secs(60)).await?;
    }
    call.hangup().await
}

async fn take_message(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    call.play_tts("Please leave a message.").await?.wait().await?;
    let message = call.record().beep(true).end_silence_timeout(secs(3)).max_length(secs(20)).await?;
    message.wait().await?;
    call.hangup().await
}

/// Says more than anybody wants to hear, and stops.
async fn hold_forth(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    let speech = call.play_tts("There is so much to be said. ".repeat(40)).await?;
    if matches!(speech.wait().timeout(secs(4)).await, Err(Error::TimedOut(_))) {
        speech.pause().await?;
        speech.resume().await?;
        speech.stop().await?;
        speech.wait().await?;
    }
    call.send_digits("12w#").await?.wait().await?;
    call.hangup().await
}

/// Starts to listen, and thinks better of it.
async fn listen(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    let _events = call.events();
    let collect = call.collect(Collect::digits(9)).await?;
    drop(call.wait_for_ended().timeout(secs(3)).await);
    collect.stop().await?;
    drop(collect);
    call.hangup().await
}

async fn read(client: &Client, tally: &Tally, message: &MessageReceiveEvent) -> Result<(), Error> {
    if let Some(way) = message.body.strip_prefix(DIAL) {
        let call = dial(client, way).await?;
        tally.dial_answered();
        return call.scope(announce(&call)).await;
    }
    let reply = client.send_message(&*message.from_number, &*message.to_number).body("At nine.").await?;
    reply.wait().timeout(secs(60)).await.map(drop)
}

async fn dial(client: &Client, way: &str) -> Result<Call, Error> {
    let device = |number: &str| phone(number).from(format!("{OURS}0")).timeout(secs(15));
    let devices: Devices = match way {
        "0" => device(ANSWERS).into(),
        "1" => Devices::serial([BUSY, SILENT, ANSWERS_TOO].map(device)),
        "2" => Devices::parallel([ANSWERS, ANSWERS_TOO, SILENT, DECLINES].map(device)),
        "3" => device(DECLINES).into(),
        "4" => device(MACHINE).into(),
        // Given up just when somebody answers.
        _ => return client.dial(device(ANSWERS)).timeout(secs(3)).await,
    };
    client.dial(devices).timeout(secs(60)).await
}

async fn announce(call: &Call) -> Result<(), Error> {
    let detect = call.detect_answering_machine().run_for(secs(15)).await?;
    if detect.wait().await?.is_machine() {
        detect.ready().timeout(secs(15)).await?;
    }
    call.play_tts("Your order is ready.").await?.wait().await?;
    call.hangup().await
}
