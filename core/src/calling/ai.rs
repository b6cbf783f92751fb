//! AI agents on a call (`calling.ai` and its relatives).

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Control, method, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::credentials::Secret;
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::seconds_as_text;

params! {
    /// Parameters of `calling.ai`. What is given as JSON goes to the service as it is.
    pub struct Ai {
        optional {
            /// A stored configuration, by its id. Default: none.
            agent: String,
            /// The prompt: an object with `text` or `pom`, and settings such as `temperature`. Default: none.
            prompt: Value,
            /// What to ask when the conversation is over, in the same form. Default: nothing.
            post_prompt: Value,
            /// A URL that receives the outcome. Default: none.
            post_prompt_url: String,
            /// The name to log in with there. Default: none.
            post_prompt_auth_user: String,
            /// The password to log in with there. Default: none.
            post_prompt_auth_password: Secret,
            /// Data that is shared with the agent's functions. Default: none.
            global_data: Map<String, Value>,
            /// How words are spoken: objects with `replace`, `with`, `ignore_case`. Default: none.
            pronounce: Vec<Value>,
            /// Words that are expected, as text or as objects. Default: none.
            hints: Vec<Value>,
            /// Languages and voices: objects with `name`, `code`, `voice`, and more. Default: none.
            languages: Vec<Value>,
            /// The agent's functions (`SWAIG` on the wire). Default: none.
            #[serde(rename = "SWAIG")]
            swaig: Value,
            /// The agent's settings (`params` on the wire). Default: none.
            #[serde(rename = "params")]
            ai_params: Map<String, Value>,
        }
    }
}

operation!(
    Ai,
    "calling.ai",
    ControlId,
    AiEvent,
    ends: |event| matches!(event.state, AiState::Finished | AiState::Error),
    silent_stop: r#"{"state": "finished"}"#,
    late: true,
    validate: |ai| validate::optional_web_url("post_prompt_url", ai.post_prompt_url.as_deref())
);

impl Request<Ai> {
    /// The prompt as a text, in place of [`prompt`](Self::prompt).
    pub fn prompt_text(self, text: impl Into<String>) -> Self {
        self.prompt(json!({ "text": text.into() }))
    }
}

/// An AI agent at work. By the newer specification the service tells when it is done; others never do: then it is over
/// with its call, and waiting for it ends with [`Error::CallGone`](crate::Error::CallGone). After a [`stop`](Action::stop) of which the service
/// tells nothing more within 5 s, it counts as [`AiState::Finished`]. Dropping it lets the agent go on.
pub type AiAction = Action<Ai>;

impl Action<Ai> {
    /// Takes the agent off the call (`calling.ai.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let agent = call.ai().prompt_text("You take pizza orders.").await?;
    /// agent.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.ai.stop"))
    }
}

params! {
    /// Parameters of `calling.amazon_bedrock`. What is given as JSON goes to the service as it is.
    pub struct AmazonBedrock {
        optional {
            /// The prompt: an object with `text` or `pom`, and settings such as `temperature`. Default: none.
            prompt: Value,
            /// The agent's functions (`SWAIG` on the wire). Default: none.
            #[serde(rename = "SWAIG")]
            swaig: Value,
            /// The agent's settings (`params` on the wire). Default: none.
            #[serde(rename = "params")]
            ai_params: Map<String, Value>,
            /// Data that is shared with the agent's functions. Default: none.
            global_data: Map<String, Value>,
            /// What to ask when the conversation is over. Default: nothing.
            post_prompt: Value,
            /// A URL that receives the outcome. Default: none.
            post_prompt_url: String,
        }
    }
}

method!(AmazonBedrock, "calling.amazon_bedrock", validate: |bedrock| {
    validate::optional_web_url("post_prompt_url", bedrock.post_prompt_url.as_deref())
});

impl Request<AmazonBedrock> {
    /// The prompt as a text, in place of [`prompt`](Self::prompt).
    pub fn prompt_text(self, text: impl Into<String>) -> Self {
        self.prompt(json!({ "text": text.into() }))
    }
}

open_enum! {
    /// As whom a message to an AI agent comes.
    pub enum AiRole {
        /// An instruction; nobody hears it.
        System = "system",
        /// As if the caller had said it.
        User = "user",
        /// As if the agent had said it.
        Assistant = "assistant",
    }
}

