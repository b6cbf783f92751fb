//! Media and devices: their parameters, and what the simulation reads from them.

use std::time::Duration;

use serde_json::{Map, Value};

use super::validate::{
    Kind, Param, Remarks, SECURE_SOCKET, WEB, check_members, newer, older, optional, required,
};
use crate::{Reading, Scenario};

/// Duration of a character of speech.
const SPEECH_PER_CHARACTER: Duration = Duration::from_millis(60);
/// Duration of an audio file.
const AUDIO_FILE_TIME: Duration = Duration::from_secs(3);
/// Duration of a cycle of a ringing tone.
const RING_CYCLE: Duration = Duration::from_secs(6);
/// The default ring time of a device.
const RING_TIME: Duration = Duration::from_secs(30);

const ANY_NUMBER: Kind = Kind::Whole(0, i64::MAX);
/// The ring time of a device, in seconds.
const RING: Kind = Kind::Differs(&ANY_NUMBER, &Kind::Whole(1, 600));

const MEDIA: &[(&str, &[Param])] = &[
    ("audio", &[required("url", WEB)]),
    (
        "tts",
        &[
            required("text", Kind::Text),
            optional("language", Kind::Text),
            optional("gender", Kind::OneOf(&["male", "female"])),
            optional("voice", Kind::Text),
        ],
    ),
    ("silence", &[required("duration", Kind::Positive)]),
    ("ringtone", &[required("name", Kind::OneOf(RINGTONES)), optional("duration", Kind::Positive)]),
];

const RINGTONES: &[&str] = &[
    "at", "au", "bg", "bong", "br", "be", "ca", "ch", "cl", "cn", "cy", "cz", "de", "dk", "dz", "ee", "eg",
    "es", "fi", "fr", "gr", "hu", "il", "in", "it", "jp", "ko", "lt", "mx", "my", "nl", "no", "nz", "ph",
    "pk", "pl", "pt", "ro", "rs", "ru", "sa", "se", "sg", "th", "tr", "tw", "uk", "us", "ve", "za",
];

const STATE_EVENTS: &[Param] = &[
    optional("call_state_url", WEB),
    optional("call_state_events", Kind::ListOf(&["created", "ringing", "answered", "ended"])),
    optional("confirm", Kind::Differs(&Kind::TextOrList, &Kind::Any)),
    newer("confirm_timeout", ANY_NUMBER),
];

const PHONE: &[Param] = &[
    required("to_number", Kind::Text),
    optional("from_number", Kind::Text),
    optional("timeout", RING),
    older("max_duration", ANY_NUMBER),
];

const HEADER: &[Param] = &[
    required("name", Kind::Differs(&Kind::HeaderName, &Kind::Text)),
    required("value", Kind::Differs(&Kind::HeaderValue, &Kind::AnyText)),
];

const SIP: &[Param] = &[
    optional("from", Kind::Text),
    required("to", Kind::Text),
    optional("from_name", Kind::AnyText),
    optional("timeout", RING),
    older("max_duration", ANY_NUMBER),
    optional("headers", Kind::Objects(HEADER)),
    optional("codecs", Kind::ListOf(&["PCMU", "PCMA", "OPUS", "G729", "G722", "VP8", "H264", "AMR-WB"])),
    optional("webrtc_media", Kind::Flag),
    optional("username", Kind::AnyText),
    optional("password", Kind::AnyText),
    optional("encryption", Kind::OneOf(&["mandatory", "optional", "forbidden"])),
    optional("session_timeout", ANY_NUMBER),
];

/// A resource of the platform.
const FABRIC: &[Param] =
    &[required("to", Kind::Text), optional("from", Kind::Text), optional("timeout", RING)];

const WEBRTC: &[Param] = &[
    required("from", Kind::Text),
    required("to", Kind::Text),
    optional("timeout", RING),
    optional("codecs", Kind::ListOf(&["PCMU", "PCMA", "OPUS", "VP8", "H264"])),
];

const AGORA: &[Param] = &[
    required("from", Kind::Text),
    required("appid", Kind::Text),
    required("channel", Kind::Text),
    optional("to", Kind::Text),
];

const CALL: &[Param] = &[required("node_id", Kind::Text), required("call_id", Kind::Text)];

const QUEUE: &[Param] = &[
    required("node_id", Kind::Text),
    required("queue_name", Kind::Text),
    optional("queue_id", Kind::Text),
    newer("execute_after_queue", Kind::Text),
];

