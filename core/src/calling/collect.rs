//! Collecting keys and speech (`calling.collect`).

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Control, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::{Lenient, object, write_seconds};
use crate::open_enum::open_enum;

open_enum! {
    /// The engine that recognises speech.
    pub enum SpeechEngine {
        /// Deepgram.
        Deepgram = "Deepgram",
        /// Google.
        Google = "Google",
        /// Google, second version.
        GoogleV2 = "Google.V2",
    }
}

/// What to collect: keys, speech, or whichever comes first.
///
/// ```
/// use signalwire_relay_core::{Collect, secs};
///
/// let pin = Collect::digits(4).terminators("#").digit_timeout(secs(3));
/// let either = Collect::digits(1).or_speech().hints(["sales", "support"]).initial_timeout(secs(6));
/// # let _ = (pin, either);
/// ```
#[must_use]
#[derive(Debug, Clone, Default, Serialize)]
pub struct Collect {
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<Digits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speech: Option<Speech>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    initial_timeout: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_results: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuous: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_start_of_input: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_input_timers: Option<bool>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Digits {
    max: u32,
    /// Of prompts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<u32>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    digit_timeout: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminators: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Speech {
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    end_silence_timeout: Option<Duration>,
    #[serde(
        rename = "speech_timeout",
        serialize_with = "write_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    longest: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<SpeechEngine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

impl Collect {
    /// Up to `max` keys, at least 1.
    pub fn digits(max: u32) -> Self {
        Self { digits: Some(Digits { max, ..Digits::default() }), ..Self::default() }
    }

    /// Speech.
    pub fn speech() -> Self {
        Self { speech: Some(Speech::default()), ..Self::default() }
    }

    /// Speech as well as keys.
    pub fn or_speech(mut self) -> Self {
        self.speech.get_or_insert_default();
        self
    }

    fn keys(mut self, set: impl FnOnce(&mut Digits)) -> Self {
        // Without Collect::digits the maximum stays 0, which validate() refuses by name.
        set(self.digits.get_or_insert_default());
        self
    }

    fn words(mut self, set: impl FnOnce(&mut Speech)) -> Self {
        set(self.speech.get_or_insert_default());
        self
    }

    /// How long to wait for the next key. Default: the service's, 5 s.
    pub fn digit_timeout(self, time: Duration) -> Self {
        self.keys(|digits| digits.digit_timeout = Some(time))
    }

    /// The keys that end the input, from `0-9 A-D * #`. Default: none.
    pub fn terminators(self, keys: impl Into<String>) -> Self {
        self.keys(|digits| digits.terminators = Some(keys.into()))
    }

    /// How long a silence ends the speech. Default: the service's, 1 s.
    pub fn end_silence_timeout(self, time: Duration) -> Self {
        self.words(|speech| speech.end_silence_timeout = Some(time))
    }

    /// How long the speech may last. Default: the service's, 60 s.
    pub fn speech_timeout(self, time: Duration) -> Self {
        self.words(|speech| speech.longest = Some(time))
    }

    /// The language that is spoken, as a BCP-47 tag. Default: the service's, `en-US`.
    pub fn language(self, tag: impl Into<String>) -> Self {
        self.words(|speech| speech.language = Some(tag.into()))
    }

    /// Words that are expected. Default: none.
    pub fn hints<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        self.words(|speech| speech.hints = words.into_iter().map(Into::into).collect())
    }

    /// The engine that recognises the speech. The newer specification prefers [`model`](Self::model). Default: the
    /// service's choice.
    pub fn engine(self, engine: SpeechEngine) -> Self {
        self.words(|speech| speech.engine = Some(engine))
    }

    /// The engine's model. Default: the engine's choice.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.words(|speech| speech.model = Some(model.into()))
    }

    /// Sets the time for the first input, from when the timers start. When it passes, the collect ends with
    /// [`CollectResultType::NoInput`]. Default: the service's, 4 s.
    pub fn initial_timeout(mut self, time: Duration) -> Self {
        self.initial_timeout = Some(time);
        self
    }

    /// Whether results are reported as they grow. They reach the subscribers of the call's events, and do not
    /// end the collect. By the newer specification only [`Call::collect`] has it. Default: no.
    pub fn partial_results(mut self, yes: bool) -> Self {
        self.partial_results = Some(yes);
        self
    }

    /// Lets the collect begin anew after each result, until it is stopped. By the newer specification only
    /// [`Call::collect`] has it. Default: no.
    pub fn continuous(mut self, yes: bool) -> Self {
        self.continuous = Some(yes);
        self
    }

    /// Reports the beginning of input. By the newer specification only [`Call::collect`] has it. Default: no.
    pub fn send_start_of_input(mut self, yes: bool) -> Self {
        self.send_start_of_input = Some(yes);
        self
    }

