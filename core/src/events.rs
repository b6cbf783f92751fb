//! Events: what the service tells about calls.
//!
//! Times of events and calls are [`SystemTime`]s, to the microsecond, whatever unit the service counts in: it writes
//! seconds, milliseconds and microseconds since 1970, in different places and by different descriptions of it, and their
//! size tells which. `None` means that it has not happened, or that the service does not say.
//!
//! Each event type is a struct in the file of the feature that it belongs to; this file lists them and tells
//! them apart.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::calling::{
    AiBeginSpeakingEvent, AiCompletionEvent, AiEvent, AiPartialResultEvent, AiPostPromptEvent,
    AiResponseEvent, AiResponseUtteranceEvent, AiSpeechDetectEvent, AiStartEvent, AiStopEvent,
    AiSwaigActionEvent, AiSwaigEvent, AiTransparentBargeEvent, AiUserSpeakingEvent, AiWarningEvent,
    CallReceiveEvent, CallStateEvent, CollectEvent, ConferenceEvent, ConnectEvent, DenoiseEvent, DetectEvent,
    DialEvent, EchoEvent, ErrorEvent, FaxEvent, HoldEvent, LiveTranscribeLogEvent,
    LiveTranscribeSummaryEvent, LiveTranscribeUtteranceEvent, LiveTranslateDeltaEvent, LiveTranslateLogEvent,
    LiveTranslateSummaryEvent, PayEvent, PlayEvent, QueueEvent, RecordEvent, ReferEvent, RoomEvent,
    SendDigitsEvent, SidecarEvent, StreamEvent, TapEvent, TranscribeEvent, UserEvent,
};
use crate::ids::{CallId, ControlId};
use crate::json::object;
use crate::service::TaskEvent;
use crate::service::{MessageReceiveEvent, MessageStateEvent};

/// What every event carries besides its own fields.
#[derive(Clone, Default)]
pub struct Meta {
    timestamp: Option<SystemTime>,
    raw: Option<Arc<str>>,
}

impl Meta {
    /// When the service sent the event, if it said so.
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }

    /// The event's parameters as the service wrote them: the JSON text of an object.
    pub fn raw(&self) -> &str {
        self.raw.as_deref().unwrap_or("{}")
    }

    /// The members beside the address of the call.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let Some(Value::Object(mut members)) = crate::json::document(self.raw()) else { return Map::new() };
        members.retain(|name, _| !["call_id", "node_id", "segment_id", "tag"].contains(&name.as_str()));
        members
    }
}

/// Prints no payload: what the service echoes is not for logs.
impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.raw().len())
    }
}

/// One event type.
pub trait EventData: DeserializeOwned + Clone + Send + Sync + 'static {
    /// The type's name on the wire.
    const TYPE: &'static str;

    /// Time and original text.
    fn meta(&self) -> &Meta;

    #[doc(hidden)]
    fn meta_mut(&mut self) -> &mut Meta;

    /// The call that the event is about, if it names one.
    fn call_id(&self) -> Option<&CallId>;

    /// The operation that the event is about, if it names one.
    fn control_id(&self) -> Option<&ControlId> {
        None
    }

    /// This type's view of an event, if it is of this type.
    fn of(event: &Event) -> Option<&Self>;
}

