//! Playing audio, speech, silence and ringing tones.

use std::time::Duration;

use serde_json::{Value, json};

use super::media::{Length, length};
use super::rules::{Kind, WEB, count, older, optional, required};
use super::{Method, On, Outcome, Request, Shape, accepted, texts};
use crate::switchboard::operation::{Command, Desk, Operation, Tick};
use crate::{Cue, Report, Scenario, Switchboard};

const NAME: &str = "calling.play";
const VOLUME: Kind = Kind::Between(-40.0, 40.0);

pub(super) const METHODS: &[Method] = &[
    Method {
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
        run: play,
    },
    Method {
        name: "calling.play.pause",
        on: On::AnsweredCall,
        // Clients that share one pause for all their actions also send `behavior` here.
        params: &[required("control_id", Kind::Text), older("behavior", Kind::Text)],
        shape: Shape::Operation,
        message: texts("Paused play", "OK"),
        run: |board, request| board.command(request, &[NAME], &Command::Pause { behavior: None }),
    },
    Method {
        name: "calling.play.resume",
        on: On::AnsweredCall,
        params: &[required("control_id", Kind::Text)],
        shape: Shape::Operation,
        message: texts("Resumed play", "OK"),
        run: |board, request| board.command(request, &[NAME], &Command::Resume),
    },
    Method {
        name: "calling.play.stop",
        on: On::AnsweredCall,
        params: &[required("control_id", Kind::Text)],
        shape: Shape::Operation,
        message: texts("Stopping", "OK"),
        run: |board, request| board.command(request, &[NAME], &Command::Stop),
    },
    Method {
        name: "calling.play.volume",
        on: On::AnsweredCall,
        params: &[required("control_id", Kind::Text), required("volume", VOLUME)],
        shape: Shape::Operation,
        message: texts("Changed play volume", "OK"),
        run: |board, request| board.command(request, &[NAME], &Command::Volume),
    },
];

fn play(board: &mut Switchboard, request: &Request) -> Outcome {
    let runs = count(request.value("loop")).and_then(|runs| u32::try_from(runs).ok()).unwrap_or(1);
    let player = Player::new(&board.scenario, request.value("play"), runs);
    board.start_operation(request, Box::new(Play { player }))?;
    accepted()
}

/// The playing itself; a prompt is one as well.
#[derive(Debug)]
pub(super) struct Player {
    length: Length,
    /// What is being played, for the report.
    title: String,
    /// What was left when it was paused; `None` if it has no end.
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

    pub(super) fn start(&mut self, desk: &mut Desk<'_>, prompt: bool) {
        self.playing = true;
        desk.emit("calling.call.play", json!({"state": "playing"}));
        desk.report(Report::PlayStarted { call: desk.call_id(), prompt, what: self.title.clone() });
        desk.cue(if prompt { Cue::PromptStarted } else { Cue::Playing });
        match self.length {
            Length::Ends(time) | Length::Breaks(time) => desk.after(time, Tick::Done),
            Length::Endless => {}
        }
    }

    /// The media is over, by itself or because it is cut short.
    pub(super) fn end(&mut self, desk: &mut Desk<'_>, prompt: bool, by_itself: bool) {
        self.over(desk, prompt, by_itself && matches!(self.length, Length::Breaks(_)));
    }

    fn over(&mut self, desk: &mut Desk<'_>, prompt: bool, broken: bool) {
        if !std::mem::take(&mut self.playing) {
            return;
        }
        desk.cancel(Tick::Done);
        desk.emit("calling.call.play", json!({"state": if broken { "error" } else { "finished" }}));
        desk.report(Report::PlayFinished { call: desk.call_id(), prompt, failed: broken });
        desk.cue(if prompt { Cue::PromptFinished } else { Cue::PlayFinished });
    }

    /// Pausing twice, and resuming what plays, change nothing.
    fn pause(&mut self, desk: &mut Desk<'_>) {
        if !std::mem::replace(&mut self.paused, true) {
            self.left = desk.cancel(Tick::Done);
            desk.emit("calling.call.play", json!({"state": "paused"}));
        }
    }

    fn resume(&mut self, desk: &mut Desk<'_>) {
        if std::mem::take(&mut self.paused) {
            if let Some(left) = self.left.take() {
                desk.after(left, Tick::Done);
            }
            desk.emit("calling.call.play", json!({"state": "playing"}));
            desk.cue(Cue::Playing);
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
    fn start(&mut self, desk: &mut Desk<'_>) {
        self.player.start(desk, false);
    }

    fn on_timer(&mut self, desk: &mut Desk<'_>, _: Tick) {
        self.player.end(desk, false, true);
        desk.finish();
    }

    fn on_command(&mut self, desk: &mut Desk<'_>, command: &Command) -> Outcome {
        match command {
            Command::Stop => {
                self.player.end(desk, false, false);
                desk.finish();
            }
            Command::Pause { .. } => self.player.pause(desk),
            Command::Resume => self.player.resume(desk),
            _ => {}
        }
        accepted()
    }

    fn fails(&mut self, desk: &mut Desk<'_>) {
        self.player.over(desk, false, true);
        desk.finish();
    }

    fn call_ends(&mut self, desk: &mut Desk<'_>) {
        self.player.end(desk, false, false);
    }
}
