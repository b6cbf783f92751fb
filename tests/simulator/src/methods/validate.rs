//! Parameter tables, and the validation of requests against them.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::media;
use crate::Reading;

/// One row of a parameter table.
#[derive(Debug)]
pub(crate) struct Param {
    name: &'static str,
    need: Need,
    kind: Kind,
    /// The one reading that knows the parameter; `None` if both do.
    only: Option<Reading>,
    /// The reading in which a request with the parameter is refused.
    refused: Option<Reading>,
}

/// The need for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Optional,
    Required,
    /// Required in this reading, optional in the other one.
    RequiredIn(Reading),
}

impl Param {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Marks a parameter that only one reading knows. The service accepts it in the other one too, unless the scenario
    /// is strict.
    pub(crate) const fn only(mut self, reading: Reading) -> Self {
        self.only = Some(reading);
        self
    }

    /// Requires the parameter in this reading only.
    pub(crate) const fn required_in(mut self, reading: Reading) -> Self {
        self.need = Need::RequiredIn(reading);
        self
    }

    /// Refuses every request with the parameter in this reading, even if the scenario is not strict.
    pub(crate) const fn refused_in(mut self, reading: Reading) -> Self {
        self.refused = Some(reading);
        self
    }

    fn is_required(&self, reading: Reading) -> bool {
        match self.need {
            Need::Optional => false,
            Need::Required => true,
            Need::RequiredIn(only) => only == reading,
        }
    }

