//! Queues of calls, and taking calls out of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::Switchboard;
use super::calls::{Call, CallKey};
use super::session::SessionKey;
use crate::methods::Refused;
use crate::{Cue, Report};

const EVENT: &str = "calling.call.queue";

/// The people waiting in one queue.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    project: String,
    waiting: Vec<Waiting>,
    /// How many have left, and how long they waited together.
    served: u32,
    waited: Duration,
}

#[derive(Debug)]
struct Waiting {
    id: String,
    call: CallKey,
    control_id: String,
    status_url: String,
    since: Duration,
}

impl Switchboard {
    /// Puts a call at the end of a queue, which is made if there is none.
    pub(crate) fn enter_queue(
        &mut self,
        key: CallKey,
        session: SessionKey,
        name: &str,
        control_id: String,
        status_url: &str,
    ) -> Result<(), Refused> {
        if self.queues.iter().any(|queue| queue.position(key).is_some()) {
            return Err(Refused::conflict("Call is already in a queue"));
        }
        let project = self.project_of(session);
        let place = self.queues.iter().position(|queue| queue.name == name && queue.project == project);
        let place = place.unwrap_or_else(|| {
            let (served, waited) = (0, Duration::ZERO);
            self.queues.push(Queue { name: name.to_owned(), project, waiting: Vec::new(), served, waited });
            self.queues.len() - 1
        });
        self.next_entry += 1;
        let id = format!("q-{}", self.next_entry);
        let entry = Waiting { id, call: key, control_id, status_url: status_url.to_owned(), since: self.now };
        let size = self.queues[place].waiting.len() + 1;
        let mut event = self.queues[place].event(&entry, "enqueue");
        event["position"] = size.into();
        event["size"] = size.into();
        self.queues[place].waiting.push(entry);
        self.emit_for_call(key, EVENT, event);
        self.report(Report::Noted { call: key.id(), what: format!("waits in queue {name}") });
        self.cue(key, Cue::Queued);
        Ok(())
    }

    /// Takes a call out of a queue without an answer.
    pub(crate) fn leave_queue(&mut self, key: CallKey, name: &str) -> Result<(), Refused> {
        let place = self.queues.iter().position(|queue| queue.name == name && queue.position(key).is_some());
        let place = place.ok_or_else(|| Refused::conflict(format!("Call is not in a queue '{name}'")))?;
        if let Some(event) = self.leaves_queue(place, key, "leave") {
            self.emit_for_call(key, EVENT, event);
        }
        Ok(())
    }

    /// An ending call waits no more; it is told so unless the scenario leaves operations open.
    pub(super) fn leave_queue_at_end(&mut self, key: CallKey) {
        if let Some(place) = self.queues.iter().position(|queue| queue.position(key).is_some())
            && let Some(event) = self.leaves_queue(place, key, "leave")
            && !self.scenario.leave_operations_open
        {
            self.emit_for_call(key, EVENT, event);
        }
    }

    /// Takes out whoever has waited longest in a queue of a session's project and can be bridged. Gives the call, and
    /// the id of its place in the queue.
    pub(super) fn take_from_queue(
        &mut self,
        session: SessionKey,
        name: &str,
        can_be_bridged: impl Fn(&Call) -> bool,
    ) -> Option<(CallKey, String)> {
        let project = self.project_of(session);
        let place = self.queues.iter().position(|queue| queue.name == name && queue.project == project)?;
        let fits = |entry: &&Waiting| self.calls.get(&entry.call).is_some_and(&can_be_bridged);
        let entry = self.queues[place].waiting.iter().find(fits)?;
        let (key, id) = (entry.call, entry.id.clone());
        let event = self.leaves_queue(place, key, "dequeue")?;
        self.emit_for_call(key, EVENT, event);
        Some((key, id))
    }

    /// Takes a call out of its queue; gives the event of that.
    fn leaves_queue(&mut self, place: usize, key: CallKey, status: &str) -> Option<Value> {
        let index = self.queues[place].position(key)?;
        let entry = self.queues[place].waiting.remove(index);
        let queue = &mut self.queues[place];
        queue.served = queue.served.saturating_add(1);
        queue.waited = queue.waited.saturating_add(self.now.saturating_sub(entry.since));
        let mut event = self.queues[place].event(&entry, status);
        if status == "dequeue" {
            event["control_id"] = Value::Null;
            event["dequeue_ts"] = micros(self.now).into();
        } else {
            event["size"] = self.queues[place].waiting.len().into();
            event["leave_ts"] = micros(self.now).into();
        }
        let what = format!("{status} of queue {}", self.queues[place].name);
        self.report(Report::Noted { call: key.id(), what });
        Some(event)
    }
}

impl Queue {
    fn event(&self, entry: &Waiting, status: &str) -> Value {
        let average = self.waited.checked_div(self.served).unwrap_or_default();
        json!({
            "control_id": entry.control_id,
            "status": status,
            "id": entry.id,
            "name": self.name,
            "position": 0,
            "size": 0,
            "avg_time": average.as_secs(),
            "enqueue_ts": micros(entry.since),
            "dequeue_ts": 0,
            "leave_ts": 0,
            "status_url": entry.status_url,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn position(&self, key: CallKey) -> Option<usize> {
        self.waiting.iter().position(|entry| entry.call == key)
    }
}

/// A time since the start in microseconds since 1970.
fn micros(now: Duration) -> u64 {
    super::EPOCH_SECONDS * 1_000_000 + u64::try_from(now.as_micros()).unwrap_or(u64::MAX / 2)
}
