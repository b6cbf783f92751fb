//! What a call can do. One feature is one file: its request, its action, its events and the rule that ends it.
//!
//! `CONTRIBUTING.md` says how to add a feature.
//!
//! # Every method of the service
//!
//! | wire method | here |
//! | --- | --- |
//! | `calling.ai` | [`Call::ai`](crate::Call::ai) |
//! | `calling.ai.stop` | [`AiAction::stop`](crate::AiAction) |
//! | `calling.ai_hold` | [`Call::ai_hold`](crate::Call::ai_hold) |
//! | `calling.ai_message` | [`Call::ai_message`](crate::Call::ai_message) |
//! | `calling.ai_sidecar` | [`Call::ai_sidecar`](crate::Call::ai_sidecar) |
//! | `calling.ai_sidecar.ask` | [`SidecarAction::ask`](crate::SidecarAction) |
//! | `calling.ai_sidecar.poke` | [`SidecarAction::poke`](crate::SidecarAction) |
//! | `calling.ai_sidecar.status` | [`SidecarAction::status`](crate::SidecarAction) |
//! | `calling.ai_sidecar.stop` | [`SidecarAction::stop`](crate::SidecarAction) |
//! | `calling.ai_unhold` | [`Call::ai_unhold`](crate::Call::ai_unhold) |
//! | `calling.amazon_bedrock` | [`Call::amazon_bedrock`](crate::Call::amazon_bedrock) |
//! | `calling.answer` | [`Call::answer`](crate::Call::answer) |
//! | `calling.begin` | [`Client::begin`](crate::Client::begin) |
//! | `calling.bind_digit` | [`Call::bind_digit`](crate::Call::bind_digit) |
//! | `calling.call` | [`Client::legacy_call`](crate::Client::legacy_call) |
//! | `calling.clear_digit_bindings` | [`Call::clear_digit_bindings`](crate::Call::clear_digit_bindings) |
//! | `calling.collect` | [`Call::collect`](crate::Call::collect) |
//! | `calling.collect.start_input_timers` | [`StandaloneCollectAction::start_input_timers`](crate::StandaloneCollectAction) |
//! | `calling.collect.stop` | [`StandaloneCollectAction::stop`](crate::StandaloneCollectAction) |
//! | `calling.connect` | [`Call::connect`](crate::Call::connect) |
//! | `calling.denoise` | [`Call::denoise`](crate::Call::denoise) |
//! | `calling.denoise.stop` | [`Call::denoise_stop`](crate::Call::denoise_stop) |
//! | `calling.detect` | [`Call::detect`](crate::Call::detect) |
//! | `calling.detect.stop` | [`DetectAction::stop`](crate::DetectAction) |
//! | `calling.dial` | [`Client::dial`](crate::Client::dial) |
//! | `calling.disconnect` | [`Call::disconnect`](crate::Call::disconnect) |
//! | `calling.echo` | [`Call::echo`](crate::Call::echo) |
//! | `calling.end` | [`Call::hangup`](crate::Call::hangup) |
//! | `calling.hold` | [`Call::hold`](crate::Call::hold) |
//! | `calling.join_conference` | [`Call::join_conference`](crate::Call::join_conference) |
//! | `calling.join_room` | [`Call::join_room`](crate::Call::join_room) |
//! | `calling.leave_conference` | [`Call::leave_conference`](crate::Call::leave_conference) |
//! | `calling.leave_room` | [`Call::leave_room`](crate::Call::leave_room) |
//! | `calling.live_transcribe` | [`Call::live_transcribe`](crate::Call::live_transcribe) |
//! | `calling.live_translate` | [`Call::live_translate`](crate::Call::live_translate) |
//! | `calling.pass` | [`Call::pass`](crate::Call::pass) |
//! | `calling.pay` | [`Call::pay`](crate::Call::pay) |
//! | `calling.pay.stop` | [`PayAction::stop`](crate::PayAction) |
//! | `calling.play` | [`Call::play`](crate::Call::play) |
//! | `calling.play.pause` | [`PlayAction::pause`](crate::PlayAction) |
//! | `calling.play.resume` | [`PlayAction::resume`](crate::PlayAction) |
//! | `calling.play.stop` | [`PlayAction::stop`](crate::PlayAction) |
//! | `calling.play.volume` | [`PlayAction::volume`](crate::PlayAction) |
//! | `calling.play_and_collect` | [`Call::play_and_collect`](crate::Call::play_and_collect) |
//! | `calling.play_and_collect.stop` | [`CollectAction::stop`](crate::CollectAction) |
//! | `calling.play_and_collect.volume` | [`CollectAction::volume`](crate::CollectAction) |
//! | `calling.queue.enter` | [`Call::queue_enter`](crate::Call::queue_enter) |
//! | `calling.queue.leave` | [`Call::queue_leave`](crate::Call::queue_leave) |
//! | `calling.receive` | [`Client::legacy_receive`](crate::Client::legacy_receive) |
//! | `calling.receive_fax` | [`Call::receive_fax`](crate::Call::receive_fax) |
//! | `calling.receive_fax.stop` | [`ReceiveFaxAction::stop`](crate::ReceiveFaxAction) |
//! | `calling.record` | [`Call::record`](crate::Call::record) |
//! | `calling.record.pause` | [`RecordAction::pause`](crate::RecordAction) |
//! | `calling.record.resume` | [`RecordAction::resume`](crate::RecordAction) |
//! | `calling.record.stop` | [`RecordAction::stop`](crate::RecordAction) |
//! | `calling.refer` | [`Call::refer`](crate::Call::refer) |
//! | `calling.send_digits` | [`Call::send_digits`](crate::Call::send_digits) |
//! | `calling.send_fax` | [`Call::send_fax`](crate::Call::send_fax) |
//! | `calling.send_fax.stop` | [`SendFaxAction::stop`](crate::SendFaxAction) |
//! | `calling.stream` | [`Call::stream`](crate::Call::stream) |
//! | `calling.stream.stop` | [`StreamAction::stop`](crate::StreamAction) |
//! | `calling.tap` | [`Call::tap`](crate::Call::tap) |
//! | `calling.tap.stop` | [`TapAction::stop`](crate::TapAction) |
//! | `calling.transcribe` | [`Call::transcribe`](crate::Call::transcribe) |
//! | `calling.transcribe.stop` | [`TranscribeAction::stop`](crate::TranscribeAction) |
//! | `calling.transfer` | [`Call::transfer`](crate::Call::transfer) |
//! | `calling.unhold` | [`Call::unhold`](crate::Call::unhold) |
//! | `calling.user_event` | [`Call::user_event`](crate::Call::user_event) |
//! | `messaging.send` | [`Client::send_message`](crate::Client::send_message) |
//! | `signalwire.connect` | made by the session |
//! | `signalwire.execute` | [`Client::legacy_execute`](crate::Client::legacy_execute) |
//! | `signalwire.ping` | made by the session |
//! | `signalwire.reauthenticate` | [`Client::reauthenticate`](crate::Client::reauthenticate) |
//! | `signalwire.receive` | [`Client::receive`](crate::Client::receive) |
//! | `signalwire.unreceive` | [`Client::unreceive`](crate::Client::unreceive) |
//!
//! Anything else goes through [`Call::execute`](crate::Call::execute) and [`Client::execute`](crate::Client::execute).

