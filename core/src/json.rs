//! Reading JSON that somebody else wrote: whatever a field holds, the rest of the document stays readable.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Something that can be read from whatever a field holds; what makes no sense is its default.
pub(crate) trait Lenient: Default {
    fn read(raw: &RawValue) -> Self;
}

/// Reads an object from JSON text. A text that is no JSON object gives the default.
pub(crate) fn read_object<'a, T: Deserialize<'a> + Default>(json: &'a str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

/// Reads a JSON document. An escape of half a surrogate pair, which names no character, is read as U+FFFD.
fn parse<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json).or_else(|error| match without_lone_surrogates(json) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// Writes U+FFFD in place of each escape of half a surrogate pair. Gives `None` if there is none. `json` is valid JSON but
/// for such escapes.
fn without_lone_surrogates(json: &str) -> Option<String> {
    /// `\u` and four digits.
    const ESCAPE: usize = 6;
    let unit = |at: usize| {
        let digits = json.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = json[from..].find('\\') {
        let at = from + found;
        from = match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + ESCAPE), Some(0xDC00..=0xDFFF)) => at + 2 * ESCAPE,
            Some(0xD800..=0xDFFF) => {
                mended.push_str(&json[copied..at]);
                mended.push_str("\\ufffd");
                copied = at + ESCAPE;
                copied
            }
            Some(_) => at + ESCAPE,
            // The character after a backslash is ASCII in valid JSON.
            None => json.len().min(at + 2),
        };
        if !json.is_char_boundary(from) {
            return None;
        }
    }
    (copied > 0).then(|| mended + &json[copied..])
}

/// Reads a string, borrowed where it contains no escapes. Anything else is none.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

    if !raw.get().starts_with('"') {
        return None;
    }
    match serde_json::from_str(raw.get()) {
        Ok(Borrowed(text)) => Some(text),
        Err(_) => parse(raw.get()).ok().map(Cow::Owned),
    }
}

/// Reads a text. A number or a truth value in its place is read as it is written.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    match raw.get().as_bytes().first()? {
        b'"' => string(raw),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(raw.get())),
    }
}

/// The text of a value that was read already, by the rules of [`text`].
pub(crate) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Implements [`Lenient`] for types that are made from text.
macro_rules! read_text {
    ($($type:ty),+ $(,)?) => {
        $(
            impl $crate::json::Lenient for $type {
                fn read(raw: &serde_json::value::RawValue) -> Self {
                    Option::<Self>::read(raw).unwrap_or_default()
                }
            }

            impl $crate::json::Lenient for Option<$type> {
                fn read(raw: &serde_json::value::RawValue) -> Self {
                    $crate::json::text(raw).map(|text| <$type>::from(&*text))
                }
            }
        )+
    };
}
pub(crate) use read_text;

read_text!(String);

/// The depth to which a document is read member by member if it cannot be read as a whole.
const MAX_MENDED_DEPTH: usize = 8;

/// Reads a document. A number that is out of range becomes its text, and a member that cannot be read becomes `null`.
pub(crate) fn value(raw: &RawValue) -> Value {
    fn read(raw: &RawValue, depth: usize) -> Value {
        if let Ok(value) = parse(raw.get()) {
            return value;
        }
        match raw.get().as_bytes().first() {
            Some(b'{' | b'[') if depth == 0 => Value::Null,
            Some(b'{') => {
                let Entries(entries) = read_object(raw.get());
                entries.into_iter().map(|(name, raw)| (name.into_owned(), read(raw, depth - 1))).collect()
            }
            Some(b'[') => list(raw).into_iter().flatten().map(|raw| read(raw, depth - 1)).collect(),
            _ => text(raw).map_or(Value::Null, Value::from),
        }
    }
    read(raw, MAX_MENDED_DEPTH)
}

/// Reads a document as [`value`] does; a text that is no JSON is none.
pub(crate) fn document(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok().map(value)
}

impl Lenient for Value {
    fn read(raw: &RawValue) -> Self {
        value(raw)
    }
}

impl Lenient for Option<Value> {
    fn read(raw: &RawValue) -> Self {
        Some(value(raw)).filter(|value| !value.is_null())
    }
}

