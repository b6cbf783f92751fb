//! Events about what an AI agent does during its session (`calling.ai.*`).
//!
//! The newer specification describes these events; older services do not send them. The agents of
//! [`Call::ai`](crate::Call::ai) send all of them. The agents of [`Call::amazon_bedrock`](crate::Call::amazon_bedrock) send
//! those whose documentation says so. No event names its session: a call has one agent at a time.
//!
//! Texts are as the service wrote them. An agent that keeps its prompts secret leaves texts empty. Some texts contain
//! markers for the voice, such as `{confidence=0.95}`.
//!
//! ```
//! # fn example(call: signalwire_relay_core::Call) {
//! use signalwire_relay_core::{AiCompletionEvent, AiSpeechDetectEvent};
//!
//! call.on(|heard: AiSpeechDetectEvent| async move { println!("caller: {}", heard.text) });
//! call.on(|said: AiCompletionEvent| async move { println!("agent: {}", said.text) });
//! # }
//! ```

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::enums::open_enum;
use crate::events::event;
use crate::json::Redacted;

event! {
    /// `calling.ai.start`: an AI session began. Bedrock agents send it too.
    pub struct AiStartEvent(AiStart, "calling.ai.start", addressed) {}
}

event! {
    /// `calling.ai.user_speaking`: the caller began to speak.
    pub struct AiUserSpeakingEvent(AiUserSpeaking, "calling.ai.user_speaking", addressed) {}
}

event! {
    /// `calling.ai.begin_speaking`: the agent began to speak. Bedrock agents send it too.
    pub struct AiBeginSpeakingEvent(AiBeginSpeaking, "calling.ai.begin_speaking", addressed) {}
}

event! {
    /// `calling.ai.speech_detect`: the agent understood what the caller said. Bedrock agents send it too.
    pub struct AiSpeechDetectEvent(AiSpeechDetect, "calling.ai.speech_detect", addressed) {
        /// The caller's words, in their final form.
        pub text: String,
    }
}

event! {
    /// `calling.ai.partial_result`: the agent understood a part of what the caller is saying. Bedrock agents send it too,
    /// without the text.
    pub struct AiPartialResultEvent(AiPartialResult, "calling.ai.partial_result", addressed) {
        /// The caller's words so far.
        pub text: Option<String>,
        /// `true` if the caller interrupted the agent.
        pub barged: Option<bool>,
    }
}

event! {
    /// `calling.ai.response`: the agent has an answer for the caller.
    pub struct AiResponseEvent(AiResponse, "calling.ai.response", addressed) {
        /// The whole answer.
        pub response: String,
    }
}

event! {
    /// `calling.ai.response_utterance`: the agent speaks a piece of its answer. Bedrock agents send it too.
    pub struct AiResponseUtteranceEvent(AiResponseUtterance, "calling.ai.response_utterance", addressed) {
        utterance: Option<String>,
        text: Option<String>,
    }
}

impl AiResponseUtteranceEvent {
    /// The spoken piece: `utterance` on the wire. Some services write `text`.
    pub fn utterance(&self) -> &str {
        self.utterance.as_deref().or(self.text.as_deref()).unwrap_or_default()
    }
}

open_enum! {
    /// The reason why the agent stopped speaking.
    pub enum AiCompletionType {
        /// The agent said everything.
        Normal = "normal",
        /// The caller interrupted the agent.
        Barged = "barged",
    }
}

event! {
    /// `calling.ai.completion`: the agent stopped speaking. Bedrock agents send it too.
    pub struct AiCompletionEvent(AiCompletion, "calling.ai.completion", addressed) {
        /// The agent's words.
        pub text: String,
        /// The reason (`type` on the wire).
        pub kind as "type": AiCompletionType,
    }
}

event! {
    /// `calling.ai.transparent_barge`: the caller went on speaking before the agent answered, and the agent joins both parts.
    pub struct AiTransparentBargeEvent(AiTransparentBarge, "calling.ai.transparent_barge", addressed) {
        /// Both parts of what the caller said.
        pub combined_text: Option<String>,
    }
}

event! {
    /// `calling.ai.warning`: something went wrong in the AI session, and the session goes on.
    pub struct AiWarningEvent(AiWarning, "calling.ai.warning", addressed) {
        /// The service's text, without secrets of this client.
        pub error: String,
        /// The number of tokens in use.
        pub tokens: Option<u64>,
    }
}

event! {
    /// `calling.ai.stop`: an AI session ended. Bedrock agents send it too, without the pause of the wallet.
    ///
    /// [`AiAction`](crate::AiAction) waits for `calling.call.ai`, which follows.
    pub struct AiStopEvent(AiStop, "calling.ai.stop", addressed) {
        /// The start of the session.
        pub start_time: Option<SystemTime>,
        /// The end of the session.
        pub end_time: Option<SystemTime>,
        /// The time for which the session stood still for lack of credit (`wallet_paused_sec` on the wire).
        pub wallet_paused as "wallet_paused_sec": Option<Duration>,
        billing: Redacted,
    }
}

impl AiStopEvent {
    /// The cost of the session, in the service's own form: JSON, [`Value::Null`] if the event has none. `Debug` does not
    /// print it.
    pub fn billing(&self) -> &Value {
        &self.billing.0
    }
}

event! {
    /// `calling.ai.swaig`: the agent called one of its functions, or got its result. Bedrock agents send it too.
    ///
    /// The form is the service's own. `Debug` does not print it.
    pub struct AiSwaigEvent(AiSwaig, "calling.ai.swaig", addressed) {}
}

event! {
    /// `calling.ai.swaig_action`: a function of the agent made it do something. Bedrock agents send it too.
    ///
    /// The form is the service's own. `Debug` does not print it.
    pub struct AiSwaigActionEvent(AiSwaigAction, "calling.ai.swaig_action", addressed) {}
}

event! {
    /// `calling.ai.post_prompt`: the agent answered its post prompt. The service sends it if the agent has a
    /// `post_prompt_url`.
    ///
    /// The form is the service's own. `Debug` does not print it.
    pub struct AiPostPromptEvent(AiPostPrompt, "calling.ai.post_prompt", addressed) {}
}

macro_rules! free_form {
    ($($name:ident),+) => {
        $(
            impl $name {
                /// Every member of the event except the address: `call_id`, `node_id`, `segment_id` and `tag`.
                ///
                /// The members are read at each call.
                pub fn members(&self) -> Map<String, Value> {
                    self.meta.members()
                }
            }
        )+
    };
}

free_form!(AiSwaigEvent, AiSwaigActionEvent, AiPostPromptEvent);
