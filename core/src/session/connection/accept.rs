//! The answer of the service to `signalwire.connect`: accepted, resumed, or refused.

use std::time::Instant;

use serde_json::value::RawValue;

use super::Phase;
use crate::calling::EndReason;
use crate::error::{AuthenticationFailed, Certainty, ConnectRefusal, ConnectionLost, Error};
use crate::json::{object, read_object};
use crate::session::calls::Entry;
use crate::session::frame::Status;
use crate::session::liveness::Liveness;
use crate::session::output::SessionEvent;
use crate::session::resume::Resumption;
use crate::session::{Notice, Session};

impl Session {
    /// Takes in the result of `signalwire.connect`. One that names no session refuses the client.
    pub(in crate::session) fn handle_connect_result(
        &mut self,
        now: Instant,
        result: &RawValue,
        resuming: bool,
    ) {
        object! {
            struct Accepted {
                protocol: Option<String>,
                session_restored: Option<bool>,
            }
        }
        let accepted: Accepted = read_object(result.get());
        if let Some(protocol) = accepted.protocol.filter(|protocol| !protocol.is_empty()) {
            self.handle_accepted(now, protocol, accepted.session_restored);
        } else {
            let message = "its answer names no session".to_owned();
            self.handle_connect_refused(now, &Status { code: -1, message, details: None }, resuming);
        }
    }

    fn handle_accepted(&mut self, now: Instant, protocol: String, restored: Option<bool>) {
        let Resumption { resumed, gap } = self.resume.accept(now, protocol, restored);
        let waits = self.requests.iter().any(|request| request.purpose.reauthenticates());
        let proves = !resumed || self.authentication.offers_accepted();
        let had_session = self.authentication.accept(waits, proves);
        self.backoff.succeed(now);
        self.reach.stop();
        self.liveness = Liveness::start(now);
        self.enter(now, Phase::Ready { resumed });
        if resumed {
            for call_id in self.calls.ids(Entry::is_visible) {
                self.emit(SessionEvent::Reconnected { call_id, gap });
            }
        } else if had_session {
            self.lose_session(now);
        }
        if self.connection.is_ready() {
            self.stage_requests();
        }
        self.resume_clean_ups(now);
        self.leave_contexts(now);
        if resumed {
            self.doubt_calls(now);
            self.doubt_operations(now);
            self.doubt_dials(now);
            self.doubt_messages(now);
        }
    }

    pub(in crate::session) fn handle_connect_refused(
        &mut self,
        now: Instant,
        status: &Status,
        resuming: bool,
    ) {
        let refusal = status.at_connect(self.authentication.accepted_before());
        let failed = AuthenticationFailed {
            attempts: self.authentication.rejections() + 1,
            code: status.code,
            message: self.redact(&status.message),
            refusal,
        };
        let is_final = match refusal {
            // The session, its calls and the credentials are as good as before: only time has to pass.
            ConnectRefusal::Transient => false,
            ConnectRefusal::Version => true,
            // The refusal may be of the earlier session, not of the credentials: the next attempt is without it. Credentials
            // that were never accepted say nothing of the session: those before them come next, with it.
            _ if resuming => {
                let proven = self.authentication.offers_accepted();
                if !proven {
                    self.authentication.reject();
                }
                if self.resume.refuse(proven && status.is_stale_session(refusal)) {
                    self.notice(Notice::ResumeRefused(failed.message.clone()));
                }
                false
            }
            _ => self.authentication.reject(),
        };
        if is_final {
            self.close(now, Err(Error::AuthenticationFailed(Box::new(failed))));
        } else {
            self.drop_connection(now, &failed.attempt());
        }
    }

    /// The service begins anew and will tell nothing more of the calls that there were.
    fn lose_session(&mut self, now: Instant) {
        for tag in self.dials.tags(|dial| dial.accepted) {
            let what = format!("the dial (tag {tag})");
            let lost = ConnectionLost { what, certainty: Certainty::Unknown };
            self.fail_dial(now, &tag, Error::ConnectionLost(Box::new(lost)));
        }
        self.lose_messages();
        self.give_up_all_late();
        // Calls that were offered on this connection, before the service said that it begins anew, are of the new session.
        let first = self.resume.first_call();
        let lost = self.calls.ids(|entry| entry.is_visible() && entry.serial < first);
        if !lost.is_empty() {
            self.notice(Notice::CallsLost(lost.len()));
        }
        for call_id in lost {
            self.end_locally(now, &call_id, EndReason::SessionLost);
        }
    }
}
