//! Conferences and their participants.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::calls::CallKey;
use super::session::SessionKey;
use super::timers::Timer;
use super::{NODE, SimulatedService, seconds};
use crate::methods::ServiceError;
use crate::{Cue, Report};

const EVENT: &str = "calling.conference";
const BYTES_PER_SECOND: u64 = 16_000;
/// Interval of the call quality events of a participant.
const QUALITY_INTERVAL: Duration = Duration::from_secs(10);
/// Audio packets per second.
const PACKETS_PER_SECOND: u64 = 50;
/// Bytes per audio packet.
const BYTES_PER_PACKET: u64 = 160;

/// Options of a participant.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a request")]
pub(crate) struct ParticipantOptions {
    pub(crate) muted: bool,
    /// Starts the conference on joining.
    pub(crate) starts: bool,
    /// Ends the conference on leaving.
    pub(crate) ends: bool,
    /// The id of the coached call.
    pub(crate) coach: Option<String>,
    pub(crate) recorded: bool,
    pub(crate) most: usize,
    pub(crate) region: Option<String>,
    /// Sends call quality events.
    pub(crate) quality: bool,
}

#[derive(Debug)]
struct Participant {
    call: CallKey,
    options: ParticipantOptions,
    since: Duration,
    /// The time of the next call quality event.
    next_quality: Option<Duration>,
}

/// A conference. It ends when its last participant leaves.
#[derive(Debug)]
pub(crate) struct Conference {
    id: String,
    name: String,
    project: String,
    most: usize,
    region: Option<String>,
    started: Option<Duration>,
    recorded: bool,
    participants: Vec<Participant>,
}

impl SimulatedService {
    /// Adds a call to the conference with this name, creating the conference if needed. Returns the conference id.
    pub(crate) fn join_conference(
        &mut self,
        key: CallKey,
        session: SessionKey,
        name: &str,
        options: ParticipantOptions,
    ) -> Result<String, ServiceError> {
        let project = self.project_of(session);
        if self.conferences.iter().any(|conference| conference.has(key)) {
            return Err(ServiceError::conflict("Call is already in a conference"));
        }
        let to_specification = self.scenario.is_to_specification();
        let region = to_specification.then(|| "global".to_owned());
        let index = self.conferences.iter().position(|known| known.name == name && known.project == project);
        let index = index.unwrap_or_else(|| {
            self.next_conference += 1;
            self.conferences.push(Conference {
                id: format!("f-{}", self.next_conference),
                name: name.to_owned(),
                project,
                most: options.most,
                region: options.region.clone().or(region),
                started: None,
                recorded: options.recorded,
                participants: Vec::new(),
            });
            self.conferences.len() - 1
        });
        let conference = &mut self.conferences[index];
        if conference.participants.len() >= conference.most {
            return Err(ServiceError::conflict(format!("Conference '{name}' is full")));
        }
        let (muted, starts) = (options.muted, options.starts);
        let next_quality =
            (options.quality && to_specification).then(|| self.now.saturating_add(QUALITY_INTERVAL));
        conference.participants.push(Participant { call: key, options, since: self.now, next_quality });
        let id = conference.id.clone();
        let begins = starts && conference.started.is_none();
        if begins {
            conference.started = Some(self.now);
            let recorded = conference.recorded;
            self.publish_status(index, "conference-start", json!({}));
            if recorded {
                self.publish_status(index, "record-start", json!({}));
            }
        }
        self.publish_participant(index, "participant-join", key);
        if muted {
            self.publish_participant(index, "participant-mute", key);
        }
        if let Some(due) = next_quality {
            self.timers.set(due, Timer::CallQuality(key));
        }
        self.report(Report::Noted { call: key.id(), what: format!("joined conference {name}") });
        self.cue(key, Cue::Conference);
        Ok(id)
    }

    /// Removes a call from a conference.
    pub(crate) fn leave_conference(&mut self, key: CallKey, id: &str) -> Result<(), ServiceError> {
        let index = self.conferences.iter().position(|known| known.id == id && known.has(key));
        let index = index
            .ok_or_else(|| ServiceError::conflict(format!("Call is not in a conference with id '{id}'")))?;
        self.remove_from_conference(index, key);
        Ok(())
    }