params! {
    /// Parameters of `calling.ai_message`.
    pub struct AiMessage {
        optional {
            /// The text. Needed unless the agent is reset.
            message_text: String,
            /// As whom it comes. Default: the service's.
            role: AiRole,
            /// Starts anew: `full_reset` (true or false), `user_prompt`, `system_prompt`. By the newer specification the
            /// text and the data of the same request are then ignored. Default: no.
            reset: Map<String, Value>,
            /// Data to add to what is shared with the agent's functions; a member that is `null` is removed. Default: none.
            global_data: Map<String, Value>,
        }
    }
}

method!(AiMessage, "calling.ai_message", validate_complete: |message| {
    if message.message_text.is_none() && message.reset.is_none() && message.global_data.is_none() {
        return Err(InvalidArgument::new("message_text", "there is neither a text, nor a reset, nor data"));
    }
    Ok(())
});

params! {
    /// Parameters of `calling.ai_hold`.
    pub struct AiHold {
        optional {
            /// For how long (`timeout` on the wire, as text), in whole seconds; a fraction is dropped. At most 300 s by the
            /// newer specification: 0 and more than that count as 300 s. Default: the service's, 300 s.
            #[serde(rename = "timeout", serialize_with = "seconds_as_text")]
            hold_for: Duration,
            /// An instruction to the agent, which then says it in its own words. (By the SDKs the text itself is said.)
            /// Default: nothing.
            prompt: String,
        }
    }
}

method!(AiHold, "calling.ai_hold");

params! {
    /// Parameters of `calling.ai_unhold`.
    pub struct AiUnhold {
        optional {
            /// A text that is said or noted after. Older services only: the newer specification refuses a request with it.
            /// Default: nothing.
            prompt: String,
        }
    }
}

method!(AiUnhold, "calling.ai_unhold");

impl Call {
    /// Puts an AI agent on the call (`calling.ai`). It needs an [`agent`](Request::agent) or a
    /// [`prompt`](Request::prompt). Meanwhile the service refuses operations that would occupy the call, such as
    /// [`connect`](Self::connect) and [`play_and_collect`](Self::play_and_collect).
    ///
    /// # Completion
    ///
    /// The agent, when it finds that the conversation is over, [`stop`](Action::stop), or the end of the call. Not every
    /// service tells when the agent is done.
    ///
    /// # Events
    ///
    /// By the newer specification events of the call say who speaks and what was understood: [`AiStartEvent`](crate::AiStartEvent),
    /// [`AiSpeechDetectEvent`](crate::AiSpeechDetectEvent), [`AiCompletionEvent`](crate::AiCompletionEvent) and others of the
    /// same kind. Older services do not send them.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let agent = call.ai().prompt_text("You take pizza orders.").await?;
    /// call.wait_for_ended().await?;
    /// # drop(agent);
    /// # Ok(()) }
    /// ```
    pub fn ai(&self) -> Request<Ai> {
        self.request(Ai::new())
    }

    /// Puts an Amazon Bedrock agent on the call (`calling.amazon_bedrock`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.amazon_bedrock().prompt_text("You take pizza orders.").await?;
    /// # Ok(()) }
    /// ```
    pub fn amazon_bedrock(&self) -> Request<AmazonBedrock> {
        self.request(AmazonBedrock::new())
    }

    /// Tells the agent on the call something (`calling.ai_message`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::AiRole;
    /// call.ai_message().role(AiRole::System).message_text("The kitchen closes in ten minutes.").await?;
    /// # Ok(()) }
    /// ```
    pub fn ai_message(&self) -> Request<AiMessage> {
        self.request(AiMessage::new())
    }

    /// Has the agent on the call wait (`calling.ai_hold`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.ai_hold().hold_for(signalwire_relay_core::secs(300)).await?;
    /// call.ai_unhold().await?;
    /// # Ok(()) }
    /// ```
    pub fn ai_hold(&self) -> Request<AiHold> {
        self.request(AiHold::new())
    }

    /// Has the agent on the call go on (`calling.ai_unhold`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.ai_unhold().await?;
    /// # Ok(()) }
    /// ```
    pub fn ai_unhold(&self) -> Request<AiUnhold> {
        self.request(AiUnhold::new())
    }
}

open_enum! {
    /// How an AI agent is getting on.
    pub enum AiState {
        /// It is done.
        Finished = "finished",
        /// It failed.
        Error = "error",
    }
}

event! {
    /// `calling.call.ai`: an AI agent got on.
    pub struct AiEvent(Ai, "calling.call.ai", keyed, addressed) {
        /// How it is getting on.
        pub state: AiState,
        /// What came of it, if the service says so.
        pub result: Value,
    }
}
