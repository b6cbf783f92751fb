//! The figures of a sidecar (`calling.ai_sidecar.status`).

use std::borrow::Cow;

use serde_json::Value;

use crate::error::Error;
use crate::json::{object, read_object};
use crate::method::{Accepted, Method, params};

params! {
    /// Parameters of `calling.ai_sidecar.status`.
    pub struct GetSidecarStatus {}
}

impl Method for GetSidecarStatus {
    type Output = SidecarStatus;

    fn name(&self) -> Cow<'static, str> {
        "calling.ai_sidecar.status".into()
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<SidecarStatus, Error> {
        Ok(SidecarStatus::read(&result?.reply.value()))
    }
}

object! {
    /// Figures of an AI sidecar. The service writes them as one text; a figure that is missing or no number is `None`.
    #[derive(PartialEq, Eq)]
    pub struct SidecarStatus {
        /// `true` if the sidecar runs.
        pub running: Option<bool>,
        /// The number of turns.
        pub ticks: Option<u64>,
        /// The number of insights.
        pub insights: Option<u64>,
        /// The number of turns with nothing to report.
        pub skips: Option<u64>,
        /// The number of function calls.
        pub tools: Option<u64>,
        /// The number of errors.
        pub errors: Option<u64>,
        /// The number of tokens that the model read.
        pub in_tokens: Option<u64>,
        /// The number of tokens that the model wrote.
        pub out_tokens: Option<u64>,
        /// The size of the history.
        pub history_size: Option<u64>,
        /// The size of the log of events, in bytes.
        pub event_log_bytes: Option<u64>,
    }
}

impl SidecarStatus {
    /// Reads figures from a result: from its `message`, a list of `name=value`, and from its own members.
    fn read(result: &Value) -> Self {
        let mut figures = result.as_object().cloned().unwrap_or_default();
        let message = figures.remove("message");
        let pairs = message.as_ref().and_then(Value::as_str).unwrap_or_default();
        for (name, value) in pairs
            .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'))
            .filter_map(|pair| pair.split_once('='))
        {
            let value = match value {
                "1" | "yes" if name == "running" => "true",
                "0" | "no" if name == "running" => "false",
                value => value,
            };
            figures.insert(name.to_owned(), value.into());
        }
        // Read leniently, like everything that the service writes.
        read_object(&Value::Object(figures).to_string())
    }
}
