//! The meaning of a refusal: what it says of the request, and what to do next.

use std::time::Duration;

use super::frame::Status;
use crate::error::{ConnectRefusal, outcome_is_unknown, try_later};

/// Words that show that a refusal is about the credentials.
const CREDENTIAL_WORDS: [&str; 3] = ["auth", "credential", "token"];
/// A word that shows that it is not: "authentication timed out" says nothing of the credentials.
const TIME_WORD: &str = "time";
/// The first pause before a service in trouble is asked again about a call. Each further pause is twice as long.
const FIRST_TROUBLE_BACKOFF: Duration = Duration::from_secs(10);
/// The longest of these pauses.
const MAX_TROUBLE_BACKOFF: Duration = Duration::from_mins(5);

/// The pause before a service is asked again about a call, after it was in trouble `times` times before in a row.
pub(super) fn trouble_pause(times: u32) -> Duration {
    FIRST_TROUBLE_BACKOFF.saturating_mul(1 << times.min(10)).min(MAX_TROUBLE_BACKOFF)
}

impl Status {
    /// Returns `true` if the call does not exist, or does not exist any more.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.code, 404 | 410)
    }

    /// Returns `true` if the service is in trouble of its own, and may accept the same request later.
    pub(super) fn is_transient(&self) -> bool {
        outcome_is_unknown(self.code) || try_later(self.code)
    }

    /// The class of a refusal of `signalwire.connect`.
    ///
    /// `accepted_before` is whether the service has accepted this client before: then −32000 is its own trouble, whatever
    /// the text says. Test servers refuse the credentials of a first connection with −32000.
    pub(super) fn at_connect(&self, accepted_before: bool) -> ConnectRefusal {
        match self.code {
            -32000 if !accepted_before && self.speaks_of_credentials() => ConnectRefusal::Authentication,
            -32001 => ConnectRefusal::Version,
            -32002 | -32003 | 401 | 403 => ConnectRefusal::Authentication,
            -32602 | -32600 | -32601 | -32700 => ConnectRefusal::Malformed,
            _ if self.is_transient() => ConnectRefusal::Transient,
            _ => ConnectRefusal::Unknown,
        }
    }

    /// Returns `true` if a refusal to resume means that the service does not know the session any more.
    pub(super) fn is_stale_session(&self, refusal: ConnectRefusal) -> bool {
        refusal == ConnectRefusal::Authentication || self.code == -32602
    }

    fn speaks_of_credentials(&self) -> bool {
        let text = self.message.to_lowercase();
        !text.contains(TIME_WORD) && CREDENTIAL_WORDS.iter().any(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: i64, message: &str) -> Status {
        Status { code, message: message.to_owned(), details: None }
    }

    #[test]
    fn each_code_at_connect_has_its_class() {
        use ConnectRefusal::{Authentication, Malformed, Transient, Unknown, Version};
        for (code, class) in [
            (-32000, Transient),
            (-32001, Version),
            (-32002, Authentication),
            (-32003, Authentication),
            (-32004, Transient),
            (-32005, Transient),
            (-32600, Malformed),
            (-32601, Malformed),
            (-32602, Malformed),
            (-32603, Transient),
            (-32700, Malformed),
            (-1, Unknown),
            (-32099, Unknown),
            (401, Authentication),
            (402, Unknown),
            (403, Authentication),
            (404, Unknown),
            (408, Transient),
            (429, Transient),
            (500, Transient),
            (503, Transient),
            (599, Transient),
            (600, Unknown),
        ] {
            assert_eq!(status(code, "no").at_connect(false), class, "{code}");
        }
    }

    #[test]
    fn a_timeout_that_speaks_of_credentials_refuses_them_until_they_were_accepted_once() {
        for text in ["auth rejected: bad token", "Unauthorized", "Bad credentials"] {
            let refusal = status(-32000, text);
            assert_eq!(refusal.at_connect(false), ConnectRefusal::Authentication, "{text}");
            assert_eq!(refusal.at_connect(true), ConnectRefusal::Transient, "{text}");
        }
        let refusal = status(-32000, "Authentication request timed out");
        assert_eq!(refusal.at_connect(false), ConnectRefusal::Transient);
    }

    #[test]
    fn pauses_for_a_service_in_trouble_double_up_to_five_minutes() {
        let pauses: Vec<_> = (0..8).map(|times| trouble_pause(times).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(trouble_pause(u32::MAX).as_secs(), 300);
    }
}
