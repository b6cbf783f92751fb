//! Collecting keys and speech.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::media::to_time;
use super::validate::{KEYS, Kind, Param, WEB, count, newer, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::service::operation::{Control, Operation, OperationContext, Tick, Voice};
use crate::{Cue, Reading, Report, Scenario, SimulatedService};

pub(super) const NAME: &str = "calling.collect";

const INITIAL_TIMEOUT: Duration = Duration::from_secs(4);
const DIGIT_TIMEOUT: Duration = Duration::from_secs(5);
const END_SILENCE: Duration = Duration::from_secs(1);
const SPEECH_TIMEOUT: Duration = Duration::from_mins(1);
/// The confidence of the simulated recogniser.
const CONFIDENCE: f64 = 95.0;
const PARTIAL_CONFIDENCE: f64 = 60.0;

/// The time limit for the first input.
pub(super) const FIRST_INPUT: Kind = Kind::Differs(&Kind::Positive, &Kind::Seconds);

const DIGITS: &[Param] = &[
    required("max", Kind::Whole(1, i64::MAX)),
    optional("digit_timeout", Kind::Positive),
    optional("terminators", Kind::Chars(KEYS)),
];

/// The digits of a play-and-collect.
pub(super) const DIGITS_WITH_MINIMUM: &[Param] = &[
    required("max", Kind::Whole(1, i64::MAX)),
    newer("min", Kind::Whole(0, i64::MAX)),
    optional("digit_timeout", Kind::Positive),
    optional("terminators", Kind::Chars(KEYS)),
];

/// The models of the recognisers.
const MODEL: Kind = Kind::OneOf(&["default", "enhanced", "enhanced.phone_call", "enhanced.video"]);

pub(super) const SPEECH: &[Param] = &[
    optional("end_silence_timeout", Kind::Positive),
    optional("speech_timeout", Kind::Positive),
    optional("language", Kind::Text),
    optional("hints", Kind::Texts),
    optional("engine", Kind::OneOf(&["Deepgram", "Google", "Google.V2"])),
    optional("model", Kind::Differs(&MODEL, &Kind::Text)),
];

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        optional("digits", Kind::Object(DIGITS)),
        optional("speech", Kind::Object(SPEECH)),
        optional("initial_timeout", FIRST_INPUT),
        optional("partial_results", Kind::Flag),
        optional("continuous", Kind::Flag),
        optional("send_start_of_input", Kind::Flag),
        optional("start_input_timers", Kind::Flag),
        optional("continue", Kind::Flag),
        optional("status_url", WEB),
    ],
    shape: Shape::Operation,
    message: texts("Collecting", "OK"),
    run: Run::Function(collect),
}];

fn collect(service: &mut SimulatedService, request: &Request) -> Outcome {
    let input = Input::new(&request.params, service.scenario.reading)?;
    service.start_operation(request, Box::new(Collect { input }))?;
    accepted()
}

/// The input of a collect, or of a play-and-collect after its prompt.
#[derive(Debug)]
pub(super) struct Input {
    digits: Option<DigitOptions>,
    speech: Option<SpeechOptions>,
    initial_timeout: Duration,
    style: Style,
    /// `true` if the first-input clock starts without `start_input_timers`.
    pub(super) starts_alone: bool,
    begun: bool,
    keys: String,
    heard: Vec<String>,
    has_heard: bool,
}

/// The events and results that the client asked for.
#[derive(Debug)]
struct Style {
    partial_results: bool,
    continuous: bool,
    send_start_of_input: bool,
}

impl Style {
    /// `true` if events have `final`.
    fn has_final(&self, context: &OperationContext<'_>) -> bool {
        self.partial_results || (self.continuous && context.is_to_specification())
    }

    /// `true` if events have `state`.
    fn has_state(&self, context: &OperationContext<'_>) -> bool {
        self.continuous || (self.partial_results && context.is_to_specification())
    }
}

#[derive(Debug)]
struct DigitOptions {
    /// Minimum number of keys for a match.
    min: u64,
    max: u64,
    timeout: Duration,
    terminators: String,
}

#[derive(Debug)]
struct SpeechOptions {
    end_silence: Duration,
    timeout: Duration,
}

impl Input {
    /// Reads the input after a prompt. The newer specification knows only the first-input time-out, digits and speech
    /// there, and starts the first-input clock by itself.
    pub(super) fn behind_prompt(params: &Map<String, Value>, reading: Reading) -> Result<Self, ServiceError> {
        if reading == Reading::Sdks {
            return Self::new(params, reading);
        }
        let known = ["initial_timeout", "digits", "speech"];
        let params = params.iter().filter(|(name, _)| known.contains(&name.as_str()));
        let params = params.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut input = Self::new(&params, reading)?;
        input.starts_alone = true;
        if let Some(digits) = &mut input.digits {
            digits.min = params.get("digits").and_then(|digits| count(&digits["min"])).unwrap_or(0);
        }
        Ok(input)
    }

