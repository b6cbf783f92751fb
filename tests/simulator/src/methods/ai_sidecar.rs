//! AI sidecars, which listen to a call in silence and report to the application.

use serde_json::{Map, Value, json};

use super::validate::{Kind, Param, WEB, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text};
use crate::SimulatedService;
use crate::service::micros;
use crate::service::operation::{Control, Operation, OperationContext, Voice};

pub(super) const NAME: &str = "calling.ai_sidecar";
const EVENT: &str = "calling.ai.sidecar";

const SIDES: &[&str] = &["remote-caller", "local-caller"];

const DEFAULTS: &[Param] = &[
    optional("web_hook_url", WEB),
    optional("web_hook_auth_user", Kind::AnyText),
    optional("web_hook_auth_password", Kind::AnyText),
];

const FUNCTION: &[Param] = &[
    required("function", Kind::Text),
    optional("description", Kind::AnyText),
    optional("purpose", Kind::AnyText),
    optional("parameters", Kind::Open),
    optional("web_hook_url", WEB),
    optional("web_hook_auth_user", Kind::AnyText),
    optional("web_hook_auth_password", Kind::AnyText),
];

const MCP_SERVER: &[Param] = &[
    required("url", WEB),
    optional("headers", Kind::Open),
    optional("resources", Kind::Flag),
    optional("resource_vars", Kind::Open),
];

const SWAIG: &[Param] = &[
    optional("defaults", Kind::Object(DEFAULTS)),
    optional("functions", Kind::Objects(FUNCTION)),
    optional("mcp_servers", Kind::Objects(MCP_SERVER)),
];

const PERMISSIONS: &[Param] = &[
    optional("swaig_allow_swml", Kind::Flag),
    optional("swaig_allow_settings", Kind::Flag),
    optional("swaig_set_global_data", Kind::Flag),
];

const PARAMS: &[Param] = &[
    optional("idle_timeout_ms", Kind::Whole(50, 5000)),
    optional("min_interval_ms", Kind::Whole(0, 60_000)),
    optional("max_iters_per_tick", Kind::Whole(1, 20)),
    optional("max_history_tokens", Kind::Whole(1000, 200_000)),
    optional("act_on_channel", Kind::Flag),
    optional("final_summary", Kind::Flag),
    optional("ai_summary", Kind::Flag),
    optional("live_events", Kind::Flag),
    optional("verbose_utterances", Kind::Flag),
    optional("debug", Kind::Flag),
    optional("ai_summary_prompt", Kind::AnyText),
    optional("transcribe_prompt", Kind::AnyText),
    optional("summary_model", Kind::Text),
    optional("speech_engine", Kind::OneOf(&["deepgram", "google"])),
    optional("speech_timeout", Kind::Whole(0, 600_000)),
    optional("vad_silence_ms", Kind::Whole(0, 60_000)),
    optional("vad_thresh", Kind::Whole(0, 10_000)),
    optional("debug_level", Kind::Whole(0, 100)),
];

const SUMMARIZE: &[Param] = &[optional("webhook", WEB), optional("prompt", Kind::AnyText)];

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("lang", Kind::Text),
        optional("prompt", Kind::TextOrObject),
        optional("model", Kind::Text),
        optional("direction", Kind::SomeOf(SIDES)),
        optional("customer_role", Kind::OneOf(SIDES)),
        optional("url", WEB),
        optional("SWAIG", Kind::Object(SWAIG)),
        optional("permissions", Kind::Object(PERMISSIONS)),
        optional("global_data", Kind::Open),
        optional("hints", Kind::SomeTexts),
        optional("params", Kind::Object(PARAMS)),
        optional("action", Kind::Object(&[required("summarize", Kind::Object(SUMMARIZE))])),
    ],
    shape: Shape::Call,
    message: text("+OK"),
    run: Run::Function(start),
}];

fn start(service: &mut SimulatedService, request: &Request) -> Outcome {
    let sides = request.value("direction").as_array();
    if sides.is_some_and(|sides| !SIDES.iter().all(|side| sides.iter().any(|given| given == side))) {
        return Err(ServiceError::bad("Parameter 'direction' must have both remote-caller and local-caller"));
    }
    let only_summary = request.value("action").is_object();
    let mut functions = request.value("SWAIG")["functions"].as_array().into_iter().flatten();
    let tool = functions.find_map(|function| function["function"].as_str()).map(str::to_owned);
    service.start_operation(request, Box::new(Sidecar { only_summary, tool, ..Sidecar::default() }))?;
    accepted()
}

