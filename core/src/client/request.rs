//! Requests: made by a method, completed by setters, sent by awaiting.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Call;
use super::action::{ActionCore, Completed, Progress};
use super::mailbox::{Mail, TaskPurpose};
use super::shared::Sender;
use super::subscribers::{self, Events, Queue};
use super::watch_cell::{Waiter, WatchCell};
use crate::calling::{Accepted, CallStateEvent, Dial, Method, Operation};
use crate::error::{Error, InvalidArgument};
use crate::ids::{ControlId, Ticket};
use crate::session::{Command, Effect, Reply, Target};

/// A request to the service, ready to be sent: by `.await`, or, on a thread, by what the blocking client offers.
///
/// Nothing is sent before that, and it is done when the service has accepted it: what it starts goes on, and the
/// [`Action`](crate::Action) that it gives tells how. Each kind has its setters in the file of its feature; those here are common to
/// all. The output is that of [`Method::Output`].
///
/// # Errors
/// Each may give [`Error::InvalidArgument`] and [`Error::QueueFull`], and was not sent then; [`Error::ServiceError`], with
/// the service's code and words; [`Error::TimedOut`]; [`Error::ConnectionLost`] with its session; [`Error::Closed`] with its
/// client; [`Error::Draining`] if it begins something new on a client that drains; and, on a call, [`Error::CallGone`] if that is over. [`Error::certainty`] says whether the service may
/// have carried it out. What a method adds to that, it says itself.
///
/// # Cancellation
/// Dropping the future before it was polled sends nothing. Dropping it later takes the request back if it still
/// waits for a connection; if it has been sent, it stands, and its answer is ignored. Dropping a dial calls it
/// off.
#[must_use = "a request is sent when it is awaited"]
pub struct Request<M: Method> {
    pub(crate) method: M,
    about: About,
    extra: Map<String, Value>,
    timeout: Option<Duration>,
    control_id: Option<ControlId>,
    completed: Option<Completed>,
    legs: Option<LegListener>,
}

/// Listens to the legs of a dial.
type LegListener = Box<dyn FnOnce(&Sender, Events) + Send>;

/// The thing that a request was made on.
#[derive(Debug, Clone)]
pub(crate) enum About {
    Client(Sender),
    Call(Call),
    Action(Call, ControlId),
}

impl About {
    fn sender(&self) -> &Sender {
        match self {
            Self::Client(sender) => sender,
            Self::Call(call) | Self::Action(call, _) => call.sender(),
        }
    }
}

impl<M: Method> Request<M> {
    pub(super) fn new(about: About, method: M) -> Self {
        Self {
            method,
            about,
            extra: Map::new(),
            timeout: None,
            control_id: None,
            completed: None,
            legs: None,
        }
    }

    /// How long the service may take to answer, the time spent waiting for a connection included. Default: the
    /// client's, 10 s unless configured. For a dial it is the time until somebody answers; default 120 s.
    ///
    /// A request that takes longer fails with [`Error::TimedOut`], which says whether it was sent.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.play_tts("Hello!").timeout(signalwire_relay_core::secs(3)).await?;
    /// # Ok(()) }
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Adds a parameter that has no setter, in place of one of the same name. The service also knows some without
    /// documented meaning (`async`, `swml` …), which have none on purpose.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.join_conference("standup").param("emit_call_quality", true).await?;
    /// # Ok(()) }
    /// ```
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn command(&mut self) -> Result<Command, InvalidArgument> {
        let rule = M::completion_rule();
        let target = match &self.about {
            About::Client(_) => Target::Service,
            About::Call(call) => {
                let call_id = call.id().clone();
                match rule {
                    Some(rule) => Target::Start { call_id, control_id: self.control_id.take(), rule },
                    None => Target::Call(call_id),
                }
            }
            About::Action(call, control_id) => {
                Target::Control { call_id: call.id().clone(), control_id: control_id.clone() }
            }
        };
        let target = self.method.target().unwrap_or(target);
        let command = if self.extra.is_empty() {
            Command::new(&self.method, target)?
        } else {
            Command::extended(&self.method, target, std::mem::take(&mut self.extra))?
        };
        Ok(command.with_timeout(self.timeout))
    }
}