    pub(super) fn new(params: &Map<String, Value>, reading: Reading) -> Result<Self, ServiceError> {
        let to_specification = reading == Reading::Specification;
        let time = |source: Option<&Value>, default| source.and_then(to_time).unwrap_or(default);
        let flag = |name: &str| params.get(name).and_then(Value::as_bool);
        let digits = params.get("digits").map(|digits| DigitOptions {
            min: 0,
            max: count(&digits["max"]).unwrap_or(1),
            timeout: time(digits.get("digit_timeout"), DIGIT_TIMEOUT),
            terminators: digits["terminators"].as_str().unwrap_or_default().to_owned(),
        });
        let speech = params.get("speech").map(|speech| SpeechOptions {
            end_silence: time(speech.get("end_silence_timeout"), END_SILENCE),
            timeout: time(speech.get("speech_timeout"), SPEECH_TIMEOUT),
        });
        if digits.is_none() && speech.is_none() {
            return Err(ServiceError::bad("Missing parameter 'digits' or 'speech'"));
        }
        Ok(Self {
            digits,
            speech,
            initial_timeout: time(params.get("initial_timeout"), INITIAL_TIMEOUT),
            style: Style {
                partial_results: flag("partial_results").unwrap_or(false),
                // The older name, used if the newer one is absent.
                continuous: flag("continuous")
                    .or_else(|| flag("continue").filter(|_| to_specification))
                    .unwrap_or(false),
                send_start_of_input: flag("send_start_of_input").unwrap_or(false),
            },
            starts_alone: flag("start_input_timers").unwrap_or(!to_specification),
            begun: false,
            keys: String::new(),
            heard: Vec::new(),
            has_heard: false,
        })
    }

    /// Starts to listen, also in the middle of a sentence.
    pub(super) fn listen(&mut self, context: &mut OperationContext<'_>) {
        context.cue(Cue::Collecting);
        if let Some(text) = context.sentence() {
            self.on_voice(context, &Voice::Starts { text, lasts: Duration::ZERO });
        }
    }

    /// Starts the first-input clock. A time-out of 0 is no limit.
    pub(super) fn start_clock(&mut self, context: &mut OperationContext<'_>) {
        if !self.begun && !self.initial_timeout.is_zero() {
            context.after(self.initial_timeout, Tick::InitialTimeout);
        }
    }

    /// Returns `true` if keys are input.
    pub(super) fn wants_digits(&self) -> bool {
        self.digits.is_some()
    }

    pub(super) fn wants_speech(&self) -> bool {
        self.speech.is_some()
    }

    pub(super) fn on_digit(&mut self, context: &mut OperationContext<'_>, key: char) {
        let Some(options) = &self.digits else { return };
        let (timeout, full) = (options.timeout, self.keys.len() as u64 + 1 >= options.max);
        let terminator = options.terminators.contains(key);
        self.begin(context);
        if terminator {
            self.digits_result(context, &key.to_string());
            return;
        }
        self.keys.push(key);
        if full {
            self.digits_result(context, "");
            return;
        }
        if self.style.partial_results {
            let result = json!({"type": "digit", "params": {"digits": self.keys, "terminator": ""}});
            self.emit(context, &result, false);
        }
        context.after(timeout, Tick::DigitTimeout);
    }

