//! Operations that go on after their request was accepted.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Call;
use super::handlers::caught;
use super::mailbox::{Mail, Task, TaskPurpose};
use super::request::{About, Request};
use super::shared::{Sender, Shared};
use super::subscribers::{Events, Queue, Subscribers};
use super::wait::Wait;
use super::watch_cell::{WaitFor, WatchCell};
use crate::calling::{Accepted, Method, Operation};
use crate::error::Error;
use crate::events::{Event, EventData};
use crate::ids::ControlId;
use crate::session::{Notice, Reply};

/// The number of events of an operation that are remembered.
const MAX_HISTORY: usize = 32;

/// The progress of an operation.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    history: VecDeque<Arc<Event>>,
    /// The result, which may come before the operation is over.
    outcome: Option<Result<Arc<Event>, Error>>,
    subscribers: Subscribers,
}

impl Progress {
    /// Takes in an event; gives those who follow, for them to be told.
    pub(crate) fn advance(
        &mut self,
        event: &Arc<Event>,
        answered: bool,
        ended: bool,
    ) -> Vec<Arc<WatchCell<Queue>>> {
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        // The latest state stays last: a late event of a message changes nothing.
        let late = usize::from(self.is_behind(event));
        self.history.insert(self.history.len().saturating_sub(late), event.clone());
        if answered {
            // The first counts.
            self.outcome.get_or_insert_with(|| Ok(event.clone()));
        }
        if ended { self.subscribers.end() } else { self.subscribers.current() }
    }

    /// Returns `true` for an event of a message with a state that the message was past already.
    fn is_behind(&self, event: &Event) -> bool {
        let rank = |event: &Event| match event {
            Event::MessageState(news) => news.message_state.rank(),
            _ => None,
        };
        rank(event).is_some_and(|new| self.history.iter().filter_map(|past| rank(past)).max() > Some(new))
    }

    /// Takes in that nothing more will come; gives those who follow, for them to be told.
    pub(crate) fn end(&mut self, outcome: Result<Arc<Event>, Error>) -> Vec<Arc<WatchCell<Queue>>> {
        self.outcome.get_or_insert(outcome);
        self.subscribers.end()
    }

    pub(crate) fn outcome<E: EventData>(&self) -> Option<Result<E, Error>> {
        self.outcome.as_ref().map(|outcome| match outcome {
            Ok(event) => Ok(typed(event)),
            Err(error) => Err(error.clone()),
        })
    }

    /// Returns `true` once no further event will come.
    fn is_over(&self) -> bool {
        self.subscribers.has_ended()
    }

    pub(crate) fn latest<E: EventData>(&self) -> Option<E> {
        self.history.back().map(|event| typed(event))
    }

    /// What the latest event says that says anything, of those that are remembered.
    pub(crate) fn latest_of<E: EventData, T>(&self, said: impl Fn(&E) -> Option<T>) -> Option<T> {
        self.history.iter().rev().filter_map(|event| E::of(event)).find_map(said)
    }

    pub(crate) fn follow(&mut self) -> Events {
        Events::new(self.subscribers.add())
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
    reply: Reply,
    progress: Arc<WatchCell<Progress>>,
}

impl ActionCore {
    pub(super) fn new(
        call: Call,
        control_id: ControlId,
        reply: Reply,
        progress: Arc<WatchCell<Progress>>,
    ) -> Self {
        Self { call, control_id, reply, progress }
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

    /// The answer of the service to the request that started it.
    pub fn reply(&self) -> &Reply {
        &self.core.reply
    }

    /// Returns `true` once it has a result: for most operations, once it is over.
    pub fn is_done(&self) -> bool {
        self.core.progress.with(|progress| progress.outcome.is_some())
    }

    /// The result that [`wait`](Self::wait) would give, or `None` while it would wait.
    pub fn result(&self) -> Option<Result<M::Event, Error>> {
        self.core.progress.with(|progress| progress.outcome())
    }

    /// Its latest event, if there was one.
    pub fn latest(&self) -> Option<M::Event> {
        self.core.progress.with(|progress| progress.latest())
    }

    /// Follows its events from now on, until it is over.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let recording = call.record().await?;
    /// let mut events = recording.events();
    /// while let Some(update) = events.next().await {
    ///     println!("{update:?}: done is {}", recording.is_done());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn events(&self) -> Events {
        self.core.progress.with(Progress::follow)
    }

