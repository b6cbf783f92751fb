//! Operations: what runs on a call after its request was answered.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use serde_json::Value;

use super::SimulatedService;
use super::calls::{CallKey, OperationKey};
use super::timers::{Timer, TimerId};
use crate::methods::{Outcome, Request, ServiceError, accepted};
use crate::{Cue, Payment, Report, Scenario, Sound};

/// Time from the start of an operation until it fails on demand.
const FAILURE_DELAY: Duration = Duration::from_millis(100);

/// The timers of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tick {
    /// The media or the document is over.
    Done,
    /// No input in time.
    InitialTimeout,
    /// No further key in time.
    DigitTimeout,
    /// Silence lasted long enough.
    EndSilence,
    /// Speech lasted too long.
    SpeechTimeout,
    /// Half of the sentence is over.
    HalfSaid,
    /// The longest permitted duration is reached.
    MaxLength,
    /// The voice has talked for longer than a human would.
    Threshold,
    /// The AI agent has an answer.
    Thought,
    /// The final event of a payment is due.
    PaymentResult,
    /// The operation fails on demand.
    Fails,
}

/// A control of a running operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Control {
    Stop,
    Pause {
        behavior: Option<String>,
    },
    Resume,
    Volume,
    StartInputTimers,
    /// Triggers an AI sidecar.
    Poke,
    /// Puts a question to an AI sidecar.
    Ask(String),
    /// Asks an AI sidecar for its status.
    Status,
    /// Puts an AI agent on hold for at most this long.
    Hold(Duration),
    /// Takes an AI agent off hold.
    Unhold,
    /// Asks a live transcription or translation for a summary.
    Summarize,
}

/// The voice of the party on the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Voice {
    Starts {
        text: String,
        lasts: Duration,
    },
    Stops,
    /// A tone instead of a voice.
    Sounds(Sound),
}

/// An operation that continues after its request was answered.
///
/// Every end emits the terminal event. An end other than `call_ends` also calls [`OperationContext::finish`], after
/// which the operation is not called again.
pub(crate) trait Operation: Debug + Send {
    fn start(&mut self, context: &mut OperationContext<'_>);
    fn on_timer(&mut self, _context: &mut OperationContext<'_>, _tick: Tick) {}
    fn on_digit(&mut self, _context: &mut OperationContext<'_>, _key: char) {}
    fn on_voice(&mut self, _context: &mut OperationContext<'_>, _voice: &Voice) {}
    fn on_bridge(&mut self, _context: &mut OperationContext<'_>) {}
    fn on_control(&mut self, _context: &mut OperationContext<'_>, _control: &Control) -> Outcome {
        Err(ServiceError::conflict("The operation cannot do that"))
    }
    /// Fails on demand. An operation without its own failure ends as it does with its call.
    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.call_ends(context);
        context.finish();
    }
    fn call_ends(&mut self, context: &mut OperationContext<'_>);
}

/// An operation on a call.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) key: OperationKey,
    pub(crate) method: &'static str,
    pub(crate) control_id: String,
    timers: BTreeMap<Tick, TimerId>,
    /// `None` only while the operation is being called.
    body: Option<Box<dyn Operation>>,
}

/// The access of an operation to its call and to the service.
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

    /// The sentence that the party is saying.
    pub(crate) fn sentence(&self) -> Option<String> {
        self.service.calls.get(&self.call)?.party.sentence().map(str::to_owned)
    }

    /// The time until the end of the sentence.
    pub(crate) fn sentence_left(&self) -> Duration {
        let timer = self.service.calls.get(&self.call).and_then(|call| call.party.timer());
        timer.map(|id| id.due().saturating_sub(self.service.now)).unwrap_or_default()
    }

    /// The tone on the line.
    pub(crate) fn sound(&self) -> Option<Sound> {
        self.service.calls.get(&self.call)?.party.sound()
    }

    /// Takes the outcome of the next payment.
    pub(crate) fn next_payment(&mut self) -> Payment {
        self.service.payments.pop_front().unwrap_or_default()
    }

    pub(crate) fn is_bridged(&self) -> bool {
        self.service.calls.get(&self.call).is_some_and(|call| call.peer.is_some())
    }

    /// Sends an event about the operation. The call id, the node id and the control id are added.
    pub(crate) fn emit(&mut self, event_type: &str, params: Value) {
        let mut params = params;
        if !self.control_id.is_empty() {
            params["control_id"] = self.control_id.as_str().into();
        }
        self.service.emit_for_call(self.call, event_type, params);
    }

    /// Sends an event about the call, without a control id.
    pub(crate) fn emit_of_call(&mut self, event_type: &str, params: Value) {
        self.service.emit_for_call(self.call, event_type, params);
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.service.report(report);
    }

    /// Reports a note about the call.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        self.service.note(self.call, what);
    }

    /// Gives the party on the call a cue.
    pub(crate) fn cue(&mut self, cue: Cue) {
        self.service.cue(self.call, cue);
    }

    /// Arms a timer, replacing an earlier one of the same kind.
    pub(crate) fn after(&mut self, time: Duration, tick: Tick) {
        self.cancel(tick);
        let due = self.service.now.saturating_add(time);
        let id = self.service.timers.set(due, Timer::Operation(self.call, self.operation, tick));
        self.timers.insert(tick, id);
    }

    /// Disarms a timer. Returns the time that was left.
    pub(crate) fn cancel(&mut self, tick: Tick) -> Option<Duration> {
        let id = self.timers.remove(&tick)?;
        self.service.timers.cancel(id);
        Some(id.due().saturating_sub(self.service.now))
    }

    /// Ends the operation.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl SimulatedService {
    /// Adds an operation to the call of a request and starts it.
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

    /// Passes a control to the running operation that one of `methods` started with the control id of the request. If
    /// none runs, the code is 404 with a control id, as the operation is gone. Without a control id it is 409, as the
    /// request is about the call.
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

    /// Passes a control to every running operation that one of `methods` started.
    pub(crate) fn control_all(&mut self, key: CallKey, methods: &[&str], control: &Control) {
        let Some(call) = self.calls.get(&key) else { return };
        let found = call.operations.iter().filter(|active| methods.contains(&active.method));
        for operation in found.map(|active| active.key).collect::<Vec<_>>() {
            self.with_operation(key, operation, |body, context| body.on_control(context, control));
        }
    }

    /// Returns `true` if an operation that one of `methods` started runs on a call.
    pub(crate) fn runs(&self, key: CallKey, methods: &[&str]) -> bool {
        let call = self.calls.get(&key);
        call.is_some_and(|call| call.operations.iter().any(|active| methods.contains(&active.method)))
    }

    /// Calls every operation on a call, in the order of their start.
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

    pub(crate) fn fire_operation_timer(&mut self, key: CallKey, operation: OperationKey, tick: Tick) {
        self.with_operation(key, operation, |body, context| {
            context.timers.remove(&tick);
            if tick == Tick::Fails {
                body.fails(context);
            } else {
                body.on_timer(context, tick);
            }
        });
    }

    /// Removes every operation from an ending call. The scenario decides whether their terminal events are sent.
    pub(crate) fn clear_operations(&mut self, key: CallKey) {
        if !self.scenario.leave_operations_open {
            self.is_ending_call = true;
            self.for_each_operation(key, |body, context| body.call_ends(context));
            self.is_ending_call = false;
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        for active in std::mem::take(&mut call.operations) {
            for id in active.timers.into_values() {
                self.timers.cancel(id);
            }
        }
    }

    /// Calls one operation. The operation is moved out of the call meanwhile, so that its context can borrow the
    /// service.
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
