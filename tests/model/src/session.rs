//! A session against the simulated service and a bad network, with everything that must always be true checked after
//! each step.
//!
//! [`play`] plays a history, looks at everything that the session says, and gives the first thing that must not be.
//!
//! ```
//! use signalwire_relay_model::Incident;
//! use signalwire_relay_model::session::{Ask, Step, play};
//!
//! let caller = Step::Incident(Incident::Caller(0, 30_000));
//! let history = [caller, Step::Pass(2_000), Step::Ask(Ask::Answer, 0), Step::Incident(Incident::Cut)];
//! let summary = play(7, &history).unwrap_or_else(|failure| panic!("{failure}"));
//! assert!(summary.steps > 10);
//! ```

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signalwire_relay_core::calling::{Method, Play, Record, SendDigits, StandaloneCollect};
use signalwire_relay_core::session::{Command, Frame, Output, Session, Stats, Target};
use signalwire_relay_core::{CallId, Tag, Ticket};
use signalwire_relay_simulator::CallState;

use super::incident::{context, millis, pick};
use super::ledger::{Kind, Ledger};
use super::setting::{FAREWELL, HEALING, MOST_CALLS, OURS, SECRET, Setting, config, objection};
use super::{Delivery, Dial, Effect, Failure, Incident, MARK, Player, Stage, Summary};
use signalwire_relay_harness::{DisconnectReason, Disturbance, LineEvent, LineId, SimulatedNetwork};

/// How many rounds may go by at one instant before something counts as going round in circles.
const ROUND_BOUND: usize = 100_000;

/// One thing that an application asks of the session, or that befalls it.
///
/// Where one of several is meant (a call, a request, an alarm), a number picks it among those that there are at that
/// time; if there is none, nothing happens. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Time passes.
    Pass(u32),
    /// The application asks for something on a call.
    Ask(Ask, u8),
    /// The application dials, for so long.
    Dial(Dial, u32),
    /// The application sends a message.
    Message(Delivery),
    /// The application wants calls of one more context, `a` to `d`.
    Receive(u8),
    /// The application wants no calls of a context any more.
    Unreceive(u8),
    /// The application makes as many requests at once.
    Flood(u16),
    /// The application takes an offered call, to answer it later.
    Take(u8),
    /// The application lets go of a call.
    Release(u8),
    /// The application was given a call and will not use it.
    Discard(u8),
    /// The application takes a request back.
    Abandon(u8),
    /// The application wants to be woken.
    Alarm(u32),
    /// The application does not want to be woken after all.
    CancelAlarm(u8),
    /// The application stops gently, within so long.
    Drain(u32),
    /// Something befalls it.
    Incident(Incident),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What an application asks for on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum Ask {
    Answer,
    Pass,
    Hangup,
    Play,
    Record,
    Collect,
    SendDigits,
    /// Stops the latest operation of the call.
    Stop,
}

/// Plays a history and says what was wrong with it, if anything was.
///
/// # Errors
/// The first thing that must not be.
pub fn play(seed: u64, history: &[Step]) -> Result<Summary, Box<Failure>> {
    super::play(Performance::new(seed), seed, Vec::new(), history)
}

/// A session, the service, the network, and the ledger.
struct Performance {
    network: SimulatedNetwork,
    line: LineId,
    session: Session,
    start: Instant,
    now: Duration,
    deadline: Option<Instant>,
    ledger: Ledger,
    /// The steps of the history, and the timeouts of the session.
    steps: u64,
    tickets: u64,
    /// Whether something may have kept the session from ever hearing of a call.
    deafened: bool,
    setting: Setting,
}

impl Player for Performance {
    type Step = Step;

    fn now(&self) -> Duration {
        self.now
    }

