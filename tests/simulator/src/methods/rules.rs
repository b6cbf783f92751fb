//! The vocabulary that parameter tables are written in, and the check of a request against one.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::media;

/// One row of a parameter table.
#[derive(Debug)]
pub(crate) struct Param {
    name: &'static str,
    required: bool,
    kind: Kind,
}

impl Param {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Param {
    Param { name, required: true, kind }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Param {
    Param { name, required: false, kind }
}

/// A row that lets every other parameter pass.
pub(crate) const fn others() -> Param {
    Param { name: OTHERS, required: false, kind: Kind::Any }
}

/// The name of the row for all parameters without a row of their own.
const OTHERS: &str = "*";

/// What a parameter may hold.
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
    /// A whole number from the second to the third value that is a multiple of the first.
    Step(i64, i64, i64),
    OneOf(&'static [&'static str]),
    /// Text of characters from this set.
    Chars(&'static str),
    /// The same, with at least one.
    SomeChars(&'static str),
    /// Text that starts with one of these, in any case, and does not end there.
    Url(&'static [&'static str]),
    /// One of these words, possibly with details behind an `@`.
    Codec(&'static [&'static str]),
    /// A number, a truth or a text: what some clients write as the one and some as the other.
    Scalar,
    /// Text or an object.
    TextOrObject,
    /// An IPv4 address that is not a private one.
    PublicAddress,
    /// A list of texts, each not empty.
    Texts,
    /// The same, with at least one.
    SomeTexts,
    /// A list of these words.
    ListOf(&'static [&'static str]),
    /// The same, with at least one.
    SomeOf(&'static [&'static str]),
    /// An object of which only these members are known.
    Object(&'static [Param]),
    /// A list of such objects.
    Objects(&'static [Param]),
    /// An object with `type` and `params`: one of these types, with its table.
    Typed(&'static [(&'static str, &'static [Param])]),
    /// The same, where `params` may be left out.
    Bare(&'static [(&'static str, &'static [Param])]),
    /// An object with one of these keys, with its table; or the text `stop`.
    Action(&'static [(&'static str, &'static [Param])]),
    /// An object of any form.
    Open,
    /// Anything at all.
    Any,
    /// A list of things to play, not empty.
    Media,
    /// One device.
    Device,
    /// Groups of devices: the groups one after the other, the devices of a group together.
    Devices,
    /// The same, with the kinds of device that only a bridge can reach.
    BridgeDevices,
}

/// Keys of a telephone.
pub(crate) const KEYS: &str = "0123456789ABCD*#";
/// Keys of a telephone and the two pauses.
pub(crate) const KEYS_AND_PAUSES: &str = "0123456789ABCD*#wW";

/// An address in the web.
pub(crate) const WEB: Kind = Kind::Url(&["http://", "https://"]);
/// An address that media is streamed to.
pub(crate) const SECURE_SOCKET: Kind = Kind::Url(&["wss://"]);

/// What a check found that is no reason to refuse.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// Parameters that the table does not know, with their path.
    pub(crate) unknown: Vec<String>,
}

/// Checks `params` against a table. The error is the text of the refusal and names the parameter.
pub(crate) fn check(
    params: &Map<String, Value>,
    table: &[&[Param]],
    remarks: &mut Remarks,
) -> Result<(), String> {
    check_members("", params, table, remarks)
}

/// Checks one object; also used for the objects inside media and devices.
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
            None if row.required => return Err(format!("Missing parameter '{name}'")),
            None => {}
            Some(value) => check_value(&name, value, &row.kind, remarks)?,
        }
    }
    for name in object.keys() {
        if !rows().any(|row| row.name == name || row.name == OTHERS) {
            remarks.unknown.push(join(path, name));
        }
    }
    Ok(())
}

