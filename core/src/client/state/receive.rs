//! From handles to the session.

use std::sync::Arc;
use std::time::Instant;

use super::close::end_operation;
use super::{ClientOutput, ClientState};
use crate::client::call::CallRecord;
use crate::client::handlers::Handled;
use crate::client::inbox::TaskInbox;
use crate::client::mailbox::Mail;
use crate::client::offers::Offers;
use crate::client::request::Response;
use crate::client::subscribers;
use crate::error::Error;

impl ClientState {
    /// Takes in what a handle has posted.
    pub(super) fn receive(&mut self, now: Instant, mail: Mail) {
        match mail {
            Mail::Command { ticket, command, response, progress, legs } => {
                if response.with(|response| matches!(response, Response::Unwanted)) {
                    // Dropped meanwhile, and not sent yet: then it is not going to be.
                    subscribers::end(legs.into_iter().collect());
                    if let Some(progress) = progress {
                        end_operation(&progress, Err(Error::Cancelled));
                    }
                    return;
                }
                self.responses.insert(ticket, response);
                if let Some(progress) = progress {
                    self.operations.insert(ticket, progress);
                }
                if let Some(legs) = legs {
                    self.legs.insert(ticket, legs);
                }
                self.session.command(now, ticket, command);
            }
            Mail::Abandon(ticket) => {
                self.responses.remove(&ticket);
                self.end_legs(ticket);
                self.session.abandon(now, ticket);
            }
            Mail::SetTimeout { ticket, after, expired } => self.timeouts.set(now, ticket, after, expired),
            Mail::CancelTimeout(ticket) => self.timeouts.cancel(ticket),
            Mail::Take(call) => {
                if self.is_current(&call) {
                    self.session.take(call.id());
                }
            }
            Mail::Release(call) => {
                if self.is_current(&call) {
                    self.session.release(now, call.id());
                }
            }
            Mail::Discard(call) => {
                if self.is_current(&call) {
                    self.session.discard(now, call.id());
                }
            }
            Mail::HandlerFailed { call, reason, notice } => {
                let is_current = self.is_current(&call);
                if let Some(notice) = notice {
                    self.note_failure(notice, is_current);
                }
                if is_current {
                    self.session.hang_up_after_failure(now, call.id(), &reason);
                }
            }
            Mail::HandleCalls(handler) => {
                self.on_call = Some(handler);
                self.listen(now, "Client::on_call");
                self.shared.offers.with(Offers::handle);
                self.spawn_handlers();
            }
            Mail::HandleMessages(handler) => {
                self.messages.set_handler(handler);
                self.listen(now, "Client::on_message");
            }
            Mail::HandleTasks(handler) => {
                self.tasks.set_handler(handler);
                for task in self.shared.tasks.with(TaskInbox::take) {
                    self.tasks.handle(&self.shared, task, &mut self.output);
                }
                self.listen(now, "Client::on_task");
            }
            Mail::Handled(Handled::Message) => self.messages.handled(&self.shared, &mut self.output),
            Mail::Handled(Handled::Task) => self.tasks.handled(&self.shared, &mut self.output),
            Mail::Listen(method) => self.listen(now, method),
            Mail::Spawn(purpose, task) => self.output.push_back(ClientOutput::Spawn(purpose, task)),
            Mail::Notice(notice) => self.output.push_back(ClientOutput::Log(notice)),
            Mail::Credentials { asked, answer } => {
                if !asked.with(|over| *over) {
                    self.session.handle_credentials(now, answer);
                }
            }
            Mail::Inspect(inspection) => {
                let seen = (self.stats(), self.session.pending_work(now));
                inspection.update(|inspection| *inspection = Some(Ok(seen)));
            }
            Mail::LimitConnecting => self.session.limit_connecting(now),
            Mail::Drain(within) => {
                self.settle_offers(&self.session.untaken_offers());
                self.session.drain(now, within.unwrap_or(self.drain_limit));
                let draining = self.session.is_draining();
                self.shared.link.update(|link| link.draining = draining);
            }
            Mail::Disconnect => {
                self.settle_offers(&self.session.untaken_offers());
                self.session.disconnect(now);
            }
        }
    }

    /// Returns `false` for a call that has ended. Its id may be that of another call by now: one that was transferred to a
    /// context of this client, for instance.
    fn is_current(&self, call: &Arc<CallRecord>) -> bool {
        self.calls.get(call.id()).is_some_and(|current| Arc::ptr_eq(current, call))
    }
}
