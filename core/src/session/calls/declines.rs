//! Offers that come again: a service may offer a call at once to the client that has just given it back, for as long as the
//! caller is patient.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::ids::CallId;

/// How long the second offer of a call is held before it is given back. Each further one is held twice as long.
const FIRST_HOLD: Duration = Duration::from_millis(250);
/// The longest time that an offer is held. It is shorter than the time after which an offer that nobody takes is passed.
pub const MAX_OFFER_HOLD: Duration = Duration::from_secs(8);
/// The time without an offer of a call after which the next counts as the first.
const DECLINE_MEMORY: Duration = Duration::from_mins(1);
/// The number of calls that are remembered because their offers were given back, and so of those that are held. Beyond it
/// the oldest are forgotten, and given back at once if they come again.
const MAX_REMEMBERED_DECLINES: usize = 4_096;

/// The calls whose offers were given back lately.
#[derive(Debug, Default)]
pub(super) struct Declines {
    calls: HashMap<CallId, Declined>,
    /// In the order in which they were first given back.
    order: VecDeque<CallId>,
}

#[derive(Debug)]
struct Declined {
    times: u32,
    until: Instant,
}

impl Declines {
    /// An offer is to be given back. Returns the time to hold it before that.
    pub(super) fn hold(&mut self, now: Instant, call_id: &CallId) -> Duration {
        if let Some(declined) = self.calls.get_mut(call_id) {
            if declined.until < now {
                declined.times = 0;
            }
            let hold = match declined.times {
                0 => Duration::ZERO,
                times => FIRST_HOLD.saturating_mul(1 << (times - 1).min(16)).min(MAX_OFFER_HOLD),
            };
            declined.times += 1;
            declined.until = now + hold + DECLINE_MEMORY;
            return hold;
        }
        if self.order.len() == MAX_REMEMBERED_DECLINES
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
        }
        self.order.push_back(call_id.clone());
        self.calls.insert(call_id.clone(), Declined { times: 1, until: now + DECLINE_MEMORY });
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timers::epoch;

    #[test]
    fn an_offer_that_comes_again_is_held_a_growing_while() {
        let mut declines = Declines::default();
        let mut now = epoch();
        let holds: Vec<_> = (0..9)
            .map(|_| {
                let hold = declines.hold(now, &"c1".into());
                now += hold;
                hold.as_millis()
            })
            .collect();
        assert_eq!(holds, [0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(declines.hold(now, &"c2".into()), Duration::ZERO, "each call for itself");
        now += DECLINE_MEMORY + Duration::from_millis(1);
        assert_eq!(declines.hold(now, &"c1".into()), Duration::ZERO, "that was long ago");
    }

    #[test]
    fn a_bounded_number_of_calls_is_remembered() {
        let mut declines = Declines::default();
        let now = epoch();
        for number in 0..3 * MAX_REMEMBERED_DECLINES {
            declines.hold(now, &number.to_string().as_str().into());
        }
        let bound = MAX_REMEMBERED_DECLINES;
        assert_eq!((declines.calls.len(), declines.order.len()), (bound, bound));
    }
}