    /// Whether the clock for the first input runs from the start. If not, `start_input_timers` of the action
    /// starts it; before that, nothing ends the collect but input, a stop, and the end of the call.
    ///
    /// Default: yes for [`Call::collect`], which sends it: by itself the service starts no clock, and the collect of
    /// somebody who says nothing would never end. Not sent for prompts, whose clock runs by itself.
    pub fn start_input_timers(mut self, yes: bool) -> Self {
        self.start_input_timers = Some(yes);
        self
    }

    /// Sets the smallest number of keys, which only prompts have.
    pub(super) fn set_min_digits(&mut self, min: u32) {
        self.digits.get_or_insert_default().min = Some(min);
    }

    pub(crate) fn validate(&self) -> Result<(), InvalidArgument> {
        if self.digits.is_none() && self.speech.is_none() {
            return Err(InvalidArgument::new("collect", "it collects neither digits nor speech"));
        }
        if let Some(digits) = &self.digits {
            if digits.max == 0 {
                return Err(InvalidArgument::new("max", "at least 1 digit has to be collected"));
            }
            if let Some(min) = digits.min.filter(|min| *min > digits.max) {
                let reason = format!("{min} is more than the maximum, {}", digits.max);
                return Err(InvalidArgument::new("min", reason));
            }
            validate::positive("digit_timeout", digits.digit_timeout)?;
            validate::keys("terminators", digits.terminators.as_deref())?;
        }
        if let Some(speech) = &self.speech {
            validate::positive("end_silence_timeout", speech.end_silence_timeout)?;
            validate::positive("speech_timeout", speech.longest)?;
        }
        Ok(())
    }
}

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

open_enum! {
    /// What kind of result a collect gave.
    pub enum CollectResultType {
        /// Keys.
        Digit = "digit",
        /// Speech.
        Speech = "speech",
        /// Nothing came.
        NoInput = "no_input",
        /// Something came that fits nothing.
        NoMatch = "no_match",
        /// It failed.
        Error = "error",
        /// Input has begun; the result is still to come.
        StartOfInput = "start_of_input",
        /// It is over.
        Finished = "finished",
    }
}

/// The confidence of a speech engine in what it heard, on the scale that the service used.
///
/// The newer specification has a number from 0 to 100, where 0 is "not scored"; by the SDKs it is a number from 0 to 1.
/// Both are read: a number up to 1 counts as a fraction, a larger one as percent. [`fraction`](Self::fraction) gives
/// either on one scale.
///
/// ```
/// use signalwire_relay_core::Confidence;
/// assert_eq!(Confidence::Percent(75.0).fraction(), Some(0.75));
/// assert_eq!(Confidence::Fraction(0.75).fraction(), Some(0.75));
/// assert_eq!(Confidence::NotScored.fraction(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Confidence {
    /// The engine gave no score.
    NotScored,
    /// More than 0, up to 1: by the SDKs.
    Fraction(f64),
    /// More than 1, up to 100: by the newer specification.
    Percent(f64),
}

impl Confidence {
    /// The confidence from 0 to 1; `None` if the engine gave none.
    pub fn fraction(self) -> Option<f64> {
        match self {
            Self::NotScored => None,
            Self::Fraction(fraction) => Some(fraction),
            Self::Percent(percent) => Some(percent / 100.0),
        }
    }
}

/// As percent: `83.2 %`.
impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotScored => f.write_str("not scored"),
            Self::Fraction(fraction) => write!(f, "{:.1} %", fraction * 100.0),
            Self::Percent(percent) => write!(f, "{percent:.1} %"),
        }
    }
}

/// A number on neither scale is ignored.
impl Lenient for Option<Confidence> {
    fn read(raw: &RawValue) -> Self {
        match Option::<f64>::read(raw)? {
            0.0 => Some(Confidence::NotScored),
            fraction if fraction > 0.0 && fraction <= 1.0 => Some(Confidence::Fraction(fraction)),
            percent if percent > 1.0 && percent <= 100.0 => Some(Confidence::Percent(percent)),
            _ => None,
        }
    }
}

object! {
    /// The result of a collect.
    pub struct CollectResult {
        /// What kind it is.
        #[serde(rename = "type")]
        pub kind: CollectResultType,
        params: CollectInput,
        digits: Option<String>,
        text: Option<String>,
    }
}

object! {
    struct CollectInput {
        digits: Option<String>,
        terminator: Option<String>,
        text: Option<String>,
        confidence: Option<Confidence>,
    }
}

event! {
    /// `calling.call.collect`: a collect gave a result, or got on.
    pub struct CollectEvent(Collect, "calling.call.collect", keyed) {
        /// The result, if there is one.
        pub result: Option<CollectResult>,
        /// `false` if the result is still growing.
        #[serde(rename = "final")]
        pub is_final: Option<bool>,
        /// The state of a continuous collect: `collecting`, `finished`, `error`.
        pub state: Option<String>,
    }
}

