//! Outcomes of payments and operations.

use serde::Deserialize;

/// The outcome of a payment after every question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Payment {
    /// The connector approves the card.
    #[default]
    Approved,
    /// The connector declines the card.
    CardDeclined,
    /// The connector cannot be reached or sends an invalid answer.
    ConnectorError,
    /// The service itself rejects the input.
    Invalid,
}

/// A method whose next operations fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failing {
    pub(crate) method: String,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

fn once() -> u32 {
    1
}
