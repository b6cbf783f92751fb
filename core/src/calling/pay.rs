//! Taking payments by keypad (`calling.pay`).

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{AfterGap, Control, EndHint, Price, SILENCE_TIMEOUT, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::credentials::Secret;
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::{as_text, seconds_as_text};

open_enum! {
    /// What kind of token a payment gives.
    pub enum TokenType {
        /// One that can be charged once.
        OneTime = "one-time",
        /// One that can be charged again; the default.
        Reusable = "reusable",
    }
}

open_enum! {
    /// A step of a payment.
    pub enum PayStep {
        /// The card number is asked for.
        CardNumber = "payment-card-number",
        /// The expiration date is asked for.
        ExpirationDate = "expiration-date",
        /// The security code is asked for.
        SecurityCode = "security-code",
        /// The postal code is asked for.
        PostalCode = "postal-code",
        /// The routing number of a bank is asked for.
        BankRoutingNumber = "bank-routing-number",
        /// The account number at a bank is asked for.
        BankAccountNumber = "bank-account-number",
        /// The payment is under way.
        Processing = "payment-processing",
        /// The payment went through.
        Completed = "payment-completed",
        /// The payment failed.
        Failed = "payment-failed",
        /// The payment was called off.
        Canceled = "payment-canceled",
    }
}

/// What is said at a step of a payment, in place of the service's own words. Made by [`PayPrompt::at`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PayPrompt(Map<String, Value>);

impl PayPrompt {
    /// A prompt for a step. It needs something to say or to play.
    #[expect(clippy::needless_pass_by_value, reason = "steps are named where a prompt is made")]
    pub fn at(step: PayStep) -> Self {
        Self(Map::new()).param("for", step.as_str())
    }

    fn action(mut self, kind: &str, phrase: impl Into<String>) -> Self {
        let actions = self.0.entry("actions").or_insert_with(|| json!([]));
        if let Value::Array(actions) = actions {
            actions.push(json!({"type": kind, "phrase": phrase.into()}));
        }
        self
    }

    /// Says a text.
    pub fn say(self, text: impl Into<String>) -> Self {
        self.action("Say", text)
    }

    /// Plays the audio file at a URL.
    pub fn play(self, url: impl Into<String>) -> Self {
        self.action("Play", url)
    }

    /// The attempts that it is for, such as `1` or `2 3`. Default: all. (The SDKs call it `attempts`, which is what is sent;
    /// the newer specification calls it `attempt`: for a service that follows it, use [`param`](Self::param).)
    pub fn attempts(self, attempts: impl Into<String>) -> Self {
        self.param("attempts", attempts.into())
    }

    /// The card type that it is for, such as `visa`. Default: all.
    pub fn card_type(self, card_type: impl Into<String>) -> Self {
        self.param("card_type", card_type.into())
    }

    /// The error that it is for, such as `timeout` or `invalid-card-number`. Default: none in particular.
    pub fn error_type(self, error_type: impl Into<String>) -> Self {
        self.param("error_type", error_type.into())
    }

    /// Whether the value is asked for twice, and both have to be the same. (By the newer specification.) Default: it is
    /// asked for once.
    pub fn require_matching_inputs(self, yes: bool) -> Self {
        self.param("require_matching_inputs", yes.to_string())
    }

    /// Any member, in place of one of the same name. The newer specification has `attempt` and `play` (a list of media in
    /// place of what is said and played here).
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    fn is_silent(&self) -> bool {
        !["actions", "play"].iter().any(|name| self.0.contains_key(*name))
    }
}

/// A parameter that is handed to the payment connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayParameter {
    name: String,
    value: String,
}

