//! Asking the application for credentials, in a task of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use super::{ClientOutput, ClientState};
use crate::client::handlers::caught;
use crate::client::mailbox::{Mail, TaskPurpose};
use crate::client::watch_cell::{WaitFor, WatchCell};
use crate::credentials::CredentialsProvider;

/// The number of times that a provider of credentials may be asked at once. One that hangs does not give up when it is not
/// listened to any more, and may hold a thread each time. At the bound it is not asked, and the attempt to connect fails.
pub const MAX_CREDENTIALS_REQUESTS: usize = 4;

/// The application's source of credentials, if it has one, and the question that is under way.
pub(super) struct CredentialsRequest {
    provider: Option<CredentialsProvider>,
    /// Held by each task that asks, until it is done or dropped.
    running: Arc<()>,
    /// The last time that it was asked: `true` once the answer is not listened to any more.
    asked: Option<Arc<WatchCell<bool>>>,
}

impl CredentialsRequest {
    pub(super) fn new(provider: Option<CredentialsProvider>) -> Self {
        Self { provider, running: Arc::default(), asked: None }
    }

    /// Whoever was asked and has not answered is not listened to any more.
    pub(super) fn cancel(&mut self) {
        if let Some(asked) = self.asked.take() {
            asked.update(|over| *over = true);
        }
    }
}

impl ClientState {
    pub(super) fn ask_for_credentials(&mut self, now: Instant) {
        self.credentials.cancel();
        let Some(provider) = &self.credentials.provider else { return };
        if Arc::strong_count(&self.credentials.running) > MAX_CREDENTIALS_REQUESTS {
            let hangs =
                format!("the provider has not come back from {MAX_CREDENTIALS_REQUESTS} earlier questions");
            return self.session.handle_credentials(now, Err(hangs));
        }
        let running = self.credentials.running.clone();
        let asked = WatchCell::shared(false);
        self.credentials.asked = Some(asked.clone());
        let mut over = WaitFor::new(asked.clone(), |over: &mut bool| over.then_some(()));
        let mut answer = Box::pin(caught(provider.ask()));
        // No handle: asking does not keep the client open.
        let shared = self.shared.clone();
        let task = Box::pin(async move {
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
            drop(running);
        });
        self.output.push_back(ClientOutput::Spawn(TaskPurpose::Credentials, task));
    }
}
