//! Waiting in a queue (`calling.queue.enter`, `calling.queue.leave`).

use std::time::{Duration, SystemTime};

use super::{AfterGap, method, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::events::event;
use crate::ids::ControlId;
use crate::json::whole_seconds;

params! {
    /// Parameters of `calling.queue.enter`.
    pub struct EnterQueue {
        required { queue_name: String, }
        optional {
            /// What is played while waiting: the URL of an audio file or of a document. Default: the service's.
            wait_url: String,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
            /// The longest wait, in whole seconds, at least 1. Then the call leaves the queue. Default: the
            /// service's, 180 s. (Known to the newer specification only.)
            #[serde(with = "whole_seconds")]
            wait_time: Duration,
            /// A SWML document, or its URL, for the call once it has left the queue. (Known to the newer specification
            /// only.) Default: none.
            execute_after_queue: String,
            /// A SWML document, or its URL, that whoever takes the call hears first. (Known to the newer specification
            /// only.) Default: none.
            whisper_url: String,
        }
    }
}

operation!(
    EnterQueue,
    "calling.queue.enter",
    OptionalControlId,
    QueueEvent,
    ends: |event| matches!(event.status, QueueStatus::Leave | QueueStatus::Dequeue),
    subject: |enter| &enter.queue_name,
    of_event: |event| Some(&*event.queue_name).filter(|name| !name.is_empty()),
    after_gap: |enter| enter.wait_time.map_or(AfterGap::Lasts, AfterGap::limit),
    validate: |enter| {
        validate::not_empty("queue_name", &enter.queue_name)?;
        validate::whole("wait_time", enter.wait_time)?;
        validate::maybe_url("execute_after_queue", enter.execute_after_queue.as_deref())?;
        validate::maybe_url("whisper_url", enter.whisper_url.as_deref())?;
        validate::optional_web_url("status_url", enter.status_url.as_deref())
    }
);

/// A call in a queue. It is over when the call leaves the queue, or is taken from it. Dropping it leaves the call
/// in the queue.
pub type QueueAction = Action<EnterQueue>;

impl Action<EnterQueue> {
    /// Takes the call out of the queue (`calling.queue.leave`). Succeeds if it is out already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let waiting = call.queue_enter("support").await?;
    /// waiting.leave("support").await?;
    /// # Ok(()) }
    /// ```
    pub fn leave(&self, queue_name: impl Into<String>) -> Request<LeaveQueue> {
        self.control(LeaveQueue::new(queue_name.into()))
    }
}

params! {
    /// Parameters of `calling.queue.leave`.
    pub struct LeaveQueue {
        required { queue_name: String, }
        optional {
            /// The queue, by its id. Default: found by its name.
            queue_id: String,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

method!(LeaveQueue, "calling.queue.leave", validate: |leave| {
    validate::not_empty("queue_name", &leave.queue_name)?;
    validate::optional_web_url("status_url", leave.status_url.as_deref())
});

params! {
    /// Parameters of `calling.queue.leave` for a call that another program put into the queue.
    pub struct LeaveQueueAs {
        required { queue_name: String, control_id: ControlId, }
        optional {
            /// The queue, by its id. Default: found by its name.
            queue_id: String,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

method!(LeaveQueueAs, "calling.queue.leave", validate: |leave| {
    validate::not_empty("queue_name", &leave.queue_name)?;
    validate::optional_web_url("status_url", leave.status_url.as_deref())
});

impl Call {
    /// Puts the call into a queue, by its name (`calling.queue.enter`).
    ///
    /// Done when the service has accepted it; the [`QueueAction`] tells when the call is out again.
    ///
    /// # Completion
    ///
    /// Somebody who takes the call from the queue, [`leave`](Action::leave), the end of the call, and
    /// [`wait_time`](Request::wait_time): 180 s by the newer specification, without limit by the SDKs.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let waiting = call.queue_enter("support").await?;
    /// println!("{}", waiting.wait().await?.status);
    /// # Ok(()) }
    /// ```
    pub fn queue_enter(&self, queue_name: impl Into<String>) -> Request<EnterQueue> {
        self.request(EnterQueue::new(queue_name.into()))
    }

    /// Takes the call out of a queue, by the queue's name and the id with which it was put in
    /// (`calling.queue.leave`). With the action at hand, use [`leave`](Action::leave).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.queue_leave("support", "k-10").await?;
    /// # Ok(()) }
    /// ```
    pub fn queue_leave(
        &self,
        queue_name: impl Into<String>,
        control_id: impl Into<ControlId>,
    ) -> Request<LeaveQueueAs> {
        self.request(LeaveQueueAs::new(queue_name.into(), control_id.into()))
    }
}

open_enum! {
    /// What happened to a call in a queue.
    pub enum QueueStatus {
        /// It was put in.
        Enqueue = "enqueue",
        /// It left.
        Leave = "leave",
        /// It was taken out, and connected.
        Dequeue = "dequeue",
        /// It still waits; position and size are told anew.
        Stats = "stats",
    }
}

event! {
    /// `calling.call.queue`: something happened to a call in a queue.
    pub struct QueueEvent(Queue, "calling.call.queue", keyed) {
        /// What happened.
        pub status: QueueStatus,
        /// The queue, by its id (`id` on the wire). By the SDKs it is the id of the call's entry in the queue.
        pub queue_id as "id": String,
        /// The queue's name (`name` on the wire).
        pub queue_name as "name": String,
        /// The call's place in the queue.
        pub position: Option<u64>,
        /// How many are in the queue.
        pub size: Option<u64>,
        /// The average wait of callers.
        pub avg_time: Option<Duration>,
        /// When the call was put in.
        pub enqueue_ts: Option<SystemTime>,
        /// When it was taken out; `None` if it was not.
        pub dequeue_ts: Option<SystemTime>,
        /// When it left; `None` if it did not.
        pub leave_ts: Option<SystemTime>,
        /// The URL that receives the events as webhooks too; empty if none was given.
        pub status_url: Option<String>,
    }
}
