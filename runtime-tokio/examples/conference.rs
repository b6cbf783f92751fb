//! Puts every caller into one conference, and tells who comes and goes.
//!
//! Without credentials in the environment it plays on a simulator, with three callers. With them it serves the context
//! `default` of `SIGNALWIRE_SPACE` until Ctrl-C.

use std::error::Error as StdError;

use signalwire_relay_simulator::Demo;
use signalwire_relay_tokio::{ConferenceEvent, Config, Error, RelayClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("conference")?;
    let config = Config::from_vars(|name| demo.var(name)).contexts(["default"]);
    let client = RelayClient::connect(config).await?;
    client.on_call(|call| async move {
        call.answer().await?;
        let id = call.id().clone();
        call.on(move |event: ConferenceEvent| {
            let id = id.clone();
            async move { println!("{id}: {} in {}, {:?} there", event.status, event.name, event.size) }
        });
        call.play_tts("You are joining the stand-up.").await?.wait().await?;
        let joined = call.join_conference("standup").start_on_enter(true).await?;
        println!("{}: joined {}", call.id(), joined.conference_id.as_deref().unwrap_or("a conference"));
        println!("{}: left, {}", call.id(), call.wait_for_ended().await?);
        Ok::<(), Error>(())
    });
    let closing = client.clone();
    demo.print_reports(move || closing.drain(None));
    client.run().await?;
    Ok(demo.check()?)
}