    fn apply(&mut self, step: &Step) {
        let now = self.instant();
        self.steps += 1;
        match step {
            Step::Pass(time) => self.pass(millis(*time)),
            Step::Ask(ask, number) => self.ask(*ask, *number),
            Step::Dial(whom, limit) => self.dial(*whom, millis(*limit)),
            Step::Message(delivery) => {
                let params = json!({"to_number": delivery.number(), "from_number": OURS, "body": "Hi"});
                self.command("messaging.send", Target::Message, Kind::Message, params);
            }
            Step::Receive(number) => {
                let (context, target) = (context(*number), Target::Receive(vec![context(*number)]));
                self.command("signalwire.receive", target, Kind::Subscribe(context, true), json!({}));
            }
            Step::Unreceive(number) => {
                let (context, target) = (context(*number), Target::Unreceive(vec![context(*number)]));
                self.command("signalwire.unreceive", target, Kind::Subscribe(context, false), json!({}));
            }
            Step::Flood(count) => {
                for _ in 0..*count {
                    self.command("signalwire.ping", Target::Service, Kind::Request, json!({}));
                }
            }
            Step::Take(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.session.take(&call_id);
                }
            }
            Step::Release(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.session.release(now, &call_id);
                }
            }
            Step::Discard(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.session.discard(now, &call_id);
                }
            }
            Step::Abandon(number) => {
                if let Some(ticket) = pick(&self.ledger.open_requests(), *number) {
                    self.ledger.abandons(*ticket);
                    self.session.abandon(now, *ticket);
                }
            }
            Step::Alarm(time) => {
                let ticket = self.ticket();
                if !self.ledger.closed {
                    self.ledger.sets_alarm(ticket);
                }
                self.session.set_alarm(now, ticket, millis(*time));
            }
            Step::CancelAlarm(number) => {
                if let Some(ticket) = pick(&self.ledger.alarms(), *number) {
                    self.ledger.cancels_alarm(*ticket);
                    self.session.cancel_alarm(*ticket);
                }
            }
            Step::Drain(time) => {
                self.ledger.drains();
                self.session.drain(now, millis(*time));
            }
            Step::Incident(incident) => {
                self.ledger.turned_away |= incident.turns_away();
                self.befall(incident);
            }
        }
        self.drain();
        self.settle();
    }

    fn finish(&mut self) {
        self.network.heal();
        self.pass(HEALING);
        let printed = format!("{:?}", self.session);
        self.ledger.check_printed(&"the session", &printed);
        if !self.ledger.closed {
            self.check_rest();
        }
        self.ledger.check_over();
        self.ledger.drains();
        self.session.drain(self.instant(), Duration::ZERO);
        self.drain();
        self.pass(FAREWELL);
        if !self.ledger.closed {
            self.ledger.accuse(|| "the session does not close".into());
        }
        let stats = self.session.stats();
        if stats != Stats::default() {
            self.ledger.accuse(|| format!("something is left: {stats:?}"));
        }
        let left: Vec<_> = self.live_at_service().filter(|_| self.may_account()).collect();
        if !left.is_empty() && self.ledger.wrong().is_none() {
            self.ledger.accuse(|| format!("calls {left:?} go on after the client has stopped"));
        }
    }

    fn wrong(&self) -> Option<String> {
        self.ledger.wrong().map(str::to_owned)
    }

    fn summary(&self) -> Summary {
        Summary { steps: self.steps + self.network.steps(), transcript: self.ledger.transcript() }
    }

    fn disturbances(&self) -> &[Disturbance] {
        self.network.disturbances()
    }
}

impl Performance {
    fn new(seed: u64) -> Self {
        let setting = Setting::of(seed);
        let session = Session::new(&config(), seed).expect("the settings are usable");
        let mut network = SimulatedNetwork::new(setting.scenario(), seed);
        let line = network.add_line();
        let mut play = Self {
            network,
            line,
            session,
            start: Instant::now(),
            now: Duration::ZERO,
            deadline: None,
            ledger: Ledger::new(MOST_CALLS, &["a"], SECRET),
            steps: 0,
            tickets: 0,
            deafened: false,
            setting,
        };
        play.session.connect(play.instant());
        play.drain();
        play.settle();
        play
    }

    fn befall(&mut self, incident: &Incident) {
        let to = self.network.service().connections().last();
        let known = to.into_iter().flat_map(|to| self.ledger.live().map(move |id| (id.to_string(), to)));
        let known = known.collect();
        let stage = Stage { now: self.now, network: &mut self.network, known, stay: self.setting.stay() };
        match stage.befall(incident) {
            Effect::None => {}
            Effect::Impaired => self.excuse(),
            Effect::Cut => self.cut(),
        }
    }

    /// The connection may be dropped, and what was on its way be lost.
    fn excuse(&mut self) {
        self.ledger.excused = true;
        self.deafened = true;
    }

