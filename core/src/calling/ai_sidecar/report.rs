//! The reports of a sidecar.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::calling::{AiCallInfo, AiChannelData};
use crate::enums::open_enum;
use crate::events::event;
use crate::ids::AskId;
use crate::json::{Redacted, document, object};

open_enum! {
    /// The kind of a sidecar's report.
    pub enum SidecarKind {
        /// The sidecar began.
        Start = "start",
        /// It began a turn.
        Turn = "turn",
        /// It asked its language model.
        Request = "request",
        /// It had a thought: [`text`](SidecarReport::text).
        Thought = "thought",
        /// It found something: [`raw`](SidecarReport::raw).
        Insight = "insight",
        /// It had nothing to report: [`reason`](SidecarReport::reason).
        Skip = "skip",
        /// It called a function: [`name`](SidecarReport::name), [`arguments`](SidecarReport::arguments).
        ToolCall = "tool_call",
        /// A function gave its result: [`name`](SidecarReport::name), [`response`](SidecarReport::response).
        ToolResult = "tool_result",
        /// It acted on the call.
        Action = "action",
        /// The data that its functions share changed.
        GlobalDataChange = "global_data_change",
        /// It shortened its history: [`dropped_count`](SidecarReport::dropped_count) and the fields after it.
        HistoryPruned = "history_pruned",
        /// It met an error: [`error_reason`](SidecarReport::error_reason), [`detail`](SidecarReport::detail).
        Error = "error",
        /// It was asked a question.
        AskRequest = "ask_request",
        /// It answered a question: [`ask_id`](SidecarReport::ask_id), [`raw`](SidecarReport::raw).
        AskAnswer = "ask_answer",
        /// It stopped.
        Stop = "stop",
        /// Its last report: [`summary`](SidecarReport::summary).
        Final = "final",
    }
}

object! {
    /// One report of an AI sidecar.
    pub struct SidecarReport {
        /// The kind of the report (`type` on the wire). The other fields depend on it.
        pub kind as "type": SidecarKind,
        /// The time of the report.
        pub ts: Option<SystemTime>,
        /// The turn that the report belongs to.
        pub tick_id: Option<u64>,
        /// The call.
        pub channel_data: AiChannelData,
        /// The question that was answered.
        pub ask_id: Option<AskId>,
        /// The model's own words: an insight, or an answer.
        pub raw: Option<String>,
        /// A thought.
        pub text: Option<String>,
        /// The summary of the conversation.
        pub summary: Option<String>,
        /// The function.
        pub name: Option<String>,
        arguments: Redacted,
        response: Redacted,
        /// The reason why there was nothing to report.
        pub reason: Option<String>,
        /// The error, without secrets of this client.
        pub error_reason: Option<String>,
        /// Details of the error, without secrets of this client.
        pub detail: Option<String>,
        /// The number of entries of the history that were dropped.
        pub dropped_count: Option<u64>,
        /// The number of entries of the history that were kept.
        pub kept_count: Option<u64>,
        /// The size of the history before that, in tokens.
        pub tokens_before: Option<u64>,
        /// The size of the history after that, in tokens.
        pub tokens_after: Option<u64>,
        /// The step of the model in its turn.
        pub iter: Option<u64>,
        /// The number of steps of the turn.
        pub total_iters: Option<u64>,
        /// The cause of the turn.
        pub triggered_by: Option<String>,
    }
}

impl SidecarReport {
    /// The arguments of a function call; [`Value::Null`] if there are none. The service writes them as a text that holds
    /// JSON: a text that does not is given as a text. `Debug` does not print them.
    pub fn arguments(&self) -> Value {
        unwrapped(&self.arguments)
    }

    /// The result of a function, in the same form as [`arguments`](Self::arguments). `Debug` does not print it.
    pub fn response(&self) -> Value {
        unwrapped(&self.response)
    }
}

fn unwrapped(wrapped: &Redacted) -> Value {
    match &wrapped.0 {
        Value::String(text) => document(text).unwrap_or_else(|| json!(text)),
        other => other.clone(),
    }
}

event! {
    /// `calling.ai.sidecar`: an AI sidecar reports. The newer specification describes the event, and calls it unstable; older
    /// services do not send it.
    pub struct SidecarEvent(Sidecar, "calling.ai.sidecar", addressed) {
        /// The envelope.
        pub call_info: AiCallInfo,
        /// The report (`sidecar_event` on the wire).
        pub report as "sidecar_event": SidecarReport,
    }
}
