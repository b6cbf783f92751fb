//! Handlers: the application's functions, and what becomes of their failures.

use std::any::Any;
use std::error::Error as StdError;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use super::Call;
use super::mailbox::{Mail, Task};
use super::shared::Shared;
use crate::calling::EndReason;
use crate::error::{CallGone, Error};
use crate::ids::CallId;
use crate::service::MessageReceiveEvent;
use crate::service::TaskEvent;
use crate::session::Notice;

/// Makes the task that handles one call.
pub(crate) type CallHandler = Arc<dyn Fn(Call) -> Task + Send + Sync>;
/// Makes the task that handles one event that is about no call.
pub(crate) type EventHandler<E> = Arc<dyn Fn(Arc<Shared>, E) -> Task + Send + Sync>;
/// Makes the task that handles one message.
pub(crate) type MessageHandler = EventHandler<MessageReceiveEvent>;
/// Makes the task that handles one task of another application.
pub(crate) type TaskHandler = EventHandler<TaskEvent>;

/// The output of a handler: nothing, or a `Result` with any error type.
pub trait HandlerOutcome {
    /// The way in which it ended.
    fn ending(self) -> Ending;
}

/// The way in which a handler ended, as far as its error says so. Many errors hide the ones inside of them: what counts is
/// whether the call of the handler had ended then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Well.
    Well,
    /// Because a call was gone: a normal outcome if it is the handler's own.
    Gone {
        /// The call that was gone.
        call_id: CallId,
        /// The error, as text.
        error: String,
    },
    /// With this error.
    Failed(String),
}

impl HandlerOutcome for () {
    fn ending(self) -> Ending {
        Ending::Well
    }
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> HandlerOutcome for Result<T, E> {
    fn ending(self) -> Ending {
        let Err(error) = self else { return Ending::Well };
        let outermost: Box<dyn StdError + Send + Sync> = error.into();
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&*outermost);
        while let Some(error) = cause {
            if let Some(gone) = call_gone(error) {
                return Ending::Gone { call_id: gone.call_id.clone(), error: outermost.to_string() };
            }
            cause = error.source();
        }
        Ending::Failed(outermost.to_string())
    }
}

/// The call that an error says to be gone. An error of `anyhow` that was boxed shows its sources only.
fn call_gone<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a CallGone> {
    match error.downcast_ref::<Error>() {
        Some(Error::CallGone(gone)) => Some(gone),
        _ => error.downcast_ref::<Box<CallGone>>().map(|gone| &**gone).or_else(|| error.downcast_ref()),
    }
}

/// Runs a future and catches its panic, if it panics: while it runs, or while what it holds is dropped.
pub(super) async fn caught<T>(work: impl Future<Output = T> + Send) -> Result<T, String> {
    let mut work = Some(Box::pin(work));
    std::future::poll_fn(|cx| {
        // After a panic the future is not polled again, so what it left half done is not seen by anybody.
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = work.as_mut().map_or(Poll::Pending, |work| work.as_mut().poll(cx));
            if polled.is_ready() {
                work = None;
            }
            polled
        }));
        match polled {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => {
                // A second panic has nothing to add to the first.
                let _ = catch_unwind(AssertUnwindSafe(|| work = None));
                Poll::Ready(Err(panic_text(&*panic)))
            }
        }
    })
    .await
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

pub(super) fn call_handler<F, R>(handler: F) -> CallHandler
where
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output: HandlerOutcome> + Send + 'static,
{
    let handler = Arc::new(handler);
    Arc::new(move |call: Call| {
        let handler = handler.clone();
        Box::pin(async move {
            let own = call.clone();
            let call_id = own.id().clone();
            let (notice, reason) = match caught(async move { handler(call).await.ending() }).await {
                Ok(Ending::Well) => return,
                Ok(Ending::Gone { call_id: gone, .. }) if gone == call_id => (None, EndReason::Hangup),
                // Unless the call of the handler has ended: that is known where it is received.
                Ok(Ending::Gone { error, .. } | Ending::Failed(error)) => {
                    (Some(Notice::HandlerFailed { call_id: call_id.clone(), error }), EndReason::Error)
                }
                Err(panic) => {
                    (Some(Notice::HandlerPanicked(format!("{panic} (call {call_id})"))), EndReason::Error)
                }
            };
            own.handler_failed(reason, notice);
            // The session sees to the end of the call; until then the client is kept open.
            let _ = own.wait_for_ended().await;
        })
    })
}

pub(super) fn message_handler<F, R>(handler: F) -> MessageHandler
where
    F: Fn(MessageReceiveEvent) -> R + Send + Sync + 'static,
    R: Future<Output: HandlerOutcome> + Send + 'static,
{
    event_handler(handler, Handled::Message, Notice::MessageHandlerFailed)
}

pub(super) fn task_handler<F, R>(handler: F) -> TaskHandler
where
    F: Fn(TaskEvent) -> R + Send + Sync + 'static,
    R: Future<Output: HandlerOutcome> + Send + 'static,
{
    event_handler(handler, Handled::Task, Notice::TaskHandlerFailed)
}

/// The kind of an event whose handler has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handled {
    Message,
    Task,
}

/// Makes room for the next event when it is dropped: with the task of a handler, whether it has run to its end or not.
struct Running(Arc<Shared>, Handled);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.mailbox.post(Mail::Handled(self.1));
    }
}

/// Handles events that are about no call.
fn event_handler<E, F, R>(handler: F, kind: Handled, failed: fn(String) -> Notice) -> EventHandler<E>
where
    E: Send + 'static,
    F: Fn(E) -> R + Send + Sync + 'static,
    R: Future<Output: HandlerOutcome> + Send + 'static,
{
    let handler = Arc::new(handler);
    Arc::new(move |shared: Arc<Shared>, event: E| {
        let handler = handler.clone();
        let running = Running(shared, kind);
        Box::pin(async move {
            let running = running;
            let notice = match caught(async move { handler(event).await.ending() }).await {
                // The handler was given no call; whichever was gone is over.
                Ok(Ending::Well | Ending::Gone { .. }) => return,
                Ok(Ending::Failed(error)) => failed(error),
                Err(panic) => Notice::HandlerPanicked(panic),
            };
            running.0.mailbox.post(Mail::Notice(notice));
        })
    })
}
