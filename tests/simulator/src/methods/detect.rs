//! Detectors: human or answering machine, fax machine, keys.

use std::time::Duration;

use serde_json::{Value, json};

use super::media::to_time;
use super::validate::{KEYS, Kind, Param, WEB, count, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::service::operation::{Control, Operation, OperationContext, Tick, Voice};
use crate::{Cue, SimulatedService, Sound};

pub(super) const NAME: &str = "calling.detect";
const EVENT: &str = "calling.call.detect";

const DETECT_TIMEOUT: Duration = Duration::from_secs(30);
const INITIAL_TIMEOUT: Duration = Duration::from_millis(4500);
const END_SILENCE: Duration = Duration::from_secs(1);
const VOICE_THRESHOLD: Duration = Duration::from_millis(1250);
const WORDS_THRESHOLD: usize = 6;
/// The default keys of a digit detector. An empty set also means all keys.
const DEFAULT_KEYS: &str = "0123456789#*";

/// A duration, which has to be above 0 s in the newer specification.
const SPAN: Kind = Kind::Differs(&Kind::Positive, &Kind::Seconds);

const MACHINE: &[Param] = &[
    optional("initial_timeout", SPAN),
    optional("end_silence_timeout", SPAN),
    optional("machine_ready_timeout", SPAN),
    optional("machine_voice_threshold", SPAN),
    optional("machine_words_threshold", Kind::Differs(&Kind::Whole(1, i64::MAX), &Kind::Whole(0, i64::MAX))),
    optional("detect_interruptions", Kind::Flag),
    optional("detect_message_end", Kind::Flag),
];

const TONE: Kind = Kind::Differs(&Kind::OneOf(&["CED", "CNG"]), &Kind::OneOf(&["CED", "CNG", "ced", "cng"]));

const FAX: &[Param] = &[optional("tone", TONE)];

const DIGIT: &[Param] = &[optional("digits", Kind::Chars(KEYS))];

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("detect", Kind::Bare(&[("machine", MACHINE), ("fax", FAX), ("digit", DIGIT)])),
        optional("timeout", Kind::Seconds),
        optional("status_url", WEB),
    ],
    shape: Shape::Operation,
    message: texts("Detecting", "OK"),
    run: Run::Function(detect),
}];

fn detect(service: &mut SimulatedService, request: &Request) -> Outcome {
    let wanted = request.value("detect");
    let ear = match wanted["type"].as_str() {
        Some("machine") => Target::Machine(Machine::new(&wanted["params"])),
        None if wanted["type"].is_null() => Target::Machine(Machine::new(&wanted["params"])),
        Some("fax") => {
            let tone = wanted["params"]["tone"].as_str().map(str::to_uppercase);
            let usual = service.scenario.is_to_specification().then(|| "CED".to_owned());
            Target::Fax { tone: tone.or(usual) }
        }
        Some("digit") => {
            let keys = match wanted["params"]["digits"].as_str() {
                None => DEFAULT_KEYS,
                Some("") => KEYS,
                Some(keys) => keys,
            };
            Target::Digit { keys: keys.to_owned() }
        }
        _ => return Err(ServiceError::bad("Parameter 'detect.type' must be one of machine, fax, digit")),
    };
    let lifetime = to_time(request.value("timeout")).unwrap_or(DETECT_TIMEOUT);
    service.start_operation(request, Box::new(Detector { ear, lifetime }))?;
    accepted()
}

/// The target of a detector.
#[derive(Debug)]
enum Target {
    Machine(Machine),
    Fax { tone: Option<String> },
    Digit { keys: String },
}

impl Target {
    fn kind(&self) -> &'static str {
        match self {
            Self::Machine(_) => "machine",
            Self::Fax { .. } => "fax",
            Self::Digit { .. } => "digit",
        }
    }
}

/// The findings about the voice so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    Nothing,
    Machine,
    /// A machine that stopped talking.
    Silent,
}

#[derive(Debug)]
struct Machine {
    initial_timeout: Duration,
    end_silence: Duration,
    ready_timeout: Duration,
    voice_threshold: Duration,
    words_threshold: usize,
    message_end: bool,
    /// `true` if an interruption of the silence is reported.
    interruptions: bool,
    /// Duration and number of words of the speech without a silence between.
    voiced: Duration,
    words: usize,
    known: Finding,
}

