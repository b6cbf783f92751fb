//! Answering (`calling.answer`).

use std::time::Duration;

use super::{Codec, method, params, validate};
use crate::client::{Call, Request};
use crate::json::whole_seconds;

params! {
    /// Parameters of `calling.answer`.
    pub struct Answer {
        optional {
            /// How long the call may last, in whole seconds. Default: the service's, which may be none. (4 hours by
            /// another document.)
            #[serde(with = "whole_seconds")]
            max_duration: Duration,
            /// Codecs, in order of preference: PCMU, PCMA, OPUS, G729, G722, AMR-WB, VP8, H264. The newer
            /// specification lets telephone calls have PCMU, PCMA, G729, G722 and AMR-WB, and refuses the others.
            /// Default: the service's choice.
            codecs: Vec<Codec>,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::new()
    }
}

method!(Answer, "calling.answer" => Answer, validate: |answer| {
    validate::whole("max_duration", answer.max_duration)?;
    validate::codecs("codecs", answer.codecs.iter().flatten(), &Codec::OF_CALLS)
});

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
        self.request(Answer::new())
    }
}
