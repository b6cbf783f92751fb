//! The steps of a script.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// The time limit of waiting for a [`Cue`], unless the script gives one.
pub const DEFAULT_AWAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// The time between two keys, unless the script gives one.
pub const DEFAULT_KEY_INTERVAL: Duration = Duration::from_millis(400);

/// One step of a script.
///
/// In TOML a step is a small table named after its verb, or one of two words:
///
/// ```toml
/// script = [
///     { await = "prompt_started", within = 20 },
///     { wait = 1.5 },
///     { press = "12#", gap = 0.3 },
///     { say = "I would like to talk to somebody" },
///     { sound = "beep" },
///     "stay_silent",
///     "hang_up",
/// ]
/// ```
///
/// After the last step the party stays on the line in silence until the call ends.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawStep")]
#[non_exhaustive]
pub enum Step {
    /// Do nothing for a while.
    Wait(Duration),
    /// Continue as soon as a cue comes, or when the time limit is over.
    ///
    /// An earlier cue counts if it came after the cue of the previous `Await`.
    Await {
        /// The cue.
        cue: Cue,
        /// The time limit. Afterwards the script continues with the next step.
        within: Duration,
    },
    /// Press keys on the telephone, one after the other.
    Press {
        /// The keys: `0` to `9`, `A` to `D`, `*`, `#`.
        digits: String,
        /// The time between two keys.
        gap: Duration,
    },
    /// Say a text. An empty text is a noise without words.
    Say(String),
    /// Make a tone, as machines do.
    Sound(Sound),
    /// Stay silent until the call ends.
    StaySilent,
    /// Hang up.
    HangUp,
}

impl Step {
    /// Does nothing for this many seconds.
    ///
    /// # Panics
    ///
    /// If `seconds` is negative or not a number.
    pub fn wait(seconds: f64) -> Self {
        Self::Wait(Duration::from_secs_f64(seconds))
    }

    /// Waits for a cue for at most [`DEFAULT_AWAIT_TIMEOUT`].
    pub fn on(cue: Cue) -> Self {
        Self::Await { cue, within: DEFAULT_AWAIT_TIMEOUT }
    }

    /// Presses keys with [`DEFAULT_KEY_INTERVAL`] between them.
    pub fn press(digits: impl Into<String>) -> Self {
        Self::Press { digits: digits.into(), gap: DEFAULT_KEY_INTERVAL }
    }

    /// Says a sentence.
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }
}

/// A tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sound {
    /// The tone of an answering machine after its greeting, half a second long.
    Beep,
    /// The tone of a fax machine that was called, three seconds long.
    Ced,
    /// The tone of a fax machine that calls, half a second long.
    Cng,
}

impl Sound {
    pub(crate) fn lasts(self) -> Duration {
        match self {
            Self::Beep | Self::Cng => Duration::from_millis(500),
            Self::Ced => Duration::from_secs(3),
        }
    }
}

impl fmt::Display for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Beep => "a beep",
            Self::Ced => "the tone of a called fax machine",
            Self::Cng => "the tone of a calling fax machine",
        })
    }
}