    fn is_known(&self, reading: Reading) -> bool {
        self.only.is_none_or(|only| only == reading)
    }
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Param {
    Param { name, need: Need::Required, kind, only: None, refused: None }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Param {
    Param { name, need: Need::Optional, kind, only: None, refused: None }
}

/// A row that accepts every other parameter.
pub(crate) const fn others() -> Param {
    optional(OTHERS, Kind::Any)
}

/// A parameter that only the newer specification knows.
pub(crate) const fn newer(name: &'static str, kind: Kind) -> Param {
    optional(name, kind).only(Reading::Specification)
}

/// A parameter that only the older sources know.
pub(crate) const fn older(name: &'static str, kind: Kind) -> Param {
    optional(name, kind).only(Reading::Sdks)
}

/// The name of the row for all parameters without a row of their own.
const OTHERS: &str = "*";

/// The values that a parameter may have.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text that is not empty.
    Text,
    /// Text, possibly empty.
    AnyText,
    Flag,
    /// A number from the first to the last value.
    Between(f64, f64),
    /// Seconds, 0 or more.
    Seconds,
    /// A number above 0.
    Positive,
    /// A number, 0 or more.
    Amount,
    /// A whole number from the first to the last value.
    Whole(i64, i64),
    /// 0, or a whole number from the first to the last value.
    ZeroOrWhole(i64, i64),
    /// A whole number from the second to the third value that is a multiple of the first.
    Step(i64, i64, i64),
    OneOf(&'static [&'static str]),
    /// One of these words, in upper or lower case.
    OneOfAnyCase(&'static [&'static str]),
    /// One of these words, or text that starts with the prefix.
    OneOfOrPrefixed(&'static [&'static str], &'static str),
    /// One or more of these words, separated by spaces.
    Words(&'static [&'static str]),
    /// Text of characters from this set.
    Chars(&'static str),
    /// The same, with at least one.
    SomeChars(&'static str),
    /// Text that starts with one of these prefixes, in any case, and continues.
    Url(&'static [&'static str]),
    /// One of these words, optionally with details after an `@`.
    Codec(&'static [&'static str]),
    /// A number, a boolean or a text: clients differ.
    Scalar,
    /// Text or an object.
    TextOrObject,
    /// Text or a list.
    TextOrList,
    /// Text, a list or an object.
    TextOrListOrObject,
    /// An IPv4 address that is not a private one.
    PublicAddress,
    /// A list of texts, each not empty.
    Texts,
    /// The same, with at least one.
    SomeTexts,
    /// A list of URLs, each as in [`Kind::Url`].
    Urls(&'static [&'static str]),
    /// A list of these words.
    ListOf(&'static [&'static str]),
    /// The same, with at least one.
    SomeOf(&'static [&'static str]),
    /// An object with these members.
    Object(&'static [Param]),
    /// A list of objects with these members.
    Objects(&'static [Param]),
    /// An object with `type` and `params`: one of these types, with its table.
    Typed(&'static [(&'static str, &'static [Param])]),
    /// The same with optional `params` and an optional `type`, which is the first type by default.
    Bare(&'static [(&'static str, &'static [Param])]),
    /// An object with one of these keys, with its table; or the text `stop` or `summarize`.
    Action(&'static [(&'static str, &'static [Param])]),
    /// An object of any form.
    Open,
    /// Any value.
    Any,
    /// A list of media, not empty.
    Media,
    /// A list of media, possibly empty, or a single media item.
    Ringback,
    /// One device.
    Device,
    /// Groups of devices. The groups are called one after the other, the devices of a group together.
    Devices,
    /// Groups of devices, including the types that only a connect can reach.
    BridgeDevices,
    /// The name of a SIP header that a client may set.
    HeaderName,
    /// The value of a SIP header: text without a line break.
    HeaderValue,
    /// The first kind in the newer specification, the second kind for the SDKs.
    Differs(&'static Kind, &'static Kind),
}

/// Keys of a telephone.
pub(crate) const KEYS: &str = "0123456789ABCD*#";
/// Keys of a telephone and the two pauses.
pub(crate) const KEYS_AND_PAUSES: &str = "0123456789ABCD*#wW";
/// The same, with the letters in either case.
pub(crate) const TONES_AND_PAUSES: &str = "0123456789ABCDabcd*#wW";

/// A web URL.
pub(crate) const WEB: Kind = Kind::Url(&["http://", "https://"]);
/// A web URL with TLS.
pub(crate) const SECURE_WEB: Kind = Kind::Url(&["https://"]);
/// A WebSocket URL with TLS.
pub(crate) const SECURE_SOCKET: Kind = Kind::Url(&["wss://"]);

/// Findings that are no reason to refuse a request, unless the service is strict.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    reading: Reading,
    /// Paths of the parameters that neither reading knows.
    pub(crate) unknown: Vec<String>,
    /// Paths of the parameters that only the other reading knows.
    other_reading: Vec<String>,
}

impl Remarks {
    pub(crate) fn new(reading: Reading) -> Self {
        Self { reading, ..Self::default() }
    }

    /// Returns the text of the refusal of a strict service, if there is a reason.
    pub(crate) fn objection(&self) -> Option<String> {
        let first = self.unknown.first().or(self.other_reading.first());
        first.map(|parameter| format!("Unknown parameter '{parameter}'"))
    }

    /// Notes something that only one reading knows.
    pub(super) fn known_only_in(&mut self, reading: Reading, what: impl FnOnce() -> String) {
        if reading != self.reading {
            self.other_reading.push(what());
        }
    }
}

/// Checks `params` against a table. The error is the text of the refusal and names the parameter.
pub(crate) fn check(
    params: &Map<String, Value>,
    table: &[&[Param]],
    remarks: &mut Remarks,
) -> Result<(), String> {
    check_members("", params, table, remarks)
}

/// Checks one object, also inside media and devices.
pub(super) fn check_members(
    path: &str,
    object: &Map<String, Value>,
    table: &[&[Param]],
    remarks: &mut Remarks,
) -> Result<(), String> {
    let rows = || table.iter().flat_map(|part| part.iter());
    for row in rows() {
        let name = join(path, row.name);
        match object.get(row.name) {
            None if row.is_required(remarks.reading) => return Err(format!("Missing parameter '{name}'")),
            None => {}
            Some(_) if row.refused == Some(remarks.reading) => {
                return Err(format!("Unknown parameter '{name}'"));
            }
            Some(value) => check_value(&name, value, &row.kind, remarks)?,
        }
    }
    for name in object.keys() {
        let row = rows().find(|row| row.name == name).or_else(|| rows().find(|row| row.name == OTHERS));
        match row {
            None => remarks.unknown.push(join(path, name)),
            Some(row) if !row.is_known(remarks.reading) => remarks.other_reading.push(join(path, name)),
            Some(_) => {}
        }
    }
    Ok(())
}

fn check_value(path: &str, value: &Value, kind: &Kind, remarks: &mut Remarks) -> Result<(), String> {
    match kind {
        Kind::Differs(specification, sdks) => {
            let kind = match remarks.reading {
                Reading::Specification => specification,
                Reading::Sdks => sdks,
            };
            check_value(path, value, kind, remarks)
        }
        Kind::Text
        | Kind::AnyText
        | Kind::Flag
        | Kind::Scalar
        | Kind::TextOrObject
        | Kind::TextOrList
        | Kind::TextOrListOrObject
        | Kind::Open
        | Kind::Any => check_type(path, value, kind),
        Kind::Between(..)
        | Kind::Seconds
        | Kind::Amount
        | Kind::Positive
        | Kind::Whole(..)
        | Kind::ZeroOrWhole(..)
        | Kind::Step(..) => check_number(path, value, kind),
        Kind::OneOf(_)
        | Kind::OneOfAnyCase(_)
        | Kind::OneOfOrPrefixed(..)
        | Kind::Words(_)
        | Kind::HeaderName
        | Kind::HeaderValue
        | Kind::Chars(_)
        | Kind::SomeChars(_)
        | Kind::Url(_)
        | Kind::Codec(_)
        | Kind::PublicAddress => check_text(path, value, kind),
        Kind::Texts | Kind::SomeTexts | Kind::ListOf(_) | Kind::SomeOf(_) | Kind::Urls(_) => {
            check_list(path, value, kind)
        }
        Kind::Object(table) => match value.as_object() {
            Some(object) => check_members(path, object, &[*table], remarks),
            None => Err(format!("Parameter '{path}' must be an object")),
        },
        Kind::Objects(table) => match value.as_array() {
            Some(list) => list.iter().enumerate().try_for_each(|(index, item)| {
                check_value(&format!("{path}[{index}]"), item, &Kind::Object(table), remarks)
            }),
            None => Err(format!("Parameter '{path}' must be a list of objects")),
        },
        Kind::Typed(types) => {
            if value.is_object() && value.get("params").is_none() {
                return Err(format!("Missing parameter '{path}.params'"));
            }
            media::check_typed(path, value, types, None, remarks)
        }
        Kind::Bare(types) => {
            media::check_typed(path, value, types, types.first().map(|(name, _)| *name), remarks)
        }
        Kind::Action(verbs) => check_action(path, value, verbs, remarks),
        Kind::Media => media::check_media(path, value, remarks),
        Kind::Ringback => match value {
            Value::Array(list) if list.is_empty() => Ok(()),
            Value::Object(_) => media::check_medium(path, value, remarks),
            _ => media::check_media(path, value, remarks),
        },
        Kind::Device => media::check_device(path, value, false, remarks),
        Kind::Devices => media::check_devices(path, value, false, remarks),
        Kind::BridgeDevices => media::check_devices(path, value, true, remarks),
    }
}

/// Checks the JSON type of a value.
fn check_type(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
    let is_text = value.as_str().is_some_and(|text| !text.is_empty());
    let (fits, what) = match kind {
        Kind::Text => (is_text, "a non-empty string"),
        Kind::AnyText => (value.is_string(), "a string"),
        Kind::Flag => (value.is_boolean(), "a boolean"),
        Kind::Scalar => {
            (value.is_string() || value.is_number() || value.is_boolean(), "a string, a number or a boolean")
        }
        Kind::TextOrObject => (is_text || value.is_object(), "a non-empty string or an object"),
        Kind::TextOrList => (value.is_string() || value.is_array(), "a string or a list"),
        Kind::TextOrListOrObject => {
            (value.is_string() || value.is_array() || value.is_object(), "a string, a list or an object")
        }
        Kind::Open => (value.is_object(), "an object"),
        _ => (true, "anything"),
    };
    if fits { Ok(()) } else { Err(format!("Parameter '{path}' must be {what}")) }
}

/// Checks a list of texts.
fn check_list(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
    let must = |what: &str| Err(format!("Parameter '{path}' must be {what}"));
    let list = value.as_array();
    if matches!(kind, Kind::SomeTexts | Kind::SomeOf(_)) && list.is_some_and(Vec::is_empty) {
        return must("a list that is not empty");
    }
    let all = |fits: &dyn Fn(&str) -> bool| {
        list.is_some_and(|list| list.iter().all(|item| item.as_str().is_some_and(fits)))
    };
    match kind {
        Kind::Urls(starts) => match list {
            Some(list) => list.iter().enumerate().try_for_each(|(index, item)| {
                check_text(&format!("{path}[{index}]"), item, &Kind::Url(starts))
            }),
            None => must("a list of URLs"),
        },
        Kind::ListOf(words) | Kind::SomeOf(words) => {
            if all(&|word| words.contains(&word)) {
                Ok(())
            } else {
                must(&format!("a list of {}", words.join(", ")))
            }
        }
        _ if all(&|text| !text.is_empty()) => Ok(()),
        _ => must("a list of non-empty strings"),
    }
}

/// Checks a number and its bounds.
fn check_number(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
    let number = value.as_f64();
    let (fits, what) = match kind {
        Kind::Between(low, high) => (
            number.is_some_and(|number| (*low..=*high).contains(&number)),
            format!("a number from {low} to {high}"),
        ),
        Kind::Seconds => {
            (number.is_some_and(|number| number >= 0.0), "a number of seconds, 0 or more".to_owned())
        }
        Kind::Amount => (number.is_some_and(|number| number >= 0.0), "a number, 0 or more".to_owned()),
        Kind::Positive => (number.is_some_and(|number| number > 0.0), "a number greater than 0".to_owned()),
        Kind::ZeroOrWhole(low, high) => (
            whole(value).is_some_and(|number| number == 0 || (*low..=*high).contains(&number)),
            format!("0 or an integer from {low} to {high}"),
        ),
        Kind::Step(step, low, high) => (
            whole(value).is_some_and(|number| (*low..=*high).contains(&number) && number % step == 0),
            format!("a multiple of {step} from {low} to {high}"),
        ),
        Kind::Whole(low, high) => {
            let fits = whole(value).is_some_and(|number| (*low..=*high).contains(&number));
            let at_least = *high == i64::MAX;
            let what = format!("an integer from {low} to {high}");
            (fits, if at_least { format!("an integer of at least {low}") } else { what })
        }
        _ => (number.is_some(), "a number".to_owned()),
    };
    if fits { Ok(()) } else { Err(format!("Parameter '{path}' must be {what}")) }
}

/// Checks the form of a text.
fn check_text(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
    let text = value.as_str();
    let (fits, what) = match kind {
        Kind::OneOf(words) => {
            (text.is_some_and(|text| words.contains(&text)), format!("one of {}", words.join(", ")))
        }
        Kind::OneOfAnyCase(words) => (
            text.is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text))),
            format!("one of {}", words.join(", ")),
        ),
        Kind::OneOfOrPrefixed(words, prefix) => (
            text.is_some_and(|text| words.contains(&text) || text.starts_with(prefix)),
            format!("one of {} or text that starts with {prefix}", words.join(", ")),
        ),
        Kind::Words(words) => (
            text.is_some_and(|text| {
                !text.trim().is_empty() && text.split_whitespace().all(|word| words.contains(&word))
            }),
            format!("words of {} with spaces between them", words.join(", ")),
        ),
        Kind::HeaderName => (
            text.is_some_and(may_set_header),
            "a header that clients may set: X-…, ".to_owned() + &HEADERS.join(", "),
        ),
        Kind::HeaderValue => (
            text.is_some_and(|text| !text.contains(['\r', '\n'])),
            "a string without a line break".to_owned(),
        ),
        Kind::Chars(set) => {
            let fits = text.is_some_and(|text| text.chars().all(|c| set.contains(c)));
            (fits, format!("a string of characters from {set}"))
        }
        Kind::SomeChars(set) => {
            let fits = text.is_some_and(|text| !text.is_empty() && text.chars().all(|c| set.contains(c)));
            (fits, format!("a string of characters from {set} that is not empty"))
        }
        Kind::Url(starts) => {
            let is = |text: &str, start: &str| {
                text.len() > start.len()
                    && text.get(..start.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(start))
            };
            let fits = text.is_some_and(|text| starts.iter().any(|start| is(text, start)));
            (fits, format!("a URL that starts with {}", starts.join(" or ")))
        }
        Kind::Codec(words) => {
            let name = text.and_then(|text| text.split('@').next());
            (name.is_some_and(|name| words.contains(&name)), format!("one of {}", words.join(", ")))
        }
        _ => {
            let fits = text.and_then(|text| text.parse().ok()).is_some_and(is_public);
            (fits, "a public IPv4 address".to_owned())
        }
    };
    if fits { Ok(()) } else { Err(format!("Parameter '{path}' must be {what}")) }
}

