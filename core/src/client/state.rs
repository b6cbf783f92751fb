//! The driver: owns the session, carries messages of handles to it and its events to handles.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::action::Progress;
use super::call::{Call, CallShared};
use super::handlers::{CallHandler, MessageHandler, TaskHandler, caught};
use super::inbox::TaskInbox;
use super::mailbox::{Mailbox, Message, Task};
use super::request::{Delivered, Outcome};
use super::slots::Slot;
use super::subscribers::{self, Subscribers};
use super::watch_cell::{WaitFor, WatchCell};
use super::{Client, Link, Offers, Sender, Shared};
use crate::config::{Config, Endpoint};
use crate::credentials::CredentialsProvider;
use crate::error::{Certainty, Error};
use crate::events::{Event, Missed};
use crate::ids::{CallId, Ticket};
use crate::session::{ConnectionState, Frame, Notice, OperationUpdate, Output, Session, SessionEvent};
use crate::tasks::TaskEvent;

/// One thing for an adapter to do.
#[must_use = "what is not done is lost"]
pub enum ClientOutput {
    /// Open a WebSocket to this waiter, then call `handle_connected`, or `handle_disconnected` if it cannot be
    /// done.
    Open(Endpoint),
    /// Send this text frame. It is worth collecting frames until [`ClientOutput::Wait`] before flushing.
    Send(String),
    /// Drop the WebSocket, or the attempt to open one, and report nothing more of it.
    Close,
    /// Run this in a task of its own. It does not panic.
    Spawn(Task),
    /// Log this.
    Log(Notice),
    /// Log this change of the connection.
    Connection(ConnectionState),
    /// There is nothing to do until something arrives, the waker is called, or this instant has come, when
    /// `handle_timeout` is due.
    Wait(Option<Instant>),
    /// The client is closed. There will be no more work.
    Finished,
}

/// The state machine behind a [`Client`]: a [`Session`], and the handles that wait on it.
///
/// It does no I/O and reads no clock. An adapter tells it what arrives and does the [`ClientOutput`] that it gives;
/// telling one thing, then draining [`poll_output`](Self::poll_output) until [`ClientOutput::Wait`], as for the session
/// itself. Dropping it fails everything that waits.
pub struct ClientState {
    session: Session,
    shared: Arc<Shared>,
    /// Does not keep the client open; gone when the last handle is.
    handles: std::sync::Weak<super::Handles>,
    calls: HashMap<CallId, Arc<CallShared>>,
    outcomes: HashMap<Ticket, Arc<WatchCell<Outcome>>>,
    operations: HashMap<Ticket, Arc<WatchCell<Progress>>>,
    alarms: HashMap<Ticket, Arc<WatchCell<bool>>>,
    on_call: Option<CallHandler>,
    on_message: Option<MessageHandler>,
    on_task: Option<TaskHandler>,
    provider: Option<CredentialsProvider>,
    /// The last time that it was asked: true when that is over.
    asked: Option<Arc<WatchCell<bool>>>,
    drain_limit: Duration,
    /// Taken from the mailbox and not read yet. One is read each time that the session has nothing more to give: what
    /// follows from it leaves before the next, which may close the client.
    mail: VecDeque<Message>,
    work: VecDeque<ClientOutput>,
    finished: bool,
    /// How the session ended, until it is told.
    end: Option<Result<(), Error>>,
    /// Given back before anybody hears of the end.
    slot: Option<Slot>,
}

/// How many of each thing a driver holds for handles. All return to zero when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClientStats {
    /// Calls that have handles.
    pub calls: usize,
    /// Requests whose outcome somebody waits for.
    pub outcomes: usize,
    /// Operations and messages that are followed to their end.
    pub operations: usize,
    /// Waits with a time limit.
    pub alarms: usize,
    /// Calls that wait to be taken.
    pub offers: usize,
    /// Tasks that wait to be taken.
    pub tasks: usize,
}

