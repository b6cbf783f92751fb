//! What can be called, or connected to a call.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CallState, rules};
use crate::credentials::Secret;
use crate::error::InvalidArgument;
use crate::ids::{CallId, NodeId};
use crate::json::whole_seconds;
use crate::open_enum::open_enum;
use crate::variants::variants;

open_enum! {
    /// An audio or video codec. Which ones are possible depends on the device.
    pub enum Codec {
        /// G.711 µ-law.
        Pcmu = "PCMU",
        /// G.711 A-law.
        Pcma = "PCMA",
        /// Opus.
        Opus = "OPUS",
        /// G.729.
        G729 = "G729",
        /// G.722.
        G722 = "G722",
        /// Linear PCM, for streams.
        L16 = "L16",
        /// VP8 video.
        Vp8 = "VP8",
        /// H.264 video.
        H264 = "H264",
        /// AMR-WB.
        AmrWb = "AMR-WB",
    }
}

impl Codec {
    /// What calls can use.
    pub(crate) const OF_CALLS: [Self; 8] =
        [Self::Pcmu, Self::Pcma, Self::Opus, Self::G729, Self::G722, Self::AmrWb, Self::Vp8, Self::H264];
}

/// One party, as events describe it and as requests name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "params", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Device {
    /// A telephone number.
    Phone(PhoneDevice),
    /// A SIP address.
    Sip(SipDevice),
    /// A resource of Call Fabric, such as an agent, a room or a subscriber.
    Fabric(FabricDevice),
    /// A browser or app.
    WebRtc(WebRtcDevice),
    /// An Agora channel.
    Agora(AgoraDevice),
    /// A call that exists already; only to connect to.
    Call(CallDevice),
    /// The next caller of a queue; only to connect to.
    Queue(QueueDevice),
    /// A media stream to a WebSocket server; only to connect to.
    Stream(StreamDevice),
    /// Anything else: the whole object, `type` and `params` included.
    #[serde(untagged)]
    Raw(Value),
}

crate::json::read_as_is!(Device);

impl Default for Device {
    fn default() -> Self {
        Self::Raw(Value::Null)
    }
}

impl Device {
    /// The number or address that was called, where the device has one.
    pub fn callee(&self) -> Option<&str> {
        match self {
            Self::Phone(phone) => Some(&phone.to_number),
            Self::Sip(sip) => Some(&sip.to),
            Self::Fabric(fabric) => Some(&fabric.to),
            Self::WebRtc(webrtc) => Some(&webrtc.to),
            Self::Agora(agora) => agora.to.as_deref(),
            _ => None,
        }
    }

    /// The number or address that the call comes from, where the device has one.
    pub fn caller(&self) -> Option<&str> {
        match self {
            Self::Phone(phone) => phone.from_number.as_deref(),
            Self::Sip(sip) => sip.from.as_deref(),
            Self::Fabric(fabric) => fabric.from.as_deref(),
            Self::WebRtc(webrtc) => webrtc.from.as_deref(),
            Self::Agora(agora) => Some(&agora.from),
            _ => None,
        }
    }

