//! Durations in TOML: seconds, with or without a fraction.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    let value = f64::deserialize(source)?;
    Duration::try_from_secs_f64(value).map_err(|error| D::Error::custom(format!("{value}: {error}")))
}
