//! The result of a collect.

use std::fmt;

use serde_json::value::RawValue;

use crate::enums::open_enum;
use crate::events::event;
use crate::json::{Lenient, object};

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
        pub kind as "type": CollectResultType,
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
        pub is_final as "final": Option<bool>,
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
        match self.state.as_deref() {
            // Over, whatever else the event says.
            Some("finished" | "error") => return true,
            Some("collecting") => return false,
            _ if self.is_final == Some(false) => return false,
            _ => {}
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
            r#"{"state":"finished","final":false}"#,
            r#"{"result":{"type":"speech","params":{"text":"h"}},"state":"finished","final":false}"#,
            r#"{"result":{"type":"start_of_input"},"state":"error"}"#,
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
}
