//! Placing calls (`calling.dial`).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{
    Accepted, CallState, Device, Devices, Direction, EndReason, EndSource, Method, ParentCall, PeerCall,
    Price, SipData, params, validate,
};
use crate::client::{Call, Client, Request};
use crate::enums::open_enum;
use crate::error::{Error, InvalidArgument};
use crate::events::event;
use crate::ids::{CallId, NodeId, Tag};
use crate::json::{object, whole_seconds, write_seconds};
use crate::session::Target;

open_enum! {
    /// How a dial is getting on.
    pub enum DialState {
        /// Somebody is being called.
        Dialing = "dialing",
        /// Somebody answered.
        Answered = "answered",
        /// Nobody answered.
        Failed = "failed",
    }
}

params! {
    /// Parameters of `calling.dial`.
    pub struct Dial {
        required { devices: Devices, }
        optional {
            /// The tag that ties the legs to this dial; unique among the dials under way and
            /// the thousand decided last, but for those that the service refused. Default: made up.
            #[serde(skip)]
            tag: Tag,
            /// The region that the call is placed from. Known to older services only. Default: the service's choice.
            region: String,
            /// The dearest route that may be taken, in dollars a minute. Default: no limit.
            max_price_per_minute: Price,
            /// How long the call may last, in whole seconds. Default: the service's, which may be none. (The newer
            /// specification says seconds; an older document says minutes.)
            #[serde(with = "whole_seconds")]
            max_duration: Duration,
            /// Sets the ring time of each device that has none of its own (`timeout` on the wire). (Known to the newer
            /// specification only.) Default: the service's, 30 s.
            ///
            /// The service gives up on the device then and goes on with the next. [`timeout`](Request::timeout) limits the
            /// whole dial instead, on this client's clock, and is not sent.
            #[serde(rename = "timeout", serialize_with = "write_seconds")]
            ring_timeout: Duration,
            /// Sends keys once somebody has answered, such as an extension: `0-9 A-D * #`, and `w` and `W` for
            /// a short and a long pause. (Known to the newer specification only.) Default: none.
            send_digits: String,
            /// Attaches a SWML document to the dial: an `https` URL, the text of a document, or a JSON object.
            /// (Known to the newer specification only.) Default: none.
            dest_swml: Value,
            /// The node that is to place the call. Known to older services only. Default: the service's choice.
            node_id: NodeId,
        }
    }
}

impl Method for Dial {
    type Output = Call;

    fn name(&self) -> Cow<'static, str> {
        "calling.dial".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        self.devices.validate_dialable()?;
        validate::whole("max_duration", self.max_duration)?;
        validate::positive("timeout", self.ring_timeout)?;
        validate::keys_and_pauses("send_digits", self.send_digits.as_deref().unwrap_or_default())?;
        validate::price(self.max_price_per_minute.as_ref())?;
        self.tag.as_ref().map_or(Ok(()), |tag| validate::not_empty("tag", tag.as_str()))
    }

    fn target(&self) -> Option<Target> {
        Some(Target::Dial { tag: self.tag.clone() })
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Call, Error> {
        let accepted = result?;
        accepted.call.ok_or_else(|| Error::closed(crate::Certainty::Unknown))
    }
}

impl Client {
    /// Calls one or more parties and gives the call with the first that answers (`calling.dial`).
    ///
    /// # Completion
    ///
    /// The first answer, or the failure of every leg: each rings for the time of its device, or for
    /// [`ring_timeout`](Request::ring_timeout). [`timeout`](Request::timeout) says for how long to try in all; default 120 s. When it passes, and when the future is dropped, every leg is called off, and one that answers all the same is
    /// hung up.
    ///
    /// # Errors
    /// [`Error::DialFailed`] if nobody answers, [`Error::TimedOut`] if nobody answers in time.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{phone, secs};
    /// let call = client.dial(phone("+15551001000").from("+15550000000")).timeout(secs(40)).await?;
    /// call.play_tts("Hello!").await?.wait().await?;
    /// call.hangup().await?;
    /// # Ok(()) }
    /// ```
    pub fn dial(&self, devices: impl Into<Devices>) -> Request<Dial> {
        self.request(Dial::new(devices.into()))
    }
}

/// A leg of a dial: one of the phones that are called, as far as the service has told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DialLeg {
    /// Its call.
    pub call_id: CallId,
    /// Who is called.
    pub device: Device,
    /// Where it stands, or stood last.
    pub state: CallState,
    /// Why it ended. `None` while it lives, or if its end was not told.
    pub end_reason: Option<EndReason>,
}

object! {
    /// The leg that a dial event speaks of.
    pub struct DialedCall {
        /// The call.
        pub call_id: CallId,
        /// Its node.
        pub node_id: NodeId,
        /// The dial that it is a leg of.
        pub tag: Tag,
        /// Who answered.
        pub device: Device,
        /// Its state, if the service gave it.
        pub call_state: Option<CallState>,
        /// Who called whom, if the service gave it.
        pub direction: Option<Direction>,
        /// Its context, if the service gave it.
        pub context: Option<String>,
        /// Its segment, if the service gave it.
        pub segment_id: Option<String>,
        /// Whether it is the one that answered first.
        pub dial_winner: Option<bool>,
        /// The call that it is joined with, if the service gave it.
        pub peer: Option<PeerCall>,
        /// The call that brought it about, if the service gave it.
        pub parent: Option<ParentCall>,
        /// Why it ended, if it has ended already.
        pub end_reason: Option<EndReason>,
        /// The side that ended it, if it has ended already. (By the newer specification.)
        pub end_source: Option<EndSource>,
        /// The SIP headers of a SIP call. (By the newer specification.)
        pub sip_data: Option<Arc<SipData>>,
    }
}

event! {
    /// `calling.call.dial`: a dial got on.
    pub struct DialEvent(Dial, "calling.call.dial") {
        /// The dial.
        pub tag: Tag,
        /// How it is getting on.
        pub dial_state: DialState,
        /// The leg that answered.
        pub call: DialedCall,
        /// Why nobody answered.
        pub reason: Option<String>,
        /// The side that made the dial fail. (By the newer specification.)
        pub source: Option<EndSource>,
    }
}
