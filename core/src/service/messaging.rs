//! Text messages (`messaging.send`, `messaging.receive`, `messaging.state`).

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use crate::calling::Direction;
use crate::client::{Client, Events, Progress, Request, Sender, Wait, WaitFor, WatchCell, completed_message};
use crate::enums::open_enum;
use crate::error::{Error, InvalidArgument};
use crate::events::event;
use crate::ids::MessageId;
use crate::json::text_of;
use crate::method::{Accepted, Method, params, validate};
use crate::printable::Printable;
use crate::session::{MessageContext, Reply, Target};

params! {
    /// Parameters of `messaging.send`.
    pub struct SendMessage {
        required { to_number: String, from_number: String, }
        optional {
            /// The context that events about the message go to. Default: the name of the session that it is sent on,
            /// or `default` if it has none.
            context: String,
            /// The text. Needed unless there is media, a template, or a WhatsApp message of another kind.
            body: String,
            /// URLs of attachments; at most 8 by the newer specification. Needed unless there is a body.
            media: Vec<String>,
            /// A label that comes back in the message's states. (By the newer specification; the SDKs have
            /// [`tags`](Request::tags).) Default: none.
            tag: String,
            /// Labels, as the SDKs send them. By the newer specification they do not come back: use
            /// [`tag`](Request::tag). Default: none.
            tags: Vec<String>,
            /// The region that the message is sent from. Known to older services only. Default: the service's choice.
            region: String,
            /// An `https` URL that receives the message's states as webhooks too. (By the newer specification.) Default:
            /// none.
            status_callback: String,
            /// Sends the message as MMS even without media. (By the newer specification.) Default: no.
            send_as_mms: bool,
            /// The kind of a WhatsApp message, such as `whatsapp_media_image` or `whatsapp_interactive_list`. (By the
            /// newer specification.) Default: none.
            message_type: String,
            /// An approved WhatsApp template, by its id. By the newer specification there must be no body then. Default:
            /// none.
            template_id: String,
            /// The values for the header of a template: an object, a list or a text. Default: none.
            header_template_parameters: Value,
            /// The values for the body of a template: an object or a list. Default: none.
            body_template_parameters: Value,
            /// The values for the buttons of a template: an object, a list or a text. Default: none.
            button_template_parameters: Value,
        }
    }
}

impl Method for SendMessage {
    type Output = Message;

    fn name(&self) -> Cow<'static, str> {
        "messaging.send".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("to_number", &self.to_number)?;
        validate::not_empty("from_number", &self.from_number)?;
        validate::optional_web_url("status_callback", self.status_callback.as_deref())?;
        self.media.iter().flatten().try_for_each(|url| validate::web_url("media", url))
    }

    fn validate_complete(&self) -> Result<(), InvalidArgument> {
        let texts = [&self.body, &self.template_id, &self.message_type];
        let is_empty = texts.iter().all(|text| text.as_deref().is_none_or(str::is_empty));
        if is_empty && self.media.as_ref().is_none_or(Vec::is_empty) {
            let reason = "a body, media, a template or a type of message is required";
            return Err(InvalidArgument::new("body", reason));
        }
        Ok(())
    }

    fn target(&self) -> Option<Target> {
        Some(Target::Message(match self.context.as_deref() {
            None | Some("") => MessageContext::OfSession,
            Some(_) => MessageContext::InParams,
        }))
    }

    fn blank() -> &'static [&'static str] {
        &["body", "context", "media", "message_type", "region", "tag", "tags", "template_id"]
    }

    fn is_followed() -> bool {
        true
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Message, Error> {
        let Accepted { reply, sender, progress, .. } = result?;
        match progress {
            Some(progress) => Ok(Message { sender, sent: Arc::new(self), reply, progress }),
            None => Err(Error::closed(crate::Certainty::Unknown)),
        }
    }
}

impl Client {
    /// Sends a message from one number to another (`messaging.send`): numbers in E.164, or short codes. It needs a
    /// [`body`](Request::body), [`media`](Request::media), or both (an empty one is the same as none, and is not sent); from a WhatsApp number a
    /// [`template_id`](Request::template_id) or a [`message_type`](Request::message_type).
    ///
    /// Done when the service has accepted it; the [`Message`] tells whether it was delivered.
    ///
    /// # Completion
    ///
    /// The last state of the message: delivered, undelivered, failed or read. Not every carrier tells: bound the wait for it
    /// with [`Wait::timeout`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is nothing to send, or a number is empty: nothing was sent then.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// let message = client.send_message("+15551110000", "+15552220000").body("Hello!").await?;
    /// println!("{}", message.wait().await?.message_state);
    /// # Ok(()) }
    /// ```
    pub fn send_message(&self, to: impl Into<String>, from: impl Into<String>) -> Request<SendMessage> {
        self.request(SendMessage::new(to.into(), from.into()))
    }
}

