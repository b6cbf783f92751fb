//! The limit of clients in a process. One test in a binary of its own, since nobody else may connect meanwhile.

use std::future::Future;

use signalwire_relay_core::{Client, Config, ConfigError, Error};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Scenario, Step};

/// What is the same on each runtime. The client of a runtime is a `C`.
async fn hold_one_after_another<C, F, R>(runtime: &str, connect: F)
where
    C: AsRef<Client>,
    F: Fn(Config) -> R,
    R: Future<Output = Result<C, Error>>,
{
    let caller = Caller::new("+15551110000", "+15552220000").script([Step::StaySilent]);
    let scenario = Scenario::new().caller(caller);
    let simulator = Simulator::start(ListenOptions::new(scenario)).expect("loopback has room");
    let config = Config::new().project("demo-project").token("demo-token").host(simulator.host()).plaintext();
    let config = config.contexts(["default"]);
    let refused = async |what: &str| match connect(config.clone()).await {
        Err(error @ Error::Config(ConfigError::TooManyConnections { limit: 1 })) => {
            let remedies =
                ["RELAY_MAX_CONNECTIONS", "max_connections", "disconnect", "dropping all its handles"];
            let text = error.to_string();
            assert!(remedies.iter().all(|remedy| text.contains(remedy)), "{text}");
        }
        outcome => panic!("{runtime}, {what}: {:?}", outcome.map(drop)),
    };

    let first = connect(config.clone()).await.expect("the first of this process");
    refused("two at once").await;
    let second = connect(config.clone().max_connections(2)).await.expect("told otherwise");
    let call = first.as_ref().incoming_calls().next().await.expect("somebody calls");
    drop(first);
    refused("the second is there").await;
    second.as_ref().disconnect();
    if runtime == "blocking" {
        // There the client that is dropped is closed, whoever has handles of it.
        drop(call);
    } else {
        refused("a call of the first is held").await;
        drop(call);
    }
    // The drivers of the others have not had a chance to see that.
    for _ in 0..3 {
        drop(connect(config.clone()).await.expect("the place is free again"));
    }
    let client = connect(config.clone()).await.expect("the place is free again");
    client.as_ref().disconnect();
    client.as_ref().closed().await.expect("closed as asked");
    connect(config.clone()).await.expect("the place is free again");
}

struct Tokio(signalwire_relay_tokio::RelayClient);
struct Smol(signalwire_relay_smol::RelayClient);
struct Blocking(signalwire_relay_blocking::RelayClient);

macro_rules! is_a_client {
    ($($client:ident)*) => {$(
        impl AsRef<Client> for $client {
            fn as_ref(&self) -> &Client {
                &self.0
            }
        }
    )*};
}
is_a_client!(Tokio Smol Blocking);

#[test]
fn a_process_has_one_connection_at_a_time_unless_told_otherwise() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(
        hold_one_after_another("tokio", |config| async {
            signalwire_relay_tokio::RelayClient::connect(config).await.map(Tokio)
        }),
    );
    smol::block_on(hold_one_after_another("smol", |config| async {
        signalwire_relay_smol::RelayClient::connect(config).await.map(Smol)
    }));
    let blocking = || {
        smol::block_on(hold_one_after_another("blocking", |config| async {
            signalwire_relay_blocking::RelayClient::connect(config).map(Blocking)
        }));
    };
    std::thread::spawn(blocking).join().expect("it does not panic");
}
