//! What happens to a client, in the log.

use signalwire_relay_core::session::{ConnectionState, Notice};

pub(crate) fn connection(state: &ConnectionState) {
    match state {
        ConnectionState::Ready { .. } => tracing::info!("{state}"),
        ConnectionState::Waiting { .. } | ConnectionState::Closed { reason: Some(_) } => {
            tracing::warn!("{state}");
        }
        _ => tracing::debug!("{state}"),
    }
}

pub(crate) fn notice(notice: &Notice) {
    match notice {
        Notice::HandlerFailed { .. }
        | Notice::MessageHandlerFailed(_)
        | Notice::HandlerPanicked(_)
        | Notice::LegStuck(_) => {
            tracing::error!("{notice}");
        }
        Notice::LegEnded { .. } | Notice::OfferRepeated(_) => tracing::debug!("{notice}"),
        _ => tracing::warn!("{notice}"),
    }
}
