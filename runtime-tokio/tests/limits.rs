//! Limits of the whole process. In a binary of its own, since nobody else may connect meanwhile.

use std::time::Duration;

use signalwire_relay_simulator::Scenario;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_tokio::{Config, ConfigError, Error, RelayClient};

#[tokio::test]
async fn a_process_has_one_connection_unless_told_otherwise() {
    let simulator = Simulator::start(ListenOptions::new(Scenario::new())).expect("loopback has room");
    let config = Config::new().project("demo-project").token("demo-token").host(simulator.host()).plaintext();
    let first = RelayClient::connect(config.clone()).await.expect("connected");
    match RelayClient::connect(config.clone()).await {
        Err(Error::Config(ConfigError::TooManyConnections { limit: 1 })) => {}
        other => panic!("{other:?}"),
    }
    let second = RelayClient::connect(config.clone().max_connections(2)).await.expect("told otherwise");
    first.disconnect();
    second.disconnect();
    first.run().await.expect("closed as asked");
    second.run().await.expect("closed as asked");
    let again = tokio::time::timeout(Duration::from_mins(2), RelayClient::connect(config)).await;
    again.expect("connected").expect("the place is free again");
}
