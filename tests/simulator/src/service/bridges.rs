//! Bridges between two calls.

use serde_json::{Value, json};

use super::SimulatedService;
use super::calls::{Call, CallKey};
use crate::{Cue, Report};

impl SimulatedService {
    /// Bridges two calls. The event shows the peer with these additional members.
    pub(super) fn bridge(&mut self, asking: CallKey, other: CallKey, tag: Option<&str>, facts: Value) {
        let Some(mut peer) = self.calls.get(&other).map(Call::as_party) else { return };
        if let (Value::Object(peer), Value::Object(facts)) = (&mut peer, facts) {
            peer.extend(facts);
        }
        let to = self.calls.get(&other).map(|call| call.device.target().to_owned()).unwrap_or_default();
        for (one, two) in [(asking, other), (other, asking)] {
            if let Some(call) = self.calls.get_mut(&one) {
                call.peer = Some(two);
                call.attempt = None;
                call.asked_for_bridge = one == asking;
            }
        }
        let mut event = json!({"connect_state": "connected", "peer": peer});
        if let Some(tag) = tag {
            event["tag"] = tag.into();
        }
        self.emit_for_call(asking, "calling.call.connect", event);
        self.send_stream_event(asking, other, "streaming");
        self.report(Report::Bridged { call: asking.id(), with: other.id(), to });
        for key in [asking, other] {
            self.for_each_operation(key, |body, context| body.on_bridge(context));
            self.cue(key, Cue::Bridged);
        }
    }

    /// Separates a call from its peer. Both calls continue. Returns `false` if the call had no peer.
    pub(crate) fn unbridge(&mut self, key: CallKey) -> bool {
        self.unbridge_with_events(key, true)
    }

    /// Separates a call from its peer. The call itself receives events only if `notify` is set.
    fn unbridge_with_events(&mut self, key: CallKey, notify: bool) -> bool {
        let Some(peer) = self.calls.get(&key).and_then(|call| call.peer) else { return false };
        for (one, two) in [(key, peer), (peer, key)] {
            let Some(call) = self.calls.get_mut(&one) else { continue };
            call.peer = None;
            call.follows = None;
            if std::mem::take(&mut call.asked_for_bridge) {
                let party = self.calls.get(&two).map(Call::as_party);
                let mut event = json!({"connect_state": "disconnected"});
                if let Some(party) = party {
                    event["peer"] = party;
                }
                if notify || one != key {
                    self.emit_for_call(one, "calling.call.connect", event);
                    self.send_stream_event(one, two, "finished");
                }
                self.report(Report::Unbridged { call: one.id(), from: two.id() });
            }
            self.cue(one, Cue::Unbridged);
        }
        true
    }

    /// Ends the bridge of an ending call, and the peer if it was created for the bridge. The peer always receives the
    /// event.
    pub(super) fn leave_bridge(&mut self, key: CallKey) {
        let Some(peer) = self.calls.get(&key).and_then(|call| call.peer) else { return };
        let follows = self.calls.get(&peer).is_some_and(|call| call.follows == Some(key));
        self.unbridge_with_events(key, !self.scenario.leave_operations_open);
        if follows {
            self.end_call(peer, "hangup");
        }
    }

    /// Sends the state of the stream at the other end of a bridge, if the peer is a stream. The event has no control
    /// id, as a connect has none.
    fn send_stream_event(&mut self, asking: CallKey, other: CallKey, state: &str) {
        let Some(stream) = self.calls.get(&other).filter(|other| other.device.kind == "stream") else {
            return;
        };
        let mut event =
            json!({"state": state, "segment_id": stream.segment(), "url": stream.device.target()});
        if !stream.tag.is_empty() {
            event["tag"] = stream.tag.as_str().into();
        }
        if let Some(name) = stream.device.params.get("name") {
            event["name"] = name.clone();
        }
        self.emit_for_call(asking, "calling.call.stream", event);
    }
}
