//! Offers: taken by the application, or given back to the service.

use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::{CallSerial, CallTimer, CleanUp, Entry, Role};
use crate::calling::{CallReceiveEvent, CallState, Direction, EndReason};
use crate::config::Overflow;
use crate::ids::CallId;
use crate::session::{CallInfo, Notice, Session, SessionEvent};

/// The time that an offer waits to be taken before it is passed on.
const OFFER_TIMEOUT: Duration = Duration::from_secs(10);

impl Session {
    /// Takes an offer, so that it is not passed on. False if the call is not there.
    pub fn take(&mut self, call_id: &CallId) -> bool {
        match self.calls.get(call_id) {
            Some(entry) if entry.role == Role::Offered => {
                let serial = entry.serial;
                self.calls.cancel_timer(serial, CallTimer::PassOffer);
                self.calls.set_role(call_id, Role::Active);
                true
            }
            Some(entry) => entry.role == Role::Active,
            None => false,
        }
    }

    /// The offers that are passed on by the next [`handle_timeout`](Self::handle_timeout) if they are not taken before it.
    pub(crate) fn expired_offers(&self, now: Instant) -> Vec<CallId> {
        self.calls.expired_offers(now).cloned().collect()
    }

    /// The offers that were not taken: those that are passed on if the session stops now.
    pub(crate) fn untaken_offers(&self) -> Vec<CallId> {
        self.calls.ids(|entry| entry.role == Role::Offered)
    }

    /// Takes in an offer. `id` is that of its frame.
    ///
    /// A call that left this client may come again: it was passed and nobody else took it, or it was transferred to a
    /// context of this client. Each time it is a new call for the application.
    pub(in crate::session) fn handle_offer(
        &mut self,
        now: Instant,
        id: Option<&RawValue>,
        offer: &CallReceiveEvent,
    ) {
        let call_id = &offer.call_id;
        if call_id.is_empty() {
            return self.notice(Notice::FrameIgnored("it offers a call without a call_id"));
        }
        let repeated = id.is_some_and(|id| self.calls.repeats_offer(id, offer.meta.raw()));
        if repeated || self.calls.has_ended(call_id) {
            return self.notice(Notice::OfferRepeated(call_id.clone()));
        }
        if let Some(entry) = self.calls.get(call_id) {
            if let Role::Unwanted { how: CleanUp::Pass, .. } = entry.role {
                // It is about to be given back, or it was, and the service has not noticed.
                if self.calls.is_held(entry.serial) {
                    return self.notice(Notice::OfferRepeated(call_id.clone()));
                }
                return self.give_back(now, call_id);
            }
            let (known, told) = (&*entry.context, offer.context());
            let moved = !told.is_empty() && (entry.transfers > 0 || !(known.is_empty() || known == told));
            if !entry.is_visible() || !moved {
                if let Some(entry) = self.calls.get_mut(call_id) {
                    // The event of a pass may overtake the answer to it.
                    entry.offered_again |= entry.refusals > 0;
                }
                return self.notice(Notice::OfferRepeated(call_id.clone()));
            }
            self.end_locally(now, call_id, EndReason::Transferred);
        }
        let state =
            if offer.call_state.rank().is_some() { offer.call_state.clone() } else { CallState::Created };
        if state == CallState::Ended {
            return;
        }
        let over_limit = self.calls.visible() >= self.max_active_calls;
        let passed_before = self.calls.was_passed(call_id, offer.context());
        let direction = match &offer.direction {
            Direction::Other(_) => Direction::Inbound,
            direction => direction.clone(),
        };
        let serial = self.calls.insert(
            call_id.clone(),
            offer.node_id.clone(),
            state.clone(),
            direction.clone(),
            Role::Offered,
        );
        if let Some(entry) = self.calls.get_mut(call_id) {
            entry.context = offer.context().into();
        }
        if self.shutdown.is_draining() {
            return self.decline_offer(now, call_id, "the client is stopping");
        }
        if passed_before {
            return self.decline_offer(now, call_id, "it was passed on before");
        }
        if over_limit {
            let why = "the client has as many calls as it may have";
            return match self.overflow {
                Overflow::Pass => self.decline_offer(now, call_id, why),
                Overflow::Busy => {
                    self.notice(Notice::OfferRefused { call_id: call_id.clone(), why });
                    self.clean_up(now, call_id, CleanUp::Busy);
                }
            };
        }
        self.calls.set_timer(serial, CallTimer::PassOffer, now + OFFER_TIMEOUT);
        let project = Some(offer.project_id.expose()).filter(|project| !project.is_empty());
        let project = project.unwrap_or(self.authentication.project());
        self.emit(SessionEvent::Offered(Box::new(CallInfo {
            call_id: call_id.clone(),
            node_id: offer.node_id.clone(),
            project_id: project.to_owned(),
            context: offer.context().to_owned(),
            tag: offer.tag.clone(),
            direction,
            device: offer.device.clone(),
            state,
            segment_id: offer.segment_id.clone(),
            sip_data: None,
        })));
    }

