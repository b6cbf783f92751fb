//! What a call can do. One feature is one file: its request, its action, its events and the rule that ends it.
//!
//! Adding a feature is adding its file here and its events to the list in [`crate::events`].

mod ai;
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
mod media;
mod method;
mod pass;
mod pay;
mod play;
mod play_and_collect;
mod price;
mod queue;
mod receive;
mod record;
mod room;
pub(crate) mod rules;
mod send_digits;
mod state;
mod stream;
mod tap;
mod transcribe;
mod transfer;
mod user_event;

pub use answer::Answer;
pub use collect::{
    Collect, CollectEvent, CollectResult, CollectResultType, SpeechEngine, StandaloneCollect,
    StandaloneCollectAction,
};
pub use connect::{Connect, ConnectAction, ConnectEvent, ConnectState, Disconnect, Peer};
pub use device::{
    AgoraDevice, CallDevice, Codec, Device, Devices, PhoneDevice, QueueDevice, SipDevice, SipHeader,
    StreamDevice, WebRtcDevice, agora, phone, queue, sip, stream, webrtc,
};
pub use dial::{Dial, DialEvent, DialState, DialedCall};
pub use error::ErrorEvent;
pub use hangup::Hangup;
pub(crate) use media::voice_setters;
pub use media::{
    AudioMedia, Gender, Media, Playlist, RingtoneMedia, SilenceMedia, TtsMedia, audio, ringtone, silence, tts,
};
pub(crate) use method::{Accepted, Key, method, operation, params};
pub use method::{Method, Operation, Rule, Steer};
pub use pass::Pass;
pub use play::{Play, PlayAction, PlayDirection, PlayEvent, PlayState};
pub use play_and_collect::{CollectAction, PlayAndCollect};
pub use price::Price;
pub use receive::CallReceiveEvent;
pub use record::{
    PauseBehavior, PauseRecord, Record, RecordAction, RecordDirection, RecordEvent, RecordFormat, RecordState,
};
pub use send_digits::{SendDigits, SendDigitsAction, SendDigitsEvent, SendDigitsState};
pub use state::{CallState, CallStateEvent, Direction, EndReason};

pub use ai::{Ai, AiAction, AiEvent, AiHold, AiMessage, AiRole, AiState, AiUnhold, AmazonBedrock};
pub use bind_digit::{BindDigit, ClearDigitBindings};
pub use conference::{
    ConferenceBeep, ConferenceEvent, ConferenceRecord, ConferenceStatus, ConferenceTrim, JoinConference,
    Joined, LeaveConference,
};
pub use denoise::{Denoise, DenoiseEvent, DenoiseStop};
pub use detect::{
    Detect, DetectAction, DetectEvent, Detected, Detector, DigitDetector, FaxDetector, FaxTone,
    MachineDetector,
};
pub use echo::{Echo, EchoEvent};
pub use fax::{FaxEvent, FaxEventType, ReceiveFax, ReceiveFaxAction, SendFax, SendFaxAction};
pub use hold::{Hold, HoldEvent, Unhold};
pub use pay::{Pay, PayAction, PayEvent, PayParameter, PayPrompt, PayState, PayStep, TokenType};
pub use queue::{EnterQueue, LeaveQueue, LeaveQueueAs, QueueAction, QueueEvent, QueueStatus};
pub use room::{JoinRoom, LeaveRoom};
pub use stream::{Stream, StreamAction, StreamEvent, StreamState, StreamTrack};
pub use tap::{RtpTap, Tap, TapAction, TapDevice, TapEvent, TapState, WsTap, rtp, ws};
pub use transcribe::{
    LiveAction, LiveDirection, LiveTranscribe, LiveTranslate, Transcribe, TranscribeAction, TranscribeEvent,
    TranscribeState,
};
pub use transfer::{Refer, ReferEvent, ReferTarget, Transfer, refer_to};
pub use user_event::UserEvent;
