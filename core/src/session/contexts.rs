//! The contexts that calls and messages are wanted for: desired state, asserted at every authentication.

use std::collections::{BTreeMap, BTreeSet};

/// Which contexts are wanted, and what the service knows of that.
#[derive(Debug)]
pub(super) struct Contexts {
    wanted: BTreeSet<String>,
    /// Wanted contexts that were configured, or that the service has accepted.
    confirmed: BTreeSet<String>,
    /// The number of requests under way that ask for a context.
    requested: BTreeMap<String, u32>,
    /// Contexts that are not wanted any more, until the service has confirmed that it knows.
    left: BTreeSet<String>,
}

impl Contexts {
    pub(super) fn new(configured: &[String]) -> Self {
        let configured: BTreeSet<_> = configured.iter().cloned().collect();
        Self {
            wanted: configured.clone(),
            confirmed: configured,
            requested: BTreeMap::new(),
            left: BTreeSet::new(),
        }
    }

    pub(super) fn wanted(&self) -> &BTreeSet<String> {
        &self.wanted
    }

    /// A request asks for contexts. They are wanted from now on, whatever happens to the connection meanwhile.
    pub(super) fn request(&mut self, contexts: &[String]) {
        for context in contexts {
            self.wanted.insert(context.clone());
            self.left.remove(context);
            *self.requested.entry(context.clone()).or_default() += 1;
        }
    }

    /// The service has accepted a request for contexts.
    pub(super) fn accept(&mut self, contexts: &[String]) {
        self.end_request(contexts);
        let wanted = contexts.iter().filter(|context| self.wanted.contains(*context));
        self.confirmed.extend(wanted.cloned());
    }

    /// A request for contexts was certainly not carried out. Contexts that nothing else asks for are not wanted any more.
    pub(super) fn reject(&mut self, contexts: &[String]) {
        self.end_request(contexts);
        for context in contexts {
            if !self.confirmed.contains(context) && !self.requested.contains_key(context) {
                self.wanted.remove(context);
            }
        }
    }

    /// The outcome of a request for contexts is unknown: they stay wanted.
    pub(super) fn end_request(&mut self, contexts: &[String]) {
        for context in contexts {
            if let Some(requests) = self.requested.get_mut(context) {
                *requests -= 1;
                if *requests == 0 {
                    self.requested.remove(context);
                }
            }
        }
    }

    /// Contexts are not wanted any more, and the service is to be told.
    pub(super) fn leave(&mut self, contexts: &[String]) {
        for context in contexts {
            self.wanted.remove(context);
            self.confirmed.remove(context);
            self.left.insert(context.clone());
        }
    }

    /// No context is wanted any more, and the service is to be told.
    pub(super) fn leave_all(&mut self) {
        self.confirmed.clear();
        self.left.append(&mut self.wanted);
    }

    /// The contexts that the service may not know are not wanted any more.
    pub(super) fn left(&self) -> impl Iterator<Item = &String> {
        self.left.iter()
    }

    /// The service has confirmed that contexts were left.
    pub(super) fn confirm_left(&mut self, contexts: &[String]) {
        for context in contexts {
            self.left.remove(context);
        }
    }

    /// A new session begins with the wanted contexts only: there is nothing to leave.
    pub(super) fn forget_left(&mut self) {
        self.left.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(contexts: &Contexts) -> Vec<&str> {
        contexts.wanted().iter().map(String::as_str).collect()
    }

    #[test]
    fn a_rejected_request_takes_back_only_what_nothing_else_asks_for() {
        let [a, b] = ["a", "b"].map(|context| vec![context.to_owned()]);
        let mut contexts = Contexts::new(&a);
        contexts.request(&a);
        contexts.reject(&a);
        assert_eq!(wanted(&contexts), ["a"], "it was configured");
        contexts.request(&b);
        contexts.request(&b);
        contexts.reject(&b);
        assert_eq!(wanted(&contexts), ["a", "b"], "another request asks for it");
        contexts.end_request(&b);
        assert_eq!(wanted(&contexts), ["a", "b"], "the service may have accepted it");
        contexts.request(&b);
        contexts.reject(&b);
        assert_eq!(wanted(&contexts), ["a"]);
    }

    #[test]
    fn a_context_that_was_removed_is_not_confirmed_by_a_late_answer() {
        let a = vec!["a".to_owned()];
        let mut contexts = Contexts::new(&[]);
        contexts.request(&a);
        contexts.leave(&a);
        contexts.request(&a);
        contexts.leave(&a);
        contexts.accept(&a);
        contexts.reject(&a);
        assert!(wanted(&contexts).is_empty());
        contexts.request(&a);
        contexts.accept(&a);
    }

    #[test]
    fn a_context_stays_to_be_left_until_the_service_confirms_it_or_it_is_wanted_again() {
        let [a, b] = ["a", "b"].map(|context| vec![context.to_owned()]);
        let mut contexts = Contexts::new(&a);
        let left = |contexts: &Contexts| contexts.left().cloned().collect::<Vec<_>>();
        contexts.leave(&b);
        contexts.leave_all();
        assert_eq!(left(&contexts), ["a", "b"]);
        contexts.confirm_left(&b);
        assert_eq!(left(&contexts), a);
        contexts.request(&a);
        assert_eq!(left(&contexts), [""; 0]);
    }
}
