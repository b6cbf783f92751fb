//! Calls that clients create: dials, connects, and the legs of both.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::calls::{AttemptKey, Call, CallKey, Parent, Source};
use super::parties::Party;
use super::session::SessionKey;
use super::timers::Timer;
use super::{NODE, SimulatedService};
use crate::methods::media::Device;
use crate::scenario::Pickup;
use crate::{CallState, Cue, Reading, Report};

/// Time from the creation of a leg until its phone rings.
const RINGING_DELAY: Duration = Duration::from_millis(100);
/// Time until a busy line or an unknown number is reported.
pub(super) const REJECTION_DELAY: Duration = Duration::from_millis(500);

/// A dial or connect: groups of devices, tried one after the other.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(super) session: SessionKey,
    purpose: Purpose,
    groups: VecDeque<Vec<Device>>,
    /// The undecided legs of the current group.
    legs: Vec<CallKey>,
    last_failure: String,
    last_source: Source,
    dial_options: DialOptions,
}

/// Options of a dial or connect apart from its devices.
#[derive(Debug, Clone, Default)]
pub(crate) struct DialOptions {
    /// Maximum duration of the resulting call.
    pub(crate) limit: Option<Duration>,
    /// Ringing time of a device without a `timeout` of its own.
    pub(crate) ring: Option<Duration>,
    /// Keys sent to the side that answers.
    pub(crate) digits: Option<String>,
}

#[derive(Debug, Clone)]
enum Purpose {
    Dial {
        tag: String,
    },
    /// A single call without dial events.
    Begin {
        tag: String,
    },
    Connect {
        call: CallKey,
        tag: Option<String>,
    },
}

impl SimulatedService {
    pub(crate) fn is_dialling(&self, session: SessionKey, wanted: &str) -> bool {
        self.attempts.values().any(|attempt| {
            attempt.session == session && matches!(&attempt.purpose, Purpose::Dial { tag } if tag == wanted)
        })
    }

    pub(crate) fn start_dial(
        &mut self,
        session: SessionKey,
        tag: &str,
        groups: Vec<Vec<Device>>,
        dial_options: DialOptions,
    ) {
        let targets = groups.iter().flatten().map(|device| device.target().to_owned()).collect();
        self.report(Report::DialStarted { tag: tag.to_owned(), targets });
        let event = json!({"node_id": NODE, "tag": tag, "dial_state": "dialing"});
        self.emit(session, "calling.call.dial", event);
        let groups = if self.take_failure("calling.dial") { Vec::new() } else { groups };
        self.start_attempt(session, Purpose::Dial { tag: tag.to_owned() }, groups, dial_options);
    }

    /// Calls one device. The only events are the states of the call.
    pub(crate) fn begin_call(&mut self, session: SessionKey, tag: &str, device: Device) -> CallKey {
        let key = CallKey(self.next_call + 1);
        let purpose = Purpose::Begin { tag: tag.to_owned() };
        self.start_attempt(session, purpose, vec![vec![device]], DialOptions::default());
        key
    }

    pub(crate) fn start_connect(
        &mut self,
        call: CallKey,
        session: SessionKey,
        tag: Option<&str>,
        groups: Vec<Vec<Device>>,
        dial_options: DialOptions,
    ) {
        let tag = tag.map(str::to_owned);
        let mut event = json!({"connect_state": "connecting"});
        if let Some(tag) = &tag {
            event["tag"] = tag.as_str().into();
        }
        self.emit_for_call(call, "calling.call.connect", event);
        let groups = if self.take_failure("calling.connect") { Vec::new() } else { groups };
        let attempt = self.start_attempt(session, Purpose::Connect { call, tag }, groups, dial_options);
        // A first group with an existing call has already decided the attempt.
        if self.attempts.contains_key(&attempt)
            && let Some(call) = self.calls.get_mut(&call)
        {
            call.attempt = Some(attempt);
        }
    }

    fn start_attempt(
        &mut self,
        session: SessionKey,
        purpose: Purpose,
        groups: Vec<Vec<Device>>,
        dial_options: DialOptions,
    ) -> AttemptKey {
        self.next_attempt += 1;
        let key = AttemptKey(self.next_attempt);
        // An attempt without devices fails at once.
        let last_failure = if groups.is_empty() { "error" } else { "" };
        let attempt = Attempt {
            session,
            purpose,
            groups: groups.into(),
            legs: Vec::new(),
            last_failure: last_failure.to_owned(),
            last_source: Source::None,
            dial_options,
        };
        self.attempts.insert(key, attempt);
        self.next_group(key);
        key
    }

    /// Calls the devices of the next group, or gives up.
    pub(super) fn next_group(&mut self, key: AttemptKey) {
        let Some(attempt) = self.attempts.get_mut(&key) else { return };
        let Some(group) = attempt.groups.pop_front() else {
            self.attempt_failed(key);
            return;
        };
        for device in group {
            if device.kind == "call" || device.kind == "queue" {
                if self.bridge_standing_call(key, &device) {
                    return;
                }
            } else {
                self.create_leg(key, device);
            }
        }
        self.next_group_if_no_legs_left(key);
    }

