//! Live transcription and translation of a call.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Outcome, accepted};
use crate::Scenario;
use crate::service::operation::{Control, Operation, OperationContext, Tick, Voice};
use crate::service::{epoch, micros};

/// The confidence of the simulated recogniser, from 0 to 1.
const CONFIDENCE: f64 = 0.95;
const REMOTE_CALLER: &str = "remote-caller";

/// Returns `true` if the results are sent to the client. Otherwise they go to the webhook of the request, or nowhere.
pub(super) fn has_events(scenario: &Scenario, start: &Value) -> bool {
    scenario.is_to_specification() && !scenario.other_forms && start["webhook"].is_null()
}

/// A transcription or translation whose results are sent to the client.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a request")]
pub(super) struct Live {
    /// The name in reports.
    name: &'static str,
    translates: bool,
    /// The spoken language, and the target language of a translation.
    language: String,
    target: String,
    /// `true` if the voice of the party is transcribed.
    hears: bool,
    events: bool,
    summary: bool,
    realtime: bool,
    started: Duration,
    hearing: String,
    /// The sentences so far, each with its time.
    log: Vec<(String, Duration)>,
}

impl Live {
    pub(super) fn new(name: &'static str, translates: bool, start: &Value) -> Self {
        let text = |name: &str| start[name].as_str().unwrap_or_default().to_owned();
        let flag = |name: &str| start[name].as_bool().unwrap_or(false);
        let sides = start["direction"].as_array();
        Self {
            name,
            translates,
            language: text(if translates { "from_lang" } else { "lang" }),
            target: text("to_lang"),
            hears: sides.is_none_or(|sides| sides.iter().any(|side| side == REMOTE_CALLER)),
            events: flag("live_events"),
            summary: flag("ai_summary"),
            realtime: start["mode"] == "realtime",
            started: Duration::ZERO,
            hearing: String::new(),
            log: Vec::new(),
        }
    }

    fn send_event(&self, context: &mut OperationContext<'_>, event: &str, mut params: Value) {
        let call_id = context.call_id();
        let kind = if self.translates { "translate" } else { "transcribe" };
        params["call_info"] = json!({
            "content_type": "text/json",
            "content_disposition": event,
            "conversation_type": "voice",
            "call_id": call_id,
        });
        params["channel_data"] = json!({
            "content_type": "text/json",
            "content_disposition": event,
            "call_id": call_id,
            "call_start_date": epoch(self.started).to_string(),
        });
        context.emit_of_call(&format!("calling.ai.{kind}.{event}"), params);
    }

    /// Returns all sentences in one of the two languages.
    fn conversation(&self, language: &str) -> Value {
        let entry = |(text, _): &(String, Duration)| {
            let content = if language == self.language { text.clone() } else { translated(text, language) };
            json!({"role": REMOTE_CALLER, "content": content, "confidence": CONFIDENCE, "language": language})
        };
        self.log.iter().map(entry).collect()
    }

    fn summary_text(&self) -> String {
        format!("The caller said {} sentences.", self.log.len())
    }

    fn said(&mut self, context: &mut OperationContext<'_>, text: String) {
        if self.events && self.translates && self.realtime {
            let delta = translated(&text, &self.target);
            self.send_event(
                context,
                "transcript_delta",
                json!({"output_utterance": {"language": self.target, "delta": delta}}),
            );
        } else if self.events && !self.translates {
            let utterance = json!({
                "role": REMOTE_CALLER,
                "content": text,
                "lang": self.language,
                "utterance_id": format!("u-{}", self.log.len() + 1),
                "timestamp": micros(context.now()),
                "confidence": CONFIDENCE,
                "word_count": text.split_whitespace().count(),
                "char_count": text.chars().count(),
            });
            self.send_event(context, "utterance", json!({"confidence": CONFIDENCE, "utterance": utterance}));
        }
        self.log.push((text, context.now()));
    }

    fn summarize(&self, context: &mut OperationContext<'_>) {
        if self.translates {
            let params = json!({
                "primary_conversation_summary": self.summary_text(),
                "secondary_conversation_summary": translated(&self.summary_text(), &self.target),
                "primary_conversation_log": self.conversation(&self.language),
                "secondary_conversation_log": self.conversation(&self.target),
            });
            self.send_event(context, "live_summary", params);
        } else {
            let params = json!({
                "conversation_log": self.conversation(&self.language),
                "conversation_summary": self.summary_text(),
            });
            self.send_event(context, "live_summarize", params);
        }
    }

    fn end(&mut self, context: &mut OperationContext<'_>) {
        let mut last = if self.translates {
            json!({
                "primary_conversation_log": self.conversation(&self.language),
                "secondary_conversation_log": self.conversation(&self.target),
                "translate_data": {REMOTE_CALLER: {
                    "from_language": self.language,
                    "to_language": self.target,
                    "to_voice": "josh",
                    "role": REMOTE_CALLER,
                    "position": "primary",
                }},
            })
        } else {
            json!({"conversation_log": self.conversation(&self.language), "metrics": self.metrics()})
        };
        if self.summary {
            let name = if self.translates { "primary_conversation_summary" } else { "conversation_summary" };
            last[name] = self.summary_text().into();
        }
        self.send_event(context, "conversation_log", last);
        context.note(format!("{} is over", self.name));
        context.finish();
    }

    fn metrics(&self) -> Value {
        let words: usize = self.log.iter().map(|(text, _)| text.split_whitespace().count()).sum();
        let mut metrics = json!({
            "total_utterances": self.log.len(),
            "remote_caller_turns": self.log.len(),
            "local_caller_turns": 0,
            "remote_caller_words": words,
            "local_caller_words": 0,
        });
        if let (Some((_, first)), Some((_, last))) = (self.log.first(), self.log.last()) {
            metrics["first_utterance_ts"] = micros(*first).into();
            metrics["last_utterance_ts"] = micros(*last).into();
            metrics["remote_caller_avg_confidence"] = CONFIDENCE.into();
        }
        metrics
    }
}

impl Operation for Live {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.started = context.now();
        context.note(format!("{} begins", self.name));
    }

    fn on_timer(&mut self, _: &mut OperationContext<'_>, _: Tick) {}

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        match voice {
            Voice::Starts { text, .. } => self.hearing.clone_from(text),
            Voice::Stops if self.hears && !self.hearing.is_empty() => {
                let text = std::mem::take(&mut self.hearing);
                self.said(context, text);
            }
            Voice::Stops | Voice::Sounds(_) => {}
        }
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => self.end(context),
            Control::Summarize => self.summarize(context),
            _ => {}
        }
        accepted()
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context);
    }
}

/// Translates a text: prefixes it with the language and keeps the words.
fn translated(text: &str, language: &str) -> String {
    format!("[{language}] {text}")
}
