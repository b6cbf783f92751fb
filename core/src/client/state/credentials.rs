//! Asking the application for credentials, in a task of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::{ClientOutput, ClientState};
use crate::client::handlers::caught;
use crate::client::mailbox::Mail;
use crate::client::watch_cell::{WaitFor, WatchCell};
use crate::credentials::CredentialsProvider;

/// The application's source of credentials, if it has one, and the question that is under way.
pub(super) struct CredentialsRequest {
    provider: Option<CredentialsProvider>,
    /// The last time that it was asked: `true` once the answer is not listened to any more.
    asked: Option<Arc<WatchCell<bool>>>,
}

impl CredentialsRequest {
    pub(super) fn new(provider: Option<CredentialsProvider>) -> Self {
        Self { provider, asked: None }
    }

    /// Whoever was asked and has not answered is not listened to any more.
    pub(super) fn cancel(&mut self) {
        if let Some(asked) = self.asked.take() {
            asked.update(|over| *over = true);
        }
    }
}

impl ClientState {
    pub(super) fn ask_for_credentials(&mut self) {
        self.credentials.cancel();
        let Some(provider) = &self.credentials.provider else { return };
        let asked = WatchCell::shared(false);
        self.credentials.asked = Some(asked.clone());
        let mut over = WaitFor::new(asked.clone(), |over: &mut bool| over.then_some(()));
        let mut answer = Box::pin(caught(provider.ask()));
        // No handle: asking does not keep the client open.
        let shared = self.shared.clone();
        self.output.push_back(ClientOutput::Spawn(Box::pin(async move {
            let answer = std::future::poll_fn(|cx| {
                if Pin::new(&mut over).poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                answer.as_mut().poll(cx).map(Some)
            });
            if let Some(answer) = answer.await {
                let answer = answer.unwrap_or_else(|panic| Err(format!("a panic: {panic}")));
                shared.mailbox.post(Mail::Credentials { asked, answer });
            }
        })));
    }
}
