//! AI agents on a call.

use std::time::Duration;

use serde_json::{Value, json};

use super::controls::AGENTS;
use super::lasting::Lasting;
use super::validate::{Kind, Param, WEB, older, optional, others, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, media, texts};
use crate::service::calls::CallKey;
use crate::service::micros;
use crate::service::operation::{Control, Operation, OperationContext, Tick, Voice};
use crate::{Cue, Reading, SimulatedService};

pub(super) const NAME: &str = "calling.ai";
pub(super) const BEDROCK: &str = "calling.amazon_bedrock";

/// The thinking time of an agent before it speaks.
const THINKING_TIME: Duration = Duration::from_millis(700);
/// Maximum time on hold. It also replaces a time that is 0 or not readable.
const MAX_HOLD_TIME: Duration = Duration::from_mins(5);
const GREETING: &str = "Hello, how can I help you?";

const RESET: &[Param] = &[
    optional("full_reset", Kind::Flag),
    optional("user_prompt", Kind::AnyText),
    optional("system_prompt", Kind::AnyText),
    older("consolidate", Kind::Flag).refused_in(Reading::Specification),
];

const BEDROCK_PARAMS: &[Param] = &[
    optional("attention_timeout", Kind::ZeroOrWhole(10_000, 600_000)),
    optional("hard_stop_time", Kind::Text),
    optional("hard_stop_prompt", Kind::AnyText),
    optional("inactivity_timeout", Kind::Whole(10_000, 3_600_000)),
    optional("video_idle_file", Kind::Text),
    optional("video_listening_file", Kind::Text),
    optional("video_talking_file", Kind::Text),
    others().only(Reading::Sdks),
];

const BEDROCK_SWAIG: &[Param] = &[
    optional("defaults", Kind::Open),
    optional("functions", Kind::Any),
    optional("includes", Kind::Any),
    optional("native_functions", Kind::Any),
    others().only(Reading::Sdks),
];