mod ai;
mod ai_events;
mod ai_sidecar;
mod answer;
mod bind_digit;
mod collect;
mod conference;
mod connect;
mod denoise;
mod detect;
mod device;
mod dial;
mod echo;
mod error;
mod fax;
mod hangup;
mod hold;
mod live_events;
mod media;
mod pass;
mod pay;
mod play;
mod play_and_collect;
mod price;
mod queue;
mod receive;
mod record;
mod room;
mod send_digits;
mod state;
mod stream;
mod tap;
mod transcribe;
mod transfer;
mod user_event;

pub(crate) use crate::method::{
    Accepted, Correlation, EndHint, SILENCE_TIMEOUT, method, operation, params, validate,
};
pub use crate::method::{AfterGap, CompletionRule, Control, Method, Operation};

pub use answer::Answer;
pub use collect::{
    Collect, CollectEvent, CollectResult, CollectResultType, Confidence, SpeechEngine, StandaloneCollect,
    StandaloneCollectAction,
};
pub use connect::{Connect, ConnectAction, ConnectEvent, ConnectState, Disconnect, Peer};
pub use device::{
    AgoraDevice, CallDevice, Codec, Device, Devices, FabricDevice, PhoneDevice, QueueDevice, SipDevice,
    SipHeader, StreamDevice, WebRtcDevice, agora, fabric, phone, queue, sip, stream, webrtc,
};
pub use dial::{Dial, DialEvent, DialState, DialedCall};
pub use error::ErrorEvent;
pub use hangup::Hangup;
pub(crate) use media::voice_setters;
pub use media::{
    AudioMedia, Gender, Media, Playlist, RingtoneMedia, SilenceMedia, TtsMedia, audio, ringtone, silence, tts,
};
pub use pass::Pass;
pub use play::{Play, PlayAction, PlayDirection, PlayEvent, PlayState};
pub use play_and_collect::{CollectAction, PlayAndCollect};
pub use price::Price;
pub use receive::CallReceiveEvent;
pub use record::{
    PauseBehavior, PauseRecord, Record, RecordAction, RecordDirection, RecordEvent, RecordFormat, RecordState,
};
pub use send_digits::{SendDigits, SendDigitsAction, SendDigitsEvent, SendDigitsState};
pub use state::{CallState, CallStateEvent, Direction, EndReason, EndSource, ParentCall, PeerCall, SipData};