/// An event on a call that a script can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cue {
    /// The call was answered.
    Answered,
    /// A `calling.play` started or resumed.
    Playing,
    /// A `calling.play` finished.
    PlayFinished,
    /// The prompt of a `calling.play_and_collect` started.
    PromptStarted,
    /// The prompt of a `calling.play_and_collect` finished or was cut short.
    PromptFinished,
    /// A `calling.collect` started.
    Collecting,
    /// A recording started or resumed.
    RecordingStarted,
    /// A recording finished.
    RecordingFinished,
    /// The client sent digits.
    DigitsHeard,
    /// The call was bridged to another one.
    Bridged,
    /// The bridge ended and the call continues.
    Unbridged,
    /// A detector listens.
    Detecting,
    /// An AI agent is on the call.
    AiStarted,
    /// The call joined a conference.
    Conference,
    /// The call entered a queue.
    Queued,
    /// A payment asks for the number of the card.
    CardNumberAsked,
    /// A payment asks when the card expires.
    ExpirationAsked,
    /// A payment asks for the security code.
    SecurityCodeAsked,
    /// A payment asks for the postal code.
    PostalCodeAsked,
    /// A payment ended, successfully or not.
    PaymentOver,
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "the answer",
            Self::Playing => "something to play",
            Self::PlayFinished => "the end of the playing",
            Self::PromptStarted => "a prompt",
            Self::PromptFinished => "the end of the prompt",
            Self::Collecting => "somebody to listen",
            Self::RecordingStarted => "a recording",
            Self::RecordingFinished => "the end of the recording",
            Self::DigitsHeard => "digits",
            Self::Bridged => "a bridge",
            Self::Unbridged => "the end of the bridge",
            Self::Detecting => "somebody to find out who this is",
            Self::AiStarted => "an AI agent",
            Self::Conference => "a conference",
            Self::Queued => "a queue",
            Self::CardNumberAsked => "the question for the card number",
            Self::ExpirationAsked => "the question for the expiration date",
            Self::SecurityCodeAsked => "the question for the security code",
            Self::PostalCodeAsked => "the question for the postal code",
            Self::PaymentOver => "the end of the payment",
        })
    }
}

/// The TOML form of [`Step`].
#[derive(Deserialize)]
#[serde(untagged)]
enum RawStep {
    Word(String),
    Verb(Verb),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verb {
    wait: Option<f64>,
    #[serde(rename = "await")]
    cue: Option<Cue>,
    within: Option<f64>,
    press: Option<String>,
    gap: Option<f64>,
    say: Option<String>,
    sound: Option<Sound>,
}

impl TryFrom<RawStep> for Step {
    type Error = String;

    fn try_from(raw: RawStep) -> Result<Self, String> {
        let seconds = |value: f64| {
            Duration::try_from_secs_f64(value).map_err(|error| format!("{value} is not a time: {error}"))
        };
        let verb = match raw {
            RawStep::Word(word) => {
                return match word.as_str() {
                    "hang_up" => Ok(Self::HangUp),
                    "stay_silent" => Ok(Self::StaySilent),
                    _ => Err(format!("`{word}` is not a step; the words are `hang_up` and `stay_silent`")),
                };
            }
            RawStep::Verb(verb) => verb,
        };
        if verb.within.is_some() && verb.cue.is_none() {
            return Err("`within` belongs to `await`".into());
        }
        if verb.gap.is_some() && verb.press.is_none() {
            return Err("`gap` belongs to `press`".into());
        }
        let verbs = [
            verb.wait.is_some(),
            verb.cue.is_some(),
            verb.press.is_some(),
            verb.say.is_some(),
            verb.sound.is_some(),
        ];
        if verbs.into_iter().filter(|given| *given).count() != 1 {
            return Err("a step has exactly one of `wait`, `await`, `press`, `say`, `sound`".into());
        }
        match verb {
            Verb { wait: Some(time), .. } => Ok(Self::Wait(seconds(time)?)),
            Verb { cue: Some(cue), within, .. } => {
                Ok(Self::Await { cue, within: within.map_or(Ok(DEFAULT_AWAIT_TIMEOUT), seconds)? })
            }
            Verb { press: Some(digits), gap, .. } => {
                if let Some(bad) = digits.chars().find(|key| !"0123456789ABCD*#".contains(*key)) {
                    return Err(format!("a telephone has no key `{bad}`"));
                }
                Ok(Self::Press { digits, gap: gap.map_or(Ok(DEFAULT_KEY_INTERVAL), seconds)? })
            }
            Verb { sound: Some(sound), .. } => Ok(Self::Sound(sound)),
            Verb { say, .. } => Ok(Self::Say(say.unwrap_or_default())),
        }
    }
}
