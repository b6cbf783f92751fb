//! Queues of calls.

use std::time::Duration;

use serde_json::{Value, json};

use super::calls::{Call, CallKey, OperationView};
use super::session::SessionKey;
use super::timers::{Timer, TimerId};
use super::{SimulatedService, micros};
use crate::methods::ServiceError;
use crate::{Cue, Report};

const EVENT: &str = "calling.call.queue";

/// Interval of the `stats` events of a queued call.
const STATS_INTERVAL: Duration = Duration::from_secs(30);

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    id: String,
    name: String,
    project: String,
    entries: Vec<QueueEntry>,
    /// The number of calls that have left, and the sum of their waiting times.
    served: u32,
    waited: Duration,
}

/// Options of a queue entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueueOptions {
    pub(crate) control_id: String,
    pub(crate) status_url: String,
    /// Maximum waiting time; `None` is no limit.
    pub(crate) limit: Option<Duration>,
}

#[derive(Debug)]
struct QueueEntry {
    id: String,
    call: CallKey,
    control_id: String,
    status_url: String,
    since: Duration,
    /// Timers of the next `stats` event and of the waiting time.
    timers: Vec<TimerId>,
}

impl SimulatedService {
    /// Adds a call to the end of a queue, creating the queue if needed.
    pub(crate) fn enter_queue(
        &mut self,
        key: CallKey,
        session: SessionKey,
        name: &str,
        options: QueueOptions,
    ) -> Result<(), ServiceError> {
        if self.queues.iter().any(|queue| queue.position(key).is_some()) {
            return Err(ServiceError::conflict("Call is already in a queue"));
        }
        let project = self.project_of(session);
        let to_specification = self.scenario.is_to_specification();
        let index = self.queues.iter().position(|queue| queue.name == name && queue.project == project);
        let index = index.unwrap_or_else(|| {
            let (served, waited) = (0, Duration::ZERO);
            let id = if to_specification { self.next_queue_id() } else { String::new() };
            let name = name.to_owned();
            self.queues.push(Queue { id, name, project, entries: Vec::new(), served, waited });
            self.queues.len() - 1
        });
        // In the older description the id is that of the queue entry.
        let id = if to_specification { self.queues[index].id.clone() } else { self.next_queue_id() };
        let mut timers = Vec::new();
        if to_specification {
            let at = |after: Duration| self.now.saturating_add(after);
            let (stats, over) = (at(STATS_INTERVAL), options.limit.map(at));
            timers.push(self.timers.set(stats, Timer::QueueStats(key)));
            timers.extend(over.map(|over| self.timers.set(over, Timer::QueueTimesOut(key))));
        }
        let QueueOptions { control_id, status_url, .. } = options;
        let entry = QueueEntry { id, call: key, control_id, status_url, since: self.now, timers };
        let size = self.queues[index].entries.len() + 1;
        let mut event = self.queues[index].event(&entry, "enqueue");
        event["position"] = size.into();
        event["size"] = size.into();
        self.queues[index].entries.push(entry);
        self.emit_for_call(key, EVENT, event);
        self.report(Report::Noted { call: key.id(), what: format!("waits in queue {name}") });
        self.cue(key, Cue::Queued);
        Ok(())
    }

    fn next_queue_id(&mut self) -> String {
        self.next_entry += 1;
        format!("q-{}", self.next_entry)
    }

    /// Returns the queue entries of a call as operations.
    pub(super) fn queue_entries(&self, key: CallKey) -> impl Iterator<Item = OperationView> {
        let entries = self.queues.iter().flat_map(|queue| &queue.entries);
        entries.filter(move |entry| entry.call == key).map(|entry| OperationView {
            method: "calling.queue.enter".to_owned(),
            control_id: entry.control_id.clone(),
        })
    }

    /// Sends the `stats` event of a queued call and schedules the next one.
    pub(super) fn queue_stats(&mut self, key: CallKey) {
        let found = self.queues.iter().enumerate();
        let Some((index, position)) =
            found.into_iter().find_map(|(at, queue)| Some((at, queue.position(key)?)))
        else {
            return;
        };
        let now = self.now;
        let next = self.timers.set(now.saturating_add(STATS_INTERVAL), Timer::QueueStats(key));
        let queue = &mut self.queues[index];
        queue.entries[position].timers.retain(|timer| timer.due() > now);
        queue.entries[position].timers.push(next);
        let mut event = queue.event(&queue.entries[position], "stats");
        event["position"] = (position + 1).into();
        event["size"] = queue.entries.len().into();
        self.emit_for_call(key, EVENT, event);
    }

