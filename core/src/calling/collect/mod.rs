//! Collecting keys and speech (`calling.collect`).

mod input;
mod result;

pub use self::input::{Collect, SpeechEngine};
pub use self::result::{CollectEvent, CollectResult, CollectResultType, Confidence};

use super::{AfterGap, Control, SILENCE_TIMEOUT, operation, params, validate};
use crate::client::{Action, Call, Request};

params! {
    /// Parameters of `calling.collect`.
    pub struct StandaloneCollect {
        required {
            #[serde(flatten)]
            collect: Collect,
        }
        optional {
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

operation!(
    StandaloneCollect,
    "calling.collect",
    ControlId,
    CollectEvent,
    ends: CollectEvent::is_last,
    after_gap: |collect| match collect.collect.start_input_timers {
        Some(false) => AfterGap::Within(SILENCE_TIMEOUT),
        _ => AfterGap::restate("calling.collect.start_input_timers", None),
    },
    validate: |collect| {
        collect.collect.validate()?;
        validate::optional_web_url("status_url", collect.status_url.as_deref())
    }
);

/// A running collect without a prompt. Dropping it lets the collect go on.
pub type StandaloneCollectAction = Action<StandaloneCollect>;

/// Steering a collect. On one that is over each of these succeeds and does nothing.
///
/// ```
/// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
/// use signalwire_relay_core::Collect;
/// let collect = call.collect(Collect::speech().start_input_timers(false)).await?;
/// call.play_tts("And your name?").await?.wait().await?;
/// collect.start_input_timers().await?;
/// collect.stop().await?;
/// # Ok(()) }
/// ```
impl Action<StandaloneCollect> {
    /// Stops collecting (`calling.collect.stop`). Succeeds if it is over already.
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.collect.stop"))
    }

    /// Starts the clock for the first input (`calling.collect.start_input_timers`).
    pub fn start_input_timers(&self) -> Request<Control> {
        self.control(Control::new("calling.collect.start_input_timers"))
    }
}

impl Call {
    /// Collects keys or speech without playing anything (`calling.collect`).
    ///
    /// Done when the service has accepted it; the [`StandaloneCollectAction`] gives the result.
    ///
    /// # Completion
    ///
    /// Input that is complete; [`initial_timeout`](Collect::initial_timeout), 4 s by default, if there is none; `stop`; the
    /// end of the call. A [`continuous`](Collect::continuous) collect goes on after each result, and one whose timers were
    /// [not started](Collect::start_input_timers) waits for input without limit.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::Collect;
    /// let pin = call.collect(Collect::digits(4).terminators("#")).await?.wait().await?;
    /// println!("{:?}", pin.digits());
    /// # Ok(()) }
    /// ```
    pub fn collect(&self, mut collect: Collect) -> Request<StandaloneCollect> {
        // The service starts no clock by itself.
        collect.start_input_timers.get_or_insert(true);
        self.request(StandaloneCollect::new(collect))
    }
}
