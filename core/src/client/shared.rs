//! The data that the handles of a client share with its state.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::handlers::caught;
use super::inbox::TaskInbox;
use super::mailbox::{Mail, Mailbox, TaskPurpose};
use super::offers::Offers;
use super::slots::Slot;
use super::subscribers::{Events, Subscribers};
use super::watch_cell::WatchCell;
use crate::config::SecondSignal;
use crate::error::Error;
use crate::events::FromUpdate;
use crate::session::{ConnectionState, Notice};

/// The way of a handle to the state of its client.
#[derive(Clone)]
pub(crate) struct Sender(Arc<Handles>);

/// Dropped with the last handle.
pub(super) struct Handles {
    shared: Arc<Shared>,
}

impl Drop for Handles {
    fn drop(&mut self) {
        self.shared.disconnect();
    }
}

/// The data that handles and state share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(super) mailbox: Mailbox,
    pub(super) second_signal: SecondSignal,
    pub(super) link: Arc<WatchCell<Link>>,
    pub(super) offers: Arc<WatchCell<Offers>>,
    pub(super) tasks: Arc<WatchCell<TaskInbox>>,
    pub(super) subscribers: Arc<WatchCell<Subscribers>>,
    /// The connection that this client may hold, until it closes or is told to.
    pub(super) slot: Mutex<Option<Slot>>,
}

impl Shared {
    /// Has the client close. Another one may be made at once: it need not wait until a driver comes to close this one.
    pub(super) fn disconnect(&self) {
        self.give_slot_back();
        self.mailbox.post(Mail::Disconnect);
    }

    pub(super) fn give_slot_back(&self) {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The connection, as handles see it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) state: ConnectionState,
    pub(super) protocol: Option<String>,
    /// Set once the client drains, also while there is no connection.
    pub(super) draining: bool,
    pub(super) end: Option<Result<(), Error>>,
}

impl Default for Link {
    fn default() -> Self {
        Self { state: ConnectionState::Idle, protocol: None, draining: false, end: None }
    }
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Handles { shared }))
    }

    /// A reference that does not keep the client open.
    pub(super) fn downgrade(&self) -> Weak<Handles> {
        Arc::downgrade(&self.0)
    }

    /// `None` if the last handle is gone.
    pub(super) fn upgrade(handles: &Weak<Handles>) -> Option<Self> {
        handles.upgrade().map(Self)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.shared().mailbox
    }

    /// Spawns a task that has a function called for each update of the type that it takes. It does not keep the client
    /// open.
    pub(crate) fn listen<T, F, R>(&self, mut events: Events, listener: F)
    where
        T: FromUpdate,
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let shared = self.shared().clone();
        let task = async move {
            while let Some(update) = events.next().await {
                if let Some(item) = T::from_update(&update)
                    && let Err(panic) = caught(async { listener(item).await }).await
                {
                    shared.mailbox.post(Mail::Notice(Notice::HandlerPanicked(panic)));
                }
            }
        };
        self.mailbox().post(Mail::Spawn(TaskPurpose::Callback, Box::pin(task)));
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}