/// A stream of the media of a call to a `WebSocket`; also the `stream` of a conference.
pub(super) const STREAM: &[Param] = &[
    required("url", SECURE_SOCKET),
    optional("name", Kind::Text),
    optional("codec", Kind::Codec(&["PCMU", "PCMA", "G722", "L16"])),
    optional("status_url", WEB),
    optional("status_url_method", Kind::OneOf(&["GET", "POST"])),
    optional("realtime", Kind::Flag),
    optional("authorization_bearer_token", Kind::AnyText),
    optional("custom_parameters", Kind::Open),
];

pub(super) fn check_media(path: &str, value: &Value, remarks: &mut Remarks) -> Result<(), String> {
    let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
        return Err(format!("Parameter '{path}' must be a list of media that is not empty"));
    };
    for (index, item) in list.iter().enumerate() {
        check_medium(&format!("{path}[{index}]"), item, remarks)?;
    }
    Ok(())
}

/// Checks one media item.
pub(super) fn check_medium(path: &str, item: &Value, remarks: &mut Remarks) -> Result<(), String> {
    check_typed(path, item, MEDIA, None, remarks)
}

pub(super) fn check_devices(
    path: &str,
    value: &Value,
    bridge: bool,
    remarks: &mut Remarks,
) -> Result<(), String> {
    let wrong = || format!("Parameter '{path}' must be a list of lists of devices, none of them empty");
    let groups = value.as_array().filter(|list| !list.is_empty()).ok_or_else(wrong)?;
    for (outer, group) in groups.iter().enumerate() {
        let group = group.as_array().filter(|list| !list.is_empty()).ok_or_else(wrong)?;
        for (inner, device) in group.iter().enumerate() {
            check_device(&format!("{path}[{outer}][{inner}]"), device, bridge, remarks)?;
        }
    }
    Ok(())
}

/// The types of device that only one reading knows.
const DEVICES_OF_ONE_READING: &[(&str, Reading)] =
    &[("fabric", Reading::Specification), ("webrtc", Reading::Sdks), ("agora", Reading::Sdks)];

pub(super) fn check_device(
    path: &str,
    device: &Value,
    bridge: bool,
    remarks: &mut Remarks,
) -> Result<(), String> {
    let (kind, params) = typed(path, device, None, remarks)?;
    if let Some((_, only)) = DEVICES_OF_ONE_READING.iter().find(|(known, _)| *known == kind) {
        remarks.known_only_in(*only, || format!("{path}.type: {kind}"));
    }
    let table: &[&[Param]] = match kind.as_str() {
        "phone" => &[PHONE, STATE_EVENTS],
        "sip" => &[SIP, STATE_EVENTS],
        "fabric" => &[FABRIC, STATE_EVENTS],
        "webrtc" => &[WEBRTC, STATE_EVENTS],
        "agora" => &[AGORA, STATE_EVENTS],
        "call" if bridge => &[CALL],
        "queue" if bridge => &[QUEUE],
        "stream" if bridge => &[STREAM],
        "call" | "queue" | "stream" => {
            return Err(format!("Parameter '{path}.type': a '{kind}' cannot be dialled"));
        }
        // The set of device types is open: unknown types are accepted.
        _ => return Ok(()),
    };
    check_members(&format!("{path}.params"), &params, table, remarks)
}

/// Checks an object with `type` and `params` against the table of its type. Without `type` the default type applies.
pub(super) fn check_typed(
    path: &str,
    value: &Value,
    types: &[(&str, &[Param])],
    default: Option<&str>,
    remarks: &mut Remarks,
) -> Result<(), String> {
    let (kind, params) = typed(path, value, default, remarks)?;
    let Some((_, table)) = types.iter().find(|(known, _)| *known == kind) else {
        let names: Vec<_> = types.iter().map(|(name, _)| *name).collect();
        return Err(format!("Parameter '{path}.type' must be one of {}", names.join(", ")));
    };
    check_members(&format!("{path}.params"), &params, &[*table], remarks)
}