impl ClientState {
    /// A client, and the driver that carries it. `seed` decides the identifiers and the jitter of the session:
    /// give each client a new one.
    ///
    /// # Errors
    /// If the settings are incomplete or unusable, or if this process holds too many clients.
    pub fn new(config: &Config, seed: u64) -> Result<(Client, Self), Error> {
        let session = Session::new(config, seed)?;
        let slot = Slot::take(config.connection_limit())?;
        let link = Link { state: ConnectionState::Idle, protocol: None, end: None };
        let shared = Arc::new(Shared {
            mailbox: Mailbox::default(),
            link: WatchCell::new(link),
            offers: WatchCell::new(Offers::default()),
            tasks: WatchCell::new(TaskInbox::default()),
            subscribers: WatchCell::new(Subscribers::default()),
        });
        let sender = Sender::new(shared.clone());
        let driver = Self {
            session,
            shared,
            handles: Arc::downgrade(&sender.0),
            calls: HashMap::new(),
            outcomes: HashMap::new(),
            operations: HashMap::new(),
            alarms: HashMap::new(),
            on_call: None,
            on_message: None,
            on_task: None,
            provider: config.provider(),
            asked: None,
            drain_limit: config.drain_limit(),
            mail: VecDeque::new(),
            work: VecDeque::new(),
            finished: false,
            end: None,
            slot: Some(slot),
        };
        Ok((Client { sender }, driver))
    }

    /// Starts: the first work will be to open a connection.
    pub fn connect(&mut self, now: Instant) {
        self.session.connect(now);
    }

    /// The transport is open.
    pub fn handle_connected(&mut self, now: Instant) {
        self.session.handle_connected(now);
    }

    /// A frame arrived.
    pub fn handle_frame(&mut self, now: Instant, frame: Frame<'_>) {
        self.session.handle_frame(now, frame);
    }

    /// The transport could not be opened, or is gone. `reason` is for people to read.
    pub fn handle_disconnected(&mut self, now: Instant, reason: &str) {
        self.session.handle_disconnected(now, reason);
    }

    /// The instant of [`ClientOutput::Wait`] has come. Harmless if called early, late or twice.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How many of each thing is held for handles.
    pub fn held(&self) -> ClientStats {
        ClientStats {
            calls: self.calls.len(),
            outcomes: self.outcomes.len(),
            operations: self.operations.len(),
            alarms: self.alarms.len(),
            offers: self.shared.offers.with(|offers| offers.calls.len()),
            tasks: self.shared.tasks.with(|tasks| tasks.len()),
        }
    }

    /// The next thing to do. With [`ClientOutput::Wait`] the waker is kept, and called when a handle has asked for
    /// something.
    pub fn poll_output(&mut self, now: Instant, waker: &Waker) -> ClientOutput {
        loop {
            if let Some(work) = self.work.pop_front() {
                return work;
            }
            match self.session.poll_output() {
                Output::Open(endpoint) => return ClientOutput::Open(endpoint),
                Output::Send(text) => return ClientOutput::Send(text),
                Output::Close => return ClientOutput::Close,
                Output::Event(event) => self.deliver(event),
                // Only now: every outcome that the session knew has been delivered.
                Output::Wait(_) if self.finished => {
                    self.finish();
                    if self.work.is_empty() {
                        return ClientOutput::Finished;
                    }
                }
                Output::Wait(until) => {
                    if self.mail.is_empty() {
                        self.mail = self.shared.mailbox.take(waker);
                    }
                    match self.mail.pop_front() {
                        Some(message) => self.read(now, message),
                        None => return ClientOutput::Wait(until),
                    }
                }
            }
        }
    }

    fn ask_for_credentials(&mut self) {
        let Some(provider) = &self.provider else { return };
        // Whoever was asked before and has not answered is not listened to any more.
        let asked = WatchCell::new(false);
        if let Some(earlier) = self.asked.replace(asked.clone()) {
            earlier.update(|over| *over = true);
        }
        let mut over = WaitFor::new(asked.clone(), |over: &mut bool| over.then_some(()));
        let mut answer = Box::pin(caught(provider.ask()));
        // No handle: asking does not keep the client open.
        let shared = self.shared.clone();
        self.work.push_back(ClientOutput::Spawn(Box::pin(async move {
            let answer = std::future::poll_fn(|cx| {
                if Pin::new(&mut over).poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                answer.as_mut().poll(cx).map(Some)
            });
            if let Some(answer) = answer.await {
                let answer = answer.unwrap_or_else(|panic| Err(format!("a panic: {panic}")));
                shared.mailbox.post(Message::Credentials { asked, answer });
            }
        })));
    }

