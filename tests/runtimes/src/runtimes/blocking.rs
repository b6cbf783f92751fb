//! Ordinary threads.

use std::thread;

use signalwire_relay_blocking::{RelayClient, Run};
use signalwire_relay_core::{Client, Config, Error};

use super::{Flow, Opening, Runtime};

pub(crate) struct Threads;

impl Runtime for Threads {
    fn name(&self) -> &'static str {
        "blocking"
    }

    fn play(&self, opening: Opening, config: Config, flow: Flow) -> Result<(), Error> {
        let client = match opening {
            Opening::Connect => RelayClient::connect(config)?,
            Opening::Start => RelayClient::start(config)?,
        };
        let own: Client = (*client).clone();
        let flow = async move {
            flow(own).await;
            Ok(())
        };
        thread::scope(|scope| {
            let flow = scope.spawn(|| flow.run());
            let outcome = client.run();
            flow.join().expect("flows do not panic").and(outcome)
        })
    }
}
