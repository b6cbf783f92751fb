//! Calls.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use serde_json::Value;

use super::OwnedCall;
use super::mailbox::Mail;
use super::request::{About, Raw, Request};
use super::shared::Sender;
use super::subscribers::{Events, Subscribers};
use super::wait::Wait;
use super::watch_cell::{WaitFor, Watch, WatchCell};
use crate::calling::{CallState, CallStateEvent, Device, Direction, EndReason, EndSource, Method, SipData};
use crate::error::{Certainty, Error};
use crate::events::{EventData, FromUpdate};
use crate::ids::{CallId, NodeId, Tag};
use crate::session::{CallInfo, Notice};

/// A call.
///
/// A cheap handle; clones stand for the same call. It stays usable after the call has ended, and says so:
/// commands then give [`Error::CallGone`], except for [`hangup`](Self::hangup), which succeeds.
///
/// Dropping the last handle of an offered call that was not answered passes it back to the service. A call whose answer
/// or hang-up had an [unknown](crate::Certainty::Unknown) outcome is given back or hung up then. Any other call goes on at
/// the service, with a line in the log if it was answered and nothing runs on it: hang up what is no longer needed, or let
/// it be [`owned`](Self::owned).
///
/// ```
/// # fn example(call: signalwire_relay_core::Call) {
/// println!("{call}: {} of {}", call.id(), call.device().caller().unwrap_or("somebody"));
/// if let Some(reason) = call.end_reason() {
///     println!("it ended by {reason}");
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Call(Arc<Handle>);

/// The part of a call that its handles share. Dropped with the last of them.
struct Handle {
    sender: Sender,
    record: Arc<CallRecord>,
}

/// The data of a call. The client state keeps it while the call lives, the handles as long as they like.
#[derive(Debug)]
pub(super) struct CallRecord {
    info: CallInfo,
    live: WatchCell<Live>,
}

impl Watch for CallRecord {
    type Value = Live;

    fn cell(&self) -> &WatchCell<Live> {
        &self.live
    }
}

/// What has become of the offer of a call that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    /// The application may take it.
    Standing,
    /// The application has taken it.
    Taken,
    /// It cannot be taken any more: it is about to be passed on.
    Withdrawn,
}

/// The data of a call that changes.
#[derive(Debug)]
pub(crate) struct Live {
    node_id: NodeId,
    state: CallState,
    rang: bool,
    was_answered: bool,
    offer: Offer,
    ended: Option<EndReason>,
    end_source: Option<EndSource>,
    sip_data: Option<Arc<SipData>>,
    audio_in_mos: Option<f64>,
    subscribers: Subscribers,
}

impl CallRecord {
    pub(super) fn new(info: CallInfo) -> Arc<Self> {
        let live = Live {
            node_id: info.node_id.clone(),
            state: info.state.clone(),
            rang: info.state == CallState::Ringing,
            was_answered: info.state == CallState::Answered,
            offer: Offer::Standing,
            ended: None,
            end_source: None,
            sip_data: info.sip_data.clone(),
            audio_in_mos: None,
            subscribers: Subscribers::default(),
        };
        Arc::new(Self { info, live: WatchCell::new(live) })
    }

    /// A call that was answered, even if it is past that by now.
    pub(super) fn answered(info: CallInfo) -> Arc<Self> {
        let record = Self::new(info);
        record.live.with(|live| live.was_answered = true);
        record
    }

    pub(super) fn id(&self) -> &CallId {
        &self.info.call_id
    }

    pub(super) fn is_ended(&self) -> bool {
        self.live.with(|live| live.ended.is_some())
    }

    /// Takes the offer for the application. Returns `false` if the offer is over: it then must not be handled.
    ///
    /// Whether an offer is taken or passed on is decided here and in [`withdraw`](Self::withdraw), under one lock: the
    /// application takes it on any thread while the client state is about to pass it on.
    pub(super) fn take(&self) -> bool {
        self.live.with(|live| {
            let stands = live.ended.is_none() && live.offer == Offer::Standing;
            if stands {
                live.offer = Offer::Taken;
            }
            stands
        })
    }

