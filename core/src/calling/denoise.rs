//! Removing noise (`calling.denoise`).

use super::{method, params};
use crate::client::{Call, Request};
use crate::events::event;

params! {
    /// Parameters of `calling.denoise`.
    pub struct Denoise {}
}

params! {
    /// Parameters of `calling.denoise.stop`.
    pub struct DenoiseStop {}
}

method!(Denoise, "calling.denoise");
method!(DenoiseStop, "calling.denoise.stop");

impl Call {
    /// Removes noise from the call (`calling.denoise`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.denoise().await?;
    /// # Ok(()) }
    /// ```
    pub fn denoise(&self) -> Request<Denoise> {
        self.request(Denoise::new())
    }

    /// Leaves the call's noise alone again (`calling.denoise.stop`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.denoise_stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn denoise_stop(&self) -> Request<DenoiseStop> {
        self.request(DenoiseStop::new())
    }
}

event! {
    /// `calling.call.denoise`: noise is removed, or no longer.
    pub struct DenoiseEvent(Denoise, "calling.call.denoise", keyed, addressed) {
        /// Whether noise is removed.
        pub denoised: Option<bool>,
        /// How it is getting on, in some versions of the service.
        pub state: Option<String>,
    }
}
