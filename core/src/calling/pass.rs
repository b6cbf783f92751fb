//! Passing an offer on (`calling.pass`).

use super::{method, params};
use crate::client::{Call, Request};

params! {
    /// Parameters of `calling.pass`.
    pub struct Pass {}
}

method!(Pass, "calling.pass" => Pass);

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
        self.request(Pass::new())
    }
}