    /// Waits for its result: for most operations, the last event.
    ///
    /// Can be called any number of times, and by several tasks. Dropping it only stops waiting.
    ///
    /// The result of a recording, a transcription, a fax, a payment or an AI agent may follow the end of the call: it is
    /// waited for up to [15 s](crate::session::LATE_EVENT_TIMEOUT) after that.
    ///
    /// # Errors
    /// [`Error::CallGone`] if the call ends first, [`Error::TimedOut`] if a limit was set with
    /// [`Wait::timeout`] and passes: it can then be waited for again. [`Error::ConnectionLost`] if the last event fell into a
    /// gap in the connection; a play or a connection of parties ends well then, since its last event says no more than
    /// that.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{Error, secs};
    /// let play = call.play_audio("https://example.com/long.mp3").await?;
    /// if let Err(Error::TimedOut(_)) = play.wait().timeout(secs(30)).await {
    ///     play.stop().await?;
    ///     play.wait().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn wait(&self) -> Wait<M::Event> {
        let until = WaitFor::new(self.core.progress.clone(), |progress: &mut Progress| progress.outcome());
        self.wait_with(until)
    }

    /// Waits for an event of the operation that fits, past ones included: of the events that decide the question, the
    /// latest counts. Gives what [`wait`](Self::wait) does if the operation ends without, or its last event if the result
    /// fits no more.
    pub(crate) fn wait_until(&self, decides: fn(&M::Event) -> Option<bool>) -> Wait<M::Event> {
        let until = WaitFor::new(self.core.progress.clone(), move |progress: &mut Progress| {
            let latest = progress.latest_of(|event| decides(event).map(|fits| (fits, event.clone())));
            match latest {
                Some((true, event)) => Some(Ok(event)),
                _ if !progress.is_over() => None,
                _ => match progress.outcome() {
                    Some(Ok(event)) if decides(&event) == Some(true) => progress.latest().map(Ok),
                    outcome => outcome,
                },
            }
        });
        self.wait_with(until)
    }

    fn wait_with(&self, until: WaitFor<WatchCell<Progress>, Result<M::Event, Error>>) -> Wait<M::Event> {
        let what = format!("operation {} on call {}", self.core.control_id, self.core.call.id());
        Wait::new(self.core.call.sender().clone(), what, until)
    }

    /// Has a function called when it is over, with its last event, or the reason why there is none. It is
    /// called once, in a task of its own; at once if it is over already; not at all if the client is closed already,
    /// for nothing runs its tasks then.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let recording = call.record().await?;
    /// recording.on_completed(|end| async move {
    ///     match end {
    ///         Ok(recorded) => println!("{:?}", recorded.url()),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_completed<F, R>(&self, callback: F)
    where
        F: FnOnce(Result<M::Event, Error>) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let sender = self.core.call.sender();
        let task = completed::<M, F, R>(callback)(sender.shared().clone(), self.core.progress.clone());
        sender.mailbox().post(Mail::Spawn(TaskPurpose::Callback, task));
    }

    pub(crate) fn control<S: Method>(&self, method: S) -> Request<S> {
        Request::new(About::Action(self.core.call.clone(), self.core.control_id.clone()), method)
    }
}

/// Waits for an operation and then calls a function. It does not keep the client open, and ends with it.
pub(super) type Completed = Box<dyn FnOnce(Arc<Shared>, Arc<WatchCell<Progress>>) -> Task + Send>;

pub(super) fn completed<M, F, R>(callback: F) -> Completed
where
    M: Operation,
    F: FnOnce(Result<M::Event, Error>) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    Box::new(|shared, progress| Box::pin(when_done(shared, progress, callback)))
}

/// Calls a function when the fate of a message is known.
pub(crate) fn completed_message<E, F, R>(sender: &Sender, progress: Arc<WatchCell<Progress>>, callback: F)
where
    E: EventData,
    F: FnOnce(Result<E, Error>) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let task = when_done(sender.shared().clone(), progress, callback);
    sender.mailbox().post(Mail::Spawn(TaskPurpose::Callback, Box::pin(task)));
}

async fn when_done<E, F, R>(shared: Arc<Shared>, progress: Arc<WatchCell<Progress>>, callback: F)
where
    E: EventData,
    F: FnOnce(Result<E, Error>) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let outcome = WaitFor::new(progress, |progress: &mut Progress| progress.outcome()).await;
    if let Err(panic) = caught(async move { callback(outcome).await }).await {
        shared.mailbox.post(Mail::Notice(Notice::HandlerPanicked(panic)));
    }
}