    /// Gives back an offer that was not reported to the application.
    fn decline_offer(&mut self, now: Instant, call_id: &CallId, why: &'static str) {
        self.notice(Notice::OfferPassed { call_id: call_id.clone(), why });
        self.give_back(now, call_id);
    }

    /// Gives back an offer that the application does not have: at once, or after a while if the call came again. A service
    /// that has nobody else for it would be traded with at the speed of the network. A client that drains holds none.
    pub(in crate::session) fn give_back(&mut self, now: Instant, call_id: &CallId) {
        let hold = self.calls.hold_decline(now, call_id);
        match self.calls.get(call_id).map(|entry| entry.serial) {
            Some(serial) if !hold.is_zero() && self.connection.is_ready() && !self.shutdown.is_draining() => {
                self.calls.set_role(call_id, Role::Unwanted { how: CleanUp::Pass, attempts: 0 });
                self.calls.cancel_timer(serial, CallTimer::RetryCleanUp);
                self.calls.set_timer(serial, CallTimer::PassHeld, now + hold);
            }
            _ => self.clean_up(now, call_id, CleanUp::Pass),
        }
    }

    /// An offer was held for long enough.
    pub(in crate::session) fn pass_held(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.clean_up(now, &call_id, CleanUp::Pass);
        }
    }

    /// Gives back the offers that are held.
    fn pass_all_held(&mut self, now: Instant) {
        for call_id in self.calls.ids(|entry| matches!(entry.role, Role::Unwanted { .. })) {
            if let Some(serial) = self.calls.get(&call_id).map(|entry| entry.serial)
                && self.calls.is_held(serial)
            {
                self.clean_up(now, &call_id, CleanUp::Pass);
            }
        }
    }

    /// Gives back an offer that was reported to the application.
    pub(in crate::session) fn pass_offer(&mut self, now: Instant, call_id: &CallId, why: &'static str) {
        self.notice(Notice::OfferPassed { call_id: call_id.clone(), why });
        self.withdraw_call(now, call_id, EndReason::Passed);
        self.clean_up(now, call_id, CleanUp::Pass);
    }

    /// Passes an offer on of which nobody knows what the service has heard.
    pub(in crate::session) fn finish_passing(&mut self, now: Instant, call_id: &CallId) {
        let unanswered = |entry: &Entry| !entry.state.has_reached(&CallState::Answered);
        if self.knows(call_id) && self.calls.get(call_id).is_some_and(unanswered) {
            self.calls.remember_passed(call_id);
            self.pass_offer(now, call_id, "whether that was heard is not known");
        }
    }

    pub(in crate::session) fn pass_untaken(&mut self, now: Instant, serial: CallSerial) {
        if let Some(call_id) = self.calls.id_of(serial).cloned() {
            self.pass_offer(now, &call_id, "nobody took it");
        }
    }

    /// Gives back the offers that were not taken.
    pub(in crate::session) fn pass_offers(&mut self, now: Instant) {
        self.pass_all_held(now);
        for call_id in self.untaken_offers() {
            self.pass_offer(now, &call_id, "the client is stopping");
        }
    }
}
