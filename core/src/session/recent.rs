//! A set that remembers a bounded number of things, and forgets the oldest first.

use std::borrow::Borrow;
use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Recent<T> {
    limit: usize,
    order: VecDeque<T>,
    members: HashSet<T>,
}

impl<T: Clone + Eq + Hash> Recent<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, order: VecDeque::new(), members: HashSet::new() }
    }

    pub(super) fn insert(&mut self, item: T) {
        if !self.members.insert(item.clone()) {
            return;
        }
        self.order.push_back(item);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
    }

    pub(super) fn remove(&mut self, item: &T) {
        if self.members.remove(item) {
            self.order.retain(|own| own != item);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn contains<Q: ?Sized + Eq + Hash>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.members.contains(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut recent = Recent::new(2);
        for item in ["a", "b", "b", "a", "c"] {
            recent.insert(item.to_owned());
        }
        assert!(!recent.contains("a") && recent.contains("b") && recent.contains("c"));
    }
}
