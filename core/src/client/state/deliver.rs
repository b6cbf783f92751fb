//! From the session to handles.

use std::sync::Arc;
use std::time::Instant;

use super::close::end_operation;
use super::{ClientOutput, ClientState};
use crate::client::call::{Call, CallRecord};
use crate::client::mailbox::TaskPurpose;
use crate::client::offers::HandlerTask;
use crate::client::request::{Delivered, Response};
use crate::client::subscribers::{self, Subscribers};
use crate::error::{Certainty, Error};
use crate::events::{Event, Missed};
use crate::ids::{CallId, Ticket};
use crate::service::TaskEvent;
use crate::session::{ConnectionState, OperationUpdate, SessionEvent};

impl ClientState {
    /// Takes in an event of the session.
    pub(super) fn deliver(&mut self, now: Instant, event: SessionEvent) {
        match event {
            SessionEvent::Connection(state) => {
                self.publish_link(state);
                self.expect_context(now);
            }
            SessionEvent::Replied { ticket, result } => {
                if let Err(error) = &result {
                    self.fail_operation(ticket, error.clone());
                }
                self.settle(now, ticket, result.map(|reply| Delivered { reply, call: None }));
            }
            SessionEvent::Offered(info) => {
                let call = self.adopt(CallRecord::new(*info));
                self.shared.offers.update(|offers| offers.push(call));
                self.spawn_handlers();
            }
            SessionEvent::Dialed { ticket, result } => {
                self.end_legs(ticket);
                let result = result.and_then(|info| {
                    let call = self.adopt(CallRecord::answered(*info));
                    let Some(sender) = self.sender() else {
                        self.session.discard(now, call.id());
                        return Err(Error::closed(Certainty::Unknown));
                    };
                    let call = Some(Call::new(sender, call));
                    Ok(Delivered { reply: crate::session::Reply::empty(), call })
                });
                self.settle(now, ticket, result);
            }
            SessionEvent::Call { call_id, event, operation } => self.publish_call(&call_id, event, operation),
            SessionEvent::Leg { ticket, event } => {
                if let Some(legs) = self.legs.get(&ticket) {
                    subscribers::publish(std::slice::from_ref(legs), &Ok(event));
                }
            }
            SessionEvent::Message { event, update } => self.publish_operation(update, &event),
            SessionEvent::OperationOver { ticket, event } => self.conclude_operation(ticket, event),
            SessionEvent::OperationFailed { ticket, error } => self.fail_operation(ticket, error),
            SessionEvent::CallEnded { call_id, reason, more } => {
                self.resolve_failure(&call_id, &reason);
                if let Some(call) = self.calls.remove(&call_id) {
                    call.end(reason);
                    if more {
                        self.late.insert(call_id, call);
                    } else {
                        call.end_events();
                    }
                }
                self.shared.offers.forget_ended();
            }
            SessionEvent::Late { call_id, event, operation } => {
                if let Some(call) = self.late.get(&call_id) {
                    call.publish(&Ok(event.clone()));
                }
                if let Some(operation) = operation {
                    self.publish_operation(operation, &event);
                }
            }
            SessionEvent::EventsEnded { call_id } => {
                if let Some(call) = self.late.remove(&call_id) {
                    call.end_events();
                }
            }
            SessionEvent::Reconnected { call_id, gap } => {
                if let Some(call) = self.calls.get(&call_id) {
                    call.publish(&Err(Missed::Reconnected(gap)));
                }
            }
            SessionEvent::Other(event) => self.publish_client(event),
            SessionEvent::CredentialsWanted => self.ask_for_credentials(now),
            SessionEvent::Notice(notice) => self.output.push_back(ClientOutput::Log(notice)),
            SessionEvent::Closed(result) => {
                self.finished = true;
                self.end = Some(result);
            }
        }
    }

    /// No leg of a dial is told of any more.
    pub(super) fn end_legs(&mut self, ticket: Ticket) {
        subscribers::end(self.legs.remove(&ticket).into_iter().collect());
    }

    fn publish_link(&mut self, state: ConnectionState) {
        let protocol = self.session.protocol().map(str::to_owned);
        self.shared.link.update(|link| {
            link.state = state.clone();
            link.protocol = protocol.or(link.protocol.take());
        });
        self.output.push_back(ClientOutput::Connection(state));
    }

    /// Keeps a call that has become known.
    fn adopt(&mut self, call: Arc<CallRecord>) -> Arc<CallRecord> {
        self.calls.insert(call.id().clone(), call.clone());
        call
    }

    /// Spawns a task of the handler of calls, if there is one, for each offer that has none.
    pub(super) fn spawn_handlers(&mut self) {
        let Some(handler) = &self.on_call else { return };
        while let Some(task) = HandlerTask::expected(&self.handles, &self.shared.offers, handler) {
            self.output.push_back(ClientOutput::Spawn(TaskPurpose::CallHandler, Box::pin(task.run())));
        }
    }

    /// Decides of each of these offers whether the application has taken it: the session may be about to pass it on.
    pub(super) fn settle_offers(&mut self, call_ids: &[CallId]) {
        for call_id in call_ids {
            if self.calls.get(call_id).is_some_and(|call| !call.withdraw()) {
                self.session.take(call_id);
            }
        }
    }

    fn settle(&mut self, now: Instant, ticket: Ticket, result: Result<Delivered, Error>) {
        let Some(response) = self.responses.remove(&ticket) else {
            // Nobody waits any more; a call that nobody waits for is hung up.
            if let Ok(Delivered { call: Some(call), .. }) = result {
                self.session.discard(now, call.id());
            }
            return;
        };
        let unwanted = response.update(|response| {
            if let Response::Unwanted = response {
                return Some(result);
            }
            *response = Response::Ready(result);
            None
        });
        if let Some(Ok(Delivered { call: Some(call), .. })) = unwanted {
            self.session.discard(now, call.id());
        }
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
            && self.messages.has_handler()
        {
            self.messages.handle(&self.shared, message.clone(), &mut self.output);
        }
        let subscribers = self.shared.subscribers.with(Subscribers::current);
        if let Event::Task(task) = &*event {
            if self.tasks.has_handler() {
                self.tasks.handle(&self.shared, task.clone(), &mut self.output);
            } else {
                self.keep_task(task, !subscribers.is_empty());
            }
        }
        subscribers::publish(&subscribers, &Ok(event));
    }

    fn keep_task(&mut self, task: &TaskEvent, heard: bool) {
        let notices = self.shared.tasks.update(|tasks| tasks.keep(task, heard));
        self.output.extend(notices.into_iter().map(ClientOutput::Log));
    }
}
