//! A table of calls. It stores; what becomes of a call is decided in `calls` and `dials`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::declines::Declines;
use super::{CleanUp, Doubt};
use crate::calling::{AfterGap, CallState, CompletionRule, Correlation, Direction, EndReason};
use crate::events::Event;
use crate::ids::{CallId, ControlId, NodeId, Tag, Ticket};
use crate::session::command::Effect;
use crate::session::frame::CallAddress;
use crate::session::recent::Recent;
use crate::session::seen::SeenFrames;
use crate::timers::Timers;

/// The number of calls that are remembered once they are over, so that late events of them are recognised.
const MAX_REMEMBERED_CALLS: usize = 4_096;
/// The number of frames that are remembered of each call whose events may be taken for those of a later operation.
const MAX_REMEMBERED_EVENTS: usize = 64;

/// Calls in the order in which they became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(in crate::session) struct CallSerial(u64);

/// The role of a call for the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum Role {
    /// Offered, and not taken yet.
    Offered,
    /// The application's.
    Active,
    /// A leg of a dial that is not decided yet.
    Leg(Tag),
    /// Nobody's: an offer that nobody took, a leg that lost or came too late. It is to go; so many attempts were
    /// made.
    Unwanted {
        /// The request to the service.
        how: CleanUp,
        /// The number of times that it was sent.
        attempts: u32,
    },
}

/// A decision of the application about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Decision {
    /// It is answered.
    Answer,
    /// It is declined, or hung up.
    End,
    /// It is given back.
    Pass,
    /// It is handed over to another application.
    Transfer,
}

impl Decision {
    /// The decision that a request with this effect carries out.
    pub(in crate::session) fn of(effect: Effect) -> Option<Self> {
        match effect {
            Effect::Answer => Some(Self::Answer),
            Effect::End => Some(Self::End),
            Effect::Pass => Some(Self::Pass),
            Effect::Transfer => Some(Self::Transfer),
            Effect::None | Effect::Stop => None,
        }
    }
}

/// A deadline of a call, named after what happens when it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::session) enum CallTimer {
    /// Nobody took an offer: it is passed on.
    PassOffer,
    /// An offer that came again was held for a while: it is given back.
    PassHeld,
    /// The service did not know the call: unless it ended meanwhile, it is ended here.
    ConfirmGone,
    /// The service could not say whether it still knows the call: it is asked again.
    AskAgain,
    /// A call that nobody wants is still there: the service is asked again to be rid of it, or it is forgotten.
    RetryCleanUp,
    /// A call that was hung up for a handler that failed is still there: it is taken from the application.
    DiscardAfterHangUp,
    /// The service could not say whether it knows an operation: it is asked again.
    InquireAgain(Ticket),
    /// The last event of an operation did not come: unless the operation ended meanwhile, it is ended here.
    ConfirmOver(Ticket),
}

impl CallTimer {
    const FIRST: Self = Self::PassOffer;
    const LAST: Self = Self::ConfirmOver(Ticket(u64::MAX));

    pub(in crate::session) fn reason(self) -> &'static str {
        match self {
            Self::PassOffer => "nobody took an offer within 10 s",
            Self::PassHeld => "an offer that came again was held for a while",
            Self::ConfirmGone => "the service does not know a call, and sent no end of it within 5 s",
            Self::AskAgain => "it is time to ask a service that was in trouble about a call again",
            Self::RetryCleanUp => "a call that nobody wants is still there",
            Self::DiscardAfterHangUp => {
                "a call that was hung up for a failed handler has not ended within 10 s"
            }
            Self::InquireAgain(_) => "it is time to ask about an operation again",
            Self::ConfirmOver(_) => "the last event of an operation did not come in time",
        }
    }
}

/// The other leg of a connection.
#[derive(Debug)]
pub(in crate::session) struct ConnectedLeg {
    pub(in crate::session) call: CallAddress,
    /// Set once the parties are joined; until then the leg is being called.
    pub(in crate::session) is_joined: bool,
}

