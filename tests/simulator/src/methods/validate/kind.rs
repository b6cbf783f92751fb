//! The kinds of parameter values.

use super::Param;

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