/// Defines an event type: its fields, read leniently, between those that every event has.
///
/// `keyed` events name the operation that they are about. `addressed` events name the segment and the tag of the call.
/// `unprinted` events have a `Debug` of their own.
macro_rules! event {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($variant:ident, $wire:literal, unprinted) { $($fields:tt)* }
    ) => {
        $crate::events::event!(@define $(#[$meta])* $name, $variant, $wire, {}, { $($fields)* });
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident($variant:ident, $wire:literal) { $($fields:tt)* }
    ) => {
        $crate::events::event!(@define #[derive(Debug)] $(#[$meta])* $name, $variant, $wire, {}, { $($fields)* });
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident($variant:ident, $wire:literal, keyed) { $($fields:tt)* }
    ) => {
        $crate::events::event!(@define #[derive(Debug)] $(#[$meta])* $name, $variant, $wire, {
            /// The operation.
            pub control_id: $crate::ids::ControlId,
        }, { $($fields)* });
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident($variant:ident, $wire:literal, addressed) { $($fields:tt)* }
    ) => {
        $crate::events::event!(@addressed $(#[$meta])* $name, $variant, $wire, {}, { $($fields)* });
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident($variant:ident, $wire:literal, keyed, addressed) { $($fields:tt)* }
    ) => {
        $crate::events::event!(@addressed $(#[$meta])* $name, $variant, $wire, {
            /// The operation.
            pub control_id: $crate::ids::ControlId,
        }, { $($fields)* });
    };
    (
        @addressed $(#[$meta:meta])* $name:ident, $variant:ident, $wire:literal, $key:tt, { $($fields:tt)* }
    ) => {
        $crate::events::event!(@define #[derive(Debug)] $(#[$meta])* $name, $variant, $wire, $key, {
            $($fields)*
            /// The segment of the call.
            pub segment_id: Option<String>,
            /// The tag of the call.
            pub tag: Option<$crate::ids::Tag>,
        });
    };
    (
        @define $(#[$meta:meta])* $name:ident, $variant:ident, $wire:literal,
        { $( #[doc = $key_doc:literal] pub $key:ident: $key_type:ty, )? },
        { $( $(#[$field_meta:meta])* $field_vis:vis $field:ident $(as $wire_name:literal)?: $type:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default)]
        #[non_exhaustive]
        pub struct $name {
            /// The call; empty if the event names none.
            pub call_id: $crate::ids::CallId,
            /// The node that hosts the call.
            pub node_id: $crate::ids::NodeId,
            $(
                #[doc = $key_doc]
                pub $key: $key_type,
            )?
            $( $(#[$field_meta])* $field_vis $field: $type, )*
            /// Time and original text.
            pub meta: $crate::events::Meta,
        }

        $crate::json::read_members!($name {
            call_id: $crate::ids::CallId,
            node_id: $crate::ids::NodeId,
            $( $key: $key_type, )?
            $( $field $(as $wire_name)?: $type, )*
        });

        impl $crate::events::EventData for $name {
            const TYPE: &'static str = $wire;

            fn meta(&self) -> &$crate::events::Meta {
                &self.meta
            }

            fn meta_mut(&mut self) -> &mut $crate::events::Meta {
                &mut self.meta
            }

            fn call_id(&self) -> Option<&$crate::ids::CallId> {
                Some(&self.call_id).filter(|id| !id.is_empty())
            }

            $(
                fn control_id(&self) -> Option<&$key_type> {
                    Some(&self.$key).filter(|id| !id.is_empty())
                }
            )?

            fn of(event: &$crate::events::Event) -> Option<&Self> {
                match event {
                    $crate::events::Event::$variant(data) => Some(data),
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use event;

macro_rules! events {
    ($( $(#[$doc:meta])* $variant:ident($data:ident), )+) => {
        /// Any event.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Event {
            $( $(#[$doc])* $variant($data), )+
            /// An event type that this version of the library does not know.
            Unknown(UnknownEvent),
        }

        impl Event {
            /// Reads an event from the parameters of a `signalwire.event` request.
            ///
            /// `params` is the inner object with the event's own fields. Fields that are missing or of
            /// another type than documented are left at their defaults; parameters that cannot be read at
            /// all, and unknown types, give [`Event::Unknown`].
            pub fn parse(event_type: &str, timestamp: Option<SystemTime>, params: &RawValue) -> Self {
                let meta = Meta { timestamp, raw: Some(Arc::from(params.get())) };
                match event_type {
                    _ if !crate::json::is_object(params) => Self::Unknown(UnknownEvent::new(event_type, meta)),
                    $( <$data as EventData>::TYPE => match serde_json::from_str::<$data>(params.get()) {
                        Ok(mut data) => {
                            *data.meta_mut() = meta;
                            Self::$variant(data)
                        }
                        Err(_) => Self::Unknown(UnknownEvent::new(event_type, meta)),
                    }, )+
                    _ => Self::Unknown(UnknownEvent::new(event_type, meta)),
                }
            }

            /// The event type's name on the wire.
            pub fn event_type(&self) -> &str {
                match self {
                    $( Self::$variant(_) => <$data as EventData>::TYPE, )+
                    Self::Unknown(unknown) => &unknown.event_type,
                }
            }

            /// Time and original text.
            pub fn meta(&self) -> &Meta {
                match self {
                    $( Self::$variant(data) => data.meta(), )+
                    Self::Unknown(unknown) => &unknown.meta,
                }
            }

            /// The call that the event is about, if it names one.
            pub fn call_id(&self) -> Option<&CallId> {
                match self {
                    $( Self::$variant(data) => data.call_id(), )+
                    Self::Unknown(unknown) => unknown.call_id.as_ref(),
                }
            }

            /// The operation that the event is about, if it names one.
            pub fn control_id(&self) -> Option<&ControlId> {
                match self {
                    $( Self::$variant(data) => data.control_id(), )+
                    Self::Unknown(unknown) => unknown.control_id.as_ref(),
                }
            }
        }

        $(
            impl FromUpdate for $data {
                fn from_update(update: &Update) -> Option<Self> {
                    update.as_ref().ok().and_then(|event| <$data as EventData>::of(event)).cloned()
                }
            }
        )+
    };
}

events! {
    /// `calling.call.receive`
    Receive(CallReceiveEvent),
    /// `calling.call.state`
    State(CallStateEvent),
    /// `calling.call.dial`
    Dial(DialEvent),
    /// `calling.call.connect`
    Connect(ConnectEvent),
    /// `calling.call.play`
    Play(PlayEvent),
    /// `calling.call.record`
    Record(RecordEvent),
    /// `calling.call.collect`
    Collect(CollectEvent),
    /// `calling.call.send_digits`
    SendDigits(SendDigitsEvent),
    /// `calling.call.detect`
    Detect(DetectEvent),
    /// `calling.call.fax`
    Fax(FaxEvent),
    /// `calling.call.tap`
    Tap(TapEvent),
    /// `calling.call.stream`
    Stream(StreamEvent),
    /// `calling.call.transcribe`
    Transcribe(TranscribeEvent),
    /// `calling.call.ai`
    Ai(AiEvent),
    /// `calling.call.pay`
    Pay(PayEvent),
    /// `calling.call.queue`
    Queue(QueueEvent),
    /// `calling.call.refer`
    Refer(ReferEvent),
    /// `calling.call.denoise`
    Denoise(DenoiseEvent),
    /// `calling.call.echo`
    Echo(EchoEvent),
    /// `calling.call.hold`
    Hold(HoldEvent),
    /// `calling.call.room`
    Room(RoomEvent),
    /// `calling.ai.start`
    AiStart(AiStartEvent),
    /// `calling.ai.user_speaking`
    AiUserSpeaking(AiUserSpeakingEvent),
    /// `calling.ai.begin_speaking`
    AiBeginSpeaking(AiBeginSpeakingEvent),
    /// `calling.ai.speech_detect`
    AiSpeechDetect(AiSpeechDetectEvent),
    /// `calling.ai.partial_result`
    AiPartialResult(AiPartialResultEvent),
    /// `calling.ai.response`
    AiResponse(AiResponseEvent),
    /// `calling.ai.response_utterance`
    AiResponseUtterance(AiResponseUtteranceEvent),
    /// `calling.ai.completion`
    AiCompletion(AiCompletionEvent),
    /// `calling.ai.transparent_barge`
    AiTransparentBarge(AiTransparentBargeEvent),
    /// `calling.ai.warning`
    AiWarning(AiWarningEvent),
    /// `calling.ai.stop`
    AiStop(AiStopEvent),
    /// `calling.ai.swaig`
    AiSwaig(AiSwaigEvent),
    /// `calling.ai.swaig_action`
    AiSwaigAction(AiSwaigActionEvent),
    /// `calling.ai.post_prompt`
    AiPostPrompt(AiPostPromptEvent),
    /// `calling.ai.sidecar`
    Sidecar(SidecarEvent),
    /// `calling.ai.transcribe.utterance`
    LiveTranscribeUtterance(LiveTranscribeUtteranceEvent),
    /// `calling.ai.transcribe.live_summarize`
    LiveTranscribeSummary(LiveTranscribeSummaryEvent),
    /// `calling.ai.transcribe.conversation_log`
    LiveTranscribeLog(LiveTranscribeLogEvent),
    /// `calling.ai.translate.transcript_delta`
    LiveTranslateDelta(LiveTranslateDeltaEvent),
    /// `calling.ai.translate.live_summary`
    LiveTranslateSummary(LiveTranslateSummaryEvent),
    /// `calling.ai.translate.conversation_log`
    LiveTranslateLog(LiveTranslateLogEvent),
    /// `calling.user_event`
    User(UserEvent),
    /// `calling.conference`
    Conference(ConferenceEvent),
    /// `calling.error`
    Error(ErrorEvent),
    /// `messaging.receive`
    MessageReceive(MessageReceiveEvent),
    /// `messaging.state`
    MessageState(MessageStateEvent),
    /// `queuing.relay.tasks`
    Task(TaskEvent),
}

/// An event of a type that this version of the library does not know, or that it could not read.
#[derive(Debug, Clone)]
pub struct UnknownEvent {
    /// The type's name on the wire.
    pub event_type: Box<str>,
    /// The call, if the parameters name one.
    pub call_id: Option<CallId>,
    /// The operation, if the parameters name one.
    pub control_id: Option<ControlId>,
    /// Time and original text.
    pub meta: Meta,
}

impl UnknownEvent {
    fn new(event_type: &str, meta: Meta) -> Self {
        object! {
            struct Keys {
                call_id: Option<CallId>,
                control_id: Option<ControlId>,
            }
        }
        let keys: Keys = crate::json::read_object(meta.raw());
        Self { event_type: event_type.into(), call_id: keys.call_id, control_id: keys.control_id, meta }
    }
}

impl FromUpdate for UnknownEvent {
    fn from_update(update: &Update) -> Option<Self> {
        match update.as_deref() {
            Ok(Event::Unknown(unknown)) => Some(unknown.clone()),
            _ => None,
        }
    }
}

/// What a follower of a call gets next: an event, or the word that some are missing.
pub type Update = Result<Arc<Event>, Missed>;

/// A place in a call's history where events may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missed {
    /// The connection was down for this long and has been resumed. The service may have dropped events
    /// meanwhile.
    #[error("the connection was down for {0:?}: events may be missing")]
    Reconnected(Duration),
    /// This follower read too slowly, and its oldest events were dropped.
    #[error("{0} events were dropped because they were not read in time")]
    Lagged(u64),
}

/// What a listener can be declared to listen for: an event struct, [`Event`] for all of them, or [`Missed`].
pub trait FromUpdate: Sized + Send + 'static {
    /// The update as this type, if it is one.
    fn from_update(update: &Update) -> Option<Self>;
}

impl FromUpdate for Event {
    fn from_update(update: &Update) -> Option<Self> {
        update.as_deref().ok().cloned()
    }
}

impl FromUpdate for Missed {
    fn from_update(update: &Update) -> Option<Self> {
        update.as_ref().err().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling::PlayState;

    fn parse(event_type: &str, params: &str) -> Event {
        let raw = RawValue::from_string(params.to_owned()).expect("test JSON is valid");
        Event::parse(event_type, None, &raw)
    }

    #[test]
    fn a_field_of_the_wrong_type_does_not_hide_the_others() {
        let event =
            parse("calling.call.play", r#"{"call_id":7,"control_id":"k","state":"finished","node_id":[]}"#);
        let Event::Play(play) = event else { panic!("{event:?}") };
        assert_eq!((play.call_id.as_str(), play.control_id.as_str()), ("7", "k"));
        assert_eq!(play.node_id.as_str(), "");
        assert_eq!(play.state, PlayState::Finished);
    }

    #[test]
    fn unknown_types_and_unreadable_parameters_are_unknown_events() {
        let event = parse("calling.call.teleport", r#"{"call_id":"c","control_id":null}"#);
        let Event::Unknown(unknown) = event else { panic!("{event:?}") };
        assert_eq!(unknown.call_id, Some("c".into()));
        assert_eq!(unknown.control_id, None);
        assert!(matches!(parse("calling.call.play", "[1]"), Event::Unknown(_)));
    }

    #[test]
    fn of_a_member_that_is_there_twice_the_last_counts() {
        let event = parse("calling.call.play", r#"{"state":"a","call_id":"c","state":"b"}"#);
        let Event::Play(play) = event else { panic!("{event:?}") };
        assert_eq!((play.state.as_str(), play.call_id.as_str()), ("b", "c"));
    }

    #[test]
    fn the_original_text_is_kept_but_not_printed() {
        let event = parse("calling.call.play", r#"{"call_id":"c", "extra":"sentinel"}"#);
        assert_eq!(event.meta().raw(), r#"{"call_id":"c", "extra":"sentinel"}"#);
        assert!(!format!("{event:?}").contains("sentinel"));
    }
}