impl<M: Operation> Request<M> {
    /// The operation's id, unique among the running operations of the call. Default: made up.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let play = call.play_tts("Hello!").control_id("greeting").await?;
    /// assert_eq!(play.control_id().as_str(), "greeting");
    /// # Ok(()) }
    /// ```
    pub fn control_id(mut self, control_id: impl Into<ControlId>) -> Self {
        self.control_id = Some(control_id.into());
        self
    }

    /// Has a function called when the operation is over, with its last event, or the reason why there is none:
    /// the request failed, the call ended, the session was lost. It is called once, in a task of its own; not at all
    /// if the request is never sent, or the client is closed already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.record().on_completed(|end| async move { println!("{end:?}") }).await?;
    /// # Ok(()) }
    /// ```
    pub fn on_completed<F, R>(mut self, callback: F) -> Self
    where
        F: FnOnce(Result<M::Event, Error>) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.completed = Some(super::action::completed::<M, F, R>(callback));
        self
    }
}

impl Request<Dial> {
    /// Has a function called for each state of each leg, until the dial has its outcome: created, ringing, answered, ended
    /// with a reason. It is called in a task of its own, for one event after the other.
    ///
    /// Default: none. [`DialFailed::legs`](crate::DialFailed::legs) says how the legs of a failed dial ended.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{CallStateEvent, phone};
    /// let agent = client
    ///     .dial(phone("+15551001000").from("+15550000000"))
    ///     .on_leg(|leg: CallStateEvent| async move { println!("{:?} is {}", leg.device.callee(), leg.call_state) })
    ///     .await?;
    /// # drop(agent);
    /// # Ok(()) }
    /// ```
    pub fn on_leg<F, R>(mut self, listener: F) -> Self
    where
        F: Fn(CallStateEvent) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.legs = Some(Box::new(|sender, events| sender.listen(events, listener)));
        self
    }
}

impl<M: Method + fmt::Debug> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

impl<M: Method> IntoFuture for Request<M> {
    type Output = Result<M::Output, Error>;
    type IntoFuture = ResponseFuture<M>;

    fn into_future(self) -> ResponseFuture<M> {
        ResponseFuture(State::Unsent(Box::new(self)))
    }
}

/// A request that is being sent and answered. See [`Request`] for what dropping it does.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<M: Method>(State<M>);

enum State<M: Method> {
    Unsent(Box<Request<M>>),
    Sent(Sent<M>),
    Done,
}

struct Sent<M: Method> {
    request: Box<Request<M>>,
    ticket: Ticket,
    response: Arc<WatchCell<Response>>,
    progress: Option<Arc<WatchCell<Progress>>>,
    waiter: Waiter,
}

/// The slot of a response.
#[derive(Debug)]
pub(crate) enum Response {
    Pending,
    Ready(Result<Delivered, Error>),
    /// Nobody wants to know any more.
    Unwanted,
}

#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) reply: Reply,
    pub(crate) call: Option<Call>,
}

impl<M: Method> ResponseFuture<M> {
    /// Posts the request; gives what is left of it if that fails.
    fn send(mut request: Box<Request<M>>) -> Result<Sent<M>, (M, Error)> {
        let progress = M::is_followed().then(|| WatchCell::shared(Progress::default()));
        if let (Some(progress), Some(completed)) = (&progress, request.completed.take()) {
            let task = completed(request.about.sender().shared().clone(), progress.clone());
            request.about.sender().mailbox().post(Mail::Spawn(TaskPurpose::Callback, task));
        }
        let legs = request.legs.take().map(|listen| {
            let queue = WatchCell::shared(Queue::default());
            listen(request.about.sender(), Events::new(queue.clone()));
            queue
        });
        let ticket = request.about.sender().mailbox().new_ticket();
        let response = WatchCell::shared(Response::Pending);
        let posted = request.command().map_err(Error::from).and_then(|command| {
            let (response, progress, legs) = (response.clone(), progress.clone(), legs.clone());
            let mail = Mail::Command { ticket, command, response, progress, legs };
            request.about.sender().mailbox().post_request(mail, &request.method.name())
        });
        match posted {
            Ok(()) => Ok(Sent { request, ticket, response, progress, waiter: Waiter::default() }),
            Err(error) => {
                subscribers::end(legs.into_iter().collect());
                if let Some(progress) = &progress {
                    progress.update(|progress| progress.end(Err(error.clone())));
                }
                Err((request.method, error))
            }
        }
    }
}