impl CollectEvent {
    /// The keys, without the one that ended the input.
    pub fn digits(&self) -> Option<&str> {
        let result = self.result.as_ref()?;
        result.params.digits.as_deref().or(result.digits.as_deref())
    }

    /// The key that ended the input.
    pub fn terminator(&self) -> Option<&str> {
        self.result.as_ref()?.params.terminator.as_deref().filter(|key| !key.is_empty())
    }

    /// The words.
    pub fn text(&self) -> Option<&str> {
        let result = self.result.as_ref()?;
        result.params.text.as_deref().or(result.text.as_deref())
    }

    /// The confidence of the engine in the words, if it gives one.
    pub fn confidence(&self) -> Option<Confidence> {
        self.result.as_ref()?.params.confidence
    }

    /// Whether nothing came.
    pub fn is_no_input(&self) -> bool {
        self.state.as_deref() == Some("no_input")
            || self.result.as_ref().is_some_and(|result| result.kind == CollectResultType::NoInput)
    }

    /// Growing results, the beginning of input, and the rounds of a continuous collect do not end it.
    pub(crate) fn is_last(&self) -> bool {
        if self.is_final == Some(false) || self.state.as_deref() == Some("collecting") {
            return false;
        }
        match &self.result {
            Some(result) if !result.kind.as_str().is_empty() => {
                result.kind != CollectResultType::StartOfInput
            }
            _ => matches!(self.state.as_deref(), Some("finished" | "error" | "no_input" | "no_match")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(params: &str) -> CollectEvent {
        serde_json::from_str(params).expect("test JSON is readable")
    }

    #[test]
    fn only_a_finished_result_ends_a_collect() {
        for last in [
            r#"{"result":{"type":"digit","params":{"digits":"1"}}}"#,
            r#"{"result":{"type":"speech","params":{"text":"hi"}},"final":true}"#,
            r#"{"result":{"type":"no_input"}}"#,
            r#"{"result":{"type":"no_match"}}"#,
            r#"{"result":{"type":"error"}}"#,
            r#"{"result":{"type":"finished"}}"#,
            r#"{"result":{"type":"digit"},"state":"finished"}"#,
            r#"{"state":"no_input"}"#,
        ] {
            assert!(event(last).is_last(), "{last}");
        }
        for more in [
            r#"{"result":{"type":"start_of_input"}}"#,
            r#"{"result":{"type":"speech","params":{"text":"h"}},"final":false}"#,
            r#"{"result":{"type":"digit","params":{"digits":"1"}},"state":"collecting"}"#,
            r#"{"result":{}}"#,
            "{}",
        ] {
            assert!(!event(more).is_last(), "{more}");
        }
    }

    #[test]
    fn results_are_found_in_both_places() {
        let flat = event(r#"{"result":{"type":"digit","digits":"12"}}"#);
        let nested = event(r##"{"result":{"type":"digit","params":{"digits":"12","terminator":"#"}}}"##);
        assert_eq!((flat.digits(), nested.digits()), (Some("12"), Some("12")));
        assert_eq!((flat.terminator(), nested.terminator()), (None, Some("#")));
        let words = event(r#"{"result":{"type":"speech","params":{"text":"yes","confidence":"0.9"}}}"#);
        assert_eq!((words.text(), words.confidence()), (Some("yes"), Some(Confidence::Fraction(0.9))));
    }

    #[test]
    fn confidence_says_on_which_scale_it_is() {
        let confidence = |text: &str| {
            let words =
                format!(r#"{{"result":{{"type":"speech","params":{{"text":"x","confidence":{text}}}}}}}"#);
            event(&words).confidence()
        };
        assert_eq!(confidence("83.2"), Some(Confidence::Percent(83.2)));
        assert_eq!(confidence("\"100\""), Some(Confidence::Percent(100.0)));
        assert_eq!(confidence("1"), Some(Confidence::Fraction(1.0)));
        assert_eq!(confidence("0.001"), Some(Confidence::Fraction(0.001)));
        assert_eq!(confidence("0"), Some(Confidence::NotScored));
        for nonsense in ["-1", "100.5", "null", "\"high\"", "[]"] {
            assert_eq!(confidence(nonsense), None, "{nonsense}");
        }
        assert_eq!(Confidence::Fraction(0.955).to_string(), "95.5 %");
    }

    #[test]
    fn what_the_service_would_refuse_is_named() {
        let field = |collect: Collect| collect.validate().expect_err("refused").field;
        assert_eq!(field(Collect::default()), "collect");
        assert_eq!(field(Collect::digits(0)), "max");
        assert_eq!(field(Collect::speech().terminators("#")), "max");
        assert_eq!(field(Collect::digits(1).terminators("x")), "terminators");
        assert_eq!(field(Collect::digits(1).digit_timeout(Duration::ZERO)), "digit_timeout");
    }
}
