//! A campaign: calls people, tells whether a person, a machine or a fax answered, and speaks accordingly: at once to
//! a person, after the beep to a machine, not at all to a fax.
//!
//! Without credentials in the environment it plays on a simulator, with one of each. With them it calls the numbers
//! given as arguments, from the first of them.

use std::error::Error as StdError;
use std::process::ExitCode;

use signalwire_relay_simulator::Demo;
use signalwire_relay_tokio::{Call, Config, Error, RelayClient, phone, secs};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("voicemail_detect")?;
    let mut numbers: Vec<String> = std::env::args().skip(1).collect();
    if numbers.is_empty() && demo.is_simulated() {
        numbers =
            ["+15552220000", "+15553330001", "+15553330002", "+15553330003"].map(str::to_owned).to_vec();
    }
    let Some((ours, others)) = numbers.split_first() else {
        eprintln!("usage: voicemail_detect OUR-NUMBER NUMBER...");
        return Ok(ExitCode::FAILURE);
    };
    let client = RelayClient::connect(Config::from_vars(|name| demo.var(name))).await?;
    demo.print_reports(|| ());
    for number in others {
        match client.dial(phone(number).from(ours).timeout(secs(30))).await {
            Ok(call) => match call.scope(speak(&call)).await {
                Ok(outcome) => println!("{number}: {outcome}"),
                Err(error) if error.is_gone_for(&call) => println!("{number}: hung up"),
                Err(error) => println!("{number}: {error}"),
            },
            Err(error) => println!("{number}: {error}"),
        }
    }
    client.drain(Some(secs(5)));
    client.run().await?;
    demo.check()?;
    Ok(ExitCode::SUCCESS)
}

async fn speak(call: &Call) -> Result<&'static str, Error> {
    let fax = call.detect_fax(None).run_for(secs(10)).await?;
    let detect = call.detect_answering_machine().run_for(secs(30)).await?;
    let first = detect.wait().await?;
    let outcome = if first.is_human() {
        call.play_tts("Hello! Your order is ready.").await?.wait().await?;
        "a person, told"
    } else if first.is_machine() {
        // The first result only says that it is a machine; its greeting is still going on.
        if detect.ready().timeout(secs(30)).await?.is_ready() {
            call.play_tts("Your order is ready. Please call us back.").await?.wait().await?;
            "a machine, left a message"
        } else {
            "a machine that never beeped"
        }
    } else if matches!(fax.result(), Some(Ok(event)) if event.result() == "CED") {
        "a fax"
    } else {
        "nobody can tell"
    };
    call.hangup().await?;
    Ok(outcome)
}