impl PayParameter {
    /// A parameter with a name and a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

params! {
    /// Parameters of `calling.pay`.
    pub struct Pay {
        required { payment_connector_url: String, }
        optional {
            /// How the caller gives the data (`input` on the wire); the service knows `dtmf`. Default: `dtmf`.
            #[serde(rename = "input")]
            input_method: String,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
            /// The means of payment; the service knows `credit-card`. Default: `credit-card`.
            payment_method: String,
            /// The kind of bank account (`consumer-checking`, `consumer-savings`, `commercial-checking`), for a service that
            /// charges one. Default: the service's, `consumer-checking`.
            bank_account_type: String,
            /// How long to wait for the next key (`timeout` on the wire), in whole seconds. Default: the service's,
            /// 5 s. (To limit waiting for the service's answer, use [`timeout`](Request::timeout).)
            #[serde(rename = "timeout", serialize_with = "seconds_as_text")]
            key_timeout: Duration,
            /// How often the caller may try. Default: the service's, once.
            #[serde(serialize_with = "as_text")]
            max_attempts: u32,
            /// Whether the security code is asked for. Default: the service's, yes.
            #[serde(serialize_with = "as_text")]
            security_code: bool,
            /// Whether the postal code is asked for (`true`, `false`), or the code itself. Default: the service's,
            /// `true`.
            postal_code: String,
            /// How long a postal code has to be, in digits. Default: the service's, 0.
            #[serde(serialize_with = "as_text")]
            min_postal_code_length: u32,
            /// What kind of token to make. Default: one that can be charged again.
            token_type: TokenType,
            /// How much to charge. Default: nothing, only a token is made.
            #[serde(serialize_with = "as_text")]
            charge_amount: Price,
            /// The currency, as a three-letter code. Default: the service's, `usd`.
            currency: String,
            /// The language of the prompts, as a BCP-47 tag. Default: the service's, `en-US`.
            language: String,
            /// The voice of the prompts. Default: the service's, `woman`.
            voice: String,
            /// The voice of the prompts when [`voice`](Request::voice) is not given. (By the newer specification.) Default:
            /// none.
            say_voice: String,
            /// What the payment is for. Default: nothing.
            description: String,
            /// Which cards are taken, such as `visa mastercard amex`, separated by spaces. Default: those three.
            valid_card_types: String,
            /// Parameters that are handed to the payment connector. Default: none.
            parameters: Vec<PayParameter>,
            /// What is said at each step. Default: the service's own words.
            prompts: Vec<PayPrompt>,
        }
    }
}

impl Pay {
    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::web_url("payment_connector_url", &self.payment_connector_url)?;
        validate::optional_web_url("status_url", self.status_url.as_deref())?;
        validate::whole("timeout", self.key_timeout)?;
        if let Some(amount) = &self.charge_amount
            && !amount.is_amount()
        {
            return Err(InvalidArgument::new(
                "charge_amount",
                format!("{amount:?} is not an amount such as 12.50"),
            ));
        }
        if self.prompts.iter().flatten().any(PayPrompt::is_silent) {
            return Err(InvalidArgument::new("prompts", "a prompt has nothing to say or to play"));
        }
        Ok(())
    }
}

// The marker of the last step is followed by the event with the outcome, which some services never send.
operation!(
    Pay,
    "calling.pay",
    ControlId,
    PayEvent,
    ends: PayEvent::is_last,
    end_hint: PayEvent::end_hint,
    late: true,
    after_gap: |_| AfterGap::Within(SILENCE_TIMEOUT),
    validate: Pay::validate
);

/// A payment under way. Dropping it lets it go on.
pub type PayAction = Action<Pay>;

impl Action<Pay> {
    /// Calls the payment off (`calling.pay.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let payment = call.pay("https://example.com/pay").await?;
    /// payment.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.pay.stop"))
    }
}

