//! Pending work: everything that an application waits for, for a session that seems to be stuck.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, Instant};

use super::Session;
use super::requests::{Progress, Purpose, Resolved};
use crate::ids::CallId;

/// Something that is being waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingWork {
    /// The method that began it.
    pub what: Cow<'static, str>,
    /// The call that it is about.
    pub call_id: Option<CallId>,
    /// For how long it has been waited for.
    pub lasted: Duration,
    /// The time that is left, if there is a limit.
    pub left: Option<Duration>,
    /// The frame that would end it: an answer, or an event of this type.
    pub ends_with: &'static str,
}

/// One line, for a log.
impl fmt::Display for PendingWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(call_id) = &self.call_id {
            write!(f, " on call {call_id}")?;
        }
        write!(f, ": waits for {}, for {:.1} s so far", self.ends_with, self.lasted.as_secs_f64())?;
        match self.left {
            Some(left) => write!(f, ", for {:.1} s more at most", left.as_secs_f64()),
            None => Ok(()),
        }
    }
}

impl Session {
    /// The pending work: answers to requests, the ends of operations and dials, the fates of messages.
    /// The oldest come first.
    pub fn pending_work(&self, now: Instant) -> Vec<PendingWork> {
        let since = |begun: Instant| now.saturating_duration_since(begun);
        let requests = self.requests.iter().filter_map(|request| {
            // A dial is listed as such.
            let Purpose::Application(_, resolved) = &request.purpose else { return None };
            if matches!(resolved, Resolved::Dial { .. }) {
                return None;
            }
            Some(PendingWork {
                what: request.method.clone(),
                call_id: resolved.call_id().cloned(),
                lasted: since(request.made),
                left: Some(request.timeout.saturating_sub(since(request.made))),
                ends_with: match request.progress {
                    Progress::Queued => "a connection, then an answer",
                    _ => "an answer",
                },
            })
        });
        let operations =
            self.calls.running().chain(self.late.running()).map(|(call_id, running)| PendingWork {
                what: running.method.clone(),
                call_id: Some(call_id.clone()),
                lasted: since(running.since),
                left: None,
                ends_with: running.rule.event,
            });
        let dials = self.dials.iter().map(|dial| PendingWork {
            what: "calling.dial".into(),
            call_id: None,
            lasted: since(dial.since),
            left: Some(dial.timeout.saturating_sub(since(dial.since))),
            ends_with: "calling.call.dial",
        });
        let messages = self.messages.followed_since().map(|begun| PendingWork {
            what: "messaging.send".into(),
            call_id: None,
            lasted: since(begun),
            left: None,
            ends_with: "messaging.state",
        });
        let mut waiting: Vec<_> = requests.chain(operations).chain(dials).chain(messages).collect();
        waiting.sort_by_key(|waiting| std::cmp::Reverse(waiting.lasted));
        waiting
    }
}
