//! Sending keys into a call.

use std::time::Duration;

use super::validate::{Kind, TONES_AND_PAUSES, required};
use super::{Method, On, Outcome, Request, Run, Shape, accepted, texts};
use crate::service::operation::{Operation, OperationContext, Tick};
use crate::{Cue, Report, SimulatedService};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.send_digits",
    on: On::AnsweredCall,
    params: &[required("control_id", Kind::Text), required("digits", Kind::SomeChars(TONES_AND_PAUSES))],
    shape: Shape::Operation,
    message: texts("Sending", "Sending Digits"),
    run: Run::Function(send_digits),
}];

/// Duration of a tone with the gap after it.
const TONE_TIME: Duration = Duration::from_millis(250);
const SHORT_PAUSE: Duration = Duration::from_millis(500);
const LONG_PAUSE: Duration = Duration::from_secs(1);

fn send_digits(service: &mut SimulatedService, request: &Request) -> Outcome {
    let digits = request.text("digits").unwrap_or_default().to_owned();
    service.start_operation(request, Box::new(SendDigits { digits }))?;
    accepted()
}

#[derive(Debug)]
struct SendDigits {
    digits: String,
}

impl Operation for SendDigits {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        let time = self.digits.chars().map(|key| match key {
            'w' => SHORT_PAUSE,
            'W' => LONG_PAUSE,
            _ => TONE_TIME,
        });
        context.after(time.sum(), Tick::Done);
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, _: Tick) {
        context.emit("calling.call.send_digits", serde_json::json!({"state": "finished"}));
        context.report(Report::DigitsSent { call: context.call_id(), digits: self.digits.clone() });
        context.cue(Cue::DigitsHeard);
        context.finish();
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        let state = if context.is_to_specification() { "error" } else { "finished" };
        context.emit("calling.call.send_digits", serde_json::json!({"state": state}));
        context.finish();
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        context.emit("calling.call.send_digits", serde_json::json!({"state": "finished"}));
    }
}