fn check_action(
    path: &str,
    value: &Value,
    verbs: &[(&str, &'static [Param])],
    remarks: &mut Remarks,
) -> Result<(), String> {
    if value == "stop" || value == "summarize" {
        return Ok(());
    }
    let names: Vec<_> = verbs.iter().map(|(name, _)| *name).collect();
    let wrong = || format!("Parameter '{path}' must be an object with one key of {}", names.join(", "));
    let object = value.as_object().filter(|object| object.len() == 1).ok_or_else(wrong)?;
    let (name, inner) = object.iter().next().ok_or_else(wrong)?;
    let (_, table) = verbs.iter().find(|(verb, _)| verb == name).ok_or_else(wrong)?;
    check_value(&join(path, name), inner, &Kind::Object(table), remarks)
}

/// The SIP headers that clients may set, apart from those that start with `X-`.
const HEADERS: &[&str] = &["Privacy", "P-Asserted-Identity", "User-to-User"];
/// Prefixes of the SIP headers that belong to the service.
const RESERVED_HEADERS: &[&str] = &["X-SignalWire", "X-CID"];

fn may_set_header(name: &str) -> bool {
    let starts = |start: &str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    !name.contains(['\r', '\n'])
        && !RESERVED_HEADERS.iter().any(|reserved| starts(reserved))
        && (starts("X-") || HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name)))
}

fn is_public(address: Ipv4Addr) -> bool {
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast())
}

/// Reads a whole number, also in the form `3.0`, which some JSON writers produce.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let text = format!("{number:.0}");
        (number.fract() == 0.0).then(|| text.parse().ok()).flatten()
    })
}

/// Reads a whole number that is not negative.
pub(crate) fn count(value: &Value) -> Option<u64> {
    whole(value).and_then(|number| number.try_into().ok())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
