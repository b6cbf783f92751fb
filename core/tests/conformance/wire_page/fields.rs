//! What the code reads: each field that an object of an event asks for has a row.

use std::collections::BTreeSet;

use super::{page, parse};
use crate::table::sources;

/// The fields that a type reads, as its own code names them.
fn fields_of<T: for<'de> serde::Deserialize<'de>>() -> Vec<&'static str> {
    let mut probe = Probe::default();
    assert!(T::deserialize(&mut probe).is_err(), "the probe has no data");
    probe.fields.to_vec()
}

/// Data that there is none of: it learns which fields are asked for.
#[derive(Default)]
struct Probe {
    fields: &'static [&'static str],
}

impl<'de> serde::Deserializer<'de> for &mut Probe {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("there is no data"))
    }

    fn deserialize_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.fields = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// Every object of events, where it stands, and what it reads.
fn objects() -> Vec<(String, String, Vec<&'static str>)> {
    use signalwire_relay_core::*;
    let mut objects = Vec::new();
    macro_rules! events {
        ($($event:ident),+ $(,)?) => {
            $( objects.push((format!("event {}", $event::TYPE), String::new(), fields_of::<$event>())); )+
        };
    }
    events!(
        AiBeginSpeakingEvent,
        AiCompletionEvent,
        AiEvent,
        AiPartialResultEvent,
        AiPostPromptEvent,
        AiResponseEvent,
        AiResponseUtteranceEvent,
        AiSpeechDetectEvent,
        AiStartEvent,
        AiStopEvent,
        AiSwaigActionEvent,
        AiSwaigEvent,
        AiTransparentBargeEvent,
        AiUserSpeakingEvent,
        AiWarningEvent,
        CallReceiveEvent,
        CallStateEvent,
        CollectEvent,
        ConferenceEvent,
        ConnectEvent,
        DenoiseEvent,
        DetectEvent,
        DialEvent,
        EchoEvent,
        ErrorEvent,
        FaxEvent,
        HoldEvent,
        LiveTranscribeLogEvent,
        LiveTranscribeSummaryEvent,
        LiveTranscribeUtteranceEvent,
        LiveTranslateDeltaEvent,
        LiveTranslateLogEvent,
        LiveTranslateSummaryEvent,
        MessageReceiveEvent,
        MessageStateEvent,
        PayEvent,
        PlayEvent,
        QueueEvent,
        RecordEvent,
        ReferEvent,
        RoomEvent,
        SendDigitsEvent,
        SidecarEvent,
        StreamEvent,
        TapEvent,
        TaskEvent,
        TranscribeEvent,
        UserEvent,
    );
    macro_rules! parts {
        ($($place:literal $prefix:literal $object:ty),+ $(,)?) => {
            $( objects.push(($place.to_owned(), $prefix.to_owned(), fields_of::<$object>())); )+
        };
    }
    parts!(
        "event calling.call.state" "peer." PeerCall,
        "event calling.call.state" "parent." ParentCall,
        "event calling.call.dial" "call." DialedCall,
        "event calling.call.connect" "peer." calling::Peer,
        "event calling.ai.transcribe.utterance" "utterance." LiveUtterance,
        "event calling.ai.transcribe.conversation_log" "metrics." LiveMetrics,
        "event calling.ai.translate.transcript_delta" "input_utterance." LiveDelta,
        "event calling.ai.translate.transcript_delta" "output_utterance." LiveDelta,
        "event calling.ai.sidecar" "sidecar_event." SidecarReport,
        "object sip_data" "" SipData,
        "object call_info" "" AiCallInfo,
        "object channel_data" "" AiChannelData,
        "object log entry" "" LiveLogEntry,
        "object translate_data" "x." LiveTranslation,
        "object device" "phone." calling::PhoneDevice,
        "object device" "sip." calling::SipDevice,
        "object device" "fabric." calling::FabricDevice,
        "object device" "webrtc." calling::WebRtcDevice,
        "object device" "agora." calling::AgoraDevice,
        "object device" "call." calling::CallDevice,
        "object device" "queue." calling::QueueDevice,
        "object device" "stream." calling::StreamDevice,
    );
    objects
}

/// Fields that the code has because others of the same kind have them.
const IN_NO_FRAME: &[(&str, &str)] = &[
    // These are about no call in particular.
    ("event calling.call.dial", "call_id"),
    ("event messaging.receive", "call_id"),
    ("event messaging.receive", "node_id"),
    ("event messaging.state", "call_id"),
    ("event messaging.state", "node_id"),
    ("event queuing.relay.tasks", "call_id"),
    ("event queuing.relay.tasks", "node_id"),
    // Headers of telephones are in events only.
    ("object device", "phone.headers"),
];

#[test]
fn every_field_that_is_read_has_a_row() {
    let document = page();
    let rows = parse(&document);
    let below = |own: &str, key: &str| {
        own.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let has_row = |place: &str, key: &str| {
        rows.iter()
            .any(|row| row.place == place && (row.covers(key) || row.keys.iter().any(|own| below(own, key))))
    };
    let objects = objects();
    for (place, prefix, fields) in &objects {
        for field in fields {
            let key = format!("{prefix}{field}");
            let known = has_row(place, &key) || IN_NO_FRAME.contains(&(place, &key));
            assert!(known, "{place} {key} has no row");
        }
    }
    let sources = sources();
    let (_, events) = sources.iter().find(|(path, _)| path.ends_with("src/events.rs")).expect("it is there");
    let list = events.split_once("\nevents! {").expect("there is a list").1;
    let documented = list.lines().filter_map(|line| line.trim().strip_prefix("/// `"));
    let known: BTreeSet<_> = documented.filter_map(|line| line.split('`').next()).collect();
    let read: BTreeSet<_> = objects.iter().filter_map(|(place, ..)| place.strip_prefix("event ")).collect();
    let once: Vec<_> = known.symmetric_difference(&read).collect();
    assert!(once.is_empty(), "in the list of events or here, not in both: {once:?}");
}
