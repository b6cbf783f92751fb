//! Transcribing (`calling.transcribe`), also while the call goes on (`calling.live_transcribe`), and translating
//! (`calling.live_translate`).

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use super::{Control, method, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::UNLIMITED;

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
    ControlId,
    TranscribeEvent,
    ends: |event| event.state == TranscribeState::Finished,
    late: true,
    validate: |transcribe| validate::optional_web_url("status_url", transcribe.status_url.as_deref())
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
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.transcribe.stop"))
    }
}

open_enum! {
    /// A side of a call, in a live transcription or translation.
    pub enum LiveDirection {
        /// The call's party.
        RemoteCaller = "remote-caller",
        /// The own side.
        LocalCaller = "local-caller",
    }
}

/// A command to a live transcription or translation: start, stop, summarise, or inject a text.
///
/// ```
/// use signalwire_relay_core::{LiveAction, LiveDirection};
///
/// let begin = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).ai_summary(true);
/// let end = LiveAction::stop();
/// # let _ = (begin, end);
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct LiveAction(Value);

impl LiveAction {
    fn validate(&self) -> Result<(), InvalidArgument> {
        let fields = self.0.as_object().and_then(|action| action.values().next());
        let webhook = fields.and_then(|fields| fields.get("webhook")).and_then(Value::as_str);
        validate::maybe_url("webhook", webhook)
    }

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
    /// | begin to transcribe | `hints`, `verbose_utterances` |
    /// | begin to translate | `from_voice`, `to_voice`, `filter_from`, `filter_to`, `mode` |
    /// | summarise | `webhook`, `prompt` |
    ///
    /// Most have a method of their own. `debug_level` (0 to 2) is known to older services only.
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        let members = self.0.as_object_mut().and_then(|action| action.values_mut().next());
        if let Some(Value::Object(fields)) = members {
            fields.insert(field.to_owned(), value.into());
        }
        self
    }
}

/// The fields of an action, typed. [`set`](LiveAction::set) says which action has which.
///
/// ```
/// use signalwire_relay_core::{LiveAction, LiveDirection, LiveMode, secs};
///
/// let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
/// let words = LiveAction::transcribe("en-US", both.clone()).live_events(true).hints(["RELAY"]).vad_silence(secs(0.5));
/// let talk = LiveAction::translate("en-US", "es-ES", both).mode(LiveMode::Realtime).to_voice("josh");
/// # let _ = (words, talk);
/// ```
impl LiveAction {
    /// A URL that receives the results. Default: by the newer specification they come as events of the call; by the SDKs
    /// they go nowhere.
    pub fn webhook(self, url: impl Into<String>) -> Self {
        self.set("webhook", url.into())
    }

    /// Asks for results during the call, not only at its end. Default: no.
    pub fn live_events(self, yes: bool) -> Self {
        self.set("live_events", yes)
    }

    /// Asks for a summary at the end of the call. Default: no.
    pub fn ai_summary(self, yes: bool) -> Self {
        self.set("ai_summary", yes)
    }

    /// The instruction for the summary at the end of the call. Default: the service's.
    pub fn ai_summary_prompt(self, prompt: impl Into<String>) -> Self {
        self.set("ai_summary_prompt", prompt.into())
    }

    /// The engine that recognises speech: `deepgram` or `google`. Default: `deepgram`.
    pub fn speech_engine(self, engine: impl Into<String>) -> Self {
        self.set("speech_engine", engine.into())
    }

    /// The longest utterance, in whole milliseconds. Default: 60 s.
    pub fn speech_timeout(self, time: Duration) -> Self {
        self.set("speech_timeout", in_milliseconds(time))
    }

    /// The silence that ends an utterance, in whole milliseconds (`vad_silence_ms` on the wire). Default: the engine's.
    pub fn vad_silence(self, time: Duration) -> Self {
        self.set("vad_silence_ms", in_milliseconds(time))
    }

    /// The threshold for speech, 0 to 1800: higher is less sensitive. Default: 400.
    pub fn vad_thresh(self, threshold: u32) -> Self {
        self.set("vad_thresh", threshold)
    }