/// A message that was sent. Clones stand for the same message; dropping all of them changes nothing for it.
///
/// ```
/// # fn example(message: signalwire_relay_core::Message) {
/// println!("{message}");
/// if message.is_done() {
///     println!("{} {:?}", message.state(), message.reason());
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Message {
    sender: Sender,
    sent: Arc<SendMessage>,
    reply: Reply,
    progress: Arc<WatchCell<Progress>>,
}

impl Message {
    /// The message's id; empty if the service has named none, and then [`wait`](Self::wait) fails with
    /// [`Error::NotFollowed`].
    pub fn id(&self) -> MessageId {
        let value = self.reply.value();
        value.get("message_id").and_then(text_of).as_deref().unwrap_or_default().into()
    }

    /// The number that it is sent to.
    pub fn to(&self) -> &str {
        &self.sent.to_number
    }

    /// The number that it is sent from.
    pub fn from(&self) -> &str {
        &self.sent.from_number
    }

    /// The context that events about it go to.
    pub fn context(&self) -> &str {
        let own = self.sent.context.as_deref().filter(|context| !context.is_empty());
        own.or(self.reply.context()).unwrap_or_default()
    }

    /// Always [`Direction::Outbound`]: what comes in is a [`MessageReceiveEvent`].
    pub fn direction(&self) -> Direction {
        Direction::Outbound
    }

    /// The text; empty if there is only media.
    pub fn body(&self) -> &str {
        self.sent.body.as_deref().unwrap_or_default()
    }

    /// URLs of attachments.
    pub fn media(&self) -> &[String] {
        self.sent.media.as_deref().unwrap_or_default()
    }

    /// Its label.
    pub fn tag(&self) -> Option<&str> {
        self.sent.tag.as_deref()
    }

    /// Its labels, as the SDKs send them.
    pub fn tags(&self) -> &[String] {
        self.sent.tags.as_deref().unwrap_or_default()
    }

    /// Events may leave out what an earlier one said: that still holds.
    fn latest<T>(&self, said: impl Fn(&MessageStateEvent) -> Option<T>) -> Option<T> {
        self.progress.with(|progress| progress.latest_of(said))
    }

    /// Into how many parts the text was split, once the service says so.
    pub fn segments(&self) -> Option<u64> {
        self.latest(|event| event.segments)
    }

    /// How far it has got; `queued` until the service says more. It only ever moves forwards, whatever comes late.
    pub fn state(&self) -> MessageState {
        self.latest(|event| Some(event.message_state.clone()).filter(|state| !state.as_str().is_empty()))
            .unwrap_or(MessageState::Queued)
    }

    /// Why it was not delivered, if it was not and the service says why.
    pub fn reason(&self) -> Option<String> {
        self.latest(|event| event.reason.clone())
    }

    /// What [`wait`](Self::wait) would give, or `None` while it would wait.
    pub fn result(&self) -> Option<Result<MessageStateEvent, Error>> {
        self.progress.with(|progress| progress.outcome())
    }

    /// Whether its fate is known.
    pub fn is_done(&self) -> bool {
        self.result().is_some()
    }

    /// Waits until it is delivered, or is not going to be: look at [`MessageStateEvent::message_state`].
    ///
    /// Not every carrier tells, so put a limit on it with [`Wait::timeout`]. Can be called any number of times.
    /// Dropping it only stops waiting.
    ///
    /// # Errors
    /// [`Error::ConnectionLost`] if the session is lost that would have told; [`Error::TimedOut`] if a limit passes.
    ///
    /// ```
    /// # async fn example(message: signalwire_relay_core::Message) -> Result<(), signalwire_relay_core::Error> {
    /// let last = message.wait().timeout(signalwire_relay_core::secs(60)).await?;
    /// println!("{}: {:?}", last.message_state, last.reason);
    /// # Ok(()) }
    /// ```
    pub fn wait(&self) -> Wait<MessageStateEvent> {
        let until = WaitFor::new(self.progress.clone(), |progress: &mut Progress| progress.outcome());
        Wait::new(self.sender.clone(), format!("the delivery of message {}", self.id()), until)
    }

    /// Follows its states from now on, until its fate is known.
    pub fn events(&self) -> Events {
        self.progress.with(Progress::follow)
    }

