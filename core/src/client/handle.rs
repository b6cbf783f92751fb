//! The handle of a client.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::handlers::{self, HandlerOutcome};
use super::inbox::TaskInbox;
use super::mailbox::{Inspection, Mail};
use super::request::{About, Raw, Request};
use super::shared::{Link, Sender, Shared};
use super::subscribers::{Events, Subscribers};
use super::watch_cell::{WaitFor, WatchCell};
use super::{Call, ClientStats, ConnectionStates, IncomingCalls, Wait};
use crate::calling::Method;
use crate::config::SecondSignal;
use crate::error::Error;
use crate::service::MessageReceiveEvent;
use crate::service::TaskEvent;
use crate::session::{ConnectionState, PendingWork};

/// A client of the service, without what connects it: an adapter adds that.
///
/// A cheap handle; clones stand for the same client. When the last handle is dropped the client closes; calls then go
/// on at the service.
///
/// What counts as a handle: clients, [`Call`]s, [`Action`](crate::Action)s, [`Message`](crate::Message)s, requests that were made or
/// are under way, and what waits for something of a call, an action or a message ([`Call::wait_for_ended`],
/// [`Action::wait`](crate::Action::wait) …). Also those that others hold: a clone that a handler has captured, and the call that a function
/// of [`on_call`](Self::on_call) was given, until the function is done.
///
/// What does not: waiting for the client ([`ready`](Self::ready), [`closed`](Self::closed), [`stats`](Self::stats),
/// [`pending_work`](Self::pending_work)), streams ([`incoming_calls`](Self::incoming_calls), [`events`](Self::events),
/// [`connection_states`](Self::connection_states), [`Call::events`] …), calls that nobody has taken yet, and functions
/// that were set (`on`, `on_call`, `on_message`, `on_task`, `on_completed`), beyond what they have captured. All these end with
/// the client.
#[derive(Clone)]
pub struct Client {
    sender: Sender,
}