impl Call {
    /// Asks the caller for card data and hands them to a payment connector, by its `https` URL (`calling.pay`).
    ///
    /// Done when the service has accepted it; the [`PayAction`] gives the outcome, with the confirmation code of the
    /// connector.
    ///
    /// # Completion
    ///
    /// The answer of the connector; a question that nobody answers within [`key_timeout`](Request::key_timeout), 5 s by
    /// default, after [`max_attempts`](Request::max_attempts); the star key; [`stop`](Action::stop); the end of the call.
    /// By the newer specification the last event has a [`result`](PayEvent::result), by the SDKs a
    /// [`state`](PayEvent::state), and both are read. If neither follows within 5 s on the marker of the last step
    /// ([`PayStep::Completed`], [`Failed`](PayStep::Failed), [`Canceled`](PayStep::Canceled)), the marker counts as the end.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let payment = call.pay("https://example.com/pay").charge_amount("12.50").max_attempts(3_u32).await?;
    /// let end = payment.wait().await?;
    /// match end.is_success() {
    ///     true => println!("paid: {:?}", end.payment_confirmation_code),
    ///     false => println!("not paid: {:?}", end.outcome()),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn pay(&self, payment_connector_url: impl Into<String>) -> Request<Pay> {
        self.request(Pay::new(payment_connector_url.into()))
    }
}

open_enum! {
    /// The state of a payment, by the SDKs.
    pub enum PayState {
        /// It is over.
        Finished = "finished",
        /// It failed.
        Error = "error",
    }
}

open_enum! {
    /// The outcome of a payment, by the newer specification.
    pub enum PayResult {
        /// The connector took the payment, or made the token.
        Success = "success",
        /// The caller entered something wrong too often.
        TooManyFailedAttempts = "too-many-failed-attempts",
        /// The connector refused, or could not be reached.
        ConnectorError = "payment-connector-error",
        /// The caller pressed the star key.
        Interrupted = "caller-interrupted-with-star",
        /// The payment was stopped by `calling.pay.stop`.
        Stopped = "relay-pay-stop",
        /// The caller hung up.
        HungUp = "caller-hung-up",
        /// The parameters of the payment cannot be used.
        ValidationError = "validation-error",
        /// The service failed.
        InternalError = "internal-error",
    }
}

/// The outcome of a payment, whichever way the service tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayOutcome {
    /// The payment went through, or the token was made.
    Success,
    /// It was called off: by the caller, by `calling.pay.stop`, or because the caller hung up.
    Canceled,
    /// It failed.
    Failed,
}

event! {
    /// `calling.call.pay`: a step of a payment, or its end.
    ///
    /// By the newer specification the end has a [`result`](Self::result) and the fields that say so below; by the SDKs it
    /// has a [`state`](Self::state). [`outcome`](Self::outcome) reads both.
    pub struct PayEvent(Pay, "calling.call.pay", keyed) {
        /// The outcome, at the end, by the newer specification. (An object that some older services send here is in
        /// [`meta`](Self::meta) only.)
        pub result: Option<PayResult>,
        /// The state, by the SDKs: set when the payment is over.
        pub state: PayState,
        /// The step (`for` on the wire).
        #[serde(rename = "for")]
        pub step: PayStep,
        /// The error of the last attempt at the step, such as `invalid-card-number`; empty if there was none.
        pub error_type: String,
        /// The number of the attempt at the step.
        pub attempt: Option<u64>,
        /// The means of payment.
        pub payment_method: Option<String>,
        /// The card number, masked but for the last four digits.
        pub payment_card_number: Option<String>,
        /// The card type.
        pub payment_card_type: Option<String>,
        /// The expiration date, as month and year, at a step.
        pub expiration_date: Option<String>,
        /// The postal code.
        pub payment_card_postal_code: Option<String>,
        /// The security code, masked, at a step. Not printed all the same.
        pub security_code: Option<Secret>,
        /// At the end: the code with which the connector confirms the payment.
        pub payment_confirmation_code: Option<String>,
        /// At the end: the token for further payments. (One document has its kind here.) Not printed.
        pub payment_token: Option<Secret>,
        /// At the end: the error, such as `card-declined`.
        pub payment_error: Option<String>,
        /// At the end: the number of the error.
        pub payment_error_code: Option<String>,
        /// At the end: the connector's own error code.
        pub payment_connector_error_code: Option<String>,
        /// At the end: the connector's own error text.
        pub payment_connector_error_message: Option<String>,
        /// At the end: the security code, masked. Not printed all the same.
        pub payment_card_security_code: Option<Secret>,
        /// At the end: the expiration date, as month and year.
        pub payment_card_expiration_date: Option<String>,
        /// The URL that receives the events as webhooks too, if one was given.
        pub status_url: Option<String>,
        /// How it is called, `GET` or `POST`.
        pub status_url_method: Option<String>,
    }
}

