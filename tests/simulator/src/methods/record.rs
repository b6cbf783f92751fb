//! Recording.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::media::to_time;
use super::validate::{KEYS, Kind, Param, WEB, optional, required};
use super::{Method, On, Outcome, Request, Run, Shape, texts};
use crate::service::operation::{Control, Operation, OperationContext, Tick, Voice};
use crate::service::seconds;
use crate::{Cue, Reading, Report, SimulatedService};

pub(super) const NAME: &str = "calling.record";

/// The defaults that the SDKs expect.
const INITIAL_TIMEOUT: Duration = Duration::from_secs(5);
const END_SILENCE: Duration = Duration::from_secs(1);
const TERMINATORS: &str = "#*";
/// Time from the start of a recording to its first frame.
const FIRST_FRAME: Duration = Duration::from_millis(20);
/// The data rate of one channel in either format.
const BYTES_PER_SECOND: u64 = 16_000;

const AUDIO: &[Param] = &[
    optional("beep", Kind::Flag),
    optional("format", Kind::OneOf(&["mp3", "wav", "mp4"])),
    optional("stereo", Kind::Flag),
    optional("direction", Kind::OneOf(&["listen", "speak", "both"])),
    optional("initial_timeout", Kind::Seconds),
    optional("end_silence_timeout", Kind::Seconds),
    optional("terminators", Kind::Chars(KEYS)),
    optional("input_sensitivity", Kind::Between(0.0, 100.0)),
    optional("max_length", Kind::Seconds),
];

const RECORD: &[Param] = &[optional("audio", Kind::Object(AUDIO)).required_in(Reading::Specification)];

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("record", Kind::Object(RECORD)),
        optional("status_url", WEB),
    ],
    shape: Shape::Operation,
    message: texts("Recording", "OK"),
    run: Run::Function(record),
}];

fn record(service: &mut SimulatedService, request: &Request) -> Outcome {
    let audio = &request.value("record")["audio"];
    let recording = Recording::new(audio, service.next_recording(), service.scenario.reading);
    let url = recording.url.clone();
    service.start_operation(request, Box::new(recording))?;
    Ok(Map::from_iter([("url".to_owned(), url.into())]))
}

#[derive(Debug)]
struct Recording {
    id: String,
    url: String,
    format: String,
    direction: String,
    stereo: bool,
    terminators: String,
    initial_timeout: Duration,
    end_silence: Duration,
    max_length: Duration,
    /// The recorded time up to the last pause.
    taped: Duration,
    /// The start of the current stretch; `None` while paused without recording the gap.
    running_since: Option<Duration>,
    paused: bool,
    /// `true` if the party has spoken since the start.
    heard: bool,
    started: Duration,
}

impl Recording {
    fn new(audio: &Value, id: String, reading: Reading) -> Self {
        let (initial_timeout, end_silence, terminators) = match reading {
            Reading::Specification => (Duration::ZERO, Duration::ZERO, "#"),
            Reading::Sdks => (INITIAL_TIMEOUT, END_SILENCE, TERMINATORS),
        };
        let text = |name: &str, default: &str| audio[name].as_str().unwrap_or(default).to_owned();
        let time = |name: &str, default| to_time(&audio[name]).unwrap_or(default);
        let format = text("format", "mp3");
        Self {
            url: format!("https://files.example/recordings/{id}.{format}"),
            id,
            format,
            direction: text("direction", "speak"),
            stereo: audio["stereo"].as_bool().unwrap_or(false),
            terminators: text("terminators", terminators),
            initial_timeout: time("initial_timeout", initial_timeout),
            end_silence: time("end_silence_timeout", end_silence),
            max_length: time("max_length", Duration::ZERO),
            taped: Duration::ZERO,
            running_since: None,
            paused: false,
            heard: false,
            started: Duration::ZERO,
        }
    }

    /// Returns `true` if the voice of the party can end the recording. The simulation does not follow the conversation
    /// of a bridge: silence does not end a recording then.
    fn follows_voice(&self, context: &OperationContext<'_>) -> bool {
        self.direction != "listen" && !context.is_bridged()
    }

    fn audio(&self) -> Value {
        json!({"audio": {"format": self.format, "direction": self.direction, "stereo": self.stereo}})
    }

    fn taped(&self, now: Duration) -> Duration {
        let running = self.running_since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        self.taped + running
    }

