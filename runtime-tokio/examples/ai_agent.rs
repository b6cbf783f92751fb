//! Lets an AI agent talk to callers, for as long as they like and no longer than a minute.
//!
//! Without credentials in the environment it plays on a simulator. With them it serves the context `default` of
//! `SIGNALWIRE_SPACE` until Ctrl-C.

use std::error::Error as StdError;

use serde_json::json;
use signalwire_relay_simulator::Demo;
use signalwire_relay_tokio::{AiRole, Config, Error, RelayClient, secs};

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let demo = Demo::start("ai_agent")?;
    // On the simulator ten seconds pass in one.
    let patience = if demo.is_simulated() { secs(2) } else { secs(60) };
    let config = Config::from_vars(|name| demo.var(name)).contexts(["default"]);
    let client = RelayClient::connect(config).await?;
    client.on_call(move |call| async move {
        call.answer().await?;
        let agent = call
            .ai()
            .prompt_text("You tell callers that the shop is open from nine to five.")
            .languages([json!({"name": "English", "code": "en-US", "voice": "rime.spore"})])
            .await?;
        println!("{}: the agent talks", call.id());
        call.ai_message().role(AiRole::System).message_text("Be brief.").await?;
        // An agent ends with its call, as a rule; the call may also take too long.
        match call.wait_for_ended().timeout(patience).await {
            Ok(reason) => println!("{}: the caller is content ({reason})", call.id()),
            Err(Error::TimedOut(_)) => {
                agent.stop().await?;
                call.play_tts("Thank you for calling. Goodbye.").await?.wait().await?;
                call.hangup().await?;
                println!("{}: the agent was taken away", call.id());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    });
    let closing = client.clone();
    demo.print_reports(move || closing.drain(None));
    client.run().await?;
    Ok(demo.check()?)
}