impl PayEvent {
    /// The outcome, if the event tells one: the end does, and the marker of the last step before it.
    pub fn outcome(&self) -> Option<PayOutcome> {
        use PayOutcome::{Canceled, Failed, Success};
        if let Some(result) = self.result.as_ref().filter(|result| !result.as_str().is_empty()) {
            return Some(match result {
                PayResult::Success => Success,
                PayResult::Interrupted | PayResult::Stopped | PayResult::HungUp => Canceled,
                _ => Failed,
            });
        }
        match (&self.step, &self.state) {
            (PayStep::Completed, _) => Some(Success),
            (PayStep::Canceled, _) => Some(Canceled),
            (PayStep::Failed, _) | (_, PayState::Error) => Some(Failed),
            (_, PayState::Finished) => Some(Success),
            _ => None,
        }
    }

    /// Whether the payment went through.
    pub fn is_success(&self) -> bool {
        self.outcome() == Some(PayOutcome::Success)
    }

    fn is_last(&self) -> bool {
        self.result.as_ref().is_some_and(|result| !result.as_str().is_empty())
            || matches!(self.state, PayState::Finished | PayState::Error)
    }

    fn end_hint(&self) -> EndHint {
        match self.step {
            PayStep::Completed | PayStep::Failed | PayStep::Canceled => EndHint::Now,
            // The caller is asked again.
            PayStep::CardNumber
            | PayStep::ExpirationDate
            | PayStep::SecurityCode
            | PayStep::PostalCode
            | PayStep::BankRoutingNumber
            | PayStep::BankAccountNumber => EndHint::NotYet,
            PayStep::Processing | PayStep::Other(_) => EndHint::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_read_in_every_form() {
        for (event, outcome, last) in [
            (r#"{"result":"success"}"#, Some(PayOutcome::Success), true),
            (r#"{"result":"relay-pay-stop"}"#, Some(PayOutcome::Canceled), true),
            (r#"{"result":"caller-interrupted-with-star"}"#, Some(PayOutcome::Canceled), true),
            (r#"{"result":"caller-hung-up"}"#, Some(PayOutcome::Canceled), true),
            (r#"{"result":"too-many-failed-attempts"}"#, Some(PayOutcome::Failed), true),
            (r#"{"result":"something-new"}"#, Some(PayOutcome::Failed), true),
            (r#"{"state":"finished"}"#, Some(PayOutcome::Success), true),
            (r#"{"state":"finished","for":"payment-completed"}"#, Some(PayOutcome::Success), true),
            (r#"{"state":"finished","for":"payment-canceled"}"#, Some(PayOutcome::Canceled), true),
            (r#"{"state":"error","for":"payment-failed"}"#, Some(PayOutcome::Failed), true),
            (r#"{"state":"error"}"#, Some(PayOutcome::Failed), true),
            (r#"{"for":"payment-completed"}"#, Some(PayOutcome::Success), false),
            (r#"{"for":"payment-failed"}"#, Some(PayOutcome::Failed), false),
            (r#"{"for":"payment-canceled","result":null}"#, Some(PayOutcome::Canceled), false),
            (r#"{"for":"payment-card-number","error_type":"timeout","result":{}}"#, None, false),
            (r#"{"for":"payment-processing","result":""}"#, None, false),
            ("{}", None, false),
        ] {
            let read: PayEvent = serde_json::from_str(event).expect("test JSON is readable");
            assert_eq!((read.outcome(), read.is_last()), (outcome, last), "{event}");
        }
    }
}
