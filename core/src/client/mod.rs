//! What applications hold: a client, calls, actions. Neither runtime nor clock: futures over a mutex and wakers.
//!
//! Handles post to a `mailbox`; the [`ClientState`], which owns the session, reads it, and reports back through
//! `watched` values. User code runs in tasks of its own, never in the driver.

mod action;
mod call;
mod handlers;
mod inbox;
mod mailbox;
mod request;
mod slots;
mod state;
mod subscribers;
mod wait;
mod watch_cell;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde_json::Value;

pub use self::action::Action;
pub(crate) use self::action::{ActionCore, Progress, completed_message};
pub use self::call::Call;
pub use self::handlers::{Ending, HandlerOutcome};
pub use self::inbox::MAX_WAITING_TASKS;
pub(crate) use self::inbox::TaskInbox;
pub use self::mailbox::{MAX_POSTED_REQUESTS, Task};
pub use self::request::{Raw, Request, ResponseFuture};
pub use self::state::{ClientOutput, ClientState, ClientStats};
pub use self::subscribers::{Events, MAX_WAITING_EVENTS};
pub use self::wait::Wait;
pub(crate) use self::watch_cell::{WaitFor, Waiter, WatchCell};

use self::call::CallShared;
use self::handlers::caught;
use self::mailbox::{Look, Mailbox, Message};
use self::request::About;
use self::subscribers::Subscribers;
use crate::calling::Method;
use crate::error::Error;
use crate::events::FromUpdate;
use crate::messaging::MessageReceiveEvent;
use crate::session::{ConnectionState, Notice, PendingWork, Stats};
use crate::tasks::TaskEvent;

/// A client of the service, without what connects it: an adapter adds that.
///
/// A cheap handle; clones stand for the same client. When the last handle is dropped the client closes; calls then go
/// on at the service.
///
/// What counts as a handle: clients, [`Call`]s, [`Action`]s, [`Message`](crate::Message)s, requests that were made or
/// are under way, and what waits for something of a call, an action or a message ([`Call::wait_for_ended`],
/// [`Action::wait`] …). Also those that others hold: a clone that a handler has captured, and the call that a function
/// of [`on_call`](Self::on_call) was given, until the function is done.
///
/// What does not: waiting for the client ([`ready`](Self::ready), [`closed`](Self::closed), [`stats`](Self::stats),
/// [`waiting`](Self::waiting)), streams ([`incoming_calls`](Self::incoming_calls), [`events`](Self::events),
/// [`connection_states`](Self::connection_states), [`Call::events`] …), calls that nobody has taken yet, and functions
/// that were set (`on`, `on_call`, `on_message`, `on_task`, `on_completed`), beyond what they have captured. All these end with
/// the client.
#[derive(Clone)]
pub struct Client {
    sender: Sender,
}

/// What every handle holds: the way to the driver.
#[derive(Clone)]
pub(crate) struct Sender(Arc<Handles>);

/// Dropped with the last handle.
struct Handles {
    shared: Arc<Shared>,
}

impl Drop for Handles {
    fn drop(&mut self) {
        self.shared.mailbox.post(Message::Disconnect);
    }
}

/// What handles and driver share.
#[derive(Debug)]
pub(crate) struct Shared {
    mailbox: Mailbox,
    link: Arc<WatchCell<Link>>,
    offers: Arc<WatchCell<Offers>>,
    tasks: Arc<WatchCell<TaskInbox>>,
    subscribers: Arc<WatchCell<Subscribers>>,
}

/// Where the connection stands.
#[derive(Debug)]
struct Link {
    state: ConnectionState,
    protocol: Option<String>,
    end: Option<Result<(), Error>>,
}

/// Calls that wait to be taken.
#[derive(Debug, Default)]
struct Offers {
    /// Without handles, which would keep the client open.
    calls: VecDeque<Arc<CallShared>>,
    ended: bool,
}

impl Sender {
    fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Handles { shared }))
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    fn mailbox(&self) -> &Mailbox {
        &self.shared().mailbox
    }
}