    // What the application asks for.

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn pick_call(&self, number: u8) -> Option<CallId> {
        pick(&self.ledger.live().cloned().collect::<Vec<_>>(), number).cloned()
    }

    fn ask(&mut self, ask: Ask, number: u8) {
        let Some(call_id) = self.pick_call(number) else { return };
        let plain = || (Target::Call(call_id.clone()), Kind::Request);
        let control_id = format!("k{}", self.tickets + 1);
        let start = |rule: Option<&'static _>| {
            let rule = rule.expect("the method starts an operation");
            let control_id = Some(control_id.as_str().into());
            (Target::Start { call_id: call_id.clone(), control_id, rule }, Kind::Start(call_id.clone()))
        };
        let (method, (target, kind), params) = match ask {
            Ask::Answer => ("calling.answer", plain(), json!({})),
            Ask::Pass => ("calling.pass", plain(), json!({})),
            Ask::Hangup => ("calling.end", plain(), json!({"reason": "hangup"})),
            Ask::Play => {
                let play = json!([{"type": "tts", "params": {"text": "Hello, and welcome."}}]);
                ("calling.play", start(Play::completion_rule()), json!({"play": play}))
            }
            Ask::Record => {
                ("calling.record", start(Record::completion_rule()), json!({"record": {"audio": {}}}))
            }
            Ask::Collect => {
                let collect = json!({"digits": {"max": 1}, "initial_timeout": 5.0});
                ("calling.collect", start(StandaloneCollect::completion_rule()), collect)
            }
            Ask::SendDigits => {
                ("calling.send_digits", start(SendDigits::completion_rule()), json!({"digits": "1"}))
            }
            Ask::Stop => {
                let running = self.network.service().call(call_id.as_str());
                let Some(latest) = running.as_ref().and_then(|call| call.operations.last()) else { return };
                let method = match latest.method.as_str() {
                    "calling.play" => "calling.play.stop",
                    "calling.record" => "calling.record.stop",
                    "calling.collect" => "calling.collect.stop",
                    _ => return,
                };
                let control_id = latest.control_id.as_str().into();
                (method, (Target::Control { call_id: call_id.clone(), control_id }, Kind::Control), json!({}))
            }
        };
        self.command(method, target, kind, params);
    }

    fn dial(&mut self, whom: Dial, limit: Duration) {
        let device = |number: &str| json!({"type": "phone", "params": {"from_number": OURS, "to_number": number, "timeout": 30}});
        let devices = |numbers: &&[&str]| numbers.iter().map(|number| device(number)).collect();
        let devices: Vec<Vec<_>> = whom.numbers().iter().map(devices).collect();
        let ticket = self.ticket();
        let target = Target::Dial { tag: Some(Tag::from(format!("t{}", ticket.0))) };
        let params = json!({"devices": devices, MARK: ticket.0});
        self.submit(ticket, "calling.dial", target, Kind::Dial, &params, Some(limit));
    }

    fn command(&mut self, method: &'static str, target: Target, kind: Kind, mut params: Value) {
        let ticket = self.ticket();
        params[MARK] = ticket.0.into();
        self.submit(ticket, method, target, kind, &params, None);
    }

    fn submit(
        &mut self,
        ticket: Ticket,
        method: &'static str,
        target: Target,
        kind: Kind,
        params: &Value,
        limit: Option<Duration>,
    ) {
        let command = Command::raw(method, target, params.to_string()).expect("the parameters are an object");
        let command = limit.map_or_else(|| command.clone(), |limit| command.clone().timeout(limit));
        self.ledger.asks(ticket, kind);
        self.session.command(self.instant(), ticket, command);
        self.drain();
    }

    fn live_at_service(&self) -> impl Iterator<Item = String> {
        self.network.service().calls().filter(|call| call.state != CallState::Ended).map(|call| call.call_id)
    }

    // Letting things happen.

    fn instant(&self) -> Instant {
        self.start + self.now
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(next) = self.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.settle();
            if self.ledger.wrong().is_some() {
                return;
            }
        }
        self.now = end;
    }

    fn next_deadline(&self) -> Option<Duration> {
        let deadline = self.deadline.map(|deadline| deadline.saturating_duration_since(self.start));
        deadline.into_iter().chain(self.network.poll_timeout()).min()
    }

    fn settle(&mut self) {
        self.network.handle_timeout(self.now);
        if self.deadline.is_some_and(|due| due <= self.instant()) {
            self.steps += 1;
            self.session.handle_timeout(self.instant());
            self.drain();
        }
        for _ in 0..ROUND_BOUND {
            if !self.connect() && !self.network.drain_service(self.now) && !self.deliver() {
                return;
            }
        }
        self.ledger.accuse(|| "something goes round in circles".into());
    }

    /// The contract of the session: one thing, then everything that follows from it.
    fn drain(&mut self) {
        loop {
            let output = self.session.poll_output();
            self.ledger.sees(&output);
            match output {
                Output::Open(_) => self.network.open(self.now, self.line),
                Output::Send(text) => {
                    if !self.network.send(self.now, self.line, text) {
                        self.ledger.accuse(|| "a frame goes out without a connection".into());
                    }
                }
                Output::Close => self.network.close(self.now, self.line),
                Output::Event(_) => {}
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    if self.session.contexts().ne(self.ledger.contexts().iter().map(String::as_str)) {
                        let held: Vec<_> = self.session.contexts().map(str::to_owned).collect();
                        let wanted = self.ledger.contexts().clone();
                        self.ledger.accuse(|| format!("contexts {held:?} are held, {wanted:?} wanted"));
                    }
                    return;
                }
            }
        }
    }

    fn connect(&mut self) -> bool {
        let Some(event) = self.network.poll_attempt(self.now, self.line) else { return false };
        self.handle(event);
        true
    }

    fn deliver(&mut self) -> bool {
        let faults = self.network.disturbances().len();
        let event = self.network.poll_delivery(self.now, self.line);
        if self.network.disturbances().len() > faults {
            self.excuse();
        }
        let Some(event) = event else { return false };
        self.handle(event);
        if let Some(event) = self.network.poll_break(self.now, self.line) {
            self.handle(event);
        }
        true
    }

    /// Gives an event of the network to the session, and passes on what follows from it.
    fn handle(&mut self, event: LineEvent) {
        let now = self.instant();
        match event {
            LineEvent::Connected => {
                self.ledger.excused = false;
                self.session.handle_connected(now);
            }
            LineEvent::Frame(text) => {
                self.ledger.receives(&text);
                self.session.handle_frame(now, Frame::Text(&text));
            }
            LineEvent::Disconnected(DisconnectReason::Cut) => {
                self.session.handle_disconnected(now, &format!("cut, said {SECRET}"));
            }
            LineEvent::Disconnected(reason) => self.session.handle_disconnected(now, &reason.to_string()),
            _ => {}
        }
        self.drain();
    }

    fn cut(&mut self) {
        if let Some(event) = self.network.cut(self.now, self.line) {
            self.handle(event);
        }
    }

    // The end.

    /// Whether the session had a chance to hear of every call that there is.
    fn may_account(&self) -> bool {
        self.setting.redelivers() || !self.deafened
    }

    /// Nothing has been wrong for a long time: both sides must agree on what there is.
    fn check_rest(&mut self) {
        if !self.ledger.is_ready() && !self.ledger.draining {
            self.ledger.accuse(|| "there is no connection although nothing is wrong".into());
        }
        if let Some(violation) = objection(self.network.service().violations()) {
            self.ledger.accuse(|| format!("the service objects: {violation}"));
        }
        let Stats { requests, dials, messages, alarms, .. } = self.session.stats();
        if (requests, dials, messages, alarms) != (0, 0, 0, 0) {
            let stats = self.session.stats();
            self.ledger.accuse(|| format!("something is left: {stats:?}"));
        }
        let known: Vec<_> = self.session.calls().map(ToString::to_string).collect();
        let live: Vec<_> = self.live_at_service().collect();
        if let Some(call_id) = known.iter().find(|call_id| !live.contains(call_id)) {
            self.ledger.accuse(|| format!("call {call_id} is over, and the session has not noticed"));
        }
        if self.may_account()
            && let Some(call_id) = live.iter().find(|call_id| !known.contains(call_id))
        {
            self.ledger.accuse(|| format!("call {call_id} is orphaned: nobody knows of it"));
        }
        if let Some(call_id) = known.iter().find(|id| self.ledger.has_passed_or_ended(&id.as_str().into())) {
            self.ledger.accuse(|| format!("call {call_id} is over for the application, not for the session"));
        }
    }
}