// The description of an agent is interpreted behind this service: only its outer form is checked.
pub(super) const METHODS: &[Method] = &[
    Method {
        name: NAME,
        on: On::AnsweredCall,
        params: &[
            required("control_id", Kind::Text),
            optional("agent", Kind::Text),
            optional("prompt", Kind::Open),
            optional("post_prompt", Kind::Open),
            optional("post_prompt_url", WEB),
            optional("post_prompt_auth_user", Kind::AnyText),
            optional("post_prompt_auth_password", Kind::AnyText),
            optional("global_data", Kind::Open),
            // Lists in most places, objects in some.
            optional("pronounce", Kind::Any),
            optional("hints", Kind::Any),
            optional("languages", Kind::Any),
            optional("SWAIG", Kind::Open),
            optional("params", Kind::Open),
        ],
        shape: Shape::Operation,
        message: texts("AI started", "OK"),
        run: Run::Function(start),
    },
    Method {
        name: BEDROCK,
        on: On::AnsweredCall,
        params: &[
            optional("prompt", Kind::Differs(&Kind::Open, &Kind::Any)),
            optional("SWAIG", Kind::Differs(&Kind::Object(BEDROCK_SWAIG), &Kind::Open)),
            optional("params", Kind::Differs(&Kind::Object(BEDROCK_PARAMS), &Kind::Open)),
            optional("global_data", Kind::Open),
            optional("post_prompt", Kind::Open),
            optional("post_prompt_url", WEB),
            older("voice_id", Kind::Any).refused_in(Reading::Specification),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("success", "AI started"),
        run: Run::Function(|service, request| {
            if is_active(service) {
                service.start_operation(request, Box::new(Agent::new(request, true)))?;
            } else {
                let agent = Lasting::silent("AI agent").cue(Cue::AiStarted);
                service.start_operation(request, Box::new(agent))?;
            }
            accepted()
        }),
    },
];

fn start(service: &mut SimulatedService, request: &Request) -> Outcome {
    let described = ["agent", "prompt"].iter().any(|name| request.params.contains_key(*name));
    if !described && service.scenario.reading == Reading::Specification {
        return Err(ServiceError::bad("Missing parameter 'agent' or 'prompt'"));
    }
    if service.runs(request.call()?, &[NAME]) {
        return Err(ServiceError::conflict("An AI agent is already on the call"));
    }
    if is_active(service) {
        service.start_operation(request, Box::new(Agent::new(request, false)))?;
        return accepted();
    }
    let agent = if service.scenario.other_forms {
        Lasting::silent("AI agent")
    } else {
        Lasting::new("AI agent", "calling.call.ai")
            .last(json!({"state": "finished"}))
            .failed(json!({"state": "error"}))
    };
    service.start_operation(request, Box::new(agent.cue(Cue::AiStarted)))?;
    accepted()
}

/// The parameters of `calling.ai_message`.
pub(super) const MESSAGE: &[Param] = &[
    optional("message_text", Kind::Text),
    optional("role", Kind::OneOf(&["system", "user", "assistant"])),
    optional("reset", Kind::Object(RESET)),
    optional("global_data", Kind::Open),
    older("async", Kind::Flag),
    older("swml", Kind::Flag),
];

/// The parameters of `calling.ai_hold`.
pub(super) const HOLD: &[Param] = &[
    // Seconds as text: a number is refused.
    optional("timeout", Kind::Text),
    optional("prompt", Kind::AnyText),
    older("async", Kind::Flag),
    older("swml", Kind::Flag),
];

/// The parameters of `calling.ai_unhold`.
pub(super) const UNHOLD: &[Param] = &[
    older("prompt", Kind::AnyText).refused_in(Reading::Specification),
    older("async", Kind::Flag),
    older("swml", Kind::Flag),
];

/// Stops the agent with the control id of the request. Without a control id, stops every agent on the call.
pub(super) fn stop(service: &mut SimulatedService, request: &Request) -> Outcome {
    if !request.control_id().is_empty() {
        return service.control(request, &[NAME], &Control::Stop);
    }
    let key = agent_call(service, request)?;
    service.control_all(key, AGENTS, &Control::Stop);
    accepted()
}

/// Gives the agent a message, or resets it. With a reset the rest of the request does not count.
pub(super) fn message(service: &mut SimulatedService, request: &Request) -> Outcome {
    let key = agent_call(service, request)?;
    if service.scenario.is_to_specification() && request.value("reset").is_object() {
        service.note(key, "AI agent is reset");
    } else {
        let text = request.text("message_text").unwrap_or_default();
        service.note(key, format!("AI agent is told \"{text}\""));
    }
    accepted()
}

/// Puts the agent on hold for a limited time.
pub(super) fn hold(service: &mut SimulatedService, request: &Request) -> Outcome {
    let key = agent_call(service, request)?;
    let time = hold_time(request.text("timeout").unwrap_or_default());
    service.note(key, format!("AI agent is on hold for {} s at most", time.as_secs()));
    service.control_all(key, AGENTS, &Control::Hold(time));
    accepted()
}

/// Takes the agent off hold.
pub(super) fn unhold(service: &mut SimulatedService, request: &Request) -> Outcome {
    let key = agent_call(service, request)?;
    service.note(key, "AI agent is resumed");
    service.control_all(key, AGENTS, &Control::Unhold);
    accepted()
}

/// Returns the call of a request if an agent runs on it.
fn agent_call(service: &SimulatedService, request: &Request) -> Result<CallKey, ServiceError> {
    let key = request.call()?;
    if service.runs(key, AGENTS) {
        Ok(key)
    } else {
        Err(ServiceError::conflict("No AI agent is on the call"))
    }
}

/// Returns `true` if agents send events about their activity.
fn is_active(service: &SimulatedService) -> bool {
    service.scenario.is_to_specification() && !service.scenario.other_forms
}

/// Refuses a method that cannot run during an AI session.
pub(super) fn refuse_beside_agent(service: &SimulatedService, key: CallKey) -> Result<(), ServiceError> {
    if service.scenario.is_to_specification() && service.runs(key, AGENTS) {
        return Err(ServiceError::conflict("An AI session is active on the call"));
    }
    Ok(())
}

/// Reads the time of a hold: seconds, or a number with the unit s, m or h.
fn hold_time(text: &str) -> Duration {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60.0),
        Some(number) if text.ends_with('h') => (number, 3600.0),
        Some(number) => (number, 1.0),
        None => (text, 1.0),
    };
    let time = number.trim().parse::<f64>().ok().map(|number| number * unit);
    let time = time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero() && *time <= MAX_HOLD_TIME).unwrap_or(MAX_HOLD_TIME)
}

/// An agent that listens, answers, and sends events about its activity.
#[derive(Debug)]
struct Agent {
    /// `true` for an agent of `calling.amazon_bedrock`, which sends fewer events and none about its end.
    bedrock: bool,
    has_post_prompt: bool,
    started: Duration,
    on_hold: bool,
    /// The sentence that the caller is saying.
    hearing: String,
    /// The next sentence, and the current one.
    planned: Option<String>,
    saying: Option<String>,
}

