//! Payments: the caller types card number, expiration date and codes.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::media::{self, Length};
use super::validate::{Kind, Param, SECURE_WEB, WEB, count, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::service::operation::{Control, Operation, OperationContext, Tick};
use crate::{Cue, Payment, SimulatedService};

pub(super) const NAME: &str = "calling.pay";
const EVENT: &str = "calling.call.pay";

/// The duration of a question without a prompt.
const QUESTION_TIME: Duration = Duration::from_secs(2);
const KEY_TIMEOUT: Duration = Duration::from_secs(5);
/// The processing time of the payment connector.
const PROCESSING_TIME: Duration = Duration::from_secs(1);
/// Time from the last progress marker to the final event.
const RESULT_DELAY: Duration = Duration::from_millis(300);
const CARD_TYPES: &str = "visa mastercard amex";
/// The month in which every simulation starts, counted from the year 2000.
const FIRST_MONTH: u32 = 25 * 12;

const ACTION: &[Param] =
    &[required("type", Kind::OneOf(&["Say", "Play"])), required("phrase", Kind::AnyText)];

const PROMPT: &[Param] = &[
    required("for", Kind::Differs(&STEP, &Kind::Text)),
    optional("actions", Kind::Objects(ACTION)),
    newer("play", Kind::Media),
    newer("attempt", Kind::SomeChars("0123456789 ")),
    older("attempts", Kind::Scalar),
    newer("require_matching_inputs", TRUTH),
    optional("card_type", Kind::Differs(&CARDS, &Kind::Text)),
    optional("error_type", Kind::Differs(&ERRORS, &Kind::Text)),
];

/// The steps of a payment.
const STEP: Kind = Kind::OneOf(&[
    "payment-card-number",
    "expiration-date",
    "security-code",
    "postal-code",
    "bank-routing-number",
    "bank-account-number",
    "payment-processing",
    "payment-completed",
    "payment-failed",
    "payment-canceled",
]);
const CARDS: Kind = Kind::Words(&["visa", "mastercard", "amex", "maestro", "discover", "jcb", "diners-club"]);
const ERRORS: Kind = Kind::Words(&[
    "timeout",
    "invalid-card-number",
    "invalid-card-type",
    "invalid-date",
    "invalid-security-code",
    "invalid-postal-code",
    "session-in-progress",
    "card-declined",
]);
const BANK_ACCOUNTS: Kind = Kind::OneOf(&["consumer-checking", "consumer-savings", "commercial-checking"]);

// Numbers and booleans are text in the newer specification. Some older clients send JSON numbers and booleans.
const TRUTH: Kind = Kind::OneOf(&["true", "false"]);
const NUMBER: Kind = Kind::SomeChars("0123456789");
const AMOUNT: Kind = Kind::SomeChars("0123456789.");

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("payment_connector_url", Kind::Differs(&SECURE_WEB, &WEB)),
        optional("input", Kind::Differs(&Kind::OneOf(&["dtmf", "voice"]), &Kind::Text)),
        optional("status_url", WEB),
        optional("payment_method", Kind::Differs(&Kind::OneOf(&["credit-card"]), &Kind::Text)),
        optional("bank_account_type", Kind::Differs(&BANK_ACCOUNTS, &Kind::Any)),
        optional("timeout", Kind::Differs(&NUMBER, &Kind::Scalar)),
        optional("max_attempts", Kind::Differs(&NUMBER, &Kind::Scalar)),
        optional("security_code", Kind::Differs(&TRUTH, &Kind::Scalar)),
        optional("postal_code", Kind::Differs(&Kind::Text, &Kind::Scalar)),
        optional("min_postal_code_length", Kind::Differs(&NUMBER, &Kind::Scalar)),
        optional("token_type", Kind::OneOf(&["one-time", "reusable"])),
        optional("charge_amount", Kind::Differs(&AMOUNT, &Kind::Scalar)),
        optional("currency", Kind::Text),
        optional("language", Kind::Text),
        optional("voice", Kind::Text),
        newer("say_voice", Kind::Text),
        optional("description", Kind::AnyText),
        optional("valid_card_types", Kind::Differs(&CARDS, &Kind::Text)),
        optional("parameters", Kind::Objects(&[required("name", Kind::Text), required("value", Kind::Any)])),
        optional("prompts", Kind::Objects(PROMPT)),
    ],
    shape: Shape::Operation,
    message: texts("Processing payment", "OK"),
    run: Run::Function(pay),
}];

