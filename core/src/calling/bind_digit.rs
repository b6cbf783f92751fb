//! Binding methods to keys (`calling.bind_digit`, `calling.clear_digit_bindings`).

use std::num::NonZeroU32;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{method, params, validate};
use crate::client::{Call, Request};

/// Parameters of `calling.bind_digit`.
#[derive(Debug, Serialize)]
pub struct BindDigit {
    digits: String,
    bind_method: String,
    #[serde(rename = "params", skip_serializing_if = "Option::is_none")]
    bind_params: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_triggers: Option<NonZeroU32>,
}

method!(BindDigit, "calling.bind_digit", validate: |bind| {
    validate::not_empty("digits", &bind.digits)?;
    validate::keys_and_pauses("digits", &bind.digits)?;
    validate::not_empty("bind_method", &bind.bind_method)
});

impl Request<BindDigit> {
    /// The parameters of the bound method (`params` on the wire). Default: none.
    pub fn bind_params(mut self, params: impl Into<Map<String, Value>>) -> Self {
        self.method.bind_params = Some(params.into());
        self
    }

    /// A name for a group of bindings, to clear them together. Default: the service's, `default`.
    pub fn realm(mut self, name: impl Into<String>) -> Self {
        self.method.realm = Some(name.into());
        self
    }

    /// Limits how often the keys trigger the method; 0 is without limit, and is not sent. (By the SDKs a 0 means the same as leaving it
    /// out; the newer specification refuses a 0.) Default: without limit.
    pub fn max_triggers(mut self, times: u32) -> Self {
        self.method.max_triggers = NonZeroU32::new(times);
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
        self.request(BindDigit {
            digits: digits.into(),
            bind_method: method.into(),
            bind_params: None,
            realm: None,
            max_triggers: None,
        })
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
