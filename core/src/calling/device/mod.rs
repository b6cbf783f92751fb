//! What can be called, or connected to a call: each kind of device is a file.

mod agora;
mod call;
mod codec;
mod devices;
mod fabric;
mod phone;
mod queue;
mod setters;
mod sip;
mod stream;
mod webrtc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

pub use agora::{AgoraDevice, agora};
pub use call::CallDevice;
pub use codec::Codec;
pub use devices::Devices;
pub use fabric::{FabricDevice, fabric};
pub use phone::{PhoneDevice, phone};
pub use queue::{QueueDevice, queue};
pub use sip::{SipDevice, SipHeader, sip};
pub use stream::{StreamDevice, stream};
pub use webrtc::{WebRtcDevice, webrtc};

use super::{CallState, validate};
use crate::enums::variants;
use crate::error::InvalidArgument;
use crate::json::{Lenient, read_from_value, tagged, value};

/// One party, as events describe it and as requests name it.
///
/// Every member is read by itself: one that makes no sense is at its default, and a number where a text is expected is that
/// number as text.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

impl Lenient for Device {
    fn read(raw: &RawValue) -> Self {
        tagged(raw)
            .and_then(|(kind, params)| Self::known(&kind, params))
            .unwrap_or_else(|| Self::Raw(value(raw)))
    }
}

/// Any JSON is a device.
impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_from_value(deserializer)
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::Raw(Value::Null)
    }
}

impl Device {
    fn known(kind: &str, params: &RawValue) -> Option<Self> {
        Some(match kind {
            "phone" => Self::Phone(Lenient::read(params)),
            "sip" => Self::Sip(Lenient::read(params)),
            "fabric" => Self::Fabric(Lenient::read(params)),
            "webrtc" => Self::WebRtc(Lenient::read(params)),
            "agora" => Self::Agora(Lenient::read(params)),
            "call" => Self::Call(Lenient::read(params)),
            "queue" => Self::Queue(Lenient::read(params)),
            "stream" => Self::Stream(Lenient::read(params)),
            _ => return None,
        })
    }

    /// The number or address that was called, where the device has one.
    pub fn callee(&self) -> Option<&str> {
        let callee = match self {
            Self::Phone(phone) => Some(&*phone.to_number),
            Self::Sip(sip) => Some(&*sip.to),
            Self::Fabric(fabric) => Some(&*fabric.to),
            Self::WebRtc(webrtc) => Some(&*webrtc.to),
            Self::Agora(agora) => agora.to.as_deref(),
            _ => None,
        };
        callee.filter(|callee| !callee.is_empty())
    }

    /// The number or address that the call comes from, where the device has one.
    pub fn caller(&self) -> Option<&str> {
        let caller = match self {
            Self::Phone(phone) => phone.from_number.as_deref(),
            Self::Sip(sip) => sip.from.as_deref(),
            Self::Fabric(fabric) => fabric.from.as_deref(),
            Self::WebRtc(webrtc) => webrtc.from.as_deref(),
            Self::Agora(agora) => Some(&*agora.from),
            _ => None,
        };
        caller.filter(|caller| !caller.is_empty())
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        match self {
            Self::Phone(phone) => phone.validate(),
            Self::Sip(sip) => sip.validate(),
            Self::Fabric(fabric) => fabric.validate(),
            Self::WebRtc(webrtc) => webrtc.validate(),
            Self::Agora(agora) => agora.validate(),
            Self::Call(call) => validate::not_empty("call_id", call.call_id.as_str()),
            Self::Queue(queue) => validate::not_empty("queue_name", &queue.queue_name),
            Self::Stream(stream) => stream.validate(),
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
    validate::optional_web_url("call_state_url", url)?;
    if states.contains(&CallState::Ending) {
        return Err(InvalidArgument::new(
            "call_state_events",
            "ending is not one of created, ringing, answered, ended",
        ));
    }
    Ok(())
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
    use std::time::Duration;

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
        assert_eq!(devices.validate_dialable(), Ok(()));
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
    fn unknown_devices_are_kept_as_they_are() {
        for text in [
            r#"{"type":"fax","params":{"to":5}}"#,
            r#"{"type":"phone","params":[5]}"#,
            "{}",
            "[]",
            "7",
            "null",
        ] {
            let device: Device = serde_json::from_str(text).expect("every JSON is a device");
            assert!(matches!(device, Device::Raw(_)), "{text}");
            assert_eq!(serde_json::to_value(&device).ok(), serde_json::from_str(text).ok(), "{text}");
        }
    }

    fn read(text: &str) -> Device {
        Device::read(&RawValue::from_string(text.to_owned()).expect("test JSON is valid"))
    }

    #[test]
    fn an_odd_member_of_a_device_hides_no_other() {
        for odd in [
            r#""headers":null"#,
            r#""headers":{"X-Case":7}"#,
            r#""headers":[{"name":"X","value":null},7]"#,
            r#""timeout":"30""#,
            r#""codecs":null"#,
            r#""codecs":["PCMU",null]"#,
            r#""webrtc_media":"yes""#,
            r#""confirm":1e999"#,
            r#""\ud83d":1"#,
        ] {
            let device = read(&format!(r#"{{"type":"SIP","params":{{"to":"sip:b@x","from":7,{odd}}}}}"#));
            assert_eq!((device.callee(), device.caller()), (Some("sip:b@x"), Some("7")), "{odd}");
        }
        let phone = read(r#"{"type":"phone","params":{"to_number":null,"from_number":15550001}}"#);
        assert_eq!((phone.callee(), phone.caller()), (None, Some("15550001")));
    }

    #[test]
    fn headers_are_read_from_a_list_and_from_an_object() {
        for written in
            [r#"[{"name":"X-Case","value":7},null]"#, r#"{"name":"X-Case","value":7}"#, r#"{"X-Case":7}"#]
        {
            let device = read(&format!(r#"{{"type":"sip","params":{{"headers":{written}}}}}"#));
            let Device::Sip(SipDevice { headers, .. }) = device else { panic!("{device:?}") };
            assert_eq!(headers, [SipHeader { name: "X-Case".into(), value: "7".into() }], "{written}");
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
            assert_eq!(Devices::from(device.clone()).validate_dialable(), Ok(()), "{device:?}");
        }
    }

    #[test]
    fn what_the_service_would_refuse_is_named() {
        let field = |devices: Devices| devices.validate_dialable().expect_err("refused").field;
        assert_eq!(field(phone("").into()), "to_number");
        assert_eq!(field(phone("+15551234").from("").into()), "from_number");
        assert_eq!(field(sip("").into()), "to");
        assert_eq!(field(fabric("").into()), "to");
        assert_eq!(field(phone("+15551234").timeout(Duration::from_millis(1500)).into()), "timeout");
        assert_eq!(field(stream("wss://example.com").into()), "devices");
        assert_eq!(field(Devices::serial::<Device>([])), "devices");
    }
}