fn pay(service: &mut SimulatedService, request: &Request) -> Outcome {
    let prompts = request.value("prompts").as_array().into_iter().flatten();
    for (index, prompt) in prompts.enumerate() {
        if prompt.get("actions").is_none() && prompt.get("play").is_none() {
            return Err(ServiceError::bad(format!("Missing parameter 'prompts[{index}].actions'")));
        }
    }
    let body = PaymentSession::new(request);
    service.start_operation(request, Box::new(body))?;
    accepted()
}

/// A question to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    CardNumber,
    Expiration,
    SecurityCode,
    PostalCode,
}

impl Question {
    fn name(self) -> &'static str {
        match self {
            Self::CardNumber => "payment-card-number",
            Self::Expiration => "expiration-date",
            Self::SecurityCode => "security-code",
            Self::PostalCode => "postal-code",
        }
    }

    fn cue(self) -> Cue {
        match self {
            Self::CardNumber => Cue::CardNumberAsked,
            Self::Expiration => Cue::ExpirationAsked,
            Self::SecurityCode => Cue::SecurityCodeAsked,
            Self::PostalCode => Cue::PostalCodeAsked,
        }
    }

    /// The `payment_error_code` of a failed question.
    fn error_code(self) -> &'static str {
        match self {
            Self::CardNumber => "700",
            Self::Expiration => "701",
            Self::SecurityCode => "702",
            Self::PostalCode => "703",
        }
    }

    fn complaint(self) -> &'static str {
        match self {
            Self::CardNumber => "invalid-card-number",
            Self::Expiration => "invalid-date",
            Self::SecurityCode => "invalid-security-code",
            Self::PostalCode => "invalid-postal-code",
        }
    }
}

#[derive(Debug, Default)]
struct Card {
    number: String,
    expiration: String,
    security_code: String,
    postal_code: String,
}

impl Card {
    fn kind(&self) -> &'static str {
        match self.number.as_bytes() {
            [b'4', ..] => "visa",
            [b'5', b'1'..=b'5', ..] | [b'2', b'2'..=b'7', ..] => "mastercard",
            [b'3', b'4' | b'7', ..] => "amex",
            [b'6', b'0' | b'5', ..] => "discover",
            [b'3', b'5', ..] => "jcb",
            [b'3', b'0' | b'6' | b'8', ..] => "diners-club",
            [b'5' | b'6', ..] => "maestro",
            _ => "",
        }
    }

    fn digits(&self) -> usize {
        if self.kind() == "amex" { 15 } else { 16 }
    }

    fn code_digits(&self) -> usize {
        if self.kind() == "amex" { 4 } else { 3 }
    }

    fn masked(&self) -> String {
        let hidden = self.number.len().saturating_sub(4);
        format!("{}{}", "*".repeat(hidden), self.number.get(hidden..).unwrap_or_default())
    }
}

/// A payment in progress.
#[derive(Debug)]
struct PaymentSession {
    questions: VecDeque<Question>,
    prompts: Value,
    key_timeout: Duration,
    attempts: u64,
    tried: u64,
    card_types: Vec<String>,
    shortest_postal_code: usize,
    method: String,
    status_url: Option<String>,
    card: Card,
    typed: String,
    /// `true` between the last question and the answer of the connector.
    processing: bool,
    /// The outcome, from the moment it is known until the final event is sent.
    outcome: Option<PaymentOutcome>,
}

/// The outcome of a payment.
#[derive(Debug, Clone)]
struct PaymentOutcome {
    /// The `for` of the progress event before the final one.
    marker: &'static str,
    /// The state that the SDKs expect.
    state: &'static str,
    result: &'static str,
    /// The `error_type` word; empty if there is none.
    error: &'static str,
    code: &'static str,
    /// Error code and message of the connector, if it failed.
    connector: Option<(&'static str, &'static str)>,
}

impl PaymentOutcome {
    fn new(marker: &'static str, state: &'static str, result: &'static str) -> Self {
        Self { marker, state, result, error: "", code: "", connector: None }
    }

    fn completed() -> Self {
        Self::new("payment-completed", "finished", "success")
    }

    fn canceled(result: &'static str) -> Self {
        Self::new("payment-canceled", "finished", result)
    }

    fn failed(result: &'static str) -> Self {
        Self::new("payment-failed", "error", result)
    }

    fn error(self, error: &'static str, code: &'static str) -> Self {
        Self { error, code, ..self }
    }

    fn connector(self, code: &'static str, message: &'static str) -> Self {
        Self { connector: Some((code, message)), ..self }
    }
}

