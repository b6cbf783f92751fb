//! Answers each call, greets, waits a little, hangs up.
//!
//! Without credentials in the environment it plays on a simulator, with two callers. With them it serves the
//! context `default` of `SIGNALWIRE_SPACE` until Ctrl-C.

use std::error::Error;

use signalwire_relay_simulator::Demo;
use signalwire_relay_tokio::{Call, Config, RelayClient, secs};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("hello")?;
    let config = Config::from_vars(|name| demo.var(name)).contexts(["default"]).drain_timeout(secs(10));
    let client = RelayClient::connect(config).await?;
    client.on_call(greet);
    println!("waiting for calls");

    let closing = client.clone();
    demo.print_reports(move || closing.drain(None));
    client.run().await?;
    Ok(demo.check()?)
}

async fn greet(call: Call) -> Result<(), signalwire_relay_tokio::Error> {
    println!("{}: from {}", call.id(), call.device().caller().unwrap_or("nobody"));
    // When the caller hangs up, whatever is waited for below ends at once, and `?` leaves quietly.
    call.answer().await?;
    call.play_tts("Hello! It is good to hear from you.").await?.wait().await?;
    call.play_silence(secs(1)).await?.wait().await?;
    call.hangup().await?;
    println!("{}: greeted, {}", call.id(), call.wait_for_ended().await?);
    Ok(())
}
