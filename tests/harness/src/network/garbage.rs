//! Frames that make no sense.

/// The length of an oversize frame, in bytes. Adapters refuse longer frames before the core reads them.
const OVERSIZE: usize = 1 << 20;
/// Meaningless frames, one of which is drawn.
pub(super) const NONSENSE: &[&str] = &[
    "",
    "nonsense",
    "[]",
    "7",
    "{\"jsonrpc\":\"2.0\"}",
    "{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":[]}",
    "{\"jsonrpc\":\"2.0\",\"id\":\"nobody-asked\",\"error\":\"as text\"}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":7}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"calling.call.state\",\"params\":{\"call_id\":[],\"call_state\":1e999}}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"signalwire.event\",\"params\":{\"event_type\":\"calling.call.unheard_of\",\"params\":null}}",
];

/// Builds a well-formed event of [`OVERSIZE`] bytes and a little more.
pub(super) fn oversize_frame() -> String {
    let filling = "x".repeat(OVERSIZE);
    format!(
        r#"{{"jsonrpc":"2.0","method":"signalwire.event","params":{{"event_type":"calling.call.unheard_of","params":{{"filling":"{filling}"}}}}}}"#
    )
}
