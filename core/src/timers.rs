//! A table of deadlines. It knows when something is due, and nothing of what then happens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Instant;

/// Deadlines by key. Those due at the same instant come in the order of their keys.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    in_order: BTreeSet<(Instant, K)>,
    deadlines: BTreeMap<K, Instant>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { in_order: BTreeSet::new(), deadlines: BTreeMap::new() }
    }
}

impl<K: Clone + Ord> Timers<K> {
    /// Arms a timer, in place of its earlier deadline if it had one.
    pub(crate) fn set(&mut self, key: K, at: Instant) {
        if let Some(earlier) = self.deadlines.insert(key.clone(), at) {
            self.in_order.remove(&(earlier, key.clone()));
        }
        self.in_order.insert((at, key));
    }

    /// Arms a timer unless it is armed already.
    pub(crate) fn set_if_unset(&mut self, key: K, at: Instant) {
        if !self.is_set(&key) {
            self.set(key, at);
        }
    }

    pub(crate) fn cancel(&mut self, key: &K) {
        if let Some(at) = self.deadlines.remove(key) {
            self.in_order.remove(&(at, key.clone()));
        }
    }

    /// Disarms every timer whose key lies in a range.
    pub(crate) fn cancel_range(&mut self, keys: RangeInclusive<K>) {
        while let Some(key) = self.deadlines.range(keys.clone()).next().map(|(key, _)| key.clone()) {
            self.cancel(&key);
        }
    }

    pub(crate) fn is_set(&self, key: &K) -> bool {
        self.deadlines.contains_key(key)
    }

    /// Takes out the earliest timer that is due. It is disarmed before its work runs.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (at, _) = self.in_order.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.in_order.pop_first()?;
        self.deadlines.remove(&key);
        Some(key)
    }

    /// The timers that are due, the earliest first.
    pub(crate) fn due(&self, now: Instant) -> impl Iterator<Item = &K> {
        self.in_order.iter().take_while(move |(at, _)| *at <= now).map(|(_, key)| key)
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.in_order.first().map(|(at, _)| *at)
    }

    pub(crate) fn clear(&mut self) {
        self.in_order.clear();
        self.deadlines.clear();
    }
}

/// The instant at which the clock of a test begins: the only one that is read from the machine.
#[cfg(test)]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_come_in_order_and_once() {
        let start = epoch();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set("late", at(3));
        timers.set("early", at(1));
        timers.set("late", at(2));
        timers.set("cancelled", at(9));
        timers.set_if_unset("early", at(9));
        timers.cancel(&"cancelled");
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.due(at(1)).collect::<Vec<_>>(), [&"early"]);
        assert_eq!(timers.pop_due(at(0)), None);
        assert_eq!(timers.pop_due(at(5)), Some("early"));
        assert_eq!(timers.pop_due(at(5)), Some("late"));
        assert_eq!(timers.pop_due(at(5)), None);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_range_of_timers_is_disarmed_at_once() {
        let now = epoch();
        let mut timers = Timers::default();
        for key in [(1, 'a'), (1, 'b'), (2, 'a')] {
            timers.set(key, now);
        }
        timers.cancel_range((1, char::MIN)..=(1, char::MAX));
        assert_eq!((timers.pop_due(now), timers.next()), (Some((2, 'a')), None));
    }
}
