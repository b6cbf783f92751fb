//! Scripted refusals.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::seconds;
use crate::Refusal;

/// Refuses requests of one method: the first one by default, a number of them, or all of them for a time.
///
/// In TOML, `code` is a three-digit number for a result and a negative one for a JSON-RPC error, also as text. Instead
/// of a `code` there may be `silence = true` or `without_protocol = true`.
///
/// ```
/// use signalwire_relay_simulator::{Refusal, Scenario, ScriptedRefusal};
/// use std::time::Duration;
///
/// let scenario = Scenario::from_toml(r#"
///     [[refusal]]
///     method = "signalwire.connect"
///     code = -32005
///     for = 30
///
///     [[refusal]]
///     method = "calling.play"
///     code = "-32603"
///     message = "No idea"
///     times = 2
///     carried_out = true
/// "#)?;
/// let same = Scenario::new()
///     .refusal(
///         ScriptedRefusal::new("signalwire.connect", Refusal::rpc(-32005)).lasting(Duration::from_secs(30)),
///     )
///     .refusal(
///         ScriptedRefusal::new("calling.play", Refusal::RpcError(-32603, "No idea".into()).carried_out())
///             .times(2),
///     );
/// assert_eq!(scenario, same);
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct ScriptedRefusal {
    pub(crate) method: String,
    pub(crate) refusal: Refusal,
    pub(crate) after: Duration,
    pub(crate) lasts: Option<Duration>,
    pub(crate) times: Option<u32>,
}

impl ScriptedRefusal {
    /// Refuses the first request of a method.
    pub fn new(method: impl Into<String>, refusal: Refusal) -> Self {
        Self { method: method.into(), refusal, after: Duration::ZERO, lasts: None, times: None }
    }

    /// Refuses this many requests instead of one.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Refuses for this long: all requests, unless [`times`](Self::times) limits their number too.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = Some(time);
        self
    }

    /// Begins this long after the start of the simulation instead of at once.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

/// The TOML form of a refusal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    method: String,
    code: Option<Code>,
    message: Option<String>,
    data: Option<Value>,
    message_data: Option<Value>,
    #[serde(default)]
    silence: bool,
    #[serde(default)]
    without_protocol: bool,
    #[serde(default)]
    carried_out: bool,
    times: Option<u32>,
    #[serde(default, with = "seconds")]
    after: Duration,
    #[serde(default, rename = "for", with = "some_seconds")]
    lasts: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Code {
    Number(i64),
    Text(String),
}

impl TryFrom<Written> for ScriptedRefusal {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { method, message, data, message_data, times, after, lasts, .. } = written;
        let code = match written.code {
            None => None,
            Some(Code::Number(code)) => Some(code),
            Some(Code::Text(text)) => {
                Some(text.parse().map_err(|_| format!("`code` of a refusal is not a number: {text}"))?)
            }
        };
        let detailed = data.is_some() || message_data.is_some();
        let refusal = match (code, written.silence, written.without_protocol) {
            (None, true, false) if !detailed => Refusal::Silence,
            (None, false, true) if !detailed => Refusal::WithoutProtocol,
            (Some(code), false, false) if code < 0 && !detailed => match message {
                Some(message) => Refusal::RpcError(code, message),
                None => Refusal::rpc(code),
            },
            (Some(code @ 100..=999), false, false) => {
                let code = u16::try_from(code).map_err(|error| error.to_string())?;
                let message = message.unwrap_or_else(|| "Refused".into());
                if detailed {
                    Refusal::Details { code, message, data, message_data }
                } else {
                    Refusal::Code(code, message)
                }
            }
            _ => {
                return Err("a refusal has a `code` (100 to 999, or negative and then without `data`), \
                            `silence` or `without_protocol`"
                    .into());
            }
        };
        let refusal = if written.carried_out { refusal.carried_out() } else { refusal };
        Ok(Self { method, refusal, after, lasts, times })
    }
}

/// Optional seconds.
mod some_seconds {
    use std::time::Duration;

    use serde::Deserializer;

    use super::seconds;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
        seconds::deserialize(source).map(Some)
    }
}
