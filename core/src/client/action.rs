//! Operations that go on after their request was accepted.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::handlers::caught;
use super::mailbox::{Message, Task};
use super::request::{About, Request};
use super::wait::Wait;
use super::watched::{Until, Watched};
use super::{Call, Sender};
use crate::calling::{Accepted, Method, Operation};
use crate::error::{Certainty, Error};
use crate::events::{Event, EventData};
use crate::ids::ControlId;
use crate::session::Notice;

/// How an operation is getting on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    latest: Option<Arc<Event>>,
    end: Option<Result<Arc<Event>, Error>>,
}

impl Progress {
    pub(crate) fn advance(&mut self, event: Arc<Event>) {
        self.latest = Some(event);
    }

    /// The first end counts.
    pub(crate) fn end(&mut self, end: Result<Arc<Event>, Error>) {
        self.end.get_or_insert(end);
    }

    fn ended<E: EventData>(&self) -> Option<Result<E, Error>> {
        self.end.as_ref().map(|end| match end {
            Ok(event) => Ok(typed(event)),
            Err(error) => Err(error.clone()),
        })
    }
}

/// The session matched the event to the operation by its type, so the fallback is never needed.
fn typed<E: EventData>(event: &Event) -> E {
    E::of(event).cloned().unwrap_or_else(|| {
        // An empty object is readable as every event type, for all their fields have defaults.
        serde_json::from_str("{}")
            .unwrap_or_else(|_| unreachable!("event types have defaults for all fields"))
    })
}

/// The untyped parts of an [`Action`].
#[derive(Debug, Clone)]
pub(crate) struct ActionCore {
    call: Call,
    control_id: ControlId,
    progress: Arc<Watched<Progress>>,
}

impl ActionCore {
    pub(super) fn new(call: Call, control_id: ControlId, progress: Arc<Watched<Progress>>) -> Self {
        Self { call, control_id, progress }
    }
}

/// An operation on a call: a play, a recording, a prompt … `M` is the method that started it.
///
/// What it can do besides being waited for depends on `M`; see [`PlayAction`](crate::PlayAction) and its like.
/// Clones stand for the same operation. Dropping all of them lets the operation go on.
pub struct Action<M> {
    core: ActionCore,
    method: PhantomData<fn() -> M>,
}

impl<M> Clone for Action<M> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), method: PhantomData }
    }
}

impl<M: Operation> fmt::Debug for Action<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action")
            .field("call", self.core.call.id())
            .field("control_id", &self.core.control_id)
            .field("done", &self.is_done())
            .finish()
    }
}

impl<M: Operation> Action<M> {
    pub(crate) fn from_accepted(accepted: Accepted) -> Self {
        match accepted.action {
            Some(core) => Self { core, method: PhantomData },
            // Requests that start operations are made on calls, and carry an action.
            None => unreachable!("an operation was started without a call"),
        }
    }

    /// The call it runs on.
    pub fn call(&self) -> &Call {
        &self.core.call
    }

    /// Its id on the wire. (An operation that the service does not name has one all the same.)
    pub fn control_id(&self) -> &ControlId {
        &self.core.control_id
    }

    /// Whether it is over.
    pub fn is_done(&self) -> bool {
        self.core.progress.with(|progress| progress.end.is_some())
    }

    /// How it ended: its last event, or the reason why there is none. `None` while it goes on.
    pub fn result(&self) -> Option<Result<M::Event, Error>> {
        self.core.progress.with(|progress| progress.ended())
    }

    /// Its latest event, if there was one.
    pub fn latest(&self) -> Option<M::Event> {
        self.core.progress.with(|progress| progress.latest.as_deref().map(typed))
    }

    /// Waits until it is over and gives its last event.
    ///
    /// Can be called any number of times, and by several tasks. Dropping it only stops waiting.
    ///
    /// # Errors
    /// [`Error::CallGone`] if the call ends first, [`Error::TimedOut`] if a limit was set with
    /// [`Wait::timeout`] and passes: it can then be waited for again.
    pub fn wait(&self) -> Wait<M::Event> {
        let until = Until::new(self.core.progress.clone(), |progress: &mut Progress| progress.ended());
        self.waiting(until)
    }

    /// Waits for an event of the operation that fits, its last one included.
    pub(crate) fn wait_until(&self, fits: fn(&M::Event) -> bool) -> Wait<M::Event> {
        let until = Until::new(self.core.progress.clone(), move |progress: &mut Progress| {
            match progress.latest.as_deref().map(typed::<M::Event>) {
                Some(event) if fits(&event) => Some(Ok(event)),
                _ => progress.ended(),
            }
        });
        self.waiting(until)
    }

    fn waiting(&self, until: Until<Progress, Result<M::Event, Error>>) -> Wait<M::Event> {
        let what = format!("operation {} on call {}", self.core.control_id, self.core.call.id());
        Wait::new(self.core.call.sender().clone(), what, until)
    }

    /// Has a function called when it is over, with its last event, or the reason why there is none. It is
    /// called once, in a task of its own; at once if it is over already.
    pub fn on_completed<F, R>(&self, callback: F)
    where
        F: FnOnce(Result<M::Event, Error>) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let sender = self.core.call.sender();
        let task = completed::<M, F, R>(callback)(sender.clone(), self.core.progress.clone());
        sender.mailbox().post(Message::Spawn(task));
    }

    pub(crate) fn steer<S: Method>(&self, method: S) -> Request<S> {
        let about = About::Action(self.core.call.clone(), self.core.control_id.clone());
        Request::new(self.core.call.sender().clone(), about, method)
    }
}

/// What waits for an operation and then calls a function.
pub(super) type Completed = Box<dyn FnOnce(Sender, Arc<Watched<Progress>>) -> Task + Send>;

pub(super) fn completed<M, F, R>(callback: F) -> Completed
where
    M: Operation,
    F: FnOnce(Result<M::Event, Error>) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    Box::new(|sender, progress| {
        Box::pin(async move {
            let end = Until::new(progress, |progress: &mut Progress| progress.ended()).await;
            if let Err(panic) = caught(async move { callback(end).await }).await {
                sender.mailbox().post(Message::Notice(Notice::HandlerPanicked(panic)));
            }
        })
    })
}

/// What the client does with an operation that it can no longer hear of.
pub(super) fn abandoned() -> Error {
    Error::closed(Certainty::Unknown)
}
