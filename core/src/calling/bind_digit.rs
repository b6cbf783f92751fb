//! Binding methods to keys (`calling.bind_digit`, `calling.clear_digit_bindings`).

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
            /// A name for a group of bindings, to clear them together. Default: none.
            realm: String,
            /// How often the keys may trigger it; 0 is without limit. Default: the service's.
            max_triggers: u32,
        }
    }
}

method!(BindDigit, "calling.bind_digit", |bind| {
    rules::not_empty("digits", &bind.digits)?;
    rules::keys("digits", Some(&bind.digits))?;
    rules::not_empty("bind_method", &bind.bind_method)
});

params! {
    /// Parameters of `calling.clear_digit_bindings`.
    pub struct ClearDigitBindings {
        optional {
            /// The group of bindings to clear. Default: all.
            realm: String,
        }
    }
}

method!(ClearDigitBindings, "calling.clear_digit_bindings");

impl Call {
    /// Has the service carry out a method whenever keys are pressed (`calling.bind_digit`).
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

    /// Clears bindings made with [`bind_digit`](Self::bind_digit) (`calling.clear_digit_bindings`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.clear_digit_bindings().await?;
    /// # Ok(()) }
    /// ```
    pub fn clear_digit_bindings(&self) -> Request<ClearDigitBindings> {
        self.request(ClearDigitBindings::new())
    }
}
