//! The runtimes. A new one is a file here that implements [`Runtime`], and a line in [`ALL`].

mod blocking;
mod smol;
mod tokio;

use std::future::Future;
use std::pin::Pin;

use signalwire_relay_core::{Client, Config, Error};

/// Every runtime, in the order of the table.
pub(crate) const ALL: &[&dyn Runtime] =
    &[&tokio::Multi, &tokio::Current, &smol::Global, &smol::HandedIn, &blocking::Threads];

/// What an application does with its client.
pub(crate) type Flow = Box<dyn FnOnce(Client) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// How a client is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// With `RelayClient::connect`, which waits until it is connected.
    Connect,
    /// With `RelayClient::start`, which does not.
    Start,
}

/// A runtime that applications run on.
pub(crate) trait Runtime: Sync {
    /// What it is called in the table, and in the names of trials.
    fn name(&self) -> &'static str;

    /// Runs an application: makes a client; then runs the flow on it, and beside the flow the client's `run()`, until
    /// both are done. Gives the error of making the client, in which case the flow does not run, or else the outcome
    /// of `run()`.
    fn play(&self, opening: Opening, config: Config, flow: Flow) -> Result<(), Error>;
}
