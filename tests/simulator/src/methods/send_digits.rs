//! Sending keys into a call.

use std::time::Duration;

use super::rules::{Kind, TONES_AND_PAUSES, required};
use super::{Method, On, Outcome, Request, Shape, accepted, texts};
use crate::switchboard::operation::{Desk, Operation, Tick};
use crate::{Cue, Report, Switchboard};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.send_digits",
    on: On::AnsweredCall,
    params: &[required("control_id", Kind::Text), required("digits", Kind::SomeChars(TONES_AND_PAUSES))],
    shape: Shape::Operation,
    message: texts("Sending", "Sending Digits"),
    run: send_digits,
}];

/// One tone with the gap after it.
const TONE: Duration = Duration::from_millis(250);
const SHORT_PAUSE: Duration = Duration::from_millis(500);
const LONG_PAUSE: Duration = Duration::from_secs(1);

fn send_digits(board: &mut Switchboard, request: &Request) -> Outcome {
    let digits = request.text("digits").unwrap_or_default().to_owned();
    board.start_operation(request, Box::new(SendDigits { digits }))?;
    accepted()
}

#[derive(Debug)]
struct SendDigits {
    digits: String,
}

impl Operation for SendDigits {
    fn start(&mut self, desk: &mut Desk<'_>) {
        let time = self.digits.chars().map(|key| match key {
            'w' => SHORT_PAUSE,
            'W' => LONG_PAUSE,
            _ => TONE,
        });
        desk.after(time.sum(), Tick::Done);
    }

    fn on_timer(&mut self, desk: &mut Desk<'_>, _: Tick) {
        desk.emit("calling.call.send_digits", serde_json::json!({"state": "finished"}));
        desk.report(Report::DigitsSent { call: desk.call_id(), digits: self.digits.clone() });
        desk.cue(Cue::DigitsHeard);
        desk.finish();
    }

    fn fails(&mut self, desk: &mut Desk<'_>) {
        let state = if desk.is_to_specification() { "error" } else { "finished" };
        desk.emit("calling.call.send_digits", serde_json::json!({"state": state}));
        desk.finish();
    }

    fn call_ends(&mut self, desk: &mut Desk<'_>) {
        desk.emit("calling.call.send_digits", serde_json::json!({"state": "finished"}));
    }
}