impl Sender {
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
                    shared.mailbox.post(Message::Notice(Notice::HandlerPanicked(panic)));
                }
            }
        };
        self.mailbox().post(Message::Spawn(Box::pin(task)));
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl Client {
    fn shared(&self) -> &Shared {
        self.sender.shared()
    }

    pub(crate) fn request<M: Method>(&self, method: M) -> Request<M> {
        Request::new(self.sender.clone(), About::Client, method)
    }

    /// Has a function called for each call that comes in, in a task of its own. The last function given holds;
    /// it also gets the calls that came in before there was one.
    ///
    /// A function that ends with an error or a panic has its call hung up, and a line in the log. One that ends because
    /// a call is gone has no line in the log; should its own call still be there, for it was another that is gone, or
    /// something on the call that the service did not know, it is hung up, too. One that ends well leaves its call as it
    /// is.
    ///
    /// ```
    /// # fn example(client: signalwire_relay_core::Client) {
    /// use signalwire_relay_core::Error;
    /// client.on_call(|call| async move {
    ///     call.answer().await?;
    ///     call.play_tts("Hello!").await?.wait().await?;
    ///     call.hangup().await
    /// });
    /// # }
    /// ```
    pub fn on_call<F, R>(&self, handler: F)
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output: HandlerOutcome> + Send + 'static,
    {
        self.shared().mailbox.post(Message::HandleCalls(handlers::call_handler(handler)));
    }

    /// Has a function called for each text message that comes in, in a task of its own. The last function
    /// given holds. Without one, messages are only seen by [`events`](Self::events).
    ///
    /// ```
    /// # fn example(client: signalwire_relay_core::Client) {
    /// let replies = client.clone();
    /// client.on_message(move |message| {
    ///     let replies = replies.clone();
    ///     async move {
    ///         replies.send_message(&*message.from_number, &*message.to_number).body("Thanks!").await.map(drop)
    ///     }
    /// });
    /// # }
    /// ```
    pub fn on_message<F, R>(&self, handler: F)
    where
        F: Fn(MessageReceiveEvent) -> R + Send + Sync + 'static,
        R: Future<Output: HandlerOutcome> + Send + 'static,
    {
        self.shared().mailbox.post(Message::HandleMessages(handlers::message_handler(handler)));
    }

    pub(crate) fn handle_tasks<F, R>(&self, handler: F)
    where
        F: Fn(TaskEvent) -> R + Send + Sync + 'static,
        R: Future<Output: HandlerOutcome> + Send + 'static,
    {
        self.shared().mailbox.post(Message::HandleTasks(handlers::task_handler(handler)));
    }

    pub(crate) fn task_inbox(&self) -> Arc<WatchCell<TaskInbox>> {
        self.shared().tasks.clone()
    }

    /// The calls that come in, one by one, for as long as no function is set with [`on_call`](Self::on_call).
    /// Several streams share the calls out among them.
    ///
    /// A call that is not taken within 10 s is passed on to another client.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// let mut calls = client.incoming_calls();
    /// while let Some(call) = calls.next().await {
    ///     call.answer().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn incoming_calls(&self) -> IncomingCalls {
        let handles = Arc::downgrade(&self.sender.0);
        IncomingCalls { handles, offers: self.shared().offers.clone(), waiter: Waiter::default() }
    }

    /// Sends any method of the service, with parameters as a JSON object. Gives the service's result.
    ///
    /// The session keeps no books on what is sent this way; prefer the typed methods where there is one.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// let pong = client.execute("signalwire.ping", serde_json::json!({})).await?;
    /// # let _ = pong;
    /// # Ok(()) }
    /// ```
    pub fn execute(&self, method: impl Into<String>, params: Value) -> Request<Raw> {
        self.request(Raw::new(method, params))
    }

    /// Follows the events that are about no call of this client, from now on.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) {
    /// let mut events = client.events();
    /// while let Some(update) = events.next().await {
    ///     println!("{update:?}");
    /// }
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        Events::new(self.shared().subscribers.with(Subscribers::add))
    }

    /// Where the connection stands.
    pub fn connection_state(&self) -> ConnectionState {
        self.shared().link.with(|link| link.state.clone())
    }

    /// Follows the connection: gives the state at once, and again after each change. A reader that is slower
    /// than the changes sees the latest. Ends when the client is closed.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) {
    /// let mut states = client.connection_states();
    /// while let Some(state) = states.next().await {
    ///     println!("{state}");
    /// }
    /// # }
    /// ```
    pub fn connection_states(&self) -> ConnectionStates {
        ConnectionStates { link: self.shared().link.clone(), waiter: Waiter::default(), last: None }
    }

    /// The name that the service gave the session, once it has.
    pub fn protocol(&self) -> Option<String> {
        self.shared().link.with(|link| link.protocol.clone())
    }

    /// Waits until requests and events flow, for as long as that takes: a service that cannot be reached, or is full, is
    /// tried again without limit. Put a limit on it with [`Wait::timeout`].
    ///
    /// # Errors
    /// Why the client closed, if it did: [`Error::AuthenticationFailed`] if the service does not accept this client, for one of the
    /// reasons of [`ConnectRefusal`](crate::ConnectRefusal).
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.ready().timeout(signalwire_relay_core::secs(30)).await?;
    /// println!("{:?}", client.protocol());
    /// # Ok(()) }
    /// ```
    pub fn ready(&self) -> Wait<()> {
        let until =
            WaitFor::new(self.shared().link.clone(), |link: &mut Link| match (&link.state, &link.end) {
                (ConnectionState::Ready { .. }, _) => Some(Ok(())),
                (_, Some(Err(error))) => Some(Err(error.clone())),
                (_, Some(Ok(()))) => Some(Err(Error::closed(crate::Certainty::NotSent))),
                _ => None,
            });
        Wait::on_client(&self.sender, "the connection".to_owned(), until)
    }

    /// Waits until the client is closed, and does not keep it open. What it sent last may still be on its way: `run` of
    /// the adapters waits for that, too.
    ///
    /// # Errors
    /// Why it closed, unless that was asked for.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.disconnect();
    /// client.closed().await?;
    /// # Ok(()) }
    /// ```
    pub fn closed(&self) -> Wait<()> {
        let until = WaitFor::new(self.shared().link.clone(), |link: &mut Link| link.end.clone());
        Wait::on_client(&self.sender, "the end of the client".to_owned(), until)
    }

    /// How many of each thing the client holds: calls, operations, requests, dials, messages, alarms. All return to
    /// zero when nothing is under way.
    ///
    /// # Errors
    /// [`Error::Closed`] if the client is closed.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// println!("{} calls", client.stats().await?.calls);
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> Wait<Stats> {
        self.look(|(stats, _)| stats)
    }

    /// What is being waited for, for how long, and what would end it, the oldest first: for a program that seems to be
    /// stuck. Requests, operations, dials and messages are listed, whether or not somebody awaits them just now.
    ///
    /// # Errors
    /// [`Error::Closed`] if the client is closed.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// for waiting in client.waiting().await? {
    ///     println!("{waiting}"); // calling.play on call c-1: waits for calling.call.play, for 3.5 s so far
    /// }
    /// # Ok(()) }
    /// ```
    pub fn waiting(&self) -> Wait<Vec<PendingWork>> {
        self.look(|(_, waiting)| waiting)
    }

    fn look<T: 'static>(&self, part: fn((Stats, Vec<PendingWork>)) -> T) -> Wait<T> {
        let look = WatchCell::new(None);
        if let Err(error) = self.shared().mailbox.post_request(Message::Look(look.clone()), "a look") {
            look.update(|look| *look = Some(Err(error)));
        }
        let until = WaitFor::new(look, move |look: &mut Look| look.take().map(|seen| seen.map(part)));
        Wait::on_client(&self.sender, "a look at the client".to_owned(), until)
    }

    /// Begins to stop gently: receives nothing more, passes new offers on, lets running calls finish for as
    /// long as `within` (the configured time, 30 s by default, if `None`), then ends them and closes.
    /// [`closed`](Self::closed) tells when that is done. Asked again, the new time counts from then.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.drain(Some(signalwire_relay_core::secs(60)));
    /// client.closed().await?;
    /// # Ok(()) }
    /// ```
    pub fn drain(&self, within: Option<Duration>) {
        self.shared().mailbox.post(Message::Drain(within));
    }

    /// Closes now. Requests under way fail; calls go on at the service, without this client. If there is a connection,
    /// dials are called off, and offers that nobody took are given back.
    pub fn disconnect(&self) {
        self.shared().mailbox.post(Message::Disconnect);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.connection_state()).finish_non_exhaustive()
    }
}