    /// Words that are expected. The newer specification has it for transcriptions; older services do not know it. Default:
    /// none.
    pub fn hints<T: Into<String>>(self, words: impl IntoIterator<Item = T>) -> Self {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        self.set("hints", words)
    }

    /// Adds details of each word to utterances. The newer specification has it for transcriptions; older services do not
    /// know it. Default: no.
    pub fn verbose_utterances(self, yes: bool) -> Self {
        self.set("verbose_utterances", yes)
    }

    /// The way of translating. The newer specification has it for translations; older services do not know it. Default:
    /// [`LiveMode::Classic`].
    pub fn mode(self, mode: impl Into<LiveMode>) -> Self {
        self.set("mode", mode.into().as_str())
    }

    /// The voice that speaks the source language. Default: the service's, `josh`.
    pub fn from_voice(self, voice: impl Into<String>) -> Self {
        self.set("from_voice", voice.into())
    }

    /// The voice that speaks the target language. Default: the service's, `josh`.
    pub fn to_voice(self, voice: impl Into<String>) -> Self {
        self.set("to_voice", voice.into())
    }

    /// The tone of translations into the source language: `polite`, `rude`, `professional`, `shakespeare`, `gen-z`, or an
    /// instruction after `prompt:`. Default: none.
    pub fn filter_from(self, filter: impl Into<String>) -> Self {
        self.set("filter_from", filter.into())
    }

    /// The tone of translations into the target language, as in [`filter_from`](Self::filter_from). Default: none.
    pub fn filter_to(self, filter: impl Into<String>) -> Self {
        self.set("filter_to", filter.into())
    }

    /// The instruction for the summary of [`summarize`](Self::summarize). Default: the service's.
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.set("prompt", prompt.into())
    }
}

fn in_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.min(UNLIMITED).as_millis()).unwrap_or(u64::MAX)
}

open_enum! {
    /// A way of translating.
    pub enum LiveMode {
        /// Turn by turn.
        Classic = "classic",
        /// Continuously. Some settings of [`LiveMode::Classic`] have no effect.
        Realtime = "realtime",
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

method!(LiveTranscribe, "calling.live_transcribe", validate: |transcribe| transcribe.action.validate());

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

method!(LiveTranslate, "calling.live_translate", validate: |translate| {
    translate.action.validate()?;
    validate::optional_web_url("status_url", translate.status_url.as_deref())
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
    /// Results go to the action's [`webhook`](LiveAction::webhook). Without one they come as events of the call:
    /// [`LiveTranscribeUtteranceEvent`](crate::LiveTranscribeUtteranceEvent) during the call,
    /// [`LiveTranscribeSummaryEvent`](crate::LiveTranscribeSummaryEvent) when asked for, and
    /// [`LiveTranscribeLogEvent`](crate::LiveTranscribeLogEvent) at the end. (So says the newer specification; by the SDKs
    /// there is only the webhook.)
    ///
    /// # Completion
    ///
    /// [`LiveAction::stop`], or the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{LiveAction, LiveDirection};
    /// let begin = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]);
    /// call.live_transcribe(begin.webhook("https://example.com/words")).await?;
    /// call.live_transcribe(LiveAction::stop()).await?;
    /// # Ok(()) }
    /// ```
    pub fn live_transcribe(&self, action: impl Into<LiveAction>) -> Request<LiveTranscribe> {
        self.request(LiveTranscribe::new(action.into()))
    }

    /// Translates while the call goes on (`calling.live_translate`). Results go where those of
    /// [`live_transcribe`](Self::live_transcribe) go, as [`LiveTranslateDeltaEvent`](crate::LiveTranslateDeltaEvent),
    /// [`LiveTranslateSummaryEvent`](crate::LiveTranslateSummaryEvent) and
    /// [`LiveTranslateLogEvent`](crate::LiveTranslateLogEvent).
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
    pub struct TranscribeEvent(Transcribe, "calling.call.transcribe", keyed, addressed) {
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