    fn check(&self) -> Result<(), InvalidArgument> {
        match self {
            Self::Phone(phone) => phone.check(),
            Self::Sip(sip) => {
                rules::not_empty("to", &sip.to)?;
                rules::whole("timeout", sip.timeout)?;
                rules::whole("max_duration", sip.max_duration)?;
                rules::codecs("codecs", &sip.codecs, &Codec::OF_CALLS)?;
                rules::whole("confirm_timeout", sip.confirm_timeout)?;
                let kinds = ["mandatory", "optional", "forbidden"];
                rules::one_of("encryption", sip.encryption.as_deref(), &kinds)?;
                rules::whole("session_timeout", sip.session_timeout)?;
                webhook(sip.call_state_url.as_deref(), &sip.call_state_events)
            }
            Self::WebRtc(webrtc) => {
                rules::not_empty("to", &webrtc.to)?;
                rules::whole("timeout", webrtc.timeout)?;
                let codecs = [Codec::Pcmu, Codec::Pcma, Codec::Opus, Codec::Vp8, Codec::H264];
                rules::codecs("codecs", &webrtc.codecs, &codecs)?;
                webhook(webrtc.call_state_url.as_deref(), &webrtc.call_state_events)
            }
            Self::Fabric(fabric) => {
                rules::not_empty("to", &fabric.to)?;
                rules::whole("timeout", fabric.timeout)?;
                rules::whole("confirm_timeout", fabric.confirm_timeout)?;
                webhook(fabric.call_state_url.as_deref(), &fabric.call_state_events)
            }
            Self::Agora(agora) => {
                rules::not_empty("from", &agora.from)?;
                rules::not_empty("appid", &agora.appid)?;
                rules::not_empty("channel", &agora.channel)?;
                webhook(agora.call_state_url.as_deref(), &agora.call_state_events)
            }
            Self::Call(call) => rules::not_empty("call_id", call.call_id.as_str()),
            Self::Queue(queue) => rules::not_empty("queue_name", &queue.queue_name),
            Self::Stream(stream) => {
                rules::scheme("url", &stream.url, &["wss"])?;
                let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16];
                rules::codecs("codec", &stream.codec, &codecs)?;
                rules::optional_web_url("status_url", stream.status_url.as_deref())?;
                rules::webhook_method("status_url_method", stream.status_url_method.as_deref())
            }
            Self::Raw(_) => Ok(()),
        }
    }

    /// Whether only `calling.connect` takes it.
    fn connects_only(&self) -> bool {
        matches!(self, Self::Call(_) | Self::Queue(_) | Self::Stream(_))
    }
}

/// What receives the states of a leg, and which of them.
fn webhook(url: Option<&str>, states: &[CallState]) -> Result<(), InvalidArgument> {
    rules::optional_web_url("call_state_url", url)?;
    if states.contains(&CallState::Ending) {
        return Err(InvalidArgument::new(
            "call_state_events",
            "ending is not one of created, ringing, answered, ended",
        ));
    }
    Ok(())
}

/// A setter for an optional text.
macro_rules! text_setter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub fn $name(mut self, value: impl Into<String>) -> Self {
            self.$name = Some(value.into());
            self
        }
    };
}

/// The setters that every device with a ringing phase has.
macro_rules! ringing_setters {
    () => {
        text_setter! {
            /// A URL that receives the leg's states as webhooks. Default: none.
            call_state_url
        }

        /// Which states the webhook receives, from created, ringing, answered, ended. Default: ended.
        pub fn call_state_events(mut self, states: impl IntoIterator<Item = CallState>) -> Self {
            self.call_state_events = states.into_iter().collect();
            self
        }

        /// A SWML document, or its URL, that is run for the callee before the parties are joined. Default:
        /// none.
        pub fn confirm(mut self, document: impl Into<Value>) -> Self {
            self.confirm = Some(document.into());
            self
        }
    };
}

/// The setter that every device has which the newer specification can dial.
macro_rules! confirm_timeout_setter {
    () => {
        /// Limits the time that the callee takes for [`confirm`](Self::confirm), in whole seconds. Default: the service's. (Known
        /// to the newer specification only.)
        pub fn confirm_timeout(mut self, time: Duration) -> Self {
            self.confirm_timeout = Some(time);
            self
        }
    };
}

/// A telephone number. Made by [`phone`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
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
    pub headers: Vec<SipHeader>,
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

    fn check(&self) -> Result<(), InvalidArgument> {
        rules::not_empty("to_number", &self.to_number)?;
        self.from_number.as_deref().map_or(Ok(()), |number| rules::not_empty("from_number", number))?;
        rules::whole("timeout", self.timeout)?;
        rules::whole("confirm_timeout", self.confirm_timeout)?;
        rules::whole("max_duration", self.max_duration)?;
        webhook(self.call_state_url.as_deref(), &self.call_state_events)
    }
}

/// A SIP header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipHeader {
    /// The header's name.
    pub name: String,
    /// The header's value.
    pub value: String,
}

/// A SIP address. Made by [`sip`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
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
    pub headers: Vec<SipHeader>,
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
}

/// A resource of Call Fabric. Made by [`fabric`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
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
}

/// A browser or app. Made by [`webrtc`]. Older services only: the newer specification has [`FabricDevice`] instead.
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
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
}

