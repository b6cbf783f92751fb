//! The credentials that the session has, has proposed, and had.

use crate::credentials::{Credentials, Secret};

/// The number of credentials that may be under way at once; the oldest are forgotten.
const MAX_PROPOSED: usize = 8;

/// Credentials, of which the latest that were not refused count.
#[derive(Debug)]
pub(super) struct Identity {
    current: Credentials,
    /// The credentials to go back to if the service refuses: the accepted ones, then the proposed ones.
    earlier: Vec<Credentials>,
    /// Credentials that the service may still mention.
    former: Option<Credentials>,
    proof: Option<Secret>,
    /// Set if the next connection offers the credentials before the current ones.
    falls_back: bool,
}

impl Identity {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { current: credentials, earlier: Vec::new(), former: None, proof: None, falls_back: false }
    }

    pub(super) fn current(&self) -> &Credentials {
        &self.current
    }

    /// Others are to be used from now on, if the service does not refuse them.
    pub(super) fn propose(&mut self, credentials: Credentials, proof: Option<Secret>) {
        let replaced = std::mem::replace(&mut self.current, credentials);
        self.earlier.retain(|earlier| *earlier != self.current && *earlier != replaced);
        if replaced != self.current {
            self.earlier.push(replaced);
        }
        if self.earlier.len() > MAX_PROPOSED {
            self.former = Some(self.earlier.remove(0));
        }
        self.proof = proof.or(self.proof.take());
        self.falls_back = false;
    }

    /// The service accepted what was proposed: what was before is not used again.
    pub(super) fn accept(&mut self, credentials: &Credentials) {
        let older = if self.current == *credentials {
            self.earlier.len()
        } else {
            self.earlier.iter().position(|earlier| earlier == credentials).unwrap_or(0)
        };
        self.former = self.earlier.drain(..older).next_back().or(self.former.take());
    }

    /// The service refused what was proposed.
    pub(super) fn refuse(&mut self, credentials: &Credentials) {
        self.earlier.retain(|earlier| earlier != credentials);
        if self.current == *credentials
            && let Some(earlier) = self.earlier.pop()
        {
            self.former = Some(std::mem::replace(&mut self.current, earlier));
        }
    }

    /// The credentials to connect with.
    pub(super) fn offered(&self) -> &Credentials {
        self.earlier.last().filter(|_| self.falls_back).unwrap_or(&self.current)
    }

    /// The service let us in with these. `waits` is whether it has yet to answer what was proposed.
    pub(super) fn let_in_with(&mut self, offered: &Credentials, waits: bool) {
        if !self.falls_back || self.current == *offered {
            self.accept(offered);
        } else if !waits {
            let refused = self.current.clone();
            self.refuse(&refused);
        }
        self.falls_back = false;
    }

    /// The service did not let us in with these. It may have meant that for a moment only: those before come next, and
    /// then these again.
    pub(super) fn turned_away_with(&mut self, offered: &Credentials) {
        if self.offered() == offered {
            self.falls_back = !self.falls_back && !self.earlier.is_empty();
        }
    }

    /// Others are to be used from now on.
    pub(super) fn replace(&mut self, credentials: Credentials) {
        self.former = Some(std::mem::replace(&mut self.current, credentials));
        self.earlier.clear();
        self.falls_back = false;
    }

    /// The texts that must not be printed.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let all = std::iter::once(&self.current).chain(&self.earlier).chain(&self.former);
        let credentials = all.flat_map(Credentials::secrets);
        credentials.chain(self.proof.as_ref().map(Secret::expose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(text: &str) -> Credentials {
        Credentials::Jwt(text.into())
    }

    #[test]
    fn the_latest_that_were_not_refused_count() {
        let mut identity = Identity::new(jwt("a"));
        identity.propose(jwt("b"), None);
        identity.propose(jwt("c"), Some("proof".into()));
        assert_eq!(identity.current(), &jwt("c"));
        identity.refuse(&jwt("b"));
        assert_eq!(identity.current(), &jwt("c"));
        identity.accept(&jwt("c"));
        identity.refuse(&jwt("c"));
        assert_eq!(identity.current(), &jwt("c"), "there are no others");
        assert_eq!(identity.secrets().collect::<Vec<_>>(), ["c", "a", "proof"]);
        identity.propose(jwt("d"), None);
        identity.refuse(&jwt("d"));
        assert_eq!(identity.current(), &jwt("c"));
    }

    #[test]
    fn what_is_refused_at_a_connection_takes_turns_with_what_was_before() {
        let mut identity = Identity::new(jwt("a"));
        identity.propose(jwt("b"), None);
        for offered in ["b", "a", "b"] {
            assert_eq!(identity.offered(), &jwt(offered));
            identity.turned_away_with(&jwt(offered));
        }
        identity.let_in_with(&jwt("a"), true);
        identity.accept(&jwt("b"));
        assert_eq!(identity.offered(), &jwt("b"), "it was accepted after all");
        identity.propose(jwt("c"), None);
        identity.turned_away_with(&jwt("c"));
        identity.let_in_with(&jwt("b"), false);
        assert_eq!((identity.offered(), identity.current()), (&jwt("b"), &jwt("b")));
    }

    #[test]
    fn what_is_proposed_meanwhile_is_not_what_was_offered() {
        let mut identity = Identity::new(jwt("a"));
        identity.propose(jwt("b"), None);
        identity.let_in_with(&jwt("a"), true);
        identity.refuse(&jwt("b"));
        assert_eq!(identity.offered(), &jwt("a"));
        identity.propose(jwt("b"), None);
        identity.turned_away_with(&jwt("a"));
        assert_eq!(identity.offered(), &jwt("b"), "nobody has refused them");
    }
}