#[derive(Debug)]
pub(in crate::session) struct Running {
    pub(in crate::session) ticket: Ticket,
    pub(in crate::session) control_id: ControlId,
    /// Set if the application has given the control id, which it may give again to a later operation.
    pub(in crate::session) is_named_by_application: bool,
    /// The subject of the operation, such as the name of a queue, if events may name that and not the operation.
    pub(in crate::session) subject: Option<Box<str>>,
    pub(in crate::session) rule: &'static CompletionRule,
    /// The way to find out, after a gap, whether it is over.
    pub(in crate::session) after_gap: AfterGap,
    /// Set after a gap if it counts as over once nothing is heard of it for as long.
    pub(in crate::session) silence: Option<Duration>,
    /// Set once the service has said that it does not know the operation.
    pub(in crate::session) denied: bool,
    /// The other leg of a connection, or the latest that is being called.
    pub(in crate::session) peer: Option<ConnectedLeg>,
    /// Set once the service has accepted that the operation is stopped, and need say no more.
    pub(in crate::session) stopped: bool,
    /// The event that counts as its last if no other comes.
    pub(in crate::session) may_be_last: Option<Arc<Event>>,
    /// The method that started it.
    pub(in crate::session) method: Cow<'static, str>,
    pub(in crate::session) since: Instant,
}

impl Running {
    /// Returns `true` if an event is about the operation, as far as the event says.
    pub(super) fn is_meant_by(&self, event: &Event) -> bool {
        let named = event.control_id();
        let fits = match self.rule.correlation {
            Correlation::ControlId => named == Some(&self.control_id),
            Correlation::OptionalControlId => named.map_or_else(
                || {
                    let subjects = self.subject.as_deref().zip((self.rule.subject)(event));
                    subjects.is_none_or(|(own, other)| own == other)
                },
                |named| *named == self.control_id,
            ),
            Correlation::None => true,
        };
        fits && (self.rule.concerns)(event)
    }
}

#[derive(Debug)]
pub(in crate::session) struct Entry {
    pub(in crate::session) serial: CallSerial,
    pub(in crate::session) node_id: NodeId,
    pub(in crate::session) state: CallState,
    pub(in crate::session) direction: Direction,
    /// The call that it is connected to, as far as its states have said.
    pub(in crate::session) peer: Option<CallId>,
    /// The context that it came in on; empty if there is none.
    pub(in crate::session) context: Box<str>,
    pub(in crate::session) role: Role,
    /// The number of answers by the application, without those that were certainly not carried out.
    pub(in crate::session) answers: u32,
    /// The number of times that it was declined or passed, counted in the same way.
    pub(in crate::session) refusals: u32,
    /// Set if it was offered again before the answer to a pass.
    pub(in crate::session) offered_again: bool,
    /// The number of transfers, counted in the same way.
    pub(in crate::session) transfers: u32,
    /// The reason to hang up with if a transfer turns out to leave the call with this client: nobody is left to talk to it.
    pub(in crate::session) hang_up_if_left: Option<EndReason>,
    /// The latest decision of which nobody knows whether the service has carried it out.
    pub(in crate::session) unsure: Option<Decision>,
    /// Set once the application has dropped its last handle.
    pub(in crate::session) released: bool,
    /// The doubt whether the service still knows the call.
    pub(in crate::session) doubt: Doubt,
    /// The number of times in a row that the service was in trouble when the session itself asked something about the call.
    pub(in crate::session) troubled: u32,
    pub(in crate::session) operations: Vec<Running>,
    /// The latest frames about operations that they do not name, or whose name the application may give again.
    reported: SeenFrames,
}

impl Entry {
    /// Returns `true` if the application knows the call.
    pub(in crate::session) fn is_visible(&self) -> bool {
        matches!(self.role, Role::Offered | Role::Active)
    }

    /// Returns `true` if the application has answered, declined or passed an offer.
    pub(in crate::session) fn is_settled(&self) -> bool {
        self.answers > 0 || self.refusals > 0
    }

    /// Returns `true` if somebody is on the line, nobody was asked to end that, and nothing runs.
    pub(in crate::session) fn is_left_alone(&self) -> bool {
        self.is_visible()
            && self.state == CallState::Answered
            && self.refusals == 0
            && self.transfers == 0
            && self.operations.is_empty()
    }

    /// The number of times that a decision was made, not counting what was certainly not carried out.
    pub(in crate::session) fn times(&mut self, decision: Decision) -> &mut u32 {
        match decision {
            Decision::Answer => &mut self.answers,
            Decision::End | Decision::Pass => &mut self.refusals,
            Decision::Transfer => &mut self.transfers,
        }
    }

    /// Returns `true` if a party may be on the line with this client.
    pub(in crate::session) fn may_be_answered(&self) -> bool {
        self.answers > 0 || self.state.has_reached(&CallState::Answered)
    }

