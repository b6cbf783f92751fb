//! Payments: the caller types card number, expiration date and codes.

mod card;
mod events;
mod session;

use self::session::PaymentSession;
use super::validate::{Kind, Param, SECURE_WEB, WEB, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::SimulatedService;

pub(super) const NAME: &str = "calling.pay";

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
