//! Holding a call (`calling.hold`, `calling.unhold`).

use super::{method, params};
use crate::client::{Call, Request};
use crate::events::event;

params! {
    /// Parameters of `calling.hold`.
    pub struct Hold {}
}

params! {
    /// Parameters of `calling.unhold`.
    pub struct Unhold {}
}

method!(Hold, "calling.hold");
method!(Unhold, "calling.unhold");

impl Call {
    /// Puts the call on hold (`calling.hold`). Older services only: the newer specification has no such method, so expect a
    /// refusal.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.hold().await?;
    /// call.unhold().await?;
    /// # Ok(()) }
    /// ```
    pub fn hold(&self) -> Request<Hold> {
        self.request(Hold::new())
    }

    /// Takes the call off hold (`calling.unhold`). Older services only, as [`hold`](Self::hold).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.unhold().await?;
    /// # Ok(()) }
    /// ```
    pub fn unhold(&self) -> Request<Unhold> {
        self.request(Unhold::new())
    }
}

event! {
    /// `calling.call.hold`: a call was put on hold, or taken off.
    pub struct HoldEvent(Hold, "calling.call.hold") {
        /// `hold`, or what the service says when it is over.
        pub state: String,
    }
}
