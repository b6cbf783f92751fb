//! Streaming a call's audio to a WebSocket server (`calling.stream`).

use serde_json::{Map, Value};

use super::{Codec, Control, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::credentials::Secret;
use crate::enums::open_enum;
use crate::events::event;

open_enum! {
    /// Which audio is streamed. The short names `inbound`, `outbound` and `both` stand for the same.
    pub enum StreamTrack {
        /// What the call's party says; the default.
        Inbound = "inbound_track" | "inbound",
        /// What the call's party hears.
        Outbound = "outbound_track" | "outbound",
        /// Both.
        Both = "both_tracks" | "both",
    }
}

params! {
    /// Parameters of `calling.stream`.
    pub struct Stream {
        required { url: String, }
        optional {
            /// A name for the stream. Default: none.
            name: String,
            /// The codec. Default: the call's.
            codec: Codec,
            /// Which audio is streamed. Default: what the call's party says.
            track: StreamTrack,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
            /// How the webhook is called, `GET` or `POST`. Default: `POST`.
            status_url_method: String,
            /// A bearer token for the server. Default: none.
            authorization_bearer_token: Secret,
            /// Parameters that the server receives when the stream begins. Default: none.
            custom_parameters: Map<String, Value>,
        }
    }
}

operation!(
    Stream,
    "calling.stream",
    ControlId,
    StreamEvent,
    ends: |event| event.state == StreamState::Finished,
    validate: |stream| {
        validate::scheme("url", &stream.url, &["wss"])?;
        validate::optional_web_url("status_url", stream.status_url.as_deref())?;
        validate::webhook_method("status_url_method", stream.status_url_method.as_deref())
    }
);

/// A running stream. Dropping it lets it run on.
pub type StreamAction = Action<Stream>;

impl Action<Stream> {
    /// Stops the stream (`calling.stream.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let stream = call.stream("wss://example.com/audio").await?;
    /// stream.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.stream.stop"))
    }
}

impl Call {
    /// Streams the call's audio to the server at a `wss` URL (`calling.stream`).
    ///
    /// # Completion
    ///
    /// [`stop`](Action::stop), the server, or the end of the call: silence does not.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::StreamTrack;
    /// let stream = call.stream("wss://example.com/audio").track(StreamTrack::Both).await?;
    /// stream.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stream(&self, url: impl Into<String>) -> Request<Stream> {
        self.request(Stream::new(url.into()))
    }
}

open_enum! {
    /// How a stream is getting on.
    pub enum StreamState {
        /// It runs.
        Streaming = "streaming",
        /// It is over.
        Finished = "finished",
    }
}

event! {
    /// `calling.call.stream`: a stream got on.
    pub struct StreamEvent(Stream, "calling.call.stream", keyed, addressed) {
        /// How it is getting on.
        pub state: StreamState,
        /// The server.
        pub url: String,
        /// The stream's name.
        pub name: Option<String>,
    }
}
