//! A call as the service sees it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::bindings::Binding;
use super::operation::Active;
use super::people::Person;
use super::session::SessionKey;
use super::timers::TimerId;
use super::{NODE, epoch};
use crate::ConnectionId;
use crate::methods::media::Device;

/// A call by its number; the number in `c-7`.
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

/// A dial or connect that has not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttemptKey(pub(super) u64);

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallState {
    /// It exists.
    Created,
    /// It rings.
    Ringing,
    /// Somebody took it.
    Answered,
    /// It is being torn down.
    Ending,
    /// It is gone.
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

#[derive(Debug)]
pub(crate) struct Call {
    pub(super) key: CallKey,
    pub(crate) state: CallState,
    pub(super) inbound: bool,
    pub(super) device: Device,
    pub(super) context: String,
    /// Whose call it is; open until it has been offered for the first time.
    pub(super) project: Option<String>,
    pub(super) tag: String,
    /// The session that may command it: it was offered the call, or created it.
    pub(crate) owner: Option<SessionKey>,
    pub(crate) passed_by: BTreeSet<SessionKey>,
    /// The other side of a bridge.
    pub(crate) peer: Option<CallKey>,
    /// Whether this side asked for the bridge, and so gets its events.
    pub(super) asked_for_bridge: bool,
    /// The call that this one was created for and ends with.
    pub(super) follows: Option<CallKey>,
    /// The connect that goes on for this call.
    pub(crate) attempt: Option<AttemptKey>,
    /// The dial or connect that this call is a leg of, until that is decided.
    pub(super) leg_of: Option<AttemptKey>,
    pub(crate) operations: Vec<Active>,
    pub(crate) bindings: Vec<Binding>,
    /// The keys that were pressed since a binding was last set off.
    pub(super) keys_pressed: String,
    pub(crate) on_hold: bool,
    pub(crate) person: Person,
    /// Cancelled when the call is answered or ends.
    pub(super) ring_timers: Vec<TimerId>,
    /// Cancelled when the call ends.
    pub(super) max_timer: Option<TimerId>,
    /// Which caller of the scenario this is.
    pub(super) scripted: Option<usize>,
    pub(super) end_reason: Option<String>,
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
            attempt: None,
            leg_of: None,
            operations: Vec::new(),
            bindings: Vec::new(),
            keys_pressed: String::new(),
            on_hold: false,
            person: Person::default(),
            ring_timers: Vec::new(),
            max_timer: None,
            scripted: None,
            end_reason: None,
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

    /// Who calls and who is called.
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
            "direction": "inbound",
            "device": self.device.json(),
        })
    }

    /// The inner params of `calling.call.state`, without the ids.
    pub(super) fn state_event(&self) -> Value {
        let mut event = json!({
            "segment_id": self.segment(),
            "tag": self.tag,
            "call_state": self.state.to_string(),
            "direction": self.direction(),
            "device": self.device.json(),
            "start_time": epoch(self.started),
        });
        if let Some(time) = self.answered {
            event["answer_time"] = epoch(time).into();
        }
        if let Some(time) = self.ended {
            event["end_time"] = epoch(time).into();
        }
        if let Some(reason) = &self.end_reason
            && self.state == CallState::Ended
        {
            event["end_reason"] = reason.as_str().into();
        }
        if let Some(peer) = self.peer {
            event["peer"] = json!({"call_id": peer.id(), "node_id": NODE});
        }
        if self.inbound {
            event["context"] = self.context.as_str().into();
        }
        if let Some(parent) = self.follows {
            event["parent"] = json!({"call_id": parent.id(), "node_id": NODE, "device_type": "phone"});
        }
        event
    }

    /// How a call looks inside the events of others: as a peer, or as the winner of a dial.
    pub(super) fn as_party(&self) -> Value {
        json!({"call_id": self.id(), "node_id": NODE, "tag": self.tag, "device": self.device.json()})
    }

    pub(super) fn as_winner(&self) -> Value {
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

/// A call at one moment, for assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallView {
    /// The id that clients know it by.
    pub call_id: String,
    /// How far it is.
    pub state: CallState,
    /// Whether it came in, as opposed to being dialled by a client.
    pub inbound: bool,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// The context it came in on; empty for a dialled one.
    pub context: String,
    /// The tag of its dial or connect; empty if there is none.
    pub tag: String,
    /// The connection whose session may command it, if the session has a connection now.
    pub controller: Option<ConnectionId>,
    /// The call it is bridged to.
    pub peer: Option<String>,
    /// What runs on it, in the order it was started.
    pub operations: Vec<OperationView>,
    /// Why it ended.
    pub end_reason: Option<String>,
}

/// A running operation of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationView {
    /// The method that started it, for instance `calling.play`.
    pub method: String,
    /// The control id that the client chose.
    pub control_id: String,
}
