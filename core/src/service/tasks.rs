//! Tasks: objects that another application sends through a context (`queuing.relay.tasks`).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_core::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Client, HandlerOutcome, TaskInbox, Waiter, WatchCell};
use crate::credentials::Secret;
use crate::events::event;
use crate::json::Redacted;

event! {
    /// `queuing.relay.tasks`: a task came in. The service counts it as delivered from then on.
    ///
    /// Its fields stand beside the event type, as both descriptions of the protocol have it; fields in an inner `params`
    /// object are read as well.
    pub struct TaskEvent(Task, "queuing.relay.tasks") {
        /// The context that the task was sent to.
        pub context: String,
        /// The project that the task was sent in.
        pub project_id: Secret,
        /// The space that the task was sent in.
        pub space_id: Secret,
        message: Redacted,
        timestamp: Option<SystemTime>,
    }
}

impl TaskEvent {
    /// Returns the sender's object (`message` on the wire); `null` if there is none. `Debug` does not print it.
    pub fn message(&self) -> &Value {
        &self.message.0
    }

    /// Reads the sender's object as a type of the application.
    ///
    /// # Errors
    /// The object does not have the form of the type.
    ///
    /// ```
    /// # fn example(task: &signalwire_relay_core::TaskEvent) -> Result<(), serde_json::Error> {
    /// let job: std::collections::BTreeMap<String, String> = task.read()?;
    /// println!("{:?}", job.get("number"));
    /// # Ok(()) }
    /// ```
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(self.message.0.clone())
    }

    /// Returns the time at which the task was sent, to the second, if the service said so.
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.meta.timestamp().or(self.timestamp)
    }
}

impl Client {
    /// Registers the handler for tasks, replacing any earlier one. The handler runs in a task of its own for each. It also
    /// gets the tasks that came in before and that nobody took.
    ///
    /// A task is an object that another application sends to a context, with an HTTPS request to the service; one of the
    /// clients that [receive](Self::receive) the context gets it. It is acknowledged when it reaches this client, like any
    /// event: the service does not send it again, whatever becomes of the handler. Store what must survive a crash before
    /// anything else.
    ///
    /// A handler that fails or panics is told with a [`Notice`](crate::session::Notice), a line in the log. A task that comes
    /// in again, in the same frame, is handled once.
    ///
    /// # Contexts
    ///
    /// Tasks come by contexts, as calls do. If none is wanted 5 s after the handler was set and the connection is ready, a
    /// line in the log says so.
    ///
    /// # Nobody listens
    ///
    /// Without a handler, an [`incoming_tasks`](Self::incoming_tasks) stream, or an [`events`](Self::events) stream, tasks
    /// wait in the client, at most [`MAX_WAITING_TASKS`](crate::MAX_WAITING_TASKS) of them. There is a notice when the first
    /// one waits, one for each that is dropped beyond the limit, and one with the number of those that are left when the
    /// client closes.
    ///
    /// # While the client drains
    ///
    /// A draining client leaves its contexts, so that further tasks go to other clients or wait at the service. A task that
    /// was under way before is handled as any other. The client waits for calls and requests, and not for handlers of
    /// tasks: those get the moment that every handler gets when the client is closed.
    ///
    /// ```
    /// # fn example(client: signalwire_relay_core::Client) {
    /// let phones = client.clone();
    /// client.on_task(move |task| {
    ///     let phones = phones.clone();
    ///     async move {
    ///         let number = task.message()["number"].as_str().unwrap_or_default().to_owned();
    ///         let call = phones.dial(signalwire_relay_core::phone(number).from("+15550000000")).await?;
    ///         call.play_tts("You asked us to call you back.").await?.wait().await?;
    ///         call.hangup().await
    ///     }
    /// });
    /// # }
    /// ```
    pub fn on_task<F, R>(&self, handler: F)
    where
        F: Fn(TaskEvent) -> R + Send + Sync + 'static,
        R: Future<Output: HandlerOutcome> + Send + 'static,
    {
        self.handle_tasks(handler);
    }

    /// Gives the tasks that come in, one by one, for as long as no handler is set with [`on_task`](Self::on_task).
    /// Several streams share the tasks out among them. Tasks that came in before and that nobody took come first.
    ///
    /// Tasks wait for a slow reader, at most [`MAX_WAITING_TASKS`](crate::MAX_WAITING_TASKS) of them: beyond that the oldest
    /// is dropped, with a notice.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) {
    /// let mut tasks = client.incoming_tasks();
    /// while let Some(task) = tasks.next().await {
    ///     println!("a task for {}", task.context);
    /// }
    /// # }
    /// ```
    pub fn incoming_tasks(&self) -> IncomingTasks {
        IncomingTasks::new(self.task_inbox())
    }
}

/// The tasks that come in. See [`Client::incoming_tasks`]. Dropping it leaves waiting tasks to other streams or to a
/// handler. When the client is closed, the stream still gives the tasks that wait, and ends then.
#[must_use = "streams do nothing unless read"]
pub struct IncomingTasks {
    inbox: Arc<WatchCell<TaskInbox>>,
    waiter: Waiter,
}

impl IncomingTasks {
    fn new(inbox: Arc<WatchCell<TaskInbox>>) -> Self {
        inbox.with(TaskInbox::join);
        Self { inbox, waiter: Waiter::default() }
    }

    /// Waits for the next task. Gives `None` when the client is closed and no task waits. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<TaskEvent> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<TaskEvent>> {
        self.inbox.poll(cx, &mut self.waiter, TaskInbox::next)
    }
}

impl Stream for IncomingTasks {
    type Item = TaskEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TaskEvent>> {
        self.poll(cx)
    }
}

impl Drop for IncomingTasks {
    fn drop(&mut self) {
        self.inbox.leave(&mut self.waiter);
        self.inbox.with(TaskInbox::leave);
    }
}

impl fmt::Debug for IncomingTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IncomingTasks")
    }
}
