//! Inbound calls: offering and answering them. The end of every kind of call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::calls::{Call, CallKey, Source};
use super::messages::Incoming;
use super::parties::Party;
use super::schedule::{Schedule, Scheduled};
use super::session::{Session, SessionKey};
use super::timers::Timer;
use super::{NODE, SimulatedService};
use crate::methods::media::Device;
use crate::scenario::When;
use crate::{CallState, Caller, Cue, Message, Report, Scenario, Task};

/// The events without the segment and the tag of their call in the newer specification.
/// The events of operations whose results may follow the end of their call.
const LATE_RESULTS: [&str; 3] = ["calling.call.record", "calling.call.transcribe", "calling.call.fax"];
const UNADDRESSED: [&str; 5] = [
    "calling.call.play",
    "calling.call.collect",
    "calling.call.send_digits",
    "calling.call.pay",
    "calling.call.queue",
];
/// Maximum number of inbound calls that wait for a subscriber; further ones get a busy tone.
pub(super) const MAX_PENDING_CALLS: usize = 1000;

/// The session that received the last call, message or task of each project and context.
pub(super) type Rotation = BTreeMap<(String, String), SessionKey>;

impl Scheduled for Caller {
    fn when(&self) -> When {
        self.when
    }

    fn context(&self) -> &str {
        &self.context
    }

    fn items(scenario: &Scenario) -> &[Self] {
        &scenario.callers
    }

    fn schedule(service: &mut SimulatedService) -> &mut Schedule {
        &mut service.schedules.callers
    }

    fn timer(index: usize) -> Timer {
        Timer::CallerDials(index)
    }

    fn start(self, service: &mut SimulatedService, index: usize) {
        service.start_inbound_call(self, Some(index));
    }
}

impl SimulatedService {
    /// Creates an inbound call and offers it. Over [`MAX_PENDING_CALLS`] the caller gets a busy tone.
    pub(super) fn start_inbound_call(&mut self, caller: Caller, scripted: Option<usize>) -> CallKey {
        let key = self.next_call_key();
        let device = Device::phone(&caller.from, &caller.to);
        let mut call = Call::new(key, true, device, self.now);
        call.context = caller.context;
        call.project = caller.project;
        if self.scenario.other_forms {
            call.state = CallState::Ringing;
        }
        call.party = Party::new(caller.script);
        call.scripted = scripted;
        let due = self.now.saturating_add(caller.patience);
        call.ring_timers.push(self.timers.set(due, Timer::PatienceEnds(key)));
        self.report(Report::CallPlaced {
            call: key.id(),
            from: caller.from,
            to: caller.to,
            context: call.context.clone(),
        });
        self.calls.insert(key, call);
        if self.pending_calls.len() >= MAX_PENDING_CALLS {
            self.end_call(key, "busy");
            return key;
        }
        self.schedule_step(key, Duration::ZERO);
        self.offer(key);
        key
    }

    /// Adds contexts to a session and offers it the calls that waited for them.
    pub(crate) fn subscribe(&mut self, session: SessionKey, contexts: &[String]) {
        let Some(subscriber) = self.sessions.get_mut(&session) else { return };
        subscriber.contexts.extend(contexts.iter().cloned());
        if let Some(connection) = subscriber.connection {
            self.report(Report::Subscribed { connection, contexts: contexts.to_vec() });
        }
        self.arm_from_subscription::<Caller>(contexts);
        self.arm_from_subscription::<Message>(contexts);
        self.arm_from_subscription::<Task>(contexts);
        self.offer_pending();
    }

    /// Offers every pending call, message and task again.
    pub(super) fn offer_pending(&mut self) {
        for key in std::mem::take(&mut self.pending_calls) {
            self.offer(key);
        }
        self.deliver_pending::<Incoming>();
        self.deliver_pending::<Task>();
    }

    /// Offers a call to the next subscriber of its context in turn. Without a subscriber the call waits.
    fn offer(&mut self, key: CallKey) {
        let Some(call) = self.calls.get(&key) else { return };
        let Some(session) = self.next_subscriber(call) else {
            self.pending_calls.push(key);
            return;
        };
        let Some(subscriber) = self.sessions.get(&session) else { return };
        self.rotation.insert((subscriber.project.clone(), call.context.clone()), session);
        let event = call.offer(&subscriber.project);
        let connection = subscriber.connection;
        if let Some(call) = self.calls.get_mut(&key) {
            call.owner = Some(session);
            call.project = Some(subscriber.project.clone());
        }
        self.emit(session, "calling.call.receive", event);
        if let Some(to) = connection {
            self.report(Report::CallOffered { call: key.id(), to });
        }
    }

