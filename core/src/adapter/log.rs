//! The log of a client: under the target `signalwire_relay`, without payloads or credentials.

use std::io;

use super::serve::Interruption;
use crate::printable::printable;
use crate::session::{ConnectionState, Notice};

const TARGET: &str = "signalwire_relay";

/// Logs a change of the connection.
pub(super) fn connection(state: &ConnectionState) {
    match state {
        ConnectionState::Ready { .. } | ConnectionState::Draining { .. } => {
            tracing::info!(target: TARGET, "{state}");
        }
        ConnectionState::Backoff { .. } | ConnectionState::Closed { reason: Some(_) } => {
            tracing::warn!(target: TARGET, "{state}");
        }
        _ => tracing::debug!(target: TARGET, "{state}"),
    }
}

/// Logs something that happened.
pub(super) fn notice(notice: &Notice) {
    match notice {
        Notice::HandlerFailed { .. }
        | Notice::MessageHandlerFailed(_)
        | Notice::TaskHandlerFailed(_)
        | Notice::TaskDropped { .. }
        | Notice::TasksLeft(_)
        | Notice::MessageDropped { .. }
        | Notice::MessagesLeft(_)
        | Notice::HandlerPanicked(_)
        | Notice::LegStuck(_) => {
            tracing::error!(target: TARGET, "{notice}");
        }
        Notice::TimerFired(_) => tracing::trace!(target: TARGET, "{notice}"),
        Notice::LegEnded { .. } | Notice::OfferRepeated(_) | Notice::HandlerOutlived { .. } => {
            tracing::debug!(target: TARGET, "{notice}");
        }
        _ => tracing::warn!(target: TARGET, "{notice}"),
    }
}

/// Logs that the process was asked to end.
pub(super) fn interrupted(action: Interruption) {
    match action {
        Interruption::Drain => tracing::info!(target: TARGET, "interrupted: letting running calls finish"),
        Interruption::HangUp => tracing::warn!(target: TARGET, "interrupted again: hanging running calls up"),
        Interruption::Close => tracing::warn!(target: TARGET, "interrupted again: closing now"),
    }
}

/// Logs that tasks of the application did not finish in time.
pub fn tasks_left(number: usize) {
    tracing::warn!(target: TARGET, "{number} tasks go on although the client is closed");
}

/// Logs that no thread could be started for tasks of this purpose, and that it is tried again.
pub fn no_thread(purpose: &str, error: &io::Error) {
    tracing::error!(target: TARGET, "no thread could be started for {purpose}, which wait: {}", printable(error));
}

/// Logs that all threads for tasks of this purpose are busy.
pub fn threads_busy(purpose: &str, threads: usize) {
    tracing::warn!(target: TARGET, "all {threads} threads for {purpose} are busy: others wait for one");
}

/// Logs that requests to end the process cannot be listened for.
pub fn no_signals(error: &io::Error) {
    tracing::error!(target: TARGET, "signals to end the process cannot be listened for: {}", printable(error));
}

/// Logs that a thread could be started again, after [`no_thread`].
pub fn threads_again(purpose: &str) {
    tracing::info!(target: TARGET, "threads for {purpose} can be started again");
}

/// Logs that a client cannot be driven any further. Whatever waits on it fails.
pub fn broken_down(error: &io::Error) {
    tracing::error!(target: TARGET, "the client has broken down: {}", printable(error));
}
