//! Digit bindings: key sequences that run methods.

use serde_json::{Map, Value, json};

use super::calls::CallKey;
use super::session::SessionKey;
use super::{NODE, SimulatedService};
use crate::methods::Method;
use crate::{ConnectionId, Report};

/// A key sequence and the method that it runs.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) digits: String,
    pub(crate) method: &'static Method,
    pub(crate) params: Map<String, Value>,
    pub(crate) realm: String,
    /// The number of triggers left; `None` is no limit.
    pub(crate) triggers_left: Option<u64>,
    /// The connection that created the binding.
    pub(crate) connection: ConnectionId,
    pub(crate) session: SessionKey,
}

/// Maximum number of pressed keys that a call remembers.
const MAX_REMEMBERED_KEYS: usize = 64;

impl SimulatedService {
    /// Runs the bindings whose key sequence is now complete. An error is sent as an event: there is no request to
    /// answer.
    pub(super) fn trigger_bindings(&mut self, key: CallKey, pressed: char) {
        let Some(call) = self.calls.get_mut(&key).filter(|call| !call.bindings.is_empty()) else { return };
        if call.keys_pressed.len() == MAX_REMEMBERED_KEYS {
            call.keys_pressed.remove(0);
        }
        call.keys_pressed.push(pressed);
        let set_off: Vec<Binding> = call
            .bindings
            .iter_mut()
            .filter(|binding| call.keys_pressed.ends_with(&binding.digits))
            .map(|binding| {
                binding.triggers_left = binding.triggers_left.map(|left| left.saturating_sub(1));
                binding.clone()
            })
            .collect();
        if set_off.is_empty() {
            return;
        }
        call.keys_pressed.clear();
        call.bindings.retain(|binding| binding.triggers_left != Some(0));
        for binding in set_off {
            self.note(key, format!("keys {} set off {}", binding.digits, binding.method.name));
            self.run_binding(key, binding);
        }
    }

    fn run_binding(&mut self, key: CallKey, binding: Binding) {
        let Binding { method, mut params, connection, session, .. } = binding;
        params.insert("call_id".into(), key.id().into());
        params.insert("node_id".into(), NODE.into());
        if method.knows("control_id") && !params.contains_key("control_id") {
            params.insert("control_id".into(), self.next_frame_id("b").into());
        }
        if let Err(error) = self.carry_out(method, connection, session, &params) {
            let (code, message) = (error.code.to_string(), error.message);
            let event = if self.scenario.is_to_specification() {
                json!({"error": message, "code": code, "fatal": true})
            } else {
                json!({"code": code, "message": message})
            };
            self.emit_for_call(key, "calling.error", event);
            self.report(Report::RequestRefused { method: method.name.to_owned(), code, message });
        }
    }
}