    /// Takes a call away from the session that transferred it. Its operations end, and requests of the session are
    /// refused from now on. The session still receives the state events, and so learns of the end. A call that is
    /// transferred to a context is offered there in its current state, or waits for a subscriber.
    pub(crate) fn transfer_away(&mut self, key: CallKey, context: Option<&str>) {
        self.clear_operations(key);
        self.cancel_connect(key);
        self.unbridge(key);
        self.leave_queue_at_end(key);
        self.leave_conference_at_end(key);
        self.take_refer(key);
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.bindings.clear();
        call.transferred_by = call.owner.take();
        if let Some(context) = context {
            let session = call.transferred_by;
            context.clone_into(&mut call.context);
            let project = session.map(|session| self.project_of(session));
            if let Some(call) = self.calls.get_mut(&key) {
                call.project = project.or(call.project.take());
                call.passed_by.clear();
            }
            self.offer(key);
        }
    }

    /// Sends a user event to every session that reads the context of a call. Without a context only the owner receives
    /// it.
    pub(crate) fn send_user_event(
        &mut self,
        key: CallKey,
        members: &serde_json::Map<String, serde_json::Value>,
    ) {
        let Some(call) = self.calls.get(&key) else { return };
        let Some(owner) = call.owner else { return };
        let mut event = serde_json::Value::Object(members.clone());
        event["call_id"] = json!(key.id());
        event["node_id"] = json!(NODE);
        event["segment_id"] = json!(call.segment());
        let (context, project) = (call.context.clone(), self.project_of(owner));
        let reads = |session: &Session| session.project == project && session.contexts.contains(&context);
        let mut recipients: Vec<_> =
            self.sessions.iter().filter(|(_, session)| reads(session)).map(|(key, _)| *key).collect();
        if context.is_empty() {
            recipients = vec![owner];
        }
        for session in recipients {
            self.emit(session, "calling.user_event", event.clone());
        }
    }

    /// Offers a passed call to another subscriber. If there is none, the call ends, or begins anew with those that have
    /// passed it.
    pub(crate) fn offer_again(&mut self, key: CallKey) {
        let Some(call) = self.calls.get(&key) else { return };
        let is_left = self.next_subscriber(call).is_none();
        if !is_left {
            self.offer(key);
        } else if self.scenario.passed_calls_come_again {
            if let Some(call) = self.calls.get_mut(&key) {
                call.passed_by.clear();
            }
            self.offer(key);
        } else {
            self.end_call(key, "noAnswer");
        }
    }

    fn next_subscriber(&self, call: &Call) -> Option<SessionKey> {
        let project = self.project_for(call.project.as_deref(), &call.context)?;
        self.next_in_turn(&self.rotation, &project, &call.context, |key| !call.passed_by.contains(key))
    }

    /// Returns the project that receives an item of a context. If the scenario names none, it is the project of the
    /// oldest session that reads the context, connected sessions first.
    pub(super) fn project_for(&self, known: Option<&str>, context: &str) -> Option<String> {
        let readers = || self.sessions.values().filter(|session| session.contexts.contains(context));
        let first = || readers().find(|session| session.connection.is_some()).or_else(|| readers().next());
        known.map(str::to_owned).or_else(|| Some(first()?.project.clone()))
    }

    /// Returns the next session in turn that reads a context for a project, is connected and passes the filter.
    pub(super) fn next_in_turn(
        &self,
        rotation: &Rotation,
        project: &str,
        context: &str,
        may: impl Fn(&SessionKey) -> bool,
    ) -> Option<SessionKey> {
        let last = rotation.get(&(project.to_owned(), context.to_owned())).copied();
        let reads = |key: &SessionKey| {
            let session = self.sessions.get(key).filter(|session| session.connection.is_some());
            may(key) && session.is_some_and(|s| s.project == project && s.contexts.contains(context))
        };
        let after = self.sessions.keys().copied().filter(|key| Some(*key) > last);
        let around = self.sessions.keys().copied().filter(|key| Some(*key) <= last);
        after.chain(around).find(reads)
    }