impl Lenient for Map<String, Value> {
    fn read(raw: &RawValue) -> Self {
        Option::read(raw).unwrap_or_default()
    }
}

impl Lenient for Option<Map<String, Value>> {
    fn read(raw: &RawValue) -> Self {
        match value(raw) {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// The members of a list.
fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// Members that make no sense are left out. Something else in place of a list is a list of one, but for an empty text.
impl<T> Lenient for Vec<T>
where
    Option<T>: Lenient,
{
    fn read(raw: &RawValue) -> Self {
        match list(raw) {
            Some(members) => members.into_iter().filter_map(Option::read).collect(),
            None if raw.get() == r#""""# => Self::new(),
            None => Option::read(raw).into_iter().collect(),
        }
    }
}

/// Members that make no sense are left out.
impl<T> Lenient for BTreeMap<String, T>
where
    Option<T>: Lenient,
{
    fn read(raw: &RawValue) -> Self {
        let Entries(entries) = read_object(raw.get());
        entries.into_iter().filter_map(|(name, raw)| Some((name.into_owned(), Option::read(raw)?))).collect()
    }
}

/// Some versions of the service write numbers and truth values as text.
fn unquoted(raw: &RawValue) -> &str {
    raw.get().trim_matches('"').trim()
}

impl Lenient for Option<bool> {
    fn read(raw: &RawValue) -> Self {
        let word = unquoted(raw);
        match () {
            () if word.eq_ignore_ascii_case("true") => Some(true),
            () if word.eq_ignore_ascii_case("false") => Some(false),
            () => None,
        }
    }
}

/// Implements [`Lenient`] for whole numbers. One that is written with a fraction of zero is whole.
macro_rules! read_whole {
    ($($type:ty),+) => {
        $(
            impl Lenient for Option<$type> {
                fn read(raw: &RawValue) -> Self {
                    let written = unquoted(raw);
                    let whole = || written.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
                    written.parse().ok().or_else(|| whole()?.0.parse().ok())
                }
            }
        )+
    };
}

read_whole!(u16, u32, u64, i64);

impl Lenient for u16 {
    fn read(raw: &RawValue) -> Self {
        Option::read(raw).unwrap_or_default()
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

/// The name of a member, as it is written but without escapes. Half a surrogate pair stays what it is in WTF-8.
#[derive(PartialEq)]
pub(crate) struct Name<'a>(Cow<'a, [u8]>);

impl<'a> Name<'a> {
    pub(crate) fn is(&self, name: &str) -> bool {
        *self.0 == *name.as_bytes()
    }

    fn into_text(self) -> Cow<'a, str> {
        match self.0 {
            Cow::Borrowed(bytes) => replaced(bytes),
            Cow::Owned(bytes) => Cow::Owned(replaced(&bytes).into_owned()),
        }
    }
}

/// U+FFFD in place of each surrogate, which takes three bytes of which none is UTF-8 here.
fn replaced(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().starts_with(&[0xED]) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Cow::Owned(text)
}

/// As bytes: names that are no Unicode would make the whole object unreadable as text.
impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_bytes<E>(self, name: &'de [u8]) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
            fn visit_bytes<E>(self, name: &[u8]) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_vec())))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The members of any object, as they come.
#[derive(Default)]
pub(crate) struct Entries<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = members.next_key::<Name<'de>>()? {
                    entries.push((name.into_text(), members.next_value()?));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Reads a struct from an object, and from nothing else: every member may be missing, be anything, or be there twice, in
/// which case the last counts, as in any other JSON document.
///
/// Only usable on documents parsed from text in memory, since the text of the members is borrowed.
macro_rules! read_members {
    ($name:ident { $($field:ident $(as $wire:literal)?: $type:ty $(= $read:path)?),* $(,)? }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut members: A,
                    ) -> Result<$name, A::Error> {
                        let mut object = $name::default();
                        while let Some(name) = members.next_key::<$crate::json::Name<'de>>()? {
                            let raw: &'de serde_json::value::RawValue = members.next_value()?;
                            $(
                                if name.is($crate::json::wire_name!($field $($wire)?)) {
                                    object.$field = $crate::json::read_member!(raw, $type $(, $read)?);
                                    continue;
                                }
                            )*
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(ObjectVisitor)
            }
        }