#[derive(Debug, Default)]
struct Sidecar {
    /// `true` for a sidecar that sends one summary only.
    only_summary: bool,
    /// The function that the sidecar calls after each sentence of the party.
    tool: Option<String>,
    /// The sentence that the party is saying.
    hearing: String,
    ticks: u64,
    asked: u64,
    insights: u64,
    skips: u64,
    tools: u64,
    events: u64,
}

impl Sidecar {
    fn send_event(&mut self, context: &mut OperationContext<'_>, kind: &str, more: Value) {
        self.events += 1;
        let call = context.call_id();
        let about = |content: &str| json!({"content_type": "text/json", "content_disposition": content, "call_id": call});
        let mut event = json!({
            "type": kind,
            "ts": micros(context.now()),
            "tick_id": self.ticks,
            "channel_data": about("sidecar"),
        });
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
            event.extend(more);
        }
        let mut info = about("sidecar");
        info["conversation_type"] = "voice".into();
        context.emit_of_call(EVENT, json!({"call_info": info, "sidecar_event": event}));
    }

    /// Handles a sentence of the party: calls the function, if there is one, and sends an insight.
    fn heard(&mut self, context: &mut OperationContext<'_>, text: &str) {
        self.ticks += 1;
        self.send_event(context, "turn", json!({}));
        if let Some(name) = self.tool.clone() {
            self.tools += 1;
            let arguments = json!({"said": text}).to_string();
            self.send_event(context, "tool_call", json!({"name": name, "arguments": arguments}));
            self.send_event(context, "tool_result", json!({"name": name, "response": r#"{"done":true}"#}));
        }
        self.insights += 1;
        let raw = format!("The caller said: {text}");
        self.send_event(
            context,
            "insight",
            json!({"raw": raw, "iter": 1, "total_iters": 1, "triggered_by": "turn"}),
        );
    }

    fn end(&mut self, context: &mut OperationContext<'_>) {
        self.send_event(context, "stop", json!({}));
        self.send_event(context, "final", json!({"summary": "The caller was helped."}));
        context.note("AI sidecar is over");
        context.finish();
    }
}

impl Operation for Sidecar {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        context.note("AI sidecar begins");
        if self.only_summary {
            self.send_event(context, "final", json!({"summary": "The caller was helped."}));
            context.finish();
        } else {
            self.send_event(context, "start", json!({}));
        }
    }

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        match voice {
            Voice::Starts { text, .. } => self.hearing.clone_from(text),
            Voice::Stops if !self.hearing.is_empty() => {
                let text = std::mem::take(&mut self.hearing);
                self.heard(context, &text);
            }
            Voice::Stops | Voice::Sounds(_) => {}
        }
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => self.end(context),
            Control::Poke => {
                self.ticks += 1;
                self.skips += 1;
                self.send_event(context, "turn", json!({}));
                self.send_event(context, "thought", json!({"text": "I was poked."}));
                self.send_event(context, "skip", json!({"reason": "nothing was said"}));
            }
            Control::Ask(question) => {
                self.ticks += 1;
                self.asked += 1;
                let id = format!("a-{}", self.asked);
                let by = json!({"iter": 1, "total_iters": 1, "triggered_by": "ask"});
                self.send_event(context, "ask_request", by.clone());
                let mut answer = by;
                answer["ask_id"] = id.as_str().into();
                answer["raw"] = format!("You asked: {question}").into();
                self.send_event(context, "ask_answer", answer);
                return Ok(Map::from_iter([("ask_id".to_owned(), id.into())]));
            }
            Control::Status => {
                let figures = format!(
                    "+OK running=1 ticks={} insights={} skips={} tools={} errors=0 in_tokens=0 out_tokens=0 \
                     history_size={} event_log_bytes=0",
                    self.ticks, self.insights, self.skips, self.tools, self.events
                );
                return Ok(Map::from_iter([("message".to_owned(), figures.into())]));
            }
            _ => {}
        }
        accepted()
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context);
    }
}
