//! Reading JSON that somebody else wrote: whatever a field holds, the rest of the document stays readable.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Something that can be read from whatever a field holds; what makes no sense is its default.
pub(crate) trait Lenient: Default {
    fn read(raw: &RawValue) -> Self;
}

/// Reads a field leniently.
///
/// Only usable on documents parsed from text in memory, since it borrows the field's text.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: Lenient>(deserializer: D) -> Result<T, D::Error> {
    let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
    Ok(T::read(raw))
}

/// Implements [`Lenient`] for types that are read as they are, or not at all.
macro_rules! read_as_is {
    ($($type:ty),+ $(,)?) => {
        $(
            impl $crate::json::Lenient for $type {
                fn read(raw: &serde_json::value::RawValue) -> Self {
                    serde_json::from_str(raw.get()).unwrap_or_default()
                }
            }
        )+
    };
}
pub(crate) use read_as_is;

read_as_is!(String, Vec<String>, serde_json::Value, serde_json::Map<String, serde_json::Value>);

/// What is there but makes no sense is not there.
macro_rules! read_if_some {
    ($($type:ty),+ $(,)?) => {
        $(
            impl $crate::json::Lenient for Option<$type> {
                fn read(raw: &serde_json::value::RawValue) -> Self {
                    serde_json::from_str(raw.get()).ok()
                }
            }
        )+
    };
}
pub(crate) use read_if_some;

read_if_some!(String);

/// Some versions of the service write numbers and truth values as text.
fn unquoted(raw: &RawValue) -> &str {
    raw.get().trim_matches('"').trim()
}

impl Lenient for Option<bool> {
    fn read(raw: &RawValue) -> Self {
        unquoted(raw).parse().ok()
    }
}

impl Lenient for Option<u64> {
    fn read(raw: &RawValue) -> Self {
        unquoted(raw).parse().ok()
    }
}

impl Lenient for Option<i64> {
    fn read(raw: &RawValue) -> Self {
        unquoted(raw).parse().ok()
    }
}

impl Lenient for Option<f64> {
    fn read(raw: &RawValue) -> Self {
        unquoted(raw).parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// Seconds; what is no duration (negative, out of range) is none.
impl Lenient for Option<Duration> {
    fn read(raw: &RawValue) -> Self {
        Option::<f64>::read(raw).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

/// Numbers below this are seconds since 1970; as milliseconds they would be in the spring of 1973.
const SECONDS_BELOW: f64 = 1e11;
/// Numbers from [`SECONDS_BELOW`] up to this are milliseconds since 1970, larger ones microseconds.
const MILLISECONDS_BELOW: f64 = 1e14;

/// A point in time, to the microsecond. The service counts in seconds, milliseconds or microseconds since 1970; their
/// size tells which. 0 stands for what has not happened.
impl Lenient for Option<SystemTime> {
    fn read(raw: &RawValue) -> Self {
        let number = Option::<f64>::read(raw).filter(|number| *number > 0.0)?;
        let seconds = match number {
            seconds if seconds < SECONDS_BELOW => seconds,
            milliseconds if milliseconds < MILLISECONDS_BELOW => milliseconds / 1e3,
            microseconds => microseconds / 1e6,
        };
        let nanoseconds = Duration::try_from_secs_f64(seconds).ok()?.as_nanos();
        // Fractions of decimals are not exact: to the nearest microsecond.
        let microseconds = u64::try_from((nanoseconds + 500) / 1000).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(microseconds))
    }
}

/// Defines an object as the service writes it: every field may be missing, or be anything.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $( $(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, serde::Deserialize)]
        #[serde(default)]
        #[non_exhaustive]
        $vis struct $name {
            $( $(#[$field_meta])* #[serde(deserialize_with = "crate::json::lenient")] $field_vis $field: $type, )*
        }

        $crate::json::read_as_is!($name);
        $crate::json::read_if_some!($name);
    };
}
pub(crate) use object;

/// Implements [`Lenient`] for lists and maps of an [`object!`]. Members that are no objects are left out.
macro_rules! read_lists {
    ($($type:ty),+ $(,)?) => {
        $(
            impl $crate::json::Lenient for Vec<$type> {
                fn read(raw: &serde_json::value::RawValue) -> Self {
                    let members: Vec<&serde_json::value::RawValue> =
                        serde_json::from_str(raw.get()).unwrap_or_default();
                    let objects = members.into_iter().filter(|member| $crate::json::is_object(member));
                    objects.filter_map(|member| serde_json::from_str(member.get()).ok()).collect()
                }
            }

            impl $crate::json::Lenient for std::collections::BTreeMap<String, $type> {
                fn read(raw: &serde_json::value::RawValue) -> Self {
                    let members: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
                        serde_json::from_str(raw.get()).unwrap_or_default();
                    let read = |(name, member): (String, &serde_json::value::RawValue)| {
                        Some((name, serde_json::from_str(member.get()).ok()?))
                    };
                    let objects = members.into_iter().filter(|(_, member)| $crate::json::is_object(member));
                    objects.filter_map(read).collect()
                }
            }
        )+
    };
}
pub(crate) use read_lists;

/// JSON that is not printed: there may be secrets in it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Redacted(pub(crate) serde_json::Value);

read_as_is!(Redacted);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Writes a duration as seconds: `5`, not `5.0`, where it is whole.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn write_seconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        None => serializer.serialize_none(),
        Some(duration) if duration.subsec_nanos() == 0 => serializer.serialize_u64(duration.as_secs()),
        Some(duration) => serializer.serialize_f64(duration.as_secs_f64()),
    }
}

/// Reads text into shared storage with a single allocation.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Arc<str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }
        fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
            Ok(Arc::from(text))
        }
    }
    deserializer.deserialize_str(Text)
}

/// Whether a JSON text holds an object.
pub(crate) fn is_object(raw: &RawValue) -> bool {
    raw.get().trim_start().starts_with('{')
}

/// Milliseconds, both ways.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) => serializer.serialize_u128(duration.as_millis()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let milliseconds: Option<u64> = Deserialize::deserialize(deserializer)?;
        Ok(milliseconds.map(Duration::from_millis))
    }
}

/// Whole seconds, both ways. Fractions are refused before this is reached, see [`whole`].
pub(crate) mod whole_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) => serializer.serialize_u64(duration.as_secs()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds: Option<f64> = Deserialize::deserialize(deserializer)?;
        Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
    }
}

/// Writes a value as text. The service takes some numbers and truth values only so.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn as_text<S: Serializer, T: fmt::Display>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// Writes whole seconds as text.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn seconds_as_text<S: Serializer>(
    value: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    as_text(&value.map(|time| time.as_secs()), serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Duration> {
        let raw = RawValue::from_string(text.to_owned()).expect("test JSON is valid");
        Option::<SystemTime>::read(&raw)
            .map(|time| time.duration_since(SystemTime::UNIX_EPOCH).expect("later"))
    }

    #[test]
    fn times_are_read_in_seconds_milliseconds_and_microseconds() {
        let moment = Duration::from_millis(1_764_000_000_100);
        for text in
            ["1764000000.1", "1764000000100", "1764000000100000", "\"1764000000.1\"", "1764000000100.0"]
        {
            assert_eq!(time(text), Some(moment), "{text}");
        }
        assert_eq!(time("1764000007"), Some(Duration::from_secs(1_764_000_007)));
    }

    #[test]
    fn zero_and_what_makes_no_sense_are_no_time() {
        for text in ["0", "0.0", "\"0\"", "-1", "null", "\"\"", "\"soon\"", "{}", "1e300", "1e999"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
