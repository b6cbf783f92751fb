//! The end of a client: everything that waits is told.

use std::sync::Arc;

use super::{ClientOutput, ClientState};
use crate::client::action::Progress;
use crate::client::inbox::TaskInbox;
use crate::client::mailbox::Mail;
use crate::client::offers::Offers;
use crate::client::request::Response;
use crate::client::subscribers::{self, Subscribers};
use crate::client::watch_cell::WatchCell;
use crate::error::{Certainty, Error};
use crate::events::Event;
use crate::session::{ConnectionState, Notice};

impl ClientState {
    /// Releases all state and resolves every pending wait. Harmless if called again.
    pub(super) fn finish(&mut self) {
        self.fail_what_waits();
        // Before anybody hears of the end.
        self.shared.give_slot_back();
        let end = self.end.take().unwrap_or_else(|| Err(Error::closed(Certainty::Unknown)));
        self.shared.link.update(|link| {
            if !matches!(link.state, ConnectionState::Closed { .. }) {
                link.state = ConnectionState::Closed { reason: None };
            }
            link.end.get_or_insert(end);
        });
    }

    /// Ends everything that waits on this client, whether the session knew of it or not.
    fn fail_what_waits(&mut self) {
        self.credentials.cancel();
        let unread = self.shared.mailbox.close();
        for mail in std::mem::take(&mut self.mail).into_iter().chain(unread) {
            match mail {
                Mail::Command { response, progress, legs, .. } => {
                    let error = Error::closed(Certainty::NotSent);
                    subscribers::end(legs.into_iter().collect());
                    if let Some(progress) = progress {
                        end_operation(&progress, Err(error.clone()));
                    }
                    response.update(|response| *response = Response::Ready(Err(error)));
                }
                Mail::Inspect(inspection) => {
                    let closed = Error::closed(Certainty::NotSent);
                    inspection.update(|inspection| *inspection = Some(Err(closed)));
                }
                // Callbacks of operations that have ended are still called.
                Mail::Spawn(purpose, task) => self.output.push_back(ClientOutput::Spawn(purpose, task)),
                Mail::Notice(notice) => self.output.push_back(ClientOutput::Log(notice)),
                _ => {}
            }
        }
        for (_, response) in self.responses.drain() {
            let error = Error::closed(Certainty::Unknown);
            response.update(|response| *response = Response::Ready(Err(error)));
        }
        for (_, progress) in self.operations.drain() {
            end_operation(&progress, Err(Error::closed(Certainty::Unknown)));
        }
        subscribers::end(self.legs.drain().map(|(_, legs)| legs).collect());
        // Whatever they limited has ended.
        self.timeouts.clear();
        self.listening.stop();
        for call_id in self.calls.keys().cloned().collect::<Vec<_>>() {
            self.resolve_failure(&call_id, &crate::EndReason::ClientClosed);
        }
        for (_, call) in self.calls.drain() {
            call.end(crate::EndReason::ClientClosed);
            call.end_events();
        }
        for (_, call) in self.late.drain() {
            call.end_events();
        }
        self.on_call = None;
        let messages = self.messages.end();
        if messages > 0 {
            self.output.push_back(ClientOutput::Log(Notice::MessagesLeft(messages)));
        }
        let tasks = self.tasks.end() + self.shared.tasks.update(TaskInbox::end);
        if tasks > 0 {
            self.output.push_back(ClientOutput::Log(Notice::TasksLeft(tasks)));
        }
        self.shared.offers.update(Offers::end);
        subscribers::end(self.shared.subscribers.with(Subscribers::end));
    }
}

pub(super) fn end_operation(progress: &WatchCell<Progress>, outcome: Result<Arc<Event>, Error>) {
    subscribers::end(progress.update(|progress| progress.end(outcome)));
}