    /// Has a function called for each state from now on, in a task of its own.
    ///
    /// ```
    /// # fn example(message: signalwire_relay_core::Message) {
    /// message.on(|news| async move { println!("{}", news.message_state) });
    /// # }
    /// ```
    pub fn on<F, R>(&self, listener: F)
    where
        F: Fn(MessageStateEvent) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.sender.listen(self.events(), listener);
    }

    /// Has a function called when its fate is known, with the last state, or the reason why there is none. It is
    /// called once, in a task of its own; at once if it is known already; not at all if the client is closed already,
    /// for nothing runs its tasks then.
    ///
    /// ```
    /// # fn example(message: signalwire_relay_core::Message) {
    /// message.on_completed(|end| async move { println!("{end:?}") });
    /// # }
    /// ```
    pub fn on_completed<F, R>(&self, callback: F)
    where
        F: FnOnce(Result<MessageStateEvent, Error>) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        completed_message(&self.sender, self.progress.clone(), callback);
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, state, direction) = (self.id(), self.state(), self.direction());
        let (from, to) = (Printable(self.from()), Printable(self.to()));
        write!(f, "message {id} ({state}, {direction}, from {from} to {to})")
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

open_enum! {
    /// How far a message has got.
    pub enum MessageState {
        /// It waits to be sent.
        Queued = "queued",
        /// It is being sent.
        Initiated = "initiated",
        /// The carrier has it.
        Sent = "sent",
        /// It was delivered.
        Delivered = "delivered",
        /// It could not be delivered.
        Undelivered = "undelivered",
        /// It could not be sent.
        Failed = "failed",
        /// It was delivered, and read. Once it was delivered, this reaches [`Client::events`] only.
        Read = "read",
        /// It came in.
        Received = "received",
    }
}

impl MessageState {
    /// Returns `true` once the fate of the message is known: nothing but [`Read`](Self::Read) may follow.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Delivered | Self::Undelivered | Self::Failed | Self::Read)
    }

    /// Where the state comes in the life of a message that is sent; any other comes nowhere.
    pub(crate) fn rank(&self) -> Option<u8> {
        match self {
            Self::Queued => Some(0),
            Self::Initiated => Some(1),
            Self::Sent => Some(2),
            Self::Delivered | Self::Undelivered | Self::Failed => Some(3),
            Self::Read => Some(4),
            Self::Received | Self::Other(_) => None,
        }
    }
}

event! {
    /// `messaging.receive`: a text message came in.
    pub struct MessageReceiveEvent(MessageReceive, "messaging.receive") {
        /// The message.
        pub message_id: MessageId,
        /// The context that it came in on.
        pub context: String,
        /// `inbound`.
        pub direction: Direction,
        /// The sender's number.
        pub from_number: String,
        /// The number that it was sent to.
        pub to_number: String,
        /// The text.
        pub body: String,
        /// URLs of attachments.
        pub media: Vec<String>,
        /// Into how many parts the text was split.
        pub segments: Option<u64>,
        /// `received`.
        pub message_state: MessageState,
        /// Labels; always empty by the newer specification.
        pub tags: Vec<String>,
    }
}

event! {
    /// `messaging.state`: a message that was sent got on. Sparse events leave most fields at their defaults.
    pub struct MessageStateEvent(MessageState, "messaging.state", unprinted) {
        /// The message.
        pub message_id: MessageId,
        /// The context of the message.
        pub context: String,
        /// `outbound`.
        pub direction: Direction,
        /// The number that it was sent from.
        pub from_number: String,
        /// The receiver's number.
        pub to_number: String,
        /// The text.
        pub body: String,
        /// URLs of attachments.
        pub media: Vec<String>,
        /// Into how many parts the text was split.
        pub segments: Option<u64>,
        /// How far it has got.
        pub message_state: MessageState,
        /// Why it was not delivered.
        pub reason: Option<String>,
        /// The label that was given when it was sent. (By the newer specification.)
        pub tag: Option<String>,
        /// Labels, by the SDKs; always empty by the newer specification.
        pub tags: Vec<String>,
    }
}

/// Prints no context: by default it is the name of the session, which may contain the project.
impl fmt::Debug for MessageStateEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStateEvent")
            .field("call_id", &self.call_id)
            .field("node_id", &self.node_id)
            .field("message_id", &self.message_id)
            .field("direction", &self.direction)
            .field("from_number", &self.from_number)
            .field("to_number", &self.to_number)
            .field("body", &self.body)
            .field("media", &self.media)
            .field("segments", &self.segments)
            .field("message_state", &self.message_state)
            .field("reason", &self.reason)
            .field("tag", &self.tag)
            .field("tags", &self.tags)
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
