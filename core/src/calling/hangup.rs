//! Hanging up (`calling.end`).

use std::borrow::Cow;

use serde::Serialize;

use super::{Accepted, EndReason, Method};
use crate::client::{Call, Request};
use crate::error::{Error, InvalidArgument};
use crate::session::Effect;

/// Parameters of `calling.end`.
#[derive(Debug, Serialize)]
pub struct Hangup {
    reason: EndReason,
}

impl Method for Hangup {
    type Output = ();

    fn name(&self) -> Cow<'static, str> {
        "calling.end".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        use EndReason::{Busy, Cancel, Decline, Error, Hangup, NoAnswer, Other};
        match &self.reason {
            Hangup | Cancel | Busy | NoAnswer | Decline | Error | Other(_) => Ok(()),
            reason => {
                Err(InvalidArgument::new("reason", format!("{reason} is not a reason to hang up with")))
            }
        }
    }

    fn effect(&self) -> Effect {
        Effect::End
    }

    /// A call that is gone already is as good as hung up.
    fn finish(self, result: Result<Accepted, Error>) -> Result<(), Error> {
        match result {
            Err(error) if !error.is_gone() => Err(error),
            _ => Ok(()),
        }
    }
}

impl Request<Hangup> {
    /// Why: hangup, cancel, busy, noAnswer, decline or error. Default: [`EndReason::Hangup`].
    pub fn reason(mut self, reason: EndReason) -> Self {
        self.method.reason = reason;
        self
    }
}

impl Call {
    /// Hangs up, or declines a call that was not answered (`calling.end`).
    ///
    /// Succeeds on a call that is gone. Done when the service has accepted it;
    /// [`wait_for_ended`](Self::wait_for_ended) tells when the call is over.
    ///
    /// Hanging up is done on whichever connection can: it waits for one as long as it takes, it is sent again if a cut may
    /// have swallowed it, up to twice if the service does not answer it, and for about an hour to a service in trouble.
    /// Dropping the future does not take it back. With [`timeout`](Request::timeout) it is waited for no longer than that:
    /// the call is then hung up when its last handle is dropped.
    ///
    /// # Errors
    /// [`Error::ServiceError`] if the service refuses it, [`Error::TimedOut`] if a limit was set and passes or the service
    /// never answers, [`Error::Closed`].
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::EndReason;
    /// call.hangup().reason(EndReason::Busy).await?;
    /// # Ok(()) }
    /// ```
    pub fn hangup(&self) -> Request<Hangup> {
        self.request(Hangup { reason: EndReason::Hangup })
    }
}
