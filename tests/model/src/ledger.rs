//! What must be true of a session, kept in the simplest way that there is.
//!
//! The ledger knows what was asked and what came of it, and nothing of how. It is told everything that goes into the
//! session and sees everything that comes out.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use signalwire_relay_core::session::{
    ConnectionState, MAX_QUEUED_REQUESTS, Notice, OperationUpdate, Output, SessionEvent,
};
use signalwire_relay_core::{CallId, Certainty, EndReason, Error, Event, Ticket};

use super::MARK;

/// What an application asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// An answer is all that there is to it.
    Request,
    /// An operation on a call.
    Start(CallId),
    /// Something about an operation, which need not be sent if that is over.
    Control,
    Dial,
    Message,
    /// A context, and whether it is wanted.
    Subscribe(String, bool),
}

#[derive(Debug)]
struct Asked {
    kind: Kind,
    sent: bool,
    over: bool,
    abandoned: bool,
    operation: Operation,
}

impl Asked {
    fn is_all_over(&self) -> bool {
        (self.over || self.abandoned) && self.operation != Operation::Running
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    None,
    Running,
    Ended,
}

#[derive(Debug)]
struct Known {
    rank: usize,
    ended: Option<EndReason>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alarm {
    Set,
    Cancelled,
    Fired,
}

/// What the service is owed for the frame that it sent.
#[derive(Debug, Clone, PartialEq)]
enum Owed {
    Nothing,
    /// An answer with this id, before anything else is sent.
    Answer(Value),
    Paid,
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Ledger {
    most_calls: usize,
    asked: BTreeMap<Ticket, Asked>,
    /// Those that are not all over: only they can still go wrong by themselves.
    open: BTreeSet<Ticket>,
    calls: BTreeMap<CallId, Known>,
    alarms: BTreeMap<Ticket, Alarm>,
    contexts: BTreeSet<String>,
    /// Those that do not hang on a request.
    settled: BTreeSet<String>,
    requests: HashSet<String>,
    secrets: Vec<String>,
    owed: Owed,
    /// Whether there was a session that could be resumed.
    had_session: bool,
    ready: bool,
    /// Whether the session was ready when the latest thing happened to it.
    was_ready: bool,
    /// Calls that have to be told of a gap, or that have to end, before the session has said everything.
    untold: BTreeSet<CallId>,
    lost: BTreeSet<CallId>,
    /// Whether the network gave reason to drop the connection.
    pub(super) excused: bool,
    pub(super) draining: bool,
    /// Set once the service gave reason to give up the session, or the client.
    pub(super) turned_away: bool,
    pub(super) closed: bool,
    transcript: DefaultHasher,
    /// What was found to be wrong first.
    wrong: Option<String>,
}

impl Ledger {
    pub(super) fn new(most_calls: usize, contexts: &[&str], secret: &str) -> Self {
        Self {
            most_calls,
            asked: BTreeMap::new(),
            open: BTreeSet::new(),
            calls: BTreeMap::new(),
            alarms: BTreeMap::new(),
            contexts: contexts.iter().map(|context| (*context).to_owned()).collect(),
            settled: contexts.iter().map(|context| (*context).to_owned()).collect(),
            requests: HashSet::new(),
            secrets: vec![secret.to_owned()],
            owed: Owed::Nothing,
            had_session: false,
            ready: false,
            was_ready: false,
            untold: BTreeSet::new(),
            lost: BTreeSet::new(),
            excused: false,
            draining: false,
            turned_away: false,
            closed: false,
            transcript: DefaultHasher::new(),
            wrong: None,
        }
    }

    // What goes in.

    pub(super) fn asks(&mut self, ticket: Ticket, kind: Kind) {
        if let Kind::Subscribe(context, wanted) = &kind
            && !self.closed
            && !(self.draining && *wanted)
        {
            if *wanted {
                self.contexts.insert(context.clone());
            } else {
                self.contexts.remove(context);
                self.settled.remove(context);
            }
        }
        let operation = match kind {
            Kind::Start(_) => Operation::Running,
            _ => Operation::None,
        };
        self.asked.insert(ticket, Asked { kind, sent: false, over: false, abandoned: false, operation });
        self.open.insert(ticket);
    }