pub use ai::{Ai, AiAction, AiEvent, AiHold, AiMessage, AiRole, AiState, AiUnhold, AmazonBedrock};
pub use ai_events::{
    AiBeginSpeakingEvent, AiCompletionEvent, AiCompletionType, AiPartialResultEvent, AiPostPromptEvent,
    AiResponseEvent, AiResponseUtteranceEvent, AiSpeechDetectEvent, AiStartEvent, AiStopEvent,
    AiSwaigActionEvent, AiSwaigEvent, AiTransparentBargeEvent, AiUserSpeakingEvent, AiWarningEvent,
};
pub use ai_sidecar::{
    AiSidecar, AskSidecar, GetSidecarStatus, PokeSidecar, SidecarAction, SidecarAsk, SidecarEvent,
    SidecarKind, SidecarReport, SidecarStatus,
};
pub use bind_digit::{BindDigit, ClearDigitBindings};
pub use conference::{
    CallQuality, ConferenceAcl, ConferenceBeep, ConferenceEvent, ConferenceRecord, ConferenceStatus,
    ConferenceTrim, JoinConference, Joined, LeaveConference,
};
pub use denoise::{Denoise, DenoiseEvent, DenoiseStop};
pub use detect::{
    Detect, DetectAction, DetectEvent, Detected, Detector, DigitDetector, FaxDetector, FaxTone,
    MachineDetector,
};
pub use echo::{Echo, EchoAction, EchoEvent, EchoState};
pub use fax::{FaxEvent, FaxEventType, ReceiveFax, ReceiveFaxAction, SendFax, SendFaxAction};
pub use hold::{Hold, HoldEvent, Unhold};
pub use live_events::{
    AiCallInfo, AiChannelData, LiveDelta, LiveLogEntry, LiveMetrics, LivePosition, LiveRole,
    LiveTranscribeLogEvent, LiveTranscribeSummaryEvent, LiveTranscribeUtteranceEvent,
    LiveTranslateDeltaEvent, LiveTranslateLogEvent, LiveTranslateSummaryEvent, LiveTranslation,
    LiveUtterance,
};
pub use pay::{
    Pay, PayAction, PayEvent, PayOutcome, PayParameter, PayPrompt, PayResult, PayState, PayStep, TokenType,
};
pub use queue::{EnterQueue, LeaveQueue, LeaveQueueAs, QueueAction, QueueEvent, QueueStatus};
pub use room::{JoinRoom, LeaveRoom, RoomEvent, RoomStatus};
pub use stream::{Stream, StreamAction, StreamEvent, StreamState, StreamTrack};
pub use tap::{RtpTap, Tap, TapAction, TapDevice, TapEvent, TapState, WsTap, rtp, ws};
pub use transcribe::{
    LiveAction, LiveDirection, LiveMode, LiveTranscribe, LiveTranslate, Transcribe, TranscribeAction,
    TranscribeEvent, TranscribeState,
};
pub use transfer::{Refer, ReferAction, ReferEvent, ReferState, ReferTarget, Transfer, refer_to};
pub use user_event::{SendUserEvent, UserEvent};
