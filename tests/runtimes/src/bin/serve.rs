//! A program that serves calls on a runtime of one's choice, with settings from the environment: for tests of what only
//! a process of its own shows.

use std::process::ExitCode;

use signalwire_relay_core::{Call, Client, Config, Error, SecondSignal, phone, secs};

fn main() -> Result<ExitCode, Error> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let runtime = std::env::args().nth(1).unwrap_or_default();
    let what = match std::env::args().nth(2).as_deref() {
        Some("stay") => Serve::Stay,
        Some("dial") => Serve::Dial,
        Some("block") => Serve::Block,
        Some("again") => Serve::Again,
        _ => Serve::Greet,
    };
    let mut config = Config::from_env()?.contexts(["default"]);
    if what == Serve::Stay {
        config = config.drain_timeout(secs(3600));
    }
    if std::env::args().nth(3).as_deref() == Some("hang-up") {
        config = config.second_signal(SecondSignal::HangUp);
    }
    match &*runtime {
        "tokio" => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Transport(std::sync::Arc::new(error)))?
            .block_on(async {
                use signalwire_relay_tokio::RelayClient;
                let client = RelayClient::connect(config.clone()).await?;
                client.on_call(move |call| serve(call, what));
                beside(&client, what).await;
                client.run().await?;
                if what == Serve::Again { RelayClient::connect(config).await.map(drop) } else { Ok(()) }
            })?,
        "smol" => smol::block_on(async {
            use signalwire_relay_smol::RelayClient;
            let client = RelayClient::connect(config.clone()).await?;
            client.on_call(move |call| serve(call, what));
            beside(&client, what).await;
            client.run().await?;
            if what == Serve::Again { RelayClient::connect(config).await.map(drop) } else { Ok(()) }
        })?,
        "blocking" => {
            use signalwire_relay_blocking::{RelayClient, Run};
            let client = RelayClient::connect(config.clone())?;
            client.on_call(move |call| serve(call, what).run());
            async {
                beside(&client, what).await;
                Ok(())
            }
            .run()?;
            client.run()?;
            if what == Serve::Again {
                drop(RelayClient::connect(config)?);
            }
        }
        _ => {
            eprintln!("usage: serve tokio|smol|blocking [greet|stay|dial|block|again [hang-up]]");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the program does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serve {
    /// Greets callers and hangs up.
    Greet,
    /// Greets callers and stays on the line.
    Stay,
    /// Waits for the thread that it is itself on, as with the blocking client.
    Block,
    /// Calls somebody before it serves, and prints what came of it.
    Dial,
    /// Connects once more when it has served, as programs do that restart what has ended.
    Again,
}

async fn serve(call: Call, what: Serve) -> Result<(), Error> {
    if what == Serve::Block {
        return signalwire_relay_blocking::Run::run(call.answer());
    }
    call.answer().await?;
    call.play_tts("Hello!").await?.wait().await?;
    if what == Serve::Stay {
        call.wait_for_ended().await?;
    }
    call.hangup().await
}

async fn beside(client: &Client, what: Serve) {
    if what != Serve::Dial {
        return;
    }
    let dial = client.dial(phone("+15553330001").from("+15552220000")).timeout(secs(8)).await;
    match dial {
        Ok(_) => println!("answered"),
        Err(error) => println!("{error}"),
    }
    client.disconnect();
}
