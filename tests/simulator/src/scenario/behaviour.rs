//! The behaviour of the service: time limits, the description that it follows, and its switches.

use std::time::Duration;

use super::{Reading, Scenario};

impl Scenario {
    /// Scales the duration of speech, media and typing. 1 is about 60 ms per character of speech and 3 s per audio
    /// file. Values that are not greater than 0 are ignored.
    #[must_use]
    pub fn pace(mut self, factor: f64) -> Self {
        if factor.is_finite() && factor > 0.0 {
            self.pace = factor;
        }
        self
    }

    /// The interval at which the service pings each client; `None` is never. Default: 10 s.
    #[must_use]
    pub fn ping_every(mut self, interval: Option<Duration>) -> Self {
        self.ping_every = interval.unwrap_or_default();
        self
    }

    /// The time limit for acknowledging an event and for answering a ping. Missing it is a violation. Default: 10 s.
    #[must_use]
    pub fn ack_within(mut self, limit: Duration) -> Self {
        self.ack_within = limit;
        self
    }

    /// The lifetime of a session without a connection. Default: 60 s.
    #[must_use]
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// The time after which a new session loses its connection once, without a closing handshake. The session can be
    /// resumed. `None` is never. Default: never.
    #[must_use]
    pub fn cut_after(mut self, time: Option<Duration>) -> Self {
        self.cut_after = time.unwrap_or_default();
        self
    }

    /// The description of the protocol that the service follows where the two differ. Default:
    /// [`Reading::Specification`].
    #[must_use]
    pub fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// Refuses parameters and methods that the [`reading`](Self::reading) of the scenario does not know.
    ///
    /// A request with such a parameter gets a result with code 400, or the error -32602 where results have no code, as
    /// in `signalwire.connect`. A request of such a method gets the error -32601. A service that is not strict accepts a
    /// parameter that only the other reading knows. It also accepts a parameter that neither reading knows, and notes a
    /// [`Violation`](crate::Violation). Default: false.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Delivers unacknowledged events again when a session is resumed; otherwise they are lost with the connection. The
    /// behaviour of the real service is not documented. Default: false.
    #[must_use]
    pub fn redeliver(mut self, redeliver: bool) -> Self {
        self.redeliver = redeliver;
        self
    }

    /// Keeps the contexts of a resumed session; otherwise it has only the contexts of its new `signalwire.connect`. The
    /// behaviour of the real service is not documented. Default: true.
    #[must_use]
    pub fn resume_keeps_contexts(mut self, keeps: bool) -> Self {
        self.resume_keeps_contexts = keeps;
        self
    }

    /// Offers a call that every subscriber has passed again at once, for as long as the caller waits; otherwise the call
    /// ends. The behaviour of the real service is not documented. Default: false.
    #[must_use]
    pub fn passed_calls_come_again(mut self, again: bool) -> Self {
        self.passed_calls_come_again = again;
        self
    }

    /// Ends calls without the terminal events of their operations, so that clients have to clean up by themselves.
    /// Default: false.
    #[must_use]
    pub fn leave_operations_open(mut self, leave: bool) -> Self {
        self.leave_operations_open = leave;
        self
    }

    /// Sends the last events of recordings, transcriptions and faxes this long after the end of their call, where the call
    /// ends them, as a service does that makes their results only then. Default: 0 s, which is before the end.
    #[must_use]
    pub fn results_follow_end(mut self, by: Duration) -> Self {
        self.results_follow_end = by;
        self
    }

    /// Puts the URL, duration and size of a recording in `record` instead of the top level of the event. Both forms
    /// occur. Default: false.
    #[must_use]
    pub fn nested_record_results(mut self, nested: bool) -> Self {
        self.nested_record_results = nested;
        self
    }

    /// Adds `state` to the top level of the last event of a fax, beside `fax.type`. Some clients wait for `state`, some
    /// for `fax.type`. Default: false.
    #[must_use]
    pub fn state_in_fax_events(mut self, top: bool) -> Self {
        self.state_in_fax_events = top;
        self
    }

    /// Uses the other form of everything that occurs in two forms. Clients have to understand both. Default: false.
    ///
    /// The [reading](Self::reading) decides which events occur and when; this switch decides their form. Where the
    /// newer specification already has the other form (`dial_winner`, failed dials), the switch changes only the words
    /// of the reasons. With the switch:
    ///
    /// - results have a number for their `code`; those of accepted requests have no `message`, and do not repeat the ids
    ///   of the request; the `code` of a JSON-RPC error is text;
    /// - the result of `signalwire.connect` has no `sessionid`, and events carry their `timestamp` inside;
    /// - calls are offered in state `ringing`, and end with `no_answer`, `declined`, `max_duration` and `not_found` for
    ///   `noAnswer`, `decline`, `maxDuration` and `notFound`;
    /// - events of a dial have a `call` only when it is answered, with `dial_winner` as text; one that failed has
    ///   `reason` and `source`;
    /// - keys and words that were collected stand in `result` itself, with `state`; without a result there is only
    ///   `state`;
    /// - the last event of a detect has only `state`;
    /// - in [`Reading::Specification`] a payment has events with `for` alone, and none with `result`; in
    ///   [`Reading::Sdks`] the last event of a payment that went through has only `state`, that of any other `for` and
    ///   no `state`;
    /// - the facts of a recording are in `record`, document and pages of a fax in `fax` itself, beside a `state`;
    /// - an AI agent has no event, neither about its end nor about what it does, and neither has a live transcription or
    ///   translation;
    /// - `messaging.state` has no more than `message_id`, `message_state`, and the `reason` if there is one.
    #[must_use]
    pub fn other_forms(mut self, other: bool) -> Self {
        self.other_forms = other;
        self
    }

    /// Limits the envelope of an event to `event_type`, `event_channel`, `timestamp` and `params`, as always in
    /// [`Reading::Sdks`]. Default: false.
    #[must_use]
    pub fn minimal_envelope(mut self, minimal: bool) -> Self {
        self.minimal_envelope = minimal;
        self
    }

    /// Refuses `calling.hold` and `calling.unhold` with code 501, like a service that does not implement them.
    ///
    /// With false they work in [`Reading::Sdks`], and are refused with -32601 like any unknown method in
    /// [`Reading::Specification`]. Default: false.
    #[must_use]
    pub fn refuse_hold(mut self, refuse: bool) -> Self {
        self.refuse_hold = refuse;
        self
    }

    /// Adds the URL of an audio file or fax document that cannot be fetched. A play that reaches it ends in state
    /// `error`; a fax ends without success, with type `error` in [`Reading::Sdks`].
    #[must_use]
    pub fn unplayable(mut self, url: impl Into<String>) -> Self {
        self.unplayable.push(url.into());
        self
    }

    /// Adds a context that cannot be subscribed to. `signalwire.receive` is refused with code 402, and
    /// `signalwire.connect` omits the context.
    #[must_use]
    pub fn unpaid_context(mut self, context: impl Into<String>) -> Self {
        self.unpaid_contexts.push(context.into());
        self
    }
}
