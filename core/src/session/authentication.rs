//! Authentication: which credentials are offered, and how often they may be refused.

use super::identity::Identity;
use crate::credentials::{Credentials, Secret};

/// The number of times that credentials which were never accepted may be refused.
const MAX_REJECTIONS: u32 = 3;

#[derive(Debug)]
pub(super) struct Authentication {
    identity: Identity,
    /// Set if the application is asked for credentials before each connection.
    asks: bool,
    /// The credentials that the service is looking at.
    offered: Option<Credentials>,
    /// The credentials that the service has accepted last.
    accepted: Option<Credentials>,
    /// Refusals in a row.
    rejections: u32,
}

impl Authentication {
    pub(super) fn new(credentials: Credentials, asks: bool) -> Self {
        let identity = Identity::new(credentials);
        Self { identity, asks, offered: None, accepted: None, rejections: 0 }
    }

    pub(super) fn asks_for_credentials(&self) -> bool {
        self.asks
    }

    /// Returns `true` once the service has accepted the client: after that a refusal is its own trouble.
    pub(super) fn accepted_before(&self) -> bool {
        self.accepted.is_some()
    }

    /// Returns `true` if the credentials that are offered are those that the service has accepted last.
    pub(super) fn offers_accepted(&self) -> bool {
        self.offered == self.accepted
    }

    /// Refusals in a row.
    pub(super) fn rejections(&self) -> u32 {
        self.rejections
    }

    /// The project that calls belong to when an event does not say so.
    pub(super) fn project(&self) -> &str {
        match self.identity.current() {
            Credentials::Token { project, .. } => project.expose(),
            Credentials::Jwt(_) => "",
        }
    }

    /// The texts that must not be printed.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.identity.secrets()
    }

    /// The application has answered with credentials.
    pub(super) fn replace(&mut self, credentials: Credentials) {
        self.identity.replace(credentials);
    }

    /// Offers credentials to the service.
    pub(super) fn offer(&mut self) -> &Credentials {
        self.offered.insert(self.identity.offered().clone())
    }

    /// The service has accepted the connection. `waits` is whether it has yet to answer a proposal of other credentials.
    /// `proves` is whether that says anything of the credentials: a service that resumes a session may not look at them.
    /// Returns `true` if it had accepted a connection before.
    pub(super) fn accept(&mut self, waits: bool, proves: bool) -> bool {
        self.rejections = 0;
        let offered = self.offered.take();
        if !proves && self.accepted.is_some() {
            return true;
        }
        if let Some(offered) = &offered {
            self.identity.let_in_with(offered, waits);
        }
        std::mem::replace(&mut self.accepted, offered).is_some()
    }

    /// The service has refused the credentials. Returns `true` if there is no use in trying again.
    pub(super) fn reject(&mut self) -> bool {
        if let Some(offered) = self.offered.take() {
            self.identity.turned_away_with(&offered);
        }
        self.rejections += 1;
        !self.accepted_before() && self.rejections >= MAX_REJECTIONS
    }

    /// The application proposes other credentials, without a new connection.
    pub(super) fn propose(&mut self, credentials: Credentials, proof: Option<Secret>) {
        self.identity.propose(credentials, proof);
    }

    /// The service has accepted proposed credentials.
    pub(super) fn accept_proposed(&mut self, credentials: &Credentials) {
        self.identity.accept(credentials);
        self.accepted = Some(credentials.clone());
    }

    /// The service has refused proposed credentials.
    pub(super) fn refuse_proposed(&mut self, credentials: &Credentials) {
        self.identity.refuse(credentials);
    }
}
