//! Passing an offer on (`calling.pass`).

use serde::Serialize;

use super::method;
use crate::client::{Call, Request};

/// Parameters of `calling.pass`.
#[derive(Debug, Default, Serialize)]
pub struct Pass {}

method!(Pass, "calling.pass");

impl Call {
    /// Gives an offered call back to the service, which offers it to another client (`calling.pass`).
    ///
    /// Once accepted the call is over for this client, with the reason
    /// [`EndReason::Passed`](crate::EndReason::Passed).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.pass().await?;
    /// # Ok(()) }
    /// ```
    pub fn pass(&self) -> Request<Pass> {
        self.request(Pass::default())
    }
}
