//! Which contexts calls and messages come from (`signalwire.receive`, `signalwire.unreceive`).

use std::borrow::Cow;

use serde::Serialize;

use crate::client::{Client, Request};
use crate::config::context_flaw;
use crate::error::{Error, InvalidArgument};
use crate::method::{Accepted, Method};
use crate::session::Target;

/// Parameters of `signalwire.receive` and `signalwire.unreceive`.
#[derive(Debug, Serialize)]
pub struct Subscription {
    #[serde(skip)]
    name: &'static str,
    /// Whether the contexts are wanted from now on, or not any more.
    #[serde(skip)]
    wanted: bool,
    #[serde(skip)]
    contexts: Vec<String>,
}

impl Subscription {
    pub(crate) fn new<C: Into<String>>(name: &'static str, contexts: impl IntoIterator<Item = C>) -> Self {
        Self { name, wanted: true, contexts: contexts.into_iter().map(Into::into).collect() }
    }

    fn end<C: Into<String>>(contexts: impl IntoIterator<Item = C>) -> Self {
        Self { wanted: false, ..Self::new("signalwire.unreceive", contexts) }
    }
}

impl Method for Subscription {
    type Output = ();

    fn name(&self) -> Cow<'static, str> {
        self.name.into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        match self.contexts.iter().find_map(|context| Some((context, context_flaw(context)?))) {
            Some((context, flaw)) => Err(InvalidArgument::new("contexts", format!("{context:?}: {flaw}"))),
            None => Ok(()),
        }
    }

    fn target(&self) -> Option<Target> {
        let contexts = self.contexts.clone();
        Some(if self.wanted { Target::Receive(contexts) } else { Target::Unreceive(contexts) })
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<(), Error> {
        result.map(drop)
    }
}

impl Client {
    /// Receives calls and messages for more contexts (`signalwire.receive`). They stay wanted, across
    /// reconnections too, until [`unreceive`](Self::unreceive), unless the request fails for certain: refused, or not sent.
    ///
    /// With no contexts nothing is sent.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.receive(["office", "support"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn receive<C: Into<String>>(&self, contexts: impl IntoIterator<Item = C>) -> Request<Subscription> {
        self.request(Subscription::new("signalwire.receive", contexts))
    }

    /// Receives nothing more for contexts (`signalwire.unreceive`). With no contexts nothing is sent.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.unreceive(["support"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn unreceive<C: Into<String>>(&self, contexts: impl IntoIterator<Item = C>) -> Request<Subscription> {
        self.request(Subscription::end(contexts))
    }
}
