//! Bridges to a stream: the requesting call receives stream events.

use serde_json::json;

use super::SimulatedService;
use super::calls::CallKey;

impl SimulatedService {
    /// Sends the state of the stream at the other end of a bridge, if the peer is a stream. The event has no control
    /// id, as a connect has none.
    pub(super) fn send_stream_event(&mut self, asking: CallKey, other: CallKey, state: &str) {
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
