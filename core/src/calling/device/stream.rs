//! Media streams to WebSocket servers, to connect a call to.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Codec;
use super::setters::text_setter;
use crate::calling::validate;
use crate::credentials::Secret;
use crate::error::InvalidArgument;
use crate::json::object;

object! {
    /// A media stream to a WebSocket server. Made by [`stream`].
    #[must_use]
    #[derive(PartialEq, Serialize)]
    pub struct StreamDevice {
        /// The server, by a `wss` URL.
        pub url: String,
        /// A name for the stream.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        codec: Option<Codec>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status_url: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status_url_method: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        realtime: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        authorization_bearer_token: Option<Secret>,
        #[serde(skip_serializing_if = "Option::is_none")]
        custom_parameters: Option<Map<String, Value>>,
    }
}

impl StreamDevice {
    text_setter! {
        /// A name for the stream. Default: none.
        name
    }

    /// The codec: PCMU, PCMA, G722 or L16, with the service's suffixes for rate and frame length if wanted, such as
    /// `L16@24000h@40i`. Default: PCMU.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    text_setter! {
        /// A URL that receives the stream's states as webhooks. Default: none.
        status_url
    }

    text_setter! {
        /// How the webhook is called, `GET` or `POST`. Default: `POST`.
        status_url_method
    }

    /// Whether audio flows both ways. Default: no.
    pub fn realtime(mut self, yes: bool) -> Self {
        self.realtime = Some(yes);
        self
    }

    /// A bearer token for the server. Default: none.
    pub fn authorization_bearer_token(mut self, token: impl Into<String>) -> Self {
        self.authorization_bearer_token = Some(Secret::from(token.into()));
        self
    }

    /// Parameters that the server receives when the stream begins. Default: none.
    pub fn custom_parameters(mut self, parameters: Map<String, Value>) -> Self {
        self.custom_parameters = Some(parameters);
        self
    }

    pub(super) fn validate(&self) -> Result<(), InvalidArgument> {
        validate::scheme("url", &self.url, &["wss"])?;
        let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16];
        validate::codecs("codec", &self.codec, &codecs)?;
        validate::optional_web_url("status_url", self.status_url.as_deref())?;
        validate::webhook_method("status_url_method", self.status_url_method.as_deref())
    }
}

/// A media stream to the WebSocket server at a `wss` URL.
pub fn stream(url: impl Into<String>) -> StreamDevice {
    StreamDevice { url: url.into(), ..StreamDevice::default() }
}