    pub(super) fn abandons(&mut self, ticket: Ticket) {
        if let Some(asked) = self.asked.get_mut(&ticket) {
            asked.abandoned = true;
            if let (Kind::Subscribe(context, true), false) = (asked.kind.clone(), asked.sent) {
                self.unsubscribes(&context);
            }
        }
    }

    /// A request for a context came to nothing.
    fn unsubscribes(&mut self, context: &str) {
        let asks = |asked: &Asked| {
            // One that was sent is carried out, whether or not anybody wants to know.
            matches!(&asked.kind, Kind::Subscribe(other, true) if other == context)
                && !asked.over
                && (asked.sent || !asked.abandoned)
        };
        if !self.settled.contains(context) && !self.asked.values().any(asks) {
            self.contexts.remove(context);
        }
    }

    pub(super) fn sets_alarm(&mut self, ticket: Ticket) {
        self.alarms.insert(ticket, Alarm::Set);
    }

    pub(super) fn cancels_alarm(&mut self, ticket: Ticket) {
        self.alarms.insert(ticket, Alarm::Cancelled);
    }

    pub(super) fn drains(&mut self) {
        if !self.closed {
            self.draining = true;
            self.contexts.clear();
        }
    }

    /// A frame is about to arrive at the session.
    pub(super) fn receives(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        let params = &frame["params"];
        if params["event_type"] == "signalwire.authorization.state"
            && let Some(state) = params["params"]["authorization_state"].as_str()
        {
            self.secrets.push(state.to_owned());
        }
        let wants_answer = matches!(
            frame["method"].as_str(),
            Some("signalwire.event" | "signalwire.ping" | "signalwire.disconnect")
        );
        if let (true, Some(id)) = (wants_answer, frame.get("id").filter(|id| !id.is_null())) {
            self.owed = Owed::Answer(id.clone());
        }
    }

    // What comes out.

    pub(super) fn sees(&mut self, output: &Output) {
        // What is asked for after the end is refused at once.
        let refusal =
            matches!(output, Output::Event(SessionEvent::Replied { .. } | SessionEvent::Dialed { .. }));
        if self.closed && !refusal && !matches!(output, Output::Wait(_)) {
            self.accuse(|| format!("something comes after the end: {output:?}"));
        }
        if let Output::Event(event) = output {
            self.check_secrets(event);
        }
        match output {
            Output::Open(_) => {}
            Output::Send(text) => {
                text.hash(&mut self.transcript);
                self.sees_frame(text);
            }
            Output::Close => {
                if self.was_ready && !self.excused && !self.closed && !self.draining {
                    self.accuse(|| "a connection that nothing was wrong with was dropped".into());
                }
                self.owed = Owed::Nothing;
            }
            Output::Event(event) => self.sees_event(event),
            Output::Wait(_) => self.said_everything(),
        }
    }

    fn sees_frame(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.accuse(|| format!("this is no JSON: {text}"));
        };
        let Some(method) = frame["method"].as_str() else {
            match std::mem::replace(&mut self.owed, Owed::Paid) {
                Owed::Answer(id) if id == frame["id"] => {}
                owed => self.accuse(|| format!("{} was answered, {owed:?} was owed", frame["id"])),
            }
            return;
        };
        if matches!(self.owed, Owed::Answer(_)) {
            self.accuse(|| format!("{method} goes out before the answer to what came in"));
        }
        let id = frame["id"].as_str().unwrap_or_default().to_owned();
        if !self.requests.insert(id) {
            self.accuse(|| format!("{method} goes out twice with one id"));
        }
        if method == "signalwire.connect" {
            let given = frame["params"]["contexts"].as_array();
            let given: BTreeSet<_> =
                given.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            if given != self.contexts {
                let wanted = self.contexts.clone();
                self.accuse(|| format!("contexts {given:?} are asserted, {wanted:?} are wanted"));
            }
        } else if !self.ready {
            self.accuse(|| format!("{method} goes out before the credentials are accepted"));
        }
        let Some(ticket) = frame["params"][MARK].as_u64().map(Ticket) else { return };
        let Some(asked) = self.asked.get_mut(&ticket) else { return };
        let (before, over, abandoned) = (asked.sent, asked.over, asked.abandoned);
        asked.sent = true;
        if before {
            self.accuse(|| format!("{method} of {ticket:?} goes out twice"));
        } else if over {
            self.accuse(|| format!("{method} of {ticket:?} goes out after its outcome was told"));
        } else if abandoned {
            self.accuse(|| format!("{method} of {ticket:?} goes out although it was taken back"));
        }
    }

