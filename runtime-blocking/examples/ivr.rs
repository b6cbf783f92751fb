//! A complete phone menu: 1 for sales, 2 for support, 3 to leave a message, anything else an apology. Every call
//! is recorded, both parties.
//!
//! Without credentials in the environment it plays on a simulator, with a caller for each branch. With them it
//! serves the context `default` of `SIGNALWIRE_SPACE` until Ctrl-C.

use signalwire_relay_blocking::{
    Call, Collect, Config, ConnectState, Error, RecordDirection, RelayClient, Run, audio, phone, secs, tts,
};
use signalwire_relay_simulator::Demo;

const SALES: &str = "+15551001000";
const SUPPORT: &str = "+15552002000";
const OURS: &str = "+15552220000";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("ivr")?;
    let client = RelayClient::connect(Config::from_vars(|name| demo.var(name)).contexts(["default"]))?;
    client.on_call(|call| {
        println!("{}: from {}", call.id(), call.device().caller().unwrap_or("nobody"));
        // When the caller hangs up, whatever is waited for inside ends at once; what follows it still runs.
        let outcome = serve(&call);
        match &outcome {
            Ok(branch) => println!("{}: {branch}", call.id()),
            Err(error) if error.is_gone_for(&call) => println!("{}: the caller hung up", call.id()),
            Err(error) => println!("{}: {error}", call.id()),
        }
        outcome
    });
    println!("waiting for calls");

    let closing = client.clone();
    demo.print_reports(move || closing.drain(None));
    client.run()?;
    Ok(demo.check()?)
}

/// One call, from the first word to the last. Gives the branch that it took.
fn serve(call: &Call) -> Result<&'static str, Error> {
    call.answer().run()?;
    // From the first word to the last: neither silence nor a key is to end it.
    let recording = call
        .record()
        .direction(RecordDirection::Both)
        .stereo(true)
        .initial_timeout(secs(0))
        .end_silence_timeout(secs(0))
        .terminators("")
        .run()?;
    let id = call.id().clone();
    recording.on_completed(move |end| async move {
        let url = end.ok().and_then(|end| end.url().map(str::to_owned));
        println!("{id}: recorded at {}", url.as_deref().unwrap_or("nowhere"));
    });

    let menu = call
        .play_and_collect(
            audio("https://example.com/welcome.mp3")
                .then(tts("Press 1 for sales, 2 for support, or 3 to leave a message.")),
            Collect::digits(1).digit_timeout(secs(5)).initial_timeout(secs(6)),
        )
        .run()?
        .wait()
        .run()?;
    let branch = match menu.digits() {
        Some("1") => {
            bridge(call, SALES)?;
            "talked to sales"
        }
        Some("2") => {
            bridge(call, SUPPORT)?;
            "talked to support"
        }
        Some("3") => {
            recording.stop().run()?;
            take_message(call)?;
            "left a message"
        }
        Some(_) => {
            say(call, "I am sorry, there is nothing behind that key. Goodbye.")?;
            "pressed another key"
        }
        None => {
            say(call, "I am sorry, I did not hear anything. Goodbye.")?;
            "pressed nothing"
        }
    };
    call.hangup().run()?;
    Ok(branch)
}

fn say(call: &Call, text: &str) -> Result<(), Error> {
    call.play_tts(text).run()?.wait().run()?;
    Ok(())
}

/// Connects the caller with somebody until one of them has had enough.
fn bridge(call: &Call, number: &str) -> Result<(), Error> {
    say(call, "One moment, please.")?;
    let bridge = call.connect(phone(number).from(OURS).timeout(secs(20))).run()?;
    let connected = bridge.connected().run()?;
    if connected.connect_state == ConnectState::Failed {
        return say(call, "Nobody is there at the moment. Please try again later.");
    }
    println!("{}: connected to {number}", call.id());
    bridge.wait().run()?;
    Ok(())
}

/// Records a message after a beep, until the caller falls silent or presses the pound key.
fn take_message(call: &Call) -> Result<(), Error> {
    say(call, "Please leave a message after the tone.")?;
    let message = call
        .record()
        .beep(true)
        .initial_timeout(secs(5))
        .end_silence_timeout(secs(3))
        .terminators("#")
        .max_length(secs(120))
        .run()?
        .wait()
        .run()?;
    match (message.url(), message.duration()) {
        (Some(url), Some(length)) => println!("{}: a message of {length:?} at {url}", call.id()),
        _ => println!("{}: no message", call.id()),
    }
    say(call, "Thank you. Goodbye.")
}
