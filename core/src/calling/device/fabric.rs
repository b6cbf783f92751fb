//! Resources of Call Fabric.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::setters::{confirm_timeout_setter, ringing_setters, text_setter};
use super::webhook;
use crate::calling::{CallState, validate};
use crate::error::InvalidArgument;
use crate::json::{object, whole_seconds};

object! {
    /// A resource of Call Fabric. Made by [`fabric`].
    #[must_use]
    #[derive(PartialEq, Serialize)]
    pub struct FabricDevice {
        /// The address of the resource.
        pub to: String,
        /// The number or address that calls.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub from: Option<String>,
        /// How long it rings, in whole seconds.
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        pub timeout: Option<Duration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call_state_url: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        call_state_events: Vec<CallState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        confirm: Option<Value>,
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        confirm_timeout: Option<Duration>,
    }
}

impl FabricDevice {
    text_setter! {
        /// The number or address that calls. Default: the service's choice.
        from
    }

    /// How long it rings, in whole seconds. Default: the service's, 30 s.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    ringing_setters!();
    confirm_timeout_setter!();

    pub(super) fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("to", &self.to)?;
        validate::whole("timeout", self.timeout)?;
        validate::whole("confirm_timeout", self.confirm_timeout)?;
        webhook(self.call_state_url.as_deref(), &self.call_state_events)
    }
}

/// A resource of Call Fabric, by its address, such as `/private/support`.
pub fn fabric(to: impl Into<String>) -> FabricDevice {
    FabricDevice { to: to.into(), ..FabricDevice::default() }
}