/// Returns type and parameters of a media or device object. The flat form without `params`, and members beside
/// `params`, are accepted with a remark.
fn typed(
    path: &str,
    item: &Value,
    default: Option<&str>,
    remarks: &mut Remarks,
) -> Result<(String, Map<String, Value>), String> {
    let object = item.as_object().ok_or_else(|| format!("Parameter '{path}' must be an object"))?;
    let kind = object
        .get("type")
        .map_or(default, Value::as_str)
        .ok_or_else(|| format!("Parameter '{path}.type' must be a string"))?;
    match object.get("params") {
        Some(Value::Object(params)) => {
            let beside = object.keys().filter(|name| *name != "type" && *name != "params");
            remarks.unknown.extend(beside.map(|name| format!("{path}.{name}")));
            Ok((kind.to_owned(), params.clone()))
        }
        Some(_) => Err(format!("Parameter '{path}.params' must be an object")),
        None => {
            let flat: Map<_, _> = object
                .iter()
                .filter(|(name, _)| *name != "type")
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect();
            if !flat.is_empty() {
                remarks.unknown.push(format!("{path} (flat form, without 'params')"));
            }
            Ok((kind.to_owned(), flat))
        }
    }
}

/// The duration of a list of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// The duration until the end.
    Ends(Duration),
    /// Endless.
    Endless,
    /// The duration until an item that cannot be played.
    Breaks(Duration),
}

/// Returns the duration of a validated list of media that is played `runs` times; 0 runs are an endless loop.
pub(crate) fn length(scenario: &Scenario, media: &Value, runs: u32) -> Length {
    let mut once = Duration::ZERO;
    for item in media.as_array().into_iter().flatten() {
        let time = match item.get("type").and_then(Value::as_str) {
            Some("audio") => {
                let url = field(item, "url").and_then(Value::as_str).unwrap_or_default();
                if scenario.unplayable.iter().any(|broken| broken == url) {
                    return Length::Breaks(once);
                }
                scenario.paced(AUDIO_FILE_TIME)
            }
            Some("tts") => speech(scenario, field(item, "text").and_then(Value::as_str).unwrap_or_default()),
            Some("silence") => time_of(item, "duration").unwrap_or_default(),
            Some("ringtone") => time_of(item, "duration").unwrap_or(RING_CYCLE),
            _ => Duration::ZERO,
        };
        once = once.saturating_add(time);
    }
    if runs == 0 { Length::Endless } else { Length::Ends(once.saturating_mul(runs)) }
}

/// Returns the time that it takes to say a text.
pub(crate) fn speech(scenario: &Scenario, text: &str) -> Duration {
    let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    scenario.paced(SPEECH_PER_CHARACTER.saturating_mul(characters))
}

/// A device of a validated request, in the form of events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Device {
    pub(crate) kind: String,
    pub(crate) params: Map<String, Value>,
}

impl Device {
    pub(crate) fn phone(from: &str, to: &str) -> Self {
        let params = [("from_number", from), ("to_number", to)];
        Self {
            kind: "phone".into(),
            params: params.map(|(n, v)| (n.to_owned(), v.into())).into_iter().collect(),
        }
    }

    /// Reads the groups of a validated `devices` parameter.
    pub(crate) fn groups(devices: &Value) -> Vec<Vec<Self>> {
        let group = |group: &Value| group.as_array().into_iter().flatten().filter_map(Self::read).collect();
        devices.as_array().into_iter().flatten().map(group).collect()
    }

    /// Reads a validated device.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let (kind, params) = typed("", value, None, &mut Remarks::default()).ok()?;
        Some(Self { kind, params })
    }

    /// Returns the target: a number, an address or a resource.
    pub(crate) fn target(&self) -> &str {
        self.first(&["to_number", "to", "channel", "queue_name", "url", "call_id"])
    }

    /// Returns the number or address of the caller.
    pub(crate) fn origin(&self) -> &str {
        self.first(&["from_number", "from"])
    }

    /// Returns the ring time, or the default if the device has none.
    pub(crate) fn ring_time(&self, default: Option<Duration>) -> Duration {
        self.seconds("timeout").or(default).unwrap_or(RING_TIME)
    }

    /// Returns the maximum duration of the call, which only the older sources have.
    pub(crate) fn max_duration(&self) -> Option<Duration> {
        self.seconds("max_duration").filter(|time| !time.is_zero())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::json!({"type": self.kind, "params": self.params})
    }

    fn first(&self, names: &[&str]) -> &str {
        names.iter().find_map(|name| self.params.get(*name)?.as_str()).unwrap_or_default()
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        to_time(self.params.get(name)?)
    }
}

/// Reads a number of seconds; `None` if the value is not one.
pub(crate) fn to_time(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}

fn time_of(item: &Value, name: &str) -> Option<Duration> {
    to_time(field(item, name)?)
}

fn field<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    item.get("params").and_then(|params| params.get(name)).or_else(|| item.get(name))
}
