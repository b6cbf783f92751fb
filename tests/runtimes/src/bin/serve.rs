//! A program that serves calls on a runtime of one's choice, with settings from the environment: for tests of what only
//! a process of its own shows.

use std::process::ExitCode;

use signalwire_relay_core::{Call, Config, Error};

fn main() -> Result<ExitCode, Error> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let runtime = std::env::args().nth(1).unwrap_or_default();
    let config = Config::from_env()?.contexts(["default"]);
    match &*runtime {
        "tokio" => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Transport(std::sync::Arc::new(error)))?
            .block_on(async {
                let client = signalwire_relay_tokio::RelayClient::connect(config).await?;
                client.on_call(serve);
                client.run().await
            })?,
        "smol" => smol::block_on(async {
            let client = signalwire_relay_smol::RelayClient::connect(config).await?;
            client.on_call(serve);
            client.run().await
        })?,
        "blocking" => {
            use signalwire_relay_blocking::{RelayClient, Run};
            let client = RelayClient::connect(config)?;
            client.on_call(|call| serve(call).run());
            client.run()?;
        }
        _ => {
            eprintln!("usage: serve tokio|smol|blocking");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(call: Call) -> Result<(), Error> {
    call.answer().await?;
    call.play_tts("Hello!").await?.wait().await?;
    call.hangup().await
}