    /// Withdraws the offer, so that it cannot be taken any more. Returns `false` if it was taken.
    pub(super) fn withdraw(&self) -> bool {
        self.live.with(|live| {
            if live.offer == Offer::Standing {
                live.offer = Offer::Withdrawn;
            }
            live.offer == Offer::Withdrawn
        })
    }

    /// The call reached a state.
    pub(super) fn reach(&self, news: &CallStateEvent) {
        let CallStateEvent { call_state: state, node_id, .. } = news;
        self.live.update(|live| {
            if let Some(source) = &news.end_source {
                live.end_source = Some(source.clone());
            }
            if let Some(data) = &news.sip_data {
                live.sip_data = Some(data.clone());
            }
            live.audio_in_mos = news.audio_in_mos.or(live.audio_in_mos);
            if !node_id.is_empty() && live.node_id.is_empty() {
                live.node_id = node_id.clone();
            }
            live.state = state.clone();
            live.rang |= *state == CallState::Ringing;
            live.was_answered |= *state == CallState::Answered;
        });
    }

    pub(super) fn publish(&self, update: &crate::events::Update) {
        let subscribers = self.live.with(|live| live.subscribers.current());
        super::subscribers::publish(&subscribers, update);
    }

    pub(super) fn end(&self, reason: EndReason) {
        self.live.update(|live| {
            live.state = CallState::Ended;
            live.ended.get_or_insert(reason);
        });
    }

    /// No event of the call comes any more.
    pub(super) fn end_events(&self) {
        let subscribers = self.live.with(|live| live.subscribers.end());
        super::subscribers::end(subscribers);
    }
}

impl Call {
    pub(super) fn new(sender: Sender, record: Arc<CallRecord>) -> Self {
        Self(Arc::new(Handle { sender, record }))
    }

    fn info(&self) -> &CallInfo {
        &self.0.record.info
    }

    fn live(&self) -> &WatchCell<Live> {
        &self.0.record.live
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.0.sender
    }

    pub(crate) fn request<M: Method>(&self, method: M) -> Request<M> {
        Request::new(About::Call(self.clone()), method)
    }

    /// The call's id.
    pub fn id(&self) -> &CallId {
        self.0.record.id()
    }

    /// The node of the service that hosts it.
    pub fn node_id(&self) -> NodeId {
        self.live().with(|live| live.node_id.clone())
    }

    /// The project it belongs to.
    pub fn project_id(&self) -> &str {
        &self.info().project_id
    }

    /// The context it came in on; empty if there is none.
    pub fn context(&self) -> &str {
        &self.info().context
    }

    /// The dial it is a leg of; empty if there is none.
    pub fn tag(&self) -> &Tag {
        &self.info().tag
    }

    /// Who called whom.
    pub fn direction(&self) -> &Direction {
        &self.info().direction
    }

    /// The other party, and the number or address that was called.
    pub fn device(&self) -> &Device {
        &self.info().device
    }

    /// Its segment; empty if there is none.
    pub fn segment_id(&self) -> &str {
        &self.info().segment_id
    }

    /// Where it stands, as far as is known.
    pub fn state(&self) -> CallState {
        self.live().with(|live| live.state.clone())
    }

    /// Why it ended. `None` while it lives.
    pub fn end_reason(&self) -> Option<EndReason> {
        self.live().with(|live| live.ended.clone())
    }

    /// Returns the side that ended the call (`end_source` on the wire). `None` while it lives, and if the service does not say. (By the newer specification.)
    pub fn end_source(&self) -> Option<EndSource> {
        self.live().with(|live| live.end_source.clone())
    }

    /// Returns the SIP headers of a SIP call (`sip_data` on the wire), once the service has told them: with the outcome of a dial, or with the first state
    /// that the call reaches. (By the newer specification.)
    pub fn sip_data(&self) -> Option<Arc<SipData>> {
        self.live().with(|live| live.sip_data.clone())
    }

