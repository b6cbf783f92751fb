//! Hanging up: desired state, carried out on whichever connection can, until the call is gone.

use std::time::Instant;

use super::{OWN_REQUEST_TIMEOUT, Progress, RequestKey};
use crate::session::Session;
use crate::session::frame::Status;
use crate::session::refusal::trouble_pause;

/// The number of times that a hang-up is sent again that a service which answers other requests does not answer.
const MAX_UNANSWERED: u32 = 2;
/// The number of times that a hang-up is sent again to a service in trouble: for about an hour.
const MAX_TROUBLED: u32 = 15;

impl Session {
    /// Keeps a hang-up that was sent on a connection that is lost for the next one. Returns `false` if the request is none,
    /// or the call is over.
    pub(in crate::session) fn keep_hang_up(&mut self, key: RequestKey) -> bool {
        let Some(request) = self.requests.get(key).filter(|request| request.purpose.hangs_up()) else {
            return false;
        };
        let known = request.purpose.asked_call().is_some_and(|call_id| self.knows(call_id));
        if known {
            let id = self.new_uuid();
            self.requests.requeue(key, id);
        }
        known
    }

    /// The time for the answer to a hang-up is over. Returns `true` if the request goes on: unless the application has set
    /// a limit, it waits for a connection as long as it takes, and is sent again if it is not answered.
    pub(super) fn repeat_hang_up(&mut self, now: Instant, key: RequestKey) -> bool {
        let Some(request) = self.requests.get(key) else { return false };
        if !request.purpose.hangs_up() || request.is_limited {
            return false;
        }
        match request.progress {
            Progress::Sent if request.retries >= MAX_UNANSWERED => return false,
            Progress::Sent => {
                if !self.keep_hang_up(key) {
                    return false;
                }
            }
            Progress::Queued | Progress::Staged => {}
        }
        if self.connection.is_ready()
            && self.requests.get(key).is_some_and(|request| request.progress == Progress::Queued)
        {
            self.requests.stage(key);
        }
        self.requests.expire_at(key, now + OWN_REQUEST_TIMEOUT);
        true
    }

    /// A hang-up was refused. Returns `true` if it is asked for again after a pause, for the service is in trouble.
    pub(super) fn excuse_hang_up(&mut self, now: Instant, key: RequestKey, status: &Status) -> bool {
        let Some(request) = self.requests.get(key) else { return false };
        let retries = request.retries;
        if request.is_limited || retries >= MAX_TROUBLED || !status.is_transient() || !self.keep_hang_up(key)
        {
            return false;
        }
        self.requests.expire_at(key, now + trouble_pause(retries));
        true
    }
}
