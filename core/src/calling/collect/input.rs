//! What to collect: keys, speech, or whichever comes first.

use std::time::Duration;

use serde::Serialize;

use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::json::write_seconds;
use crate::method::validate;

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
    /// Set if speech is collected. Settings of speech alone do not ask for it.
    #[serde(skip)]
    wants_speech: bool,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    initial_timeout: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_results: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuous: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_start_of_input: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_input_timers: Option<bool>,
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
    /// The name of the first setting.
    #[serde(skip)]
    setting: Option<&'static str>,
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
        Self { speech: Some(Speech::default()), wants_speech: true, ..Self::default() }
    }

    /// Speech as well as keys. The settings of speech, such as [`language`](Self::language), do not ask for speech by
    /// themselves: beside keys alone they are refused.
    pub fn or_speech(mut self) -> Self {
        self.speech.get_or_insert_default();
        self.wants_speech = true;
        self
    }

    fn keys(mut self, set: impl FnOnce(&mut Digits)) -> Self {
        // Without Collect::digits the maximum stays 0, which validate() refuses by name.
        set(self.digits.get_or_insert_default());
        self
    }

    fn words(mut self, setting: &'static str, set: impl FnOnce(&mut Speech)) -> Self {
        let speech = self.speech.get_or_insert_default();
        speech.setting.get_or_insert(setting);
        set(speech);
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
        self.words("end_silence_timeout", |speech| speech.end_silence_timeout = Some(time))
    }

    /// How long the speech may last. Default: the service's, 60 s.
    pub fn speech_timeout(self, time: Duration) -> Self {
        self.words("speech_timeout", |speech| speech.longest = Some(time))
    }

    /// The language that is spoken, as a BCP-47 tag. Default: the service's, `en-US`.
    pub fn language(self, tag: impl Into<String>) -> Self {
        self.words("language", |speech| speech.language = Some(tag.into()))
    }

    /// Words that are expected. Default: none.
    pub fn hints<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        self.words("hints", |speech| speech.hints = words.into_iter().map(Into::into).collect())
    }

    /// The engine that recognises the speech. The newer specification prefers [`model`](Self::model). Default: the
    /// service's choice.
    pub fn engine(self, engine: SpeechEngine) -> Self {
        self.words("engine", |speech| speech.engine = Some(engine))
    }

    /// The engine's model. Default: the engine's choice.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.words("model", |speech| speech.model = Some(model.into()))
    }

    /// Sets the time for the first input, from when the timers start. When it passes, the collect ends with
    /// [`CollectResultType::NoInput`](crate::CollectResultType::NoInput). Default: the service's, 4 s.
    pub fn initial_timeout(mut self, time: Duration) -> Self {
        self.initial_timeout = Some(time);
        self
    }

    /// Whether results are reported as they grow. They reach the subscribers of the call's events, and do not
    /// end the collect. By the newer specification only [`Call::collect`](crate::Call::collect) has it. Default: no.
    pub fn partial_results(mut self, yes: bool) -> Self {
        self.partial_results = Some(yes);
        self
    }

    /// Lets the collect begin anew after each result, until it is stopped. By the newer specification only
    /// [`Call::collect`](crate::Call::collect) has it. Default: no.
    pub fn continuous(mut self, yes: bool) -> Self {
        self.continuous = Some(yes);
        self
    }

    /// Reports the beginning of input. By the newer specification only [`Call::collect`](crate::Call::collect) has it. Default: no.
    pub fn send_start_of_input(mut self, yes: bool) -> Self {
        self.send_start_of_input = Some(yes);
        self
    }

    /// Whether the clock for the first input runs from the start. If not, `start_input_timers` of the action
    /// starts it; before that, nothing ends the collect but input, a stop, and the end of the call.
    ///
    /// Default: yes for [`Call::collect`](crate::Call::collect), which sends it: by itself the service starts no clock, and the collect of
    /// somebody who says nothing would never end. Not sent for prompts, whose clock runs by itself.
    pub fn start_input_timers(mut self, yes: bool) -> Self {
        self.start_input_timers = Some(yes);
        self
    }

    /// Sets the smallest number of keys, which only prompts have.
    pub(in crate::calling) fn set_min_digits(&mut self, min: u32) {
        self.digits.get_or_insert_default().min = Some(min);
    }

    pub(crate) fn validate(&self) -> Result<(), InvalidArgument> {
        if self.digits.is_none() && self.speech.is_none() {
            return Err(InvalidArgument::new("collect", "it collects neither digits nor speech"));
        }
        if let (Some(Speech { setting: Some(setting), .. }), false) = (&self.speech, self.wants_speech) {
            let reason =
                "it is a setting of speech, which is not collected: add Collect::or_speech, or leave it out";
            return Err(InvalidArgument::new(setting, reason));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_would_refuse_is_named() {
        let field = |collect: Collect| collect.validate().expect_err("refused").field;
        assert_eq!(field(Collect::default()), "collect");
        assert_eq!(field(Collect::digits(0)), "max");
        assert_eq!(field(Collect::speech().terminators("#")), "max");
        assert_eq!(field(Collect::digits(1).terminators("x")), "terminators");
        assert_eq!(field(Collect::digits(1).digit_timeout(Duration::ZERO)), "digit_timeout");
    }

    #[test]
    fn a_setting_of_speech_beside_keys_does_not_switch_speech_on_silently() {
        for (collect, setting) in [
            (Collect::digits(1).language("de-DE"), "language"),
            (Collect::digits(1).hints(["sales"]).model("enhanced"), "hints"),
            (Collect::digits(1).speech_timeout(Duration::from_secs(9)), "speech_timeout"),
            (Collect::digits(1).end_silence_timeout(Duration::from_secs(1)), "end_silence_timeout"),
            (Collect::default().engine(SpeechEngine::Google), "engine"),
        ] {
            let refused = collect.validate().expect_err("speech is not collected");
            assert!(refused.field == setting && refused.reason.contains("or_speech"), "{refused:?}");
        }
        for collect in [
            Collect::digits(1).language("de-DE").or_speech(),
            Collect::digits(1).or_speech().language("de-DE"),
            Collect::speech().language("de-DE"),
        ] {
            assert_eq!(collect.validate(), Ok(()));
        }
    }
}
