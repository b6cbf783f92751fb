//! The number of clients of this process that are connected, or are to be.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ConfigError;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// One of the connections that this process may hold. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Slot(());

impl Slot {
    pub(super) fn take(limit: usize) -> Result<Self, ConfigError> {
        TAKEN
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken < limit).then_some(taken + 1))
            .map(|_| Self(()))
            .map_err(|_| ConfigError::TooManyConnections { limit })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::AcqRel);
    }
}
