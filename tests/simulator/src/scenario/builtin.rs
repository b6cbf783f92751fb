//! The scenarios that come with the crate.

/// Name and TOML text of every scenario that comes with the crate.
pub const BUILTINS: &[(&str, &str)] = &[
    ("hello", include_str!("../../scenarios/hello.toml")),
    ("ivr", include_str!("../../scenarios/ivr.toml")),
    ("outbound", include_str!("../../scenarios/outbound.toml")),
];

pub(super) fn text(name: &str) -> Option<&'static str> {
    BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
