//! Sending requests, and counting how they go.

use std::fmt::Debug;

use signalwire_relay_tokio::calling::Method;
use signalwire_relay_tokio::{Request, secs};

/// How the requests went.
#[derive(Default)]
pub(crate) struct Tour {
    pub(crate) accepted: usize,
    pub(crate) refused: usize,
    /// Of those that only older services know.
    pub(crate) refused_as_old: usize,
}

impl Tour {
    /// Sends a request and says what came back.
    pub(crate) async fn ask<M: Method + Debug>(
        &mut self,
        what: &str,
        request: Request<M>,
    ) -> Option<M::Output>
    where
        M::Output: Debug,
    {
        let output = self.send(what, request).await;
        self.refused += usize::from(output.is_none());
        output
    }

    /// The same with a request, or a parameter, that the newer specification of the service does not have.
    pub(crate) async fn ask_older<M: Method + Debug>(
        &mut self,
        what: &str,
        request: Request<M>,
    ) -> Option<M::Output>
    where
        M::Output: Debug,
    {
        let output = self.send(&format!("older: {what}"), request).await;
        self.refused_as_old += usize::from(output.is_none());
        output
    }

    async fn send<M: Method + Debug>(&mut self, what: &str, request: Request<M>) -> Option<M::Output>
    where
        M::Output: Debug,
    {
        println!("{what}: {request:?}");
        match request.timeout(secs(20)).await {
            Ok(output) => {
                println!("{what}: accepted, {output:?}");
                self.accepted += 1;
                Some(output)
            }
            Err(error) => {
                println!("{what}: {error}");
                None
            }
        }
    }
}
