//! Joining a call with another party (`calling.connect`), and separating them (`calling.disconnect`).

use std::time::Duration;

use super::{AfterGap, Device, Devices, Playlist, Price, method, operation, params, validate};
use crate::client::{Action, Call, Request, Wait};
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::ids::{CallId, NodeId, Tag};
use crate::json::{object, whole_seconds, write_seconds};

open_enum! {
    /// How a connection between two parties is getting on.
    pub enum ConnectState {
        /// The other party is being called.
        Connecting = "connecting",
        /// They hear each other.
        Connected = "connected",
        /// They are separated again.
        Disconnected = "disconnected",
        /// The other party could not be reached.
        Failed = "failed",
    }
}

params! {
    /// Parameters of `calling.connect`.
    pub struct Connect {
        required { devices: Devices, }
        optional {
            /// What the call's party hears meanwhile. Default: the provider's ringing tone.
            ringback: Playlist,
            /// A tag for the events of the legs that are made. Default: none.
            tag: Tag,
            /// How long the connection may last, in whole seconds. Default: the service's, which may be
            /// none; 4 hours by one document. (The newer specification says seconds; an older document says minutes.)
            #[serde(with = "whole_seconds")]
            max_duration: Duration,
            /// Sets the ring time of each device that has none of its own (`timeout` on the wire). (Known to the newer
            /// specification only.) Default: the service's, 30 s.
            ///
            /// [`timeout`](Request::timeout) limits the acceptance of the request instead, on this client's clock, and is not
            /// sent.
            #[serde(rename = "timeout", serialize_with = "write_seconds")]
            ring_timeout: Duration,
            /// Sends keys once the other party has answered, such as an extension: `0-9 A-D * #`, and `w` and
            /// `W` for a short and a long pause. (Known to the newer specification only.) Default: none.
            send_digits: String,
            /// The dearest route that may be taken, in dollars a minute. Default: no limit.
            max_price_per_minute: Price,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

impl Connect {
    fn validate(&self) -> Result<(), InvalidArgument> {
        self.devices.validate()?;
        self.ringback.as_ref().map_or(Ok(()), |ringback| ringback.validate("ringback"))?;
        validate::whole("max_duration", self.max_duration)?;
        validate::positive("timeout", self.ring_timeout)?;
        validate::keys_and_pauses("send_digits", self.send_digits.as_deref().unwrap_or_default())?;
        validate::price(self.max_price_per_minute.as_ref())?;
        validate::optional_web_url("status_url", self.status_url.as_deref())
    }
}

operation!(
    Connect,
    "calling.connect",
    None,
    ConnectEvent,
    ends: |event| matches!(event.connect_state, ConnectState::Disconnected | ConnectState::Failed),
    after_gap: |_| AfterGap::AskPeer,
    missed_end: r#"{"connect_state": "disconnected"}"#,
    validate: Connect::validate
);

/// A connection between a call and another party. It is over when they are separated, or when the other party
/// could not be reached. Dropping it lets the connection go on.
pub type ConnectAction = Action<Connect>;

impl Action<Connect> {
    /// Waits until the parties hear each other, or until it is clear that they will not: look at
    /// [`ConnectEvent::connect_state`].
    ///
    /// Dropping it only stops waiting.
    ///
    /// # Errors
    /// [`Error::CallGone`](crate::Error::CallGone) if the call ends before.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{ConnectState, phone, secs};
    /// let bridge = call.connect(phone("+15551001000").from("+15550000000")).await?;
    /// if bridge.connected().timeout(secs(60)).await?.connect_state == ConnectState::Connected {
    ///     bridge.wait().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn connected(&self) -> Wait<ConnectEvent> {
        self.wait_until(|event| {
            matches!(
                event.connect_state,
                ConnectState::Connected | ConnectState::Disconnected | ConnectState::Failed
            )
        })
    }
}

params! {
    /// Parameters of `calling.disconnect`.
    pub struct Disconnect {
        optional {
            /// Gives the reason (`reason` on the wire), in free words that the service stores. (Known to the newer specification only.) Default: none.
            reason: String,
        }
    }
}

method!(Disconnect, "calling.disconnect");

impl Call {
    /// Calls other parties and joins the call with the first that answers (`calling.connect`).
    ///
    /// Done when the service has accepted it; the [`ConnectAction`] tells when the parties are joined and when
    /// they are separated. Hanging up ends the connection, so wait for its end first.
    ///
    /// # Completion
    ///
    /// Either party that hangs up, nobody who answers within the ring time of the devices or
    /// [`ring_timeout`](Request::ring_timeout), [`max_duration`](Request::max_duration), [`disconnect`](Self::disconnect), and the end of the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{ConnectState, phone};
    /// let bridge = call.connect(phone("+15551001000").from("+15550000000")).await?;
    /// if bridge.connected().await?.connect_state == ConnectState::Failed {
    ///     call.play_tts("Nobody is there.").await?.wait().await?;
    /// }
    /// bridge.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn connect(&self, devices: impl Into<Devices>) -> Request<Connect> {
        self.request(Connect::new(devices.into()))
    }

    /// Separates joined parties without hanging up on either (`calling.disconnect`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.disconnect().await?;
    /// # Ok(()) }
    /// ```
    pub fn disconnect(&self) -> Request<Disconnect> {
        self.request(Disconnect::new())
    }
}

object! {
    /// The other party of a connection.
    pub struct Peer {
        /// Its call.
        pub call_id: CallId,
        /// The node of its call.
        pub node_id: NodeId,
        /// Who it is.
        pub device: Device,
        /// The tag that was asked for.
        pub tag: Option<Tag>,
        /// The queue it was taken from.
        pub queue_id: Option<String>,
        /// The queue it was taken from, by name.
        pub queue_name: Option<String>,
    }
}

event! {
    /// `calling.call.connect`: a connection got on. Its `tag` is the one that was asked for.
    pub struct ConnectEvent(Connect, "calling.call.connect", addressed) {
        /// How it is getting on.
        pub connect_state: ConnectState,
        /// The other party.
        pub peer: Option<Peer>,
        /// Why the other party could not be reached: a word such as `noAnswer` or `busy`. Some services write
        /// `no_answer`; [`EndReason`](super::EndReason) reads both.
        pub failed_reason: Option<String>,
    }
}
