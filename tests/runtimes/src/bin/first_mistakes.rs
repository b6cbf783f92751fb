//! The program of a new user, as in the README, on a runtime of one's choice, with one of the mistakes that are made in a
//! program. Those that are made in the settings come by the environment.

use signalwire_relay_blocking::Run;
use signalwire_relay_core::{Call, Config, Error};

/// The mistakes that are made in the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// It wants calls of no context.
    NoContexts,
    /// It wants calls, and does nothing with them.
    NoHandler,
    /// It connects twice.
    TwoClients,
    /// It blocks in the handler of calls, as only programs on threads may.
    BlockingCall,
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let runtime = arguments.next().unwrap_or_default();
    let mistake = match arguments.next().as_deref() {
        Some("no-contexts") => Mistake::NoContexts,
        Some("no-handler") => Mistake::NoHandler,
        Some("two-clients") => Mistake::TwoClients,
        Some("blocking-call") => Mistake::BlockingCall,
        _ => Mistake::None,
    };
    if arguments.next().as_deref() == Some("log") {
        let log = tracing_subscriber::fmt().with_writer(std::io::stderr);
        log.with_ansi(false).with_target(false).without_time().init();
    }
    match &*runtime {
        "tokio" => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Transport(std::sync::Arc::new(error)))?
            .block_on(on_tokio(mistake)),
        "smol" => smol::block_on(on_smol(mistake)),
        _ => on_threads(mistake),
    }
}

fn config(mistake: Mistake) -> Result<Config, Error> {
    let config = Config::from_env()?;
    Ok(if mistake == Mistake::NoContexts { config } else { config.contexts(["default"]) })
}

async fn serve(call: Call) -> Result<(), Error> {
    call.answer().await?;
    call.wait_for_ended().await.map(drop)
}

/// Answers and hangs up, and blocks meanwhile.
fn greet(call: &Call) -> Result<(), Error> {
    call.answer().run()?;
    call.hangup().run()
}

macro_rules! asynchronous {
    ($name:ident, $runtime:ident) => {
        async fn $name(mistake: Mistake) -> Result<(), Error> {
            use $runtime::RelayClient;
            let config = config(mistake)?;
            println!("Connecting.");
            let client = RelayClient::connect(config.clone()).await?;
            if mistake == Mistake::TwoClients {
                RelayClient::connect(config).await?;
            }
            match mistake {
                Mistake::NoHandler => {}
                Mistake::BlockingCall => client.on_call(async |call| greet(&call)),
                _ => client.on_call(serve),
            }
            println!("Waiting for calls.");
            client.run().await
        }
    };
}
asynchronous!(on_tokio, signalwire_relay_tokio);
asynchronous!(on_smol, signalwire_relay_smol);

fn on_threads(mistake: Mistake) -> Result<(), Error> {
    use signalwire_relay_blocking::RelayClient;
    let config = config(mistake)?;
    println!("Connecting.");
    let client = RelayClient::connect(config.clone())?;
    if mistake == Mistake::TwoClients {
        RelayClient::connect(config)?;
    }
    match mistake {
        Mistake::NoHandler => {}
        Mistake::BlockingCall => client.on_call(|call| greet(&call)),
        _ => client.on_call(|call| {
            call.answer().run()?;
            call.wait_for_ended().run().map(drop)
        }),
    }
    println!("Waiting for calls.");
    client.run()
}
