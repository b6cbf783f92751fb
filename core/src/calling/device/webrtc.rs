//! Browsers and apps, as older services have them.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::setters::{ringing_setters, text_setter};
use super::{Codec, webhook};
use crate::calling::{CallState, validate};
use crate::error::InvalidArgument;
use crate::json::{object, whole_seconds};

object! {
    /// A browser or app. Made by [`webrtc`]. Older services only: the newer specification has
    /// [`FabricDevice`](super::FabricDevice) instead.
    #[must_use]
    #[derive(PartialEq, Serialize)]
    pub struct WebRtcDevice {
        /// The resource that is called.
        pub to: String,
        /// Who calls.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub from: Option<String>,
        /// How long it rings, in whole seconds.
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        pub timeout: Option<Duration>,
        /// Codecs, in order of preference.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub codecs: Vec<Codec>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call_state_url: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        call_state_events: Vec<CallState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        confirm: Option<Value>,
    }
}

impl WebRtcDevice {
    text_setter! {
        /// Who calls. Default: the service's choice. (By the SDKs it is required.)
        from
    }

    /// How long it rings, in whole seconds. Default: the service's, 30 s. (An older document allows 1 s to 600 s.)
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Codecs, in order of preference: PCMU, PCMA, OPUS, VP8, H264. Default: the service's choice.
    pub fn codecs(mut self, codecs: impl IntoIterator<Item = Codec>) -> Self {
        self.codecs = codecs.into_iter().collect();
        self
    }

    ringing_setters!();

    pub(super) fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("to", &self.to)?;
        validate::whole("timeout", self.timeout)?;
        let codecs = [Codec::Pcmu, Codec::Pcma, Codec::Opus, Codec::Vp8, Codec::H264];
        validate::codecs("codecs", &self.codecs, &codecs)?;
        webhook(self.call_state_url.as_deref(), &self.call_state_events)
    }
}

/// A browser or app, by its resource name. Older services only: the newer specification has [`fabric`](super::fabric)
/// instead.
pub fn webrtc(to: impl Into<String>) -> WebRtcDevice {
    WebRtcDevice { to: to.into(), ..WebRtcDevice::default() }
}
