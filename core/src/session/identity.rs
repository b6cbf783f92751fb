//! Who the session is: the credentials that it has, has proposed, and had.

use crate::credentials::{Credentials, Secret};

/// How many credentials may be under way at once; the oldest are forgotten.
const PROPOSED: usize = 8;

/// Credentials, of which the latest that were not refused count.
#[derive(Debug)]
pub(super) struct Identity {
    current: Credentials,
    /// What to go back to if the service refuses: those that were accepted, then those that were proposed.
    earlier: Vec<Credentials>,
    /// What the service may still speak of.
    former: Option<Credentials>,
    proof: Option<Secret>,
}

impl Identity {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { current: credentials, earlier: Vec::new(), former: None, proof: None }
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
        if self.earlier.len() > PROPOSED {
            self.former = Some(self.earlier.remove(0));
        }
        self.proof = proof.or(self.proof.take());
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

    /// The service accepted those in use.
    pub(super) fn accept_current(&mut self) {
        self.former = self.earlier.drain(..).next_back().or(self.former.take());
    }

    /// The service refused those in use. It may have done so for a moment only: those before come next, and then these
    /// again.
    pub(super) fn alternate(&mut self) {
        if let Some(earlier) = self.earlier.last_mut() {
            std::mem::swap(&mut self.current, earlier);
        }
    }

    /// Others are to be used from now on.
    pub(super) fn replace(&mut self, credentials: Credentials) {
        self.former = Some(std::mem::replace(&mut self.current, credentials));
        self.earlier.clear();
    }

    /// What must not be printed.
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
        identity.propose(jwt("e"), None);
        identity.alternate();
        assert_eq!(identity.current(), &jwt("c"));
        identity.alternate();
        assert_eq!(identity.current(), &jwt("e"));
        identity.alternate();
        identity.accept_current();
        identity.alternate();
        assert_eq!(identity.current(), &jwt("c"));
        assert!(identity.secrets().any(|secret| secret == "e"), "it may still be spoken of");
        identity.propose(jwt("d"), None);
        identity.refuse(&jwt("d"));
        assert_eq!(identity.current(), &jwt("c"));
    }
}