    /// Removes a call from its queue when the waiting time is over.
    pub(super) fn expire_queue_entry(&mut self, key: CallKey) {
        if let Some(index) = self.queues.iter().position(|queue| queue.position(key).is_some())
            && let Some(event) = self.remove_from_queue(index, key, "leave")
        {
            self.emit_for_call(key, EVENT, event);
        }
    }

    /// Checks that a request to leave names the control id and the queue of the entry.
    pub(crate) fn check_leaving(
        &self,
        key: CallKey,
        control_id: &str,
        name: &str,
        id: Option<&str>,
    ) -> Result<(), ServiceError> {
        let queue = self.queues.iter().find(|queue| queue.position(key).is_some());
        let entry = queue.and_then(|queue| queue.entries.iter().find(|entry| entry.call == key));
        let (Some(queue), Some(_)) = (queue, entry.filter(|entry| entry.control_id == control_id)) else {
            return Err(ServiceError::new(404, format!("No queue entry with control_id '{control_id}'")));
        };
        if queue.name != name || id.is_some_and(|id| id != queue.id) {
            return Err(ServiceError::bad(format!("Call is not in this queue but in '{}'", queue.name)));
        }
        Ok(())
    }

    /// Removes a call from a queue on request.
    pub(crate) fn leave_queue(&mut self, key: CallKey, name: &str) -> Result<(), ServiceError> {
        let index = self.queues.iter().position(|queue| queue.name == name && queue.position(key).is_some());
        let index =
            index.ok_or_else(|| ServiceError::conflict(format!("Call is not in a queue '{name}'")))?;
        if let Some(event) = self.remove_from_queue(index, key, "leave") {
            self.emit_for_call(key, EVENT, event);
        }
        Ok(())
    }

    /// Removes an ending call from its queue, with an event unless the scenario leaves operations open.
    pub(super) fn leave_queue_at_end(&mut self, key: CallKey) {
        if let Some(index) = self.queues.iter().position(|queue| queue.position(key).is_some())
            && let Some(event) = self.remove_from_queue(index, key, "leave")
            && !self.scenario.leave_operations_open
        {
            self.emit_for_call(key, EVENT, event);
        }
    }

    /// Removes the longest waiting call that can be bridged from a queue of the project. Returns the call and the id of
    /// its entry.
    pub(super) fn take_from_queue(
        &mut self,
        session: SessionKey,
        name: &str,
        can_be_bridged: impl Fn(&Call) -> bool,
    ) -> Option<(CallKey, String)> {
        let project = self.project_of(session);
        let index = self.queues.iter().position(|queue| queue.name == name && queue.project == project)?;
        let fits = |entry: &&QueueEntry| self.calls.get(&entry.call).is_some_and(&can_be_bridged);
        let entry = self.queues[index].entries.iter().find(fits)?;
        let (key, id) = (entry.call, entry.id.clone());
        let event = self.remove_from_queue(index, key, "dequeue")?;
        self.emit_for_call(key, EVENT, event);
        Some((key, id))
    }

    /// Removes a call from its queue. Returns the event.
    fn remove_from_queue(&mut self, index: usize, key: CallKey, status: &str) -> Option<Value> {
        let position = self.queues[index].position(key)?;
        let entry = self.queues[index].entries.remove(position);
        for timer in &entry.timers {
            self.timers.cancel(*timer);
        }
        let queue = &mut self.queues[index];
        queue.served = queue.served.saturating_add(1);
        queue.waited = queue.waited.saturating_add(self.now.saturating_sub(entry.since));
        let mut event = self.queues[index].event(&entry, status);
        if status == "dequeue" {
            if !self.scenario.is_to_specification() {
                event["control_id"] = Value::Null;
            }
            event["dequeue_ts"] = micros(self.now).into();
        } else {
            event["size"] = self.queues[index].entries.len().into();
            event["leave_ts"] = micros(self.now).into();
        }
        let what = format!("{status} of queue {}", self.queues[index].name);
        self.report(Report::Noted { call: key.id(), what });
        Some(event)
    }
}

impl Queue {
    fn event(&self, entry: &QueueEntry, status: &str) -> Value {
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
        self.entries.len()
    }

    fn position(&self, key: CallKey) -> Option<usize> {
        self.entries.iter().position(|entry| entry.call == key)
    }
}
