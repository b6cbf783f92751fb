//! Rules about arguments that several features share. Each names the field that breaks it.

use std::time::Duration;

use super::Price;
use crate::error::InvalidArgument;

type Checked = Result<(), InvalidArgument>;

/// Volume is −40 to 40 dB.
pub(crate) fn volume(volume: Option<f64>) -> Checked {
    match volume {
        Some(db) if !(-40.0..=40.0).contains(&db) => {
            Err(InvalidArgument::new("volume", format!("{db} dB is outside -40 to 40 dB")))
        }
        _ => Ok(()),
    }
}

/// The keys of a telephone, as a set of terminators.
pub(crate) fn keys(field: &'static str, keys: Option<&str>) -> Checked {
    match keys.and_then(|keys| keys.chars().find(|key| !is_key(*key))) {
        Some(key) => Err(InvalidArgument::new(field, format!("{key:?} is not one of 0-9 A-D * #"))),
        None => Ok(()),
    }
}

pub(crate) fn is_key(key: char) -> bool {
    matches!(key, '0'..='9' | 'A'..='D' | '*' | '#')
}

pub(crate) fn positive(field: &'static str, duration: Option<Duration>) -> Checked {
    match duration {
        Some(Duration::ZERO) => Err(InvalidArgument::new(field, "it must be longer than 0 seconds")),
        _ => Ok(()),
    }
}

/// The service counts these in whole seconds.
pub(crate) fn whole(field: &'static str, duration: Option<Duration>) -> Checked {
    match duration {
        Some(duration) if duration.subsec_nanos() != 0 => {
            Err(InvalidArgument::new(field, format!("{duration:?} is not a whole number of seconds")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn not_empty(field: &'static str, text: &str) -> Checked {
    if text.is_empty() { Err(InvalidArgument::new(field, "it must not be empty")) } else { Ok(()) }
}

/// E.164: a plus sign, then up to 15 digits that do not begin with 0.
pub(crate) fn phone_number(field: &'static str, number: &str) -> Checked {
    let digits = number.strip_prefix('+').unwrap_or("");
    if (2..=15).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0')
    {
        return Ok(());
    }
    Err(InvalidArgument::new(
        field,
        format!("{number:?} is not an E.164 number: a plus sign, then 2 to 15 digits, such as +15551234567"),
    ))
}

pub(crate) fn scheme(field: &'static str, url: &str, schemes: &[&str]) -> Checked {
    let lower = url.to_ascii_lowercase();
    if schemes.iter().any(|scheme| {
        lower.strip_prefix(scheme).is_some_and(|rest| rest.len() > 3 && rest.starts_with("://"))
    }) {
        return Ok(());
    }
    Err(InvalidArgument::new(field, format!("{url:?} is not a URL with the scheme {}", schemes.join(" or "))))
}

/// An address such as `sip:desk@example.com`.
pub(crate) fn scheme_of_address(field: &'static str, address: &str, schemes: &[&str]) -> Checked {
    match address.split_once(':') {
        Some((scheme, rest))
            if !rest.is_empty() && schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            Ok(())
        }
        _ => Err(InvalidArgument::new(
            field,
            format!("{address:?} does not begin with {}:", schemes.join(": or ")),
        )),
    }
}

pub(crate) fn web_url(field: &'static str, url: &str) -> Checked {
    scheme(field, url, &["https", "http"])
}

pub(crate) fn optional_web_url(field: &'static str, url: Option<&str>) -> Checked {
    url.map_or(Ok(()), |url| web_url(field, url))
}

pub(crate) fn price(price: Option<&Price>) -> Checked {
    match price {
        Some(price) if !price.is_amount() || price.is_zero() => {
            Err(InvalidArgument::new("max_price_per_minute", format!("{price:?} is not an amount above 0")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_outside_forty_decibels_are_refused() {
        for good in [None, Some(-40.0), Some(0.0), Some(40.0)] {
            assert!(volume(good).is_ok(), "{good:?}");
        }
        for bad in [Some(-40.1), Some(41.0), Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!(volume(bad).expect_err("refused").field, "volume", "{bad:?}");
        }
    }

    #[test]
    fn numbers_without_country_code_are_refused() {
        assert!(phone_number("to_number", "+15551234567").is_ok());
        for bad in ["", "+", "15551234567", "+0555123", "+1555 123", "+1234567890123456", "+1555x"] {
            assert!(phone_number("to_number", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn urls_need_their_scheme() {
        assert!(web_url("url", "https://x/y.mp3").is_ok());
        for bad in ["", "http://", "ftp://x", "x.mp3", "httpss://x"] {
            assert!(web_url("url", bad).is_err(), "{bad}");
        }
    }
}
