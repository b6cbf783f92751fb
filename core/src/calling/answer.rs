//! Answering (`calling.answer`).

use std::time::Duration;

use serde::Serialize;

use super::{Codec, method, rules, setters};
use crate::client::{Call, Request};
use crate::json::whole_seconds;

/// Parameters of `calling.answer`.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codecs: Vec<Codec>,
    #[serde(with = "whole_seconds", skip_serializing_if = "Option::is_none")]
    max_duration: Option<Duration>,
}

method!(Answer, "calling.answer", |answer| rules::whole("max_duration", answer.max_duration));

setters!(Answer {
    /// How long the call may last, in whole seconds. Default: the service's, 4 hours.
    max_duration: Duration,
});

impl Request<Answer> {
    /// Codecs, in order of preference. Default: the service's choice.
    pub fn codecs(mut self, codecs: impl IntoIterator<Item = Codec>) -> Self {
        self.method.codecs = codecs.into_iter().collect();
        self
    }
}

impl Call {
    /// Answers an inbound call (`calling.answer`).
    ///
    /// Done when the service has accepted it; [`wait_for_answered`](Self::wait_for_answered) tells when the
    /// call is answered. Commands may follow at once: the service takes them in order.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.answer().await?;
    /// call.play_tts("Hello!").await?.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn answer(&self) -> Request<Answer> {
        self.request(Answer::default())
    }
}