    fn sees_event(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Connection(state) => self.sees_state(state),
            SessionEvent::Replied { ticket, result } => {
                self.sees_outcome(*ticket, result.as_ref().map(drop), false);
            }
            SessionEvent::Dialed { ticket, result } => {
                self.sees_outcome(*ticket, result.as_ref().map(drop), true);
                if let Ok(info) = result {
                    self.meets(&info.call_id, info.state.as_str());
                }
            }
            SessionEvent::Offered(info) => {
                let live = self.live().count();
                if live >= self.most_calls {
                    self.accuse(|| format!("call {} is offered above the limit", info.call_id));
                }
                if self.draining {
                    self.accuse(|| format!("call {} is offered to a client that stops", info.call_id));
                }
                self.meets(&info.call_id, info.state.as_str());
            }
            SessionEvent::Call { call_id, event, operation } => {
                self.sees_news(call_id, event);
                if let Some(update) = operation {
                    self.sees_update(*update);
                }
            }
            SessionEvent::Message { update, .. } => {
                self.follows(update.ticket);
                self.sees_update(*update);
            }
            SessionEvent::OperationFailed { ticket, .. } | SessionEvent::OperationOver { ticket, .. } => {
                self.follows(*ticket);
                self.sees_update(OperationUpdate { ticket: *ticket, answered: true, ended: true });
            }
            SessionEvent::CallEnded { call_id, reason } => {
                self.lost.remove(call_id);
                self.untold.remove(call_id);
                match self.calls.get_mut(call_id) {
                    Some(known) if known.ended.is_none() => known.ended = Some(reason.clone()),
                    _ => self.accuse(|| format!("call {call_id} ends, which nobody has")),
                }
            }
            SessionEvent::Reconnected { call_id, .. } if !self.untold.remove(call_id) => {
                self.accuse(|| format!("call {call_id} is told of a gap that there was not"));
            }
            SessionEvent::Notice(Notice::ResumeRefused(_)) if !self.turned_away => {
                self.accuse(|| "the session is given up, and the service did not refuse it".to_owned());
            }
            SessionEvent::Alarm(ticket) => match self.alarms.insert(*ticket, Alarm::Fired) {
                Some(Alarm::Set) => {}
                before => self.accuse(|| format!("alarm {ticket:?} goes off, {before:?} before")),
            },
            SessionEvent::Closed(result) => {
                self.closed = true;
                let rejected = matches!(result, Err(Error::AuthenticationFailed(_)));
                let asked_for = self.draining || (rejected && self.turned_away);
                if !asked_for {
                    self.accuse(|| format!("the session closes by itself: {result:?}"));
                }
            }
            _ => {}
        }
    }

    fn sees_state(&mut self, state: &ConnectionState) {
        self.ready = false;
        let live: BTreeSet<_> = self.live().cloned().collect();
        match state {
            ConnectionState::Ready { resumed: true } => {
                self.ready = true;
                self.untold = live;
            }
            ConnectionState::Ready { resumed: false } => {
                self.ready = true;
                if std::mem::replace(&mut self.had_session, true) {
                    self.lost = live;
                }
            }
            ConnectionState::Closed { .. } => self.lost = live,
            _ => {}
        }
    }

