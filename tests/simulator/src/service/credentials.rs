//! Authentication: the two forms of credentials, and new credentials for a session.

use serde_json::{Map, Value, json};

use super::SimulatedService;
use super::inbound::Reply;
use super::session::ice_servers;
use crate::methods::validate::{Kind, Param, optional, required};
use crate::{ConnectionId, Credential, Reading, Report};

/// The members of `authentication` in both forms.
pub(super) const CREDENTIALS: &[Param] = &[
    optional("project", Kind::AnyText),
    optional("token", Kind::AnyText),
    optional("jwt_token", Kind::AnyText),
];

const REAUTHENTICATE: &str = "signalwire.reauthenticate";
const REAUTHENTICATE_PARAMS: &[Param] =
    &[required("authentication", Kind::Object(CREDENTIALS)), optional("dpop_token", Kind::AnyText)];

/// The text of the error for credentials in both forms at once.
pub(super) const MIXED: &str =
    "Parameter 'authentication' must have one form: project and token, or jwt_token";

/// The code, text and data of the error for a login.
type LoginError = (i64, &'static str, Option<Value>);

const WRONG: LoginError = (-32002, "Authentication failed", None);

/// Returns `true` if `authentication` has a JWT together with members of the other form.
pub(super) fn mixes_forms(params: &Map<String, Value>, foreign: &[&str]) -> bool {
    let authentication = &params["authentication"];
    authentication.get("jwt_token").is_some() && foreign.iter().any(|name| authentication.get(name).is_some())
}

impl SimulatedService {
    /// Returns the project that the credentials of a request belong to.
    pub(super) fn check_credentials(&self, params: &Map<String, Value>) -> Result<String, LoginError> {
        let authentication = &params["authentication"];
        let text = |name: &str| authentication[name].as_str().filter(|text| !text.is_empty());
        if let Some(jwt) = text("jwt_token") {
            let known = self.scenario.jwt_tokens.iter().any(|known| known.0 == jwt);
            return known.then(|| "jwt-project".to_owned()).ok_or(WRONG);
        }
        let (Some(project), Some(token)) = (text("project"), text("token")) else {
            let data = json!({"signalwire_error_code": "AUTH_REQUIRED"});
            return Err((-32602, "Authentication required", Some(data)));
        };
        let fits = |known: &Credential| known.project == project && known.token == token;
        self.scenario.credentials.iter().any(fits).then(|| project.to_owned()).ok_or(WRONG)
    }

    /// Answers `signalwire.reauthenticate`: new credentials for the current session.
    pub(super) fn reauthenticate(&mut self, from: ConnectionId, params: &Map<String, Value>) -> Reply {
        let key = self.connections.get(&from).and_then(|connection| connection.session);
        let Some(session) = key.and_then(|key| self.sessions.get(&key)) else {
            return self.unauthenticated(from, REAUTHENTICATE);
        };
        let (project, signature) = (session.project.clone(), session.signature().to_owned());
        if let Err(message) = self.check_for_error(from, REAUTHENTICATE, params, REAUTHENTICATE_PARAMS) {
            return self.invalid(from, REAUTHENTICATE, -32602, &message, None);
        }
        // The project is allowed together with a JWT here.
        if mixes_forms(params, &["token"]) {
            return self.invalid(from, REAUTHENTICATE, -32602, MIXED, None);
        }
        if let Err((code, why, data)) = self.check_credentials(params) {
            self.report(Report::ClientRefused { connection: from, why: why.to_owned() });
            return Reply::Error { code, message: why.to_owned(), data };
        }
        let authorization = json!({"project": project, "signature": signature});
        Reply::Result(match self.scenario.reading {
            Reading::Specification => {
                json!({"authorization": authorization, "ice_servers": ice_servers(&signature)})
            }
            Reading::Sdks => {
                json!({"authentication": "ok", "authorization": authorization, "ice_servers": []})
            }
        })
    }
}