fn check_value(path: &str, value: &Value, kind: &Kind, remarks: &mut Remarks) -> Result<(), String> {
    let must = |what: &str| Err(format!("Parameter '{path}' must be {what}"));
    match kind {
        Kind::Text => match value.as_str() {
            Some(text) if !text.is_empty() => Ok(()),
            _ => must("a non-empty string"),
        },
        Kind::AnyText => {
            if value.is_string() {
                Ok(())
            } else {
                must("a string")
            }
        }
        Kind::Flag => {
            if value.is_boolean() {
                Ok(())
            } else {
                must("a boolean")
            }
        }
        Kind::Between(..)
        | Kind::Seconds
        | Kind::Amount
        | Kind::Positive
        | Kind::Whole(..)
        | Kind::Step(..) => check_number(path, value, kind),
        Kind::OneOf(_)
        | Kind::Chars(_)
        | Kind::SomeChars(_)
        | Kind::Url(_)
        | Kind::Codec(_)
        | Kind::PublicAddress => check_text(path, value, kind),
        Kind::Scalar => {
            if value.is_string() || value.is_number() || value.is_boolean() {
                Ok(())
            } else {
                must("a string, a number or a boolean")
            }
        }
        Kind::TextOrObject => {
            if value.is_object() || value.as_str().is_some_and(|text| !text.is_empty()) {
                Ok(())
            } else {
                must("a non-empty string or an object")
            }
        }
        Kind::Texts | Kind::SomeTexts => match value.as_array() {
            Some(list) if list.is_empty() && matches!(kind, Kind::SomeTexts) => {
                must("a list that is not empty")
            }
            Some(list) if list.iter().all(|item| item.as_str().is_some_and(|text| !text.is_empty())) => {
                Ok(())
            }
            _ => must("a list of non-empty strings"),
        },
        Kind::ListOf(words) | Kind::SomeOf(words) => match value.as_array() {
            Some(list) if list.is_empty() && matches!(kind, Kind::SomeOf(_)) => {
                must("a list that is not empty")
            }
            Some(list) if list.iter().all(|item| item.as_str().is_some_and(|word| words.contains(&word))) => {
                Ok(())
            }
            _ => must(&format!("a list of {}", words.join(", "))),
        },
        Kind::Object(table) => match value.as_object() {
            Some(object) => check_members(path, object, &[*table], remarks),
            None => must("an object"),
        },
        Kind::Objects(table) => match value.as_array() {
            Some(list) => list.iter().enumerate().try_for_each(|(index, item)| {
                check_value(&format!("{path}[{index}]"), item, &Kind::Object(table), remarks)
            }),
            None => must("a list of objects"),
        },
        Kind::Typed(types) | Kind::Bare(types) => {
            if matches!(kind, Kind::Typed(_)) && value.is_object() && value.get("params").is_none() {
                return Err(format!("Missing parameter '{path}.params'"));
            }
            media::check_typed(path, value, types, remarks)
        }
        Kind::Action(verbs) => check_action(path, value, verbs, remarks),
        Kind::Open => {
            if value.is_object() {
                Ok(())
            } else {
                must("an object")
            }
        }
        Kind::Any => Ok(()),
        Kind::Media => media::check_media(path, value, remarks),
        Kind::Device => media::check_device(path, value, false, remarks),
        Kind::Devices => media::check_devices(path, value, false, remarks),
        Kind::BridgeDevices => media::check_devices(path, value, true, remarks),
    }
}

/// Numbers with their bounds.
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

/// Texts of which more is known than that they are texts.
fn check_text(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
    let text = value.as_str();
    let (fits, what) = match kind {
        Kind::OneOf(words) => {
            (text.is_some_and(|text| words.contains(&text)), format!("one of {}", words.join(", ")))
        }
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
    if value == "stop" {
        return Ok(());
    }
    let names: Vec<_> = verbs.iter().map(|(name, _)| *name).collect();
    let wrong = || format!("Parameter '{path}' must be an object with one key of {}", names.join(", "));
    let object = value.as_object().filter(|object| object.len() == 1).ok_or_else(wrong)?;
    let (name, inner) = object.iter().next().ok_or_else(wrong)?;
    let (_, table) = verbs.iter().find(|(verb, _)| verb == name).ok_or_else(wrong)?;
    check_value(&join(path, name), inner, &Kind::Object(table), remarks)
}

fn is_public(address: Ipv4Addr) -> bool {
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast())
}

/// Whole numbers are also read from `3.0`, which some JSON writers produce.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let text = format!("{number:.0}");
        (number.fract() == 0.0).then(|| text.parse().ok()).flatten()
    })
}

/// A whole number that is not negative.
pub(crate) fn count(value: &Value) -> Option<u64> {
    whole(value).and_then(|number| number.try_into().ok())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
