//! The tags of dials that were decided lately, so that late legs of them are recognised.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::ids::Tag;

/// How long a decided dial is remembered. Its legs show up while its devices ring, which takes no longer.
const MEMORY_TIMEOUT: Duration = Duration::from_mins(10);
/// The number of decided dials that are remembered at most: as many as a hundred dials a second make in that time.
const MAX_REMEMBERED_DIALS: usize = 60_000;

#[derive(Debug, Default)]
pub(super) struct DecidedDials {
    until: HashMap<Tag, Instant>,
    /// In the order in which they are forgotten.
    order: VecDeque<(Instant, Tag)>,
}

impl DecidedDials {
    pub(super) fn insert(&mut self, now: Instant, tag: Tag) {
        while self.order.len() >= MAX_REMEMBERED_DIALS || self.order.front().is_some_and(|(at, _)| *at <= now)
        {
            self.forget_oldest();
        }
        let until = now + MEMORY_TIMEOUT;
        self.until.insert(tag.clone(), until);
        self.order.push_back((until, tag));
    }

    fn forget_oldest(&mut self) {
        if let Some((until, tag)) = self.order.pop_front()
            && self.until.get(&tag) == Some(&until)
        {
            self.until.remove(&tag);
        }
    }

    pub(super) fn remove(&mut self, tag: &Tag) {
        self.until.remove(tag);
    }

    pub(super) fn contains(&self, tag: &Tag) -> bool {
        self.until.contains_key(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timers::epoch;

    #[test]
    fn tags_are_remembered_for_ten_minutes_and_not_by_their_number() {
        let start = epoch();
        let mut decided = DecidedDials::default();
        for number in 0..10_000 {
            decided.insert(start, Tag::from(format!("t{number}")));
        }
        decided.remove(&Tag::from("t1"));
        assert!(decided.contains(&Tag::from("t0")) && !decided.contains(&Tag::from("t1")));
        decided.insert(start + Duration::from_secs(1), Tag::from("t1"));
        decided.insert(start + MEMORY_TIMEOUT, Tag::from("last"));
        assert!(!decided.contains(&Tag::from("t0")) && decided.contains(&Tag::from("t1")));
        assert_eq!(decided.order.len(), 2, "nothing piles up");
    }

    #[test]
    fn their_number_has_a_bound() {
        let now = epoch();
        let mut decided = DecidedDials::default();
        for number in 0..=MAX_REMEMBERED_DIALS {
            decided.insert(now, Tag::from(format!("t{number}")));
        }
        assert!(!decided.contains(&Tag::from("t0")) && decided.contains(&Tag::from("t1")));
        assert_eq!(decided.until.len(), MAX_REMEMBERED_DIALS);
    }
}