    /// Removes an ending call from its conference.
    pub(super) fn leave_conference_at_end(&mut self, key: CallKey) {
        if let Some(index) = self.conferences.iter().position(|known| known.has(key)) {
            self.remove_from_conference(index, key);
        }
    }

    /// Publishes that a participant was put on hold or taken off hold.
    pub(crate) fn set_participant_hold(&mut self, key: CallKey, hold: bool) {
        if let Some(index) = self.conferences.iter().position(|known| known.has(key)) {
            let status = if hold { "participant-hold" } else { "participant-unhold" };
            self.publish_participant(index, status, key);
        }
    }

    /// Publishes the call quality of a participant. All figures are text.
    pub(super) fn call_quality(&mut self, key: CallKey) {
        let Some(index) = self.conferences.iter().position(|known| known.has(key)) else { return };
        let (now, next) = (self.now, self.now.saturating_add(QUALITY_INTERVAL));
        // A participant who left and rejoined also has the timer of the earlier stay.
        let due = |known: &Participant| known.call == key && known.next_quality == Some(now);
        let Some(member) = self.conferences[index].participants.iter().position(due) else { return };
        self.conferences[index].participants[member].next_quality = Some(next);
        let participant = &self.conferences[index].participants[member];
        let lasted = self.now.saturating_sub(participant.since).as_secs();
        let packets = lasted.saturating_mul(PACKETS_PER_SECOND);
        let bytes = packets.saturating_mul(BYTES_PER_PACKET);
        let mut event = self.participant_event(index, "participant-call-quality", participant);
        for (name, figure) in [
            ("rtt_avg", "24.5".to_owned()),
            ("rtt_min", "20".to_owned()),
            ("rtt_max", "31".to_owned()),
            ("out_jitter_min", "0.5".to_owned()),
            ("out_jitter_max", "4".to_owned()),
            ("out_jitter_avg", "1.5".to_owned()),
            ("out_lost", "0".to_owned()),
            ("in_media_bytes", bytes.to_string()),
            ("in_media_packet_count", packets.to_string()),
            ("in_skip_packet_count", "1".to_owned()),
            ("in_jitter_packet_count", "2".to_owned()),
            ("in_dtmf_packet_count", "0".to_owned()),
            ("in_cng_packet_count", "0".to_owned()),
            ("in_flush_packet_count", "3".to_owned()),
            ("in_flaws_total", "4".to_owned()),
            ("in_quality_percentage", "99.5".to_owned()),
            ("in_mos", "4.4".to_owned()),
            ("out_media_bytes", bytes.to_string()),
            ("out_media_packet_count", packets.to_string()),
            ("out_dtmf_packet_count", "0".to_owned()),
            ("out_cng_packet_count", "0".to_owned()),
        ] {
            event[name] = figure.into();
        }
        let audience = self.audience(index);
        self.publish(&audience, &event);
        self.timers.set(next, Timer::CallQuality(key));
    }

    /// Plays an announcement to a conference. Returns `false` if there is no conference with this name.
    pub(super) fn play_announcement(&mut self, name: &str, url: &str) -> bool {
        let Some(index) = self.conference_named(name) else { return false };
        let fails = self.scenario.unplayable.iter().any(|known| known == url);
        let status = if fails { "announcement-fail" } else { "announcement-end" };
        self.publish_status(index, status, json!({"announce_url": url}));
        true
    }

    /// Adds a bot to a conference or removes it. Returns `false` if there is no conference with this name.
    pub(super) fn publish_bot(&mut self, name: &str, joins: bool) -> bool {
        let Some(index) = self.conference_named(name) else { return false };
        self.publish_status(index, if joins { "bot-join" } else { "bot-leave" }, json!({}));
        true
    }

    fn conference_named(&self, name: &str) -> Option<usize> {
        self.conferences.iter().position(|known| known.name == name)
    }