    fn sees_outcome(&mut self, ticket: Ticket, result: Result<(), &Error>, dialled: bool) {
        let Some(asked) = self.asked.get_mut(&ticket) else {
            return self.accuse(|| format!("an outcome of {ticket:?}, which nobody asked for"));
        };
        let twice = std::mem::replace(&mut asked.over, true);
        let (sent, abandoned, kind) = (asked.sent, asked.abandoned, asked.kind.clone());
        if twice {
            self.accuse(|| format!("{ticket:?} has two outcomes"));
        }
        if dialled != (kind == Kind::Dial) {
            self.accuse(|| format!("{ticket:?} has the outcome of something else"));
        }
        if abandoned && dialled {
            self.accuse(|| format!("dial {ticket:?} was called off, and has an outcome"));
        }
        let certainty = result.err().map(Error::certainty);
        match &kind {
            Kind::Subscribe(context, true) => match certainty {
                Some(Certainty::NotSent | Certainty::Refused) => self.unsubscribes(context),
                None if self.contexts.contains(context) => {
                    self.settled.insert(context.clone());
                }
                _ => {}
            },
            Kind::Subscribe(_, false) => {}
            Kind::Control if certainty.is_none() => {}
            kind => {
                let was_sent = certainty != Some(Certainty::NotSent);
                if was_sent != sent {
                    self.accuse(|| format!("{ticket:?} ({kind:?}) was sent: {sent}; it says {result:?}"));
                }
                self.starts(ticket, kind, result.is_ok());
            }
        }
    }

    fn starts(&mut self, ticket: Ticket, kind: &Kind, accepted: bool) {
        let Some(asked) = self.asked.get_mut(&ticket) else { return };
        match kind {
            // Refused is as good as ended; one that ended before it was answered stays so.
            Kind::Start(_) if !accepted => asked.operation = Operation::Ended,
            Kind::Message if accepted => asked.operation = Operation::Running,
            _ => {}
        }
    }

    /// News of a message prove that there is one to be told of.
    fn follows(&mut self, ticket: Ticket) {
        if let Some(asked) = self.asked.get_mut(&ticket)
            && asked.abandoned
            && asked.kind == Kind::Message
            && asked.operation == Operation::None
        {
            asked.operation = Operation::Running;
            self.open.insert(ticket);
        }
    }

    fn sees_update(&mut self, OperationUpdate { ticket, ended, .. }: OperationUpdate) {
        let operation = self.asked.get_mut(&ticket).map(|asked| &mut asked.operation);
        match operation {
            Some(operation @ Operation::Running) => {
                if ended {
                    *operation = Operation::Ended;
                }
            }
            _ => self.accuse(|| format!("news of {ticket:?}, which does not run")),
        }
    }

    fn sees_news(&mut self, call_id: &CallId, event: &Event) {
        let Some(known) = self.calls.get_mut(call_id).filter(|known| known.ended.is_none()) else {
            return self.accuse(|| format!("news of call {call_id}, which nobody has"));
        };
        if let Event::State(state) = event {
            let (before, now) = (known.rank, rank(state.call_state.as_str()));
            known.rank = now;
            if now <= before {
                self.accuse(|| format!("call {call_id} goes from state {before} to {now}"));
            }
        }
    }

    /// The application is given a call.
    fn meets(&mut self, call_id: &CallId, state: &str) {
        let known = Known { rank: rank(state), ended: None };
        if let Some(before) = self.calls.insert(call_id.clone(), known) {
            // One that was given back or lost may come again; no other.
            match before.ended {
                Some(EndReason::Passed | EndReason::SessionLost) => {}
                before => self.accuse(|| format!("call {call_id} comes again, after {before:?}")),
            }
        }
    }

    /// The session has nothing more to say until the next thing happens.
    fn said_everything(&mut self) {
        self.was_ready = self.ready;
        if let Owed::Answer(id) = std::mem::replace(&mut self.owed, Owed::Nothing)
            && !self.closed
        {
            self.accuse(|| format!("frame {id} was not answered"));
        }
        if let Some(call_id) = self.untold.pop_first() {
            self.accuse(|| format!("call {call_id} is not told of a gap"));
        }
        if let Some(call_id) = self.lost.pop_first() {
            self.accuse(|| format!("call {call_id} outlives its session"));
        }
        let ended = |call_id: &CallId| self.calls.get(call_id).is_none_or(|known| known.ended.is_some());
        let waits = self.still_open().find(|(_, asked)| match &asked.kind {
            Kind::Start(call_id) => asked.operation == Operation::Running && asked.over && ended(call_id),
            _ => false,
        });
        if let Some((ticket, _)) = waits {
            self.accuse(|| format!("operation {ticket:?} outlives its call"));
        }
        let unsent = self.still_open().filter(|(_, asked)| !asked.sent && !asked.over && !asked.abandoned);
        let unsent = unsent.count();
        if unsent > MAX_QUEUED_REQUESTS {
            self.accuse(|| format!("{unsent} requests wait for a connection"));
        }
        if self.closed {
            self.check_over();
        }
        let asked = &self.asked;
        self.open.retain(|ticket| asked.get(ticket).is_some_and(|asked| !asked.is_all_over()));
    }

