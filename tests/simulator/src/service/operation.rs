//! What runs on a call in the background, and the context it works at.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use serde_json::Value;

use super::SimulatedService;
use super::calls::{CallKey, OperationKey};
use super::timers::{Timer, TimerId};
use crate::methods::{Outcome, Request, ServiceError, accepted};
use crate::{Cue, Payment, Report, Scenario, Sound};

/// Time from the start of an operation to its failure on demand.
const FAILURE_DELAY: Duration = Duration::from_millis(100);

/// Which of its timers an operation is told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tick {
    /// What is played or sent is over.
    Done,
    /// Nothing came in time.
    InitialTimeout,
    /// No further key came in time.
    DigitTimeout,
    /// Silence lasted long enough.
    EndSilence,
    /// Speech lasted too long.
    SpeechTimeout,
    /// Half of a sentence has been said.
    HalfSaid,
    /// The longest permitted duration is reached.
    MaxLength,
    /// Somebody has talked for longer than a person would.
    Threshold,
    /// The thinking pause of an AI agent is over.
    Thought,
    /// The pause before the final event of a payment is over.
    PaymentResult,
    /// The operation fails on demand.
    Fails,
}

/// What a client can tell a running operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Control {
    Stop,
    Pause {
        behavior: Option<String>,
    },
    Resume,
    Volume,
    StartInputTimers,
    /// Makes an AI sidecar think at once.
    Poke,
    /// Puts a question to an AI sidecar.
    Ask(String),
    /// Asks an AI sidecar for its figures.
    Status,
    /// Puts an AI agent on hold for at most this long.
    Hold(Duration),
    /// Takes an AI agent off hold.
    Unhold,
    /// Asks a live transcription or translation for a summary.
    Summarize,
}

/// The voice of the person on the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Voice {
    Starts {
        text: String,
        lasts: Duration,
    },
    Stops,
    /// Not a voice: a tone.
    Sounds(Sound),
}

