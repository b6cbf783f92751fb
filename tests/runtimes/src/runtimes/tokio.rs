//! tokio, with many threads and with one.

use signalwire_relay_core::{Config, Error};
use signalwire_relay_tokio::RelayClient;
use tokio::runtime::Builder;

use super::{Flow, Opening, Runtime};

/// How many threads the runtime with many has.
const WORKERS: usize = 2;

pub(crate) struct Multi;
pub(crate) struct Current;

impl Runtime for Multi {
    fn name(&self) -> &'static str {
        "tokio-multi"
    }

    fn play(&self, opening: Opening, config: Config, flow: Flow) -> Result<(), Error> {
        run_on(Builder::new_multi_thread().worker_threads(WORKERS), opening, config, flow)
    }
}

impl Runtime for Current {
    fn name(&self) -> &'static str {
        "tokio-current"
    }

    fn play(&self, opening: Opening, config: Config, flow: Flow) -> Result<(), Error> {
        run_on(&mut Builder::new_current_thread(), opening, config, flow)
    }
}

fn run_on(builder: &mut Builder, opening: Opening, config: Config, flow: Flow) -> Result<(), Error> {
    builder.enable_all().build().expect("threads can be had").block_on(async {
        let client = match opening {
            Opening::Connect => RelayClient::connect(config).await?,
            Opening::Start => RelayClient::start(config)?,
        };
        let flow = tokio::spawn(flow((*client).clone()));
        let outcome = client.run().await;
        flow.await.expect("flows do not panic");
        outcome
    })
}
