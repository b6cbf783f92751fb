//! The set-up of connectors that customers host themselves.

use serde_json::{Map, Value, json};

use super::SimulatedService;
use super::inbound::Reply;
use crate::ConnectionId;
use crate::methods::validate::{Kind, Param, required};

pub(super) const CONFIGURE: &str = "provisioning.configure";
const CONFIGURE_PARAMS: &[Param] = &[
    required("target", Kind::OneOf(&["freeswitch"])),
    required("local_endpoint", Kind::Text),
    required("external_endpoint", Kind::Text),
    required("relay_connector_id", Kind::Text),
];

impl SimulatedService {
    /// Answers `provisioning.configure`. The profile holds a password, so the journal hides it.
    pub(super) fn configure(&mut self, from: ConnectionId, params: &Map<String, Value>) -> Reply {
        if self.connections.get(&from).is_none_or(|connection| connection.session.is_none()) {
            return self.unauthenticated(from, CONFIGURE);
        }
        if let Err(message) = self.check_for_error(from, CONFIGURE, params, CONFIGURE_PARAMS) {
            return self.invalid(from, CONFIGURE, -32602, &message, None);
        }
        let profile = "<profile><param name='password' value='sip-password'/></profile>";
        Reply::Result(json!({"configuration": {"profile": profile}}))
    }
}
