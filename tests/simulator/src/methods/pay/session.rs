//! A payment in progress: asking, checking the answers, processing.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::card::{Card, Question, is_to_come, passes_luhn};
use super::events::{EVENT, PaymentOutcome};
use crate::methods::media::{self, Length};
use crate::methods::validate::count;
use crate::methods::{Outcome, Request, accepted};
use crate::service::operation::{Control, Operation, OperationContext, Tick};
use crate::{Cue, Payment};

/// The duration of a question without a prompt.
const QUESTION_TIME: Duration = Duration::from_secs(2);
const KEY_TIMEOUT: Duration = Duration::from_secs(5);
/// The processing time of the payment connector.
const PROCESSING_TIME: Duration = Duration::from_secs(1);
/// Time from the last progress marker to the final event.
const RESULT_DELAY: Duration = Duration::from_millis(300);
const CARD_TYPES: &str = "visa mastercard amex";

/// A payment in progress.
#[derive(Debug)]
pub(super) struct PaymentSession {
    pub(super) questions: VecDeque<Question>,
    prompts: Value,
    key_timeout: Duration,
    attempts: u64,
    pub(super) tried: u64,
    card_types: Vec<String>,
    shortest_postal_code: usize,
    pub(super) method: String,
    pub(super) status_url: Option<String>,
    pub(super) card: Card,
    typed: String,
    /// `true` between the last question and the answer of the connector.
    processing: bool,
    /// The outcome, from the moment it is known until the final event is sent.
    pub(super) outcome: Option<PaymentOutcome>,
}

impl PaymentSession {
    pub(super) fn new(request: &Request) -> Self {
        let text = |name: &str| match request.value(name) {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let number = |name: &str| text(name).and_then(|text| text.parse::<f64>().ok());
        let mut questions = VecDeque::from([Question::CardNumber, Question::Expiration]);
        if text("security_code").as_deref() != Some("false") {
            questions.push_back(Question::SecurityCode);
        }
        // A known postal code is not asked for.
        let postal_code = text("postal_code").filter(|code| code != "true" && code != "false");
        if postal_code.is_none() && text("postal_code").as_deref() != Some("false") {
            questions.push_back(Question::PostalCode);
        }
        let types = text("valid_card_types").unwrap_or_else(|| CARD_TYPES.to_owned());
        let types = types.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let whole = |name: &str| match request.value(name) {
            Value::String(text) => text.parse().ok(),
            other => count(other),
        };
        Self {
            questions,
            prompts: request.value("prompts").clone(),
            key_timeout: number("timeout")
                .and_then(|time| Duration::try_from_secs_f64(time).ok())
                .filter(|time| !time.is_zero())
                .unwrap_or(KEY_TIMEOUT),
            attempts: whole("max_attempts").unwrap_or(1).max(1),
            tried: 0,
            card_types: types,
            shortest_postal_code: whole("min_postal_code_length")
                .and_then(|length| usize::try_from(length).ok())
                .unwrap_or(0),
            method: text("payment_method").unwrap_or_else(|| "credit-card".into()),
            status_url: text("status_url"),
            card: Card { postal_code: postal_code.unwrap_or_default(), ..Card::default() },
            typed: String::new(),
            processing: false,
            outcome: None,
        }
    }

    /// Asks the next question. After the last one, passes the card to the connector.
    fn ask(&mut self, context: &mut OperationContext<'_>, error: &str) {
        self.typed.clear();
        let Some(question) = self.questions.front().copied() else {
            self.processing = true;
            self.report_progress(context, "payment-processing", "", None);
            context.after(PROCESSING_TIME, Tick::Done);
            return;
        };
        self.report_progress(context, question.name(), error, None);
        let asking = self.asking_time(context, question, error);
        context.after(asking + self.key_timeout, Tick::DigitTimeout);
        context.cue(question.cue());
    }

    /// Returns the duration of the prompt for a question.
    fn asking_time(&self, context: &OperationContext<'_>, question: Question, error: &str) -> Duration {
        let scenario = context.scenario();
        let attempt = (self.tried + 1).to_string();
        let mut prompts = self.prompts.as_array().into_iter().flatten();
        // Both names of the attempts occur.
        let fits = |prompt: &&Value| {
            prompt["for"] == question.name()
                && lists(&prompt["attempt"], &attempt)
                && lists(&prompt["attempts"], &attempt)
                && (self.card.kind().is_empty() || lists(&prompt["card_type"], self.card.kind()))
                && lists(&prompt["error_type"], error)
        };
        let Some(prompt) = prompts.find(fits) else { return scenario.paced(QUESTION_TIME) };
        let phrases = prompt["actions"].as_array().into_iter().flatten();
        let phrases = phrases.filter_map(|action| action["phrase"].as_str());
        let said: Duration = phrases.map(|phrase| media::speech(scenario, phrase)).sum();
        let time = match media::length(scenario, &prompt["play"], 1) {
            Length::Ends(played) | Length::Breaks(played) => said.saturating_add(played),
            Length::Endless => said,
        };
        if time.is_zero() { scenario.paced(QUESTION_TIME) } else { time }
    }

    /// Checks a complete input.
    fn entered(&mut self, context: &mut OperationContext<'_>) {
        let Some(question) = self.questions.front().copied() else { return };
        let typed = std::mem::take(&mut self.typed);
        if typed.is_empty() {
            self.wrong(context, "timeout");
            return;
        }
        let fits = match question {
            Question::CardNumber => {
                self.card.number.clone_from(&typed);
                passes_luhn(&typed) && typed.len() == self.card.digits()
            }
            Question::Expiration => is_to_come(&typed, context.now()),
            Question::SecurityCode => typed.len() == self.card.code_digits(),
            Question::PostalCode => typed.len() >= self.shortest_postal_code,
        };
        if !fits {
            self.wrong(context, question.complaint());
            return;
        }
        match question {
            Question::CardNumber => {
                if !self.card_types.iter().any(|known| known == self.card.kind()) {
                    self.wrong(context, "invalid-card-type");
                    return;
                }
            }
            Question::Expiration => self.card.expiration = typed,
            Question::SecurityCode => self.card.security_code = typed,
            Question::PostalCode => self.card.postal_code = typed,
        }
        self.questions.pop_front();
        self.tried = 0;
        self.ask(context, "");
    }

    fn wrong(&mut self, context: &mut OperationContext<'_>, error: &'static str) {
        self.tried += 1;
        if self.questions.front() == Some(&Question::CardNumber) {
            self.card.number.clear();
        }
        if self.tried < self.attempts {
            self.ask(context, error);
        } else {
            let code = self.questions.front().map_or("", |question| question.error_code());
            self.end(context, PaymentOutcome::failed("too-many-failed-attempts").error(error, code));
        }
    }

    /// Ends the payment. In the newer specification the final event follows its marker after [`RESULT_DELAY`].
    fn end(&mut self, context: &mut OperationContext<'_>, outcome: PaymentOutcome) {
        let PaymentOutcome { marker: step, state, error, .. } = outcome;
        if context.is_to_specification() {
            if self.outcome.is_some() {
                return;
            }
            self.report_progress(context, step, error, None);
            if context.scenario().other_forms {
                context.cue(Cue::PaymentOver);
                context.finish();
                return;
            }
            for tick in [Tick::Done, Tick::DigitTimeout] {
                context.cancel(tick);
            }
            self.outcome = Some(outcome);
            context.after(RESULT_DELAY, Tick::PaymentResult);
            return;
        }
        match (context.scenario().other_forms, step) {
            (false, _) => self.report_progress(context, step, error, Some(state)),
            (true, "payment-completed") => {
                context.emit(EVENT, json!({"state": state}));
                context.note(format!("payment: {step}"));
            }
            (true, _) => self.report_progress(context, step, error, None),
        }
        context.cue(Cue::PaymentOver);
        context.finish();
    }
}

impl Operation for PaymentSession {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.ask(context, "");
    }