impl Client {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender }
    }

    fn shared(&self) -> &Shared {
        self.sender.shared()
    }

    /// What becomes of running calls at the second request to end the process.
    pub(crate) fn second_signal(&self) -> SecondSignal {
        self.shared().second_signal
    }

    pub(crate) fn request<M: Method>(&self, method: M) -> Request<M> {
        Request::new(About::Client(self.sender.clone()), method)
    }

    /// Has a function called for each call that comes in, in a task of its own. The last function given holds;
    /// it also gets the calls that came in before there was one.
    ///
    /// A function that ends with an error or a panic has its call hung up, and a line in the log. One that ends because
    /// another call is gone has failed: an agent who hangs up has not ended the call of the caller. One that ends well leaves
    /// its call as it is.
    ///
    /// A function that ends with an error after its own call has ended has not failed: `?` on whatever was awaited ends it
    /// when the caller leaves. That the call has ended decides, whatever the type of the error (this crate's, `anyhow::Error`,
    /// `Box<dyn Error>`, one of your own), so that an error of another origin, as of a database, is no failure either once
    /// the caller has left. It is logged at debug level, unless the error says itself that the call is gone
    /// ([`Error::is_gone_for`]). Log what you want to know of in any case in the function. A panic is always logged.
    ///
    /// A call is taken when its task begins to run, and not handled if its caller has left by then. On a runtime that is too
    /// busy to begin it within 10 s, the call is passed on to another client, and the function is not called for it any more.
    ///
    /// Calls come by contexts: those of [`Config::contexts`](crate::Config::contexts) and of [`receive`](Self::receive). If
    /// none is wanted 5 s after the handler was set and the connection is ready, a line in the log says so.
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
        self.shared().mailbox.post(Mail::HandleCalls(handlers::call_handler(handler)));
    }

    /// Has a function called for each text message that comes in, in a task of its own. The last function
    /// given holds. Without one, messages are only seen by [`events`](Self::events). They come by contexts, as for
    /// [`on_call`](Self::on_call). A function that ends with an error or a panic has a line in the log.
    ///
    /// Up to [`MAX_RUNNING_HANDLERS`](crate::MAX_RUNNING_HANDLERS) messages are handled at once. Further ones wait in the
    /// client, in the order in which they came, with a notice in the log and their number in [`stats`](Self::stats). Beyond
    /// [`MAX_WAITING_MESSAGES`](crate::MAX_WAITING_MESSAGES) the oldest is dropped, with a line in the log that names it:
    /// every event is acknowledged as it arrives, as the protocol asks, and the service does not send it again. A client
    /// that closes says how many messages it leaves.
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
        self.shared().mailbox.post(Mail::HandleMessages(handlers::message_handler(handler)));
    }

    pub(crate) fn handle_tasks<F, R>(&self, handler: F)
    where
        F: Fn(TaskEvent) -> R + Send + Sync + 'static,
        R: Future<Output: HandlerOutcome> + Send + 'static,
    {
        self.shared().mailbox.post(Mail::HandleTasks(handlers::task_handler(handler)));
    }

    /// The tasks that come in, for a stream of them.
    pub(crate) fn task_inbox(&self) -> Arc<WatchCell<TaskInbox>> {
        // Once for all streams: a program may make one for each task.
        if self.shared().tasks.with(TaskInbox::expect_readers) {
            self.shared().mailbox.post(Mail::Listen("Client::incoming_tasks"));
        }
        self.shared().tasks.clone()
    }

    /// The calls that come in, one by one, for as long as no function is set with [`on_call`](Self::on_call).
    /// Several streams share the calls out among them.
    ///
    /// A call that is not taken within 10 s is passed on to another client. Calls come by contexts, as for
    /// [`on_call`](Self::on_call).
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
        IncomingCalls::new(&self.sender)
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
        ConnectionStates::new(self.shared().link.clone())
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
    /// reasons of [`ConnectRefusal`](crate::ConnectRefusal). [`Error::Draining`] if the client drains: it will take on nothing
    /// new.
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
                _ if link.draining => Some(Err(Error::draining("waiting for the connection"))),
                _ => None,
            });
        Wait::on_client(&self.sender, "the connection".to_owned(), until)
    }

    /// Has the client give up if the service cannot be reached, until it is ready for the first time.
    pub(crate) fn limit_connecting(&self) {
        self.shared().mailbox.post(Mail::LimitConnecting);
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

    /// How many of each thing the client holds: calls, operations, requests, dials, messages, and what waits for them. All
    /// return to zero when nothing is under way.
    ///
    /// # Errors
    /// [`Error::Closed`] if the client is closed.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// println!("{} calls", client.stats().await?.session.calls);
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> Wait<ClientStats> {
        self.inspect(|(stats, _)| stats)
    }

    /// What is being waited for, for how long, and what would end it, the oldest first: for a program that seems to be
    /// stuck. Requests, operations, dials and messages are listed, whether or not somebody awaits them just now.
    ///
    /// # Errors
    /// [`Error::Closed`] if the client is closed.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// for pending in client.pending_work().await? {
    ///     println!("{pending}"); // calling.play on call c-1: waits for calling.call.play, for 3.5 s so far
    /// }
    /// # Ok(()) }
    /// ```
    pub fn pending_work(&self) -> Wait<Vec<PendingWork>> {
        self.inspect(|(_, pending)| pending)
    }

    fn inspect<T: 'static>(&self, part: fn((ClientStats, Vec<PendingWork>)) -> T) -> Wait<T> {
        let inspection = WatchCell::shared(None);
        let posted = self.shared().mailbox.post_request(Mail::Inspect(inspection.clone()), "the inspection");
        if let Err(error) = posted {
            inspection.update(|inspection| *inspection = Some(Err(error)));
        }
        let seen = WaitFor::new(inspection, move |inspection: &mut Inspection| {
            inspection.take().map(|seen| seen.map(part))
        });
        Wait::on_client(&self.sender, "the inspection of the client".to_owned(), seen)
    }

    /// Begins to stop gently: receives nothing more, passes new offers on, lets running calls finish for as
    /// long as `within` (the configured time, 22 s by default, if `None`), then ends them and closes.
    /// [`closed`](Self::closed) tells when that is done. Asked again, the new time counts from then.
    ///
    /// Meanwhile the connection is in the state [`ConnectionState::Draining`]. New dials and subscriptions, and
    /// [`ready`](Self::ready), fail with [`Error::Draining`]; requests about running calls and messages go on.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.drain(Some(signalwire_relay_core::secs(60)));
    /// client.closed().await?;
    /// # Ok(()) }
    /// ```
    pub fn drain(&self, within: Option<Duration>) {
        self.shared().mailbox.post(Mail::Drain(within));
    }

    /// Closes now. Requests under way fail; calls go on at the service, without this client. If there is a connection,
    /// dials are called off, and offers that nobody took are given back.
    ///
    /// From now on the client does not count for [`Config::max_connections`](crate::Config::max_connections).
    pub fn disconnect(&self) {
        self.shared().disconnect();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.connection_state()).finish_non_exhaustive()
    }
}
