//! Carrying out the steps of the environment.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_harness::{NetworkConditions, Plan, SimulatedNetwork};
use signalwire_relay_simulator::{CallState, CallView, Caller, ConnectionId, Step as Act};

use super::parties::{ANSWERS, OURS};
use super::{CallDuration, EnvironmentStep, context, millis, pick};

/// An offer of a call.
fn offer(call: &CallView) -> serde_json::Value {
    let device = json!({"type": "phone", "params": {"from_number": ANSWERS, "to_number": OURS}});
    json!({"call_id": call.call_id, "node_id": NODE, "context": call.context, "call_state": "created",
        "direction": "inbound", "device": device})
}

/// The node of the simulated service.
const NODE: &str = "node-1@simulator";

/// The state that steps of the environment act on.
pub(crate) struct StepContext<'a> {
    pub(crate) now: Duration,
    pub(crate) network: &'a mut SimulatedNetwork,
    /// The calls that clients have, each with the connection on which its events are sent.
    pub(crate) known: Vec<(String, ConnectionId)>,
    pub(crate) call_duration: CallDuration,
}

/// The effect of a step on the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// Frames may be lost, and clients may drop their connections.
    Impaired,
    /// The connections have to be cut now.
    Cut,
}

impl StepContext<'_> {
    /// Carries out a step.
    pub(crate) fn apply(mut self, step: &EnvironmentStep) -> Effect {
        use EnvironmentStep::{
            Caller, Chatter, Disconnect, DisturbEvents, HangUp, OfferAgain, Press, Refuse, RepeatOffer,
            Restart, StaleState,
        };
        match step {
            Caller(..) | HangUp(_) | Press(_) => self.apply_to_parties(step),
            StaleState(_) | RepeatOffer(_) | OfferAgain(_) | Restart | Disconnect(_) | Refuse(..)
            | DisturbEvents(_) | Chatter(_) => {
                self.apply_to_service(step);
            }
            _ => return self.apply_to_network(step),
        }
        Effect::None
    }

    fn apply_to_parties(&mut self, step: &EnvironmentStep) {
        let service = self.network.service_mut();
        let live = service.calls().filter(|call| call.state != CallState::Ended);
        let live: Vec<_> = live.map(|call| call.call_id).collect();
        match step {
            EnvironmentStep::Caller(number, patience) => {
                let caller = Caller::new("+15551110000", OURS).context(context(*number));
                let script = [Act::wait(self.call_duration.of_callers()), Act::HangUp];
                service.place_call(self.now, caller.patience(millis(*patience)).script(script));
            }
            EnvironmentStep::HangUp(number) => {
                if let Some(call_id) = pick(&live, *number) {
                    service.hang_up(self.now, call_id);
                }
            }
            EnvironmentStep::Press(number) => {
                if let Some(call_id) = pick(&live, *number) {
                    service.press(self.now, call_id, "1");
                }
            }
            _ => {}
        }
    }

    fn apply_to_service(&mut self, step: &EnvironmentStep) {
        let service = self.network.service_mut();
        match step {
            EnvironmentStep::StaleState(number) => {
                if let Some((call_id, to)) = pick(&self.known, *number) {
                    let state = json!({"call_id": call_id, "node_id": NODE, "call_state": "created"});
                    service.push_event(self.now, *to, "calling.call.state", state);
                }
            }
            EnvironmentStep::RepeatOffer(number) => {
                if let Some((call_id, to)) = pick(&self.known, *number)
                    && let Some(call) = service.call(call_id)
                {
                    service.push_event(self.now, *to, "calling.call.receive", offer(&call));
                }
            }
            EnvironmentStep::OfferAgain(number) => {
                let offered = service.calls().filter(|call| call.inbound && call.state < CallState::Answered);
                let offered: Vec<_> = offered.collect();
                if let Some(call) = pick(&offered, *number)
                    && let Some(to) = call.controller
                {
                    service.push_event(self.now, to, "calling.call.receive", offer(call));
                }
            }
            EnvironmentStep::Restart => service.restart(self.now),
            EnvironmentStep::Disconnect(restart) => service.send_disconnect(self.now, *restart),
            EnvironmentStep::Refuse(method, reply) => {
                service.refuse_next(method.name(), reply.refusal(*method));
            }
            EnvironmentStep::Chatter(times) => {
                for to in service.connections().collect::<Vec<_>>() {
                    for number in 0..*times {
                        service.push_event(self.now, to, "x.chatter", json!({ "number": number }));
                    }
                }
            }
            EnvironmentStep::DisturbEvents(fault) => service.set_faults(fault.faults()),
            _ => {}
        }
    }

    fn apply_to_network(&mut self, step: &EnvironmentStep) -> Effect {
        let (now, network) = (self.now, &mut *self.network);
        let impaired = if network.connections().next().is_none() { Effect::None } else { Effect::Impaired };
        match step {
            EnvironmentStep::Latency(latency, jitter) => {
                let (latency, jitter) = (millis(*latency), millis(*jitter));
                network.set_conditions(NetworkConditions { latency, jitter, ..NetworkConditions::default() });
            }
            EnvironmentStep::Cut => return Effect::Cut,
            EnvironmentStep::BreakAt(frames, timing, what) => {
                let frame = network.frames() + 1 + u64::from(*frames);
                network.plan(Plan { frame, timing: *timing, what: *what });
            }
            EnvironmentStep::Stall(way, time) => {
                network.stall(now, *way, millis(*time));
                return impaired;
            }
            EnvironmentStep::BlackHole(way) => {
                network.black_hole(now, *way);
                return impaired;
            }
            EnvironmentStep::RefuseConnects(attempts) => network.refuse_connects((*attempts).into()),
            EnvironmentStep::Unreachable(time) => network.unreachable_for(now, millis(*time)),
            EnvironmentStep::Garbage(text) => network.inject(now, text),
            _ => {}
        }
        Effect::None
    }
}
