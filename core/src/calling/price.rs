//! Money, exactly as it was written.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An amount of money: decimal digits with an optional fraction, such as `0.05`. Kept as text, so that nothing is
/// rounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Price(Box<str>);

impl Price {
    /// The amount as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text is an amount.
    pub(crate) fn is_amount(&self) -> bool {
        let (whole, fraction) = self.0.split_once('.').unwrap_or((&self.0, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        // JSON has no numbers with leading zeros.
        digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'))
    }
}

impl From<&str> for Price {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Price {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// The shortest decimal that stands for the number: `0.05` gives `0.05`.
impl From<f64> for Price {
    fn from(number: f64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// As a JSON number, digit for digit.
impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_digit_for_digit() {
        for (price, text) in
            [(Price::from("0.10"), "0.10"), (Price::from(0.05), "0.05"), (Price::from("12"), "12")]
        {
            assert!(price.is_amount());
            assert_eq!(serde_json::to_string(&price).expect("a number"), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", ".", "1.", ".5", "-1", "1e3", "01", "1,5", "$5", "NaN", "inf"] {
            assert!(!Price::from(text).is_amount(), "{text}");
        }
        assert!(!Price::from(f64::NAN).is_amount() && !Price::from(-1.0).is_amount());
    }
}