impl PaymentSession {
    fn new(request: &Request) -> Self {
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

    /// Sends a progress event of the newer specification, which has no empty members.
    fn send_progress(&self, context: &mut OperationContext<'_>, step: &str, error: &str) {
        let mut event = self.facts();
        event["for"] = step.into();
        if self.questions.front().is_some_and(|question| question.name() == step) {
            event["attempt"] = (self.tried + 1).to_string().into();
        }
        let codes = "*".repeat(self.card.security_code.len());
        for (name, text) in
            [("error_type", error), ("security_code", &codes), ("expiration_date", &self.card.expiration)]
        {
            if !text.is_empty() {
                event[name] = text.into();
            }
        }
        context.emit(EVENT, event);
    }

    /// Returns the members that every event of the newer specification may have.
    fn facts(&self) -> Value {
        let mut event = json!({"payment_method": self.method});
        let number = self.card.masked();
        for (name, text) in [
            ("payment_card_number", number.as_str()),
            ("payment_card_type", self.card.kind()),
            ("payment_card_postal_code", &self.card.postal_code),
        ] {
            if !text.is_empty() {
                event[name] = text.into();
            }
        }
        if let Some(url) = &self.status_url {
            event["status_url"] = url.as_str().into();
            event["status_url_method"] = "POST".into();
        }
        event
    }

    /// Sends the final event of the newer specification and ends the payment.
    fn send_result(&mut self, context: &mut OperationContext<'_>) {
        let Some(outcome) = self.outcome.take() else { return };
        let mut event = self.facts();
        event["result"] = outcome.result.into();
        let codes = "*".repeat(self.card.security_code.len());
        for (name, text) in [
            ("payment_card_security_code", codes.as_str()),
            ("payment_card_expiration_date", &self.card.expiration),
            ("payment_error", outcome.error),
            ("payment_error_code", outcome.code),
        ] {
            if !text.is_empty() {
                event[name] = text.into();
            }
        }
        if let Some((code, message)) = outcome.connector {
            event["payment_connector_error_code"] = code.into();
            event["payment_connector_error_message"] = message.into();
        }
        if outcome.result == "success" {
            let name = context.call_id();
            event["payment_confirmation_code"] = format!("ch_{name}").into();
            event["payment_token"] = format!("tok_{name}").into();
        }
        context.emit(EVENT, event);
        context.note(format!("payment: {}", outcome.result));
        context.cue(Cue::PaymentOver);
        context.finish();
    }

    fn report_progress(
        &self,
        context: &mut OperationContext<'_>,
        step: &str,
        error: &str,
        state: Option<&str>,
    ) {
        let why = if error.is_empty() { String::new() } else { format!(" ({error})") };
        context.note(format!("payment: {step}{why}"));
        if context.is_to_specification() {
            self.send_progress(context, step, error);
            return;
        }
        let mut event = json!({
            "for": step,
            "error_type": error,
            "payment_method": self.method,
            "payment_card_number": self.card.masked(),
            "payment_card_type": self.card.kind(),
            "security_code": "*".repeat(self.card.security_code.len()),
            "expiration_date": self.card.expiration,
            "payment_card_postal_code": self.card.postal_code,
        });
        if let Some(url) = &self.status_url {
            event["status_url"] = url.as_str().into();
            event["status_url_method"] = "POST".into();
        }
        if let Some(state) = state {
            event["state"] = state.into();
        }
        context.emit(EVENT, event);
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

/// Returns `true` if the check digit of a card number is correct.
fn passes_luhn(number: &str) -> bool {
    let digits = number.chars().rev().map(|c| c.to_digit(10));
    let sum = digits.enumerate().try_fold(0, |sum, (index, digit)| {
        let digit = if index % 2 == 1 { digit? * 2 } else { digit? };
        Some(sum + digit / 10 + digit % 10)
    });
    sum.is_some_and(|sum: u32| sum.is_multiple_of(10))
}

/// Returns `true` if the date of a card, month and year with two digits each, is valid and not over.
fn is_to_come(date: &str, now: Duration) -> bool {
    const MONTH: u64 = 30 * 24 * 60 * 60;
    let part = |from: usize| date.get(from..from + 2).and_then(|text| text.parse::<u32>().ok());
    let (Some(month @ 1..=12), Some(year)) = (part(0), part(2)) else { return false };
    let passed = u32::try_from(now.as_secs() / MONTH).unwrap_or(u32::MAX);
    date.len() == 4 && year * 12 + month > FIRST_MONTH.saturating_add(passed)
}