    fn on_digit(&mut self, context: &mut OperationContext<'_>, key: char) {
        if self.processing || self.outcome.is_some() {
            return;
        }
        if key == '*' {
            self.end(context, PaymentOutcome::canceled("caller-interrupted-with-star"));
            return;
        }
        if key != '#' {
            self.typed.push(key);
        }
        let full = match self.questions.front() {
            Some(Question::Expiration) => self.typed.len() == 4,
            Some(Question::SecurityCode) => self.typed.len() == self.card.code_digits(),
            _ => false,
        };
        // A `#` after a complete answer is ignored.
        if full || (key == '#' && !self.typed.is_empty()) {
            self.entered(context);
        } else {
            context.after(self.key_timeout, Tick::DigitTimeout);
        }
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        match tick {
            Tick::PaymentResult => return self.send_result(context),
            Tick::Done => {}
            _ => return self.entered(context),
        }
        let failed = PaymentOutcome::failed("payment-connector-error");
        let outcome = match context.next_payment() {
            Payment::Approved => PaymentOutcome::completed(),
            Payment::CardDeclined => {
                failed.error("card-declined", "706").connector("card_declined", "The card was declined")
            }
            Payment::ConnectorError => failed.connector("502", "The connector gave no usable answer"),
            Payment::Invalid => PaymentOutcome::failed("validation-error"),
        };
        self.end(context, outcome);
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.end(context, PaymentOutcome::failed("internal-error"));
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, _: &Control) -> Outcome {
        self.end(context, PaymentOutcome::canceled("relay-pay-stop"));
        accepted()
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.end(context, PaymentOutcome::failed("caller-hung-up"));
        self.send_result(context);
    }
}

/// Returns `true` if a member of a prompt lists a word or is absent.
fn lists(words: &Value, wanted: &str) -> bool {
    match words {
        Value::String(words) => words.split([' ', ',']).any(|word| word == wanted),
        Value::Number(number) => number.to_string() == wanted,
        _ => true,
    }
}
