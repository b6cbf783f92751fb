//! Refusals of valid requests on demand.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::SimulatedService;
use crate::ScriptedRefusal;

/// The reply to a request that is refused on demand. Except for [`CarriedOut`](Self::CarriedOut) the request is not
/// carried out.
///
/// Every refusal works for every method, `signalwire.connect` included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A result with this three-digit code and text.
    Code(u16, String),
    /// A result with this three-digit code, text and machine-readable details.
    Details {
        /// The three-digit code.
        code: u16,
        /// The text.
        message: String,
        /// The member `data` of the result.
        data: Option<Value>,
        /// The member `message_data` of the result, which `calling.dial` and `calling.connect` have.
        message_data: Option<Value>,
    },
    /// A JSON-RPC error with this code and text.
    RpcError(i64, String),
    /// A result of `signalwire.connect` without `protocol` and without a code.
    WithoutProtocol,
    /// No reply.
    Silence,
    /// This refusal after the request was carried out with all of its events: the outcome is unknown to the client.
    CarriedOut(Box<Refusal>),
}

impl Refusal {
    /// The JSON-RPC codes of the service, each with its usual text.
    pub const RPC_CODES: [(i64, &'static str); 11] = [
        (-32000, "Request timeout"),
        (-32001, "Protocol version not supported"),
        (-32002, "Authentication failed"),
        (-32003, "Not allowed"),
        (-32004, "Not available"),
        (-32005, "Capacity exceeded, try again later"),
        (-32600, "Invalid request"),
        (-32601, "Method not found"),
        (-32602, "Invalid params"),
        (-32603, "Internal error"),
        (-32700, "Parse error"),
    ];

    /// Refuses with a JSON-RPC error and the usual text of its code.
    pub fn rpc(code: i64) -> Self {
        let known = Self::RPC_CODES.iter().find(|(known, _)| *known == code);
        Self::RpcError(code, known.map_or("Refused", |(_, text)| *text).to_owned())
    }

    /// Refuses with this answer after the request has been carried out.
    #[must_use]
    pub fn carried_out(self) -> Self {
        if self.is_carried_out() { self } else { Self::CarriedOut(Box::new(self)) }
    }

    pub(crate) fn is_carried_out(&self) -> bool {
        matches!(self, Self::CarriedOut(_))
    }
}

/// The pending refusals of each method, in the order in which they were requested.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<String, VecDeque<PendingRefusal>>);

/// A pending refusal.
#[derive(Debug)]
struct PendingRefusal {
    refusal: Refusal,
    /// The time at which it begins.
    from: Duration,
    /// The time at which it ends; `None` is never.
    ends: Option<Duration>,
    /// The number of requests left; `None` is no limit.
    left: Option<u32>,
}

impl PendingRefusal {
    fn is_over(&self, now: Duration) -> bool {
        self.left == Some(0) || self.ends.is_some_and(|ends| now >= ends)
    }
}

impl Refusals {
    /// The refusals of a scenario.
    pub(super) fn of(scripted: &[ScriptedRefusal]) -> Self {
        let mut refusals = Self::default();
        for wanted in scripted {
            let ends = wanted.lasts.map(|time| wanted.after.saturating_add(time));
            let left = wanted.times.or(if ends.is_none() { Some(1) } else { None });
            let pending = PendingRefusal { refusal: wanted.refusal.clone(), from: wanted.after, ends, left };
            refusals.add(&wanted.method, pending);
        }
        refusals
    }

    fn add(&mut self, method: &str, pending: PendingRefusal) {
        self.0.entry(method.to_owned()).or_default().push_back(pending);
    }

    /// Takes the first refusal of a method that has begun and is not over.
    fn take(&mut self, method: &str, now: Duration) -> Option<Refusal> {
        let queue = self.0.get_mut(method)?;
        queue.retain(|pending| !pending.is_over(now));
        let pending = queue.iter_mut().find(|pending| pending.from <= now)?;
        if let Some(left) = &mut pending.left {
            *left = left.saturating_sub(1);
        }
        Some(pending.refusal.clone())
    }
}

impl SimulatedService {
    /// Refuses the next request of a method. Several refusals of one method are used in the order in which they were
    /// added.
    pub fn refuse_next(&mut self, method: &str, refusal: Refusal) {
        self.refuse_times(method, refusal, 1);
    }

    /// Refuses the next `times` requests of a method.
    pub fn refuse_times(&mut self, method: &str, refusal: Refusal, times: u32) {
        let pending = PendingRefusal { refusal, from: Duration::ZERO, ends: None, left: Some(times) };
        self.refusals.add(method, pending);
    }

    /// Refuses every request of a method for a span of simulated time. Refusals of the same method that are added later
    /// take effect afterwards.
    pub fn refuse_for(&mut self, now: Duration, method: &str, refusal: Refusal, time: Duration) {
        self.advance(now);
        let ends = Some(now.saturating_add(time));
        self.refusals.add(method, PendingRefusal { refusal, from: now, ends, left: None });
        self.flush();
    }

    /// Drops all pending refusals, those of the scenario included.
    pub fn forget_refusals(&mut self) {
        self.refusals = Refusals::default();
    }

    pub(super) fn take_refusal(&mut self, method: &str) -> Option<Refusal> {
        self.refusals.take(method, self.now)
    }
}
