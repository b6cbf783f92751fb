//! What a call can do. One feature is one file: its request, its action, its events and the rule that ends it.
//!
//! Adding a feature is adding its file here and its events to the list in [`crate::events`].

mod answer;
mod collect;
mod connect;
mod device;
mod dial;
mod error;
mod hangup;
mod media;
mod method;
mod pass;
mod play;
mod play_and_collect;
mod price;
mod receive;
mod record;
mod rules;
mod send_digits;
mod state;

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
pub(crate) use method::{Accepted, method, operation, params};
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
