//! Agora channels, as older services have them.

use serde::Serialize;
use serde_json::Value;

use super::setters::{ringing_setters, text_setter};
use super::webhook;
use crate::calling::{CallState, validate};
use crate::error::InvalidArgument;
use crate::json::object;

object! {
    /// An Agora channel. Made by [`agora`]. Older services only.
    #[must_use]
    #[derive(PartialEq, Serialize)]
    pub struct AgoraDevice {
        /// Who calls.
        pub from: String,
        /// The Agora application.
        pub appid: String,
        /// The Agora channel.
        pub channel: String,
        /// Whom in the channel.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub to: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call_state_url: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        call_state_events: Vec<CallState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        confirm: Option<Value>,
    }
}

impl AgoraDevice {
    text_setter! {
        /// Whom in the channel. Default: nobody in particular.
        to
    }

    ringing_setters!();

    pub(super) fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("from", &self.from)?;
        validate::not_empty("appid", &self.appid)?;
        validate::not_empty("channel", &self.channel)?;
        webhook(self.call_state_url.as_deref(), &self.call_state_events)
    }
}

/// An Agora channel of an Agora application. Older services only.
pub fn agora(channel: impl Into<String>, appid: impl Into<String>, from: impl Into<String>) -> AgoraDevice {
    AgoraDevice { channel: channel.into(), appid: appid.into(), from: from.into(), ..AgoraDevice::default() }
}
