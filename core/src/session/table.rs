//! A table of calls. It stores; what becomes of a call is decided in `calls` and `dials`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::recent::Recent;
use crate::calling::{CallState, CompletionRule, Correlation, Direction};
use crate::events::Event;
use crate::ids::{CallId, ControlId, NodeId, Tag, Ticket};

/// How many calls that are over are remembered, so that late news of them is recognised.
const MAX_REMEMBERED_CALLS: usize = 4_096;
/// How many events about operations that they do not name are remembered of each call.
const MAX_REMEMBERED_EVENTS: usize = 16;

/// Calls in the order in which they became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct CallSerial(u64);

/// What a call is to the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// Offered, and not taken yet.
    Offered,
    /// The application's.
    Active,
    /// A leg of a dial that is not decided yet.
    Leg(Tag),
    /// Nobody's: an offer that nobody took, a leg that lost or came too late. It is to go; so many attempts were
    /// made.
    Unwanted {
        /// What is asked of the service.
        how: CleanUp,
        /// How often it was asked.
        attempts: u32,
    },
}

/// A decision of the application about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is answered.
    Answer,
    /// It is declined, or hung up.
    End,
    /// It is given back.
    Pass,
}

impl Decision {
    /// The decision that a method is.
    pub(super) fn of(method: &str) -> Option<Self> {
        match method {
            "calling.answer" => Some(Self::Answer),
            "calling.end" => Some(Self::End),
            "calling.pass" => Some(Self::Pass),
            _ => None,
        }
    }
}

/// How a call that nobody wants is got rid of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CleanUp {
    /// It is given back, to be offered to somebody else.
    Pass,
    /// It is hung up.
    End,
    /// The caller is told that the line is busy.
    Busy,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) ticket: Ticket,
    pub(super) control_id: ControlId,
    pub(super) rule: &'static CompletionRule,
    /// Whether the service has accepted that it is over, and need say no more.
    pub(super) stopped: bool,
    /// The event that counts as its last if no other comes.
    pub(super) may_be_last: Option<Arc<Event>>,
    /// The method that started it.
    pub(super) method: Cow<'static, str>,
    pub(super) since: Instant,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) serial: CallSerial,
    pub(super) node_id: NodeId,
    pub(super) state: CallState,
    pub(super) direction: Direction,
    pub(super) role: Role,
    /// How often the application has answered, not counting what was certainly not carried out.
    pub(super) answers: u32,
    /// How often it has declined or passed the call, counted in the same way.
    pub(super) refusals: u32,
    /// The latest decision of which nobody knows whether the service has carried it out.
    pub(super) unsure: Option<Decision>,
    /// Whether the application has let go of it.
    pub(super) released: bool,
    /// Whether the service is being asked if it still knows the call.
    pub(super) in_question: bool,
    /// The number of times in a row that the service was in trouble when the session itself asked something about the call.
    pub(super) troubled: u32,
    pub(super) operations: Vec<Running>,
    /// The latest events about operations that they do not name, with the ids of their frames.
    told: VecDeque<(Box<str>, Arc<Event>)>,
}

impl Entry {
    /// Whether the application knows the call.
    pub(super) fn is_visible(&self) -> bool {
        matches!(self.role, Role::Offered | Role::Active)
    }

    /// Whether the application has decided what becomes of an offer.
    pub(super) fn is_settled(&self) -> bool {
        self.answers > 0 || self.refusals > 0
    }

    /// The number of times that a decision was made, not counting what was certainly not carried out.
    pub(super) fn times(&mut self, decision: Decision) -> &mut u32 {
        match decision {
            Decision::Answer => &mut self.answers,
            Decision::End | Decision::Pass => &mut self.refusals,
        }
    }

    /// Whether somebody may be on the line with this client.
    pub(super) fn may_be_answered(&self) -> bool {
        self.answers > 0 || self.state.has_reached(&CallState::Answered)
    }

    /// The running operation that an event belongs to. One that does not name it and is `repeated` belongs to none.
    pub(super) fn operation_of(&self, event: &Event, repeated: bool) -> Option<usize> {
        let named = event.control_id();
        self.operations.iter().position(|running| {
            let fits = match running.rule.correlation {
                Correlation::ControlId => named == Some(&running.control_id),
                Correlation::OptionalControlId => {
                    named.map_or(!repeated, |named| *named == running.control_id)
                }
                Correlation::None => !repeated,
            };
            fits && (running.rule.concerns)(event)
        })
    }

    /// Whether an event that names no operation has been here before, in a frame of this id.
    pub(super) fn was_told(&self, id: &str, event: &Event) -> bool {
        self.told.iter().any(|(own, told)| **own == *id && told.meta().raw() == event.meta().raw())
    }