    /// The running operation that an event belongs to. `id` is that of its frame: one that is delivered again may be about
    /// an operation that is over.
    pub(in crate::session) fn operation_of(&mut self, id: Option<&RawValue>, event: &Event) -> Option<usize> {
        let index = self.operations.iter().position(|running| running.is_meant_by(event))?;
        if let Some(id) = id
            && (event.control_id().is_none() || self.operations[index].is_named_by_application)
            && self.reported.repeats(id, event.meta().raw())
        {
            return None;
        }
        Some(index)
    }

    pub(in crate::session) fn is_running(&self, control_id: &ControlId) -> bool {
        self.running(control_id).is_some()
    }

    pub(in crate::session) fn running_mut(&mut self, control_id: &ControlId) -> Option<&mut Running> {
        self.operations.iter_mut().find(|running| running.control_id == *control_id)
    }

    pub(in crate::session) fn running(&self, control_id: &ControlId) -> Option<&Running> {
        self.operations.iter().find(|running| running.control_id == *control_id)
    }
}

#[derive(Debug)]
pub(in crate::session) struct Calls {
    next: u64,
    entries: HashMap<CallId, Entry>,
    order: BTreeMap<CallSerial, CallId>,
    /// The number of visible calls.
    visible: usize,
    /// Calls that are not here any more. Late events of them are nobody's.
    over: Recent<CallId>,
    /// Calls whose end was told. They are never offered again.
    ended: Recent<CallId>,
    /// Calls that the application has passed on, with the context that they came in on.
    passed: Recent<(CallId, Box<str>)>,
    /// The frames of offers.
    offers: SeenFrames,
    declines: Declines,
    timers: Timers<(CallSerial, CallTimer)>,
}

impl Calls {
    pub(in crate::session) fn new() -> Self {
        Self {
            next: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
            visible: 0,
            over: Recent::new(MAX_REMEMBERED_CALLS),
            ended: Recent::new(MAX_REMEMBERED_CALLS),
            passed: Recent::new(MAX_REMEMBERED_CALLS),
            offers: SeenFrames::new(MAX_REMEMBERED_CALLS),
            declines: Declines::default(),
            timers: Timers::default(),
        }
    }

    pub(in crate::session) fn insert(
        &mut self,
        id: CallId,
        node_id: NodeId,
        state: CallState,
        direction: Direction,
        role: Role,
    ) -> CallSerial {
        let serial = CallSerial(self.next);
        self.next += 1;
        // It may have been here before.
        self.over.remove(&id);
        self.order.insert(serial, id.clone());
        let entry = Entry {
            serial,
            node_id,
            state,
            direction,
            peer: None,
            context: "".into(),
            role,
            answers: 0,
            refusals: 0,
            offered_again: false,
            transfers: 0,
            hang_up_if_left: None,
            unsure: None,
            released: false,
            doubt: Doubt::None,
            troubled: 0,
            operations: Vec::new(),
            reported: SeenFrames::new(MAX_REMEMBERED_EVENTS),
        };
        self.visible += usize::from(entry.is_visible());
        self.entries.insert(id, entry);
        serial
    }

    /// The serial that the next call will have: all that are here are before it.
    pub(in crate::session) fn next(&self) -> CallSerial {
        CallSerial(self.next)
    }

    /// Takes a call out and remembers that it is over.
    pub(in crate::session) fn end(&mut self, id: &CallId) -> Option<Entry> {
        let entry = self.forget(id)?;
        self.over.insert(id.clone());
        Some(entry)
    }

    /// Remembers that the end of a call was told, whether or not it was here.
    pub(in crate::session) fn remember_ended(&mut self, id: CallId) {
        self.over.insert(id.clone());
        self.ended.insert(id);
    }

    /// Returns `true` if the end of the call was told.
    pub(in crate::session) fn has_ended(&self, id: &CallId) -> bool {
        self.ended.contains(id)
    }

    /// Returns `true` if an offer came before in the same frame.
    pub(in crate::session) fn repeats_offer(&mut self, id: &RawValue, text: &str) -> bool {
        self.offers.repeats(id, text)
    }