impl Agent {
    fn new(request: &Request, bedrock: bool) -> Self {
        Self {
            bedrock,
            has_post_prompt: request.text("post_prompt_url").is_some(),
            started: Duration::ZERO,
            on_hold: false,
            hearing: String::new(),
            planned: None,
            saying: None,
        }
    }

    fn send_event(&self, context: &mut OperationContext<'_>, activity: &str, params: Value) {
        // Events that this kind of agent does not send.
        if self.bedrock && ["user_speaking", "response", "warning", "post_prompt"].contains(&activity) {
            return;
        }
        context.emit_of_call(&format!("calling.ai.{activity}"), params);
    }

    /// Speaks after [`THINKING_TIME`].
    fn plan(&mut self, context: &mut OperationContext<'_>, text: String) {
        self.planned = Some(text);
        context.after(THINKING_TIME, Tick::Thought);
    }

    fn speak(&mut self, context: &mut OperationContext<'_>) {
        let Some(text) = self.planned.take() else { return };
        self.send_event(context, "begin_speaking", json!({}));
        self.send_event(context, "response", json!({"response": text}));
        self.send_event(context, "response_utterance", json!({"utterance": text}));
        context.after(media::speech(context.scenario(), &text), Tick::Done);
        context.note(format!("AI agent says \"{text}\""));
        self.saying = Some(text);
    }

    /// Ends the sentence of the agent.
    fn spoken(&mut self, context: &mut OperationContext<'_>, kind: &str) {
        if let Some(text) = self.saying.take() {
            context.cancel(Tick::Done);
            self.send_event(context, "completion", json!({"text": text, "type": kind}));
        }
    }

    fn partial(&self, context: &mut OperationContext<'_>, text: &str, barged: bool) {
        let mut event = json!({});
        if !self.bedrock {
            event["text"] = text.into();
        }
        if barged {
            event["barged"] = true.into();
        }
        self.send_event(context, "partial_result", event);
    }

    fn end(&mut self, context: &mut OperationContext<'_>, state: &str) {
        self.spoken(context, "barged");
        if self.has_post_prompt {
            self.send_event(
                context,
                "post_prompt",
                json!({"post_prompt_data": {"raw": "The caller was helped."}}),
            );
        }
        let mut last = json!({"start_time": micros(self.started), "end_time": micros(context.now())});
        if !self.bedrock {
            last["wallet_paused_sec"] = 0.into();
        }
        self.send_event(context, "stop", last);
        if !self.bedrock {
            context.emit("calling.call.ai", json!({"state": state}));
        }
        context.note("AI agent is over");
        context.finish();
    }
}

impl Operation for Agent {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.started = context.now();
        self.send_event(context, "start", json!({}));
        context.note("AI agent begins");
        context.cue(Cue::AiStarted);
        self.plan(context, GREETING.to_owned());
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        match tick {
            Tick::Thought => self.speak(context),
            Tick::Done => self.spoken(context, "normal"),
            Tick::HalfSaid => {
                let half: String = self.hearing.chars().take(self.hearing.chars().count() / 2).collect();
                self.partial(context, &half, false);
            }
            Tick::MaxLength => {
                self.on_hold = false;
                context.note("AI agent is resumed");
            }
            _ => {}
        }
    }

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        if self.on_hold {
            return;
        }
        match voice {
            Voice::Starts { text, lasts } => {
                self.hearing.clone_from(text);
                self.send_event(context, "user_speaking", json!({}));
                context.cancel(Tick::Thought);
                self.planned = None;
                if self.saying.is_some() {
                    self.partial(context, "", true);
                    self.spoken(context, "barged");
                }
                context.after(*lasts / 2, Tick::HalfSaid);
            }
            Voice::Stops if !self.hearing.is_empty() => {
                context.cancel(Tick::HalfSaid);
                let text = std::mem::take(&mut self.hearing);
                self.send_event(context, "speech_detect", json!({"text": text}));
                self.plan(context, format!("You said: {text}"));
            }
            Voice::Stops | Voice::Sounds(_) => {}
        }
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => self.end(context, "finished"),
            Control::Hold(time) => {
                self.on_hold = true;
                self.spoken(context, "barged");
                context.cancel(Tick::Thought);
                context.after(*time, Tick::MaxLength);
            }
            Control::Unhold => {
                self.on_hold = false;
                context.cancel(Tick::MaxLength);
            }
            _ => {}
        }
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.end(context, "error");
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context, "finished");
    }
}
