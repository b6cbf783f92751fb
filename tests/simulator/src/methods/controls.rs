//! The control methods: every request that controls a running operation, in one table.
//!
//! `calling.live_transcribe` and `calling.live_translate` are not in it: each starts, controls and stops its operation
//! with one method and an `action`.

use super::validate::{Kind, Param, older, optional, required};
use super::{Method, On, Outcome, Request, Run, Shape, Texts, text, texts};
use super::{
    ai, ai_sidecar, collect, denoise, detect, fax, pay, play, play_and_collect, record, room, stream, tap,
    transcribe,
};
use crate::service::operation::Control;
use crate::{Reading, SimulatedService};

/// The methods that start an AI agent.
pub(super) const AGENTS: &[&str] = &[ai::NAME, ai::BEDROCK];
/// The methods whose operations have input timers.
const COLLECTS: &[&str] = &[collect::NAME, play_and_collect::NAME];

const NO_PARAMS: &[Param] = &[];
const CONTROL_ID: &[Param] = &[required("control_id", Kind::Text)];
/// Clients that share one pause for all their actions also send `behavior`.
const PLAY_PAUSE: &[Param] = &[required("control_id", Kind::Text), older("behavior", Kind::Text)];
/// The tests of the SDKs send other texts than the two of the specification.
const RECORD_PAUSE: &[Param] = &[
    required("control_id", Kind::Text),
    optional("behavior", Kind::Differs(&Kind::OneOf(&["skip", "silence"]), &Kind::Text)),
];
const VOLUME: &[Param] =
    &[required("control_id", Kind::Text), required("volume", Kind::Between(-40.0, 40.0))];
const STREAM_STOP: &[Param] =
    &[required("control_id", Kind::Text), older("async", Kind::Flag), older("swml", Kind::Flag)];
const LEAVE_ROOM: &[Param] = &[older("async", Kind::Flag)];
const SIDECAR_TEXT: &[Param] = &[required("text", Kind::Text)];
const AGENT_STOP: &[Param] = &[optional("control_id", Kind::Text).required_in(Reading::Specification)];

/// The columns: the control method, the methods whose operations it controls, its parameters, the text of its result,
/// and the control.
pub(super) const METHODS: &[Method] = &[
    by_id("calling.play.pause", &[play::NAME], PLAY_PAUSE, "Paused play", |_| Control::Pause {
        behavior: None,
    }),
    by_id("calling.play.resume", &[play::NAME], CONTROL_ID, "Resumed play", |_| Control::Resume),
    by_id("calling.play.stop", &[play::NAME], CONTROL_ID, "Stopping", |_| Control::Stop),
    by_id("calling.play.volume", &[play::NAME], VOLUME, "Changed play volume", |_| Control::Volume),
    by_id("calling.record.pause", &[record::NAME], RECORD_PAUSE, "Pausing recording", |request| {
        Control::Pause { behavior: request.text("behavior").map(str::to_owned) }
    }),
    by_id("calling.record.resume", &[record::NAME], CONTROL_ID, "Resuming recording", |_| Control::Resume),
    by_id("calling.record.stop", &[record::NAME], CONTROL_ID, "Stopping recording", |_| Control::Stop),
    by_id("calling.collect.stop", &[collect::NAME], CONTROL_ID, "Stopping", |_| Control::Stop),
    by_id("calling.collect.start_input_timers", COLLECTS, CONTROL_ID, "Starting input timers", |_| {
        Control::StartInputTimers
    }),
    by_id("calling.play_and_collect.stop", &[play_and_collect::NAME], CONTROL_ID, "Stopping", |_| {
        Control::Stop
    }),
    by_id(
        "calling.play_and_collect.volume",
        &[play_and_collect::NAME],
        VOLUME,
        "Changed play and collect volume",
        |_| Control::Volume,
    ),
    by_id("calling.detect.stop", &[detect::NAME], CONTROL_ID, "Stopping detect", |_| Control::Stop),
    by_id("calling.send_fax.stop", &[fax::SEND], CONTROL_ID, "Stopping fax", |_| Control::Stop),
    by_id("calling.receive_fax.stop", &[fax::RECEIVE], CONTROL_ID, "Stopping fax", |_| Control::Stop),
    by_id("calling.tap.stop", &[tap::NAME], CONTROL_ID, "Stopping tap", |_| Control::Stop),
    by_id("calling.stream.stop", &[stream::NAME], STREAM_STOP, "Stopping stream", |_| Control::Stop),
    by_id("calling.transcribe.stop", &[transcribe::NAME], CONTROL_ID, "Stopping transcribe", |_| {
        Control::Stop
    }),
    by_id("calling.pay.stop", &[pay::NAME], CONTROL_ID, "Stopping payment", |_| Control::Stop),
    by_call("calling.denoise.stop", &[denoise::NAME], NO_PARAMS, "Denoiser off", |_| Control::Stop),
    by_call("calling.leave_room", &[room::JOIN], LEAVE_ROOM, "Leaving room", |_| Control::Stop),
    by_call("calling.ai_sidecar.poke", &[ai_sidecar::NAME], SIDECAR_TEXT, "+OK", |_| Control::Poke),
    by_call("calling.ai_sidecar.ask", &[ai_sidecar::NAME], SIDECAR_TEXT, "queued", |request| {
        Control::Ask(request.text("text").unwrap_or_default().to_owned())
    }),
    by_call("calling.ai_sidecar.stop", &[ai_sidecar::NAME], NO_PARAMS, "+OK", |_| Control::Stop),
    by_call("calling.ai_sidecar.status", &[ai_sidecar::NAME], NO_PARAMS, "+OK", |_| Control::Status),
    // The methods of AI agents select their agent in their own functions.
    by_function("calling.ai.stop", AGENT_STOP, Shape::Operation, texts("+OK", "OK"), ai::stop),
    by_function("calling.ai_message", ai::MESSAGE, Shape::Call, texts("+OK", "Message sent"), ai::message),
    by_function("calling.ai_hold", ai::HOLD, Shape::Call, texts("+OK", "AI on hold"), ai::hold),
    by_function("calling.ai_unhold", ai::UNHOLD, Shape::Call, texts("+OK", "AI resumed"), ai::unhold),
];

/// A control method that names its operation with a control id.
const fn by_id(
    name: &'static str,
    operations: &'static [&'static str],
    params: &'static [Param],
    message: &'static str,
    control: fn(&Request) -> Control,
) -> Method {
    let (shape, message) = (Shape::Operation, texts(message, "OK"));
    Method { name, on: On::AnsweredCall, params, shape, message, run: Run::Control { operations, control } }
}

/// A control method that names its call alone.
const fn by_call(
    name: &'static str,
    operations: &'static [&'static str],
    params: &'static [Param],
    message: &'static str,
    control: fn(&Request) -> Control,
) -> Method {
    let (shape, message) = (Shape::Call, text(message));
    Method { name, on: On::AnsweredCall, params, shape, message, run: Run::Control { operations, control } }
}

/// A control method with a function of its own.
const fn by_function(
    name: &'static str,
    params: &'static [Param],
    shape: Shape,
    message: Texts,
    run: fn(&mut SimulatedService, &Request) -> Outcome,
) -> Method {
    Method { name, on: On::AnsweredCall, params, shape, message, run: Run::Function(run) }
}
