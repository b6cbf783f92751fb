//! The checks of single values: type, number, text, list of texts.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::Kind;

/// Checks the JSON type of a value.
pub(super) fn check_type(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
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
pub(super) fn check_list(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
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
pub(super) fn check_number(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
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
pub(super) fn check_text(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
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