    /// Remembers an event that names no operation.
    pub(super) fn remember_told(&mut self, id: &str, event: &Arc<Event>) {
        if self.told.len() == MAX_REMEMBERED_EVENTS {
            self.told.pop_front();
        }
        self.told.push_back((id.into(), event.clone()));
    }

    pub(super) fn is_running(&self, control_id: &ControlId) -> bool {
        self.running(control_id).is_some()
    }

    pub(super) fn running(&self, control_id: &ControlId) -> Option<&Running> {
        self.operations.iter().find(|running| running.control_id == *control_id)
    }
}

#[derive(Debug)]
pub(super) struct Calls {
    next: u64,
    entries: HashMap<CallId, Entry>,
    order: BTreeMap<CallSerial, CallId>,
    /// How many of them are visible.
    visible: usize,
    over: Recent<CallId>,
    passed: Recent<CallId>,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            next: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
            visible: 0,
            over: Recent::new(MAX_REMEMBERED_CALLS),
            passed: Recent::new(MAX_REMEMBERED_CALLS),
        }
    }

    pub(super) fn insert(
        &mut self,
        id: CallId,
        node_id: NodeId,
        state: CallState,
        direction: Direction,
        role: Role,
    ) -> CallSerial {
        let serial = CallSerial(self.next);
        self.next += 1;
        self.order.insert(serial, id.clone());
        let entry = Entry {
            serial,
            node_id,
            state,
            direction,
            role,
            answers: 0,
            refusals: 0,
            unsure: None,
            released: false,
            in_question: false,
            troubled: 0,
            operations: Vec::new(),
            told: VecDeque::new(),
        };
        self.visible += usize::from(entry.is_visible());
        self.entries.insert(id, entry);
        serial
    }

    /// The serial that the next call will have: all that are here are before it.
    pub(super) fn next(&self) -> CallSerial {
        CallSerial(self.next)
    }

    /// Takes a call out and remembers that it is over.
    pub(super) fn end(&mut self, id: &CallId) -> Option<Entry> {
        let entry = self.forget(id)?;
        self.over.insert(id.clone());
        Some(entry)
    }

    /// Remembers a call as over that never was here.
    pub(super) fn remember(&mut self, id: CallId) {
        self.over.insert(id);
    }

    /// Takes a call out as if it had never been there: it may be offered again.
    pub(super) fn forget(&mut self, id: &CallId) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.order.remove(&entry.serial);
        self.visible -= usize::from(entry.is_visible());
        Some(entry)
    }

    /// Whether the call was here and is over.
    pub(super) fn is_over(&self, id: &CallId) -> bool {
        self.over.contains(id)
    }

    /// Forgets that a call is over.
    pub(super) fn unremember(&mut self, id: &CallId) {
        self.over.remove(id);
    }

    /// Remembers that the application has passed a call on.
    pub(super) fn remember_passed(&mut self, id: CallId) {
        self.passed.insert(id);
    }

    /// Whether the application has passed the call on before.
    pub(super) fn was_passed(&self, id: &CallId) -> bool {
        self.passed.contains(id)
    }

    pub(super) fn set_role(&mut self, id: &CallId, role: Role) {
        if let Some(entry) = self.entries.get_mut(id) {
            self.visible -= usize::from(entry.is_visible());
            entry.role = role;
            self.visible += usize::from(entry.is_visible());
        }
    }

    /// How many calls the application knows.
    pub(super) fn visible(&self) -> usize {
        self.visible
    }

    pub(super) fn get(&self, id: &CallId) -> Option<&Entry> {
        self.entries.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &CallId) -> Option<&mut Entry> {
        self.entries.get_mut(id)
    }

    pub(super) fn id_of(&self, serial: CallSerial) -> Option<&CallId> {
        self.order.get(&serial)
    }

    /// The calls that fit, in the order in which they became known.
    pub(super) fn ids(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<CallId> {
        self.order.values().filter(|id| self.entries.get(*id).is_some_and(&wanted)).cloned().collect()
    }

    /// All calls, in the order in which they became known.
    pub(super) fn all(&self) -> impl Iterator<Item = &CallId> {
        self.order.values()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn running(&self) -> impl Iterator<Item = (&CallId, &Running)> {
        self.entries
            .iter()
            .flat_map(|(call_id, entry)| entry.operations.iter().map(move |running| (call_id, running)))
    }

    pub(super) fn operations(&self) -> usize {
        self.entries.values().map(|entry| entry.operations.len()).sum()
    }
}