    /// Takes a call out as if it had never been there: it may be offered again.
    pub(in crate::session) fn forget(&mut self, id: &CallId) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.order.remove(&entry.serial);
        self.cancel_timers_of(entry.serial);
        self.visible -= usize::from(entry.is_visible());
        Some(entry)
    }

    /// Returns `true` if the call was here and is over.
    pub(in crate::session) fn is_over(&self, id: &CallId) -> bool {
        self.over.contains(id)
    }

    /// Remembers that the application has passed a call on.
    pub(in crate::session) fn remember_passed(&mut self, id: &CallId) {
        if let Some(entry) = self.entries.get(id) {
            self.passed.insert((id.clone(), entry.context.clone()));
        }
    }

    /// Returns `true` if the application has passed the call on before, when it came in on the same context.
    pub(in crate::session) fn was_passed(&self, id: &CallId, context: &str) -> bool {
        !self.passed.is_empty() && self.passed.contains(&(id.clone(), context.into()))
    }

    /// An offer is to be given back. Returns the time to hold it before that.
    pub(in crate::session) fn hold_decline(&mut self, now: Instant, id: &CallId) -> Duration {
        self.declines.hold(now, id)
    }

    /// Returns `true` if an offer is held before it is given back.
    pub(in crate::session) fn is_held(&self, serial: CallSerial) -> bool {
        self.timers.is_set(&(serial, CallTimer::PassHeld))
    }

    pub(in crate::session) fn set_role(&mut self, id: &CallId, role: Role) {
        if let Some(entry) = self.entries.get_mut(id) {
            self.visible -= usize::from(entry.is_visible());
            entry.role = role;
            self.visible += usize::from(entry.is_visible());
        }
    }

    /// The number of calls that the application knows.
    pub(in crate::session) fn visible(&self) -> usize {
        self.visible
    }

    pub(in crate::session) fn get(&self, id: &CallId) -> Option<&Entry> {
        self.entries.get(id)
    }

    pub(in crate::session) fn get_mut(&mut self, id: &CallId) -> Option<&mut Entry> {
        self.entries.get_mut(id)
    }

    pub(in crate::session) fn id_of(&self, serial: CallSerial) -> Option<&CallId> {
        self.order.get(&serial)
    }

    /// The calls that fit, in the order in which they became known.
    pub(in crate::session) fn ids(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<CallId> {
        self.order.values().filter(|id| self.entries.get(*id).is_some_and(&wanted)).cloned().collect()
    }

    /// All calls, in the order in which they became known.
    pub(in crate::session) fn all(&self) -> impl Iterator<Item = &CallId> {
        self.order.values()
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(in crate::session) fn running(&self) -> impl Iterator<Item = (&CallId, &Running)> {
        self.entries
            .iter()
            .flat_map(|(call_id, entry)| entry.operations.iter().map(move |running| (call_id, running)))
    }

    pub(in crate::session) fn operations(&self) -> usize {
        self.entries.values().map(|entry| entry.operations.len()).sum()
    }

    // Deadlines. Those of a call go with it.

    pub(in crate::session) fn set_timer(&mut self, serial: CallSerial, timer: CallTimer, at: Instant) {
        self.timers.set((serial, timer), at);
    }

    pub(in crate::session) fn set_timer_if_unset(
        &mut self,
        serial: CallSerial,
        timer: CallTimer,
        at: Instant,
    ) {
        self.timers.set_if_unset((serial, timer), at);
    }

    pub(in crate::session) fn cancel_timer(&mut self, serial: CallSerial, timer: CallTimer) {
        self.timers.cancel(&(serial, timer));
    }

    /// Disarms every timer of a call.
    pub(in crate::session) fn cancel_timers(&mut self, id: &CallId) {
        if let Some(serial) = self.entries.get(id).map(|entry| entry.serial) {
            self.cancel_timers_of(serial);
        }
    }

    fn cancel_timers_of(&mut self, serial: CallSerial) {
        self.timers.cancel_range((serial, CallTimer::FIRST)..=(serial, CallTimer::LAST));
    }

    pub(in crate::session) fn cancel_operation_timers(&mut self, serial: CallSerial, ticket: Ticket) {
        self.cancel_timer(serial, CallTimer::ConfirmOver(ticket));
        self.cancel_timer(serial, CallTimer::InquireAgain(ticket));
    }

    /// The earliest deadline of any call.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The offers whose time to be taken is over.
    pub(in crate::session) fn expired_offers(&self, now: Instant) -> impl Iterator<Item = &CallId> {
        let expired = self.timers.due(now).filter(|(_, timer)| *timer == CallTimer::PassOffer);
        expired.filter_map(|(serial, _)| self.id_of(*serial))
    }

    pub(in crate::session) fn pop_due(&mut self, now: Instant) -> Option<(CallSerial, CallTimer)> {
        self.timers.pop_due(now)
    }
}
