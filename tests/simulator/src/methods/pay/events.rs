//! The events of a payment, and its outcome.

use serde_json::{Value, json};

use super::session::PaymentSession;
use crate::Cue;
use crate::service::operation::OperationContext;

pub(super) const EVENT: &str = "calling.call.pay";

/// The outcome of a payment.
#[derive(Debug, Clone)]
pub(super) struct PaymentOutcome {
    /// The `for` of the progress event before the final one.
    pub(super) marker: &'static str,
    /// The state that the SDKs expect.
    pub(super) state: &'static str,
    result: &'static str,
    /// The `error_type` word; empty if there is none.
    pub(super) error: &'static str,
    code: &'static str,
    /// Error code and message of the connector, if it failed.
    connector: Option<(&'static str, &'static str)>,
}

impl PaymentOutcome {
    fn new(marker: &'static str, state: &'static str, result: &'static str) -> Self {
        Self { marker, state, result, error: "", code: "", connector: None }
    }

    pub(super) fn completed() -> Self {
        Self::new("payment-completed", "finished", "success")
    }

    pub(super) fn canceled(result: &'static str) -> Self {
        Self::new("payment-canceled", "finished", result)
    }

    pub(super) fn failed(result: &'static str) -> Self {
        Self::new("payment-failed", "error", result)
    }

    pub(super) fn error(self, error: &'static str, code: &'static str) -> Self {
        Self { error, code, ..self }
    }

    pub(super) fn connector(self, code: &'static str, message: &'static str) -> Self {
        Self { connector: Some((code, message)), ..self }
    }
}

impl PaymentSession {
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
    pub(super) fn send_result(&mut self, context: &mut OperationContext<'_>) {
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

    pub(super) fn report_progress(
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
}