    /// Continues the recording: arms the timers that end it.
    fn roll(&mut self, context: &mut OperationContext<'_>) {
        self.running_since = self.running_since.or(Some(context.now()));
        if !self.max_length.is_zero() {
            context.after(self.max_length.saturating_sub(self.taped(context.now())), Tick::MaxLength);
        }
        if context.sentence().is_some() {
            self.heard = true;
        } else if self.follows_voice(context) {
            let (silence, tick) = if self.heard {
                (self.end_silence, Tick::EndSilence)
            } else {
                (self.initial_timeout, Tick::InitialTimeout)
            };
            if !silence.is_zero() {
                context.after(silence, tick);
            }
        }
    }

    /// Sends an event of a running recording.
    fn send_event(&self, context: &mut OperationContext<'_>, mut event: Value) {
        if context.is_to_specification() {
            event["recording_id"] = self.id.as_str().into();
            event["record"] = self.audio();
        }
        context.emit("calling.call.record", event);
    }

    fn end(&mut self, context: &mut OperationContext<'_>, state: &str) {
        let length = self.taped(context.now());
        let channels = if self.stereo { 2 } else { 1 };
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let size = millis.saturating_mul(BYTES_PER_SECOND * channels) / 1000;
        let nested = context.scenario().nested_record_results || context.scenario().other_forms;
        let to_specification = context.is_to_specification();
        let mut event = json!({"state": state, "recording_id": self.id, "record": self.audio()});
        // A recording without speech has no file.
        if !to_specification || state == "finished" {
            event["start_time"] = epoch(self.started).into();
            event["end_time"] = epoch(context.now()).into();
            if to_specification {
                event["first_frame_time"] = epoch(self.started.saturating_add(FIRST_FRAME)).into();
            }
            let facts =
                [("url", json!(self.url)), ("duration", json!(seconds(length))), ("size", json!(size))];
            if nested {
                event["record"]["format"] = self.format.as_str().into();
                if !to_specification {
                    event["record"] = json!({"format": self.format});
                }
            }
            let target = if nested { &mut event["record"] } else { &mut event };
            for (name, value) in facts {
                target[name] = value;
            }
        }
        context.emit("calling.call.record", event);
        let (call, heard) = (context.call_id(), state != "no_input");
        context.report(Report::RecordingFinished { call, length, heard });
        context.cue(Cue::RecordingFinished);
        context.finish();
    }
}

impl Operation for Recording {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.started = context.now();
        self.roll(context);
        self.send_event(context, json!({"state": "recording", "record": self.audio()}));
        context.report(Report::RecordingStarted { call: context.call_id() });
        context.cue(Cue::RecordingStarted);
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        match tick {
            Tick::InitialTimeout => self.end(context, "no_input"),
            Tick::EndSilence | Tick::MaxLength => self.end(context, "finished"),
            _ => {}
        }
    }

    fn on_digit(&mut self, context: &mut OperationContext<'_>, key: char) {
        if self.terminators.contains(key) {
            self.end(context, "finished");
        }
    }

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        if !self.follows_voice(context) {
            return;
        }
        match voice {
            Voice::Starts { .. } => {
                self.heard = true;
                context.cancel(Tick::InitialTimeout);
                context.cancel(Tick::EndSilence);
            }
            Voice::Stops if !self.end_silence.is_zero() && !self.paused => {
                context.after(self.end_silence, Tick::EndSilence);
            }
            Voice::Stops | Voice::Sounds(_) => {}
        }
    }

    fn on_bridge(&mut self, context: &mut OperationContext<'_>) {
        context.cancel(Tick::InitialTimeout);
        context.cancel(Tick::EndSilence);
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => self.end(context, "finished"),
            Control::Pause { behavior } if !self.paused => {
                let behavior = behavior.as_deref().unwrap_or("skip");
                self.paused = true;
                if behavior != "silence" {
                    self.taped = self.taped(context.now());
                    self.running_since = None;
                    context.cancel(Tick::MaxLength);
                }
                context.cancel(Tick::InitialTimeout);
                context.cancel(Tick::EndSilence);
                self.send_event(context, json!({"state": "paused", "pause_behavior": behavior}));
            }
            Control::Resume if self.paused => {
                self.paused = false;
                self.roll(context);
                self.send_event(context, json!({"state": "recording", "record": self.audio()}));
                context.cue(Cue::RecordingStarted);
            }
            _ => {}
        }
        super::accepted()
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context, "finished");
    }
}

fn epoch(now: Duration) -> f64 {
    crate::service::epoch(now)
}
