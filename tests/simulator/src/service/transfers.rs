//! SIP transfers.

use serde_json::json;

use super::SimulatedService;
use super::calls::CallKey;
use super::legs::REJECTION_DELAY;
use super::timers::Timer;
use crate::scenario::Pickup;

impl SimulatedService {
    /// Asks the phone of a call to call another target.
    pub(crate) fn start_refer(&mut self, key: CallKey, target: String) {
        self.note(key, format!("asked to call {target}"));
        let due = self.now.saturating_add(REJECTION_DELAY);
        let timer = self.timers.set(due, Timer::Referred(key, target.clone()));
        if self.scenario.is_to_specification() {
            self.send_refer_event(key, &target, "inProgress", None);
            let waits = (timer, target);
            if let Some((old, _)) = self.calls.get_mut(&key).and_then(|call| call.referring.replace(waits)) {
                self.timers.cancel(old);
            }
        }
    }

    /// Cancels the pending SIP transfer of an ending call and sends the event.
    pub(super) fn cancel_refer(&mut self, key: CallKey) {
        if let Some(target) = self.take_refer(key)
            && !self.scenario.leave_operations_open
        {
            self.send_refer_event(key, &target, "cancel", None);
        }
    }

    /// Cancels the pending SIP transfer of a call and returns its target.
    pub(super) fn take_refer(&mut self, key: CallKey) -> Option<String> {
        let (timer, target) = self.calls.get_mut(&key)?.referring.take()?;
        self.timers.cancel(timer);
        Some(target)
    }

    fn send_refer_event(&mut self, key: CallKey, target: &str, state: &str, answer: Option<&str>) {
        let Some(call) = self.calls.get(&key) else { return };
        let mut event = json!({
            "segment_id": call.segment(),
            "tag": call.tag,
            "state": state,
            "sip_refer_to": target,
            "sip_refer_response_code": "202",
        });
        if let Some(answer) = answer {
            event["sip_notify_response_code"] = answer.into();
        }
        self.emit_for_call(key, "calling.call.refer", event);
    }

    pub(super) fn finish_refer(&mut self, key: CallKey, target: &str) {
        // The final SIP response of the phone that was called.
        let (word, answer) = match self.scenario.phone_at(target).pickup {
            _ if self.take_failure("calling.refer") => ("error", "500"),
            Pickup::Answer | Pickup::Voicemail => ("success", "200"),
            Pickup::Busy => ("busy", "486"),
            Pickup::NoAnswer => ("noAnswer", "408"),
            Pickup::Decline => ("cancel", "603"),
            Pickup::NotFound => ("error", "404"),
        };
        let state = if word == "success" || self.scenario.is_to_specification() { word } else { "failed" };
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.referring = None;
        self.send_refer_event(key, target, state, Some(answer));
        self.note(key, format!("transfer to {target}: {state}"));
    }
}
