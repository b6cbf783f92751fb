//! Every method of the service, once with what it needs and once with everything, on one call and beside it. Prints
//! what was asked and what came back.
//!
//! Without credentials in the environment it plays on a simulator, which has to accept everything but what only older
//! services know. With them it waits for a call in the context `default` of `SIGNALWIRE_SPACE`, sends it the same
//! requests, and goes on when one is refused.

mod agents;
mod asking;
mod beside;
mod company;
mod copying;
mod leaving;
mod listening;
mod older;
mod paying;
mod playing;
mod sidecars;

use std::error::Error as StdError;
use std::process::ExitCode;

use serde_json::{Map, Value};
use signalwire_relay_simulator::Demo;
use signalwire_relay_tokio::{Config, RelayClient, secs};

use asking::Tour;

const OURS: &str = "+15552220000";
const COLLEAGUE: &str = "+15551001000";
const HOOK: &str = "https://example.com/events";

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("tour")?;
    let config = Config::from_vars(|name| demo.var(name)).contexts(["default"]).agent("tour/1.0");
    let credentials = config.credentials()?;
    let client = RelayClient::connect(config).await?;
    demo.print_reports(|| ());
    println!("waiting for a call");
    let mut calls = client.incoming_calls();
    let Some(call) = calls.next().await else { return Ok(ExitCode::FAILURE) };
    let mut tour = Tour::default();
    beside::go(&mut tour, &client).await;
    // Somebody else calls, if it is the simulator.
    if let Ok(Some(other)) = tokio::time::timeout(secs(5), calls.next()).await {
        tour.ask("pass", other.pass()).await;
    }
    tour.ask("reauthenticate", client.reauthenticate(credentials)).await;
    older::requests(&mut tour, &client).await;
    playing::go(&mut tour, &call).await;
    listening::go(&mut tour, &call).await;
    copying::go(&mut tour, &call).await;
    agents::go(&mut tour, &call).await;
    sidecars::go(&mut tour, &call).await;
    company::go(&mut tour, &client, &call).await;
    paying::go(&mut tour, &call).await;
    older::parameters(&mut tour, &client, &call).await;
    leaving::go(&mut tour, &call).await;
    let Tour { accepted, refused, refused_as_old } = tour;
    println!(
        "{accepted} requests accepted, {refused} refused, and {refused_as_old} that only older services know"
    );

    let simulated = demo.is_simulated();
    client.drain(None);
    client.run().await?;
    older::check_objections(demo)?;
    Ok(if simulated && tour.refused > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
