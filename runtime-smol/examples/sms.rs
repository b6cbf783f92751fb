//! Sends messages and waits for their delivery; answers each message that comes in.
//!
//! Without credentials in the environment it plays on a simulator. With them it sends from the first number given to
//! the others, then answers messages in the context `default` until Ctrl-C:
//!
//! ```text
//! cargo run -p signalwire-relay-smol --example sms -- +15550000000 +15551000001
//! ```

use std::error::Error as StdError;
use std::process::ExitCode;

use signalwire_relay_simulator::Demo;
use signalwire_relay_smol::{Config, Error, RelayClient, secs};

fn main() -> Result<ExitCode, Box<dyn StdError>> {
    smol::block_on(run())
}

async fn run() -> Result<ExitCode, Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("sms")?;
    let mut numbers: Vec<String> = std::env::args().skip(1).collect();
    if numbers.is_empty() && demo.is_simulated() {
        numbers =
            ["+15552220000", "+15553330001", "+15553330002", "+15553330003"].map(str::to_owned).to_vec();
    }
    let Some((ours, others)) = numbers.split_first() else {
        eprintln!("usage: sms OUR-NUMBER [NUMBER...]");
        return Ok(ExitCode::FAILURE);
    };
    let config = Config::from_vars(|name| demo.var(name)).contexts(["default"]);
    let client = RelayClient::connect(config).await?;

    let replies = client.clone();
    client.on_message(move |message| {
        let replies = replies.clone();
        async move {
            println!(
                "{} writes {:?} with {} attachments",
                message.from_number,
                message.body,
                message.media.len()
            );
            let reply =
                replies.send_message(message.from_number, message.to_number).body("We open at nine.").await?;
            println!("the reply is {}", reply.wait().timeout(secs(30)).await?.message_state);
            Ok::<(), Error>(())
        }
    });
    let closing = client.clone();
    demo.print_reports(move || closing.drain(None));

    for number in others {
        let message = client.send_message(number, ours).body("Your table is ready.").tag("table").await?;
        match message.wait().timeout(secs(60)).await {
            Ok(last) => {
                let reason = last.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                println!("to {number}: {}{reason}", last.message_state);
            }
            Err(error) => println!("to {number}: {error}"),
        }
    }
    client.run().await?;
    demo.check()?;
    Ok(ExitCode::SUCCESS)
}
