//! Transcription of a whole call, and live transcription and translation.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::lasting::Lasting;
use super::live::{Live, has_events};
use super::validate::{Kind, Param, WEB, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::service::operation::{Control, Operation, OperationContext};
use crate::service::{epoch, seconds};
use crate::{Reading, SimulatedService};

pub(super) const NAME: &str = "calling.transcribe";
const EVENT: &str = "calling.call.transcribe";
const LIVE_TRANSCRIBE: &str = "calling.live_transcribe";
const LIVE_TRANSLATE: &str = "calling.live_translate";
const BYTES_PER_SECOND: u64 = 16_000;

const SIDES: Kind = Kind::SomeOf(&["remote-caller", "local-caller"]);

const START_TRANSCRIBE: &[Param] = &[
    required("lang", Kind::Text),
    required("direction", SIDES),
    optional("webhook", WEB),
    optional("live_events", Kind::Flag),
    optional("ai_summary", Kind::Flag),
    optional("ai_summary_prompt", Kind::AnyText),
    optional("speech_engine", Kind::OneOf(&["deepgram", "google"])),
    optional("speech_timeout", Kind::Whole(0, i64::MAX)),
    optional("vad_silence_ms", Kind::Whole(0, i64::MAX)),
    optional("vad_thresh", Kind::Whole(0, 1800)),
    newer("hints", Kind::Texts),
    newer("verbose_utterances", Kind::Flag),
    older("debug_level", Kind::Whole(0, 2)),
];

const START_TRANSLATE: &[Param] = &[
    required("from_lang", Kind::Text),
    required("to_lang", Kind::Text),
    required("direction", SIDES),
    optional("from_voice", Kind::Text),
    optional("to_voice", Kind::Text),
    optional("filter_from", FILTER),
    optional("filter_to", FILTER),
    optional("webhook", WEB),
    optional("live_events", Kind::Flag),
    optional("ai_summary", Kind::Flag),
    optional("ai_summary_prompt", Kind::AnyText),
    optional("speech_engine", Kind::OneOf(&["deepgram", "google"])),
    optional("speech_timeout", Kind::Whole(0, i64::MAX)),
    optional("vad_silence_ms", Kind::Whole(0, i64::MAX)),
    optional("vad_thresh", Kind::Whole(0, 1800)),
    newer("mode", Kind::OneOf(&["classic", "realtime"])),
    older("debug_level", Kind::Whole(0, 2)),
];

/// The tone of a translation.
const FILTER: Kind = Kind::Differs(
    &Kind::OneOfOrPrefixed(&["polite", "rude", "professional", "shakespeare", "gen-z"], "prompt:"),
    &Kind::Text,
);

const SUMMARIZE: &[Param] = &[optional("webhook", WEB), optional("prompt", Kind::AnyText)];

const INJECT: &[Param] = &[
    required("message", Kind::Text),
    optional("direction", Kind::OneOf(&["remote-caller", "local-caller"]))
        .required_in(Reading::Specification),
];

pub(super) const METHODS: &[Method] = &[
    Method {
        name: NAME,
        on: On::AnsweredCall,
        params: &[required("control_id", Kind::Text), optional("status_url", WEB)],
        shape: Shape::Operation,
        message: texts("Transcribing", "OK"),
        run: Run::Function(transcribe),
    },
    Method {
        name: LIVE_TRANSCRIBE,
        on: On::AnsweredCall,
        params: &[
            required(
                "action",
                Kind::Action(&[("start", START_TRANSCRIBE), ("summarize", SUMMARIZE), ("stop", &[])]),
            ),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("+OK", "Live transcription started"),
        run: Run::Function(|service, request| live(service, request, LIVE_TRANSCRIBE, "live transcription")),
    },
    Method {
        name: LIVE_TRANSLATE,
        on: On::AnsweredCall,
        params: &[
            required(
                "action",
                Kind::Action(&[
                    ("start", START_TRANSLATE),
                    ("summarize", SUMMARIZE),
                    ("inject", INJECT),
                    ("stop", &[]),
                ]),
            ),
            optional("status_url", WEB),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("+OK", "Live translation started"),
        run: Run::Function(|service, request| live(service, request, LIVE_TRANSLATE, "live translation")),
    },
];

fn transcribe(service: &mut SimulatedService, request: &Request) -> Outcome {
    if service.runs(request.call()?, &[NAME]) {
        return Err(ServiceError::conflict(match service.scenario.reading {
            Reading::Specification => "Transcribe is already in progress",
            Reading::Sdks => "The call is already being transcribed",
        }));
    }
    let id = service.next_recording();
    let url = format!("https://files.example/transcripts/{id}");
    let status_url = request.text("status_url").map(str::to_owned);
    let body = Transcription { url: url.clone(), id, status_url, started: Duration::ZERO };
    service.start_operation(request, Box::new(body))?;
    match service.scenario.reading {
        Reading::Specification => Ok(Map::from_iter([("url".to_owned(), url.into())])),
        Reading::Sdks => accepted(),
    }
}

/// Handles the action of a live transcription or translation. The results go to the webhook of the action, and to the
/// client without one. The older description knows only the webhook and has no events.
fn live(
    service: &mut SimulatedService,
    request: &Request,
    name: &'static str,
    what: &'static str,
) -> Outcome {
    let action = request.value("action");
    let verb = match action {
        Value::Object(action) => action.keys().next().map_or("", String::as_str),
        action => action.as_str().unwrap_or("stop"),
    };
    if verb == "start" {
        let start = &action["start"];
        if has_events(&service.scenario, start) {
            let live = Live::new(what, name == LIVE_TRANSLATE, start);
            service.start_operation(request, Box::new(live))?;
        } else {
            service.start_operation(request, Box::new(Lasting::silent(what)))?;
        }
        return accepted();
    }
    if verb == "stop" {
        return service.control(request, &[name], &Control::Stop);
    }
    let key = request.call()?;
    if !service.runs(key, &[name]) {
        return Err(ServiceError::conflict(format!("No {name} is active on the call")));
    }
    service.note(key, format!("{what}: {verb}"));
    if verb == "summarize" {
        service.control_all(key, &[name], &Control::Summarize);
    }
    accepted()
}

#[derive(Debug)]
struct Transcription {
    id: String,
    url: String,
    status_url: Option<String>,
    started: Duration,
}

impl Transcription {
    fn event(&self, state: &str) -> Value {
        let mut event = json!({"state": state, "recording_id": self.id});
        if let Some(url) = &self.status_url {
            event["status_url"] = url.as_str().into();
        }
        event
    }

    fn end(&self, context: &mut OperationContext<'_>) {
        let length = context.now().saturating_sub(self.started);
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let mut event = self.event("finished");
        event["url"] = self.url.as_str().into();
        event["duration"] = seconds(length).into();
        event["size"] = (millis.saturating_mul(BYTES_PER_SECOND) / 1000).into();
        event["start_time"] = epoch(self.started).into();
        event["end_time"] = epoch(context.now()).into();
        context.emit(EVENT, event);
        context.note("transcription is over");
        context.finish();
    }
}

impl Operation for Transcription {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.started = context.now();
        context.emit(EVENT, self.event("transcribing"));
        context.note("transcription begins");
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, _: &Control) -> Outcome {
        self.end(context);
        accepted()
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context);
    }
}
