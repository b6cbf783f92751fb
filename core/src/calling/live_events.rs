//! Results of a live transcription or translation (`calling.ai.transcribe.*`, `calling.ai.translate.*`).
//!
//! The newer specification describes these events. The service sends them if [`LiveAction`](crate::LiveAction) has no
//! `webhook`; it says of two of them that they need one, so be ready for either. Older services do not send them.
//!
//! ```
//! # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
//! use signalwire_relay_core::{LiveAction, LiveDirection, LiveTranscribeUtteranceEvent};
//!
//! call.on(|said: LiveTranscribeUtteranceEvent| async move { println!("{}", said.utterance.content) });
//! call.live_transcribe(LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).live_events(true)).await?;
//! # Ok(()) }
//! ```

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

use super::Confidence;
use crate::credentials::Secret;
use crate::enums::open_enum;
use crate::events::event;
use crate::ids::CallId;
use crate::json::{Redacted, object};

object! {
    /// The envelope of a result: the kind of its document, and its call (`call_info` on the wire).
    pub struct AiCallInfo {
        /// The project of the call. `Debug` does not print it.
        pub project_id: Option<Secret>,
        /// The space of the call.
        pub space_id: Option<String>,
        /// The media type of the document, such as `text/json`.
        pub content_type: String,
        /// The kind of the document.
        pub content_disposition: String,
        /// The kind of the conversation, such as `voice`.
        pub conversation_type: String,
        /// The call.
        pub call_id: CallId,
    }
}

object! {
    /// The call behind a result (`channel_data` on the wire).
    pub struct AiChannelData {
        /// The project of the call. `Debug` does not print it.
        pub project_id: Option<Secret>,
        /// The space of the call.
        pub space_id: Option<String>,
        /// The media type of the document, such as `text/json`.
        pub content_type: String,
        /// The kind of the document.
        pub content_disposition: String,
        /// The call.
        pub call_id: CallId,
        /// The start of the call.
        pub call_start_date: Option<SystemTime>,
        /// The answer of the call; `None` if there was none yet.
        pub call_answer_date: Option<SystemTime>,
        /// The end of the call; `None` while it goes on.
        pub call_end_date: Option<SystemTime>,
        /// The caller's name.
        pub caller_id_name: Option<String>,
        /// The caller's number.
        pub caller_id_number: Option<String>,
        swml_vars as "SWMLVars": Redacted,
        swml_call as "SWMLCall": Redacted,
    }
}

impl AiChannelData {
    /// The variables of the call's SWML document (`SWMLVars` on the wire); [`Value::Null`] without. `Debug` does not print
    /// them.
    pub fn swml_vars(&self) -> &Value {
        &self.swml_vars.0
    }

    /// The call as its SWML document sees it (`SWMLCall` on the wire); [`Value::Null`] without. `Debug` does not print it.
    pub fn swml_call(&self) -> &Value {
        &self.swml_call.0
    }
}

open_enum! {
    /// The speaker in a live transcription or translation.
    pub enum LiveRole {
        /// The call's party.
        RemoteCaller = "remote-caller",
        /// The own side.
        LocalCaller = "local-caller",
        /// A tool of an AI.
        Tool = "tool",
    }
}

object! {
    /// One entry of a conversation's log.
    pub struct LiveLogEntry {
        /// The speaker.
        pub role: LiveRole,
        /// The words.
        pub content: String,
        /// The confidence of the engine in the words.
        pub confidence: Option<Confidence>,
        /// The language of the words.
        pub language: Option<String>,
        /// The kind of the filter that changed the words.
        pub filter_type: Option<String>,
        /// The setting of that filter.
        pub filter_value: Option<String>,
        /// The call of the tool whose result this is.
        pub tool_call_id: Option<String>,
    }
}

object! {
    /// One piece of speech.
    pub struct LiveUtterance {
        /// The speaker.
        pub role: LiveRole,
        /// The words.
        pub content: String,
        /// The language of the words.
        pub lang: String,
        /// The id of the utterance.
        pub utterance_id: String,
        /// The time of the utterance.
        pub timestamp: Option<SystemTime>,
        /// The confidence of the engine in the words.
        pub confidence: Option<Confidence>,
        /// The number of tokens.
        pub tokens: Option<u64>,
        /// The number of characters.
        pub char_count: Option<u64>,
        /// The number of words.
        pub word_count: Option<u64>,
    }
}

object! {
    /// Figures of a whole conversation. With an AI sidecar the figures are those of the customer and the agent, in place of
    /// the remote and the local caller.
    pub struct LiveMetrics {
        /// The number of utterances.
        pub total_utterances: Option<u64>,
        /// The time of the first utterance.
        pub first_utterance_ts: Option<SystemTime>,
        /// The time of the last utterance.
        pub last_utterance_ts: Option<SystemTime>,
        /// The number of turns of the remote caller.
        pub remote_caller_turns: Option<u64>,
        /// The number of turns of the local caller.
        pub local_caller_turns: Option<u64>,
        /// The number of words of the remote caller.
        pub remote_caller_words: Option<u64>,
        /// The number of words of the local caller.
        pub local_caller_words: Option<u64>,
        /// The average confidence of the engine in the remote caller's words.
        pub remote_caller_avg_confidence: Option<Confidence>,
        /// The average confidence of the engine in the local caller's words.
        pub local_caller_avg_confidence: Option<Confidence>,
        /// The number of turns of the customer.
        pub customer_turns: Option<u64>,
        /// The number of turns of the agent.
        pub agent_turns: Option<u64>,
        /// The number of words of the customer.
        pub customer_words: Option<u64>,
        /// The number of words of the agent.
        pub agent_words: Option<u64>,
        /// The average confidence of the engine in the customer's words.
        pub customer_avg_confidence: Option<Confidence>,
        /// The average confidence of the engine in the agent's words.
        pub agent_avg_confidence: Option<Confidence>,
    }
}

