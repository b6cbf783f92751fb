//! Time limits of waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::watch_cell::WatchCell;
use crate::ids::Ticket;
use crate::timers::Timers;

/// The time limits of waits that somebody polls, by the ticket of the wait.
#[derive(Debug, Default)]
pub(super) struct WaitTimeouts {
    cells: HashMap<Ticket, Arc<WatchCell<bool>>>,
    timers: Timers<Ticket>,
}

impl WaitTimeouts {
    /// Sets `expired` to `true` after a while.
    pub(super) fn set(
        &mut self,
        now: Instant,
        ticket: Ticket,
        after: Duration,
        expired: Arc<WatchCell<bool>>,
    ) {
        self.cells.insert(ticket, expired);
        // A deadline beyond what the clock can count is no deadline.
        if let Some(at) = now.checked_add(after) {
            self.timers.set(ticket, at);
        }
    }

    pub(super) fn cancel(&mut self, ticket: Ticket) {
        self.cells.remove(&ticket);
        self.timers.cancel(&ticket);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Ends the waits whose time is over.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some(ticket) = self.timers.pop_due(now) {
            if let Some(expired) = self.cells.remove(&ticket) {
                expired.update(|expired| *expired = true);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.timers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timers::epoch;

    #[test]
    fn each_time_limit_expires_once_unless_it_was_cancelled() {
        let now = epoch();
        let second = Duration::from_secs(1);
        let mut timeouts = WaitTimeouts::default();
        let cells = [1, 2, 3].map(|number| (Ticket(number), WatchCell::shared(false)));
        for (ticket, cell) in &cells {
            let after = if ticket.0 == 3 { Duration::MAX } else { 2 * second };
            timeouts.set(now, *ticket, after, cell.clone());
        }
        timeouts.cancel(Ticket(2));
        timeouts.handle_timeout(now + second);
        assert_eq!(timeouts.deadline(), Some(now + 2 * second));
        timeouts.handle_timeout(now + 2 * second);
        assert_eq!(cells.map(|(_, cell)| cell.with(|expired| *expired)), [true, false, false]);
        assert_eq!((timeouts.deadline(), timeouts.len()), (None, 1), "the third has no deadline");
    }
}