    fn create_leg(&mut self, attempt: AttemptKey, device: Device) {
        let Some(Attempt { session, purpose, dial_options, .. }) = self.attempts.get(&attempt) else {
            return;
        };
        let (session, purpose, ring) = (*session, purpose.clone(), dial_options.ring);
        let key = self.next_call_key();
        let phone = self.scenario.phone_at(device.target());
        let mut leg = Call::new(key, false, device, self.now);
        leg.owner = Some(session);
        leg.leg_of = Some(attempt);
        leg.party = Party::new(phone.script);
        match purpose {
            Purpose::Dial { tag } | Purpose::Begin { tag } => leg.tag = tag,
            Purpose::Connect { call, tag } => {
                leg.tag = tag.unwrap_or_default();
                leg.follows = Some(call);
                let kind = self.calls.get(&call).map(|call| call.device.kind.clone());
                leg.parent = kind.map(|device_type| Parent { key: call, device_type });
            }
        }
        let at = |after: Duration| self.now.saturating_add(after);
        let (rings, decides, times_out) = (at(RINGING_DELAY), at(phone.ring), at(leg.device.ring_time(ring)));
        let rejected = at(REJECTION_DELAY);
        leg.ring_timers = match phone.pickup {
            Pickup::Busy | Pickup::NotFound => vec![self.timers.set(rejected, Timer::LegDecides(key))],
            Pickup::NoAnswer => vec![
                self.timers.set(rings, Timer::LegRings(key)),
                self.timers.set(times_out, Timer::LegTimesOut(key)),
            ],
            Pickup::Answer | Pickup::Voicemail | Pickup::Decline => vec![
                self.timers.set(rings.min(decides), Timer::LegRings(key)),
                self.timers.set(decides, Timer::LegDecides(key)),
                self.timers.set(times_out, Timer::LegTimesOut(key)),
            ],
        };
        self.report(Report::LegPlaced { call: key.id(), to: leg.device.target().to_owned() });
        self.calls.insert(key, leg);
        if let Some(attempt) = self.attempts.get_mut(&attempt) {
            attempt.legs.push(key);
        }
        self.emit_state(key);
    }

    pub(super) fn ring_leg(&mut self, key: CallKey) {
        if let Some(leg) = self.calls.get_mut(&key)
            && leg.state == CallState::Created
        {
            leg.state = CallState::Ringing;
            self.emit_state(key);
        }
    }

    pub(super) fn resolve_leg(&mut self, key: CallKey) {
        let Some(leg) = self.calls.get(&key) else { return };
        match self.scenario.phone_at(leg.device.target()).pickup {
            Pickup::Answer | Pickup::Voicemail => self.leg_answered(key),
            Pickup::Busy => self.end_call_by(key, "busy", Source::Inbound),
            Pickup::Decline => self.end_call_by(key, "decline", Source::Inbound),
            Pickup::NotFound => self.end_call_by(key, "not_found", Source::Inbound),
            Pickup::NoAnswer => self.end_call(key, "noAnswer"),
        }
    }

    fn leg_answered(&mut self, key: CallKey) {
        let Some(leg) = self.calls.get_mut(&key) else { return };
        let limit = leg.device.max_duration();
        let attempt = leg.leg_of.take().and_then(|attempt| self.attempts.remove(&attempt));
        leg.won = matches!(attempt, Some(Attempt { purpose: Purpose::Dial { .. }, .. }));
        self.answer_call(key, limit);
        self.schedule_step(key, Duration::ZERO);
        let Some(attempt) = attempt else { return };
        for loser in attempt.legs.into_iter().filter(|leg| *leg != key) {
            self.end_call_by(loser, "cancel", Source::Outbound);
        }
        if self.scenario.is_to_specification() {
            self.send_first_digits(key, attempt.dial_options.digits);
        }
        let limit = attempt.dial_options.limit;
        match attempt.purpose {
            Purpose::Dial { tag } => {
                let reading = self.scenario.reading;
                if reading == Reading::Specification {
                    self.set_max_duration(key, limit);
                }
                let Some(mut winner) = self.calls.get(&key).map(|call| call.as_winner(reading)) else {
                    return;
                };
                if self.scenario.other_forms {
                    winner["dial_winner"] = "true".into();
                }
                let event = json!({"node_id": NODE, "tag": tag, "dial_state": "answered", "call": winner});
                self.emit(attempt.session, "calling.call.dial", event);
                self.report(Report::DialAnswered { tag, call: key.id() });
            }
            Purpose::Begin { .. } => {}
            Purpose::Connect { call, tag } => {
                self.set_max_duration(key, limit);
                self.bridge(call, key, tag.as_deref(), json!({}));
            }
        }
    }