impl Machine {
    fn new(params: &Value) -> Self {
        let time = |name: &str, default| to_time(&params[name]).unwrap_or(default);
        let end_silence = time("end_silence_timeout", END_SILENCE);
        let words = count(&params["machine_words_threshold"]);
        Self {
            initial_timeout: time("initial_timeout", INITIAL_TIMEOUT),
            end_silence,
            ready_timeout: time("machine_ready_timeout", end_silence),
            voice_threshold: time("machine_voice_threshold", VOICE_THRESHOLD),
            words_threshold: words.map_or(WORDS_THRESHOLD, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            message_end: params["detect_message_end"].as_bool().unwrap_or(true),
            interruptions: params["detect_interruptions"].as_bool().unwrap_or(false),
            voiced: Duration::ZERO,
            words: 0,
            known: Finding::Nothing,
        }
    }

    fn is_machine(&self) -> bool {
        self.known != Finding::Nothing
    }

    /// Returns the time into a sentence after which the voice is recognized as a machine.
    fn recognized_after(&self, text: &str, lasts: Duration) -> Option<Duration> {
        let words = text.split_whitespace().count();
        let too_long = (self.voiced + lasts > self.voice_threshold)
            .then(|| self.voice_threshold.saturating_sub(self.voiced));
        let too_many = (self.words + words > self.words_threshold).then(|| {
            let allowed = self.words_threshold.saturating_sub(self.words) + 1;
            let share = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            lasts * share(allowed) / share(words.max(1))
        });
        [too_long, too_many].into_iter().flatten().min()
    }

    fn voice_starts(&mut self, context: &mut OperationContext<'_>, text: &str, lasts: Duration) {
        context.cancel(Tick::InitialTimeout);
        context.cancel(Tick::EndSilence);
        if !self.is_machine()
            && let Some(after) = self.recognized_after(text, lasts)
        {
            context.after(after, Tick::Threshold);
        }
        self.voiced += lasts;
        self.words += text.split_whitespace().count();
    }

    fn voice_stops(&mut self, context: &mut OperationContext<'_>) {
        context
            .after(if self.is_machine() { self.ready_timeout } else { self.end_silence }, Tick::EndSilence);
    }
}

/// A detector.
#[derive(Debug)]
struct Detector {
    ear: Target,
    lifetime: Duration,
}

impl Detector {
    fn send_event(&self, context: &mut OperationContext<'_>, event: &str, beep: bool) {
        let mut params = json!({"event": event});
        if beep {
            params["beep"] = true.into();
        }
        context.emit(EVENT, json!({"detect": {"type": self.ear.kind(), "params": params}}));
        context.note(format!("detected {event}{}", if beep { " after a beep" } else { "" }));
    }

    /// Reports that a silent machine continues.
    fn interrupted(&mut self, context: &mut OperationContext<'_>) {
        if let Target::Machine(machine) = &mut self.ear
            && machine.known == Finding::Silent
        {
            machine.known = Finding::Machine;
            self.send_event(context, "NOT_READY", false);
        }
    }

    /// Sends the result.
    fn answer(&self, context: &mut OperationContext<'_>, event: &str) {
        self.send_event(context, event, false);
        self.end(context);
    }

    fn end(&self, context: &mut OperationContext<'_>) {
        if context.scenario().other_forms {
            context.emit(EVENT, json!({"state": "finished"}));
        } else {
            self.send_event(context, "finished", false);
        }
        context.finish();
    }

    fn report_machine(&mut self, context: &mut OperationContext<'_>, beep: bool) {
        let Target::Machine(machine) = &mut self.ear else { return };
        machine.known = Finding::Machine;
        let to_specification = context.is_to_specification();
        let (message_end, interruptions) = (machine.message_end, machine.interruptions);
        self.send_event(context, "MACHINE", beep && to_specification);
        if !message_end {
            self.end(context);
        } else if !to_specification || (interruptions && !beep) {
            self.send_event(context, "NOT_READY", false);
        }
    }

    fn ready(&mut self, context: &mut OperationContext<'_>, beep: bool) {
        let Target::Machine(machine) = &mut self.ear else { return };
        machine.known = Finding::Silent;
        let goes_on = machine.interruptions && !beep && context.is_to_specification();
        self.send_event(context, "READY", beep);
        if !goes_on {
            self.end(context);
        }
    }

    fn hear(&mut self, context: &mut OperationContext<'_>, sound: Sound) {
        let heard = match sound {
            Sound::Ced => "CED",
            Sound::Cng => "CNG",
            Sound::Beep => "",
        };
        match &self.ear {
            Target::Machine(machine) if sound == Sound::Beep => {
                let (known, message_end) = (machine.is_machine(), machine.message_end);
                if !known {
                    self.report_machine(context, true);
                }
                if message_end {
                    self.ready(context, true);
                }
            }
            Target::Fax { tone } if !heard.is_empty() && tone.as_deref().is_none_or(|tone| tone == heard) => {
                self.answer(context, heard);
            }
            _ => {}
        }
    }
}

impl Operation for Detector {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        if !self.lifetime.is_zero() {
            context.after(self.lifetime, Tick::MaxLength);
        }
        if let Target::Machine(machine) = &mut self.ear {
            match context.sentence() {
                Some(text) => {
                    let left = context.sentence_left();
                    machine.voice_starts(context, &text, left);
                }
                None => context.after(machine.initial_timeout, Tick::InitialTimeout),
            }
        }
        context.cue(Cue::Detecting);
        if let Some(sound) = context.sound() {
            self.hear(context, sound);
        }
    }

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        match (&mut self.ear, voice) {
            (_, Voice::Sounds(sound)) => self.hear(context, *sound),
            (Target::Machine(machine), Voice::Starts { text, lasts }) => {
                machine.voice_starts(context, text, *lasts);
                self.interrupted(context);
            }
            (Target::Machine(machine), Voice::Stops) => machine.voice_stops(context),
            _ => {}
        }
    }

    fn on_digit(&mut self, context: &mut OperationContext<'_>, key: char) {
        if let Target::Digit { keys } = &self.ear
            && keys.contains(key)
        {
            self.answer(context, &key.to_string());
        }
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        let known = matches!(&self.ear, Target::Machine(machine) if machine.is_machine());
        match tick {
            Tick::Threshold => self.report_machine(context, false),
            Tick::EndSilence if known => self.ready(context, false),
            Tick::EndSilence => self.answer(context, "HUMAN"),
            Tick::InitialTimeout => self.answer(context, "UNKNOWN"),
            _ if matches!(self.ear, Target::Machine(_)) && !known => self.answer(context, "UNKNOWN"),
            _ => self.end(context),
        }
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, _: &Control) -> Outcome {
        self.end(context);
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        if context.is_to_specification() {
            self.end(context);
        } else {
            self.send_event(context, "error", false);
            context.finish();
        }
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context);
    }
}