    fn remove_from_conference(&mut self, index: usize, key: CallKey) {
        let Some(member) = self.conferences[index].participants.iter().position(|p| p.call == key) else {
            return;
        };
        let audience = self.audience(index);
        let gone = self.conferences[index].participants.remove(member);
        let event = self.participant_event(index, "participant-leave", &gone);
        self.publish(&audience, &event);
        self.report(Report::Noted {
            call: key.id(),
            what: format!("left conference {}", self.conferences[index].name),
        });
        let everybody_left = self.conferences[index].participants.is_empty();
        if !everybody_left && !gone.options.ends {
            return;
        }
        for left in std::mem::take(&mut self.conferences[index].participants) {
            let event = self.participant_event(index, "participant-leave", &left);
            self.publish(&audience, &event);
        }
        let reason = match gone.options.ends {
            true if self.scenario.is_to_specification() => "participant-with-end-conference-on-exit-left",
            true => "end-on-exit",
            false => "last-participant-left",
        };
        self.end_conference(index, key, reason, &audience);
    }

    fn end_conference(&mut self, index: usize, by: CallKey, reason: &str, audience: &BTreeSet<SessionKey>) {
        let conference = self.conferences.remove(index);
        let mut last = json!({"reason_ended": reason, "call_id_ending_conf": by.id()});
        if let Some(started) = conference.started.filter(|_| conference.recorded) {
            let length = self.now.saturating_sub(started);
            let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            let facts = json!({
                "recording_url": format!("https://files.example/recordings/{}.wav", conference.id),
                "recording_duration": seconds(length),
                "recording_file_size": millis.saturating_mul(BYTES_PER_SECOND) / 1000,
            });
            for (name, value) in facts.as_object().into_iter().flatten() {
                last[name] = value.clone();
            }
            let event = conference.event("record-stop", facts);
            self.publish(audience, &event);
        }
        let event = conference.event("conference-end", last);
        self.publish(audience, &event);
    }

    fn publish_status(&mut self, index: usize, status: &str, more: Value) {
        let event = self.conferences[index].event(status, more);
        let audience = self.audience(index);
        self.publish(&audience, &event);
    }

    fn publish_participant(&mut self, index: usize, status: &str, key: CallKey) {
        let Some(participant) = self.conferences[index].participants.iter().find(|p| p.call == key) else {
            return;
        };
        let event = self.participant_event(index, status, participant);
        let audience = self.audience(index);
        self.publish(&audience, &event);
    }

    fn participant_event(&self, index: usize, status: &str, participant: &Participant) -> Value {
        let call = self.calls.get(&participant.call);
        let mut event = self.conferences[index].event(
            status,
            json!({
                "call_id": participant.call.id(),
                "node_id": NODE,
                "muted": participant.options.muted,
                "hold": call.is_some_and(|call| call.on_hold),
                "coaching": participant.options.coach.is_some(),
                "start_on_join": participant.options.starts,
                "end_on_leave": participant.options.ends,
            }),
        );
        if self.scenario.is_to_specification()
            && let Some(coached) = &participant.options.coach
        {
            event["call_id_to_coach"] = coached.as_str().into();
        }
        if let Some(call) = call {
            event["segment_id"] = call.segment().into();
            event["tag"] = call.tag.as_str().into();
        }
        event
    }

    /// The sessions that control a participant.
    fn audience(&self, index: usize) -> BTreeSet<SessionKey> {
        let calls = self.conferences[index].participants.iter();
        calls.filter_map(|participant| self.calls.get(&participant.call)?.owner).collect()
    }

    fn publish(&mut self, audience: &BTreeSet<SessionKey>, event: &Value) {
        for session in audience {
            self.emit(*session, EVENT, event.clone());
        }
    }
}

impl Conference {
    fn has(&self, key: CallKey) -> bool {
        self.participants.iter().any(|participant| participant.call == key)
    }

    /// An event about the conference, with additional members.
    fn event(&self, status: &str, more: Value) -> Value {
        let mut event = json!({
            "conference_id": self.id,
            "name": self.name,
            "status": status,
            "size": self.participants.len(),
        });
        if let Some(region) = &self.region {
            event["region"] = region.as_str().into();
        }
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
            event.extend(more);
        }
        event
    }
}
