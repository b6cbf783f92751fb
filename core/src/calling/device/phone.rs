//! Telephones.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::setters::{confirm_timeout_setter, ringing_setters};
use super::sip::{SipHeader, read_headers};
use super::webhook;
use crate::calling::{CallState, validate};
use crate::error::InvalidArgument;
use crate::json::{object, whole_seconds};

object! {
    /// A telephone number. Made by [`phone`].
    #[must_use]
    #[derive(PartialEq, Serialize)]
    pub struct PhoneDevice {
        /// The number that is called.
        pub to_number: String,
        /// The number that the callee sees.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub from_number: Option<String>,
        /// How long it rings, in whole seconds.
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        pub timeout: Option<Duration>,
        /// How long the call may last, in whole seconds.
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        pub max_duration: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call_state_url: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        call_state_events: Vec<CallState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        confirm: Option<Value>,
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        confirm_timeout: Option<Duration>,
        /// SIP headers of the call, in events.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub headers: Vec<SipHeader> = read_headers,
    }
}

impl PhoneDevice {
    /// The number that the callee sees, in E.164. Default: the service's choice. (By the SDKs it is required; by the newer
    /// specification the service fills one in.)
    pub fn from(mut self, number: impl Into<String>) -> Self {
        self.from_number = Some(number.into());
        self
    }

    /// How long it rings, in whole seconds. Default: the service's, 30 s. (An older document allows 1 s to 600 s.)
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// How long the call may last, in whole seconds. Known to older services only: set
    /// [`max_duration`](crate::Request::max_duration) of the dial, the connection or the answer. Default: no limit of its
    /// own.
    pub fn max_duration(mut self, time: Duration) -> Self {
        self.max_duration = Some(time);
        self
    }

    ringing_setters!();
    confirm_timeout_setter!();

    pub(super) fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("to_number", &self.to_number)?;
        self.from_number.as_deref().map_or(Ok(()), |number| validate::not_empty("from_number", number))?;
        validate::whole("timeout", self.timeout)?;
        validate::whole("confirm_timeout", self.confirm_timeout)?;
        validate::whole("max_duration", self.max_duration)?;
        webhook(self.call_state_url.as_deref(), &self.call_state_events)
    }
}

/// A telephone, by its number: in E.164, or a short code.
pub fn phone(to: impl Into<String>) -> PhoneDevice {
    PhoneDevice { to_number: to.into(), ..PhoneDevice::default() }
}
