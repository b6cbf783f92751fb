//! An AI that listens to a call, does not speak, and reports to the application (`calling.ai_sidecar`).
//!
//! The newer specification describes it, and calls its event unstable; older services do not know it.

mod ask;
mod report;
mod status;

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

pub use self::ask::{AskSidecar, PokeSidecar, SidecarAsk};
pub use self::report::{SidecarEvent, SidecarKind, SidecarReport};
pub use self::status::{GetSidecarStatus, SidecarStatus};

use super::{Control, EndHint, LiveAction, LiveDirection, operation, validate};
use crate::client::{Action, Call, Request};
use crate::error::InvalidArgument;
use crate::json::{Redacted, UNLIMITED, milliseconds};

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
        let milliseconds = |time: Option<Duration>| time.map(|time| time.min(UNLIMITED).as_millis());
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
    late: true,
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
    /// [`Error::ServiceError`](crate::Error::ServiceError) if the sidecar is over.
    pub fn poke(&self, text: impl Into<String>) -> Request<PokeSidecar> {
        self.call().request(PokeSidecar::new(text.into()))
    }

    /// Asks the sidecar a question (`calling.ai_sidecar.ask`).
    ///
    /// Done when the service has taken the question; [`SidecarAsk::answer`] waits for the answer.
    ///
    /// # Errors
    /// [`Error::ServiceError`](crate::Error::ServiceError) if the sidecar is over.
    pub fn ask(&self, text: impl Into<String>) -> Request<AskSidecar> {
        // Followed before it is sent: the answer may overtake the reply.
        self.call().request(AskSidecar::new(text.into(), self.clone()))
    }

    /// Asks the service for the sidecar's figures (`calling.ai_sidecar.status`).
    ///
    /// # Errors
    /// [`Error::ServiceError`](crate::Error::ServiceError) if the sidecar is over.
    pub fn status(&self) -> Request<GetSidecarStatus> {
        self.call().request(GetSidecarStatus::new())
    }

    /// Stops the sidecar (`calling.ai_sidecar.stop`). Succeeds if it is over already.
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.ai_sidecar.stop"))
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
