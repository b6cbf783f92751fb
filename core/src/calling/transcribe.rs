//! Transcribing (`calling.transcribe`), also while the call goes on (`calling.live_transcribe`), and translating
//! (`calling.live_translate`).

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use super::{Steer, method, operation, params, rules};
use crate::client::{Action, Call, Request};
use crate::events::event;
use crate::open_enum::open_enum;

params! {
    /// Parameters of `calling.transcribe`.
    pub struct Transcribe {
        optional {
            /// A URL that receives the transcript. Default: none.
            status_url: String,
        }
    }
}

operation!(
    Transcribe,
    "calling.transcribe",
    Named,
    TranscribeEvent,
    ends: |event| event.state == TranscribeState::Finished,
    check: |transcribe| rules::optional_web_url("status_url", transcribe.status_url.as_deref())
);

/// A running transcription. Dropping it lets it run on.
pub type TranscribeAction = Action<Transcribe>;

impl Action<Transcribe> {
    /// Stops transcribing (`calling.transcribe.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let transcription = call.transcribe().await?;
    /// transcription.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Steer> {
        self.steer(Steer::new("calling.transcribe.stop"))
    }
}

open_enum! {
    /// Whose words a live transcription or translation is about.
    pub enum LiveDirection {
        /// Those of the call's party.
        RemoteCaller = "remote-caller",
        /// Those of our side.
        LocalCaller = "local-caller",
    }
}

/// What a live transcription or translation is to do: one member, named after it.
///
/// ```
/// use signalwire_relay_core::{LiveAction, LiveDirection};
///
/// let begin = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).set("ai_summary", true);
/// let end = LiveAction::stop();
/// # let _ = (begin, end);
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct LiveAction(Value);

impl LiveAction {
    /// Starts transcribing speech in a language, a BCP-47 tag.
    pub fn transcribe(language: &str, directions: impl IntoIterator<Item = LiveDirection>) -> Self {
        let directions: Vec<_> = directions.into_iter().collect();
        Self(serde_json::json!({"start": {"lang": language, "direction": directions}}))
    }

    /// Starts translating speech from one language into another, both BCP-47 tags.
    pub fn translate(from: &str, to: &str, directions: impl IntoIterator<Item = LiveDirection>) -> Self {
        let directions: Vec<_> = directions.into_iter().collect();
        Self(serde_json::json!({"start": {"from_lang": from, "to_lang": to, "direction": directions}}))
    }

    /// Summarises what was said so far.
    pub fn summarize() -> Self {
        Self(serde_json::json!({"summarize": {}}))
    }

    /// Translates a text and speaks it.
    pub fn inject(message: &str, direction: &LiveDirection) -> Self {
        Self(serde_json::json!({"inject": {"message": message, "direction": direction}}))
    }

    /// Stops.
    pub fn stop() -> Self {
        Self(serde_json::json!({"stop": {}}))
    }

    /// Sets a field of the action.
    ///
    /// | to | fields |
    /// | --- | --- |
    /// | begin | `webhook`, `live_events`, `ai_summary`, `ai_summary_prompt`, `speech_engine`, `speech_timeout` (milliseconds), `vad_silence_ms` (milliseconds), `vad_thresh` (0 to 1800) |
    /// | begin to transcribe | `hints`, `verbose_utterances` (both by the newer specification only) |
    /// | begin to translate | `from_voice`, `to_voice`, `filter_from`, `filter_to`; `mode`, `classic` or `realtime` (by the newer specification only) |
    /// | summarise | `webhook`, `prompt` |
    ///
    /// `debug_level` (0 to 2) is known to older services only.
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        let members = self.0.as_object_mut().and_then(|action| action.values_mut().next());
        if let Some(Value::Object(fields)) = members {
            fields.insert(field.to_owned(), value.into());
        }
        self
    }
}

/// Anything the service may come to know: sent as it is.
impl From<Value> for LiveAction {
    fn from(action: Value) -> Self {
        Self(action)
    }
}

params! {
    /// Parameters of `calling.live_transcribe`.
    pub struct LiveTranscribe {
        required { action: LiveAction, }
    }
}

method!(LiveTranscribe, "calling.live_transcribe");

params! {
    /// Parameters of `calling.live_translate`.
    pub struct LiveTranslate {
        required { action: LiveAction, }
        optional {
            /// A URL that receives results as webhooks. Without effect by the newer specification: set `webhook` in the
            /// action. Default: none.
            status_url: String,
        }
    }
}

method!(LiveTranslate, "calling.live_translate", check: |translate| {
    rules::optional_web_url("status_url", translate.status_url.as_deref())
});

impl Call {
    /// Transcribes the call from now on (`calling.transcribe`).
    ///
    /// # Completion
    ///
    /// [`stop`](Action::stop), or the end of the call: silence does not.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let transcription = call.transcribe().await?;
    /// transcription.stop().await?;
    /// println!("{:?}", transcription.wait().await?.url);
    /// # Ok(()) }
    /// ```
    pub fn transcribe(&self) -> Request<Transcribe> {
        self.request(Transcribe::new())
    }

    /// Transcribes while the call goes on (`calling.live_transcribe`).
    ///
    /// Results go to the action's `webhook`. Without one they come as events of the call: `calling.ai.transcribe.…`, read
    /// as [`Event::Unknown`](crate::Event::Unknown). (That is what the newer specification says; by the SDKs there is only
    /// the webhook.)
    ///
    /// # Completion
    ///
    /// [`LiveAction::stop`], or the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{LiveAction, LiveDirection};
    /// let begin = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]);
    /// call.live_transcribe(begin.set("webhook", "https://example.com/words")).await?;
    /// call.live_transcribe(LiveAction::stop()).await?;
    /// # Ok(()) }
    /// ```
    pub fn live_transcribe(&self, action: impl Into<LiveAction>) -> Request<LiveTranscribe> {
        self.request(LiveTranscribe::new(action.into()))
    }

    /// Translates while the call goes on (`calling.live_translate`). Results go where those of
    /// [`live_transcribe`](Self::live_transcribe) go, as `calling.ai.translate.…`.
    ///
    /// # Completion
    ///
    /// [`LiveAction::stop`], or the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{LiveAction, LiveDirection};
    /// call.live_translate(LiveAction::translate("en-US", "es-ES", [LiveDirection::RemoteCaller])).await?;
    /// # Ok(()) }
    /// ```
    pub fn live_translate(&self, action: impl Into<LiveAction>) -> Request<LiveTranslate> {
        self.request(LiveTranslate::new(action.into()))
    }
}

open_enum! {
    /// How a transcription is getting on.
    pub enum TranscribeState {
        /// It runs.
        Transcribing = "transcribing",
        /// It is over.
        Finished = "finished",
    }
}

event! {
    /// `calling.call.transcribe`: a transcription got on.
    pub struct TranscribeEvent(Transcribe, "calling.call.transcribe", keyed) {
        /// How it is getting on.
        pub state: TranscribeState,
        /// Where the recording behind it is: a URL, or a path on the service such as `recordings/….wav`.
        pub url: Option<String>,
        /// The recording behind it.
        pub recording_id: Option<String>,
        /// How long it is; told at its end.
        pub duration: Option<Duration>,
        /// How large it is, in bytes; told at its end.
        pub size: Option<u64>,
        /// When it began; told at its end.
        pub start_time: Option<SystemTime>,
        /// When it ended; told at its end.
        pub end_time: Option<SystemTime>,
        /// The URL that receives the events as webhooks too, if one was given.
        pub status_url: Option<String>,
        /// What was said, in some versions of the service; others send it to the `status_url` only.
        pub text: Option<String>,
    }
}
