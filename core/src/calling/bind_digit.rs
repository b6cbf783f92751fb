//! Binding methods to keys (`calling.bind_digit`, `calling.clear_digit_bindings`).

use std::num::NonZeroU32;

use serde_json::{Map, Value};

use super::{method, params, rules};
use crate::client::{Call, Request};

params! {
    /// Parameters of `calling.bind_digit`.
    pub struct BindDigit {
        required { digits: String, bind_method: String, }
        optional {
            /// The parameters of the bound method (`params` on the wire). Default: none.
            #[serde(rename = "params")]
            bind_params: Map<String, Value>,
            /// A name for a group of bindings, to clear them together. Default: the service's, `default`.
            realm: String,
            /// The number of triggers, at least 1. Set with [`max_triggers`](Request::max_triggers).
            #[serde(rename = "max_triggers")]
            triggers: NonZeroU32,
        }
    }
}

method!(BindDigit, "calling.bind_digit", check: |bind| {
    rules::not_empty("digits", &bind.digits)?;
    rules::keys_and_pauses("digits", &bind.digits)?;
    rules::not_empty("bind_method", &bind.bind_method)
});

impl Request<BindDigit> {
    /// Limits how often the keys trigger the method; 0 is without limit, and is not sent. (By the SDKs a 0 means the same as leaving it
    /// out; the newer specification refuses a 0.) Default: without limit.
    pub fn max_triggers(mut self, times: u32) -> Self {
        self.method.triggers = NonZeroU32::new(times);
        self
    }
}

params! {
    /// Parameters of `calling.clear_digit_bindings`.
    pub struct ClearDigitBindings {
        optional {
            /// The group of bindings to clear; `all` clears every group. Default: the service's, which is the group
            /// `default` by the newer specification, and every group by the SDKs.
            realm: String,
        }
    }
}

method!(ClearDigitBindings, "calling.clear_digit_bindings");

impl Call {
    /// Has the service carry out a method whenever keys are pressed (`calling.bind_digit`). The keys are from
    /// `0-9 A-D * #`; the newer specification also allows the pauses `w` and `W`.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.bind_digit("*0", "calling.end").realm("menu").await?;
    /// call.clear_digit_bindings().realm("menu").await?;
    /// # Ok(()) }
    /// ```
    pub fn bind_digit(&self, digits: impl Into<String>, method: impl Into<String>) -> Request<BindDigit> {
        self.request(BindDigit::new(digits.into(), method.into()))
    }

    /// Clears bindings made with [`bind_digit`](Self::bind_digit) (`calling.clear_digit_bindings`). To be rid of all of
    /// them, name the realm `all`.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.clear_digit_bindings().realm("all").await?;
    /// # Ok(()) }
    /// ```
    pub fn clear_digit_bindings(&self) -> Request<ClearDigitBindings> {
        self.request(ClearDigitBindings::new())
    }
}