impl<M: Method> Future for ResponseFuture<M> {
    type Output = Result<M::Output, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Unsent(_) = self.0
            && let State::Unsent(request) = std::mem::replace(&mut self.0, State::Done)
        {
            match Self::send(request) {
                Ok(sent) => self.0 = State::Sent(sent),
                Err((method, error)) => return Poll::Ready(method.finish(Err(error))),
            }
        }
        let State::Sent(sent) = &mut self.0 else {
            // Polled again after it was done, which a future need not survive; this one never ends then.
            return Poll::Pending;
        };
        let Sent { response, waiter, .. } = &mut *sent;
        let known = response.poll(cx, waiter, |response| match response {
            Response::Ready(_) => match std::mem::replace(response, Response::Unwanted) {
                Response::Ready(result) => Some(result),
                _ => None,
            },
            _ => None,
        });
        let Poll::Ready(result) = known else { return Poll::Pending };
        let State::Sent(sent) = std::mem::replace(&mut self.0, State::Done) else { return Poll::Pending };
        let Request { method, about, .. } = *sent.request;
        let accepted = result.map(|Delivered { reply, call }| {
            let action = match (&about, &sent.progress, reply.control_id()) {
                (About::Call(call), Some(progress), Some(control_id)) => {
                    Some(ActionCore::new(call.clone(), control_id.clone(), reply.clone(), progress.clone()))
                }
                _ => None,
            };
            Accepted { reply, sender: about.sender().clone(), progress: sent.progress, action, call }
        });
        Poll::Ready(method.finish(accepted))
    }
}

impl<M: Method> Unpin for ResponseFuture<M> {}

impl<M: Method> Drop for ResponseFuture<M> {
    fn drop(&mut self) {
        let State::Sent(sent) = &mut self.0 else { return };
        sent.response.leave(&mut sent.waiter);
        let unread = sent.response.with(|response| std::mem::replace(response, Response::Unwanted));
        match unread {
            // A dial that was answered in the very moment: nobody will talk to the callee.
            Response::Ready(Ok(Delivered { call: Some(call), .. })) => call.discard(),
            Response::Pending => sent.request.about.sender().mailbox().post(Mail::Abandon(sent.ticket)),
            _ => {}
        }
    }
}

impl<M: Method> fmt::Debug for ResponseFuture<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

/// Any method, with parameters as JSON. Made by `execute`.
#[derive(Serialize)]
pub struct Raw {
    #[serde(skip)]
    name: String,
    #[serde(flatten)]
    params: Value,
}

/// Prints no parameters: they may be credentials.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Raw {
    pub(super) fn new(name: impl Into<String>, params: Value) -> Self {
        Self { name: name.into(), params }
    }
}

impl Method for Raw {
    type Output = Value;

    fn name(&self) -> Cow<'static, str> {
        self.name.clone().into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        if self.name.is_empty() {
            return Err(InvalidArgument::new("method", "it must not be empty"));
        }
        if !self.params.is_object() {
            return Err(InvalidArgument::new("params", "they must be a JSON object"));
        }
        Ok(())
    }

    fn has_member(&self, name: &str) -> bool {
        self.params.get(name).is_some()
    }

    fn effect(&self) -> Effect {
        Effect::of_method(&self.name)
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Value, Error> {
        result.map(|accepted| accepted.reply.value())
    }
}