    // From handles to the session.

    fn read(&mut self, now: Instant, message: Message) {
        match message {
            Message::Command { ticket, command, outcome, progress } => {
                if outcome.with(|outcome| matches!(outcome, Outcome::Unwanted)) {
                    // Dropped meanwhile, and not sent yet: then it is not going to be.
                    if let Some(progress) = progress {
                        end_operation(&progress, Err(Error::Cancelled));
                    }
                    return;
                }
                self.outcomes.insert(ticket, outcome);
                if let Some(progress) = progress {
                    self.operations.insert(ticket, progress);
                }
                self.session.command(now, ticket, command);
            }
            Message::Abandon(ticket) => {
                self.outcomes.remove(&ticket);
                self.session.abandon(now, ticket);
            }
            Message::Alarm { ticket, after, fired } => {
                self.alarms.insert(ticket, fired);
                self.session.set_alarm(now, ticket, after);
            }
            Message::CancelAlarm(ticket) => {
                self.alarms.remove(&ticket);
                self.session.cancel_alarm(ticket);
            }
            Message::Take(call_id) => {
                self.session.take(&call_id);
            }
            Message::Release(call_id) => self.session.release(now, &call_id),
            Message::Discard(call_id) => self.session.discard(now, &call_id),
            Message::HandleCalls(handler) => {
                let waiting = self.shared.offers.with(|offers| std::mem::take(&mut offers.calls));
                self.on_call = Some(handler);
                for call in waiting {
                    self.offer(call);
                }
            }
            Message::HandleMessages(handler) => self.on_message = Some(handler),
            Message::HandleTasks(handler) => {
                for task in self.shared.tasks.with(TaskInbox::take) {
                    self.work.push_back(ClientOutput::Spawn(handler(self.shared.clone(), task)));
                }
                self.on_task = Some(handler);
            }
            Message::Spawn(task) => self.work.push_back(ClientOutput::Spawn(task)),
            Message::Notice(notice) => self.work.push_back(ClientOutput::Log(notice)),
            Message::Credentials { asked, answer } => {
                if !asked.with(|over| *over) {
                    self.session.handle_credentials(now, answer);
                }
            }
            Message::Look(look) => {
                let seen = (self.session.stats(), self.session.waiting(now));
                look.update(|look| *look = Some(Ok(seen)));
            }
            Message::Drain(within) => self.session.drain(now, within.unwrap_or(self.drain_limit)),
            Message::Disconnect => self.session.disconnect(now),
        }
    }

    // From the session to handles.

