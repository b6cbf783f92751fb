//! smol, on its global executor and on one that is handed in.

use std::sync::Arc;

use signalwire_relay_core::{Config, Error};
use signalwire_relay_smol::{RelayClient, Spawner};
use smol::Executor;

use super::{Flow, Opening, Runtime};

pub(crate) struct Global;
pub(crate) struct HandedIn;

impl Runtime for Global {
    fn name(&self) -> &'static str {
        "smol"
    }

    fn play(&self, opening: Opening, config: Config, flow: Flow) -> Result<(), Error> {
        smol::block_on(async {
            let client = match opening {
                Opening::Connect => RelayClient::connect(config).await?,
                Opening::Start => RelayClient::start(config)?,
            };
            let flow = smol::spawn(flow((*client).clone()));
            let outcome = client.run().await;
            flow.await;
            outcome
        })
    }
}

impl Runtime for HandedIn {
    fn name(&self) -> &'static str {
        "smol-executor"
    }

    fn play(&self, opening: Opening, config: Config, flow: Flow) -> Result<(), Error> {
        let executor = Arc::new(Executor::new());
        smol::block_on(executor.run(async {
            let spawner = Spawner::from(&executor);
            let client = match opening {
                Opening::Connect => RelayClient::connect_on(spawner, config).await?,
                Opening::Start => RelayClient::start_on(spawner, config)?,
            };
            let flow = executor.spawn(flow((*client).clone()));
            let outcome = client.run().await;
            flow.await;
            outcome
        }))
    }
}
