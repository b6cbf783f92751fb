//! Calls people: one, several one after the other, several at once. Announces, and hangs up.
//!
//! Without credentials in the environment it plays on a simulator, with phones that answer, are busy, do not
//! answer, and decline. With them it calls the numbers given as arguments, from the first of them:
//!
//! ```text
//! cargo run -p signalwire-relay-smol --example outbound -- +15550000000 +15551000001 +15551000002
//! ```

use std::error::Error as StdError;
use std::process::ExitCode;

use signalwire_relay_simulator::Demo;
use signalwire_relay_smol::{Config, Devices, Error, PhoneDevice, RelayClient, phone, secs};

const ANSWERS: &str = "+15553330001";
const BUSY: &str = "+15553330002";
const NO_ANSWER: &str = "+15553330003";
const DECLINES: &str = "+15553330004";

fn main() -> Result<ExitCode, Box<dyn StdError>> {
    smol::block_on(run())
}

async fn run() -> Result<ExitCode, Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("outbound")?;
    let given: Vec<String> = std::env::args().skip(1).collect();
    let (ours, numbers) = match &*given {
        [] if demo.is_simulated() => {
            ("+15552220000".to_owned(), [ANSWERS, BUSY, NO_ANSWER, DECLINES].map(str::to_owned).to_vec())
        }
        [ours, numbers @ ..] if !numbers.is_empty() => (ours.clone(), numbers.to_vec()),
        _ => {
            eprintln!("usage: outbound OUR-NUMBER NUMBER...");
            return Ok(ExitCode::FAILURE);
        }
    };
    let client = RelayClient::connect(Config::from_vars(|name| demo.var(name))).await?;
    demo.print_reports(|| ());

    let device = |number: &String| -> PhoneDevice { phone(number).from(&ours).timeout(secs(20)) };
    announce(&client, "one", device(&numbers[0])).await?;
    // The first in the list that answers; each is tried when the one before did not.
    announce(&client, "in turn", Devices::serial(numbers.iter().rev().map(device))).await?;
    // All at once; the first to answer wins, and the others stop ringing.
    announce(&client, "at once", Devices::parallel(numbers.iter().map(device))).await?;
    if demo.is_simulated() {
        announce(&client, "a busy one", phone(BUSY).from(&ours)).await?;
    }
    client.drain(None);
    client.run().await?;
    demo.check()?;
    Ok(ExitCode::SUCCESS)
}

async fn announce(client: &RelayClient, how: &str, devices: impl Into<Devices>) -> Result<(), Error> {
    println!("calling {how}");
    let call = match client.dial(devices).timeout(secs(60)).await {
        Ok(call) => call,
        Err(Error::DialFailed(failed)) => {
            println!("{failed}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    println!("{}: {} answered", call.id(), call.device().callee().unwrap_or("somebody"));
    let announced = match call.play_tts("The office is closed on Monday.").await {
        Ok(playing) => playing.wait().await,
        Err(error) => Err(error),
    };
    match announced {
        Ok(_) => println!("{}: announced", call.id()),
        Err(error) if error.is_gone_for(&call) => println!("{}: hung up before the end", call.id()),
        Err(error) => return Err(error),
    }
    call.hangup().await?;
    println!("{}: over, {}", call.id(), call.wait_for_ended().await?);
    Ok(())
}