/// An Agora channel. Made by [`agora`]. Older services only.
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
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

impl AgoraDevice {
    text_setter! {
        /// Whom in the channel. Default: nobody in particular.
        to
    }

    ringing_setters!();
}

/// A call that exists already. Made from a [`Call`](crate::Call).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CallDevice {
    /// The node that hosts the call.
    pub node_id: NodeId,
    /// The call.
    pub call_id: CallId,
}

impl From<&crate::Call> for CallDevice {
    fn from(call: &crate::Call) -> Self {
        Self { node_id: call.node_id(), call_id: call.id().clone() }
    }
}

/// The next caller of a queue. Made by [`queue`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct QueueDevice {
    /// The node that hosts the queue.
    pub node_id: NodeId,
    /// The queue's name.
    pub queue_name: String,
    /// The queue, by its identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execute_after_queue: Option<String>,
}

impl QueueDevice {
    text_setter! {
        /// The queue, by its identifier. Default: found by its name.
        queue_id
    }

    text_setter! {
        /// A SWML document, or its URL, for the caller once the connection is over. (Known to the newer specification
        /// only.) Default: none.
        execute_after_queue
    }
}

/// A media stream to a WebSocket server. Made by [`stream`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
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
}

/// A telephone, by its number: in E.164, or a short code.
pub fn phone(to: impl Into<String>) -> PhoneDevice {
    PhoneDevice { to_number: to.into(), ..PhoneDevice::default() }
}

/// A SIP address. [`SipDevice::from`] says which address calls it.
pub fn sip(to: impl Into<String>) -> SipDevice {
    SipDevice { to: to.into(), ..SipDevice::default() }
}

/// A resource of Call Fabric, by its address, such as `/private/support`.
pub fn fabric(to: impl Into<String>) -> FabricDevice {
    FabricDevice { to: to.into(), ..FabricDevice::default() }
}

/// A browser or app, by its resource name. Older services only: the newer specification has [`fabric`] instead.
pub fn webrtc(to: impl Into<String>) -> WebRtcDevice {
    WebRtcDevice { to: to.into(), ..WebRtcDevice::default() }
}

/// An Agora channel of an Agora application. Older services only.
pub fn agora(channel: impl Into<String>, appid: impl Into<String>, from: impl Into<String>) -> AgoraDevice {
    AgoraDevice { channel: channel.into(), appid: appid.into(), from: from.into(), ..AgoraDevice::default() }
}

/// The next caller of a queue on a node.
pub fn queue(name: impl Into<String>, node_id: impl Into<NodeId>) -> QueueDevice {
    QueueDevice { queue_name: name.into(), node_id: node_id.into(), ..QueueDevice::default() }
}

/// A media stream to the WebSocket server at a `wss` URL.
pub fn stream(url: impl Into<String>) -> StreamDevice {
    StreamDevice { url: url.into(), ..StreamDevice::default() }
}

/// Whom to call, and in which order: groups one after the other, the devices of a group at the same time. The
/// first to answer wins.
///
/// ```
/// use signalwire_relay_core::{Devices, phone};
///
/// let one: Devices = phone("+15551000001").from("+15550000000").into();
/// let then = one.then(Devices::parallel([
///     phone("+15551000002").from("+15550000000"),
///     phone("+15551000003").from("+15550000000"),
/// ]));
/// # let _ = then;
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Devices(Vec<Vec<Device>>);

impl Devices {
    /// One after the other, each when the one before did not answer.
    pub fn serial<D: Into<Device>>(devices: impl IntoIterator<Item = D>) -> Self {
        Self(devices.into_iter().map(|device| vec![device.into()]).collect())
    }

    /// All at the same time.
    pub fn parallel<D: Into<Device>>(devices: impl IntoIterator<Item = D>) -> Self {
        Self(vec![devices.into_iter().map(Into::into).collect()])
    }