    /// A leg ended without being answered.
    pub(super) fn leg_failed(&mut self, attempt: AttemptKey, leg: CallKey, reason: &str, source: Source) {
        if let Some(open) = self.attempts.get_mut(&attempt) {
            open.legs.retain(|other| *other != leg);
            reason.clone_into(&mut open.last_failure);
            open.last_source = source;
            self.next_group_if_no_legs_left(attempt);
        }
    }

    fn next_group_if_no_legs_left(&mut self, key: AttemptKey) {
        if self.attempts.get(&key).is_some_and(|attempt| attempt.legs.is_empty()) {
            self.timers.set(self.now, Timer::NextGroup(key));
        }
    }

    fn attempt_failed(&mut self, key: AttemptKey) {
        let Some(attempt) = self.attempts.remove(&key) else { return };
        match attempt.purpose {
            Purpose::Dial { tag } => {
                let mut event = json!({"node_id": NODE, "tag": tag, "dial_state": "failed"});
                if self.scenario.is_to_specification() {
                    event["reason"] = self.failed_reason(&attempt.last_failure).into();
                    event["source"] = attempt.last_source.word().into();
                } else if self.scenario.other_forms {
                    event["reason"] = self.failed_reason(&attempt.last_failure).into();
                    event["source"] = "outbound".into();
                } else {
                    event["call"] = json!({});
                }
                self.emit(attempt.session, "calling.call.dial", event);
                self.report(Report::DialFailed { tag });
            }
            Purpose::Begin { .. } => {}
            Purpose::Connect { call, tag, .. } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.attempt = None;
                }
                let reason = self.failed_reason(&attempt.last_failure);
                self.connect_failed(call, tag.as_deref(), &reason);
            }
        }
    }

    fn connect_failed(&mut self, call: CallKey, tag: Option<&str>, reason: &str) {
        let mut event = json!({"connect_state": "failed", "failed_reason": reason});
        if let Some(tag) = tag {
            event["tag"] = tag.into();
        }
        self.emit_for_call(call, "calling.call.connect", event);
        self.report(Report::ConnectFailed { call: call.id(), reason: reason.to_owned() });
    }

    /// Cancels the connect of an ending call, and its legs.
    pub(super) fn cancel_connect(&mut self, key: CallKey) {
        let Some(attempt) = self.calls.get_mut(&key).and_then(|call| call.attempt.take()) else { return };
        let Some(attempt) = self.attempts.remove(&attempt) else { return };
        for leg in attempt.legs {
            self.end_call(leg, "cancel");
        }
        if let Purpose::Connect { tag, .. } = attempt.purpose
            && !self.scenario.leave_operations_open
        {
            self.connect_failed(key, tag.as_deref(), "hangup");
        }
    }

    /// Bridges with an existing call: one with a given id, or the next one in a queue. Returns `false` if there is
    /// none.
    fn bridge_standing_call(&mut self, key: AttemptKey, device: &Device) -> bool {
        let Some(Attempt { session, purpose: Purpose::Connect { call, tag, .. }, .. }) =
            self.attempts.get(&key)
        else {
            return false;
        };
        let (call, tag, session) = (*call, tag.clone(), *session);
        let free =
            |other: &Call| other.key != call && other.state == CallState::Answered && other.peer.is_none();
        let queue = device.target();
        let found = if device.kind == "queue" {
            let taken = self.take_from_queue(session, queue, free);
            taken.map(|(other, id)| (other, json!({"queue_id": id, "queue_name": queue})))
        } else {
            let wanted = device.params.get("call_id").and_then(Value::as_str).and_then(CallKey::parse);
            let ours = |other: &Call| free(other) && other.owner == Some(session);
            wanted.filter(|other| self.calls.get(other).is_some_and(ours)).map(|other| (other, json!({})))
        };
        let Some((other, facts)) = found else {
            if let Some(attempt) = self.attempts.get_mut(&key) {
                attempt.last_failure = self.scenario.end_reason("not_found").into();
            }
            return false;
        };
        let legs = self.attempts.remove(&key).map(|attempt| attempt.legs).unwrap_or_default();
        for leg in legs {
            self.end_call(leg, "cancel");
        }
        self.bridge(call, other, tag.as_deref(), facts);
        true
    }

    /// Returns an end reason in the spelling of dial and connect events.
    fn failed_reason(&self, end_reason: &str) -> String {
        let reason = match end_reason {
            "noAnswer" | "" if self.scenario.is_to_specification() && !self.scenario.other_forms => {
                "noAnswer"
            }
            "noAnswer" | "" => "no_answer",
            "notFound" if self.scenario.other_forms => "not_found",
            other => other,
        };
        reason.to_owned()
    }

    /// Sends the keys of `send_digits` to the side that answered.
    fn send_first_digits(&mut self, key: CallKey, digits: Option<String>) {
        if let Some(digits) = digits.filter(|digits| !digits.is_empty()) {
            self.report(Report::DigitsSent { call: key.id(), digits });
            self.cue(key, Cue::DigitsHeard);
        }
    }
}
