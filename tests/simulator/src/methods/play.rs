//! Playing audio, speech, silence and ringing tones.

use std::time::Duration;

use serde_json::{Value, json};

use super::media::{Length, length};
use super::validate::{Kind, WEB, count, optional, required};
use super::{Method, On, Outcome, Request, Run, Shape, accepted, texts};
use crate::service::operation::{Control, Operation, OperationContext, Tick};
use crate::{Cue, Report, Scenario, SimulatedService};

pub(super) const NAME: &str = "calling.play";
const VOLUME: Kind = Kind::Between(-40.0, 40.0);

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("play", Kind::Media),
        optional("volume", VOLUME),
        optional("direction", Kind::OneOf(&["listen", "speak", "both"])),
        optional("loop", Kind::Whole(0, u32::MAX as i64)),
        optional("status_url", WEB),
        optional("language", Kind::Text),
        optional("voice", Kind::Text),
        optional("gender", Kind::OneOf(&["male", "female"])),
    ],
    shape: Shape::Operation,
    message: texts("Playing", "OK"),
    run: Run::Function(play),
}];

fn play(service: &mut SimulatedService, request: &Request) -> Outcome {
    let runs = count(request.value("loop")).and_then(|runs| u32::try_from(runs).ok()).unwrap_or(1);
    let player = Player::new(&service.scenario, request.value("play"), runs);
    service.start_operation(request, Box::new(Play { player }))?;
    accepted()
}

/// Playback of media, also of a prompt.
#[derive(Debug)]
pub(super) struct Player {
    length: Length,
    /// A description of the media, for reports.
    title: String,
    /// The time left when it was paused; `None` for endless media.
    left: Option<Duration>,
    paused: bool,
    playing: bool,
}

impl Player {
    pub(super) fn new(scenario: &Scenario, media: &Value, runs: u32) -> Self {
        let titles: Vec<_> = media.as_array().into_iter().flatten().map(title).collect();
        Self {
            length: length(scenario, media, runs),
            title: titles.join(", "),
            left: None,
            paused: false,
            playing: false,
        }
    }

    pub(super) fn start(&mut self, context: &mut OperationContext<'_>, prompt: bool) {
        self.playing = true;
        context.emit("calling.call.play", json!({"state": "playing"}));
        context.report(Report::PlayStarted { call: context.call_id(), prompt, what: self.title.clone() });
        context.cue(if prompt { Cue::PromptStarted } else { Cue::Playing });
        match self.length {
            Length::Ends(time) | Length::Breaks(time) => context.after(time, Tick::Done),
            Length::Endless => {}
        }
    }

    /// Ends the playback, at its end or earlier.
    pub(super) fn end(&mut self, context: &mut OperationContext<'_>, prompt: bool, by_itself: bool) {
        self.over(context, prompt, by_itself && matches!(self.length, Length::Breaks(_)));
    }

    fn over(&mut self, context: &mut OperationContext<'_>, prompt: bool, broken: bool) {
        if !std::mem::take(&mut self.playing) {
            return;
        }
        context.cancel(Tick::Done);
        context.emit("calling.call.play", json!({"state": if broken { "error" } else { "finished" }}));
        context.report(Report::PlayFinished { call: context.call_id(), prompt, failed: broken });
        context.cue(if prompt { Cue::PromptFinished } else { Cue::PlayFinished });
    }

    /// A repeated pause or resume changes nothing.
    fn pause(&mut self, context: &mut OperationContext<'_>) {
        if !std::mem::replace(&mut self.paused, true) {
            self.left = context.cancel(Tick::Done);
            context.emit("calling.call.play", json!({"state": "paused"}));
        }
    }

    fn resume(&mut self, context: &mut OperationContext<'_>) {
        if std::mem::take(&mut self.paused) {
            if let Some(left) = self.left.take() {
                context.after(left, Tick::Done);
            }
            context.emit("calling.call.play", json!({"state": "playing"}));
            context.cue(Cue::Playing);
        }
    }
}

fn title(item: &Value) -> String {
    let field =
        |name: &str| item["params"][name].as_str().or_else(|| item[name].as_str()).unwrap_or_default();
    match item["type"].as_str() {
        Some("tts") => format!("\"{}\"", field("text")),
        Some("audio") => field("url").to_owned(),
        Some("ringtone") => format!("ringtone {}", field("name")),
        other => other.unwrap_or_default().to_owned(),
    }
}

#[derive(Debug)]
struct Play {
    player: Player,
}

impl Operation for Play {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.player.start(context, false);
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, _: Tick) {
        self.player.end(context, false, true);
        context.finish();
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => {
                self.player.end(context, false, false);
                context.finish();
            }
            Control::Pause { .. } => self.player.pause(context),
            Control::Resume => self.player.resume(context),
            _ => {}
        }
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.player.over(context, false, true);
        context.finish();
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.player.end(context, false, false);
    }
}