        impl $crate::json::Lenient for $name {
            fn read(raw: &serde_json::value::RawValue) -> Self {
                $crate::json::read_object(raw.get())
            }
        }

        impl $crate::json::Lenient for Option<$name> {
            fn read(raw: &serde_json::value::RawValue) -> Self {
                serde_json::from_str(raw.get()).ok()
            }
        }
    };
}
pub(crate) use read_members;

macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire_name;

macro_rules! read_member {
    ($raw:expr, $type:ty) => {
        <$type as $crate::json::Lenient>::read($raw)
    };
    ($raw:expr, $type:ty, $read:path) => {
        $read($raw)
    };
}
pub(crate) use read_member;

/// Defines an object as the service writes it: every field may be missing, or be anything. `field as "name"` has another
/// name on the wire; `field: Type = function` is read by a function.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $field_vis:vis $field:ident $(as $wire:literal)?: $type:ty $(= $read:path)?,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[non_exhaustive]
        $vis struct $name {
            $( $(#[$field_meta])* $field_vis $field: $type, )*
        }

        $crate::json::read_members!($name { $( $field $(as $wire)?: $type $(= $read)?, )* });
    };
}
pub(crate) use object;

/// Defines an object of which some members are wanted as they are written. `null` is there as well.
macro_rules! raw_object {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $( $field:ident $(as $wire:literal)?, )+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default)]
        $vis struct $name<'a> {
            $( $field: Option<&'a serde_json::value::RawValue>, )+
        }

        impl<'de> serde::Deserialize<'de> for $name<'de> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut members: A,
                    ) -> Result<$name<'de>, A::Error> {
                        let mut object = $name::default();
                        while let Some(name) = members.next_key::<$crate::json::Name<'de>>()? {
                            let raw: &'de serde_json::value::RawValue = members.next_value()?;
                            $(
                                if name.is($crate::json::wire_name!($field $($wire)?)) {
                                    object.$field = Some(raw);
                                }
                            )+
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}
pub(crate) use raw_object;

/// The type, in lower case, and the parameters of an object that has both.
pub(crate) fn tagged(raw: &RawValue) -> Option<(String, &RawValue)> {
    raw_object! {
        struct Tagged { kind as "type", params, }
    }
    let Tagged { kind, params } = read_object(raw.get());
    Some((text(kind?)?.to_ascii_lowercase(), params.filter(|params| is_object(params))?))
}

/// Reads something from a document of any origin. Everything can be read, for what makes no sense is the default.
pub(crate) fn read_from_value<'de, D: Deserializer<'de>, T: Lenient>(deserializer: D) -> Result<T, D::Error> {
    let document = Value::deserialize(deserializer)?;
    let raw = RawValue::from_string(document.to_string()).map_err(serde::de::Error::custom)?;
    Ok(T::read(&raw))
}

/// What is not `null`.
pub(crate) fn given(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
}

/// JSON that is not printed: there may be secrets in it.
#[derive(Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Redacted(pub(crate) Value);

impl Lenient for Redacted {
    fn read(raw: &RawValue) -> Self {
        Self(value(raw))
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The longest time that is sent, 68 years: what any service can count. From here on a limit is none.
pub(crate) const UNLIMITED: Duration = Duration::from_secs(i32::MAX as u64);

/// The time to send to a service that takes zero for no limit.
pub(crate) fn zero_if_unlimited(time: Duration) -> Duration {
    if time >= UNLIMITED { Duration::ZERO } else { time }
}

/// Writes a duration as seconds: `5`, not `5.0`, where it is whole.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn write_seconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        None => serializer.serialize_none(),
        Some(duration) => match (*duration).min(UNLIMITED) {
            whole if whole.subsec_nanos() == 0 => serializer.serialize_u64(whole.as_secs()),
            duration => serializer.serialize_f64(duration.as_secs_f64()),
        },
    }
}

/// Reads text into shared storage with a single allocation.
pub(crate) fn shared_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
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

