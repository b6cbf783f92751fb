//! Parameter tables, and the validation of requests against them.

mod kind;
mod param;
mod value;

use serde_json::{Map, Value};

pub(crate) use self::kind::{KEYS, KEYS_AND_PAUSES, Kind, SECURE_SOCKET, SECURE_WEB, TONES_AND_PAUSES, WEB};
pub(crate) use self::param::{Param, newer, older, optional, others, required};
pub(crate) use self::value::count;

use self::param::OTHERS;
use self::value::{check_list, check_number, check_text, check_type};
use super::media;
use crate::Reading;

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

/// Checks an action: a word, or an object with one key.
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

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