    fn still_open(&self) -> impl Iterator<Item = (Ticket, &Asked)> {
        self.open.iter().filter_map(|ticket| Some((*ticket, self.asked.get(ticket)?)))
    }

    /// Whatever was asked must have come to its end by now.
    pub(super) fn check_over(&mut self) {
        let waits = self.still_open().find(|(_, asked)| {
            let told = asked.over || asked.abandoned;
            let on_a_call = matches!(asked.kind, Kind::Start(_)) && !self.closed;
            !told || (asked.operation == Operation::Running && !on_a_call && asked.over)
        });
        if let Some((ticket, asked)) = waits {
            let text = format!("{ticket:?} waits for ever: {asked:?}");
            self.accuse(|| text);
        }
        let live = self.live().next().cloned();
        if let (true, Some(call_id)) = (self.closed, live) {
            self.accuse(|| format!("call {call_id} outlives its client"));
        }
        if !self.closed
            && let Some(ticket) =
                self.alarms.iter().find(|(_, alarm)| **alarm == Alarm::Set).map(|(ticket, _)| *ticket)
        {
            self.accuse(|| format!("alarm {ticket:?} does not go off"));
        }
    }

    fn check_secrets(&mut self, event: &SessionEvent) {
        let printed = format!("{event:?}");
        printed.hash(&mut self.transcript);
        self.check_printed(&event, &printed);
    }

    /// Nothing that is printed may contain a secret.
    pub(super) fn check_printed(&mut self, what: &dyn Debug, printed: &str) {
        if self.secrets.iter().any(|secret| printed.contains(secret)) {
            let what = format!("{what:?}").replace(&self.secrets[0], "[the token]");
            self.accuse(|| format!("a secret is printed: {what}"));
        }
    }

    // What can be asked.

    /// Calls that the application has, in a fixed order.
    pub(super) fn live(&self) -> impl Iterator<Item = &CallId> {
        self.calls.iter().filter(|(_, known)| known.ended.is_none()).map(|(call_id, _)| call_id)
    }

    pub(super) fn has_passed_or_ended(&self, call_id: &CallId) -> bool {
        self.calls.get(call_id).is_some_and(|known| known.ended.is_some())
    }

    /// Requests without an outcome, in a fixed order.
    pub(super) fn open_requests(&self) -> Vec<Ticket> {
        let open = self.still_open().filter(|(_, asked)| !asked.over && !asked.abandoned);
        open.map(|(ticket, _)| ticket).collect()
    }

    pub(super) fn alarms(&self) -> Vec<Ticket> {
        self.alarms.iter().filter(|(_, alarm)| **alarm == Alarm::Set).map(|(ticket, _)| *ticket).collect()
    }

    pub(super) fn contexts(&self) -> &BTreeSet<String> {
        &self.contexts
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Stands for everything that the session has said.
    pub(super) fn transcript(&self) -> u64 {
        self.transcript.finish()
    }

    pub(super) fn wrong(&self) -> Option<&str> {
        self.wrong.as_deref()
    }

    /// Notes what is wrong. The first thing counts: others may follow from it.
    pub(super) fn accuse(&mut self, what: impl FnOnce() -> String) {
        if self.wrong.is_none() {
            self.wrong = Some(what());
        }
    }
}

fn rank(state: &str) -> usize {
    let order = ["created", "ringing", "answered", "ending", "ended"];
    order.iter().position(|name| *name == state).map_or(0, |position| position + 1)
}