    pub(super) fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        let Some(options) = &self.speech else { return };
        let (end_silence, timeout) = (options.end_silence, options.timeout);
        match voice {
            Voice::Starts { text, lasts } => {
                if !self.has_heard {
                    context.after(timeout, Tick::SpeechTimeout);
                }
                self.has_heard = true;
                self.begin(context);
                context.cancel(Tick::EndSilence);
                if !text.is_empty() {
                    self.heard.push(text.clone());
                }
                if self.style.partial_results {
                    context.after(*lasts / 2, Tick::HalfSaid);
                }
            }
            Voice::Stops if self.has_heard => context.after(end_silence, Tick::EndSilence),
            Voice::Stops | Voice::Sounds(_) => {}
        }
    }

    pub(super) fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        match tick {
            Tick::InitialTimeout => {
                context.report(Report::NothingCollected { call: context.call_id() });
                self.last(context, &json!({"type": "no_input"}));
            }
            Tick::DigitTimeout => self.digits_result(context, ""),
            Tick::EndSilence | Tick::SpeechTimeout => self.speech_result(context),
            Tick::HalfSaid => {
                let text = self.heard.join(" ");
                let half: String = text.chars().take(text.chars().count() / 2).collect();
                if !half.is_empty() {
                    let params = json!({"text": half, "confidence": on_scale(context, PARTIAL_CONFIDENCE)});
                    self.emit(context, &json!({"type": "speech", "params": params}), false);
                }
            }
            _ => {}
        }
    }

    /// Ends on request of the client.
    pub(super) fn stop(&mut self, context: &mut OperationContext<'_>) {
        self.last(context, &json!({"type": "finished"}));
    }

    /// Ends with the call, without a result.
    pub(super) fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        let kind = if context.is_to_specification() { "finished" } else { "error" };
        self.last(context, &json!({"type": kind}));
    }

    /// Fails on demand.
    pub(super) fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.last(context, &json!({"type": "error"}));
    }

    fn begin(&mut self, context: &mut OperationContext<'_>) {
        context.cancel(Tick::InitialTimeout);
        if !std::mem::replace(&mut self.begun, true) && self.style.send_start_of_input {
            let mut event = json!({"result": {"type": "start_of_input"}});
            if self.style.has_state(context) {
                event["state"] = "collecting".into();
            }
            if self.style.partial_results && context.is_to_specification() {
                event["final"] = false.into();
            }
            context.emit("calling.call.collect", event);
        }
    }

    fn digits_result(&mut self, context: &mut OperationContext<'_>, terminator: &str) {
        let digits = std::mem::take(&mut self.keys);
        if self.digits.as_ref().is_some_and(|options| (digits.len() as u64) < options.min) {
            context.report(Report::Collected {
                call: context.call_id(),
                what: format!("too few digits: {digits}"),
            });
            self.last(context, &json!({"type": "no_match"}));
            return;
        }
        context.report(Report::Collected {
            call: context.call_id(),
            what: format!("digits {digits}{terminator}"),
        });
        let params = json!({"digits": digits, "terminator": terminator});
        self.result(context, &json!({"type": "digit", "params": params}));
    }

    fn speech_result(&mut self, context: &mut OperationContext<'_>) {
        let text = std::mem::take(&mut self.heard).join(" ");
        if text.is_empty() {
            context.report(Report::Collected { call: context.call_id(), what: "a noise".into() });
            // This is the end, even with `continuous`.
            self.last(context, &json!({"type": "no_match"}));
            return;
        }
        context.report(Report::Collected { call: context.call_id(), what: format!("speech \"{text}\"") });
        let confidence = on_scale(context, CONFIDENCE);
        self.result(context, &json!({"type": "speech", "params": {"text": text, "confidence": confidence}}));
    }

    /// Sends a result. It is the last one, unless `continuous` is set. The first-input clock does not run again.
    fn result(&mut self, context: &mut OperationContext<'_>, result: &Value) {
        for tick in [Tick::DigitTimeout, Tick::EndSilence, Tick::SpeechTimeout, Tick::HalfSaid] {
            context.cancel(tick);
        }
        if !self.style.continuous {
            self.last(context, result);
            return;
        }
        self.emit(context, result, true);
        self.begun = false;
        self.keys.clear();
        self.heard.clear();
        self.has_heard = false;
    }

    fn last(&mut self, context: &mut OperationContext<'_>, result: &Value) {
        let mut event = result_event(context.scenario(), result);
        if self.style.has_final(context) {
            event["final"] = true.into();
        }
        if event["result"].is_null() {
            event = json!({"state": result["type"]});
        } else if self.style.has_state(context) || context.scenario().other_forms {
            let failed = context.is_to_specification() && result["type"] == "error";
            event["state"] = if failed { "error" } else { "finished" }.into();
        }
        context.emit("calling.call.collect", event);
        context.finish();
    }

    fn emit(&self, context: &mut OperationContext<'_>, result: &Value, is_final: bool) {
        let mut event = result_event(context.scenario(), result);
        if self.style.has_final(context) {
            event["final"] = is_final.into();
        }
        if self.style.has_state(context) {
            event["state"] = "collecting".into();
        }
        context.emit("calling.call.collect", event);
    }
}

/// Converts a confidence from 0 to 100 to the scale of the reading, which is 0 to 1 for the SDKs.
fn on_scale(context: &OperationContext<'_>, percent: f64) -> f64 {
    if context.is_to_specification() { percent } else { percent / 100.0 }
}

/// Builds the event of a result.
fn result_event(scenario: &Scenario, result: &Value) -> Value {
    if !scenario.other_forms {
        return json!({"result": result});
    }
    let mut result = result.clone();
    let Some(params) = result["params"].as_object_mut() else { return json!({}) };
    let found = ["digits", "text"].into_iter().find_map(|name| Some((name, params.remove(name)?)));
    if let Some((name, value)) = found {
        result[name] = value;
    }
    json!({"result": result})
}

#[derive(Debug)]
struct Collect {
    input: Input,
}

impl Operation for Collect {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        if self.input.starts_alone {
            self.input.start_clock(context);
        }
        self.input.listen(context);
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        self.input.on_timer(context, tick);
    }

    fn on_digit(&mut self, context: &mut OperationContext<'_>, key: char) {
        self.input.on_digit(context, key);
    }

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        self.input.on_voice(context, voice);
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => self.input.stop(context),
            Control::StartInputTimers => self.input.start_clock(context),
            _ => {}
        }
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.input.fails(context);
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.input.call_ends(context);
    }
}
