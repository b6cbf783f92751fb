//! SIP addresses.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::setters::{confirm_timeout_setter, ringing_setters, text_setter};
use super::{Codec, webhook};
use crate::calling::{CallState, validate};
use crate::credentials::Secret;
use crate::error::InvalidArgument;
use crate::json::{Entries, Lenient, is_object, object, read_members, read_object, whole_seconds};

/// A SIP header.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SipHeader {
    /// The header's name.
    pub name: String,
    /// The header's value.
    pub value: String,
}

read_members!(SipHeader { name: String, value: String });

/// Reads headers: a list of them, one, or an object with a member for each.
pub(super) fn read_headers(raw: &RawValue) -> Vec<SipHeader> {
    let Entries(entries) = read_object(raw.get());
    if !is_object(raw) || entries.iter().any(|(name, _)| name == "name") {
        return Vec::read(raw);
    }
    let header = |(name, raw): (Cow<'_, str>, &RawValue)| SipHeader {
        name: name.into_owned(),
        value: String::read(raw),
    };
    entries.into_iter().map(header).collect()
}

object! {
    /// A SIP address. Made by [`sip`].
    #[must_use]
    #[derive(PartialEq, Serialize)]
    pub struct SipDevice {
        /// The address that is called.
        pub to: String,
        /// The address that the call comes from.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub from: Option<String>,
        /// The caller's display name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub from_name: Option<String>,
        /// How long it rings, in whole seconds.
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        pub timeout: Option<Duration>,
        /// How long the call may last, in whole seconds.
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        pub max_duration: Option<Duration>,
        /// The call's own headers.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub headers: Vec<SipHeader> = read_headers,
        /// Codecs, in order of preference.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub codecs: Vec<Codec>,
        /// Whether the media is WebRTC's.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub webrtc_media: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        password: Option<Secret>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encryption: Option<String>,
        #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
        session_timeout: Option<Duration>,
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

impl SipDevice {
    text_setter! {
        /// The address that calls. Default: the service's choice. (By the SDKs it is required.)
        from
    }

    text_setter! {
        /// The caller's display name. Default: none.
        from_name
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

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(SipHeader { name: name.into(), value: value.into() });
        self
    }

    /// Codecs, in order of preference: PCMU, PCMA, OPUS, G729, G722, AMR-WB, VP8, H264. Default: the service's
    /// choice.
    pub fn codecs(mut self, codecs: impl IntoIterator<Item = Codec>) -> Self {
        self.codecs = codecs.into_iter().collect();
        self
    }

    /// Whether the media is WebRTC's. Default: no.
    pub fn webrtc_media(mut self, yes: bool) -> Self {
        self.webrtc_media = Some(yes);
        self
    }

    /// Name and password for an address that asks for them. Default: none.
    pub fn login(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self.password = Some(Secret::from(password.into()));
        self
    }

    text_setter! {
        /// Encryption of the media: `mandatory`, `optional` or `forbidden`. Default: `optional`.
        encryption
    }

    /// The SIP session timer, in whole seconds. Default: the service's.
    pub fn session_timeout(mut self, time: Duration) -> Self {
        self.session_timeout = Some(time);
        self
    }

    ringing_setters!();
    confirm_timeout_setter!();

    pub(super) fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("to", &self.to)?;
        validate::whole("timeout", self.timeout)?;
        validate::whole("max_duration", self.max_duration)?;
        validate::codecs("codecs", &self.codecs, &Codec::OF_CALLS)?;
        validate::whole("confirm_timeout", self.confirm_timeout)?;
        let kinds = ["mandatory", "optional", "forbidden"];
        validate::one_of("encryption", self.encryption.as_deref(), &kinds)?;
        validate::whole("session_timeout", self.session_timeout)?;
        webhook(self.call_state_url.as_deref(), &self.call_state_events)
    }
}

/// A SIP address. [`SipDevice::from`] says which address calls it.
pub fn sip(to: impl Into<String>) -> SipDevice {
    SipDevice { to: to.into(), ..SipDevice::default() }
}
