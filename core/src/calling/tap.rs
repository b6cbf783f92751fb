//! Sending a copy of a call's audio elsewhere (`calling.tap`).

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Codec, Control, RecordDirection, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::enums::variants;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::{Lenient, milliseconds, object, read_from_value, tagged, value};

/// Where a tap goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "params", rename_all = "lowercase")]
#[non_exhaustive]
pub enum TapDevice {
    /// An RTP receiver.
    Rtp(RtpTap),
    /// A WebSocket server.
    Ws(WsTap),
    /// Anything else: the whole object, `type` and `params` included.
    #[serde(untagged)]
    Raw(Value),
}

impl Default for TapDevice {
    fn default() -> Self {
        Self::Raw(Value::Null)
    }
}

impl Lenient for TapDevice {
    fn read(raw: &RawValue) -> Self {
        match tagged(raw) {
            Some((kind, params)) if kind == "rtp" => Self::Rtp(Lenient::read(params)),
            Some((kind, params)) if kind == "ws" => Self::Ws(Lenient::read(params)),
            _ => Self::Raw(value(raw)),
        }
    }
}

/// Any JSON is a device.
impl<'de> Deserialize<'de> for TapDevice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_from_value(deserializer)
    }
}

object! {
    /// An RTP receiver. Made by [`rtp`].
    #[must_use]
    #[derive(PartialEq, Eq, Serialize)]
    pub struct RtpTap {
        /// Its IPv4 address, a public one.
        pub addr: String,
        /// Its port.
        pub port: u16,
        /// The codec. Default: the call's.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub codec: Option<Codec>,
        /// The length of audio in a packet: by the SDKs 10 ms to 120 ms, in steps of
        /// 10 ms. Default: the call's.
        #[serde(with = "milliseconds", skip_serializing_if = "Option::is_none")]
        pub ptime: Option<Duration> = milliseconds::read,
    }
}

object! {
    /// A WebSocket server. Made by [`ws`].
    #[must_use]
    #[derive(PartialEq, Eq, Serialize)]
    pub struct WsTap {
        /// Its `ws` or `wss` URL.
        pub uri: String,
        /// The codec. Default: the call's.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub codec: Option<Codec>,
        /// The sampling rate, in hertz. Known to older services only. Default: the codec's.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub rate: Option<u32>,
    }
}

impl RtpTap {
    /// The codec: OPUS, PCMA or PCMU. Default: the call's.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// The length of audio in a packet: by the SDKs 10 ms to 120 ms, in steps of
    /// 10 ms. Default: the call's.
    pub fn ptime(mut self, time: Duration) -> Self {
        self.ptime = Some(time);
        self
    }
}

impl WsTap {
    /// The codec: OPUS, PCMA or PCMU. Default: the call's.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// The sampling rate, in hertz. Known to older services only. Default: the codec's.
    pub fn rate(mut self, hertz: u32) -> Self {
        self.rate = Some(hertz);
        self
    }
}

variants! {
    TapDevice {
        Rtp(RtpTap),
        Ws(WsTap),
    }
}

/// The RTP receiver at a public IPv4 address and a port.
pub fn rtp(addr: impl Into<String>, port: u16) -> RtpTap {
    RtpTap { addr: addr.into(), port, codec: None, ptime: None }
}

/// The WebSocket server at a `ws` or `wss` URL.
pub fn ws(uri: impl Into<String>) -> WsTap {
    WsTap { uri: uri.into(), codec: None, rate: None }
}

/// What a tap can be sent in.
const CODECS: [Codec; 3] = [Codec::Opus, Codec::Pcma, Codec::Pcmu];

impl TapDevice {
    fn validate(&self) -> Result<(), InvalidArgument> {
        match self {
            Self::Rtp(rtp) => {
                validate::public_address("addr", &rtp.addr)?;
                validate::codecs("codec", &rtp.codec, &CODECS)?;
                if rtp.port == 0 {
                    return Err(InvalidArgument::new("port", "it must be 1 to 65535"));
                }
                match rtp.ptime {
                    Some(time) if time.subsec_nanos() % 1_000_000 != 0 => Err(InvalidArgument::new(
                        "ptime",
                        format!("{time:?} is not a whole number of milliseconds"),
                    )),
                    _ => Ok(()),
                }
            }
            Self::Ws(ws) => {
                validate::scheme("uri", &ws.uri, &["wss", "ws"])?;
                validate::codecs("codec", &ws.codec, &CODECS)
            }
            Self::Raw(_) => Ok(()),
        }
    }
}

params! {
    /// Parameters of `calling.tap`.
    pub struct Tap {
        required { tap: Value, device: TapDevice, }
        optional {
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

operation!(Tap, "calling.tap", ControlId, TapEvent, ends: |event| event.state == TapState::Finished, validate: |tap| {
    tap.device.validate()?;
    validate::optional_web_url("status_url", tap.status_url.as_deref())
});

/// A running tap. Dropping it lets it run on.
pub type TapAction = Action<Tap>;

impl Action<Tap> {
    /// Stops the tap (`calling.tap.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{RecordDirection, ws};
    /// let tap = call.tap(RecordDirection::Speak, ws("wss://example.com/audio")).await?;
    /// tap.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.tap.stop"))
    }
}

impl Call {
    /// Sends a copy of the call's audio elsewhere (`calling.tap`).
    ///
    /// # Completion
    ///
    /// [`stop`](Action::stop), or the end of the call: silence does not.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{RecordDirection, rtp};
    /// let tap = call.tap(RecordDirection::Both, rtp("203.0.113.9", 4000)).await?;
    /// tap.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn tap(&self, direction: impl Into<RecordDirection>, device: impl Into<TapDevice>) -> Request<Tap> {
        let tap = json!({"type": "audio", "params": {"direction": direction.into()}});
        self.request(Tap::new(tap, device.into()))
    }
}

open_enum! {
    /// How a tap is getting on.
    pub enum TapState {
        /// It runs.
        Tapping = "tapping",
        /// It is over.
        Finished = "finished",
    }
}

event! {
    /// `calling.call.tap`: a tap got on.
    pub struct TapEvent(Tap, "calling.call.tap", keyed, addressed) {
        /// How it is getting on.
        pub state: TapState,
        /// What is tapped.
        pub tap: Value,
        /// Where it goes.
        pub device: TapDevice,
    }
}