object! {
    /// A piece of speech as it is recognised or translated.
    pub struct LiveDelta {
        /// The language of the piece.
        pub language: String,
        /// The words that are new.
        pub delta: String,
    }
}

open_enum! {
    /// A side of a translation.
    pub enum LivePosition {
        /// The spoken language.
        Primary = "primary",
        /// The translation.
        Secondary = "secondary",
    }
}

object! {
    /// The settings with which the words of one party were translated.
    pub struct LiveTranslation {
        /// The spoken language.
        pub from_language: String,
        /// The language of the translation.
        pub to_language: String,
        /// The voice that speaks the translation.
        pub to_voice: String,
        /// The party.
        pub role: LiveRole,
        /// The side of the translation.
        pub position: LivePosition,
        /// The filter that changed the words.
        pub translate_filter: Option<String>,
    }
}

event! {
    /// `calling.ai.transcribe.utterance`: somebody said something. The service sends it while the transcription runs, if
    /// [`live_events`](crate::LiveAction::live_events) is set.
    pub struct LiveTranscribeUtteranceEvent(LiveTranscribeUtterance, "calling.ai.transcribe.utterance", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The call.
        pub channel_data: AiChannelData,
        /// The confidence of the engine in the words.
        pub confidence: Option<Confidence>,
        /// The words, and their speaker.
        pub utterance: LiveUtterance,
    }
}

event! {
    /// `calling.ai.transcribe.live_summarize`: the answer to [`LiveAction::summarize`](crate::LiveAction::summarize) of a
    /// transcription.
    pub struct LiveTranscribeSummaryEvent(LiveTranscribeSummary, "calling.ai.transcribe.live_summarize", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The call.
        pub channel_data: AiChannelData,
        /// The conversation so far.
        pub conversation_log: Vec<LiveLogEntry>,
        /// The summary of the conversation so far.
        pub conversation_summary: String,
    }
}

event! {
    /// `calling.ai.transcribe.conversation_log`: a live transcription ended. The service sends it after
    /// [`LiveAction::stop`](crate::LiveAction::stop) and at the end of the call.
    pub struct LiveTranscribeLogEvent(LiveTranscribeLog, "calling.ai.transcribe.conversation_log", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The call.
        pub channel_data: AiChannelData,
        /// The whole conversation.
        pub conversation_log: Vec<LiveLogEntry>,
        /// The summary, if one was asked for.
        pub conversation_summary: Option<String>,
        /// The figures of the conversation.
        pub metrics: LiveMetrics,
    }
}

event! {
    /// `calling.ai.translate.transcript_delta`: a piece of speech was recognised or translated. The service sends it in
    /// [`LiveMode::Realtime`](crate::LiveMode::Realtime), if [`live_events`](crate::LiveAction::live_events) is set.
    pub struct LiveTranslateDeltaEvent(LiveTranslateDelta, "calling.ai.translate.transcript_delta", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The call.
        pub channel_data: AiChannelData,
        /// The piece as it was spoken.
        pub input_utterance: Option<LiveDelta>,
        /// The piece as it was translated.
        pub output_utterance: Option<LiveDelta>,
    }
}

event! {
    /// `calling.ai.translate.live_summary`: the answer to [`LiveAction::summarize`](crate::LiveAction::summarize) of a
    /// translation.
    pub struct LiveTranslateSummaryEvent(LiveTranslateSummary, "calling.ai.translate.live_summary", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The call.
        pub channel_data: AiChannelData,
        /// The summary in the spoken language.
        pub primary_conversation_summary: Option<String>,
        /// The summary in the language of the translation.
        pub secondary_conversation_summary: Option<String>,
        /// The conversation so far, in the spoken language.
        pub primary_conversation_log: Vec<LiveLogEntry>,
        /// The conversation so far, translated.
        pub secondary_conversation_log: Vec<LiveLogEntry>,
    }
}

event! {
    /// `calling.ai.translate.conversation_log`: a live translation ended. The service sends it after
    /// [`LiveAction::stop`](crate::LiveAction::stop) and at the end of the call.
    pub struct LiveTranslateLogEvent(LiveTranslateLog, "calling.ai.translate.conversation_log", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The call.
        pub channel_data: AiChannelData,
        /// The whole conversation, in the spoken language.
        pub primary_conversation_log: Vec<LiveLogEntry>,
        /// The whole conversation, translated.
        pub secondary_conversation_log: Vec<LiveLogEntry>,
        /// The summary in the spoken language, if one was asked for.
        pub primary_conversation_summary: Option<String>,
        /// The summary in the language of the translation, if one was asked for.
        pub secondary_conversation_summary: Option<String>,
        /// The settings for each party, by the party's role.
        pub translate_data: BTreeMap<String, LiveTranslation>,
    }
}
