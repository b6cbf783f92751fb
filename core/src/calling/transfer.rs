//! Handing a call over: to another application (`calling.transfer`), or to another SIP party (`calling.refer`).

use serde::Serialize;
use serde_json::Value;

use super::{AfterGap, SILENCE_TIMEOUT, method, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::credentials::Secret;
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;

params! {
    /// Parameters of `calling.transfer`.
    pub struct Transfer {
        required { dest: Value, }
    }
}

method!(Transfer, "calling.transfer" => Transfer, validate: |transfer| match &transfer.dest {
    Value::String(dest) => validate::not_empty("dest", dest),
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

impl Refer {
    fn validate(&self) -> Result<(), InvalidArgument> {
        let ReferDevice::Sip(target) = &self.device;
        validate::scheme_of_address("to", &target.to, &["sip", "sips"])?;
        validate::optional_web_url("status_url", self.status_url.as_deref())
    }
}

operation!(
    Refer,
    "calling.refer",
    None,
    ReferEvent,
    ends: |event| event.state != ReferState::InProgress && event.state != ReferState::default(),
    after_gap: |_| AfterGap::Within(SILENCE_TIMEOUT),
    validate: Refer::validate
);

/// A referral under way. Dropping it lets it go on; it cannot be stopped.
pub type ReferAction = Action<Refer>;

open_enum! {
    /// The outcome of a referral. Names are read whatever their case and underscores.
    pub tolerant enum ReferState {
        /// The other side is calling the address.
        InProgress = "inProgress",
        /// The address answered, and the call is the other side's.
        Success = "success",
        /// The other side called it off.
        Cancel = "cancel",
        /// The address was busy.
        Busy = "busy",
        /// The address did not answer.
        NoAnswer = "noAnswer",
        /// The referral failed.
        Error = "error",
    }
}

impl Call {
    /// Hands the call over to another application: the `https` URL of a SWML document, `context:` and the name of a
    /// context, or a SWML document as text or as an object (`calling.transfer`). Older documents also name SIP addresses
    /// and numbers.
    ///
    /// By the newer specification this client has no control over the call from then on: the service refuses commands on
    /// it. The call then ends for this client within about 10 s, as [`EndReason::Transferred`](crate::EndReason::Transferred),
    /// unless its real end is told before. Where the service still takes commands, as by the SDKs, the call stays. A call
    /// that is transferred to a context of this client is offered again, as a new [`Call`].
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.transfer("context:sales").await?;
    /// # Ok(()) }
    /// ```
    pub fn transfer(&self, dest: impl Into<Value>) -> Request<Transfer> {
        self.request(Transfer::new(dest.into()))
    }

    /// Asks the other side's SIP equipment to call another address (`calling.refer`).
    ///
    /// Done when the service has accepted it; the [`ReferAction`] tells what came of it. The older SDKs know no other
    /// outcome than `success`.
    ///
    /// # Completion
    ///
    /// The answer of the other side's equipment, or the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::refer_to;
    /// let referral = call.refer(refer_to("sip:desk@example.com")).await?;
    /// println!("{}", referral.wait().await?.state);
    /// # Ok(()) }
    /// ```
    pub fn refer(&self, target: ReferTarget) -> Request<Refer> {
        self.request(Refer::new(ReferDevice::Sip(target)))
    }
}

event! {
    /// `calling.call.refer`: a referral is under way, or is decided.
    pub struct ReferEvent(Refer, "calling.call.refer", addressed) {
        /// The outcome.
        pub state: ReferState,
        /// Where to.
        pub sip_refer_to: String,
        /// The other side's answer to the referral, such as `202`.
        pub sip_refer_response_code: Option<String>,
        /// What the other side heard from the address, such as `200`.
        pub sip_notify_response_code: Option<String>,
    }
}