    /// These first; if nobody answers, `next`.
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        self.0.extend(next.into().0);
        self
    }

    pub(crate) fn check(&self) -> Result<(), InvalidArgument> {
        if self.0.is_empty() || self.0.iter().any(Vec::is_empty) {
            return Err(InvalidArgument::new("devices", "there is nobody to call"));
        }
        self.0.iter().flatten().try_for_each(Device::check)
    }

    pub(crate) fn check_dialable(&self) -> Result<(), InvalidArgument> {
        self.check()?;
        if self.0.iter().flatten().any(Device::connects_only) {
            return Err(InvalidArgument::new(
                "devices",
                "calls, queues and streams can be connected to a call, not dialled",
            ));
        }
        Ok(())
    }
}

impl<D: Into<Device>> From<D> for Devices {
    fn from(device: D) -> Self {
        Self(vec![vec![device.into()]])
    }
}

variants! {
    Device {
        Phone(PhoneDevice),
        Sip(SipDevice),
        Fabric(FabricDevice),
        WebRtc(WebRtcDevice),
        Agora(AgoraDevice),
        Call(CallDevice),
        Queue(QueueDevice),
        Stream(StreamDevice),
    }
}

impl From<&crate::Call> for Device {
    fn from(call: &crate::Call) -> Self {
        Self::Call(call.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_nest_as_serial_of_parallel() {
        let devices = Devices::parallel([
            Device::from(phone("+15550000001").from("+15550000000").timeout(Duration::from_secs(20))),
            sip("sip:desk@example.com").from("sip:app@example.com").header("X-Case", "7").into(),
        ])
        .then(phone("+15550000002"));
        assert_eq!(
            serde_json::to_value(&devices).expect("serialises"),
            json!([
                [{"type": "phone", "params": {
                    "to_number": "+15550000001", "from_number": "+15550000000", "timeout": 20}},
                 {"type": "sip", "params": {"to": "sip:desk@example.com", "from": "sip:app@example.com",
                    "headers": [{"name": "X-Case", "value": "7"}]}}],
                [{"type": "phone", "params": {"to_number": "+15550000002"}}],
            ])
        );
        assert_eq!(devices.check_dialable(), Ok(()));
    }

    #[test]
    fn every_device_has_its_wire_name() {
        let name = |device: Device| serde_json::to_value(device).expect("serialises")["type"].clone();
        assert_eq!(name(webrtc("a").into()), "webrtc");
        assert_eq!(name(fabric("/private/a").into()), "fabric");
        assert_eq!(name(agora("c", "a", "f").into()), "agora");
        assert_eq!(name(queue("q", "n").into()), "queue");
        assert_eq!(name(stream("wss://x").into()), "stream");
        assert_eq!(name(CallDevice::default().into()), "call");
    }

    #[test]
    fn unknown_and_ill_formed_devices_are_kept_as_they_are() {
        for text in [r#"{"type":"fax","params":{}}"#, r#"{"type":"phone","params":{"to_number":5}}"#, "7"] {
            let device: Device = serde_json::from_str(text).expect("every JSON is a device");
            assert!(matches!(device, Device::Raw(_)), "{text}");
            assert_eq!(serde_json::to_value(&device).ok(), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn what_one_description_of_the_service_allows_is_not_refused() {
        for device in [
            Device::from(phone("24680")),
            phone("5551234").from("me").timeout(Duration::from_secs(601)).into(),
            phone("+15551234").timeout(Duration::ZERO).into(),
            sip("sip:desk@example.com").codecs([Codec::AmrWb]).into(),
            webrtc("desk").into(),
            fabric("/private/support").from("+15550000000").confirm_timeout(Duration::from_secs(8)).into(),
        ] {
            assert_eq!(Devices::from(device.clone()).check_dialable(), Ok(()), "{device:?}");
        }
    }

    #[test]
    fn what_the_service_would_refuse_is_named() {
        let field = |devices: Devices| devices.check_dialable().expect_err("refused").field;
        assert_eq!(field(phone("").into()), "to_number");
        assert_eq!(field(phone("+15551234").from("").into()), "from_number");
        assert_eq!(field(sip("").into()), "to");
        assert_eq!(field(fabric("").into()), "to");
        assert_eq!(field(phone("+15551234").timeout(Duration::from_millis(1500)).into()), "timeout");
        assert_eq!(field(stream("wss://example.com").into()), "devices");
        assert_eq!(field(Devices::serial::<Device>([])), "devices");
    }
}