    /// Returns the quality of the sound that came in (`audio_in_mos` on the wire), as a mean opinion score from about 1 to 5;
    /// as a rule once the call has ended. (By the newer specification.)
    pub fn audio_in_mos(&self) -> Option<f64> {
        self.live().with(|live| live.audio_in_mos)
    }

    /// Returns `true` once it is over.
    pub fn is_ended(&self) -> bool {
        self.live().with(|live| live.ended.is_some())
    }

    /// Sends any method of the service to the call, with parameters as a JSON object. `call_id` and `node_id`
    /// are added. Gives the service's result.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.execute("calling.denoise", serde_json::json!({})).await?;
    /// # Ok(()) }
    /// ```
    pub fn execute(&self, method: impl Into<String>, params: Value) -> Request<Raw> {
        self.request(Raw::new(method, params))
    }

    /// Follows the events of the call from now on, until it ends. Where the result of a recording or the like may still
    /// come, up to [15 s](crate::session::LATE_EVENT_TIMEOUT) longer.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) {
    /// let mut events = call.events();
    /// while let Some(update) = events.next().await {
    ///     match update {
    ///         Ok(event) => println!("{}", event.event_type()),
    ///         Err(missed) => println!("{missed}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        Events::new(self.live().with(|live| live.subscribers.add()))
    }

    /// Has a function called for each event of the type that it takes, until the call ends: one of the event
    /// structs, [`Event`](crate::Event) for all of them, or [`Missed`](crate::Missed) for gaps.
    ///
    /// The function is called in a task of its own, for one event after the other. A panic in it is logged and
    /// stops nothing. Several functions may listen for the same type.
    ///
    /// ```
    /// # fn example(call: signalwire_relay_core::Call) {
    /// use signalwire_relay_core::PlayEvent;
    /// call.on(|play: PlayEvent| async move { println!("{}", play.state) });
    /// # }
    /// ```
    pub fn on<T, F, R>(&self, listener: F)
    where
        T: FromUpdate,
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.sender().listen(self.events(), listener);
    }

    /// Waits for an event that fits. Events count from the call of this method on, not from the first poll.
    ///
    /// Dropping it only stops waiting.
    ///
    /// # Errors
    /// [`Error::CallGone`] if the call ends first; [`Error::TimedOut`] if a limit was set and passes.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{PlayEvent, PlayState, secs};
    /// let paused = call.wait_for(|play: &PlayEvent| play.state == PlayState::Paused).timeout(secs(5));
    /// # drop(paused);
    /// # Ok(()) }
    /// ```
    pub fn wait_for<E, P>(&self, mut fits: P) -> Wait<E>
    where
        E: EventData,
        P: FnMut(&E) -> bool + Send + 'static,
    {
        let mut events = self.events();
        let call_id = self.id().clone();
        let what = format!("{} on call {call_id}", E::TYPE);
        Wait::new(self.sender().clone(), what, async move {
            while let Some(update) = events.next().await {
                if let Ok(event) = update
                    && let Some(event) = E::of(&event)
                    && fits(event)
                {
                    return Ok(event.clone());
                }
            }
            Err(Error::gone(call_id, Certainty::Unknown))
        })
    }

    fn wait_for_state<T: Send + 'static>(
        &self,
        what: &str,
        mut look: impl FnMut(&Live) -> Option<T> + Send + 'static,
    ) -> Wait<T> {
        let call_id = self.id().clone();
        let what = format!("{what} of call {call_id}");
        let until = WaitFor::new(self.0.record.clone(), move |live: &mut Live| match look(live) {
            Some(found) => Some(Ok(found)),
            None => live.ended.is_some().then(|| Err(Error::gone(call_id.clone(), Certainty::Unknown))),
        });
        Wait::new(self.sender().clone(), what, until)
    }

    /// Waits until the call rings, or has done so.
    ///
    /// # Errors
    /// [`Error::CallGone`] if it ends without; [`Error::TimedOut`] if a limit was set and passes.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.wait_for_ringing().timeout(signalwire_relay_core::secs(10)).await?;
    /// # Ok(()) }
    /// ```
    pub fn wait_for_ringing(&self) -> Wait<()> {
        self.wait_for_state("ringing", |live| {
            // One that was answered is past ringing, whether or not the service said so.
            (live.rang || live.was_answered).then_some(())
        })
    }

    /// Waits until the call is answered, or was.
    ///
    /// # Errors
    /// [`Error::CallGone`] if it ends unanswered; [`Error::TimedOut`] if a limit was set and passes.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.answer().await?;
    /// call.wait_for_answered().await?;
    /// # Ok(()) }
    /// ```
    pub fn wait_for_answered(&self) -> Wait<()> {
        self.wait_for_state("the answer", |live| live.was_answered.then_some(()))
    }

    /// Waits until the call is being taken down, or is over.
    ///
    /// # Errors
    /// [`Error::TimedOut`] if a limit was set and passes.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.wait_for_ending().await?;
    /// println!("{}", call.state());
    /// # Ok(()) }
    /// ```
    pub fn wait_for_ending(&self) -> Wait<()> {
        self.wait_for_state("the ending", |live| live.state.has_reached(&CallState::Ending).then_some(()))
    }

    /// Waits until the call is over, and says why.
    ///
    /// # Errors
    /// [`Error::TimedOut`] if a limit was set and passes; it can then be waited for again.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.hangup().await?;
    /// println!("it ended by {}", call.wait_for_ended().await?);
    /// # Ok(()) }
    /// ```
    pub fn wait_for_ended(&self) -> Wait<EndReason> {
        self.wait_for_state("the end", |live| live.ended.clone())
    }

    /// Runs work for as long as the call lives. When the call ends the work is dropped where it stands, and
    /// this gives [`Error::CallGone`]; what comes after it still runs, so that is the place to clean up. Other calls that
    /// the work has dialled are hung up with it if they are [`owned`](Self::owned).
    ///
    /// Dropping it drops the work.
    ///
    /// # Errors
    /// That of the work, or [`Error::CallGone`].
    ///
    /// ```
    /// # async fn look_up() -> Result<String, signalwire_relay_core::Error> { Ok("It is on its way.".to_owned()) }
    /// # async fn release_the_line() {}
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let done = call.scope(async {
    ///     let answer = look_up().await?; // given up when the caller hangs up
    ///     call.play_tts(answer).await?.wait().await
    /// }).await;
    /// release_the_line().await; // runs in any case
    /// done.map(drop)
    /// # }
    /// ```
    pub async fn scope<T, E: From<Error>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut ended = pin!(self.wait_for_ended());
        let mut work = pin!(work);
        std::future::poll_fn(|cx| {
            // The work first: if it is done in the moment in which the call ends, it is done.
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            ended.as_mut().poll(cx).map(|_| Err(Error::gone(self.id().clone(), Certainty::Unknown).into()))
        })
        .await
    }

    /// Ties the call to an owner: it is hung up when the [`OwnedCall`] is dropped.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::phone;
    /// let call = client.dial(phone("+15551001000").from("+15550000000")).await?.owned();
    /// call.play_tts("Your order is ready.").await?.wait().await?; // hung up at the end, and if this fails
    /// # Ok(()) }
    /// ```
    pub fn owned(self) -> OwnedCall {
        OwnedCall::new(self)
    }

    /// Reports that the handler of the call has failed: the call is hung up with this reason.
    pub(super) fn handler_failed(&self, reason: EndReason, notice: Option<Notice>) {
        self.sender().mailbox().post(Mail::HandlerFailed { call: self.0.record.clone(), reason, notice });
    }

    /// Hangs up a call that no part of the application has, however long that takes.
    pub(super) fn discard(&self) {
        self.sender().mailbox().post(Mail::Discard(self.0.record.clone()));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.sender.mailbox().post(Mail::Release(self.record.clone()));
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} ({}, {})", self.id(), self.state(), self.direction())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", self.id())
            .field("state", &self.state())
            .field("direction", self.direction())
            .finish_non_exhaustive()
    }
}
