//! An AI that listens to a call, does not speak, and reports to the application (`calling.ai_sidecar`).
//!
//! The newer specification describes it, and calls its event unstable; older services do not know it.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Accepted, AiCallInfo, AiChannelData, Control, EndHint, LiveAction, LiveDirection, Method, method,
    operation, params, validate,
};
use crate::client::{Action, Call, Events, Request, Wait};
use crate::error::{Error, InvalidArgument};
use crate::events::{EventData, event};
use crate::ids::AskId;
use crate::json::{Redacted, milliseconds, object};
use crate::open_enum::open_enum;

/// Parameters of `calling.ai_sidecar`. Parameters given as JSON go to the service unchanged.
#[derive(Debug, Serialize)]
pub struct AiSidecar {
    lang: String,
    #[serde(rename = "SWAIG", skip_serializing_if = "Option::is_none")]
    swaig: Option<Redacted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    global_data: Option<Redacted>,
    #[serde(flatten)]
    basics: Basics,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Permissions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Params>,
}

/// Defines a group of optional parameters, and a setter for each. The group is made when the first of them is set.
macro_rules! group {
    (
        $(#[$meta:meta])*
        struct $name:ident(|$method:ident| $place:expr) {
            $(
                $(#[doc = $doc:literal])+
                $(#[serde($($serde:tt)*)])?
                $field:ident: $type:ty,
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default, Serialize)]
        struct $name {
            $(
                $(#[serde($($serde)*)])?
                #[serde(skip_serializing_if = "Option::is_none")]
                $field: Option<$type>,
            )+
        }

        impl Request<AiSidecar> {
            $(
                $(#[doc = $doc])+
                pub fn $field(mut self, value: impl Into<$type>) -> Self {
                    let $method = &mut self.method;
                    $place.$field = Some(value.into());
                    self
                }
            )+
        }
    };
}

group! {
    struct Basics(|sidecar| sidecar.basics) {
        /// The instructions: a text, or an object with `text`, `pom` or `file`. Default: the service's.
        prompt: Value,
        /// The language model. Default: the service's, `gpt-4o-mini`.
        model: String,
        /// The sides that the sidecar hears. The service wants both if this is set. Default: both.
        direction: Vec<LiveDirection>,
        /// The side that is the customer. Default: the remote caller.
        customer_role: LiveDirection,
        /// A URL that receives the reports as webhooks too. Default: none.
        url: String,
        /// Words that are expected, at least one. Default: none.
        hints: Vec<String>,
        /// [`LiveAction::summarize`] gives one summary in place of a running sidecar. Default: a running sidecar.
        action: LiveAction,
    }
}

group! {
    struct Permissions(|sidecar| sidecar.permissions.get_or_insert_default()) {
        /// Permission for functions to run SWML on the call. Default: yes.
        swaig_allow_swml: bool,
        /// Permission for functions to change the sidecar's settings. Default: yes.
        swaig_allow_settings: bool,
        /// Permission for functions to change the data that they share. Default: yes.
        swaig_set_global_data: bool,
    }
}

group! {
    struct Params(|sidecar| sidecar.params.get_or_insert_default()) {
        /// The silence that ends a turn (`idle_timeout_ms` on the wire), 50 ms to 5 s. Default: 200 ms.
        #[serde(rename = "idle_timeout_ms", serialize_with = "milliseconds::serialize")]
        idle_timeout: Duration,
        /// The shortest time between two turns of the sidecar (`min_interval_ms` on the wire), up to 60 s. Default: none.
        #[serde(rename = "min_interval_ms", serialize_with = "milliseconds::serialize")]
        min_interval: Duration,
        /// The most steps of the model in one turn, 1 to 20. Default: 5.
        max_iters_per_tick: u32,
        /// The most tokens of history that the model is given, 1000 to 200000. Default: 8000.
        max_history_tokens: u32,
        /// Permission for the sidecar to act on the call. Default: yes.
        act_on_channel: bool,
        /// Adds a summary to the last report. Default: no.
        final_summary: bool,
        /// Asks for a summary at the end of the transcription. Default: no.
        ai_summary: bool,
        /// Asks for results of the transcription while it runs. Default: no.
        live_events: bool,
        /// Adds details of each word to utterances. Default: no.
        verbose_utterances: bool,
        /// Has the service log more. Default: no.
        debug: bool,
        /// The instruction for the summary of the transcription. Default: the service's.
        ai_summary_prompt: String,
        /// The instruction for the transcription. Default: the service's.
        transcribe_prompt: String,
        /// The language model of summaries. Default: the service's, `gpt-4o-mini`.
        summary_model: String,
        /// The engine that recognises speech: `deepgram` or `google`. Default: `deepgram`.
        speech_engine: String,
        /// The longest utterance, up to 600 s. Default: the engine's.
        #[serde(serialize_with = "milliseconds::serialize")]
        speech_timeout: Duration,
        /// The silence that ends an utterance (`vad_silence_ms` on the wire), up to 60 s. Default: the engine's.
        #[serde(rename = "vad_silence_ms", serialize_with = "milliseconds::serialize")]
        vad_silence: Duration,
        /// The threshold for speech, 1 to 10000: higher is less sensitive. Default: the engine's.
        vad_thresh: u32,
        /// The detail of the service's log, up to 100. Default: 0.
        debug_level: u32,
    }
}

impl Request<AiSidecar> {
    /// The functions that the sidecar may call (`SWAIG` on the wire): an object with `defaults`, `functions` and
    /// `mcp_servers`. `Debug` does not print it. Default: none.
    pub fn swaig(mut self, functions: impl Into<Value>) -> Self {
        self.method.swaig = Some(Redacted(functions.into()));
        self
    }

    /// Data that the sidecar's functions share. `Debug` does not print it. Default: none.
    pub fn global_data(mut self, data: Map<String, Value>) -> Self {
        self.method.global_data = Some(Redacted(Value::Object(data)));
        self
    }
}

impl AiSidecar {
    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("lang", &self.lang)?;
        let basics = &self.basics;
        validate::optional_web_url("url", basics.url.as_deref())?;
        let both = |sides: &Vec<LiveDirection>| {
            sides.contains(&LiveDirection::RemoteCaller) && sides.contains(&LiveDirection::LocalCaller)
        };
        if basics.direction.as_ref().is_some_and(|sides| !both(sides)) {
            return Err(InvalidArgument::new("direction", "a sidecar hears both sides: give both or none"));
        }
        if basics.hints.as_ref().is_some_and(Vec::is_empty) {
            return Err(InvalidArgument::new("hints", "they must not be empty"));
        }
        let Some(params) = &self.params else { return Ok(()) };
        let milliseconds = |time: Option<Duration>| time.map(|time| time.as_millis());
        within("idle_timeout_ms", milliseconds(params.idle_timeout), 50..=5000)?;
        within("min_interval_ms", milliseconds(params.min_interval), 0..=60_000)?;
        within("max_iters_per_tick", params.max_iters_per_tick.map(u128::from), 1..=20)?;
        within("max_history_tokens", params.max_history_tokens.map(u128::from), 1000..=200_000)?;
        within("speech_timeout", milliseconds(params.speech_timeout), 0..=600_000)?;
        within("vad_silence_ms", milliseconds(params.vad_silence), 0..=60_000)?;
        within("vad_thresh", params.vad_thresh.map(u128::from), 0..=10_000)?;
        within("debug_level", params.debug_level.map(u128::from), 0..=100)
    }
}

fn within(
    field: &'static str,
    value: Option<u128>,
    range: RangeInclusive<u128>,
) -> Result<(), InvalidArgument> {
    match value {
        Some(value) if !range.contains(&value) => {
            let (from, to) = range.into_inner();
            Err(InvalidArgument::new(field, format!("{value} is outside {from} to {to}")))
        }
        _ => Ok(()),
    }
}

operation!(
    AiSidecar,
    "calling.ai_sidecar",
    None,
    SidecarEvent,
    ends: |event| event.report.kind == SidecarKind::Final,
    // A sidecar without a summary may have no report after this one.
    end_hint: |event| match event.report.kind {
        SidecarKind::Stop => EndHint::Now,
        SidecarKind::Start | SidecarKind::Turn | SidecarKind::AskAnswer => EndHint::NotYet,
        _ => EndHint::None,
    },
    silent_stop: r#"{"sidecar_event": {"type": "stop"}}"#,
    validate: AiSidecar::validate
);

/// A running AI sidecar. A call has one at a time. Dropping it lets the sidecar go on.
///
/// [`wait`](Action::wait) gives its last report: [`SidecarKind::Final`], or [`SidecarKind::Stop`] if no report follows that
/// within 5 s. A sidecar that was [stopped](Action::stop) and reports nothing more counts as stopped 5 s later.
pub type SidecarAction = Action<AiSidecar>;

/// Steering an AI sidecar.
///
/// ```
/// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
/// let sidecar = call.ai_sidecar("en-US").prompt("Watch for angry callers.").final_summary(true).await?;
/// let asked = sidecar.ask("Is the caller upset?").await?;
/// println!("{:?}", asked.answer().await?.and_then(|answer| answer.report.raw));
/// sidecar.poke("The caller has called twice today.").await?;
/// println!("{:?} turns", sidecar.status().await?.ticks);
/// sidecar.stop().await?;
/// println!("{:?}", sidecar.wait().await?.report.summary);
/// # Ok(()) }
/// ```
impl Action<AiSidecar> {
    /// Gives the sidecar a text to think about (`calling.ai_sidecar.poke`).
    ///
    /// # Errors
    /// [`Error::ServiceError`] if the sidecar is over.
    pub fn poke(&self, text: impl Into<String>) -> Request<PokeSidecar> {
        self.call().request(PokeSidecar::new(text.into()))
    }

    /// Asks the sidecar a question (`calling.ai_sidecar.ask`).
    ///
    /// Done when the service has taken the question; [`SidecarAsk::answer`] waits for the answer.
    ///
    /// # Errors
    /// [`Error::ServiceError`] if the sidecar is over.
    pub fn ask(&self, text: impl Into<String>) -> Request<AskSidecar> {
        // Followed before it is sent: the answer may overtake the reply.
        self.call().request(AskSidecar { text: text.into(), reports: self.events(), sidecar: self.clone() })
    }

    /// Asks the service for the sidecar's figures (`calling.ai_sidecar.status`).
    ///
    /// # Errors
    /// [`Error::ServiceError`] if the sidecar is over.
    pub fn status(&self) -> Request<GetSidecarStatus> {
        self.call().request(GetSidecarStatus::new())
    }

    /// Stops the sidecar (`calling.ai_sidecar.stop`). Succeeds if it is over already.
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.ai_sidecar.stop"))
    }
}

params! {
    /// Parameters of `calling.ai_sidecar.poke`.
    pub struct PokeSidecar {
        required { text: String, }
    }
}

method!(PokeSidecar, "calling.ai_sidecar.poke", validate: |poke| validate::not_empty("text", &poke.text));

/// Parameters of `calling.ai_sidecar.ask`.
#[derive(Debug, Serialize)]
pub struct AskSidecar {
    text: String,
    #[serde(skip)]
    reports: Events,
    #[serde(skip)]
    sidecar: SidecarAction,
}

impl Method for AskSidecar {
    type Output = SidecarAsk;

    fn name(&self) -> Cow<'static, str> {
        "calling.ai_sidecar.ask".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("text", &self.text)
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<SidecarAsk, Error> {
        let value = result?.reply.value();
        let id = value.get("ask_id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(AskId::from);
        Ok(SidecarAsk { id, reports: self.reports, sidecar: self.sidecar })
    }
}

/// A question that an AI sidecar was asked.
#[derive(Debug)]
pub struct SidecarAsk {
    id: Option<AskId>,
    reports: Events,
    sidecar: SidecarAction,
}

impl SidecarAsk {
    /// The id of the question, if the service gave one. The answer has the same.
    pub fn id(&self) -> Option<&AskId> {
        self.id.as_ref()
    }

    /// Waits for the answer: a report of [`SidecarKind::AskAnswer`] with the id of the question, or any answer if the
    /// service gave no id. Its text is [`SidecarReport::raw`]. Gives `None` if the sidecar ends without an answer.
    ///
    /// Can be called again, after a limit has passed too. Dropping it only stops waiting. An answer stays available while
    /// no more than [`MAX_WAITING_EVENTS`](crate::MAX_WAITING_EVENTS) reports follow it before it is waited for.
    ///
    /// # Errors
    /// [`Error::CallGone`] if the call ends first; [`Error::TimedOut`] if a limit was set and passes.
    pub fn answer(&self) -> Wait<Option<SidecarEvent>> {
        let (id, sidecar) = (self.id.clone(), self.sidecar.clone());
        let answers = move |report: &SidecarReport| {
            report.kind == SidecarKind::AskAnswer && (id.is_none() || report.ask_id == id)
        };
        let answer = self
            .reports
            .first(move |event| SidecarEvent::of(event).filter(|event| answers(&event.report)).cloned());
        let what = format!("the answer of the AI sidecar on call {}", self.sidecar.call().id());
        Wait::new(self.sidecar.call().sender().clone(), what, async move {
            match (answer.await, sidecar.result()) {
                (None, Some(Err(error))) => Err(error),
                (answer, _) => Ok(answer),
            }
        })
    }
}

params! {
    /// Parameters of `calling.ai_sidecar.status`.
    pub struct GetSidecarStatus {}
}

impl Method for GetSidecarStatus {
    type Output = SidecarStatus;

    fn name(&self) -> Cow<'static, str> {
        "calling.ai_sidecar.status".into()
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<SidecarStatus, Error> {
        Ok(SidecarStatus::read(&result?.reply.value()))
    }
}

object! {
    /// Figures of an AI sidecar. The service writes them as one text; a figure that is missing or no number is `None`.
    #[derive(PartialEq, Eq)]
    pub struct SidecarStatus {
        /// `true` if the sidecar runs.
        pub running: Option<bool>,
        /// The number of turns.
        pub ticks: Option<u64>,
        /// The number of insights.
        pub insights: Option<u64>,
        /// The number of turns with nothing to report.
        pub skips: Option<u64>,
        /// The number of function calls.
        pub tools: Option<u64>,
        /// The number of errors.
        pub errors: Option<u64>,
        /// The number of tokens that the model read.
        pub in_tokens: Option<u64>,
        /// The number of tokens that the model wrote.
        pub out_tokens: Option<u64>,
        /// The size of the history.
        pub history_size: Option<u64>,
        /// The size of the log of events, in bytes.
        pub event_log_bytes: Option<u64>,
    }
}

impl SidecarStatus {
    /// Reads figures from a result: from its `message`, a list of `name=value`, and from its own members.
    fn read(result: &Value) -> Self {
        let mut figures = result.as_object().cloned().unwrap_or_default();
        let message = figures.remove("message");
        let pairs = message.as_ref().and_then(Value::as_str).unwrap_or_default();
        for (name, value) in pairs
            .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'))
            .filter_map(|pair| pair.split_once('='))
        {
            let value = match value {
                "1" | "yes" if name == "running" => "true",
                "0" | "no" if name == "running" => "false",
                value => value,
            };
            figures.insert(name.to_owned(), value.into());
        }
        // Read leniently, like everything that the service writes.
        serde_json::from_str(&Value::Object(figures).to_string()).unwrap_or_default()
    }
}

impl Call {
    /// Starts an AI that listens to the call and reports to the application (`calling.ai_sidecar`). `lang` is the spoken
    /// language, a BCP-47 tag. The sidecar does not speak.
    ///
    /// Reports come as [`SidecarEvent`]s. A call has one sidecar at a time. The newer specification describes the method;
    /// older services refuse it.
    ///
    /// # Completion
    ///
    /// [`stop`](Action::stop), or the end of the call: silence does not. With an [`action`](Request::action) the one summary
    /// ends it.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{SidecarEvent, SidecarKind};
    ///
    /// call.on(|event: SidecarEvent| async move {
    ///     if event.report.kind == SidecarKind::Insight {
    ///         println!("{:?}", event.report.raw);
    ///     }
    /// });
    /// let sidecar = call.ai_sidecar("en-US").prompt("Watch for angry callers.").await?;
    /// sidecar.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn ai_sidecar(&self, lang: impl Into<String>) -> Request<AiSidecar> {
        self.request(AiSidecar {
            lang: lang.into(),
            swaig: None,
            global_data: None,
            basics: Basics::default(),
            permissions: None,
            params: None,
        })
    }
}

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
        #[serde(rename = "type")]
        pub kind: SidecarKind,
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
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
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
        #[serde(rename = "sidecar_event")]
        pub report: SidecarReport,
    }
}
