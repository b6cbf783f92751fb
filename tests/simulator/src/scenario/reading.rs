//! The two descriptions of the protocol.

use serde::Deserialize;

/// The description of the protocol that the service follows where the published ones differ.
///
/// Nobody has published which of them the real service follows in each case. A client has to work with both.
///
/// ```
/// use signalwire_relay_simulator::{Reading, Scenario};
///
/// let older = Scenario::from_toml(r#"reading = "sdks""#)?;
/// assert_eq!(older, Scenario::new().reading(Reading::Sdks));
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// The newer public specification.
    #[default]
    Specification,
    /// The behaviour that the server SDKs expect.
    Sdks,
}