    pub(crate) fn answer_call(&mut self, key: CallKey, limit: Option<Duration>) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.state = CallState::Answered;
        call.answered = Some(self.now);
        for id in std::mem::take(&mut call.ring_timers) {
            self.timers.cancel(id);
        }
        self.set_max_duration(key, limit);
        self.emit_state(key);
        self.report(Report::CallAnswered { call: key.id() });
        self.cue(key, Cue::Answered);
    }

    pub(super) fn set_max_duration(&mut self, key: CallKey, limit: Option<Duration>) {
        let Some(limit) = limit else { return };
        let due = self.now.saturating_add(limit);
        let timer = self.timers.set(due, Timer::MaxDuration(key));
        if let Some(call) = self.calls.get_mut(&key)
            && let Some(old) = call.max_timer.replace(timer)
        {
            self.timers.cancel(old);
        }
    }

    /// Ends a call: sends the terminal events of its operations, ends the bridge, sends `ending` and `ended`.
    pub(crate) fn end_call(&mut self, key: CallKey, reason: &str) {
        self.end_call_by(key, reason, Source::None);
    }

    /// Ends a call on behalf of one side.
    pub(crate) fn end_call_by(&mut self, key: CallKey, reason: &str, source: Source) {
        let reason = self.scenario.end_reason(reason);
        let Some(call) = self.calls.get(&key).filter(|call| call.state < CallState::Ending) else { return };
        let was_answered = call.state == CallState::Answered;
        let inbound = call.inbound;
        self.clear_operations(key);
        self.cancel_connect(key);
        self.leave_bridge(key);
        self.leave_queue_at_end(key);
        self.leave_conference_at_end(key);
        self.cancel_refer(key);
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.end_reason = Some(reason.to_owned());
        call.end_source = source;
        call.ended = Some(self.now);
        let timers = call.ring_timers.drain(..).chain(call.max_timer.take()).chain(call.party.timer());
        for id in timers {
            self.timers.cancel(id);
        }
        call.state = CallState::Ending;
        if was_answered || inbound {
            self.emit_state(key);
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.state = CallState::Ended;
        self.emit_state(key);
        self.report(Report::CallEnded { call: key.id(), reason: reason.to_owned() });
        let Some(call) = self.calls.remove(&key) else { return };
        self.pending_calls.retain(|pending| *pending != key);
        let owner = call.owner.and_then(|owner| self.sessions.get(&owner)).and_then(|s| s.connection);
        self.remember_ended(call.view(owner));
        if let Some(index) = call.scripted {
            self.finish_item::<Caller>(index);
        }
        if let Some(attempt) = call.leg_of {
            self.leg_failed(attempt, key, reason, source);
        }
    }

    pub(super) fn emit_state(&mut self, key: CallKey) {
        if let Some(call) = self.calls.get(&key) {
            let mut event = call.state_event(self.scenario.reading);
            if self.scenario.other_forms {
                match event["end_reason"].as_str() {
                    Some("noAnswer") => event["end_reason"] = "no_answer".into(),
                    Some("decline") => event["end_reason"] = "declined".into(),
                    Some("maxDuration") => event["end_reason"] = "max_duration".into(),
                    Some("notFound") => event["end_reason"] = "not_found".into(),
                    _ => {}
                }
            }
            if let Some(call) = self.calls.get(&key)
                && let Some(former) = call.transferred_by.filter(|former| call.owner != Some(*former))
            {
                let mut event = event.clone();
                event["call_id"] = json!(key.id());
                event["node_id"] = json!(NODE);
                self.emit(former, "calling.call.state", event);
            }
            self.emit_for_call(key, "calling.call.state", event);
        }
    }

    /// Sends an event about a call to its owner. The ids are added.
    pub(crate) fn emit_for_call(&mut self, key: CallKey, event_type: &str, mut params: serde_json::Value) {
        let Some(call) = self.calls.get(&key) else { return };
        let Some(owner) = call.owner else { return };
        params["call_id"] = json!(key.id());
        params["node_id"] = json!(NODE);
        if self.scenario.is_to_specification() && !UNADDRESSED.contains(&event_type) {
            params["segment_id"] = json!(call.segment());
            if params.get("tag").is_none() && !call.tag.is_empty() {
                params["tag"] = json!(call.tag);
            }
        }
        if self.is_ending_call
            && !self.scenario.results_follow_end.is_zero()
            && LATE_RESULTS.contains(&event_type)
        {
            let due = self.now.saturating_add(self.scenario.results_follow_end);
            self.timers.set(due, Timer::ResultReady(owner, event_type.to_owned(), params));
            return;
        }
        self.emit(owner, event_type, params);
    }
}
