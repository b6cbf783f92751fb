//! Handing a call over: to another application (`calling.transfer`), or to another SIP party (`calling.refer`).

use serde::Serialize;
use serde_json::Value;

use super::{method, params, rules};
use crate::client::{Call, Request};
use crate::credentials::Secret;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::ids::Tag;

params! {
    /// Parameters of `calling.transfer`.
    pub struct Transfer {
        required { dest: Value, }
    }
}

method!(Transfer, "calling.transfer", |transfer| match &transfer.dest {
    Value::String(dest) => rules::not_empty("dest", dest),
    Value::Object(_) => Ok(()),
    _ => Err(InvalidArgument::new("dest", "it must be text, or a SWML document as an object")),
});

/// The party that a call is referred to. Made by [`refer_to`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferTarget {
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Secret>,
}

impl ReferTarget {
    /// Who refers. Default: the service's choice.
    pub fn from(mut self, address: impl Into<String>) -> Self {
        self.from = Some(address.into());
        self
    }

    /// Name and password for a party that asks for them. Default: none.
    pub fn login(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self.password = Some(Secret::from(password.into()));
        self
    }
}

/// The party at a SIP address.
pub fn refer_to(address: impl Into<String>) -> ReferTarget {
    ReferTarget { to: address.into(), from: None, username: None, password: None }
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "params", rename_all = "lowercase")]
pub(crate) enum ReferDevice {
    Sip(ReferTarget),
}

params! {
    /// Parameters of `calling.refer`.
    pub struct Refer {
        required { device: ReferDevice, }
        optional {
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

method!(Refer, "calling.refer", |refer| {
    let ReferDevice::Sip(target) = &refer.device;
    rules::scheme_of_address("to", &target.to, &["sip", "sips"])?;
    rules::optional_web_url("status_url", refer.status_url.as_deref())
});

impl Call {
    /// Hands the call over to another application: a URL, `context:` and a name, a SIP address, a number, or a SWML
    /// document, as text or as an object (`calling.transfer`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.transfer("context:sales").await?;
    /// # Ok(()) }
    /// ```
    pub fn transfer(&self, dest: impl Into<Value>) -> Request<Transfer> {
        self.request(Transfer::new(dest.into()))
    }

    /// Asks the other side's SIP equipment to call another address (`calling.refer`). A [`ReferEvent`] tells what
    /// came of it.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{ReferEvent, refer_to};
    /// let outcome = call.wait_for(|_: &ReferEvent| true);
    /// call.refer(refer_to("sip:desk@example.com")).await?;
    /// println!("{}", outcome.await?.state);
    /// # Ok(()) }
    /// ```
    pub fn refer(&self, target: ReferTarget) -> Request<Refer> {
        self.request(Refer::new(ReferDevice::Sip(target)))
    }
}

event! {
    /// `calling.call.refer`: a referral got on.
    pub struct ReferEvent(Refer, "calling.call.refer") {
        /// `success`, or what the service says otherwise.
        pub state: String,
        /// Where to.
        pub sip_refer_to: String,
        /// The other side's answer to the referral, such as `202`.
        pub sip_refer_response_code: Option<String>,
        /// What the other side heard from the address, such as `200`.
        pub sip_notify_response_code: Option<String>,
        /// The segment of the call.
        pub segment_id: Option<String>,
        /// The tag of the call.
        pub tag: Option<Tag>,
    }
}
