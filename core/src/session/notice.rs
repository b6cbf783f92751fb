//! Things that happen and that nobody asked for, as text for a log.

use crate::ids::{CallId, MessageId};
use crate::printable::Printable;

/// Something that happened and that nobody asked for. Its text is for a log, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// A deadline has come.
    #[error("timer fired: {0}")]
    TimerFired(&'static str),
    /// A frame could not be made sense of and was ignored.
    #[error("ignored a frame: {0}")]
    FrameIgnored(&'static str),
    /// An offer was given back to the service.
    #[error("passed call {call_id} on: {why}")]
    OfferPassed {
        /// The call.
        call_id: CallId,
        /// Why.
        why: &'static str,
    },
    /// An offer was refused, and the caller hears a busy line.
    #[error("told the caller of call {call_id} that the line is busy: {why}")]
    OfferRefused {
        /// The call.
        call_id: CallId,
        /// Why.
        why: &'static str,
    },
    /// An offer of a call that is here already, or was, was ignored.
    #[error("ignored another offer of call {0}")]
    OfferRepeated(CallId),
    /// A message that had come in already was ignored.
    #[error("ignored another copy of message {0}")]
    MessageRepeated(MessageId),
    /// A leg that nobody wants is ended.
    #[error("ending call {call_id}: {why}")]
    LegEnded {
        /// The call.
        call_id: CallId,
        /// Why.
        why: &'static str,
    },
    /// Nobody has a handle of a call any more that was answered, and nothing runs on it.
    #[error("call {0} goes on, though its last handle was dropped and nothing runs on it")]
    CallLeft(CallId),
    /// A leg that nobody wants could not be ended.
    #[error("could not end call {0}: it may still be up")]
    LegStuck(CallId),
    /// The session was not resumed, and its calls were lost.
    #[error("the session could not be resumed: {0} calls are lost")]
    CallsLost(usize),
    /// The service asked to resume refused; the next attempt begins anew.
    #[error("the service did not resume the session ({}): beginning anew", Printable(.0))]
    ResumeRefused(String),
    /// A handler of the application failed.
    #[error("the handler of call {call_id} failed: {}", Printable(error))]
    HandlerFailed {
        /// The call.
        call_id: CallId,
        /// The error.
        error: String,
    },
    /// A handler ended with an error after its call had ended: mostly because of that.
    #[error("the handler of call {call_id}, which had ended, ended with: {}", Printable(error))]
    HandlerOutlived {
        /// The call.
        call_id: CallId,
        /// The error.
        error: String,
    },
    /// A handler of a message failed.
    #[error("the handler of a message failed: {}", Printable(.0))]
    MessageHandlerFailed(String),
    /// The application waits for calls, messages or tasks, and wants no context that they could come by.
    #[error(
        "nothing will come in for {method}: no context is wanted; set Config::contexts or call Client::receive"
    )]
    NoContext {
        /// The method that the application waits with.
        method: &'static str,
    },
    /// A task came in again and was ignored.
    #[error("ignored another copy of a task for context {}", Printable(.0))]
    TaskRepeated(String),
    /// A task waits for somebody to take it. Told once, until somebody comes.
    #[error(
        "a task for context {} came in and nobody listens: it waits for Client::on_task or Client::incoming_tasks",
        Printable(.0)
    )]
    TaskWaits(String),
    /// A task that waited to be taken was dropped to make room for later ones.
    #[error("dropped a task for context {} that nobody took: {dropped} dropped so far", Printable(context))]
    TaskDropped {
        /// The context of the task.
        context: String,
        /// The number of tasks that this client has dropped.
        dropped: u64,
    },
    /// The client closed with tasks that nobody took. The service counts them as delivered.
    #[error("the client closed with {0} tasks that nobody took")]
    TasksLeft(usize),
    /// As many handlers of messages or tasks run as may at once: what comes in waits. Told once, until nothing waits.
    #[error("{running} handlers of {what} run, and more {what} wait for one to end; do the handlers hang?")]
    HandlersBusy {
        /// What they handle, in the plural.
        what: &'static str,
        /// The number of handlers.
        running: usize,
    },
    /// A message that waited to be handled was dropped to make room for later ones.
    #[error("dropped message {message_id}, which no handler had time for: {dropped} dropped so far")]
    MessageDropped {
        /// The message.
        message_id: MessageId,
        /// The number of messages that this client has dropped.
        dropped: u64,
    },
    /// The client closed with messages that no handler had time for. The service counts them as delivered.
    #[error("the client closed with {0} messages that no handler had time for")]
    MessagesLeft(usize),
    /// A handler of a task failed.
    #[error("the handler of a task failed: {}", Printable(.0))]
    TaskHandlerFailed(String),
    /// A callback of the application panicked.
    #[error("a handler panicked: {}", Printable(.0))]
    HandlerPanicked(String),
}
