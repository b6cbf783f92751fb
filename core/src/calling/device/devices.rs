//! Whom to call, and in which order.

use serde::Serialize;

use super::Device;
use crate::error::InvalidArgument;

/// Whom to call, and in which order: groups one after the other, the devices of a group at the same time. The
/// first to answer wins.
///
/// ```
/// use signalwire_relay_core::{Devices, phone};
///
/// let one: Devices = phone("+15551000001").from("+15550000000").into();
/// let then = one.then(Devices::parallel([
///     phone("+15551000002").from("+15550000000"),
///     phone("+15551000003").from("+15550000000"),
/// ]));
/// # let _ = then;
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Devices(Vec<Vec<Device>>);

impl Devices {
    /// One after the other, each when the one before did not answer.
    pub fn serial<D: Into<Device>>(devices: impl IntoIterator<Item = D>) -> Self {
        Self(devices.into_iter().map(|device| vec![device.into()]).collect())
    }

    /// All at the same time.
    pub fn parallel<D: Into<Device>>(devices: impl IntoIterator<Item = D>) -> Self {
        Self(vec![devices.into_iter().map(Into::into).collect()])
    }

    /// These first; if nobody answers, `next`.
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        self.0.extend(next.into().0);
        self
    }

    pub(crate) fn validate(&self) -> Result<(), InvalidArgument> {
        if self.0.is_empty() || self.0.iter().any(Vec::is_empty) {
            return Err(InvalidArgument::new("devices", "there is nobody to call"));
        }
        self.0.iter().flatten().try_for_each(Device::validate)
    }

    pub(crate) fn validate_dialable(&self) -> Result<(), InvalidArgument> {
        self.validate()?;
        if self.0.iter().flatten().any(Device::connects_only) {
            return Err(InvalidArgument::new(
                "devices",
                "calls, queues and streams can be connected to a call, not dialled",
            ));
        }
        Ok(())
    }
}

impl<D: Into<Device>> From<D> for Devices {
    fn from(device: D) -> Self {
        Self(vec![vec![device.into()]])
    }
}
