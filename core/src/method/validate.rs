//! Rules about arguments that several features share. Each names the field that breaks it.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::calling::{Codec, Price};
use crate::error::InvalidArgument;
use crate::json::UNLIMITED;

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

/// The keys of a telephone, and the two pauses `w` and `W`.
pub(crate) fn keys_and_pauses(field: &'static str, keys: &str) -> Checked {
    match keys.chars().find(|&key| !is_key(key) && !matches!(key, 'w' | 'W')) {
        Some(key) => Err(InvalidArgument::new(field, format!("{key:?} is not one of 0-9 A-D * # w W"))),
        None => Ok(()),
    }
}

/// The keys of a telephone, as a set of terminators.
pub(crate) fn keys(field: &'static str, keys: Option<&str>) -> Checked {
    match keys.and_then(|keys| keys.chars().find(|key| !is_key(*key))) {
        Some(key) => Err(InvalidArgument::new(field, format!("{key:?} is not one of 0-9 A-D * #"))),
        None => Ok(()),
    }
}

fn is_key(key: char) -> bool {
    matches!(key, '0'..='9' | 'A'..='D' | 'a'..='d' | '*' | '#')
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
        Some(duration) if duration < UNLIMITED && duration.subsec_nanos() != 0 => {
            Err(InvalidArgument::new(field, format!("{duration:?} is not a whole number of seconds")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn not_empty(field: &'static str, text: &str) -> Checked {
    if text.is_empty() { Err(InvalidArgument::new(field, "it must not be empty")) } else { Ok(()) }
}

/// What is read from a file or a variable often ends with a line break. White space at the ends and control characters
/// are in no URL or address.
pub(crate) fn unspaced(field: &'static str, text: &str) -> Checked {
    if text.trim() != text || text.chars().any(char::is_control) {
        let reason = format!("{text:?} has white space at an end, or a control character");
        return Err(InvalidArgument::new(field, reason));
    }
    Ok(())
}

/// Text that may be a URL, or something else.
pub(crate) fn maybe_url(field: &'static str, text: Option<&str>) -> Checked {
    match text {
        Some(text) if text.trim_start().starts_with("http") => unspaced(field, text),
        _ => Ok(()),
    }
}

pub(crate) fn scheme(field: &'static str, url: &str, schemes: &[&str]) -> Checked {
    unspaced(field, url)?;
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
    unspaced(field, address)?;
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

pub(crate) fn one_of(field: &'static str, text: Option<&str>, known: &[&str]) -> Checked {
    match text {
        Some(text) if !known.contains(&text) => {
            Err(InvalidArgument::new(field, format!("{text:?} is not one of {}", known.join(", "))))
        }
        _ => Ok(()),
    }
}

/// How a webhook is called.
pub(crate) fn webhook_method(field: &'static str, method: Option<&str>) -> Checked {
    one_of(field, method, &["GET", "POST"])
}

/// Codecs that cannot be used in this place. Those that this library does not know are the service's to judge.
pub(crate) fn codecs<'a>(
    field: &'static str,
    codecs: impl IntoIterator<Item = &'a Codec>,
    usable: &[Codec],
) -> Checked {
    let unusable = |codec: &&Codec| !matches!(codec, Codec::Other(_)) && !usable.contains(codec);
    match codecs.into_iter().find(unusable) {
        Some(codec) => {
            let usable: Vec<_> = usable.iter().map(Codec::as_str).collect();
            Err(InvalidArgument::new(field, format!("{codec} is not one of {}", usable.join(", "))))
        }
        None => Ok(()),
    }
}

/// An IPv4 address that the service can reach.
pub(crate) fn public_address(field: &'static str, address: &str) -> Checked {
    let Ok(ip) = address.parse::<Ipv4Addr>() else {
        return Err(InvalidArgument::new(field, format!("{address:?} is not an IPv4 address")));
    };
    if ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || ip.is_broadcast() {
        return Err(InvalidArgument::new(field, format!("{ip} is not a public address")));
    }
    Ok(())
}

pub(crate) fn price(price: Option<&Price>) -> Checked {
    match price {
        Some(price) if !price.is_amount() => Err(InvalidArgument::new(
            "max_price_per_minute",
            format!("{price:?} is not an amount such as 0.05"),
        )),
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
    fn keys_are_those_of_a_telephone_in_either_case() {
        assert_eq!(keys("terminators", Some("0123456789ABCDabcd*#")), Ok(()));
        assert_eq!(keys_and_pauses("digits", "wW12#"), Ok(()));
        assert!(keys("terminators", Some("w")).is_err() && keys_and_pauses("digits", "1e").is_err());
    }

    #[test]
    fn addresses_that_nobody_reaches_from_outside_are_refused() {
        for good in ["203.0.113.9", "8.8.8.8", "172.15.0.1", "172.32.0.1"] {
            assert_eq!(public_address("addr", good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "x",
            "example.com",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2.3.4:5",
            " 1.2.3.4",
            "::1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.1.1",
            "0.0.0.0",
            "255.255.255.255",
        ] {
            assert_eq!(public_address("addr", bad).expect_err(bad).field, "addr");
        }
    }

    #[test]
    fn codecs_for_another_place_are_refused_and_unknown_ones_are_not() {
        let usable = [Codec::Pcmu, Codec::Pcma];
        assert_eq!(codecs("codecs", [], &usable), Ok(()));
        assert_eq!(codecs("codecs", &[Codec::Pcma, Codec::from("PCMU@8000h")], &usable), Ok(()));
        let refused = codecs("codecs", &[Codec::Pcma, Codec::Vp8], &usable).expect_err("no sound");
        assert_eq!((refused.field, refused.reason.as_str()), ("codecs", "VP8 is not one of PCMU, PCMA"));
    }

    #[test]
    fn webhooks_are_got_or_posted() {
        for good in [None, Some("GET"), Some("POST")] {
            assert_eq!(webhook_method("status_url_method", good), Ok(()));
        }
        for bad in ["", "get", "PUT", "POST "] {
            let refused = webhook_method("status_url_method", Some(bad)).expect_err(bad);
            assert_eq!(
                (refused.field, refused.reason),
                ("status_url_method", format!("{bad:?} is not one of GET, POST"))
            );
        }
    }

    #[test]
    fn urls_and_addresses_have_no_white_space_at_the_ends_and_no_control_characters() {
        for bad in [
            "https://x/y\n",
            " https://x/y",
            "https://x/y\t",
            "https://x/\u{0}y",
            "https://x/\ny",
            "https://x\r\n",
        ] {
            let refused = web_url("status_url", bad).expect_err(bad);
            assert_eq!(refused.field, "status_url");
            assert!(refused.reason.contains("white space") && !refused.reason.contains('\n'), "{refused:?}");
        }
        assert_eq!(
            scheme_of_address("to", "sip:desk@example.com\n", &["sip"]).expect_err("refused").field,
            "to"
        );
        assert_eq!(web_url("url", "https://x/a b.mp3"), Ok(()), "that is for the service to judge");
    }

    #[test]
    fn a_time_beyond_all_bounds_is_no_limit_and_no_fraction() {
        for time in [Duration::MAX, UNLIMITED] {
            assert_eq!((positive("timeout", Some(time)), whole("timeout", Some(time))), (Ok(()), Ok(())));
        }
        assert!(whole("timeout", Some(Duration::from_millis(1500))).is_err());
    }

    #[test]
    fn urls_need_their_scheme() {
        assert!(web_url("url", "https://x/y.mp3").is_ok());
        for bad in ["", "http://", "ftp://x", "x.mp3", "httpss://x"] {
            assert!(web_url("url", bad).is_err(), "{bad}");
        }
    }
}