/// Milliseconds.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::Serializer;
    use serde_json::value::RawValue;

    use super::{Lenient, UNLIMITED};

    /// Reads milliseconds; what is no duration is none.
    pub(crate) fn read(raw: &RawValue) -> Option<Duration> {
        let milliseconds = Option::<f64>::read(raw)?;
        Duration::try_from_secs_f64(milliseconds / 1e3).ok()
    }

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) => serializer.serialize_u128((*duration).min(UNLIMITED).as_millis()),
            None => serializer.serialize_none(),
        }
    }
}

/// Whole seconds. Fractions are refused before this is reached, see [`whole`].
pub(crate) mod whole_seconds {
    use std::time::Duration;

    use serde::Serializer;

    use super::UNLIMITED;

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) => serializer.serialize_u64((*duration).min(UNLIMITED).as_secs()),
            None => serializer.serialize_none(),
        }
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
    as_text(&value.map(|time| time.min(UNLIMITED).as_secs()), serializer)
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

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("test JSON is valid")
    }

    #[test]
    fn half_a_surrogate_pair_is_one_replacement_character() {
        for (written, read) in [
            (r#""Happy birthday \ud83d""#, "Happy birthday \u{fffd}"),
            (r#""\ud83d\ude00 \uD83D\uD83D\uDE00 \ude00\ud83d""#, "😀 \u{fffd}😀 \u{fffd}\u{fffd}"),
            (r#""\\ud83d \u00e9\n\ud83dx\ud83d\u0041""#, "\\ud83d é\n\u{fffd}x\u{fffd}A"),
        ] {
            let raw = raw(written);
            assert_eq!(String::read(&raw), read, "{written}");
            assert_eq!(Value::read(&raw), Value::from(read), "{written}");
            assert_eq!(crate::ids::CallId::read(&raw).as_str(), read);
            assert_eq!(crate::calling::EndReason::read(&raw).as_str(), read);
        }
        let document = raw(r#"{"a":["x\ud83d",1],"\ud83d":{"b":"y"}}"#);
        assert_eq!(
            Value::read(&document),
            serde_json::json!({"a": ["x\u{fffd}", 1], "\u{fffd}": {"b": "y"}})
        );
        assert_eq!(
            BTreeMap::<String, String>::read(&raw(r#"{"\ud83d":"a","b":null,"c":3}"#)),
            BTreeMap::from([("\u{fffd}".to_owned(), "a".to_owned()), ("c".to_owned(), "3".to_owned())])
        );
    }

    #[test]
    fn a_bad_entry_of_a_list_hides_no_other() {
        let texts = |text: &str| Vec::<String>::read(&raw(text));
        assert_eq!(texts(r#"["https://x", null, 7, {}, [1], true]"#), ["https://x", "7", "true"]);
        assert_eq!(texts(r#""https://x""#), ["https://x"]);
        for empty in ["null", "[]", "{}", r#""""#] {
            assert_eq!(texts(empty), [""; 0], "{empty}");
        }
        assert_eq!(Vec::<crate::calling::CallState>::read(&raw(r#"["ended", null]"#)).len(), 1);
    }

    #[test]
    fn a_member_that_cannot_be_read_hides_no_other() {
        assert_eq!(
            Value::read(&raw(r#"{"a":1e999,"b":[2,-1e999],"c":3}"#)),
            serde_json::json!({"a": "1e999", "b": [2, "-1e999"], "c": 3})
        );
        let deep = format!(r#"{{"a":{}{},"b":1}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(Value::read(&raw(&deep))["b"], 1);
    }

    #[test]
    fn arrays_are_no_objects() {
        object! {
            struct Two { a: String, b: String, }
        }
        assert!(Option::<Two>::read(&raw(r#"["x","y"]"#)).is_none());
        assert_eq!(Two::read(&raw(r#"["x","y"]"#)).a, "");
        let two = Two::read(&raw(r#"{"b":null,"a":"x","b":"y","\ud83d":1}"#));
        assert_eq!((two.a.as_str(), two.b.as_str()), ("x", "y"));
    }

    #[test]
    fn zero_and_what_makes_no_sense_are_no_time() {
        for text in ["0", "0.0", "\"0\"", "-1", "null", "\"\"", "\"soon\"", "{}", "1e300", "1e999"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