/// Something with a control id that goes on after its request was answered.
///
/// The contract: `call_ends` emits the terminal event; every other way to the end emits it and calls
/// [`OperationContext::finish`], after which the operation is not called again.
pub(crate) trait Operation: Debug + Send {
    fn start(&mut self, context: &mut OperationContext<'_>);
    fn on_timer(&mut self, _context: &mut OperationContext<'_>, _tick: Tick) {}
    fn on_digit(&mut self, _context: &mut OperationContext<'_>, _key: char) {}
    fn on_voice(&mut self, _context: &mut OperationContext<'_>, _voice: &Voice) {}
    fn on_bridge(&mut self, _context: &mut OperationContext<'_>) {}
    fn on_control(&mut self, _context: &mut OperationContext<'_>, _control: &Control) -> Outcome {
        Err(ServiceError::conflict("The operation cannot do that"))
    }
    /// Fails on demand. An operation without a failure of its own ends as it does with its call.
    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.call_ends(context);
        context.finish();
    }
    fn call_ends(&mut self, context: &mut OperationContext<'_>);
}

/// An operation in its place on a call.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) key: OperationKey,
    pub(crate) method: &'static str,
    pub(crate) control_id: String,
    timers: BTreeMap<Tick, TimerId>,
    /// Absent only while the operation is being called.
    body: Option<Box<dyn Operation>>,
}

/// What an operation may do to the world.
#[derive(Debug)]
pub(crate) struct OperationContext<'a> {
    service: &'a mut SimulatedService,
    call: CallKey,
    operation: OperationKey,
    control_id: String,
    timers: BTreeMap<Tick, TimerId>,
    finished: bool,
}

impl OperationContext<'_> {
    pub(crate) fn now(&self) -> Duration {
        self.service.now
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.service.scenario
    }

    /// Returns `true` if the service follows the newer specification.
    pub(crate) fn is_to_specification(&self) -> bool {
        self.service.scenario.is_to_specification()
    }

    pub(crate) fn call_id(&self) -> String {
        self.call.id()
    }

    /// The sentence that the person is in the middle of.
    pub(crate) fn sentence(&self) -> Option<String> {
        self.service.calls.get(&self.call)?.party.sentence().map(str::to_owned)
    }

    /// How long the person will go on with it.
    pub(crate) fn sentence_left(&self) -> Duration {
        let timer = self.service.calls.get(&self.call).and_then(|call| call.party.timer());
        timer.map(|id| id.due().saturating_sub(self.service.now)).unwrap_or_default()
    }

    /// The tone that is in the line at this moment.
    pub(crate) fn sound(&self) -> Option<Sound> {
        self.service.calls.get(&self.call)?.party.sound()
    }

    /// How the next payment ends.
    pub(crate) fn next_payment(&mut self) -> Payment {
        self.service.payments.pop_front().unwrap_or_default()
    }

    pub(crate) fn is_bridged(&self) -> bool {
        self.service.calls.get(&self.call).is_some_and(|call| call.peer.is_some())
    }

    /// Sends an event about this operation; call, node and control id, if it has one, are added.
    pub(crate) fn emit(&mut self, event_type: &str, params: Value) {
        let mut params = params;
        if !self.control_id.is_empty() {
            params["control_id"] = self.control_id.as_str().into();
        }
        self.service.emit_for_call(self.call, event_type, params);
    }

    /// Sends an event about the call that carries no control id.
    pub(crate) fn emit_of_call(&mut self, event_type: &str, params: Value) {
        self.service.emit_for_call(self.call, event_type, params);
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.service.report(report);
    }

    /// Reports something about the call in words.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        self.service.note(self.call, what);
    }

    /// Lets the person on the call notice something.
    pub(crate) fn cue(&mut self, cue: Cue) {
        self.service.cue(self.call, cue);
    }

    /// Arms a timer, in place of an earlier one of the same kind.
    pub(crate) fn after(&mut self, time: Duration, tick: Tick) {
        self.cancel(tick);
        let due = self.service.now.saturating_add(time);
        let id = self.service.timers.set(due, Timer::Operation(self.call, self.operation, tick));
        self.timers.insert(tick, id);
    }

    /// Disarms a timer; says how much time was left.
    pub(crate) fn cancel(&mut self, tick: Tick) -> Option<Duration> {
        let id = self.timers.remove(&tick)?;
        self.service.timers.cancel(id);
        Some(id.due().saturating_sub(self.service.now))
    }

    /// The operation is over.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl SimulatedService {
    /// Puts an operation on the call of a request and starts it.
    pub(crate) fn start_operation(
        &mut self,
        request: &Request,
        body: Box<dyn Operation>,
    ) -> Result<(), ServiceError> {
        let key = request.call()?;
        self.next_operation += 1;
        let operation = OperationKey(self.next_operation);
        let call = self.calls.get_mut(&key).ok_or_else(ServiceError::no_call)?;
        let control_id = request.control_id();
        if call.operations.iter().any(|a| a.method == request.method && a.control_id == control_id) {
            let method = request.method;
            if control_id.is_empty() {
                return Err(ServiceError::conflict(format!("A {method} is already active on the call")));
            }
            return Err(ServiceError::conflict(format!(
                "control_id '{control_id}' is already in use by a {method}"
            )));
        }
        call.operations.push(Active {
            key: operation,
            method: request.method,
            control_id: control_id.to_owned(),
            timers: BTreeMap::new(),
            body: Some(body),
        });
        self.with_operation(key, operation, |body, context| body.start(context));
        if self.take_failure(request.method) {
            self.with_operation(key, operation, |_, context| context.after(FAILURE_DELAY, Tick::Fails));
        }
        Ok(())
    }

    /// Passes a control to the running operation with the control id of the request, started by
    /// one of `methods`. That nothing runs is 404 only where a control id says what should: to a client
    /// 404 means that what it speaks of is gone, and without one it speaks of the call.
    pub(crate) fn control(&mut self, request: &Request, methods: &[&str], control: &Control) -> Outcome {
        let key = request.call()?;
        let call = self.calls.get(&key).ok_or_else(ServiceError::no_call)?;
        let control_id = request.control_id();
        let found =
            call.operations.iter().find(|a| methods.contains(&a.method) && a.control_id == control_id);
        let operation = found.map(|active| active.key).ok_or_else(|| {
            let what = methods.join(" or ");
            if control_id.is_empty() {
                ServiceError::conflict(format!("No {what} is active on the call"))
            } else {
                ServiceError::new(404, format!("No {what} with control_id '{control_id}' is active"))
            }
        })?;
        self.with_operation(key, operation, |body, context| body.on_control(context, control))
            .unwrap_or_else(accepted)
    }

    /// Passes a control to every running operation that was started by one of `methods`.
    pub(crate) fn control_all(&mut self, key: CallKey, methods: &[&str], control: &Control) {
        let Some(call) = self.calls.get(&key) else { return };
        let found = call.operations.iter().filter(|active| methods.contains(&active.method));
        for operation in found.map(|active| active.key).collect::<Vec<_>>() {
            self.with_operation(key, operation, |body, context| body.on_control(context, control));
        }
    }

    /// Whether an operation that was started by one of `methods` runs on a call.
    pub(crate) fn runs(&self, key: CallKey, methods: &[&str]) -> bool {
        let call = self.calls.get(&key);
        call.is_some_and(|call| call.operations.iter().any(|active| methods.contains(&active.method)))
    }

    /// Tells every operation on a call something, in the order they were started.
    pub(crate) fn for_each_operation(
        &mut self,
        key: CallKey,
        mut act: impl FnMut(&mut dyn Operation, &mut OperationContext<'_>),
    ) {
        let Some(call) = self.calls.get(&key) else { return };
        let operations: Vec<_> = call.operations.iter().map(|active| active.key).collect();
        for operation in operations {
            self.with_operation(key, operation, &mut act);
        }
    }

    pub(crate) fn operation_ticks(&mut self, key: CallKey, operation: OperationKey, tick: Tick) {
        self.with_operation(key, operation, |body, context| {
            context.timers.remove(&tick);
            if tick == Tick::Fails {
                body.fails(context);
            } else {
                body.on_timer(context, tick);
            }
        });
    }

    /// Takes every operation off an ending call, with or without a last event.
    pub(crate) fn clear_operations(&mut self, key: CallKey) {
        if !self.scenario.leave_operations_open {
            self.for_each_operation(key, |body, context| body.call_ends(context));
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        for active in std::mem::take(&mut call.operations) {
            for id in active.timers.into_values() {
                self.timers.cancel(id);
            }
        }
    }

    /// Calls one operation. It is lifted off the call meanwhile, so that it can reach everything
    /// else through its context.
    fn with_operation<T>(
        &mut self,
        key: CallKey,
        operation: OperationKey,
        act: impl FnOnce(&mut dyn Operation, &mut OperationContext<'_>) -> T,
    ) -> Option<T> {
        let active = self.calls.get_mut(&key)?.operations.iter_mut().find(|a| a.key == operation)?;
        let mut body = active.body.take()?;
        let control_id = active.control_id.clone();
        let timers = std::mem::take(&mut active.timers);
        let mut context =
            OperationContext { service: self, call: key, operation, control_id, timers, finished: false };
        let result = act(&mut *body, &mut context);
        let (timers, finished) = (context.timers, context.finished);
        if finished {
            for id in timers.values() {
                self.timers.cancel(*id);
            }
        }
        if let Some(call) = self.calls.get_mut(&key) {
            if finished {
                call.operations.retain(|active| active.key != operation);
            } else if let Some(active) = call.operations.iter_mut().find(|active| active.key == operation) {
                active.body = Some(body);
                active.timers = timers;
            }
        }
        Some(result)
    }
}
