//! A call, and the events that describe it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::bindings::Binding;
use super::operation::Active;
use super::parties::Party;
use super::session::SessionKey;
use super::timers::TimerId;
use super::{NODE, epoch, millis};
use crate::methods::media::Device;
use crate::{ConnectionId, Reading};

/// The audio quality of every call, from 1 to 5.
const AUDIO_IN_MOS: f64 = 4.5;

/// The number of a call, as in `c-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallKey(pub(super) u64);

impl CallKey {
    pub(crate) fn id(self) -> String {
        format!("c-{}", self.0)
    }

    pub(crate) fn parse(id: &str) -> Option<Self> {
        id.strip_prefix("c-")?.parse().ok().map(Self)
    }
}

/// A running operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationKey(pub(super) u64);

/// A dial or connect under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttemptKey(pub(super) u64);

/// The state of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallState {
    /// Created, not ringing yet.
    Created,
    /// Ringing.
    Ringing,
    /// Answered.
    Answered,
    /// Being torn down.
    Ending,
    /// Ended.
    Ended,
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Ending => "ending",
            Self::Ended => "ended",
        })
    }
}

/// The side that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The party on the call, or the remote network.
    Inbound,
    /// The application.
    Outbound,
    /// Neither: a time limit or another call.
    None,
}

impl Source {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::None => "none",
        }
    }
}

/// The call whose connect created another call.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) key: CallKey,
    pub(super) device_type: String,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Call {
    pub(super) key: CallKey,
    pub(crate) state: CallState,
    pub(super) inbound: bool,
    pub(super) device: Device,
    pub(super) context: String,
    /// The project of the call; `None` until the first offer unless the scenario names one.
    pub(super) project: Option<String>,
    pub(super) tag: String,
    /// The session that controls the call: the call was offered to it or created by it.
    pub(crate) owner: Option<SessionKey>,
    pub(crate) passed_by: BTreeSet<SessionKey>,
    /// The other side of a bridge.
    pub(crate) peer: Option<CallKey>,
    /// `true` on the side that requested the bridge; that side receives the connect events.
    pub(super) asked_for_bridge: bool,
    /// The call that this one was created for. This call ends with it.
    pub(super) follows: Option<CallKey>,
    /// The call whose connect created this one.
    pub(super) parent: Option<Parent>,
    /// The session that transferred the call away. It still receives the state events.
    pub(super) transferred_by: Option<SessionKey>,
    /// The pending SIP transfer: its timer and its target.
    pub(super) referring: Option<(TimerId, String)>,
    /// `true` once this call has won a dial.
    pub(super) won: bool,
    /// The connect under way for this call.
    pub(crate) attempt: Option<AttemptKey>,
    /// The undecided dial or connect that this call is a leg of.
    pub(super) leg_of: Option<AttemptKey>,
    pub(crate) operations: Vec<Active>,
    pub(crate) bindings: Vec<Binding>,
    /// The keys pressed since a binding was last triggered.
    pub(super) keys_pressed: String,
    pub(crate) on_hold: bool,
    pub(crate) party: Party,
    /// Cancelled when the call is answered or ends.
    pub(super) ring_timers: Vec<TimerId>,
    /// Cancelled when the call ends.
    pub(super) max_timer: Option<TimerId>,
    /// The index of the caller in the scenario.
    pub(super) scripted: Option<usize>,
    pub(super) end_reason: Option<String>,
    pub(super) end_source: Source,
    pub(super) started: Duration,
    pub(super) answered: Option<Duration>,
    pub(super) ended: Option<Duration>,
}

impl Call {
    pub(super) fn new(key: CallKey, inbound: bool, device: Device, now: Duration) -> Self {
        Self {
            key,
            state: CallState::Created,
            inbound,
            device,
            context: String::new(),
            project: None,
            tag: String::new(),
            owner: None,
            passed_by: BTreeSet::new(),
            peer: None,
            asked_for_bridge: false,
            follows: None,
            parent: None,
            transferred_by: None,
            referring: None,
            won: false,
            attempt: None,
            leg_of: None,
            operations: Vec::new(),
            bindings: Vec::new(),
            keys_pressed: String::new(),
            on_hold: false,
            party: Party::default(),
            ring_timers: Vec::new(),
            max_timer: None,
            scripted: None,
            end_reason: None,
            end_source: Source::None,
            started: now,
            answered: None,
            ended: None,
        }
    }

    pub(crate) fn id(&self) -> String {
        self.key.id()
    }

    pub(crate) fn is_inbound(&self) -> bool {
        self.inbound
    }

    /// Returns `true` for a call over the telephone network.
    pub(crate) fn is_telephone(&self) -> bool {
        self.device.kind == "phone"
    }

