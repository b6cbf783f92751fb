//! The built-in scenarios.

/// Name and TOML text of every built-in scenario.
pub const BUILTINS: &[(&str, &str)] = &[
    ("hello", include_str!("../../scenarios/hello.toml")),
    ("ivr", include_str!("../../scenarios/ivr.toml")),
    ("outbound", include_str!("../../scenarios/outbound.toml")),
    ("voicemail_detect", include_str!("../../scenarios/voicemail_detect.toml")),
    ("speech", include_str!("../../scenarios/speech.toml")),
    ("sms", include_str!("../../scenarios/sms.toml")),
    ("conference", include_str!("../../scenarios/conference.toml")),
    ("queue", include_str!("../../scenarios/queue.toml")),
    ("pay_fails_twice", include_str!("../../scenarios/pay_fails_twice.toml")),
    ("ai_agent", include_str!("../../scenarios/ai_agent.toml")),
    ("ai_menu", include_str!("../../scenarios/ai_menu.toml")),
    ("tour", include_str!("../../scenarios/tour.toml")),
];

pub(super) fn text(name: &str) -> Option<&'static str> {
    BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