/// The calls that come in. See [`Client::incoming_calls`]. Dropping it leaves waiting calls to other streams, to
/// a handler, or to be passed on.
#[must_use = "streams do nothing unless read"]
#[derive(Debug)]
pub struct IncomingCalls {
    handles: Weak<Handles>,
    offers: Arc<WatchCell<Offers>>,
    waiter: Waiter,
}

impl IncomingCalls {
    /// The next call, or `None` when the client is closed or its last handle is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Call> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Call>> {
        // Without handles the client is about to close.
        let Some(sender) = self.handles.upgrade().map(Sender) else { return Poll::Ready(None) };
        let next = self.offers.poll(cx, &mut self.waiter, |offers| match offers.calls.pop_front() {
            Some(call) => Some(Some(call)),
            None => offers.ended.then_some(None),
        });
        next.map(|call| {
            let call = Call::new(sender, call?);
            call.sender().mailbox().post(Message::Take(call.id().clone()));
            Some(call)
        })
    }
}

impl Stream for IncomingCalls {
    type Item = Call;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Call>> {
        self.poll(cx)
    }
}

impl Drop for IncomingCalls {
    fn drop(&mut self) {
        self.offers.leave(&mut self.waiter);
    }
}

/// The states of the connection. See [`Client::connection_states`].
#[must_use = "streams do nothing unless read"]
#[derive(Debug)]
pub struct ConnectionStates {
    link: Arc<WatchCell<Link>>,
    waiter: Waiter,
    last: Option<ConnectionState>,
}

impl ConnectionStates {
    /// The next state, or `None` when the client is closed. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<ConnectionState> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<ConnectionState>> {
        let last = &mut self.last;
        self.link.poll(cx, &mut self.waiter, |link| {
            if last.as_ref() != Some(&link.state) {
                *last = Some(link.state.clone());
                return Some(last.clone());
            }
            link.end.is_some().then_some(None)
        })
    }
}

impl Stream for ConnectionStates {
    type Item = ConnectionState;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionState>> {
        self.poll(cx)
    }
}

impl Drop for ConnectionStates {
    fn drop(&mut self) {
        self.link.leave(&mut self.waiter);
    }
}
