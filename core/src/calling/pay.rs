//! Taking payments by keypad (`calling.pay`).

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Price, Steer, operation, params, rules};
use crate::client::{Action, Call, Request};
use crate::credentials::Secret;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::Unprinted;
use crate::open_enum::open_enum;

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
pub struct PayPrompt {
    #[serde(rename = "for")]
    step: PayStep,
    actions: Vec<PayPromptAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct PayPromptAction {
    #[serde(rename = "type")]
    kind: &'static str,
    phrase: String,
}

impl PayPrompt {
    /// A prompt for a step. It needs something to say or to play.
    pub fn at(step: PayStep) -> Self {
        Self { step, actions: Vec::new(), attempts: None, card_type: None, error_type: None }
    }

    /// Says a text.
    pub fn say(mut self, text: impl Into<String>) -> Self {
        self.actions.push(PayPromptAction { kind: "Say", phrase: text.into() });
        self
    }

    /// Plays the audio file at a URL.
    pub fn play(mut self, url: impl Into<String>) -> Self {
        self.actions.push(PayPromptAction { kind: "Play", phrase: url.into() });
        self
    }

    /// The attempts that it is for, such as `1` or `2 3`. Default: all.
    pub fn attempts(mut self, attempts: impl Into<String>) -> Self {
        self.attempts = Some(attempts.into());
        self
    }

    /// The card type that it is for, such as `visa`. Default: all.
    pub fn card_type(mut self, card_type: impl Into<String>) -> Self {
        self.card_type = Some(card_type.into());
        self
    }

    /// The error that it is for, such as `timeout` or `invalid-card-number`. Default: none in particular.
    pub fn error_type(mut self, error_type: impl Into<String>) -> Self {
        self.error_type = Some(error_type.into());
        self
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

// The service takes every value here as text, numbers and truth values too.

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn text<S: Serializer, T: std::fmt::Display>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn seconds_text<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    text(&value.map(|time| time.as_secs()), serializer)
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
            /// How long to wait for the next key (`timeout` on the wire), in whole seconds. Default: the service's,
            /// 5 s. (To limit waiting for the service's answer, use [`timeout`](Request::timeout).)
            #[serde(rename = "timeout", serialize_with = "seconds_text")]
            key_timeout: Duration,
            /// How often the caller may try. Default: the service's, once.
            #[serde(serialize_with = "text")]
            max_attempts: u32,
            /// Whether the security code is asked for. Default: the service's, yes.
            #[serde(serialize_with = "text")]
            security_code: bool,
            /// Whether the postal code is asked for (`true`, `false`), or the code itself. Default: the service's,
            /// `true`.
            postal_code: String,
            /// How long a postal code has to be, in digits. Default: the service's, 0.
            #[serde(serialize_with = "text")]
            min_postal_code_length: u32,
            /// What kind of token to make. Default: one that can be charged again.
            token_type: TokenType,
            /// How much to charge. Default: nothing, only a token is made.
            #[serde(serialize_with = "text")]
            charge_amount: Price,
            /// The currency, as a three-letter code. Default: the service's, `usd`.
            currency: String,
            /// The language of the prompts, as a BCP-47 tag. Default: the service's, `en-US`.
            language: String,
            /// The voice of the prompts. Default: the service's, `woman`.
            voice: String,
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
    fn check(&self) -> Result<(), InvalidArgument> {
        rules::web_url("payment_connector_url", &self.payment_connector_url)?;
        rules::optional_web_url("status_url", self.status_url.as_deref())?;
        rules::whole("timeout", self.key_timeout)?;
        if let Some(amount) = &self.charge_amount
            && !amount.is_amount()
        {
            return Err(InvalidArgument::new(
                "charge_amount",
                format!("{amount:?} is not an amount such as 12.50"),
            ));
        }
        if self.prompts.iter().flatten().any(|prompt| prompt.actions.is_empty()) {
            return Err(InvalidArgument::new("prompts", "a prompt has nothing to say or to play"));
        }
        Ok(())
    }
}

operation!(Pay, "calling.pay", Named, PayEvent, ends: PayEvent::is_last, check: Pay::check);

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
    pub fn stop(&self) -> Request<Steer> {
        self.steer(Steer::new("calling.pay.stop"))
    }
}

impl Call {
    /// Asks the caller for card data and hands them to a payment connector, by its URL (`calling.pay`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let payment = call.pay("https://example.com/pay").charge_amount("12.50").max_attempts(3_u32).await?;
    /// println!("{}", payment.wait().await?.is_completed());
    /// # Ok(()) }
    /// ```
    pub fn pay(&self, payment_connector_url: impl Into<String>) -> Request<Pay> {
        self.request(Pay::new(payment_connector_url.into()))
    }
}

open_enum! {
    /// How a payment is getting on, where the service says so.
    pub enum PayState {
        /// It is over.
        Finished = "finished",
        /// It failed.
        Error = "error",
    }
}

event! {
    /// `calling.call.pay`: a payment got on.
    pub struct PayEvent(Pay, "calling.call.pay", keyed) {
        /// Whether it is over, where the service says so.
        pub state: PayState,
        /// The step (`for` on the wire).
        #[serde(rename = "for")]
        pub step: PayStep,
        /// What went wrong at the step, such as `invalid-card-number`; empty if nothing did.
        pub error_type: String,
        /// The means of payment.
        pub payment_method: Option<String>,
        /// The card number, masked but for the last four digits.
        pub payment_card_number: Option<String>,
        /// The card type.
        pub payment_card_type: Option<String>,
        /// The expiration date, as month and year.
        pub expiration_date: Option<String>,
        /// The postal code.
        pub payment_card_postal_code: Option<String>,
        /// The security code, masked. Not printed all the same.
        pub security_code: Option<Secret>,
        /// The URL that receives the events as webhooks too, if one was given.
        pub status_url: Option<String>,
        /// How it is called, `GET` or `POST`.
        pub status_url_method: Option<String>,
        result: Unprinted,
    }
}

impl PayEvent {
    /// What came of it, in some versions of the service: an object of theirs, or null. Not printed.
    pub fn result(&self) -> &Value {
        &self.result.0
    }

    /// Whether the payment went through.
    pub fn is_completed(&self) -> bool {
        match &self.step {
            PayStep::Other(name) if name.is_empty() => self.state == PayState::Finished,
            step => *step == PayStep::Completed,
        }
    }

    fn is_last(&self) -> bool {
        matches!(self.state, PayState::Finished | PayState::Error)
            || matches!(self.step, PayStep::Completed | PayStep::Failed | PayStep::Canceled)
    }
}