    fn direction(&self) -> &'static str {
        if self.inbound { "inbound" } else { "outbound" }
    }

    /// The numbers of the caller and of the callee.
    pub(crate) fn numbers(&self) -> (String, String) {
        (self.device.origin().to_owned(), self.device.target().to_owned())
    }

    pub(crate) fn segment(&self) -> String {
        format!("s-{}", self.key.0)
    }

    /// The inner params of `calling.call.receive`.
    pub(super) fn offer(&self, project: &str) -> Value {
        json!({
            "call_id": self.id(),
            "node_id": NODE,
            "project_id": project,
            "context": self.context,
            "segment_id": self.segment(),
            "tag": self.tag,
            "call_state": self.state.to_string(),
            "direction": self.direction(),
            "device": self.device.json(),
        })
    }

    /// The inner params of `calling.call.state`, without the ids.
    pub(super) fn state_event(&self, reading: Reading) -> Value {
        let mut event = self.facts(reading);
        if reading == Reading::Specification {
            let time = |time: Option<Duration>| time.map_or(0, millis);
            event["start_time"] = time(Some(self.started)).into();
            event["answer_time"] = time(self.answered).into();
            event["end_time"] = time(self.ended).into();
            if self.state == CallState::Ended && self.answered.is_some() {
                event["audio_in_mos"] = AUDIO_IN_MOS.into();
            }
            return event;
        }
        event["start_time"] = epoch(self.started).into();
        if let Some(time) = self.answered {
            event["answer_time"] = epoch(time).into();
        }
        if let Some(time) = self.ended {
            event["end_time"] = epoch(time).into();
        }
        if self.inbound {
            event["context"] = self.context.as_str().into();
        }
        event
    }

    /// The members that state events and the outcome of a dial share.
    fn facts(&self, reading: Reading) -> Value {
        let mut facts = json!({
            "segment_id": self.segment(),
            "tag": self.tag,
            "call_state": self.state.to_string(),
            "direction": self.direction(),
            "device": self.device.json(),
        });
        let to_specification = reading == Reading::Specification;
        if let Some(reason) = &self.end_reason
            && self.state == CallState::Ended
        {
            facts["end_reason"] = reason.as_str().into();
            if to_specification {
                facts["end_source"] = self.end_source.word().into();
            }
        }
        // Some clients recognize the legs of a connect by the peer alone, and need it before the bridge.
        if let Some(peer) = self.peer.or(self.follows) {
            facts["peer"] = json!({"call_id": peer.id(), "node_id": NODE});
        }
        if let Some(Parent { key, device_type }) = &self.parent {
            facts["parent"] = json!({"call_id": key.id(), "node_id": NODE, "device_type": device_type});
        }
        if to_specification {
            if self.won {
                facts["dial_winner"] = "true".into();
            }
            if self.device.kind == "sip" {
                facts["sip_data"] = sip_data(&self.device);
            }
        }
        facts
    }

    /// The call as a peer in the events of another call.
    pub(super) fn as_party(&self) -> Value {
        json!({"call_id": self.id(), "node_id": NODE, "tag": self.tag, "device": self.device.json()})
    }

    pub(super) fn as_winner(&self, reading: Reading) -> Value {
        if reading == Reading::Specification {
            let mut winner = self.facts(reading);
            winner["call_id"] = self.id().into();
            winner["node_id"] = NODE.into();
            return winner;
        }
        let mut winner = self.as_party();
        winner["dial_winner"] = true.into();
        winner["call_state"] = self.state.to_string().into();
        winner["direction"] = self.direction().into();
        winner["segment_id"] = self.segment().into();
        winner
    }

    pub(super) fn view(&self, owner: Option<ConnectionId>) -> CallView {
        let operation = |active: &Active| OperationView {
            method: active.method.to_owned(),
            control_id: active.control_id.clone(),
        };
        CallView {
            call_id: self.id(),
            state: self.state,
            inbound: self.inbound,
            from: self.device.origin().to_owned(),
            to: self.device.target().to_owned(),
            context: self.context.clone(),
            tag: self.tag.clone(),
            controller: owner,
            peer: self.peer.map(CallKey::id),
            operations: self.operations.iter().map(operation).collect(),
            end_reason: self.end_reason.clone(),
        }
    }
}

/// The SIP headers of a call, as state events show them.
fn sip_data(device: &Device) -> Value {
    let mut data = Map::new();
    let (from, to) = (device.origin(), device.target());
    for (name, uri) in [("req", to), ("from", from), ("to", to), ("contact", from)] {
        let bare = uri.trim_start_matches("sips:").trim_start_matches("sip:");
        let (address, params) = bare.split_once(';').unwrap_or((bare, ""));
        let (user, host) = address.split_once('@').unwrap_or(("", address));
        let (host, port) = host.split_once(':').unwrap_or((host, "5060"));
        let params: Map<_, _> = params
            .split(';')
            .filter(|param| !param.is_empty())
            .map(|param| param.split_once('=').unwrap_or((param, "")))
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        data.insert(format!("sip_{name}_user"), user.into());
        data.insert(format!("sip_{name}_uri"), address.into());
        data.insert(format!("sip_{name}_host"), host.into());
        if name == "contact" {
            data.insert("sip_contact_port".into(), port.into());
        }
        data.insert(format!("sip_{name}_params"), params.into());
    }
    Value::Object(data)
}

/// A snapshot of a call, for assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallView {
    /// The call id.
    pub call_id: String,
    /// The state.
    pub state: CallState,
    /// `true` for an inbound call, `false` for one that a client dialled.
    pub inbound: bool,
    /// The number of the caller.
    pub from: String,
    /// The number of the callee.
    pub to: String,
    /// The context of an inbound call; empty for a dialled one.
    pub context: String,
    /// The tag of the dial or connect; empty if there is none.
    pub tag: String,
    /// The connection of the session that controls the call, if the session is connected.
    pub controller: Option<ConnectionId>,
    /// The id of the peer call of a bridge.
    pub peer: Option<String>,
    /// The running operations in the order of their start, then the queues that the call waits in.
    pub operations: Vec<OperationView>,
    /// The end reason.
    pub end_reason: Option<String>,
}

/// A running operation of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationView {
    /// The method that started the operation, for instance `calling.play`.
    pub method: String,
    /// The control id that the client chose.
    pub control_id: String,
}
