//! Messages and tasks that wait for a subscriber of their context.

use std::collections::VecDeque;

use super::SimulatedService;
use super::offers::Rotation;
use super::schedule::Scheduled;
use super::session::SessionKey;

/// The maximum number of items in a mailbox. The oldest are dropped first.
const MAX_PENDING_ITEMS: usize = 1000;

/// An item that goes to one subscriber of its context.
pub(super) trait Deliverable: Sized {
    /// The form of the item in a scenario.
    type Scripted: Scheduled;

    fn context(&self) -> &str;
    /// The project that receives the item; `None` leaves the choice to the service.
    fn project(&self) -> Option<&str>;
    fn mailbox(service: &mut SimulatedService) -> &mut Mailbox<Self>;
    /// Sends the item to a session and reports the delivery.
    fn deliver(self, service: &mut SimulatedService, to: SessionKey);
}

/// The items of one kind that no subscriber has received.
#[derive(Debug)]
pub(super) struct Mailbox<T> {
    pending: VecDeque<Pending<T>>,
    rotation: Rotation,
}

#[derive(Debug)]
struct Pending<T> {
    item: T,
    /// The index of the item in the scenario, if it is scripted.
    scripted: Option<usize>,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { pending: VecDeque::new(), rotation: Rotation::new() }
    }
}

impl<T> Mailbox<T> {
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }
}

impl SimulatedService {
    /// Adds an item to its mailbox and delivers it if its context has a subscriber.
    pub(super) fn enqueue<T: Deliverable>(&mut self, item: T, scripted: Option<usize>) {
        let mailbox = T::mailbox(self);
        if mailbox.len() == MAX_PENDING_ITEMS
            && let Some(Pending { scripted: Some(_), .. }) = mailbox.pending.pop_front()
        {
            self.drop_item::<T::Scripted>();
        }
        T::mailbox(self).pending.push_back(Pending { item, scripted });
        self.deliver_pending::<T>();
    }

    /// Delivers every pending item of one kind to the next subscriber of its context in turn.
    pub(super) fn deliver_pending<T: Deliverable>(&mut self) {
        let mut mailbox = std::mem::take(T::mailbox(self));
        for pending in std::mem::take(&mut mailbox.pending) {
            let context = pending.item.context();
            let reader = self
                .project_for(pending.item.project(), context)
                .and_then(|project| self.next_in_turn(&mailbox.rotation, &project, context, |_| true));
            let Some(session) = reader else {
                mailbox.pending.push_back(pending);
                continue;
            };
            mailbox.rotation.insert((self.project_of(session), context.to_owned()), session);
            pending.item.deliver(self, session);
            if let Some(index) = pending.scripted {
                self.finish_item::<T::Scripted>(index);
            }
        }
        *T::mailbox(self) = mailbox;
    }
}