    fn deliver(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Connection(state) => self.publish_link(state),
            SessionEvent::Replied { ticket, result } => {
                if let Err(error) = &result {
                    self.fail_operation(ticket, error.clone());
                }
                self.settle(ticket, result.map(|reply| Delivered { reply, call: None }));
            }
            SessionEvent::Offered(info) => {
                let call = self.adopt(CallShared::new(*info));
                self.offer(call);
            }
            SessionEvent::Dialed { ticket, result } => {
                let result = result.and_then(|info| {
                    let call = self.adopt(CallShared::answered(*info));
                    let Some(sender) = self.sender() else {
                        self.discard(call.id());
                        return Err(Error::closed(Certainty::Unknown));
                    };
                    let call = Some(Call::new(sender, call));
                    Ok(Delivered { reply: crate::session::Reply::empty(), call })
                });
                self.settle(ticket, result);
            }
            SessionEvent::Call { call_id, event, operation } => self.publish_call(&call_id, event, operation),
            SessionEvent::Message { event, update } => self.publish_operation(update, &event),
            SessionEvent::OperationOver { ticket, event } => self.conclude_operation(ticket, event),
            SessionEvent::OperationFailed { ticket, error } => self.fail_operation(ticket, error),
            SessionEvent::CallEnded { call_id, reason } => {
                if let Some(call) = self.calls.remove(&call_id) {
                    call.end(reason);
                }
                self.withdraw_offer(&call_id);
            }
            SessionEvent::Reconnected { call_id, lasted } => {
                if let Some(call) = self.calls.get(&call_id) {
                    call.publish(&Err(Missed::Reconnected(lasted)));
                }
            }
            SessionEvent::Other(event) => self.publish_client(event),
            SessionEvent::CredentialsWanted => self.ask_for_credentials(),
            SessionEvent::Alarm(ticket) => {
                if let Some(fired) = self.alarms.remove(&ticket) {
                    fired.update(|fired| *fired = true);
                }
            }
            SessionEvent::Notice(notice) => self.work.push_back(ClientOutput::Log(notice)),
            SessionEvent::Closed(result) => {
                self.finished = true;
                self.end = Some(result);
            }
        }
    }

    fn publish_link(&mut self, state: ConnectionState) {
        let protocol = self.session.protocol().map(str::to_owned);
        self.shared.link.update(|link| {
            link.state = state.clone();
            link.protocol = protocol.or(link.protocol.take());
        });
        self.work.push_back(ClientOutput::Connection(state));
    }

    /// What new handles hold; `None` if there is nobody left to use one.
    fn sender(&self) -> Option<Sender> {
        self.handles.upgrade().map(Sender)
    }

    /// Keeps a call that has become known.
    fn adopt(&mut self, call: Arc<CallShared>) -> Arc<CallShared> {
        self.calls.insert(call.id().clone(), call.clone());
        call
    }

    fn offer(&mut self, call: Arc<CallShared>) {
        match &self.on_call {
            Some(handler) => {
                // Without handles the client is about to close, and the offer is left to the service.
                if let Some(sender) = self.sender() {
                    self.session.take(call.id());
                    self.work.push_back(ClientOutput::Spawn(handler(Call::new(sender, call))));
                }
            }
            None => self.shared.offers.update(|offers| offers.calls.push_back(call)),
        }
    }

    fn withdraw_offer(&mut self, call_id: &CallId) {
        self.shared.offers.with(|offers| offers.calls.retain(|call| call.id() != call_id));
    }

    fn settle(&mut self, ticket: Ticket, result: Result<Delivered, Error>) {
        let Some(outcome) = self.outcomes.remove(&ticket) else {
            // Nobody waits any more; a call that nobody waits for is hung up.
            if let Ok(Delivered { call: Some(call), .. }) = result {
                self.discard(call.id());
            }
            return;
        };
        let unwanted = outcome.update(|outcome| {
            if let Outcome::Unwanted = outcome {
                return Some(result);
            }
            *outcome = Outcome::Known(result);
            None
        });
        if let Some(Ok(Delivered { call: Some(call), .. })) = unwanted {
            self.discard(call.id());
        }
    }

    /// Has a call hung up that nobody has heard of: before anything else that was posted, which may close the client.
    fn discard(&mut self, call_id: &CallId) {
        self.mail.push_front(Message::Discard(call_id.clone()));
    }

    fn publish_call(&mut self, call_id: &CallId, event: Arc<Event>, operation: Option<OperationUpdate>) {
        let Some(call) = self.calls.get(call_id) else { return };
        if let Event::State(state) = &*event
            && state.call_state.rank().is_some()
        {
            call.reach(state);
        }
        let update = Ok(event);
        call.publish(&update);
        if let (Some(operation), Ok(event)) = (operation, update) {
            self.publish_operation(operation, &event);
        }
    }

    fn publish_operation(
        &mut self,
        OperationUpdate { ticket, answered, ended }: OperationUpdate,
        event: &Arc<Event>,
    ) {
        let Some(progress) = self.operations.get(&ticket) else { return };
        let subscribers = progress.update(|progress| progress.advance(event, answered, ended));
        subscribers::publish(&subscribers, &Ok(event.clone()));
        if ended {
            subscribers::end(subscribers);
            self.operations.remove(&ticket);
        }
    }

    fn conclude_operation(&mut self, ticket: Ticket, event: Arc<Event>) {
        if let Some(progress) = self.operations.remove(&ticket) {
            end_operation(&progress, Ok(event));
        }
    }

    fn fail_operation(&mut self, ticket: Ticket, error: Error) {
        if let Some(progress) = self.operations.remove(&ticket) {
            end_operation(&progress, Err(error));
        }
    }

    fn publish_client(&mut self, event: Arc<Event>) {
        if let Event::MessageReceive(message) = &*event
            && let Some(handler) = &self.on_message
        {
            self.work.push_back(ClientOutput::Spawn(handler(self.shared.clone(), message.clone())));
        }
        let subscribers = self.shared.subscribers.with(Subscribers::current);
        if let Event::Task(task) = &*event {
            match &self.on_task {
                Some(handler) => {
                    self.work.push_back(ClientOutput::Spawn(handler(self.shared.clone(), task.clone())));
                }
                None => self.keep_task(task, !subscribers.is_empty()),
            }
        }
        subscribers::publish(&subscribers, &Ok(event));
    }

    fn keep_task(&mut self, task: &TaskEvent, heard: bool) {
        let notices = self.shared.tasks.update(|tasks| tasks.keep(task, heard));
        self.work.extend(notices.into_iter().map(ClientOutput::Log));
    }

    /// Lets go of everything, and lets those know who wait for the end. Harmless if called again.
    fn finish(&mut self) {
        self.fail_what_waits();
        self.slot = None;
        let end = self.end.take().unwrap_or_else(|| Err(Error::closed(Certainty::Unknown)));
        self.shared.link.update(|link| {
            if !matches!(link.state, ConnectionState::Closed { .. }) {
                link.state = ConnectionState::Closed { reason: None };
            }
            link.end.get_or_insert(end);
        });
    }

    /// Ends everything that waits on this driver, whether the session knew of it or not.
    fn fail_what_waits(&mut self) {
        if let Some(asked) = self.asked.take() {
            asked.update(|over| *over = true);
        }
        let unread = self.shared.mailbox.close();
        for message in std::mem::take(&mut self.mail).into_iter().chain(unread) {
            match message {
                Message::Command { outcome, progress, .. } => {
                    let error = Error::closed(Certainty::NotSent);
                    if let Some(progress) = progress {
                        end_operation(&progress, Err(error.clone()));
                    }
                    outcome.update(|outcome| *outcome = Outcome::Known(Err(error)));
                }
                Message::Look(look) => {
                    look.update(|look| *look = Some(Err(Error::closed(Certainty::NotSent))));
                }
                // Callbacks of operations that have ended are still called.
                Message::Spawn(task) => self.work.push_back(ClientOutput::Spawn(task)),
                Message::Notice(notice) => self.work.push_back(ClientOutput::Log(notice)),
                _ => {}
            }
        }
        for (_, outcome) in self.outcomes.drain() {
            let error = Error::closed(Certainty::Unknown);
            outcome.update(|outcome| *outcome = Outcome::Known(Err(error)));
        }
        for (_, progress) in self.operations.drain() {
            end_operation(&progress, Err(Error::closed(Certainty::Unknown)));
        }
        // Whatever they limited has ended.
        self.alarms.clear();
        for (_, call) in self.calls.drain() {
            call.end(crate::EndReason::ClientClosed);
        }
        self.on_call = None;
        self.on_message = None;
        self.on_task = None;
        let left = self.shared.tasks.update(TaskInbox::end);
        if left > 0 {
            self.work.push_back(ClientOutput::Log(Notice::TasksLeft(left)));
        }
        self.shared.offers.update(|offers| {
            offers.ended = true;
            offers.calls.clear();
        });
        subscribers::end(self.shared.subscribers.with(Subscribers::end));
    }
}

fn end_operation(progress: &WatchCell<Progress>, outcome: Result<Arc<Event>, Error>) {
    subscribers::end(progress.update(|progress| progress.end(outcome)));
}

impl Drop for ClientState {
    fn drop(&mut self) {
        self.finish();
    }
}
